"""Accounts and tokens over HTTP: who gets in, what they may write to, what ends it, and what the audit says."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tallystick.broker.access import door

ROOT = ("root", "planted-root-password")
SETTINGS = {"initial_admin_username": ROOT[0], "initial_admin_password": ROOT[1]}


@pytest.fixture(params=["sqlite", "postgresql"])
def running(request: pytest.FixtureRequest, broker_with: Callable[..., Any]) -> Any:
    return broker_with(kind=request.param, **SETTINGS)


@pytest.fixture
def root(running: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, auth=ROOT, timeout=30) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def publication(consumer: str) -> dict[str, Any]:
    return {"pacticipantName": consumer, "pacticipantVersionNumber": "1", "contracts": []}


def token_for(root: httpx.Client, *roles: str, grants: tuple[str, ...] = (), **more: Any) -> str:
    root.post("/accounts", json={"name": "ci", "roles": list(roles), "grants": list(grants)}).raise_for_status()
    made = root.post("/accounts/ci/tokens", json={"name": "build", **more})
    assert made.status_code == 201, made.text
    text: str = made.json()["token"]
    return text


def test_a_token_opens_the_door_and_is_shown_once(running: Any, root: httpx.Client):
    token = token_for(root, "publish")

    assert httpx.get(running.url).status_code == 401
    assert httpx.get(running.url, headers=bearer(token)).status_code == 200
    assert httpx.get(running.url, auth=("anything", token)).status_code == 200, "for clients that only know Basic"
    assert httpx.get(running.url, headers=bearer(token + "x")).status_code == 401
    listed = root.get("/accounts/ci/tokens").text
    assert token not in listed
    (shown,) = json.loads(listed)["_embedded"]["tokens"]
    assert shown["prefix"] == token[:10]
    assert shown["lastUsedAt"] is not None


def test_a_token_ends_by_revocation_and_with_its_account(running: Any, root: httpx.Client):
    first = token_for(root, "read")
    second = root.post("/accounts/ci/tokens", json={"name": "other"}).json()
    assert root.delete(f"/tokens/{root.get('/accounts/ci/tokens').json()['_embedded']['tokens'][1]['id']}").is_success

    assert httpx.get(running.url, headers=bearer(first)).status_code == 401
    assert httpx.get(running.url, headers=bearer(second["token"])).status_code == 200
    assert root.patch("/accounts/ci", json={"disabled": True}).is_success
    assert httpx.get(running.url, headers=bearer(second["token"])).status_code == 401


def test_a_token_expires(running: Any, root: httpx.Client):
    from sqlalchemy import text

    token = token_for(root, "read", expiresInDays=1)
    assert httpx.get(running.url, headers=bearer(token)).status_code == 200

    with running.engine.begin() as connection:
        connection.execute(text("UPDATE token SET expires_at = created_at"))

    assert httpx.get(running.url, headers=bearer(token)).status_code == 401


def test_a_token_never_has_more_than_its_account(running: Any, root: httpx.Client):
    token = token_for(root, "publish", roles=["publish"])
    root.patch("/accounts/ci", json={"roles": ["read"]}).raise_for_status()

    response = httpx.post(f"{running.url}/contracts/publish", json=publication("Web"), headers=bearer(token))

    assert response.status_code == 403


def test_a_grant_limits_writing_to_its_participants(running: Any, root: httpx.Client):
    for name in ("Web", "Orders"):
        root.post("/pacticipants", json={"name": name}).raise_for_status()
    token = token_for(root, "publish", "deploy", grants=("Web",))

    def ask(method: str, path: str, **more: Any) -> httpx.Response:
        return httpx.request(method, running.url + path, headers=bearer(token), **more)

    assert ask("POST", "/contracts/publish", json=publication("Web")).status_code == 200
    refused = ask("POST", "/contracts/publish", json=publication("Orders"))
    assert refused.status_code == 403
    assert refused.json() == {"errors": ["ci (build) may not write to Orders: it is not among their grants"]}
    assert ask("PUT", "/pacticipants/Orders/versions/1/tags/x", json={}).status_code == 403
    assert ask("PUT", "/pacticipants/Web/versions/1/tags/x", json={}).status_code == 201
    assert ask("GET", "/pacticipants/Orders").status_code == 200, "everyone may read"


def test_a_changed_password_counts_at_once(running: Any, root: httpx.Client):
    root.post("/accounts", json={"name": "ann", "roles": ["read"], "password": "first password"}).raise_for_status()
    old, new = ("ann", "first password"), ("ann", "second password")
    assert httpx.get(running.url, auth=old, timeout=30).status_code == 200
    assert httpx.get(running.url, auth=old, timeout=30).status_code == 200

    root.patch("/accounts/ann", json={"password": new[1]}).raise_for_status()

    assert httpx.get(running.url, auth=old, timeout=30).status_code == 401
    assert httpx.get(running.url, auth=new, timeout=30).status_code == 200


def test_guessing_is_slowed_and_nobody_is_locked_out(broker_with: Callable[..., Any], monkeypatch: pytest.MonkeyPatch):
    waits: list[float] = []

    async def noted(seconds: float) -> None:
        waits.append(seconds)

    running = broker_with(**SETTINGS)
    monkeypatch.setattr(door, "sleep", noted)

    statuses = [httpx.get(running.url, auth=("root", f"guess {n}"), timeout=60).status_code for n in range(13)]

    assert statuses == [401] * 13
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0]
    assert httpx.get(running.url, auth=ROOT, timeout=60).status_code == 200


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"name": ["is missing"], "roles": ["is missing"]}),
        ({"name": "a:b", "roles": ["read"]}, {"name": ["cannot contain a colon or control characters"]}),
        ({"name": "a", "roles": ["king"]}, {"roles": ["must be among read, publish, verify, deploy, admin, not king"]}),
        ({"name": "a", "roles": ["read"], "password": "short"}, {"password": ["must have at least 8 characters"]}),
        (
            {"name": "a", "roles": ["read"], "grants": ["Nobody"]},
            {"grants": ["does not match an existing pacticipant: 'Nobody'"]},
        ),
        ({"name": "ROOT", "roles": ["read"]}, {"name": ["Another account with name 'ROOT' already exists."]}),
    ],
)
def test_what_cannot_be_an_account_is_refused(broker_with: Callable[..., Any], body: Any, errors: Any):
    response = httpx.post(f"{broker_with(**SETTINGS).url}/accounts", json=body, auth=ROOT, timeout=30)

    assert (response.status_code, response.json()) == (400, {"errors": errors})


def test_the_audit_tells_who_wrote_what_before_and_after(running: Any, root: httpx.Client):
    root.post("/pacticipants", json={"name": "Web", "mainBranch": "main"}).raise_for_status()
    root.patch(
        "/pacticipants/Web", json={"mainBranch": "trunk"}, headers={"content-type": "application/merge-patch+json"}
    ).raise_for_status()
    root.get("/pacticipants/Web").raise_for_status()
    assert root.post("/pacticipants", json={"name": ""}).status_code == 400

    changed, created, first = root.get("/audit").json()["_embedded"]["auditEvents"]

    assert (changed["actor"], changed["action"]) == ("root", "PATCH /pacticipants/{pacticipant}")
    assert (changed["subject"], changed["from"]) == ("/pacticipants/Web", "127.0.0.1")
    assert changed["before"]["mainBranch"] == "main"
    assert changed["sent"] == {"mainBranch": "trunk"}
    assert created["action"] == "POST /pacticipants"
    assert (first["actor"], first["action"]) == ("settings", "account create")
    table = root.get("/audit", headers={"accept": "text/csv"})
    assert table.headers["content-type"] == "text/csv;charset=utf-8"
    assert table.text.splitlines()[0] == "id,at,actor,action,subject,from,before,sent"
    assert len(table.text.splitlines()) == 4
    assert root.get("/audit?actor=root&limit=1").json()["_embedded"]["auditEvents"] == [changed]


def test_a_write_that_is_undone_leaves_no_trace(running: Any, root: httpx.Client):
    document = {"consumer": {"name": "Web"}, "provider": {"name": "Orders"}, "interactions": []}
    path = "/pacts/provider/Orders/consumer/Web/version/1"
    root.put(path, json=document).raise_for_status()
    refused = root.put(path, json={**document, "interactions": [{"description": "other"}]})

    assert refused.status_code == 409
    assert len(root.get("/audit").json()["_embedded"]["auditEvents"]) == 2


def test_planted_secrets_come_back_nowhere(running: Any, root: httpx.Client, capfd: pytest.CaptureFixture[str]):
    from sqlalchemy import text

    token = token_for(root, "publish")
    root.post("/accounts", json={"name": "ann", "roles": ["read"], "password": "planted-ann-password"})
    root.post("/accounts", json={"name": "ann", "roles": [], "password": "planted-ann-password"})
    httpx.get(running.url, headers=bearer(token))
    httpx.get(running.url, auth=("ann", "planted-ann-password"), timeout=30)
    httpx.get(running.url, headers={"authorization": "Basic planted-garbage"})

    told = "".join(root.get(path).text for path in ("/audit?limit=1000", "/accounts", "/accounts/ci/tokens"))
    told += "".join(capfd.readouterr())
    with running.engine.connect() as connection:
        for table in ("account", "token", "audit_event"):
            told += "".join(str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table}")))

    assert "ann" in told
    assert "planted" not in told
    assert token not in told
    assert base64.b64encode(b"ann:planted-ann-password").decode() not in told


def test_the_operator_makes_the_first_account_beside_a_running_broker(broker_with: Callable[..., Any], tmp_path: Any):
    url = f"sqlite:///{tmp_path / 'b.sqlite3'}"
    running = broker_with(database_url=url)
    assert httpx.get(running.url).status_code == 200

    def command(*arguments: str, given: str | None = None) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tallystick", "broker", *arguments, "--database-url", url],
            input=given, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    command("account", "create", "root", "--role", "admin", "--password-stdin", given="a long password\n")
    token = command("token", "create", "--account", "root", "--name", "ci", "--role", "read").strip()

    deadline = time.monotonic() + 20
    while httpx.get(running.url).status_code != 401:
        assert time.monotonic() < deadline, "the account was not noticed"
        time.sleep(0.2)
    assert httpx.get(running.url, headers=bearer(token)).status_code == 200
    assert "root: admin" in command("account", "list")
    assert "account create" in command("audit")
