"""One contract at a time: PUT stores it, PATCH merges into it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from tallystick.broker.tables import Publication

PATH = "/pacts/provider/Orders/consumer/Web/version/1"


def links(sha: str, *, number: str = "1", consumer: str = "Web", provider: str = "Orders") -> dict[str, Any]:
    """All relations of a contract."""
    pair = f"{{base}}/pacts/provider/{provider}/consumer/{consumer}"
    own = f"{pair}/version/{number}"
    version = f"{{base}}/pacticipants/{consumer}/versions/{number}"
    return {
        "self": {"href": own, "title": "Pact", "name": f"Pact between {consumer} ({number}) and {provider}"},
        "pb:consumer": {"href": f"{{base}}/pacticipants/{consumer}", "title": "Consumer", "name": consumer},
        "pb:consumer-version": {"href": version, "title": "Consumer version", "name": number},
        "pb:provider": {"href": f"{{base}}/pacticipants/{provider}", "title": "Provider", "name": provider},
        "pb:pact-version": {
            "href": f"{pair}/pact-version/{sha}",
            "title": "Pact content version permalink",
            "name": sha,
        },
        "pb:latest-pact-version": {"href": f"{pair}/latest", "title": "Latest version of this pact"},
        "pb:all-pact-versions": {"href": f"{pair}/versions", "title": "All versions of this pact"},
        "pb:latest-untagged-pact-version": {
            "href": f"{pair}/latest-untagged",
            "title": "Latest untagged version of this pact",
        },
        "pb:latest-tagged-pact-version": {
            "href": f"{pair}/latest/{{tag}}",
            "title": "Latest tagged version of this pact",
            "templated": True,
        },
        "pb:previous-distinct": {
            "href": f"{own}/previous-distinct",
            "title": "Previous distinct version of this pact",
        },
        "pb:diff-previous-distinct": {
            "href": f"{own}/diff/previous-distinct",
            "title": "Diff with previous distinct version of this pact",
        },
        "pb:diff": {
            "href": f"{pair}/pact-version/{sha}/diff/pact-version/{{pactVersion}}",
            "title": "Diff with another specified version of this pact",
            "templated": True,
        },
        "pb:pact-webhooks": {
            "href": f"{{base}}/webhooks/provider/{provider}/consumer/{consumer}",
            "title": f"Webhooks for the pact between {consumer} and {provider}",
        },
        "pb:consumer-webhooks": {
            "href": f"{{base}}/webhooks/consumer/{provider}",
            "title": f"Webhooks for all pacts with provider {provider}",
        },
        "pb:tag-prod-version": {
            "href": f"{version}/tags/prod",
            "title": "PUT to this resource to tag this version as 'production'",
        },
        "pb:tag-version": {
            "href": f"{version}/tags/{{tag}}",
            "title": "PUT to this resource to tag this consumer version",
        },
        "pb:publish-verification-results": {
            "href": f"{pair}/pact-version/{sha}/verification-results",
            "title": "Publish verification results",
        },
        "pb:latest-verification-results": {"href": f"{pair}/pact-version/{sha}/verification-results/latest"},
        "pb:triggered-webhooks": {
            "href": f"{own}/triggered-webhooks",
            "title": "Webhooks triggered by the publication of this pact",
        },
        "pb:matrix-for-consumer-version": {
            "href": f"{{base}}/matrix?q%5B%5D%5Bpacticipant%5D={consumer}&q%5B%5D%5Bversion%5D={number}&latestby=cvpv",
            "title": f"View matrix rows for the consumer version {number}",
        },
        "ts:comparison": {
            "href": f"{pair}/pact-version/{sha}/comparison/provider-version/{{providerVersion}}",
            "title": "Compare this pact with the API description of a provider version",
            "templated": True,
        },
        "curies": [{"href": "{base}/doc/{rel}?context=pact", "name": "pb", "templated": True}],
    }


SENT = {
    "consumer": {"name": "Web"},
    "provider": {"name": "Orders"},
    "interactions": [
        {"description": "x", "b": {"d": 1, "c": 2}},
        {"description": "y", "_id": "mine", "n": 1.0, "big": 123456789012345678901234567890},
    ],
    "messages": [{"description": "m"}],
    "metadata": {"pactSpecification": {"version": "2.0.0"}},
    "createdAt": "overwritten",
    "_links": {"overwritten": {}},
}


def shown(sha: str) -> dict[str, Any]:
    x, y = SENT["interactions"]  # type: ignore[misc]
    return {
        "consumer": {"name": "Web"},
        "provider": {"name": "Orders"},
        "interactions": [{"_id": "711f53fef97a256075b2df3038efc339b548fae8", **x}, y],  # type: ignore[dict-item]
        "messages": [{"_id": hashlib.sha1(b'{"description":"m"}').hexdigest(), "description": "m"}],
        "metadata": {"pactSpecification": {"version": "2.0.0"}},
        "createdAt": "{time}",
        "_links": links(sha),
    }


@pytest.mark.row("PB-041", "PB-074", "PB-075", "PB-076", "PB-077")
def test_a_new_contract_is_answered_with_ids_and_links_and_can_be_read_again(
    client: httpx.Client, expect: Callable[..., None]
) -> None:
    created = client.put(PATH, json=SENT)

    document = created.json()
    sha = document["_links"]["pb:pact-version"]["name"]
    expected = shown(sha)
    expect(created, 201, expected)
    expect(client.get(PATH), 200, expected)
    assert [next(iter(each)) for each in document["interactions"]] == ["_id", "description"]
    assert next(iter(document["messages"][0])) == "_id"
    assert '"n":1.0' in created.text
    assert '"big":123456789012345678901234567890' in created.text
    for name in ("Web", "Orders"):
        assert client.get(f"/pacticipants/{name}").status_code == 200
    assert client.get("/pacticipants/Web/versions/1").status_code == 200


@pytest.mark.row("PB-042")
def test_the_same_content_again_is_200_and_no_new_revision(client: httpx.Client, world: Any, broker: Any) -> None:
    first = world.put_pact("Web 1", to="Orders").last
    again = client.put(PATH, content=first.request.content, headers={"content-type": "application/json; charset=utf-8"})

    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert revisions(broker) == [(1, True)]


def revisions(broker: Any) -> list[tuple[int, bool]]:
    table = Publication.__table__  # type: ignore[attr-defined]
    with broker.engine.connect() as connection:
        return [
            tuple(row) for row in connection.execute(select(table.c.revision, table.c.is_current).order_by(table.c.id))
        ]


@pytest.mark.row("PB-043")
def test_other_content_for_the_same_version_is_refused(
    client: httpx.Client, world: Any, expect: Callable[..., None], broker: Any
) -> None:
    stored = world.put_pact("Web 1", to="Orders").last.json()

    expect(
        client.put(PATH, json={"interactions": []}),
        409,
        {
            "error": "Cannot change the content of the pact for Web version 1 and provider Orders, as race conditions "
            "will cause unreliable results for can-i-deploy. Each pact must be published with a unique consumer "
            "version number."
        },
    )
    assert client.get(PATH).json() == stored
    assert revisions(broker) == [(1, True)]


@pytest.mark.row("PB-044")
def test_where_it_is_allowed_other_content_is_a_new_revision(broker_with: Callable[..., Any], kind: str) -> None:
    running = broker_with(kind=kind, allow_dangerous_contract_modification=True)
    url = running.url + PATH

    first = httpx.put(url, json={"interactions": []})
    second = httpx.put(url, json={"interactions": [{"description": "b"}]})
    back = httpx.put(url, json={"interactions": []})

    assert [each.status_code for each in (first, second, back)] == [201, 200, 200]
    assert httpx.get(url).json()["interactions"] == []
    assert revisions(running) == [(1, False), (2, False), (3, True)]


@pytest.mark.row("PB-045")
def test_names_inside_the_contract_are_those_of_the_path(client: httpx.Client, expect: Callable[..., None]) -> None:
    expect(
        client.put(PATH, json={"consumer": {"name": "Other"}, "provider": {"name": "Orders"}}),
        400,
        {"errors": {"consumer.name": ["does not match consumer name in path ('Web')"]}},
    )
    expect(
        client.put("/pacts/provider/Orders/consumer/%20/version/%20", json={}),
        400,
        {"errors": {"consumer.name": ["cannot be blank"], "consumer_version_number": ["cannot be blank"]}},
    )


@pytest.mark.row("PB-046")
@pytest.mark.parametrize("content", [{}, {"a": [1, 2]}, {"interactions": {}}, {"consumer": "x", "interactions": [1]}])
def test_any_object_is_stored(client: httpx.Client, expect: Callable[..., None], content: dict[str, Any]) -> None:
    created = client.put(PATH, json=content)

    sha = created.json()["_links"]["pb:pact-version"]["name"]
    expect(created, 201, {**content, "createdAt": "{time}", "_links": links(sha)})


@pytest.mark.row("PB-047")
def test_an_array_is_stored_and_returned_as_it_is(client: httpx.Client, expect: Callable[..., None]) -> None:
    expect(client.put(PATH, content="[1, {}]", headers={"content-type": "application/json"}), 201, [1, {}])
    expect(client.get(PATH), 200, [1, {}])


@pytest.mark.row("PB-048", "PB-254")
def test_a_new_name_that_resembles_another_is_refused_with_an_explanation(
    client: httpx.Client, world: Any, broker: Any
) -> None:
    world.put_pact("Web Shop 1", to="Orders")

    refused = client.put("/pacts/provider/OrderService/consumer/Web%20Shop/version/2", json={"interactions": []})

    assert (refused.status_code, refused.headers["content-type"]) == (409, "text/plain;charset=utf-8")
    assert "'OrderService'" in refused.text
    assert "* Orders\n" in refused.text
    assert client.get("/pacticipants/OrderService").status_code == 404
    assert client.get("/pacticipants/Web%20Shop/versions/2").status_code == 404
    client.post("/pacticipants", json={"name": "OrderService"})
    again = client.put("/pacts/provider/OrderService/consumer/Web%20Shop/version/2", json={"interactions": []})
    assert again.status_code == 201


def test_the_check_of_names_can_be_turned_off(broker_with: Callable[..., Any]) -> None:
    running = broker_with(check_for_potential_duplicate_pacticipant_names=False)

    for provider in ("Orders", "OrdersService"):
        path = f"/pacts/provider/{provider}/consumer/Web/version/1"
        assert httpx.put(running.url + path, json={}).status_code == 201


# --- merging ------------------------------------------------------------------------------------------------------


def step(description: str, *, path: str = "/", status: int = 200, **more: Any) -> dict[str, Any]:
    request = {"method": "GET", "path": path}
    return {"description": description, "request": request, "response": {"status": status}, **more}


def descriptions(response: httpx.Response) -> list[Any]:
    return [(each["description"], each["response"]["status"]) for each in response.json()["interactions"]]


@pytest.mark.row("PB-049", "PB-052")
def test_patch_replaces_equal_interactions_and_appends_the_others(client: httpx.Client, broker: Any) -> None:
    first = {"interactions": [step("a"), step("b", providerState="s")], "metadata": {"old": 1}}
    client.put(PATH, json=first)

    merged = client.patch(
        PATH,
        json={
            "interactions": [step("a", status=404), step("b"), step("b", providerStates="s", status=500)],
            "metadata": {"new": 1},
        },
    )

    assert (merged.status_code, merged.headers["content-type"]) == (200, "application/hal+json;charset=utf-8")
    assert descriptions(merged) == [("a", 404), ("b", 500), ("b", 200)]
    assert merged.json()["metadata"] == {"old": 1}
    assert revisions(broker) == [(1, False), (2, True)]


def test_a_merged_contract_has_the_digest_of_the_whole(client: httpx.Client) -> None:
    client.put(PATH, json={"interactions": [step("a")]})
    merged = client.patch(PATH, json={"interactions": [step("b")]})
    whole = client.put(PATH.replace("version/1", "version/2"), json={"interactions": [step("a"), step("b")]})

    sha = [each.json()["_links"]["pb:pact-version"]["name"] for each in (merged, whole)]
    assert sha[0] == sha[1]


@pytest.mark.row("PB-050")
@pytest.mark.parametrize(
    "sent",
    [
        {"interactions": [step("a", path="/other")]},
        {"messages": []},
        {"interactions": {}},
    ],
)
def test_patch_of_another_request_or_without_interactions_conflicts(
    client: httpx.Client, expect: Callable[..., None], sent: dict[str, Any]
) -> None:
    client.put(PATH, json={"interactions": [step("a")]})

    expect(client.patch(PATH, json=sent), 409)
    assert descriptions(client.get(PATH)) == [("a", 200)]


@pytest.mark.row("PB-051")
def test_patch_of_nothing_publishes(client: httpx.Client) -> None:
    response = client.patch(PATH, json={"interactions": [step("a")]})

    assert (response.status_code, descriptions(response)) == (201, [("a", 200)])
    assert response.json() == client.get(PATH).json()


# --- identity -----------------------------------------------------------------------------------------------------


def sha_of(client: httpx.Client, number: int, body: str) -> str:
    path = f"/pacts/provider/Orders/consumer/Web/version/{number}"
    response = client.put(path, content=body.encode(), headers={"content-type": "application/json"})
    assert response.status_code == 201
    name: str = response.json()["_links"]["pb:pact-version"]["name"]
    return name


@pytest.mark.row("PB-250", "PB-251", "PB-252")
def test_the_digest_of_a_content_is_that_of_the_incumbent(client: httpx.Client) -> None:
    a = '{"description":"a","n":1.0,"e":1E3,"x":"é/<&"}'
    b = '{"request":{"path":"/","method":"GET"},"response":{"status":200},"description":"b"}'
    metadata = '"metadata":{"pactSpecification":{"version":"2.0.0"},"client":"any"}'
    bodies = [
        ('{"interactions":[]}', "ed7c1aebc3e11064ce9afc29297e1e36203583cd"),
        (f'{{"interactions":[{b},{a}],{metadata}}}', "066981860f353f4866b1104c1c3aa728d5bba0f3"),
        (
            f'{{"consumer":{{"name":"Web"}},{metadata},"interactions":[{a},{b}]}}',
            "066981860f353f4866b1104c1c3aa728d5bba0f3",
        ),
        (
            '{"messages":[{"z":1,"a":2}],"metadata":{"pact-specification":{"version":"3.0.0"}}}',
            "56f1aec1be8fb07ebb6556285aea07dfe42d656d",
        ),
        (
            '{"messages":[{"a":2,"z":1}],"interactions":[{"z":1}],"metadata":{"pactSpecificationVersion":"3"}}',
            "e4adedb111ed61d6e1b9a771a4c112fd120b53bb",
        ),
        ('{"b":1,"a":2}', "28a29a145787d0a9496f0901057dff556ca547fa"),
    ]

    for number, (body, digest) in enumerate(bodies):
        assert sha_of(client, number, body) == digest

    digests = {
        sha_of(client, 100 + number, f'{{"interactions":[{{"n":{text}}}]}}')
        for number, text in enumerate(["1", "1.0", "1e5", "1e16", "0.00001"])
    }
    assert len(digests) == 5
    same = {
        sha_of(client, 200 + n, f'{{"interactions":[{{"n":{text}}}]}}') for n, text in enumerate(["1.0", "1.00", "1e0"])
    }
    assert len(same) == 1


@pytest.mark.row("PB-253")
def test_equal_contents_are_stored_once_and_the_first_is_served(client: httpx.Client, broker: Any) -> None:
    first = {"interactions": [step("a"), step("b")], "metadata": {"client": "one"}}
    second = {"metadata": {"client": "two"}, "interactions": [step("b"), step("a")]}

    client.put(PATH, json=first)
    client.put(PATH.replace("version/1", "version/2"), json=second)

    shown = client.get(PATH.replace("version/1", "version/2")).json()
    assert shown["metadata"] == {"client": "one"}
    assert [each["description"] for each in shown["interactions"]] == ["a", "b"]
    table = Publication.__table__  # type: ignore[attr-defined]
    with broker.engine.connect() as connection:
        assert connection.execute(select(func.count(table.c.contract_id.distinct()))).scalar() == 1
