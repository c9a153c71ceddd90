"""Lists of contracts, and what deleting leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

PAIR = "/pacts/provider/Orders/consumer/Web"


def member(number: str) -> dict[str, Any]:
    return {
        "createdAt": "{time}",
        "_embedded": {
            "consumerVersion": {
                "number": number,
                "_links": {
                    "self": {
                        "href": f"{{base}}/pacticipants/Web/versions/{number}",
                        "title": "Version",
                        "name": number,
                    }
                },
            }
        },
        "_links": {
            "self": {
                "href": f"{{base}}{PAIR}/version/{number}",
                "title": "Pact",
                "name": f"Pact between Web ({number}) and Orders",
            }
        },
    }


def pair_list(path: str, *numbers: str, prefix: str = "") -> dict[str, Any]:
    return {
        "_embedded": {"pacts": [member(number) for number in numbers]},
        "_links": {
            "self": {"href": f"{{base}}{path}", "title": "All versions of the pact between Web and Orders"},
            f"{prefix}consumer": {"href": "{base}/pacticipants/Web", "title": "Consumer", "name": "Web"},
            f"{prefix}provider": {"href": "{base}/pacticipants/Orders", "title": "Provider", "name": "Orders"},
            f"{prefix}pact-versions": [member(number)["_links"]["self"] for number in numbers],
        },
    }


@pytest.fixture
def history(world: Any) -> Any:
    """Four versions: 1 and 2 on main, 2 and 3 on feat, 3 tagged; main's head 5 has no contract."""
    world.put_pact("Web 1", to="Orders").on_branch("Web 1", "main")
    world.put_pact("Web 2", to="Orders").on_branch("Web 2", "main").on_branch("Web 2", "feat")
    world.put_pact("Web 3", to="Orders", content="other").on_branch("Web 3", "feat").tagged("Web 3", "prod")
    world.put_pact("Web 4", to="Orders")
    return world.on_branch("Web 5", "main")


@pytest.mark.row("PB-092")
def test_the_lists_of_a_pair_are_newest_first(client: httpx.Client, history: Any, expect: Callable[..., None]) -> None:
    asked = {
        "versions": ("4", "3", "2", "1"),
        "branch/versions": ("2", "1"),
        "branch/main": ("2", "1"),
        "branch/feat": ("3", "2"),
        "branch/feat/latest/versions": ("3",),
        "branch/latest/versions": (),
        "branch/nothing": (),
    }

    for path, numbers in asked.items():
        expect(client.get(f"{PAIR}/{path}"), 200, pair_list(f"{PAIR}/{path}", *numbers))
    expect(client.get(f"{PAIR}/tag/prod"), 200, pair_list(f"{PAIR}/tag/prod", "3", prefix="pb:"))


@pytest.mark.row("PB-092", "PB-093")
@pytest.mark.parametrize("path", ["versions", "tag/x", "branch/x", "branch/versions"])
def test_lists_of_what_does_not_exist_name_it(
    client: httpx.Client, world: Any, expect: Callable[..., None], path: str
) -> None:
    world.participant("Web").participant("Orders")

    error = {"error": "No consumer with name 'Nobody' found"}
    expect(client.get(f"/pacts/provider/Orders/consumer/Nobody/{path}"), 404, error)
    error = {"error": "No provider with name 'Nobody' found"}
    expect(client.get(f"/pacts/provider/Nobody/consumer/Web/{path}"), 404, error)
    expect(client.delete(f"/pacts/provider/Nobody/consumer/Web/{path}"), 404, error)


def provider_list(path: str, title: str, *pacts: tuple[str, str]) -> dict[str, Any]:
    listed = [
        {
            "href": f"{{base}}/pacts/provider/Orders/consumer/{consumer}/version/{number}",
            "title": f"Pact between {consumer} ({number}) and Orders",
            "name": consumer,
        }
        for consumer, number in pacts
    ]
    provider = "{base}/pacticipants/Orders"
    return {
        "_links": {
            "self": {"href": f"{{base}}{path}", "title": title},
            "pb:provider": {"href": provider, "title": "Provider", "name": "Orders"},
            "pb:pacts": listed,
            "provider": {
                "href": provider,
                "title": "DEPRECATED - please use the pb:provider relation",
                "name": "Orders",
            },
            "pacts": listed,
        }
    }


