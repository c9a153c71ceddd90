"""What calling an application in this process has in common with asking it over HTTP."""

from __future__ import annotations

import traceback
from typing import Final

from tallystick.contract.model import ActualRequest, ActualResponse
from tallystick.verifier.problems import Problem, ReplayFailed
from tallystick.verifier.requests import decoded
from tallystick.verifier.targets.http import CODES, LIMIT
from tallystick.verifier.wire import BODY_LIMIT_BYTES

ORIGIN: Final = "http://localhost"


class Caller:
    """Sends requests to an application, following redirects to itself. Subclasses call it."""

    def __init__(self, redirects: str = "follow", limit_bytes: int = BODY_LIMIT_BYTES):
        self.note = ""
        self.waited = 0.0
        self._redirects, self._limit = redirects, limit_bytes

    def call(self, request: ActualRequest, timeout_seconds: float) -> ActualResponse:
        """One request, one response; raises ReplayFailed."""
        raise NotImplementedError

    def send(self, request: ActualRequest, timeout_seconds: float) -> ActualResponse:
        self.note = ""
        now = request
        for hop in range(LIMIT):
            response = self.call(now, timeout_seconds)
            location = None
            if response.status in CODES and self._redirects == "follow":
                location = next((v for n, v in response.headers if n.lower() == "location"), None)
            if location is not None:
                from tallystick.verifier.targets.redirects import next_request, note

                origin, following = next_request(now, response.status, location, ORIGIN)
                if hop == 0:
                    self.note = note(response.status, location)
                if origin == ORIGIN:
                    now = following
                    continue
            if len(response.content) > self._limit:
                raise ReplayFailed(
                    Problem(
                        "response-too-large",
                        f"the response has {len(response.content)} bytes; at most {self._limit} are compared",
                        "raise --max-response-bytes if it should be compared",
                    )
                )
            content, headers = decoded(response.content, response.headers, self._limit)
            return ActualResponse(response.status, headers, content)
        from tallystick.verifier.targets.redirects import endless

        raise endless(request)

    def close(self) -> None: ...


def raised(error: BaseException) -> str:
    """What an application raised, and the innermost place in it."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}: {error}{place}".replace("\n", " ")


def out_of_time(seconds: float) -> ReplayFailed:
    return ReplayFailed(
        Problem(
            "timeout", f"the application did not answer within {seconds:g} s", "raise --timeout if it may take longer"
        )
    )


def application_error(error: BaseException) -> ReplayFailed:
    return ReplayFailed(Problem("application-error", f"the application raised {raised(error)}", "mend the application"))


def malformed(what: str) -> ReplayFailed:
    return ReplayFailed(Problem("malformed-response", f"the application broke its protocol: {what}"))


def without_body(method: str, status: int) -> bool:
    return method == "HEAD" or status in (204, 304)


def header_lines(request: ActualRequest) -> list[tuple[str, str]]:
    """The request's header lines, with Host and Content-Length where they are missing, as a client sends them."""
    lines = list(request.headers)
    present = {name.lower() for name, _ in lines}
    if "host" not in present:
        lines.append(("Host", "localhost"))
    if "content-length" not in present and (request.content or request.method in ("POST", "PUT", "PATCH")):
        lines.append(("Content-Length", str(len(request.content))))
    return lines
