"""The audit: every write leaves a row in the transaction that makes it, so that neither exists without the other.

A row says who, what, when, from where, what was there before and what was sent. Rows are only added. Secrets are stars;
a large body is told by its size and digest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Final

from anyio.to_thread import run_sync
from sqlalchemy import insert
from sqlalchemy.orm import Session
from starlette.types import Message, Receive, Scope

from tallystick.broker.access.queries import AUDIT
from tallystick.broker.db import TRACE, now

LARGEST: Final = 8 * 1024  # bytes of a body that are kept as they are
STARS: Final = "**********"
SECRET_WORDS: Final = ("password", "authorization", "token", "secret", "api-key", "apikey", "cookie")

# Contracts and results are kept whole in any case; of these, what was there before is worth its look.
REMEMBERED: Final = (
    "/pacticipants/", "/environments/", "/webhooks/", "/accounts/", "/deployed-versions/", "/released-versions/",
    "/plans/",
)  # fmt: skip


class Audit:
    """The router's recorder: reads the body ahead, and has every transaction of the request leave its row."""

    async def __call__(
        self, scope: Scope, route: Any, receive: Receive, standing: Callable[[], bytes]
    ) -> tuple[Receive, AbstractContextManager[None]]:
        messages: list[Message] = []
        size, kept = 0, b""
        digest = hashlib.sha256()
        while True:
            message = await receive()
            messages.append(message)
            body = message.get("body", b"")
            size += len(body)
            digest.update(body)
            kept = (kept + body)[: LARGEST + 1]
            if message["type"] != "http.request" or not message.get("more_body"):
                break
            # The endpoint refuses what is too large, and must not find it all in memory before it does.
            if size > LARGEST * 4096:
                break
        detail: dict[str, Any] = {"from": (scope.get("client") or ("unknown", 0))[0]}
        if size:
            detail["sent"] = _told(kept) if size <= LARGEST else {"bytes": size, "sha256": digest.hexdigest()}
        path: str = scope["tallystick.raw_path"]
        if scope["method"] in ("PUT", "PATCH", "DELETE"):
            there = await run_sync(standing) if route.path.startswith(REMEMBERED) else b""
            if there:
                detail["before"] = _told(there)
        row = {
            "actor": scope["tallystick.caller"].name,
            "action": f"{scope['method']} {route.path}",
            "subject": path,
            "detail": json.dumps(detail, ensure_ascii=False),
        }

        async def replay() -> Message:
            return messages.pop(0) if messages else await receive()

        return replay, _leaving(row)


@contextmanager
def _leaving(row: dict[str, Any]) -> Iterator[None]:
    def trace(session: Session) -> None:
        session.execute(insert(AUDIT).values(**row, at=now(session)))

    mark = TRACE.set(trace)
    try:
        yield
    finally:
        TRACE.reset(mark)


def record(session: Session, actor: str, action: str, subject: str, **detail: Any) -> None:
    """A row for what is done without a request, by the operator's own commands."""
    told = json.dumps({key: redacted(value) for key, value in detail.items()}, ensure_ascii=False)
    session.execute(insert(AUDIT).values(actor=actor, action=action, subject=subject, detail=told, at=now(session)))


def _told(body: bytes) -> Any:
    if len(body) <= LARGEST:
        try:
            return redacted(json.loads(body))
        except ValueError:
            pass
    return {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def redacted(value: Any) -> Any:
    """The value with stars for whatever is named like a secret."""
    if isinstance(value, dict):
        return {
            key: STARS if names_a_secret(key) and isinstance(item, str) and item else redacted(item)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [redacted(item) for item in value]
    return value


def names_a_secret(name: str) -> bool:
    """A member or header of such a name holds a secret."""
    return any(word in name.lower() for word in SECRET_WORDS)
