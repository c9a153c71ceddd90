"""Provider states: brought about before an interaction is replayed, by a URL of the provider or by Python functions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol, TypeAlias

from tallystick.contract.model import ActualRequest, ActualResponse, Json, ProviderState
from tallystick.verifier.problems import Problem, ReplayFailed
from tallystick.verifier.requests import encode_query

Action: TypeAlias = Literal["setup", "teardown"]

NO_STATE: Final = ProviderState("")
"""What is sent for an interaction without states: the reference calls the handler once with an empty name."""

ATTEMPTS: Final = 3
_RETRIED: Final = frozenset({408, 429})


class Changer(Protocol):
    """Brings about one state, or takes it down; returns values for generators. Raises ReplayFailed."""

    empty_state: bool
    """Is it called, with an empty name, for interactions without states?"""
    teardown: bool

    def change(self, state: ProviderState, action: Action) -> Mapping[str, Json]: ...


class Nobody:
    """Nothing sets up states: they are taken as given, as the reference does without a URL."""

    empty_state = False
    teardown = False

    def change(self, state: ProviderState, action: Action) -> Mapping[str, Json]:
        return {}


class Send(Protocol):
    """How a state change reaches the provider: a sender of some target."""

    def __call__(self, request: ActualRequest, timeout_seconds: float, /) -> ActualResponse: ...


class UrlStates:
    """POSTs each change to a URL, as the Pact reference does.

    Answers of 5xx, 408 and 429 are asked again, twice by default and after short pauses: a handler that is broken
    should not hold up the build for the two minutes that eight attempts take. `attempts=8` is the reference's number.
    """

    empty_state = True

    def __init__(
        self,
        send: Send,
        target: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        as_query: bool = False,
        teardown: bool = False,
        timeout_seconds: float = 5.0,
        attempts: int = ATTEMPTS,
        pause_seconds: float = 0.25,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._send, self._target, self._headers = send, target, tuple(headers)
        self._as_query, self.teardown, self._timeout = as_query, teardown, timeout_seconds
        self._attempts, self._pause, self._sleep = attempts, pause_seconds, sleep

    def change(self, state: ProviderState, action: Action) -> Mapping[str, Json]:
        request = self._request(state, action)
        pause = self._pause
        for left in range(self._attempts - 1, -1, -1):
            try:
                answer = self._send(request, self._timeout)
            except ReplayFailed as failed:
                raise ReplayFailed(_failed(state, action, failed.problem.sentence)) from None
            if 200 <= answer.status < 300:
                return _values(answer)
            if not left or not (answer.status >= 500 or answer.status in _RETRIED):
                break
            self._sleep(_retry_after(answer) or pause)
            pause *= 2
        said = answer.content[:300].decode("utf-8", "replace").strip()
        raise ReplayFailed(
            _failed(state, action, f"{self._target} answered {answer.status}" + (f": {said}" if said else ""))
        )

    def _request(self, state: ProviderState, action: Action) -> ActualRequest:
        if not self._as_query:
            content = _json({"state": state.name, "params": dict(state.params), "action": action})
            headers = (("Content-Type", "application/json"), *_absent(self._headers, "content-type"))
            return ActualRequest("POST", *_split(self._target), headers, content)
        pairs: dict[str, list[str | None]] = {"state": [state.name], "action": [action]}
        for name, value in state.params.items():
            pairs.setdefault(name, []).append(value if isinstance(value, str) else _json(value).decode())
        path, query = _split(self._target)
        added = "&".join(filter(None, (query, *(encode_query({n: v}) for n, v in pairs.items()))))
        return ActualRequest("POST", path, added, self._headers, b"")


def _json(value: object) -> bytes:
    """Compact JSON text that keeps the kind of decimals."""
    from tallystick.contract import json_text

    return json_text.dumps(value)  # type: ignore[arg-type]


def _split(target: str) -> tuple[str, str | None]:
    path, found, query = target.partition("?")
    return path, query if found else None


def _absent(headers: Sequence[tuple[str, str]], name: str) -> Sequence[tuple[str, str]]:
    return [h for h in headers if h[0].lower() != name]


def _values(answer: ActualResponse) -> Mapping[str, Json]:
    """The JSON object that a handler answers with gives values to generators; anything else gives none."""
    if not answer.content:
        return {}
    try:
        value = json.loads(answer.content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _retry_after(answer: ActualResponse) -> float | None:
    if answer.status != 429:
        return None
    given = next((v for n, v in answer.headers if n.lower() == "retry-after"), "")
    return min(int(given) * 1.2, 60.0) if given.isascii() and given.isdigit() else None


def _failed(state: ProviderState, action: Action, why: str) -> Problem:
    name = f"state {state.name!r}" if state.name else "no state (the handler was called with an empty name)"
    if action == "setup":
        return Problem("state-change-failed", f"{name} could not be set up: {why}", "mend its handler in the provider")
    return Problem("teardown-failed", f"{name} could not be torn down: {why}", "mend its handler in the provider")


def set_up(changer: Changer, states: Sequence[ProviderState]) -> dict[str, Json]:
    """Set up every state, in order, and give the values for generators.

    All are tried even when one fails, as in the reference, so that one run names everything that is missing; then
    ReplayFailed with one problem for all of them.
    """
    context: dict[str, Json] = {}
    for state in states:
        context.update(state.params)
    returned: dict[str, Json] = {}
    problems: list[Problem] = []
    for state in states or ([NO_STATE] if changer.empty_state else []):
        try:
            returned.update(changer.change(state, "setup"))
        except ReplayFailed as failed:
            problems.append(failed.problem)
    if problems:
        raise ReplayFailed(together(problems))
    context.update(returned)
    return context


def tear_down(changer: Changer, states: Sequence[ProviderState]) -> None:
    """Take down every state, in order. Raises ReplayFailed after all were tried."""
    if not changer.teardown:
        return
    problems: list[Problem] = []
    for state in states or ([NO_STATE] if changer.empty_state else []):
        try:
            changer.change(state, "teardown")
        except ReplayFailed as failed:
            problems.append(failed.problem)
    if problems:
        raise ReplayFailed(together(problems))


def together(problems: Sequence[Problem]) -> Problem:
    first = problems[0]
    if len(problems) == 1:
        return first
    fixes = dict.fromkeys(p.fix for p in problems if p.fix)
    return Problem(first.kind, "; ".join(p.sentence for p in problems), "\n".join(fixes))


Handler: TypeAlias = Callable[..., Any]
