"""Where interactions are replayed: over HTTP, or in this process on an ASGI or WSGI application.

A target makes senders. A sender is used by one thread at a time and turns a request into a response, or raises
`ReplayFailed` with a named problem; it never raises anything else on what a provider does.
"""

from __future__ import annotations

from typing import Protocol

from tallystick.contract.model import ActualRequest, ActualResponse


class Sender(Protocol):
    """One line to the provider."""

    note: str
    """Something about the last request that is worth telling beside a failure; "" for nothing."""
    waited: float
    """Seconds that the last answer took to come, where it is measured."""

    def send(self, request: ActualRequest, timeout_seconds: float) -> ActualResponse: ...

    def close(self) -> None: ...


class Target(Protocol):
    """A provider that can be asked."""

    concurrent: bool
    """May several senders be used at once?"""
    base_path: str

    def sender(self) -> Sender: ...

    def start(self) -> None:
        """Make ready; raises ReplayFailed when the provider cannot be asked at all."""

    def stop(self) -> None: ...
