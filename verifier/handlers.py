"""Provider states as Python functions.

    states = StateHandlers()

    @states("an order exists")
    def order_exists(params):
        return {"id": store.add(params).id}         # values for generators

A generator function sets up before its `yield` and takes down after it. `async` functions run on the application's
event loop when there is one.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tallystick.contract.model import Json, ProviderState
from tallystick.verifier.calling import CannotCall, Lookup, Loop, call, run_alone, where
from tallystick.verifier.problems import Problem, ReplayFailed
from tallystick.verifier.states import Action, Handler


class StateHandlers:
    """Which function brings about which state. A mapping of names to functions will do as well."""

    def __init__(self, handlers: Mapping[str, Handler] | None = None):
        self.setups: dict[str, Handler] = dict(handlers or {})
        self.teardowns: dict[str, Handler] = {}
        self.reentrant: list[str] = []
        self.shared: list[str] = []
        self.default: Handler | None = None
        """Called for states that no handler names; without it they are a failure."""

    def __call__(self, name: str, *, reentrant: bool = False, shared: bool = False) -> Callable[[Handler], Handler]:
        """Register the function for a state.

        `reentrant`: it may run beside other handlers and interactions, which are then replayed concurrently.
        `shared`: one set-up is enough for all interactions in a row that only read.
        """

        def register(function: Handler) -> Handler:
            if name in self.setups:
                raise ValueError(f"state {name!r} has two handlers: {where(self.setups[name])} and {where(function)}")
            self.setups[name] = function
            if reentrant:
                self.reentrant.append(name)
            if shared:
                self.shared.append(name)
            return function

        return register

    def teardown(self, name: str) -> Callable[[Handler], Handler]:
        """Register the function that takes a state down again."""

        def register(function: Handler) -> Handler:
            self.teardowns[name] = function
            return function

        return register

    def otherwise(self, function: Handler) -> Handler:
        """Register the function for every state that has none of its own; it may ask for `state`, its name."""
        self.default = function
        return function

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.setups)


def as_handlers(value: object, name: str = "the state handlers") -> StateHandlers:
    """StateHandlers from what a caller gave: themselves, or a mapping from names to functions."""
    if isinstance(value, StateHandlers):
        return value
    if isinstance(value, Mapping) and all(isinstance(k, str) and callable(v) for k, v in value.items()):
        return StateHandlers(value)
    raise TypeError(f"{name} must be StateHandlers or a mapping from state names to functions, not {value!r:.80}")


class FunctionStates:
    """Brings about states by calling functions in this process."""

    empty_state = False
    teardown = True

    def __init__(self, handlers: StateHandlers, loop: Loop = run_alone, lookup: Lookup | None = None):
        self.handlers = handlers
        self._loop, self._lookup = loop, lookup
        self._open: dict[tuple[int, str], list[Any]] = {}
        """Generators waiting at their yield, by thread and state: equal states may stand in several threads."""

    def change(self, state: ProviderState, action: Action) -> Mapping[str, Json]:
        if action == "teardown":
            return self._take_down(state)
        function = self.handlers.setups.get(state.name, self.handlers.default)
        if function is None:
            raise ReplayFailed(missing(state, self.handlers.names))
        value = self._call(function, state, action)
        if inspect.isgenerator(value) or inspect.isasyncgen(value):
            self._open.setdefault(_here(state), []).append(value)
            value = self._advance(value, function, state, action)
        if value is not None and not isinstance(value, Mapping):
            raise ReplayFailed(
                Problem(
                    "state-change-failed",
                    f"the handler of state {state.name!r}, {where(function)}, returned {value!r:.60}",
                    "return a mapping of values for generators, or nothing",
                )
            )
        return value or {}

    def _take_down(self, state: ProviderState) -> Mapping[str, Json]:
        waiting = self._open.get(_here(state))
        if waiting:
            self._advance(waiting.pop(), self.handlers.setups[state.name], state, "teardown")
        function = self.handlers.teardowns.get(state.name)
        if function is not None:
            self._call(function, state, "teardown")
        return {}

    def _call(self, function: Handler, state: ProviderState, action: Action) -> Any:
        offered = {"params": dict(state.params), "state": state.name, "action": action}
        try:
            return call(function, offered, state.params, self._loop, self._lookup)
        except CannotCall as cannot:
            raise ReplayFailed(self._raised(function, state, action, str(cannot))) from None
        except Exception as error:
            raise ReplayFailed(self._raised(function, state, action, _line(error))) from error

    def _advance(self, generator: Any, function: Handler, state: ProviderState, action: Action) -> Any:
        try:
            if inspect.isasyncgen(generator):
                return self._loop(anext(generator))
            return next(generator)
        except (StopIteration, StopAsyncIteration):
            return None
        except Exception as error:
            raise ReplayFailed(self._raised(function, state, action, _line(error))) from error

    def _raised(self, function: Handler, state: ProviderState, action: Action, why: str) -> Problem:
        kind = "state-change-failed" if action == "setup" else "teardown-failed"
        what = "set up" if action == "setup" else "torn down"
        return Problem(kind, f"state {state.name!r} could not be {what}: {why}", f"mend its handler {where(function)}")


def _here(state: ProviderState) -> tuple[int, str]:
    return threading.get_ident(), repr(state)


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def missing(state: ProviderState, known: Iterable[str]) -> Problem:
    """Nobody handles the state: near names, and a handler to paste."""
    near = nearest(state.name, known)
    fix = f"did you mean {near!r}? Otherwise add:\n" if near else "add:\n"
    return Problem("state-missing", f"nobody handles the state {state.name!r}", fix + stub(state))


def stub(state: ProviderState) -> str:
    """A handler to paste: decorator, function name and the parameters that the contract gives."""
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in state.name.lower()).split()
    name = "_".join(words) or "state"
    if name[0].isdigit():
        name = f"state_{name}"
    names = [n if n.isidentifier() else None for n in state.params]
    parameters = ", ".join(n for n in names if n) if all(names) else "params"
    return f"@states({state.name!r})\ndef {name}({parameters}):\n    ...  # bring it about"


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that differs least, when it differs little: case, blanks, a few letters."""
    from difflib import get_close_matches

    by_key = {" ".join(k.lower().split()): k for k in known}
    found = get_close_matches(" ".join(name.lower().split()), by_key, n=1, cutoff=0.8)
    return by_key[found[0]] if found else None
