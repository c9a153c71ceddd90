"""Calling a user's function with the arguments that it names."""

from __future__ import annotations

import inspect
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Protocol, TypeAlias


class CannotCall(Exception):
    """The function asks for an argument that nobody has; says which, and what there is."""


class Loop(Protocol):
    """Runs a coroutine to its end: on the application's event loop where there is one."""

    def __call__(self, awaitable: Awaitable[Any], /) -> Any: ...


Lookup: TypeAlias = Callable[[str], Any]
"""Gives an argument by its name, or raises KeyError."""


class _Kept:
    """An event loop that is closed with the thread it was made for."""

    def __init__(self) -> None:
        import asyncio

        self.loop = asyncio.new_event_loop()

    def __del__(self) -> None:
        self.loop.close()


_own: Final = threading.local()


def run_alone(awaitable: Awaitable[Any]) -> Any:
    """Run on a loop of this thread's own, which stays: what a handler began before its yield ends on the same loop."""

    async def wait() -> Any:
        return await awaitable

    if not hasattr(_own, "kept"):
        _own.kept = _Kept()
    return _own.kept.loop.run_until_complete(wait())


def call(
    function: Callable[..., Any],
    offered: Mapping[str, Any],
    spread: Mapping[str, Any],
    loop: Loop = run_alone,
    lookup: Lookup | None = None,
) -> Any:
    """The function's result, awaited when it is a coroutine.

    It gets by name what it asks for: first from `offered` (`params`, `state`, …), then from `spread` (the parameters
    of the state), then from `lookup` (fixtures of a test framework). `**kwargs` takes the rest of `spread`. A name that
    nobody has and that has no default is refused.
    """
    result = function(**arguments(function, offered, spread, lookup))
    return loop(result) if inspect.isawaitable(result) else result


def arguments(
    function: Callable[..., Any],
    offered: Mapping[str, Any],
    spread: Mapping[str, Any],
    lookup: Lookup | None = None,
) -> dict[str, Any]:
    given: dict[str, Any] = {}
    takes_rest = False
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_rest = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            raise CannotCall(f"its argument {name!r} is positional only; arguments are given by name")
        elif name in offered:
            given[name] = offered[name]
        elif name in spread:
            given[name] = spread[name]
        elif parameter.default is parameter.empty:
            if lookup is not None:
                try:
                    given[name] = lookup(name)
                    continue
                except KeyError:
                    pass
            there = ", ".join([*offered, *(n for n in spread if n not in offered)])
            raise CannotCall(f"it asks for {name!r}; there is {there}")
    if takes_rest:
        given.update({name: value for name, value in spread.items() if name not in given})
    return given


def where(function: Callable[..., Any]) -> str:
    """How to name a function in a sentence: its name and the line it starts at."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    name = getattr(function, "__qualname__", type(function).__name__)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code else name
