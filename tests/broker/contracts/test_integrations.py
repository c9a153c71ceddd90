"""Integrations, and deleting all there is of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

HAL = {"accept": "application/hal+json"}


def member(consumer: str, provider: str) -> dict[str, Any]:
    pair = f"provider/{provider}/consumer/{consumer}"
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "_links": {
            "pb:dashboard": {"href": f"{{base}}/dashboard/{pair}", "title": "BETA: Pacts to show on the dashboard"},
            "pb:matrix": {
                "href": f"/matrix/{pair}",
                "title": f"Matrix of pact/verification results for {consumer} and {provider}",
            },
            "pb:group": {"href": f"{{base}}/groups/{consumer}"},
            "pb:delete_integration": {"href": f"{{base}}/integrations/{pair}", "title": "Delete integration"},
        },
    }


@pytest.mark.row("PB-241", "PB-020")
def test_pairs_are_listed_by_their_newest_contract(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.put_pact("Web 1", to="Orders").put_pact("Billing 1", to="Orders").put_pact("Orders 1", to="Store")
    world.client.put("/pacts/provider/Orders/consumer/Web/version/2", json={"interactions": []})
    links = {"self": {"href": "{base}/integrations", "title": "All integrations"}}
    ordered = [member("Web", "Orders"), member("Orders", "Store"), member("Billing", "Orders")]

    listed = client.get("/integrations", headers=HAL)

    expect(listed, 200, {"_embedded": {"integrations": ordered}, "_links": links})
    page = {"number": 2, "size": 2, "totalElements": 3, "totalPages": 2}
    previous = {"previous": {"href": "{base}/integrations?size=2&page=1", "title": "Previous page"}}
    expect(
        client.get("/integrations?size=2&page=2", headers=HAL),
        200,
        {"_embedded": {"integrations": ordered[2:]}, "_links": {**links, **previous}, "page": page},
    )


@pytest.mark.row("PB-241")
def test_without_a_wish_pairs_come_as_a_graph(client: httpx.Client, world: Any, expect: Callable[..., None]) -> None:
    world.put_pact("Web Shop 1", to="Orders").put_pact("Orders 1", to='St"ore')

    graph = (
        'digraph {\n  ranksep="3"; ratio=auto; overlap=false; node [ shape="plaintext", fontname="Helvetica" ];\n\n'
        '  Orders -> "St\\"ore"\n  Web_Shop -> Orders\n}\n'
    )
    expect(client.get("/integrations"), 200, graph, media="text/vnd.graphviz")
    nothing = client.build_request("GET", "/integrations")
    del nothing.headers["accept"]
    expect(client.send(nothing), 200, graph, media="text/vnd.graphviz")


@pytest.mark.row("PB-242")
def test_deleting_a_pair_takes_what_only_it_needed(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.published("Web 1", to=["Orders", "Billing"], branch="main").published("Web 2", to="Orders", tags=["t"])
    world.tagged("Web 3", "t").verified("Orders 7", "Web 1").deployed("Orders 7", to="production")
    world.put_pact("Orders 8", to="Store")
    path = "/integrations/provider/Orders/consumer/Web"

    expect(client.delete(path), 204)

    versions = [each["number"] for each in client.get("/pacticipants/Web/versions").json()["_embedded"]["versions"]]
    assert versions == ["1"]
    orders = [each["number"] for each in client.get("/pacticipants/Orders/versions").json()["_embedded"]["versions"]]
    assert orders == ["8"]
    assert client.get("/pacticipants/Web/branches/main/latest-version").json()["number"] == "1"
    left = client.get("/integrations", headers=HAL).json()["_embedded"]["integrations"]
    assert [(each["consumer"]["name"], each["provider"]["name"]) for each in left] == [
        ("Orders", "Store"),
        ("Web", "Billing"),
    ]
    expect(client.delete(path), 204)
    expect(client.delete("/integrations/provider/Billing/consumer/Web"), 204)
    for name in ("Web", "Billing"):
        assert client.get(f"/pacticipants/{name}").status_code == 404
    expect(client.delete(path), 404, {"error": "No consumer with name 'Web' found"})
    assert client.get(path).status_code == 405


@pytest.mark.row("PB-242")
def test_deleting_all_integrations_leaves_environments_only(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.published("Web 1", to="Orders", branch="main", tags=["t"]).verified("Orders 7", "Web 1")
    world.deployed("Orders 7", to="production").labelled("Web", "x")

    expect(client.delete("/integrations"), 204)

    counts = client.get("/metrics").json()
    assert [counts[name]["count"] for name in ("pacticipants", "pactVersions", "pacticipantVersions", "tags")] == [
        0
    ] * 4
    assert counts["verificationResults"]["count"] == counts["deployedVersions"]["count"] == 0
    assert counts["environments"]["count"] == 1
