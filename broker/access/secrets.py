"""Passwords and tokens: hashed, compared in constant time, shown once."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

PREFIX: Final = "tsk_"
SHORTEST_PASSWORD: Final = 8


@dataclass(frozen=True, slots=True)
class NewToken:
    """A token as it is shown once: `text`; what is stored is its digest, and a prefix by which people know it."""

    text: str
    prefix: str
    digest: str


def new_token() -> NewToken:
    """32 random bytes need no slow hash: nobody guesses them."""
    text = PREFIX + secrets.token_urlsafe(32)
    return NewToken(text, text[:10], digest(text))


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


@lru_cache(maxsize=1)
def _hasher() -> Any:
    from pwdlib import PasswordHash

    return PasswordHash.recommended()


def hashed(password: str) -> str:
    """An argon2 hash; takes about 0.1 s and 64 MiB."""
    text: str = _hasher().hash(password)
    return text


def verified(password: str, stored: str | None) -> bool:
    """Whether the password is the one. As slow for an account that doesn't exist (None) as for one that does."""
    matches: bool = _hasher().verify(password, stored or _nobody())
    return matches and stored is not None


@lru_cache(maxsize=1)
def _nobody() -> str:
    return hashed(secrets.token_urlsafe(16))
