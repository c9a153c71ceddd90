"""The mock provider: which interaction a request means, what it is answered, and what was wrong or missing.

No socket is here. `socket_server` listens on a port, `transports` plug into HTTP clients; both ask `Mock.answer`.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tallystick.client_sdk import reads
from tallystick.client_sdk.failures import MissingRequest, Problem, WrongRequest
from tallystick.client_sdk.interactions import HttpReady
from tallystick.contract import model

if TYPE_CHECKING:
    from tallystick.contract.matching.engine import CompiledRequest

_METHODS: Final = "GET, HEAD, POST, PUT, DELETE, CONNECT, OPTIONS, TRACE, PATCH"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request is answered, and the problem when it was a wrong one."""

    status: int
    headers: tuple[tuple[str, str], ...]
    content: bytes
    problem: WrongRequest | None = None


@dataclass(slots=True)
class _Offer:
    ready: HttpReady
    compiled: CompiledRequest
    unmentioned_body: bool
    used: bool = False
    served: bytes = b""
    tried: bool = False


class Mock:
    """Interactions on offer, and a record of what was asked. Safe to ask from many threads."""

    def __init__(
        self,
        consumer: str,
        provider: str,
        interactions: Sequence[HttpReady],
        *,
        strict_body: bool = True,
        cors: bool = False,
        remember: bool = True,
    ) -> None:
        from tallystick.contract.matching import compile_request

        reads.prepare()
        self.consumer = consumer
        self.provider = provider
        self.base_url = f"http://{provider}"
        self._cors = cors
        self._remember = remember
        self._lock = threading.Lock()
        self._wrong: list[WrongRequest] = []
        self._offers = [
            _Offer(
                ready,
                compile_request(ready.interaction.request),
                strict_body and ready.interaction.request.body.state == "missing",
            )
            for ready in interactions
        ]

    def answer(self, request: model.ActualRequest) -> Reply:
        """The response of the interaction that the request keeps, else a 500 that says what is wrong."""
        kept = [offer for offer in self._offers if self._keeps(offer, request)]
        with self._lock:
            chosen = next((offer for offer in kept if not offer.used), kept[0] if kept else None)
            if chosen is not None:
                chosen.used = True
        if chosen is not None:
            return self._respond(chosen, request)
        if self._cors and request.method == "OPTIONS":
            return Reply(204, _preflight(request), b"")
        problem = self._diagnose(request)
        if self._remember:
            with self._lock:
                self._wrong.append(problem)
        marker = "Unexpected-Request" if problem.kind == "unexpected" else "Request-Mismatch"
        headers: tuple[tuple[str, str], ...] = (("Content-Type", "text/plain; charset=utf-8"), ("X-Pact", marker))
        if self._cors:
            headers += (("Access-Control-Allow-Origin", _origin(request)),)
        return Reply(500, headers, str(problem).encode(), problem)

    def wrong(self) -> list[WrongRequest]:
        """The requests that no interaction covers, in the order in which they came."""
        with self._lock:
            return list(self._wrong)

    def served(self) -> list[bytes]:
        """The body that each interaction was last answered with, noted while `reads` watches."""
        return [offer.served for offer in self._offers]

    def problems(self) -> list[Problem]:
        """The wrong requests, then the interactions that nobody asked for."""
        with self._lock:
            missing = [
                MissingRequest(self.consumer, self.provider, offer.ready.interaction)
                for offer in self._offers
                if not offer.used and not offer.tried
            ]
            return [*self._wrong, *missing]

    def _keeps(self, offer: _Offer, request: model.ActualRequest) -> bool:
        if offer.unmentioned_body and request.content:
            return False
        return offer.compiled.match(request).ok

    def _respond(self, offer: _Offer, request: model.ActualRequest) -> Reply:
        response = offer.ready.served
        if response.generators:
            response = generated(response, self.base_url)
        headers = tuple((name, value) for name, values in (response.headers or {}).items() for value in values)
        if self._cors:
            headers += _cors(request)
        content = response.body.content if response.body.state == "present" else b""
        if reads.active():
            reads.served(content)
            offer.served = content
        return Reply(response.status, headers, content)

    def _diagnose(self, request: model.ActualRequest) -> WrongRequest:
        from tallystick.contract.matching import nearest

        candidates = nearest([offer.ready.interaction for offer in self._offers], request)
        if not candidates:
            return WrongRequest(self.consumer, self.provider, request, None)
        best = candidates[0]
        offer = next(o for o in self._offers if o.ready.interaction is best.interaction)
        remarks = [f"could not be checked: {undecided.sentence}" for undecided in best.outcome.undecided]
        if offer.unmentioned_body and request.content:
            remarks.append(f"body: the request has one of {len(request.content)} bytes, the interaction mentions none")
        problem = WrongRequest(
            self.consumer,
            self.provider,
            request,
            best.interaction,
            best.outcome.mismatches,
            tuple(remarks),
            tuple(o.ready.interaction.description for o in self._offers if o is not offer),
        )
        if problem.kind == "mismatch":
            with self._lock:
                offer.tried = True
        return problem


def generated(response: model.HttpResponse, base_url: str) -> model.HttpResponse:
    """The response with fresh values where generators say so."""
    from datetime import datetime

    from tallystick.contract.generators import generate_response

    now = datetime.now().astimezone()
    return generate_response(response, "consumer", {"mockServer": base_url}, random.Random(), now=now)


def _origin(request: model.ActualRequest) -> str:
    return next((value for name, value in request.headers if name.lower() == "origin"), "*")


def _cors(request: model.ActualRequest) -> tuple[tuple[str, str], ...]:
    return (
        ("Access-Control-Allow-Origin", _origin(request)),
        ("Access-Control-Allow-Headers", "*"),
        ("Access-Control-Allow-Methods", _METHODS),
        ("Access-Control-Expose-Headers", "Location, Link"),
        ("Access-Control-Allow-Credentials", "true"),
    )


def _preflight(request: model.ActualRequest) -> tuple[tuple[str, str], ...]:
    asked = [v for name, v in request.headers if name.lower() == "access-control-request-headers"]
    allowed = ", ".join((*asked, "*"))
    return tuple((name, allowed if name == "Access-Control-Allow-Headers" else value) for name, value in _cors(request))
