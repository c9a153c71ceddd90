"""Regular expressions of contracts, answered in bounded time.

Contracts carry patterns in the dialect of Oniguruma's Ruby syntax, since that is what the Pact core runs. `compiled`
translates one to the `regex` package or says why not: `PatternInvalid` (no engine takes it: a mismatch) or
`PatternUnsupported` (a construct we cannot express, named: undecided). Running one may raise `TimeLimit` (undecided).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from typing import Final

import regex

from tallystick.contract import limits
from tallystick.contract.matching.regex_dialect import PatternInvalid, PatternUnsupported, Translation

__all__ = ["Compiled", "PatternInvalid", "PatternUnsupported", "TimeLimit", "compiled", "new_run"]

SECONDS_PER_VALUE: Final = 0.5
SECONDS_PER_RUN: Final = 2.0
"""What all patterns of one comparison may take together."""


class TimeLimit(Exception):
    """The pattern did not come to an answer in time."""


class _Allowance(threading.local):
    seconds: float = SECONDS_PER_RUN


_allowance: Final = _Allowance()


def new_run() -> None:
    """Start a comparison: its patterns share `SECONDS_PER_RUN`, so that many slow values stay bounded together."""
    _allowance.seconds = SECONDS_PER_RUN


@dataclass(frozen=True, slots=True)
class Compiled:
    """A pattern that can be run."""

    source: str
    pattern: regex.Pattern[str]
    longest_unmetered: int
    """Texts up to this length cannot take long, by the shape of the pattern, and are run without a clock."""

    def accepts(self, text: str) -> bool:
        """The pattern matches the whole text. Raises `TimeLimit`."""
        if len(text) <= self.longest_unmetered:
            return self.pattern.fullmatch(text) is not None
        left = _allowance.seconds
        if left <= 0:
            raise TimeLimit
        start = perf_counter()
        try:
            return self.pattern.fullmatch(text, timeout=min(left, SECONDS_PER_VALUE)) is not None
        except (TimeoutError, MemoryError, RecursionError) as refused:
            raise TimeLimit from refused
        finally:
            _allowance.seconds = left - (perf_counter() - start)


@lru_cache(maxsize=2048)
def compiled(source: str) -> Compiled:
    """Translate and compile. Raises `PatternInvalid` or `PatternUnsupported`."""
    if len(source) > limits.MAX_PATTERN_CHARACTERS:
        raise PatternUnsupported(f"a pattern of {len(source)} characters (at most {limits.MAX_PATTERN_CHARACTERS})")
    translation = Translation(source)
    translated = translation.run()
    try:
        return Compiled(source, regex.compile(translated, regex.VERSION1), translation.longest_unmetered())
    except regex.error as refused:
        raise PatternInvalid(str(refused)) from refused
    except (OverflowError, MemoryError, RecursionError) as refused:
        raise PatternUnsupported("a pattern too large to compile") from refused
