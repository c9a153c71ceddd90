"""The incumbent's two static users: one that reads and writes, one that only reads. A pure decision per request."""

from __future__ import annotations

import base64
import hmac
import re
from typing import Final

from starlette.responses import Response

from tallystick.broker.settings import Settings

READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
FOR_VERIFICATION: Final = re.compile(r"^/pacts/provider/[^/]+/for-verification/?$")
HEARTBEAT: Final = "/diagnostic/status/heartbeat"
BADGE: Final = re.compile(
    r"^/(pacts/provider/[^/]+/consumer/.+/badge"
    r"|matrix/provider/.+/consumer/.+/badge"
    r"|pacticipants/[^/]+/main-branch/can-i-merge/badge"
    r"|pacticipants/[^/]+/(latest-version|branches)/.+/can-i-deploy/.+/badge)(\.\w+)?$"
)


class StaticUsers:
    """`guard(method, path, authorization)`: None when the call may go on, else the 401."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.writer = _credentials(settings.basic_auth_username, settings.basic_auth_password)
        reader = (settings.basic_auth_read_only_username, settings.basic_auth_read_only_password)
        self.reader = _credentials(*reader) if all(part.strip() for part in reader) else None

    def __call__(self, method: str, path: str, authorization: str) -> Response | None:
        reading = method in READING or (method == "POST" and FOR_VERIFICATION.match(path) is not None)
        if self._public(method, path, reading):
            return None
        sent = _sent(authorization)
        if sent is not None:
            if hmac.compare_digest(sent, self.writer):
                return None
            if reading and self.reader is not None and hmac.compare_digest(sent, self.reader):
                return None
        return Response(
            "Authorization failed",
            401,
            headers={"WWW-Authenticate": 'Basic realm="Restricted area"'},
            media_type="text/plain",
        )

    def _public(self, method: str, path: str, reading: bool) -> bool:
        settings = self.settings
        if settings.allow_public_read and reading:
            return True
        if settings.public_heartbeat and path.rstrip("/") == HEARTBEAT:
            return True
        return settings.enable_public_badge_access and method in READING and BADGE.match(path) is not None


def _credentials(username: str, password: str) -> bytes:
    return f"{username}:{password}".encode()


def _sent(authorization: str) -> bytes | None:
    kind, _, rest = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        return base64.b64decode(rest.strip(), validate=True)
    except ValueError:
        return None
