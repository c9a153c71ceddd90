"""The index, and what tells whether the broker is well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

PAIR = "/pacts/provider/{provider}/consumer/{consumer}"
TEMPLATED = {
    "pb:publish-pact": f"{PAIR}/version/{{consumerApplicationVersion}}",
    "pb:branch-pact-versions": f"{PAIR}/branch/{{branch}}",
    "pb:latest-branch-pact-versions": f"{PAIR}/branch/{{branch}}/latest/versions",
    "pb:main-branch-pact-versions": f"{PAIR}/branch/versions",
    "pb:latest-main-branch-pact-versions": f"{PAIR}/branch/latest/versions",
    "pb:provider-pacts-with-main-branch": "/pacts/provider/{provider}/branch",
    "pb:provider-pacts-with-branch": "/pacts/provider/{provider}/branch/{branch}",
    "pb:latest-provider-pacts-with-main-branch": "/pacts/provider/{provider}/branch/latest",
    "pb:latest-provider-pacts-with-branch": "/pacts/provider/{provider}/branch/{branch}/latest",
    "pb:pacticipant": "/pacticipants/{pacticipant}",
    "pb:latest-provider-pacts": "/pacts/provider/{provider}/latest",
    "pb:latest-provider-pacts-with-tag": "/pacts/provider/{provider}/latest/{tag}",
    "pb:provider-pacts-with-tag": "/pacts/provider/{provider}/tag/{tag}",
    "pb:provider-pacts": "/pacts/provider/{provider}",
    "pb:latest-version": "/pacticipants/{pacticipant}/latest-version",
    "pb:latest-tagged-version": "/pacticipants/{pacticipant}/latest-version/{tag}",
    "pb:webhook": "/webhooks/{uuid}",
    "pb:pacticipant-version-tag": "/pacticipants/{pacticipant}/versions/{version}/tags/{tag}",
    "pb:pacticipant-branch": "/pacticipants/{pacticipant}/branches/{branch}",
    "pb:pacticipant-branch-version": "/pacticipants/{pacticipant}/branches/{branch}/versions/{version}",
    "pb:pacticipant-version": "/pacticipants/{pacticipant}/versions/{version}",
    "pb:can-i-deploy-pacticipant-version-to-tag": "/can-i-deploy?pacticipant={pacticipant}&version={version}&to={tag}",
    "pb:can-i-deploy-pacticipant-version-to-environment": "/can-i-deploy?pacticipant={pacticipant}&version={version}"
    "&environment={environment}",
    "pb:provider-pacts-for-verification": "/pacts/provider/{provider}/for-verification",
    "beta:provider-pacts-for-verification": "/pacts/provider/{provider}/for-verification",
    "ts:owed-verifications": "/pacticipants/{provider}/owed-verifications",
    "ts:usage": "/pacticipants/{provider}/usage?operation={operation}&path={path}",
    "ts:shape": "/pacticipants/{pacticipant}/versions/{version}/shape",
    "ts:impact": "/pacticipants/{provider}/impact",
    "pf:publish-provider-contract": "/provider-contracts/provider/{provider}/publish",
    "pb:environment": "/environments/{uuid}",
}
PLAIN = {
    "self": "",
    "pb:publish-contracts": "/contracts/publish",
    "pb:latest-pact-versions": "/pacts/latest",
    "pb:tagged-pact-versions": f"{PAIR}/tag/{{tag}}",
    "pb:pacticipants": "/pacticipants",
    "pb:webhooks": "/webhooks",
    "pb:integrations": "/integrations",
    "pb:environments": "/environments",
    "ts:plans": "/plans",
}


@pytest.mark.row("PB-037", "PB-038", "PB-039", "PB-040")
def test_the_index_has_every_relation_that_clients_look_up(client: httpx.Client, broker: Any) -> None:
    response = client.get("/")
    links = response.json()["_links"]

    assert (response.status_code, response.headers["content-type"]) == (200, "application/hal+json;charset=utf-8")
    assert list(response.json()) == ["_links"]
    assert links.pop("curies") == [
        {"name": name, "href": f"{broker.url}/doc/{{rel}}?context=index", "templated": True} for name in ("pb", "beta")
    ]
    assert all(link.pop("title") for link in links.values())
    assert links == {
        **{name: {"href": broker.url + path, "templated": True} for name, path in TEMPLATED.items()},
        **{name: {"href": broker.url + path, "templated": False} for name, path in PLAIN.items()},
        "pb:metrics": {"href": f"{broker.url}/metrics"},
        "beta:provider-pacts-for-verification": {
            "href": f"{broker.url}/pacts/provider/{{provider}}/for-verification",
            "templated": True,
            "name": "beta",
        },
    }


def test_a_feature_flag_takes_the_selecting_relations_away(broker_with: Callable[..., Any]) -> None:
    links = httpx.get(broker_with(features=("disable_pacts_for_verification",)).url).json()["_links"]

    assert [name for name in links if "for-verification" in name] == []


@pytest.mark.row("PB-246")
def test_the_heartbeat_asks_no_database(
    client: httpx.Client, broker: Any, expect: Callable[..., None], watch_statements: Callable[..., Any]
) -> None:
    with watch_statements(broker.engine) as ran:
        response = client.get("/diagnostic/status/heartbeat")

    expect(response, 200, {"ok": True, "_links": {"self": {"href": "{base}/diagnostic/status/heartbeat"}}})
    assert len(ran) == 0
    assert client.head("/diagnostic/status/heartbeat").status_code == 405


@pytest.mark.row("PB-246")
def test_dependencies_say_whether_the_database_answers(
    client: httpx.Client, expect: Callable[..., None], broker_with: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    links = {"self": {"href": "{base}/diagnostic/status/dependencies"}}
    expect(client.get("/diagnostic/status/dependencies"), 200, {"database": {"ok": True}, "_links": links})

    other = broker_with()
    monkeypatch.setattr(other.engine, "connect", _no_connection)
    response = httpx.get(f"{other.url}/diagnostic/status/dependencies")

    assert response.status_code == 500
    assert response.json()["database"] == {
        "ok": False,
        "error": {"message": "ConnectionError - see the broker's log"},
    }


def _no_connection() -> None:
    raise ConnectionError("postgresql://user:secret@db does not answer")


def test_diagnostics_can_be_turned_off(broker_with: Callable[..., Any]) -> None:
    running = broker_with(enable_diagnostic_endpoints=False)

    assert httpx.get(f"{running.url}/diagnostic/status/heartbeat").status_code == 404


@pytest.mark.row("PB-247")
def test_relations_are_documented(client: httpx.Client) -> None:
    known = client.get("/doc/publish-contracts?context=index", headers={"accept": "text/html"})
    unknown = client.get("/doc/%3Cscript%3E", headers={"accept": "text/html"})

    assert (known.status_code, known.headers["content-type"]) == (200, "text/html;charset=utf-8")
    assert "Publish contracts" in known.text
    assert unknown.status_code == 200
    assert "No documentation exists" in unknown.text
    assert "<script>" not in unknown.text


def test_the_description_lists_every_route_with_an_example(client: httpx.Client, broker: Any) -> None:
    described = client.get("/openapi.json").json()
    listed = {(method.upper(), path) for path, operations in described["paths"].items() for method in operations}
    routes = {
        (route.__dict__["tallystick"].method, route.path)
        for route in broker.app.router.routes
        if "tallystick" in route.__dict__ and not route.__dict__["tallystick"].page
    } - {("GET", "/test/error")}

    assert described["openapi"].startswith("3.1")
    assert listed == routes
    assert len(listed) > 100
    without_example = [
        (method, path)
        for path, operations in described["paths"].items()
        for method, operation in operations.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if "example" not in content
    ]
    assert without_example == []
    assert "POST /contracts/publish" in client.get("/api-docs", headers={"accept": "text/html"}).text


@pytest.mark.row("PB-245")
def test_metrics_count_what_is_stored(client: httpx.Client, world: Any, expect: Callable[..., None]) -> None:
    world.published("Web 1", to="Orders", branch="main", tags=["t"]).published("Web 2", to="Orders", content="other")
    world.verified("Orders 7", "Web 1").verified("Orders 7", "Web 1", success=False)
    world.deployed("Web 1", to="production").released("Web 2", to="production")

    response = client.get("/metrics")

    document = response.json()
    assert response.status_code == 200
    expected = {
        "interactions": {
            "latestInteractionsCount": 1,
            "latestMessagesCount": 0,
            "latestInteractionsAndMessagesCount": 1,
        },
        "pacticipants": {"count": 2, "withMainBranchSetCount": 1},
        "integrations": {"count": 1},
        "pactPublications": {"count": 2, "first": "{time}", "last": "{time}"},
        "pactVersions": {"count": 2},
        "pactRevisionsPerConsumerVersion": {"distribution": {"1": 2}},
        "verificationResults": {
            "count": 2,
            "successCount": 1,
            "failureCount": 1,
            "distinctCount": 1,
            "first": "{time}",
            "last": "{time}",
        },
        "verificationResultsPerPactVersion": {"distribution": {"2": 1}},
        "pacticipantVersions": {
            "count": 3,
            "withUserCreatedBranchCount": 1,
            "withBranchCount": 1,
            "withBranchSetCount": 1,
        },
        "webhooks": {"count": 0},
        "tags": {"count": 1, "distinctCount": 1, "distinctWithPacticipantCount": 1},
        "triggeredWebhooks": {"count": 0},
        "webhookExecutions": {"count": 0},
        "matrix": {"count": -1},
        "environments": {"count": 1},
        "deployedVersions": {"count": 1, "userCreatedCount": 1, "currentlyDeployedCount": 1},
        "releasedVersions": {"count": 1, "currentlySupportedCount": 1},
        "ts:branches": {"count": 1, "withHeadCount": 1},
    }
    assert document.keys() == expected.keys()
    expect(response, 200, expected)


def test_metrics_of_an_empty_broker_have_nulls(client: httpx.Client) -> None:
    document = client.get("/metrics").json()

    assert document["pactPublications"] == {"count": 0, "first": None, "last": None}
    assert document["verificationResults"]["successCount"] == 0
