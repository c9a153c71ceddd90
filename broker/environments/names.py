"""How a technical name reads when nobody gave a better one."""

from __future__ import annotations

import re
from typing import Final

_WORDS: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[-_.\s]+")


def display_name(name: str) -> str:
    """`foo-barService` reads "Foo Bar Service"; acronyms stay as they are."""
    return " ".join(word[0].upper() + word[1:] for word in _WORDS.split(name) if word) or name
