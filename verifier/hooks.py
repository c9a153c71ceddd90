"""Request hooks: functions of the user's that change a request before it is sent, mostly to authenticate it."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from typing import Any

from tallystick.contract.model import ActualRequest, Interaction
from tallystick.verifier.replay import Hook


@dataclass(slots=True)
class Request:
    """A request that may still be changed. `headers` are (name, value) lines."""

    method: str
    path: str
    query: str | None
    headers: list[tuple[str, str]] = field(default_factory=list)
    content: bytes = b""

    def set_header(self, name: str, value: str) -> None:
        """Replace every line of this header, whatever the case of its name."""
        self.headers = [h for h in self.headers if h[0].lower() != name.lower()]
        self.headers.append((name, value))


def as_hook(function: Any) -> tuple[Hook, bool]:
    """A hook from `f(request)` or `f(request, interaction)`, and whether it sees the interaction.

    The function changes the request or returns another. One that sees the interaction may treat equal requests
    differently, so nothing may be merged then.
    """
    if not callable(function):
        raise TypeError(f"a request hook must be a function, not {function!r:.60}")
    sees = len(inspect.signature(function).parameters) > 1

    def hook(request: ActualRequest, interaction: Interaction) -> ActualRequest:
        made = Request(request.method, request.path, request.query, list(request.headers), request.content)
        returned = function(made, interaction) if sees else function(made)
        if isinstance(returned, Request):
            made = returned
        elif returned is not None:
            raise TypeError(f"it returned {returned!r:.60}, not a Request")
        return ActualRequest(made.method, made.path, made.query, tuple(made.headers), made.content)

    return hook, sees
