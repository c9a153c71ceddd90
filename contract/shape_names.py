"""Whether the key of an object names a field, or is a value itself: `total` or `ada@example.org`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

LONGEST: Final = 48
_DIGITS: Final = 3
_LETTERS: Final = 24
"""Of one word."""
_SHORT: Final = 16
"""Up to here nothing is made of the case of letters: `isAOk`."""

# Words of letters, a few digits at their end (`sha256`, `oauth2Token`), joined by `_`, `-` or `:`; a single digit may
# stand alone (`line_1`). What is matched is not tried again in another way: keys come from strangers.
_NAME: Final = re.compile(
    r"""[@#$_]{0,2}+
    (?>
        (?>
            [^\W\d_]++ [0-9]{0,3}+ (?! [^\W_A-Z] | [A-Z]{2} )
            | (?<=[_-]) [0-9] (?![^\W_])
        )
        (?> [_-]{1,2}+ (?=[^\W_]) | : (?=[^\W_]) | _? )
    )++""",
    re.VERBOSE,
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_HUMP: Final = re.compile(r"[a-z](?=[A-Z])")


@lru_cache(maxsize=8192)
def is_name(key: str) -> bool:
    """Does a key read like an identifier?

    Letters and at most three digits, these at the end of a word; words joined by `_`, `-` or `:`; no more than 48
    characters. Ids, UUIDs, e-mail addresses, dates, numbers, host names, tokens and texts do not. A key that is a value
    and reads like a word (`alice`) is taken for a name.
    """
    if len(key) > LONGEST or _NAME.fullmatch(key) is None:
        return False
    if sum(character.isdigit() for character in key) > _DIGITS:
        return False
    if any(len(word) > _LETTERS for word in _HUMP.sub(r"\g<0> ", key).split() for word in _WORD.findall(word)):
        return False
    # Capitals at random, as in base64, where names have one for each word.
    return len(key) < _SHORT or len(_HUMP.findall(key)) * 5 <= len(key)
