"""Which contract an address stands for, and how it is shown."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest

PAIR = "/pacts/provider/Orders/consumer/Web"


def number(response: httpx.Response) -> str:
    """The consumer version whose contract was answered."""
    assert response.status_code == 200, response.text
    name: str = response.json()["_links"]["pb:consumer-version"]["name"]
    return name


def sha(response: httpx.Response) -> str:
    name: str = response.json()["_links"]["pb:pact-version"]["name"]
    return name


def results_link(response: httpx.Response) -> str:
    href: str = response.json()["_links"]["pb:publish-verification-results"]["href"]
    return href


def metadata(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def remembered(href: str) -> str:
    segment = href.split("/metadata/")[1].split("/")[0]
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)).decode()


@pytest.mark.row("PB-078")
def test_a_contract_is_found_by_its_content_under_the_newest_version_that_published_it(
    client: httpx.Client, world: Any
) -> None:
    world.put_pact("Web 1", to="Orders").put_pact("Web 2", to="Orders").put_pact("Web 3", to="Orders", content="other")
    own = sha(client.get(f"{PAIR}/version/1"))

    found = client.get(f"{PAIR}/pact-version/{own}")

    assert number(found) == "2"
    assert found.json() == client.get(f"{PAIR}/version/2").json()
    assert found.json()["_links"]["self"]["href"].endswith(f"{PAIR}/version/2")
    assert client.get(f"{PAIR}/pact-version/{'0' * 40}").status_code == 404
    assert client.get(f"/pacts/provider/Web/consumer/Orders/pact-version/{own}").status_code == 404


@pytest.mark.row("PB-076", "PB-078", "PB-079")
def test_what_a_link_remembers_chooses_the_version_and_goes_into_the_link_for_results(
    client: httpx.Client, world: Any, broker: Any
) -> None:
    world.put_pact("Web 1", to="Orders").put_pact("Web 2", to="Orders").put_pact("Web 3", to="Orders")
    own = sha(client.get(f"{PAIR}/version/1"))
    ids = {each: int(remembered(results_link(client.get(f"{PAIR}/latest"))).removeprefix("cv=")) for each in "3"}
    two = metadata(f"s%5B%5D%5Bl%5D=true&s%5B%5D%5Bcv%5D={ids['3'] - 1}&cvn=1")

    found = client.get(f"{PAIR}/pact-version/{own}/metadata/{two}")

    assert number(found) == "2"
    assert found.json()["_links"]["pb:consumer-versions"] == [
        {"href": f"{broker.url}/pacticipants/Web/versions/{each}", "title": "Consumer version", "name": each}
        for each in ("2", "1")
    ]
    assert results_link(found) == f"{broker.url}{PAIR}/pact-version/{own}/metadata/{two}/verification-results"
    for unknown in ("%25%25", "bm90IGEgcXVlcnk", metadata("cvn=99"), metadata("w=true")):
        other = client.get(f"{PAIR}/pact-version/{own}/metadata/{unknown}")
        assert number(other) == "3"
        assert f"/metadata/{unknown.replace('%25', '%')}/" in results_link(other).replace("%25", "%")


@pytest.mark.row("PB-080", "PB-081")
def test_the_latest_is_that_of_the_newest_version_that_fits(client: httpx.Client, world: Any) -> None:
    world.put_pact("Web 1", to="Orders").tagged("Web 1", "prod", "dev")
    world.put_pact("Web 2", to="Orders").tagged("Web 2", "dev")
    world.put_pact("Web 3", to="Orders")
    world.tagged("Web 4", "prod")
    asked = {
        "latest": "3",
        "latest/prod": "1",
        "latest/dev": "2",
        "latest-untagged": "3",
    }

    for path, expected in asked.items():
        response = client.get(f"{PAIR}/{path}")
        assert number(response) == expected
        assert response.headers["x-pact-consumer-version"] == expected
    assert client.get("/pact/provider/Orders/consumer/Web/latest").json() == client.get(f"{PAIR}/latest").json()
    for path in (f"{PAIR}/latest/nothing", "/pacts/provider/Web/consumer/Orders/latest", f"{PAIR}/branch/x/latest"):
        assert client.get(path).status_code == 404
    world.tagged("Web 3", "dev")
    assert client.get(f"{PAIR}/latest-untagged").status_code == 404


@pytest.mark.row("PB-076")
def test_the_link_for_results_remembers_how_the_latest_was_asked_for(client: httpx.Client, world: Any) -> None:
    world.put_pact("Web 1", to="Orders").tagged("Web 1", "a b")

    assert "/metadata/" not in results_link(client.get(f"{PAIR}/version/1"))
    plain = remembered(results_link(client.get(f"{PAIR}/latest")))
    assert plain.startswith("cv=")
    assert remembered(results_link(client.get(f"{PAIR}/latest/a%20b"))) == f"cvt%5B%5D=a%20b&{plain}"


@pytest.mark.row("PB-080", "PB-082")
def test_the_latest_of_a_branch_looks_back_past_versions_without_contract(client: httpx.Client, world: Any) -> None:
    world.put_pact("Web 1", to="Orders").on_branch("Web 1", "feat/x")
    world.put_pact("Web 2", to="Orders").on_branch("Web 3", "feat/x")

    response = client.get(f"{PAIR}/branch/feat%2Fx/latest")

    assert (number(response), response.headers["x-pact-consumer-version"]) == ("1", "1")


def test_a_version_number_that_no_header_can_hold_is_encoded_in_it(client: httpx.Client, world: Any) -> None:
    world.put_pact("Web ü☃", to="Orders")

    assert client.get(f"{PAIR}/latest").headers["x-pact-consumer-version"] == "%C3%BC%E2%98%83"


@pytest.mark.row("PB-083")
def test_a_browser_gets_a_page_in_which_nothing_of_the_contract_is_code(client: httpx.Client, world: Any) -> None:
    world.put_pact(
        "Web 1",
        to="Orders",
        content={"interactions": [{"description": "<script>alert(1)</script>", "request": {}, "response": {}}]},
    )

    response = client.get(f"{PAIR}/version/1", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert (response.status_code, response.headers["content-type"]) == (200, "text/html;charset=utf-8")
    for shown in ("Web", "Orders", "&lt;script&gt;alert(1)"):
        assert shown in response.text
    assert "<script>alert" not in response.text


@pytest.mark.row("PB-084")
def test_the_extended_type_has_the_tags_of_which_the_version_is_the_newest(
    client: httpx.Client, world: Any, broker: Any
) -> None:
    world.put_pact("Web 1", to="Orders").tagged("Web 1", "dev", "prod").tagged("Web 2", "dev")
    media = "application/vnd.pactbrokerextended.v1+json"

    response = client.get(f"{PAIR}/version/1", headers={"accept": media})

    plain = client.get(f"{PAIR}/version/1").json()
    expected = {
        "contract": {key: value for key, value in plain.items() if key not in ("createdAt", "_links")},
        "createdAt": plain["createdAt"],
        "_embedded": {
            "tags": [
                {
                    "name": "prod",
                    "latest": True,
                    "_links": {
                        "self": {
                            "href": f"{broker.url}/pacticipants/Web/versions/1/tags/prod",
                            "title": "Tag",
                            "name": "prod",
                        },
                        "pb:latest-pact": {
                            "href": f"{broker.url}{PAIR}/latest/prod",
                            "title": "Latest pact for tag prod",
                        },
                    },
                }
            ]
        },
        "_links": plain["_links"],
    }
    assert (response.status_code, response.headers["content-type"]) == (200, f"{media};charset=utf-8")
    assert response.json() == expected


@pytest.mark.row("PB-085")
def test_old_addresses_still_lead_to_the_contract(client: httpx.Client, world: Any) -> None:
    own = world.put_pact("Web 1", to="Orders").last.json()

    assert client.get(f"{PAIR}/versions/1").json() == own
    assert client.get("/pact/provider/Orders/consumer/Web/version/1").json() == own


@pytest.mark.row("PB-086")
def test_previous_distinct_is_the_newest_older_one_that_differs(client: httpx.Client, world: Any) -> None:
    for version, content in (("1", "a"), ("2", "b"), ("3", "a"), ("4", "a")):
        world.put_pact(f"Web {version}", to="Orders", content=content)

    assert number(client.get(f"{PAIR}/version/4/previous-distinct")) == "2"
    assert number(client.get(f"{PAIR}/version/2/previous-distinct")) == "1"
    assert client.get(f"{PAIR}/version/1/previous-distinct").status_code == 404
    assert client.get(f"{PAIR}/version/9/previous-distinct").status_code == 404


@pytest.mark.row("PB-087", deviates="a long difference is shortened; the incumbent's 408 makes clients ask again")
def test_a_difference_of_large_contracts_shows_what_differs_and_never_keeps_one_waiting(
    client: httpx.Client, world: Any, pact_document: Any, an_interaction: Any
) -> None:
    def large(version: int, *, differing: int) -> dict[str, Any]:
        body = {"rows": [{"n": n} for n in range(50)]}
        return pact_document(
            "Web",
            "Orders",
            *(
                an_interaction(f"i{n:04}", status=200 + (version if n < differing else 0), body=body)
                for n in range(300)
            ),
        )

    for version, differing in ((1, 1), (2, 1), (3, 300)):
        world.put_pact(f"Web {version}", to="Orders", content=large(version, differing=differing))

    few = client.get(f"{PAIR}/version/2/diff/version/1").text
    many = client.get(f"{PAIR}/version/3/diff/version/1").text

    assert '-        "status": 201\n+        "status": 202' in few
    assert "i0001" not in few
    assert "too long to be shown" in many
    assert "- i0000\n" in many
    assert "+ and 200 more" in many


@pytest.mark.row("PB-087")
def test_the_difference_is_told_as_text(
    client: httpx.Client, world: Any, pact_document: Any, an_interaction: Any, expect: Callable[..., None]
) -> None:
    first = pact_document("Web", "Orders", an_interaction("a"), an_interaction("b"))
    second = pact_document("Web", "Orders", an_interaction("b", status=404), an_interaction("a"))
    world.put_pact("Web 1", to="Orders", content=first).put_pact("Web 2", to="Orders", content=second)
    shas = [sha(client.get(f"{PAIR}/version/{each}")) for each in (1, 2)]
    told = (
        "# Diff between versions 1 and 2 of the pact between Web and Orders\n\n"
        "The following changes were made less than a minute ago.\n\n"
        "@@ -20,7 +20,7 @@\n"
        '         "path": "/"\n       },\n       "response": {\n'
        '-        "status": 200\n+        "status": 404\n'
        "       }\n     }\n   ],\n\n"
        "## Links\n\n---\n"
        f"  pact-version:\n    href: {{base}}{PAIR}/version/2\n"
        f"  comparison-pact-version:\n    href: {{base}}{PAIR}/version/1\n"
    )

    expect(client.get(f"{PAIR}/version/2/diff/previous-distinct"), 200, told, media="text/plain")
    expect(client.get(f"{PAIR}/version/2/diff/version/1"), 200, told, media="text/plain")
    by_content = f"{PAIR}/pact-version/{shas[1]}/diff/pact-version/{shas[0]}"
    expect(client.get(by_content), 200, told, media="text/plain")
    expect(
        client.get(f"{PAIR}/version/1/diff/previous-distinct"),
        200,
        "No previous distinct version was found for the pact between Web and Orders of version 1.",
        media="text/plain",
    )
    assert client.get(f"{PAIR}/version/9/diff/previous-distinct").status_code == 404
    assert client.get(f"{PAIR}/version/2/diff/version/9").status_code == 404
    assert client.get(by_content, headers={"accept": "application/hal+json"}).status_code == 406


def test_reading_takes_one_statement_whatever_the_history(
    client: httpx.Client, world: Any, broker: Any, watch_statements: Callable[..., Any]
) -> None:
    for version in range(30):
        world.put_pact(f"Web {version}", to="Orders", content=f"content {version}")

    for path in ("latest", "version/3", f"pact-version/{sha(client.get(f'{PAIR}/version/3'))}"):
        with watch_statements(broker.engine) as ran:
            assert client.get(f"{PAIR}/{path}").status_code == 200
        assert len([each for each in ran.all if each.startswith("SELECT")]) == 1
