"""Clients that cannot be installed here, by what they are known to send: the old Ruby client and pact-jvm."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx
import pytest

PACT = {"consumer": {"name": "Web Shop"}, "provider": {"name": "Orders"}, "interactions": []}


def expanded(template: str, **values: str) -> str:
    """`{name}` filled in as clients do."""
    return re.sub(r"\{(\w+)\}", lambda found: quote(values[found[1]], safe=""), template)


class Follower:
    """A client that finds its way by relations."""

    def __init__(self, url: str, **headers: str) -> None:
        self.http = httpx.Client(base_url=url, headers=headers, timeout=30)
        del self.http.headers["accept"]
        for name, value in headers.items():
            self.http.headers[name] = value
        self.index: dict[str, Any] = self.http.get("/", headers={"accept": "application/hal+json"}).json()["_links"]

    def to(self, relation: str, **values: str) -> str:
        return expanded(self.index[relation]["href"], **values)


@pytest.fixture
def ruby(broker: Any) -> Follower:
    """Accepts HAL only; sends a JSON content type with every PUT and POST, empty bodies included."""
    return Follower(broker.url, accept="application/hal+json")


@pytest.fixture
def jvm(broker: Any) -> Follower:
    """Sends a JSON content type with every request, GET too."""
    return Follower(broker.url, **{"content-type": "application/json"})


def publication() -> dict[str, Any]:
    return {
        "pacticipantName": "Web Shop",
        "pacticipantVersionNumber": "1",
        "branch": "main",
        "tags": ["dev"],
        "contracts": [
            {
                "consumerName": "Web Shop",
                "providerName": "Orders",
                "specification": "pact",
                "contentType": "application/json",
                "content": base64.b64encode(json.dumps(PACT).encode()).decode(),
            }
        ],
    }


JSON = {"content-type": "application/json"}


@pytest.mark.row("PB-269")
def test_the_ruby_client_publishes_asks_and_records(ruby: Follower, world: Any, broker: Any) -> None:
    http = ruby.http
    published = http.post(ruby.to("pb:publish-contracts"), json=publication())
    assert (published.status_code, bool(published.json()["notices"])) == (200, True)
    world.verified("Orders 7", "Web Shop 1").environment("test").environment("production", production=True)

    # an empty body with a JSON type
    branch = ruby.to("pb:pacticipant-branch-version", pacticipant="Orders", branch="main", version="7")
    assert http.put(branch, headers=JSON).status_code == 201
    tag = ruby.to("pb:pacticipant-version-tag", pacticipant="Orders", version="7", tag="prod")
    assert http.put(tag, headers=JSON).status_code == 201

    # record-deployment: the version's array relation is searched by name
    version = http.get(ruby.to("pb:pacticipant-version", pacticipant="Orders", version="7")).json()
    links = {each["name"]: each["href"] for each in version["_links"]["pb:record-deployment"]}
    assert sorted(links) == ["production", "test"]
    assert http.post(links["production"], content="{}", headers=JSON).status_code == 201
    released = {each["name"]: each["href"] for each in version["_links"]["pb:record-release"]}
    assert http.post(released["test"], headers=JSON).status_code == 201

    # can-i-deploy: brackets are encoded
    asked = "q%5B%5D%5Bpacticipant%5D=Web+Shop&q%5B%5D%5Bversion%5D=1&latestby=cvp&environment=production"
    summary = http.get(f"/matrix?{asked}").json()["summary"]
    assert (summary["deployable"], summary["unknown"]) == (True, 0)
    assert isinstance(summary["reason"], str)
    to_tag = "q%5B%5D%5Bpacticipant%5D=Web+Shop&q%5B%5D%5Bversion%5D=1&latestby=cvp&latest=true&tag=prod"
    assert http.get(f"/matrix?{to_tag}").json()["summary"]["deployable"] is True

    # record-undeployment: through the environments' array relation, PATCH with merge-patch
    environments = http.get(ruby.to("pb:environments")).json()["_links"]["pb:environments"]
    production = next(each["href"] for each in environments if each["name"] == "production")
    live = http.get(production).json()["_links"]["pb:currently-deployed-deployed-versions"]["href"]
    deployed = http.get(live, params={"pacticipant": "Orders"}).json()["_embedded"]["deployedVersions"]
    ended = http.patch(
        deployed[0]["_links"]["self"]["href"],
        content='{"currentlyDeployed": false}',
        headers={"content-type": "application/merge-patch+json"},
    )
    assert (ended.status_code, ended.json()["currentlyDeployed"]) == (200, False)


@pytest.mark.row("PB-269")
def test_the_ruby_client_names_lists_and_makes_webhooks(ruby: Follower, world: Any) -> None:
    http = ruby.http
    world.put_pact("Web 1", to="Orders")

    patched = http.patch(ruby.to("pb:pacticipant", pacticipant="Web"), json={"name": "Web", "mainBranch": "main"})
    assert (patched.status_code, patched.json()["mainBranch"]) == (200, "main")
    created = http.post(ruby.to("pb:environments"), json={"name": "test", "production": False})
    assert created.status_code == 201
    for relation, member in (("pb:pacticipants", "pacticipants"), ("pb:environments", "environments")):
        assert http.get(ruby.to(relation)).json()["_embedded"][member]
    webhook = {
        "events": [{"name": "contract_published"}],
        "request": {"method": "POST", "url": "https://ci.example.org/build", "headers": {}, "body": None},
    }
    assert http.post("/webhooks/provider/Orders/consumer/Web", json=webhook).status_code == 201
    assert http.get("/pacticipants/Web").json()["displayName"] == "Web"


@pytest.mark.row("PB-270")
def test_pact_jvm_publishes_fetches_and_publishes_results(jvm: Follower, world: Any) -> None:
    http = jvm.http
    published = http.post(jvm.to("pb:publish-contracts"), json=publication())
    assert published.status_code == 200

    # the selecting address is posted to without a GET before
    listed = http.post(
        jvm.to("pb:provider-pacts-for-verification", provider="Orders"),
        json={
            "consumerVersionSelectors": [{"mainBranch": True}],
            "includePendingStatus": True,
            "providerVersionTags": ["dev"],
            "providerVersionBranch": "main",
        },
    ).json()
    [entry] = listed["_embedded"]["pacts"]
    assert entry["_links"]["self"]["name"] == "Pact between Web Shop (1) and Orders"
    assert isinstance(entry["verificationProperties"]["pending"], bool)

    # a GET with a JSON content type and no body
    pact = http.get(entry["_links"]["self"]["href"], headers=JSON)
    assert pact.status_code == 200
    assert pact.headers["content-type"].startswith("application/hal+json")
    provider = http.get(pact.json()["_links"]["pb:provider"]["href"]).json()["_links"]
    branch = expanded(provider["pb:branch-version"]["href"], branch="main", version="7")
    tag = expanded(provider["pb:version-tag"]["href"], version="7", tag="dev")
    assert [http.put(each, content="{}", headers=JSON).status_code for each in (branch, tag)] == [201, 201]

    # results without an Accept header
    result = http.post(
        pact.json()["_links"]["pb:publish-verification-results"]["href"],
        json={"providerApplicationVersion": "7", "success": True, "testResults": [], "verifiedBy": {}},
    )
    assert result.status_code == 201

    asked = "q[][pacticipant]=Web%20Shop&q[][version]=1&latestby=cvp&latest=true"
    answer = http.get(f"/matrix?{asked}").json()
    assert answer["summary"]["deployable"] is True
    assert isinstance(answer["summary"]["unknown"], int)
    assert answer["matrix"][0]["verificationResult"]["_links"]["self"]["href"]


@pytest.mark.row("PB-270")
def test_pact_jvm_falls_back_to_older_ways(jvm: Follower, world: Any) -> None:
    http = jvm.http
    put = jvm.to("pb:publish-pact", provider="Orders", consumer="Web Shop", consumerApplicationVersion="1")
    assert http.put(put, json=PACT).status_code == 201
    tag = jvm.to("pb:pacticipant-version-tag", pacticipant="Web Shop", version="1", tag="dev")
    assert http.put(tag, content="{}").status_code == 201

    for relation, values in (
        ("pb:latest-provider-pacts", {}),
        ("pb:latest-provider-pacts-with-tag", {"tag": "dev"}),
    ):
        listed = http.get(jvm.to(relation, provider="Orders", **values)).json()["_links"]["pb:pacts"]
        assert [(each["name"], each["href"].endswith("/version/1")) for each in listed] == [("Web Shop", True)]
    missing = http.get(jvm.to("pb:latest-provider-pacts", provider="Nobody"))
    assert missing.status_code == 404


@pytest.mark.row("PB-258", deviates="a new broker is empty; `tallystick demo` shows one with something in it")
def test_a_new_broker_is_empty(broker_with: Callable[..., Any]) -> None:
    counts = httpx.get(f"{broker_with().url}/metrics").json()

    assert counts["pacticipants"]["count"] == counts["environments"]["count"] == 0
