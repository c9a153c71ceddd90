"""The incumbent's two static users: one that reads and writes, one that only reads; and what is open to everyone."""

from __future__ import annotations

import base64
import hmac
import re
from typing import Final

from starlette.responses import Response

from tallystick.broker.access.roles import READING, Principal
from tallystick.broker.settings import Settings

FOR_VERIFICATION: Final = re.compile(r"^/pacts/provider/[^/]+/for-verification/?$")
HEARTBEAT: Final = "/diagnostic/status/heartbeat"
BADGE: Final = re.compile(
    r"^/(pacts/provider/[^/]+/consumer/.+/badge"
    r"|matrix/provider/.+/consumer/.+/badge"
    r"|pacticipants/[^/]+/main-branch/can-i-merge/badge"
    r"|pacticipants/[^/]+/(latest-version|branches)/.+/can-i-deploy/.+/badge)(\.\w+)?$"
)


class StaticUsers:
    """A pure decision per request: whom the credentials name, and what needs none."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.writer = _credentials(settings.basic_auth_username, settings.basic_auth_password)
        self.reader = _credentials(settings.basic_auth_read_only_username, settings.basic_auth_read_only_password)

    def caller(self, method: str, path: str, authorization: str) -> Principal | None:
        """The static user of these credentials; None when they name neither, or the reader where it may not go."""
        sent = _sent(authorization)
        if sent is None:
            return None
        if self.writer is not None and hmac.compare_digest(sent, self.writer):
            return Principal(self.settings.basic_auth_username, frozenset({"admin"}))
        if self.reader is not None and reading(method, path) and hmac.compare_digest(sent, self.reader):
            return Principal(self.settings.basic_auth_read_only_username, frozenset({"read"}))
        return None

    def public(self, method: str, path: str) -> bool:
        """The request needs no credentials."""
        settings = self.settings
        if settings.allow_public_read and reading(method, path):
            return True
        if settings.public_heartbeat and path.rstrip("/") == HEARTBEAT:
            return True
        return settings.enable_public_badge_access and method in READING and BADGE.match(path) is not None

    @staticmethod
    def refusal() -> Response:
        return Response(
            "Authorization failed",
            401,
            headers={"WWW-Authenticate": 'Basic realm="Restricted area"'},
            media_type="text/plain",
        )


def reading(method: str, path: str) -> bool:
    return method in READING or (method == "POST" and FOR_VERIFICATION.match(path) is not None)


def _credentials(username: str, password: str) -> bytes | None:
    """What the user sends; None when there is no such user."""
    return f"{username}:{password}".encode() if username.strip() and password.strip() else None


def _sent(authorization: str) -> bytes | None:
    kind, _, rest = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(rest.strip(), validate=True)
    except ValueError:
        return None
