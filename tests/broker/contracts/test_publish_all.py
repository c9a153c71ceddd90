"""`POST /contracts/publish`: a version with its branch, tags and all its contracts."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest

OLD_LOG = "Replaced by notices"


def encoded(document: Any) -> str:
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    return base64.b64encode(raw).decode()


def contract(provider: str = "Orders", content: Any = None, **more: Any) -> dict[str, Any]:
    return {
        "consumerName": "Web",
        "providerName": provider,
        "specification": "pact",
        "contentType": "application/json",
        "content": encoded({"interactions": []} if content is None else content),
        **more,
    }


def body(*contracts: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "pacticipantName": "Web",
        "pacticipantVersionNumber": "1",
        "contracts": list(contracts),
        **more,
    }


def step(description: str, status: int = 200) -> dict[str, Any]:
    request = {"method": "GET", "path": "/"}
    return {"description": description, "request": request, "response": {"status": status}}


def notice(kind: str, text: str) -> dict[str, str]:
    return {"type": kind, "text": text}


def advice(provider: str) -> dict[str, str]:
    return notice(
        "prompt",
        "  Next steps:\n"
        f"    * Add pact verification tests to the {provider} build. See https://docs.pact.io/go/provider_verification\n"
        f"    * Configure a webhook that runs the verification of {provider} when the pact changes. "
        "See https://docs.pact.io/go/webhooks",
    )


@pytest.mark.row("PB-054", "PB-055", "PB-056", "PB-068", "PB-069")
def test_a_version_is_published_with_all_that_belongs_to_it(client: httpx.Client, expect: Callable[..., None]) -> None:
    response = client.post(
        "/contracts/publish",
        json=body(
            contract("Orders"),
            contract("Billing"),
            branch="feat/x",
            tags=["main", "dev"],
            buildUrl="https://ci.example.org/1",
        ),
    )

    events = (
        "  Events detected: contract_published, contract_content_changed (first time pact published with consumer "
        "version tagged with dev, first time pact published with consumer version tagged with main)"
    )
    notices = [notice("debug", "Created Web version 1 with branch feat/x and tags main, dev")]
    for provider in ("Orders", "Billing"):
        notices += [
            notice("success", f"Pact successfully published for Web version 1 and provider {provider}."),
            notice("debug", f"  View the published pact at {{base}}/pacts/provider/{provider}/consumer/Web/version/1"),
            notice("debug", events),
            advice(provider),
        ]
    version = "{base}/pacticipants/Web/versions/1"
    expect(
        response,
        200,
        {
            "logs": [
                {"level": each["type"], "message": each["text"], "deprecationWarning": OLD_LOG} for each in notices
            ],
            "notices": notices,
            "_embedded": {
                "pacticipant": {"name": "Web", "_links": {"self": {"href": "{base}/pacticipants/Web"}}},
                "version": {
                    "number": "1",
                    "_links": {"self": {"href": version, "title": "Version", "name": "1"}},
                },
            },
            "_links": {
                "pb:pacticipant": {"href": "{base}/pacticipants/Web", "title": "Pacticipant", "name": "Web"},
                "pb:pacticipant-version": {"href": version, "title": "Pacticipant version", "name": "1"},
                "pb:pacticipant-version-tags": [
                    {"href": f"{version}/tags/{tag}", "title": "Tag", "name": tag} for tag in ("main", "dev")
                ],
                "pb:contracts": [
                    {
                        "href": f"{{base}}/pacts/provider/{provider}/consumer/Web/version/1",
                        "title": "Pact",
                        "name": f"Pact between Web (1) and {provider}",
                    }
                    for provider in ("Orders", "Billing")
                ],
            },
        },
    )
    stored = client.get("/pacticipants/Web/versions/1").json()
    assert stored["buildUrl"] == "https://ci.example.org/1"
    assert [each["name"] for each in stored["_embedded"]["branchVersions"]] == ["feat/x"]
    assert [each["name"] for each in stored["_embedded"]["tags"]] == ["dev", "main"]
    assert client.get("/pacts/provider/Billing/consumer/Web/version/1").json()["interactions"] == []


def texts(response: httpx.Response, kind: str) -> list[str]:
    return [each["text"] for each in response.json()["notices"] if each["type"] == kind]


@pytest.mark.row("PB-057")
@pytest.mark.parametrize(
    ("change", "errors"),
    [
        ({"pacticipantName": None}, {"pacticipantName": ["must be filled"]}),
        ({"pacticipantName": ""}, {"pacticipantName": ["must be filled"]}),
        ({"pacticipantName": " "}, {"pacticipantName": ["cannot be blank"]}),
        ({"pacticipantName": 1}, {"pacticipantName": ["must be a string"]}),
        (
            {"pacticipantVersionNumber": " \n"},
            {"pacticipantVersionNumber": ["cannot be blank", "cannot contain multiple lines"]},
        ),
        ({"branch": ""}, {"branch": ["cannot be blank"]}),
        ({"branch": " "}, {"branch": ["cannot be blank"]}),
        ({"branch": "a\nb"}, {"branch": ["cannot contain multiple lines"]}),
        ({"branch": 1}, {"branch": ["must be a string"]}),
        ({"tags": "a"}, {"tags": ["must be an array"]}),
        ({"tags": ["", 1]}, {"tags": ["must be filled (at index 0)", "must be a string (at index 1)"]}),
        ({"buildUrl": 1}, {"buildUrl": ["must be a string"]}),
        ({"buildUrl": "a\nb"}, {"buildUrl": ["cannot contain multiple lines"]}),
        ({"contracts": None}, {"contracts": ["must be filled"]}),
        ({"contracts": {}}, {"contracts": ["must be an array"]}),
        ({"contracts": ["x"]}, {"contracts": ["must be a hash (at index 0)"]}),
    ],
)
def test_each_wrong_member_is_named(
    client: httpx.Client, expect: Callable[..., None], change: dict[str, Any], errors: dict[str, Any]
) -> None:
    expect(client.post("/contracts/publish", json={**body(), **change}), 400, {"errors": errors})
    assert client.get("/pacticipants").json()["pacticipants"] == []


@pytest.mark.row("PB-057")
def test_missing_members_are_named(client: httpx.Client, expect: Callable[..., None]) -> None:
    expect(
        client.post("/contracts/publish", json={}),
        400,
        {
            "errors": {
                "pacticipantName": ["is missing"],
                "pacticipantVersionNumber": ["is missing"],
                "contracts": ["is missing"],
            }
        },
    )
    expect(
        client.post("/contracts/publish", json=body({})),
        400,
        {
            "errors": {
                "contracts": [
                    f"{member} is missing (at index 0)"
                    for member in ("consumerName", "providerName", "content", "contentType", "specification")
                ]
            }
        },
    )


@pytest.mark.row("PB-058", "PB-059", "PB-060", "PB-013")
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"content": "%%%"}, "content could not be base64 decoded: it must be strict base64, without line breaks"),
        ({"content": "e30=\n"}, "content could not be base64 decoded: it must be strict base64, without line breaks"),
        ({"content": encoded(b"{")}, "content could not be parsed as JSON: JSON::ParserError"),
        ({"content": encoded(b'"\xff"')}, "content could not be parsed as JSON: Request body has a non UTF-8"),
        ({"content": encoded([])}, "content must be a JSON object"),
        ({"content": encoded({"consumer": {"name": "X"}})}, "consumer name in contract content ('X') must match"),
        ({"content": encoded({"provider": {"name": "X"}})}, "provider name in contract content ('X') must match"),
        ({"consumerName": "X"}, "consumerName must match pacticipantName ('X' is not 'Web')"),
        ({"contentType": "application/xml"}, "contentType must be one of: application/json"),
        ({"specification": "swagger"}, "specification must be one of: pact"),
        ({"onConflict": "maybe"}, "onConflict must be one of: overwrite, merge"),
        ({"providerName": " "}, "providerName cannot be blank"),
    ],
)
def test_each_wrong_member_of_a_contract_is_named_with_its_index(
    client: httpx.Client, wrong: dict[str, Any], message: str
) -> None:
    response = client.post("/contracts/publish", json=body(contract("Orders"), {**contract("Billing"), **wrong}))

    assert (response.status_code, list(response.json()), list(response.json()["errors"])) == (
        400,
        ["errors"],
        ["contracts"],
    )
    told = response.json()["errors"]["contracts"]
    assert len(told) == 1
    assert told[0].startswith(message)
    assert told[0].endswith("(at index 1)")
    assert client.get("/pacticipants").json()["pacticipants"] == []


@pytest.mark.row("PB-061", "PB-062")
def test_changed_content_is_refused_with_the_difference_and_nothing_is_stored(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.published("Web 1", to="Orders", content={"interactions": [step("a")]})
    before = client.get("/pacticipants/Web").json()

    response = client.post(
        "/contracts/publish",
        json=body(contract("Billing"), contract(content={"interactions": [step("a", 404)]}), branch="x", tags=["y"]),
    )

    sentence = (
        "Cannot change the content of the pact for Web version 1 and provider Orders, as race conditions will cause "
        "unreliable results for can-i-deploy. Each pact must be published with a unique consumer version number."
    )
    difference = (
        "@@ -7,7 +7,7 @@\n"
        '         "path": "/"\n       },\n       "response": {\n'
        '-        "status": 200\n+        "status": 404\n'
        "       }\n     }\n   ]"
    )
    expect(
        response,
        409,
        {
            "notices": [notice("error", sentence), notice("info", difference)],
            "errors": {"contracts": [sentence]},
        },
        media="application/json",
    )
    assert client.get("/pacticipants/Web").json() == before
    assert client.get("/pacticipants/Billing").status_code == 404
    assert client.get("/pacticipants/Web/branches/x").status_code == 404


@pytest.mark.row("PB-063")
def test_a_merge_that_changes_is_refused_as_well(client: httpx.Client, world: Any) -> None:
    world.published("Web 1", to="Orders", content={"interactions": [step("a")]})

    response = client.post(
        "/contracts/publish", json=body(contract(content={"interactions": [step("b")]}, onConflict="merge"))
    )

    assert (response.status_code, response.headers["content-type"]) == (409, "application/json;charset=utf-8")


@pytest.mark.row("PB-064", "PB-065")
def test_where_it_is_allowed_contracts_are_merged_or_changed_with_a_warning(
    broker_with: Callable[..., Any], kind: str
) -> None:
    running = broker_with(kind=kind, allow_dangerous_contract_modification=True)
    url = f"{running.url}/contracts/publish"
    httpx.post(url, json=body(contract(content={"interactions": [step("a"), step("b")]})))

    merged = httpx.post(
        url, json=body(contract(content={"interactions": [step("b", 404), step("c")]}, onConflict="merge"))
    )
    found = httpx.get(f"{running.url}/pacts/provider/Orders/consumer/Web/version/1").json()["interactions"]
    changed = httpx.post(url, json=body(contract(content={"interactions": []})))

    assert merged.status_code == 200
    assert texts(merged, "success") == ["Pact successfully merged for Web version 1 and provider Orders."]
    assert [(each["description"], each["response"]["status"]) for each in found] == [("a", 200), ("b", 404), ("c", 200)]
    assert texts(changed, "success") == []
    assert texts(changed, "warning")[0].startswith("Pact successfully republished for Web version 1")
    assert "contract_content_changed (pact content modified since previous publication" in "".join(
        texts(changed, "debug")
    )


def test_a_merge_with_a_contract_that_has_no_interactions_is_refused_not_failed(
    broker_with: Callable[..., Any],
) -> None:
    running = broker_with(allow_dangerous_contract_modification=True)
    url = f"{running.url}/contracts/publish"
    httpx.post(url, json=body(contract(content={"messages": []})))

    response = httpx.post(url, json=body(contract(onConflict="merge")))

    assert response.status_code == 400
    assert response.json() == {
        "errors": {"contracts": ["only contracts with an array of interactions can be merged (at index 0)"]}
    }


@pytest.mark.row("PB-066")
def test_the_same_content_again_is_told_so(client: httpx.Client) -> None:
    client.post("/contracts/publish", json=body(contract(), branch="main"))

    again = client.post("/contracts/publish", json=body(contract(), branch="main"))

    assert again.status_code == 200
    assert texts(again, "success") == [
        "Pact successfully republished for Web version 1 and provider Orders with no content changes."
    ]
    assert texts(again, "debug")[0] == "Updated Web version 1 with branch main"
    assert texts(again, "debug")[-1] == "  Events detected: contract_published"


@pytest.mark.row("PB-067", "PB-070", "PB-071")
def test_without_contracts_only_the_version_is_made_and_a_missing_branch_is_told(
    client: httpx.Client, expect: Callable[..., None]
) -> None:
    response = client.post("/contracts/publish", json=body(branch=None, tags=None, buildUrl=None))

    assert response.status_code == 200
    assert response.json()["notices"] == [
        notice("debug", "Created Web version 1"),
        notice(
            "prompt",
            "Next steps:\n  Configure the version branch to be the value of your repository branch, for Web.",
        ),
    ]
    assert response.json()["_links"]["pb:contracts"] == []
    assert client.get("/pacticipants/Web/versions/1").status_code == 200


@pytest.mark.row("PB-068")
@pytest.mark.parametrize(
    ("earlier", "now", "reason"),
    [
        (None, {}, "first time untagged pact published"),
        ({"content": {"a": 1}}, {}, "pact content has changed since the last consumer version untagged"),
        ({}, {}, None),
        ({"tags": ["t"]}, {"tags": ["t"]}, None),
        ({}, {"tags": ["t"]}, "first time pact published with consumer version tagged with t"),
        (
            {"tags": ["t"], "content": {"a": 1}},
            {"tags": ["t"]},
            "pact content has changed since the last consumer version tagged with t",
        ),
        ({"branch": "x"}, {"branch": "y"}, None),
    ],
)
def test_content_has_changed_by_the_rule_of_tags(
    client: httpx.Client, earlier: dict[str, Any] | None, now: dict[str, Any], reason: str | None
) -> None:
    if earlier is not None:
        more = {key: value for key, value in earlier.items() if key != "content"}
        sent = body(contract(content=earlier.get("content")), **more)
        assert client.post("/contracts/publish", json={**sent, "pacticipantVersionNumber": "0"}).status_code == 200

    response = client.post("/contracts/publish", json=body(contract(), **now))

    told = next(text for text in texts(response, "debug") if text.startswith("  Events detected"))
    changed = f", contract_content_changed ({reason})" if reason else ""
    assert told == f"  Events detected: contract_published{changed}"


@pytest.mark.row("PB-069")
def test_once_verified_the_advice_to_verify_is_gone(client: httpx.Client, world: Any) -> None:
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1")

    response = client.post("/contracts/publish", json={**body(contract()), "pacticipantVersionNumber": "2"})

    assert len(texts(response, "prompt")) == 2
    assert "verification tests" not in "".join(texts(response, "prompt"))
    assert "webhook" in texts(response, "prompt")[1]


@pytest.mark.row("PB-072")
@pytest.mark.parametrize("sent", ["application/json", "application/json; charset=utf-8", "application/hal+json"])
def test_any_content_type_with_json_in_it_will_do(client: httpx.Client, sent: str) -> None:
    response = client.post("/contracts/publish", content=json.dumps(body(contract())), headers={"content-type": sent})

    assert response.status_code == 200


@pytest.mark.row("PB-073")
def test_a_suspicious_name_is_refused_with_notices(client: httpx.Client, world: Any) -> None:
    world.published("Web 1", to="Orders")

    response = client.post("/contracts/publish", json=body(contract("order-service")))

    assert (response.status_code, response.headers["content-type"]) == (409, "application/json;charset=utf-8")
    assert [each["type"] for each in response.json()["notices"]] == ["error"]
    assert response.json()["errors"]["contracts"] == [response.json()["notices"][0]["text"]]
    assert "* Orders\n" in response.json()["notices"][0]["text"]


def test_unknown_members_are_ignored_and_named(client: httpx.Client) -> None:
    response = client.post("/contracts/publish", json=body({**contract(), "colour": 1}, flavour="sweet"))

    assert response.status_code == 200
    assert response.json()["ts:notices"] == [
        notice("warning", "ignored unknown member flavour"),
        notice("warning", "ignored unknown member contracts[0].colour"),
    ]


def test_two_contracts_with_one_provider_in_one_publication_are_refused(client: httpx.Client) -> None:
    response = client.post("/contracts/publish", json=body(contract(), contract(content={"a": 1})))

    assert response.status_code == 409
    assert client.get("/pacticipants").json()["pacticipants"] == []