@pytest.mark.row("PB-093", "PB-094", "PB-095")
def test_the_lists_of_a_provider(client: httpx.Client, history: Any, expect: Callable[..., None]) -> None:
    history.put_pact("Billing 7", to="Orders").on_branch("Billing 7", "main").tagged("Billing 8", "prod")
    everything = [("Billing", "7"), ("Web", "4"), ("Web", "3"), ("Web", "2"), ("Web", "1")]
    title = "All pact versions for the provider Orders"
    latest = "Latest pact versions for the provider Orders"
    asked = {
        "": (title, everything),
        "/tag/prod": (f"{title} with consumer version tag 'prod'", [("Web", "3")]),
        "/latest": (latest, [("Billing", "7"), ("Web", "4")]),
        "/latest/prod": (f"{latest} with consumer version tag 'prod'", [("Web", "3")]),
        "/branch": (
            f"{title} from the main branches of consumers",
            [("Billing", "7"), ("Web", "2"), ("Web", "1")],
        ),
        "/branch/latest": (f"{latest} from the main branches of consumers", [("Billing", "7")]),
        "/branch/feat": (f"{title} from consumer branch 'feat'", [("Web", "3"), ("Web", "2")]),
        "/branch/feat/latest": (f"{latest} from consumer branch 'feat'", [("Web", "3")]),
        "/branch/main/latest": (f"{latest} from consumer branch 'main'", [("Billing", "7")]),
        "/branch/nothing": (f"{title} from consumer branch 'nothing'", []),
    }

    for path, (said, pacts) in asked.items():
        whole = f"/pacts/provider/Orders{path}"
        expect(client.get(whole), 200, provider_list(whole, said, *pacts))
        error = {"error": "No provider with name 'Nobody' found"}
        expect(client.get(f"/pacts/provider/Nobody{path}"), 404, error)


@pytest.mark.row("PB-096")
def test_the_latest_contract_of_every_pair(client: httpx.Client, history: Any, expect: Callable[..., None]) -> None:
    history.put_pact("Web 5", to="Billing").put_pact("App 1", to="Web")
    pacts = [("App", "1", "Web"), ("Web", "5", "Billing"), ("Web", "4", "Orders")]

    listed = [
        {
            "href": f"{{base}}/pacts/provider/{provider}/consumer/{consumer}/version/{number}",
            "title": f"Pact between {consumer} ({number}) and {provider}",
            "name": consumer,
        }
        for consumer, number, provider in pacts
    ]
    expect(
        client.get("/pacts/latest"),
        200,
        {
            "pacts": [
                {
                    "createdAt": "{time}",
                    "_embedded": {
                        "consumer": {
                            "name": consumer,
                            "_embedded": {
                                "version": {
                                    "number": number,
                                    "_links": {"self": {"href": f"{{base}}/pacticipants/{consumer}/versions/{number}"}},
                                }
                            },
                            "_links": {"self": {"href": f"{{base}}/pacticipants/{consumer}"}},
                        },
                        "provider": {
                            "name": provider,
                            "_links": {"self": {"href": f"{{base}}/pacticipants/{provider}"}},
                        },
                    },
                    "_links": {
                        "self": [
                            {"href": f"{{base}}/pacts/provider/{provider}/consumer/{consumer}/latest"},
                            {"href": f"{{base}}/pacts/provider/{provider}/consumer/{consumer}/version/{number}"},
                        ]
                    },
                }
                for consumer, number, provider in pacts
            ],
            "_links": {
                "self": {"href": "{base}/pacts/latest", "title": "Latest pact versions"},
                "pb:pacts": listed,
                "pacts": listed,
                "curies": [{"href": "{base}/doc/{rel}?context=pact", "name": "pb", "templated": True}],
            },
        },
    )


