"""How large, how deep and how many: the limits of what the core reads, each with a name that refusals repeat."""

from __future__ import annotations

from typing import Final

MAX_DOCUMENT_BYTES: Final = 64 * 1024 * 1024
"""Of one contract document or one JSON body."""

MAX_DEPTH: Final = 127
"""Arrays and objects inside one another. The Pact core refuses the 128th level, so files that others wrote fit."""

MAX_NUMBER_DIGITS: Final = 4_300
"""Of one integer, as Python's own guard has it: the time to read one grows with the square of its length."""

MAX_INTERACTIONS: Final = 50_000
"""Of one contract, messages included."""

MAX_RULES: Final = 20_000
"""Matching rules of one request, response or message, matchers inside one rule counted singly."""

MAX_PATH_TOKENS: Final = 256
"""Steps of one path expression."""

MAX_PATTERN_CHARACTERS: Final = 10_000
"""Of one regular expression."""
