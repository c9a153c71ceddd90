"""Secrets of webhooks, encrypted at rest. The key comes from the environment, or lies beside the SQLite file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Engine

from tallystick.broker.errors import BrokerError, CannotStart


@dataclass(eq=False)
class BadSecretKey(CannotStart):
    """The configured key is not one."""

    why: str

    def __str__(self) -> str:
        return (
            f"PACT_BROKER_SECRET_KEY is not usable: {self.why}. Make one with: "
            "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
        )


@dataclass(eq=False)
class SecretUnreadable(BrokerError):
    """A stored secret was encrypted under a key that this broker does not have."""

    def __str__(self) -> str:
        return (
            "a secret of this webhook was stored under another key: put that key into PACT_BROKER_SECRET_KEY, "
            "after the new one and a space, or save the webhook's secrets again"
        )


class Vault:
    """Encrypts and decrypts. `usable` is False where no key is to be had; then nothing secret can be stored."""

    def __init__(self, keys: str, engine: Engine) -> None:
        """`keys`: one or more keys with spaces between; the first encrypts, all decrypt (so keys can be rotated)."""
        try:
            texts = keys.split() or _generated(engine)
            self._fernet = MultiFernet([Fernet(text) for text in texts]) if texts else None
        except ValueError as error:
            raise BadSecretKey(str(error)) from None

    @property
    def usable(self) -> bool:
        return self._fernet is not None

    def sealed(self, secrets: Mapping[str, Any]) -> bytes | None:
        """The secrets as bytes to store; None when there are none."""
        if not secrets:
            return None
        assert self._fernet is not None, "ask `usable` first"
        return self._fernet.encrypt(json.dumps(secrets).encode())

    def opened(self, sealed: bytes | None) -> dict[str, Any]:
        """The secrets again. Raises `SecretUnreadable`."""
        if sealed is None:
            return {}
        try:
            if self._fernet is None:
                raise InvalidToken
            secrets: dict[str, Any] = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken:
            raise SecretUnreadable() from None
        return secrets


def _generated(engine: Engine) -> list[str]:
    """A key of our own for an embedded database, in a file that only its owner may read.

    Several replicas on PostgreSQL would each make their own: there the operator must give one.
    """
    if engine.dialect.name != "sqlite" or not engine.url.database:
        return []
    file = Path(engine.url.database + ".key")
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return [file.read_text(encoding="ascii").strip()]
    key = Fernet.generate_key()
    with os.fdopen(descriptor, "wb") as sink:
        sink.write(key)
    return [key.decode()]
