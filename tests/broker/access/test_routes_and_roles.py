"""Every route × every role: generated from the routes, so that a new route without a rule fails here."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tallystick.broker.access.roles import READING, ROLES, Principal, refusal, rule_for
from tallystick.broker.app import features

ROUTES = sorted({(route.method, route.path) for routes in features() for route in routes.all})
WRITES = [(method, path) for method, path in ROUTES if method not in READING]

# What each role may do besides reading, told a second time, by hand.
PUBLISH = {
    ("POST", "/contracts/publish"),
    *{
        (method, f"/{pact}/provider/{{provider}}/consumer/{{consumer}}/version/{{version}}")
        for method in ("PUT", "PATCH")
        for pact in ("pact", "pacts")
    },
    *{(m, "/pacts/provider/{provider}/consumer/{consumer}/versions/{version}") for m in ("PUT", "PATCH")},
    *{(m, "/pacticipants/{pacticipant}/branches/{branch}/versions/{version}") for m in ("PUT", "DELETE")},
    *{(m, "/pacticipants/{pacticipant}/versions/{version}/tags/{tag}") for m in ("PUT", "DELETE")},
    *{(m, "/pacticipants/{pacticipant}/versions/{version}") for m in ("PUT", "PATCH")},
    *{(m, "/pacticipants/{pacticipant}/versions/{version}/description") for m in ("PUT", "DELETE")},
    ("POST", "/provider-contracts/provider/{provider}/publish"),
    ("POST", "/plans"),
    ("PATCH", "/plans/{uuid}"),
    ("POST", "/plans/{uuid}/close"),
}
_RESULTS = "/pacts/provider/{provider}/consumer/{consumer}/pact-version/{sha}"
VERIFY = {
    ("POST", f"{_RESULTS}/verification-results"),
    ("POST", f"{_RESULTS}/metadata/{{metadata}}/verification-results"),
    *{(m, "/pacticipants/{pacticipant}/versions/{version}/shape") for m in ("POST", "DELETE")},
}
DEPLOY = {
    *{
        ("POST", f"/pacticipants/{{name}}/versions/{{number}}/{kind}-versions/environment/{{uuid}}")
        for kind in ("deployed", "released")
    },
    ("PATCH", "/deployed-versions/{uuid}"),
    ("PATCH", "/released-versions/{uuid}"),
}
READ = {
    ("POST", "/pacts/provider/{provider}/for-verification"),
    ("POST", "/pacticipants/{provider}/impact"),
}
PER_ROLE = {"read": READ, "publish": READ | PUBLISH, "verify": READ | VERIFY, "deploy": READ | DEPLOY}


def test_every_write_has_a_rule():
    assert [route for route in WRITES if rule_for(*route) is None] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_exactly_what_it_is_for(role: str):
    caller = Principal("someone", frozenset({role}))
    names = dict.fromkeys(("consumer", "provider", "pacticipant", "name", "participant"), "Web")

    allowed = {route for route in WRITES if refusal(caller, *route, names) is None}

    assert allowed == (set(WRITES) if role == "admin" else PER_ROLE[role])


@pytest.mark.parametrize("role", ROLES)
def test_every_role_may_read_all_but_accounts_and_audit(role: str):
    caller = Principal("someone", frozenset({role}))

    refused = {path for method, path in ROUTES if method in READING and refusal(caller, method, path, {})}

    private = {"/accounts", "/accounts/{account}", "/accounts/{account}/tokens", "/audit"}
    assert refused == (set() if role == "admin" else private)


def test_nobody_without_a_role_may_do_anything():
    nobody = Principal("nobody", frozenset())

    assert [route for route in ROUTES if refusal(nobody, *route, {}) is None] == []


def test_a_refusal_over_http_says_what_is_missing(broker_with: Callable[..., Any]):
    admin = {"initial_admin_username": "root", "initial_admin_password": "root-password"}
    running = broker_with(**admin)
    with httpx.Client(base_url=running.url, auth=("root", "root-password"), timeout=30) as root:
        made = root.post("/accounts", json={"name": "reader", "roles": ["read"], "password": "long enough"})
        assert made.status_code == 201, made.text

    response = httpx.put(
        f"{running.url}/pacticipants/Web/versions/1", json={}, auth=("reader", "long enough"), timeout=30
    )

    assert response.status_code == 403
    assert response.headers["content-type"] == "application/hal+json;charset=utf-8"
    assert response.json() == {"errors": ["reader has read; this needs the role publish"]}


@pytest.fixture
def signed_in(broker_with: Callable[..., Any]) -> Iterator[Callable[[str], httpx.Client]]:
    """`signed_in("team")`: root may do everything; team publishes for orders alone; reader reads."""
    running = broker_with(initial_admin_username="root", initial_admin_password="root-password")
    with contextlib.ExitStack() as stack:

        def client(name: str) -> httpx.Client:
            return stack.enter_context(
                httpx.Client(base_url=running.url, auth=(name, f"{name}-password"), timeout=30, verify=False)
            )

        root = client("root")
        for name in ("orders", "billing"):
            assert root.post("/pacticipants", json={"name": name}).status_code == 201
        for account in ({"name": "team", "roles": ["publish", "verify"], "grants": ["orders"]},
                        {"name": "reader", "roles": ["read"]}):  # fmt: skip
            made = root.post("/accounts", json={**account, "password": f"{account['name']}-password"})
            assert made.status_code == 201, made.text
        yield client


_DESCRIPTION = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}
_EDITS = {"edits": ["remove 'GET /orders/{id} 200 $.total'"]}


def test_a_team_plans_and_describes_only_what_it_is_granted(signed_in):
    root, team, reader = signed_in("root"), signed_in("team"), signed_in("reader")
    encoded = base64.b64encode(json.dumps(_DESCRIPTION).encode()).decode()
    content = {"content": encoded, "contentType": "application/json", "specification": "oas"}
    contract = {"pacticipantVersionNumber": "1", "contract": content}

    def writes(caller: httpx.Client, provider: str, plan: str) -> list[int]:
        calls = [
            caller.post("/plans", json={"provider": provider, **_EDITS}),
            caller.patch(plan, json={"title": "another"}),
            caller.post(f"{plan}/close", json={"as": "given-up"}),
            caller.put(f"/pacticipants/{provider}/versions/1/description", json=_DESCRIPTION),
            caller.post(f"/provider-contracts/provider/{provider}/publish", json=contract),
            caller.post(f"/pacticipants/{provider}/versions/1/shape", json={"complete": True, "answers": []}),
            caller.delete(f"/pacticipants/{provider}/versions/1/description"),
        ]
        return [one.status_code for one in calls]

    def plan_of(provider: str) -> str:
        return f"/plans/{root.post('/plans', json={'provider': provider, **_EDITS}).json()['uuid']}"

    of_orders, of_billing = plan_of("orders"), plan_of("billing")
    assert writes(team, "billing", of_billing) == [403] * 7
    assert writes(reader, "orders", of_orders) == [403] * 7
    assert all(200 <= status < 300 for status in writes(team, "orders", of_orders))
    assert root.get(of_billing).json()["stage"] != "closed"

    for caller in (team, reader):  # a question with a body keeps nothing
        assert caller.post("/pacticipants/billing/impact", json=_EDITS).status_code == 200
        assert caller.get(of_billing).status_code == caller.get(f"{of_billing}/can-i-remove").status_code == 200


def test_what_was_done_to_a_plan_is_on_record(signed_in):
    root, team = signed_in("root"), signed_in("team")
    own = f"/plans/{team.post('/plans', json={'provider': 'orders', **_EDITS}).json()['uuid']}"
    team.patch(own, json={"title": "another"})
    root.post(f"{own}/close", json={"as": "given-up"})

    events = [one for one in root.get("/audit").json()["_embedded"]["auditEvents"] if "/plans" in one["action"]]

    told = sorted((one["actor"], one["action"], one["subject"]) for one in events)
    assert told == sorted([
        ("team", "POST /plans", "/plans"),
        ("team", "PATCH /plans/{uuid}", own),
        ("root", "POST /plans/{uuid}/close", f"{own}/close"),
    ])  # fmt: skip
    [changed] = [one for one in events if one["action"].startswith("PATCH")]
    assert changed["before"]["title"] == _EDITS["edits"][0]
    assert changed["sent"] == {"title": "another"}
