"""What a comparison answers: mismatches, and what could not be checked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from tallystick.contract.mismatch import Mismatch, Part

Reason: TypeAlias = Literal["regex-time-limit", "regex-unsupported", "missing-plugin", "limit"]


@dataclass(frozen=True, slots=True)
class Undecided:
    """Something that could not be checked. It is neither a pass nor a mismatch."""

    reason: Reason
    path: str
    sentence: str
    part: Part = "body"
    rule_path: str | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that differs, and everything that could not be checked."""

    mismatches: tuple[Mismatch, ...] = ()
    undecided: tuple[Undecided, ...] = ()

    @property
    def ok(self) -> bool:
        """All was checked and nothing differs."""
        return not self.mismatches and not self.undecided


OK: Final = Outcome()


def any_of(alternatives: Iterable[Callable[[], bool]]) -> bool:
    """Whether one of the alternatives says yes. One that cannot answer matters only when none does.

    Raises `CannotCheck`.
    """
    unanswered: CannotCheck | None = None
    for alternative in alternatives:
        try:
            if alternative():
                return True
        except CannotCheck as cannot:
            unanswered = cannot
    if unanswered is not None:
        raise unanswered
    return False


class CannotCheck(Exception):
    """A matcher could not answer; the walk turns it into an `Undecided` at the place where it happened."""

    def __init__(self, reason: Reason, sentence: str) -> None:
        super().__init__(sentence)
        self.reason: Reason = reason
        self.sentence = sentence