@pytest.mark.row("PB-097")
def test_the_states_that_a_provider_is_asked_for(
    client: httpx.Client, world: Any, pact_document: Any, an_interaction: Any, expect: Callable[..., None]
) -> None:
    web = pact_document(
        "Web",
        "Orders",
        an_interaction("a", providerState="empty"),
        an_interaction("b", providerStates=[{"name": "order exists", "params": {"id": 1}}, {"name": "empty"}]),
        an_interaction("c", provider_state="old"),
    )
    billing = pact_document(
        "Billing", "Orders", an_interaction("x", providerStates=[{"name": "order exists", "params": {"id": 2}}])
    )
    billing["messages"] = [{"description": "m", "providerState": "empty"}]
    world.put_pact("Web 1", to="Orders", content=web).on_branch("Web 1", "main")
    world.put_pact("Billing 1", to="Orders", content=billing).on_branch("Billing 1", "feat/x")
    world.deployed("Billing 1", to="test").released("Web 1", to="test")
    one = {"name": "order exists", "params": {"id": 1}, "consumers": ["Web"]}
    two = {"name": "order exists", "params": {"id": 2}, "consumers": ["Billing"]}

    path = "/pacts/provider/Orders/provider-states"
    expect(client.get(path), 200, {"providerStates": [{"name": "empty", "consumers": ["Web"]}, one]})
    expect(
        client.get(f"{path}/branch/feat%2Fx"),
        200,
        {"providerStates": [{"name": "empty", "consumers": ["Billing"]}, two]},
    )
    both = {"providerStates": [{"name": "empty", "consumers": ["Billing", "Web"]}, one, two]}
    expect(client.get(f"{path}/environment/test"), 200, both)
    assert client.get(f"{path}/environment/nowhere").status_code == 404
    error = {"error": "No provider with name 'Nobody' found"}
    expect(client.get("/pacts/provider/Nobody/provider-states"), 404, error)


# --- deleting -----------------------------------------------------------------------------------------------------


def gone_to(latest: bool) -> dict[str, Any]:
    links = {"index": {"href": "{base}"}}
    if latest:
        links["pb:latest-pact-version"] = {"href": f"{{base}}{PAIR}/latest"}
    return {"_links": links}


def left(client: httpx.Client) -> list[str]:
    pacts = client.get(f"{PAIR}/versions").json()["_embedded"]["pacts"]
    return [pact["_embedded"]["consumerVersion"]["number"] for pact in pacts]


@pytest.mark.row("PB-088")
def test_deleting_a_versions_contract_removes_all_its_revisions_and_nothing_else(
    broker_with: Callable[..., Any], world_of: Callable[..., Any], expect_of: Callable[..., Any], kind: str
) -> None:
    running = broker_with(kind=kind, allow_dangerous_contract_modification=True)
    world = world_of(running)
    world.put_pact("Web 1", to="Orders").put_pact("Web 2", to="Orders").put_pact("Web 2", to="Orders", content="other")
    client, expect = world.client, expect_of(running)

    expect(client.delete(f"{PAIR}/version/2"), 200, gone_to(True))
    assert client.get(f"{PAIR}/version/2").status_code == 404
    assert client.get("/pacticipants/Web/versions/2").status_code == 200
    assert left(client) == ["1"]
    expect(client.delete(f"{PAIR}/version/1"), 200, gone_to(False))
    assert client.delete(f"{PAIR}/version/1").status_code == 404


@pytest.mark.row("PB-091")
def test_what_was_deleted_can_be_published_again_with_other_content(client: httpx.Client, world: Any) -> None:
    world.put_pact("Web 1", to="Orders").verified("Orders 7", "Web 1")
    own = world.pact_of("Web 1", "Orders")["_links"]["pb:pact-version"]["name"]
    client.delete(f"{PAIR}/version/1")

    world.put_pact("Web 1", to="Orders", content="other")
    assert world.pact_of("Web 1", "Orders")["_links"]["pb:pact-version"]["name"] != own
    client.delete(f"{PAIR}/version/1")
    world.put_pact("Web 1", to="Orders")
    assert client.get(f"{PAIR}/pact-version/{own}/verification-results/latest").status_code == 200


@pytest.mark.row("PB-089", "PB-090")
@pytest.mark.parametrize(
    ("path", "status", "remaining"),
    [
        ("versions", 204, []),
        ("tag/prod", 200, ["4", "2", "1"]),
        ("branch/feat", 200, ["4", "1"]),
        ("branch/feat/latest/versions", 200, ["4", "1"]),
        ("branch/versions", 200, ["4", "3"]),
        ("branch/latest/versions", 200, ["4", "3"]),
    ],
)
def test_deleting_a_list_removes_its_contracts(
    client: httpx.Client, history: Any, expect: Callable[..., None], path: str, status: int, remaining: list[str]
) -> None:
    response = client.delete(f"{PAIR}/{path}")

    if status == 204:
        expect(response, 204)
    else:
        expect(response, 200, gone_to(bool(remaining)))
    assert left(client) == remaining
    assert len(client.get("/pacticipants/Web/versions").json()["_embedded"]["versions"]) == 5
