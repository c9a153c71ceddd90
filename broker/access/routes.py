"""`/accounts`, their tokens, and `/audit`: for administrators."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row
from starlette.responses import Response

from tallystick.broker.access import queries, service
from tallystick.broker.db import now, read, write
from tallystick.broker.errors import InvalidQuery, NotFound
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.checks import Fields
from tallystick.broker.http.links import Links, link, segment
from tallystick.broker.http.media import CSV, HAL
from tallystick.broker.http.routing import Routes

routes: Final = Routes("access")

PAGE: Final = 100

_BODY: Final[dict[str, Any]] = {"name": "ci-web", "roles": ["publish"], "password": "long enough", "grants": ["Web"]}
_ACCOUNT: Final[dict[str, Any]] = {"name": "ci-web", "roles": ["publish"], "grants": ["Web"], "disabled": False}
_TOKEN: Final[dict[str, Any]] = {"id": 1, "name": "build", "prefix": "tsk_Ab3dE9", "roles": ["publish"]}


@routes.get("/accounts", summary="All accounts", answer={"_embedded": {"accounts": [_ACCOUNT]}})
def list_accounts(call: CallDep) -> Response:
    with read(call.engine) as connection:
        rows = queries.accounts(connection)
        grants = queries.grants_of(connection, [row.id for row in rows])
    shown = [_account(row, grants.get(row.id, []), call.links) for row in rows]
    return hal.answer({"_embedded": {"accounts": shown}, "_links": {"self": link(call.url, "Accounts")}})


@routes.post("/accounts", summary="Create an account", body=_BODY, answers={201: _ACCOUNT})
def create_account(call: CallDep) -> Response:
    fields = Fields(call.json())
    name = fields.text("name", required=True)
    password = fields.text("password")
    roles, grants = _texts(fields, "roles", required=True), _texts(fields, "grants")
    fields.refuse_if_wrong()
    assert name is not None
    with write(call.engine) as session:
        service.create_account(session, name, roles or [], now(session), password=password, grants=grants or [])
        document = _shown(session, name, call.links)
    return hal.created(document, f"{call.links.base}/accounts/{segment(name)}")


@routes.get("/accounts/{account}", summary="An account", answer=_ACCOUNT)
def get_account(call: CallDep, account: str) -> Response:
    with read(call.engine) as connection:
        return hal.answer(_shown(connection, account, call.links))


@routes.patch("/accounts/{account}", summary="Change an account", body=_BODY, answer=_ACCOUNT)
def change_account(call: CallDep, account: str) -> Response:
    fields = Fields(call.json())
    password, disabled = fields.text("password"), fields.boolean("disabled")
    roles, grants = _texts(fields, "roles"), _texts(fields, "grants")
    fields.refuse_if_wrong()
    with write(call.engine) as session:
        service.change_account(
            session, account, now(session), roles=roles, password=password, grants=grants, disabled=disabled
        )
        document = _shown(session, account, call.links)
    return hal.answer(document)


@routes.delete("/accounts/{account}", summary="Delete an account and its tokens", answers={204: None})
def delete_account(call: CallDep, account: str) -> Response:
    with write(call.engine) as session:
        service.remove_account(session, account)
    return hal.nothing()


@routes.get("/accounts/{account}/tokens", summary="Tokens of an account", answer={"_embedded": {"tokens": [_TOKEN]}})
def list_tokens(call: CallDep, account: str) -> Response:
    with read(call.engine) as connection:
        row = queries.account(connection, account)
        if row is None:
            raise NotFound(f"No account with name '{account}' found")
        tokens = [_token(each, call.links) for each in queries.tokens_of(connection, row.id)]
    return hal.answer({"_embedded": {"tokens": tokens}, "_links": {"self": link(call.url, "Tokens")}})


@routes.post(
    "/accounts/{account}/tokens",
    summary="Create a token; the answer is the only place where it is ever shown",
    body={"name": "build", "roles": ["publish"], "expiresInDays": 90},
    answers={201: {**_TOKEN, "token": "tsk_…"}},
)
def create_token(call: CallDep, account: str) -> Response:
    fields = Fields(call.json())
    name = fields.text("name", required=True)
    roles = _texts(fields, "roles")
    days = fields.members.get("expiresInDays")
    if days is not None and (not isinstance(days, int) or isinstance(days, bool)):
        fields.complain("expiresInDays", "must be an integer")
    fields.refuse_if_wrong()
    assert name is not None
    with write(call.engine) as session:
        made = service.create_token(session, account, name, now(session), roles=roles or [], days=days)
        stored = queries.token_with_digest(session, made.digest)
        assert stored is not None
        document = {**_token(stored, call.links), "token": made.text}
    return hal.created(document, f"{call.links.base}/tokens/{stored.id}")


@routes.delete("/tokens/{token}", summary="Revoke a token", answers={204: None})
def revoke_token(call: CallDep, token: str) -> Response:
    if not (token.isascii() and token.isdigit() and len(token) < 18):
        raise NotFound(f"No token with id {token} found")
    with write(call.engine) as session:
        service.revoke_token(session, int(token), now(session))
    return hal.nothing()


@routes.get(
    "/audit",
    produces=(HAL, CSV),
    summary="Every write: who, what, when, from where; newest first",
    query={
        "actor": "only writes of this account",
        "since": "only since this moment (ISO 8601)",
        "before": "only events older than this id",
        "limit": f"how many, at most 1000; {PAGE} when not given",
    },
    answer={"_embedded": {"auditEvents": []}, "_links": {}},
)
def audit(call: CallDep) -> Response:
    limit, before, since = _window(call)
    with read(call.engine) as connection:
        rows = queries.audit(connection, limit=limit, before=before, actor=call.query.get("actor"), since=since)
    if call.media_type == CSV:
        return hal.raw(_csv(rows), media_type=CSV)
    links = {"self": link(call.url, "Audit")}
    if len(rows) == limit:
        links["next"] = link(f"{call.url}?limit={limit}&before={rows[-1].id}", "Older events")
    return hal.answer({"_embedded": {"auditEvents": [_event(row) for row in rows]}, "_links": links})


def _window(call: CallDep) -> tuple[int, int | None, datetime | None]:
    wrong = []
    numbers: dict[str, int | None] = {}
    for name in ("limit", "before"):
        text = call.query.get(name)
        if text is not None and not (text.isascii() and text.isdigit() and 0 < len(text) < 18 and int(text) > 0):
            wrong.append(f"{name} must be a positive integer, not '{text}'")
        numbers[name] = int(text) if text is not None and not wrong else None
    since = None
    if (text := call.query.get("since")) is not None:
        try:
            since = datetime.fromisoformat(text).astimezone()
        except ValueError:
            wrong.append(f"since must be a moment such as 2026-05-01T10:00:00Z, not '{text}'")
    if wrong:
        raise InvalidQuery(wrong)
    return min(numbers["limit"] or PAGE, 1000), numbers["before"], since


def _event(row: Row[Any]) -> dict[str, Any]:
    detail = json.loads(row.detail or "{}")
    return hal.present(
        {
            "id": row.id,
            "at": hal.moment(row.at),
            "actor": row.actor,
            "action": row.action,
            "subject": row.subject,
            "from": detail.get("from"),
            "before": detail.get("before"),
            "sent": detail.get("sent"),
        }
    )


def _csv(rows: Any) -> str:
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["id", "at", "actor", "action", "subject", "from", "before", "sent"])
    for row in rows:
        event = _event(row)
        texts = [event.get(key) for key in ("actor", "action", "subject", "from")]
        bodies = [json.dumps(event[key], ensure_ascii=False) if key in event else "" for key in ("before", "sent")]
        table.writerow([event["id"], event["at"], *map(_not_a_formula, [*texts, *bodies])])
    return out.getvalue()


def _not_a_formula(text: str | None) -> str:
    """Spreadsheets run what begins so; names in the audit come from strangers."""
    text = text or ""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text


def _texts(fields: Fields, key: str, *, required: bool = False) -> list[str] | None:
    values = fields.array(key, required=required)
    if values is not None and not all(isinstance(value, str) for value in values):
        fields.complain(key, "must hold strings only")
        return None
    return values


def _shown(db: Any, name: str, links: Links) -> dict[str, Any]:
    row = queries.account(db, name)
    if row is None:
        raise NotFound(f"No account with name '{name}' found")
    return _account(row, queries.grants_of(db, [row.id]).get(row.id, []), links)


def _account(row: Row[Any], grants: list[str], links: Links) -> dict[str, Any]:
    href = f"{links.base}/accounts/{segment(row.name)}"
    return {
        "name": row.name,
        "roles": row.role.split(),
        "grants": grants,
        "disabled": row.disabled_at is not None,
        "hasPassword": row.password_hash is not None,
        **hal.times(row.created_at, row.updated_at),
        "_links": {"self": link(href, row.name), "ts:tokens": link(f"{href}/tokens", "Tokens")},
    }


def _token(row: Row[Any], links: Links) -> dict[str, Any]:
    def moment(at: datetime | None) -> str | None:
        return None if at is None else hal.moment(at)

    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "roles": row.scope.split(),
        "createdAt": hal.moment(row.created_at),
        "expiresAt": moment(row.expires_at),
        "lastUsedAt": moment(row.last_used_at),
        "revokedAt": moment(row.revoked_at),
        "_links": {"self": link(f"{links.base}/tokens/{row.id}", row.name)},
    }
