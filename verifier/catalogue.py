"""The provider states that contracts ask for, beside the handlers there are: handled, missing, unused, nearly alike."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tallystick.contract.model import ProviderState
from tallystick.verifier.handlers import StateHandlers, stub
from tallystick.verifier.results import Source


@dataclass(frozen=True, slots=True)
class Asked:
    """One state, by name: which consumers ask for it, with which parameters, and whether a handler brings it about."""

    name: str
    consumers: tuple[str, ...]
    parameters: tuple[str, ...]
    interactions: int
    handled: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All states, by name, and what is odd about them."""

    states: tuple[Asked, ...]
    unused: tuple[str, ...]
    """Handlers of states that no contract asks for."""
    alike: tuple[tuple[str, str], ...]
    """Pairs of different names that differ only a little: one state under two names, or a slip."""

    @property
    def missing(self) -> tuple[Asked, ...]:
        return tuple(s for s in self.states if not s.handled)


def catalogue(sources: Sequence[Source], handlers: StateHandlers | None) -> Catalogue:
    """The states of these contracts. Without handlers nothing is known to be missing or unused."""
    consumers: dict[str, dict[str, None]] = {}
    parameters: dict[str, dict[str, None]] = {}
    counts: dict[str, int] = {}
    for source in sources:
        for interaction in source.contract.interactions:
            for state in interaction.states:
                consumers.setdefault(state.name, {})[source.contract.consumer] = None
                parameters.setdefault(state.name, {}).update(dict.fromkeys(state.params))
                counts[state.name] = counts.get(state.name, 0) + 1
    known: Mapping[str, object] = handlers.setups if handlers is not None else {}
    anything = handlers is None or handlers.default is not None
    states = tuple(
        Asked(name, tuple(consumers[name]), tuple(parameters[name]), counts[name], anything or name in known)
        for name in sorted(consumers)
    )
    return Catalogue(states, tuple(sorted(n for n in known if n not in consumers)), tuple(_alike({*consumers, *known})))


def _alike(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Pairs that are the same but for case, blanks and punctuation, or for a letter or two in twenty."""
    from difflib import SequenceMatcher

    ordered = sorted(names)
    folded = {name: "".join(c for c in name.lower() if c.isalnum()) for name in ordered}
    for place, one in enumerate(ordered):
        for other in ordered[place + 1 :]:
            a, b = folded[one], folded[other]
            if a == b:
                yield one, other
            elif abs(len(a) - len(b)) <= 2 and _letters(a) == _letters(b) and not (a.isdigit() or b.isdigit()):
                matcher = SequenceMatcher(None, a, b)
                if matcher.quick_ratio() > 0.9 and matcher.ratio() > 0.93:
                    yield one, other


def _letters(text: str) -> str:
    """The digits of a name: "order 1" and "order 2" are two states, not a slip."""
    return "".join(c for c in text if c.isdigit())


def text(found: Catalogue, *, with_handlers: bool) -> str:
    """A table, then what is missing with handlers to paste, what is unused, and what is nearly alike."""
    lines: list[str] = []
    if found.states:
        width = min(max(len(s.name) for s in found.states), 44)
        lines.append(f"{'STATE':{width}}  {'HANDLED  ' if with_handlers else ''}CONSUMERS")
        for state in found.states:
            handled = ("yes      " if state.handled else "MISSING  ") if with_handlers else ""
            lines.append(f"{state.name:{width}}  {handled}{', '.join(state.consumers)}")
    else:
        lines.append("No contract asks for a state.")
    if with_handlers and found.missing:
        lines += ["", "Nobody handles these yet:", ""]
        for state in found.missing:
            lines += [*stub(ProviderState(state.name, dict.fromkeys(state.parameters))).splitlines(), ""]
    if found.unused:
        lines += ["", "Handlers that no contract asks for: " + ", ".join(map(repr, found.unused))]
    if found.alike:
        lines += ["", "Nearly alike, perhaps one state under two names:"]
        lines += [f"  {one!r} and {other!r}" for one, other in found.alike]
    return "\n".join(lines) + "\n"
