"""Who is calling. Asked before anything else of a request; what they may do is asked once its route is known.

Passwords are checked with argon2, which is slow on purpose, and Pact clients send them with every request: a check that
succeeded is remembered for a while under a keyed digest of the credentials, and dropped when the account changes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets as random_bytes
import time
from asyncio import sleep
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from sqlalchemy import Engine, update
from starlette.responses import RedirectResponse, Response

from tallystick.broker.access import queries, roles, secrets
from tallystick.broker.access.queries import TOKEN
from tallystick.broker.access.roles import Principal
from tallystick.broker.access.static_users import StaticUsers
from tallystick.broker.db import now, read, write
from tallystick.broker.errors import Forbidden
from tallystick.broker.http.routing import Browser
from tallystick.broker.settings import Settings

REMEMBERED_SECONDS: Final = 300
REMEMBERED_MOST: Final = 1000
ASKED_AGAIN_SECONDS: Final = 5  # how soon the first account is noticed
USED_EVERY: Final = timedelta(minutes=1)  # how exactly "last used" is known
FREE_FAILURES: Final = 5
LONGEST_DELAY_SECONDS: Final = 10.0


SIGN_IN_PATHS: Final = frozenset({"/login", "/login/callback", "/logout"})


@dataclass(slots=True)
class _Remembered:
    account_id: int
    changed_at: datetime
    until: float


class Door:
    """`await door(method, path, authorization, address)` gives the caller, or the refusal to send."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings
        self.static = StaticUsers(settings)
        self._key = random_bytes.token_bytes(32)
        self._known: OrderedDict[bytes, _Remembered] = OrderedDict()
        self._failures: OrderedDict[str, tuple[int, float]] = OrderedDict()
        self._checks = CapacityLimiter(2)  # of argon2 at once: each takes 64 MiB
        self._closed = settings.has_users or bool(settings.oidc_issuer)
        self._asked_at = 0.0

    async def __call__(
        self, method: str, path: str, authorization: str, address: str, browser: Browser
    ) -> Principal | Response:
        if not await self._needs_credentials():
            return roles.ANYONE
        caller = self.static.caller(method, path, authorization)
        if caller is not None:
            return caller
        kind, _, rest = authorization.partition(" ")
        found: Principal | None = None
        if kind.lower() == "bearer":
            found = await run_sync(self._bearer, rest.strip())
        elif kind.lower() == "basic":
            found = await self._basic(rest.strip(), address)
        if found is not None:
            return found
        if browser.session and (method in roles.READING or browser.asks):
            found = await run_sync(self._bearer, browser.session)
            if found is not None:
                # Never for writing: another site could make a browser do that.
                return found if method in roles.READING else found.reading
        if self.static.public(method, path) or path in SIGN_IN_PATHS:
            return roles.READER
        if self.settings.oidc_issuer and browser.wants_page and method == "GET" and not authorization:
            return RedirectResponse(f"{browser.base}/login?{urlencode({'next': path})}", 303)
        return self.static.refusal()

    def authorize(self, caller: Principal, method: str, template: str, parameters: Mapping[str, str]) -> None:
        """Raises `Forbidden` when the caller may not call that route."""
        why = roles.refusal(caller, method, template, parameters)
        if why is not None:
            raise Forbidden(why)

    async def _needs_credentials(self) -> bool:
        """Static users are configured, or there is an account; the latter is asked again every few seconds."""
        if not self._closed and time.monotonic() - self._asked_at > ASKED_AGAIN_SECONDS:
            self._asked_at = time.monotonic()
            self._closed = await run_sync(self._any_account)
        return self._closed

    def _any_account(self) -> bool:
        with read(self.engine) as connection:
            return queries.any_account(connection)

    # Bearer

    def _bearer(self, text: str) -> Principal | None:
        with read(self.engine) as connection:
            at = now(connection)
            row = queries.token_with_digest(connection, secrets.digest(text))
            if row is None or row.revoked_at or row.disabled_at or (row.expires_at and row.expires_at <= at):
                return None
            grants = queries.grants_of(connection, [row.account_id]).get(row.account_id)
        if row.last_used_at is None or at - row.last_used_at > USED_EVERY:
            with write(self.engine) as session:
                session.execute(update(TOKEN).where(TOKEN.c.id == row.id).values(last_used_at=at))
        # A token never has more than its account.
        account = frozenset(row.role.split())
        wanted = frozenset(row.scope.split())
        allowed = wanted if "admin" in account else wanted & account | ({"read"} if wanted else set())
        return Principal(f"{row.account} ({row.name})", frozenset(allowed), frozenset(grants) if grants else None)

    # Basic

    async def _basic(self, encoded: str, address: str) -> Principal | None:
        try:
            name, colon, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except ValueError:
            return None
        if not colon:
            return None
        if password.startswith(secrets.PREFIX):  # clients that only know Basic may send a token as the password
            return await run_sync(self._bearer, password)
        seal = hmac.digest(self._key, f"{name}\0{password}".encode(), hashlib.sha256)
        row, grants = await run_sync(self._account, name)
        known = self._known.get(seal)
        if known and row and known.until > time.monotonic() and known.changed_at == row.updated_at:
            return _principal(row, grants) if known.account_id == row.id and not row.disabled_at else None
        await self._wait_after_failures(name, address)
        stored = row.password_hash if row and not row.disabled_at else None
        if not await run_sync(secrets.verified, password, stored, limiter=self._checks):
            self._note_failure(name, address)
            return None
        assert row is not None
        for subject in (name.lower(), address):
            self._failures.pop(subject, None)
        self._known[seal] = _Remembered(row.id, row.updated_at, time.monotonic() + REMEMBERED_SECONDS)
        while len(self._known) > REMEMBERED_MOST:
            self._known.popitem(last=False)
        return _principal(row, grants)

    def _account(self, name: str) -> tuple[Any, list[str] | None]:
        with read(self.engine) as connection:
            row = queries.account(connection, name)
            return row, queries.grants_of(connection, [row.id]).get(row.id) if row else None

    async def _wait_after_failures(self, name: str, address: str) -> None:
        """The more failures, the longer the next answer takes, by name and by address: never a lock-out."""
        most = max(self._failures.get(subject, (0, 0.0))[0] for subject in (name.lower(), address))
        if most >= FREE_FAILURES:
            await sleep(min(0.1 * 2.0 ** (most - FREE_FAILURES), LONGEST_DELAY_SECONDS))

    def _note_failure(self, name: str, address: str) -> None:
        at = time.monotonic()
        for subject in (name.lower(), address):
            count, last = self._failures.pop(subject, (0, at))
            self._failures[subject] = (count + 1 if at - last < REMEMBERED_SECONDS else 1, at)
        while len(self._failures) > REMEMBERED_MOST:
            self._failures.popitem(last=False)


def _principal(row: Any, grants: list[str] | None) -> Principal:
    return Principal(row.name, frozenset(row.role.split()), frozenset(grants) if grants else None)
