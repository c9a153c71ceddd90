"""Every route × every role: generated from the routes, so that a new route without a rule fails here."""

from __future__ import annotations

from collections.abc import Callable
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
}
_RESULTS = "/pacts/provider/{provider}/consumer/{consumer}/pact-version/{sha}"
VERIFY = {
    ("POST", f"{_RESULTS}/verification-results"),
    ("POST", f"{_RESULTS}/metadata/{{metadata}}/verification-results"),
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
IMPACT = ("/plans", "/provider-contracts", "/impact")  # told by the tests of that feature


def test_every_write_has_a_rule():
    assert [route for route in WRITES if rule_for(*route) is None] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_do_exactly_what_it_is_for(role: str):
    caller = Principal("someone", frozenset({role}))
    names = dict.fromkeys(("consumer", "provider", "pacticipant", "name", "participant"), "Web")

    allowed = {route for route in WRITES if refusal(caller, *route, names) is None}

    told = [route for route in WRITES if not route[1].startswith(IMPACT) and "description" not in route[1]]
    assert allowed & set(told) == (set(told) if role == "admin" else PER_ROLE[role] & set(told))


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
