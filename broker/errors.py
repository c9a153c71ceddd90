"""What the broker refuses, and why: each a value with facts; `broker/http/problems.py` turns it into HTTP.

A feature may define its own refusals as subclasses; `problems.PROBLEMS` must know each of them (a test asks).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


class BrokerError(Exception):
    """Base of everything that the broker refuses on purpose."""


class Refusal(BrokerError):
    """A refusal of a request: it has an HTTP status."""


# --- refusals of requests -----------------------------------------------------------------------------------------


@dataclass(eq=False)
class NotFound(Refusal):
    """Nothing is there. Without a sentence the fixed one is shown."""

    sentence: str = "The requested document was not found on this server."

    def __str__(self) -> str:
        return self.sentence


@dataclass(eq=False)
class UnknownParticipant(Refusal):
    """A pacticipant named in the path does not exist, in the role it was named for."""

    name: str
    role: str = "pacticipant"  # or consumer, provider

    def __str__(self) -> str:
        return f"No {self.role} with name '{self.name}' found"


@dataclass(eq=False)
class Invalid(Refusal):
    """Fields of the request are wrong: {"field": ["why", …]}. The key "" is for what concerns no single field."""

    errors: Mapping[str, Sequence[str]]

    def __str__(self) -> str:
        return "; ".join(f"{key} {message}".strip() for key, messages in self.errors.items() for message in messages)


@dataclass(eq=False)
class InvalidQuery(Refusal):
    """A query is wrong as a whole: the classic shape is a plain list of sentences."""

    messages: Sequence[str]

    def __str__(self) -> str:
        return "; ".join(self.messages)


@dataclass(eq=False)
class Malformed(Refusal):
    """The body cannot be read."""

    sentence: str

    def __str__(self) -> str:
        return self.sentence


@dataclass(eq=False)
class UnsupportedType(Refusal):
    """The request's content type is not accepted here."""

    sent: str
    accepted: Sequence[str]

    def __str__(self) -> str:
        return f"{self.sent or 'no content type'} is not accepted; send {' or '.join(self.accepted)}"


@dataclass(eq=False)
class NotAcceptable(Refusal):
    """None of the types on offer is one that the request's Accept takes."""

    accept: str
    offered: Sequence[str]

    def __str__(self) -> str:
        return f"{self.accept} is not offered here; ask for {' or '.join(self.offered)}"


@dataclass(eq=False)
class Unprocessable(Refusal):
    """Understood and refused (422), with errors by field."""

    errors: Mapping[str, Sequence[str]]

    def __str__(self) -> str:
        return "; ".join(f"{key} {message}".strip() for key, messages in self.errors.items() for message in messages)


@dataclass(eq=False)
class TooLarge(Refusal):
    """The body is larger than the broker takes."""

    limit_bytes: int

    def __str__(self) -> str:
        return f"The request body is larger than {self.limit_bytes} bytes. The limit is a setting of the broker."


@dataclass(eq=False)
class Forbidden(Refusal):
    """The caller is known, and may not do this."""

    sentence: str

    @property
    def messages(self) -> list[str]:
        return [self.sentence]

    def __str__(self) -> str:
        return self.sentence


@dataclass(eq=False)
class Conflict(Refusal):
    """409 with exactly this document (an empty body when None), for endpoints with shapes of their own."""

    document: Any = None
    media_type: str = "application/json"
    sentence: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.sentence or "conflict"


@dataclass(eq=False)
class ContractChangedForVersion(Refusal):
    """The version already has another contract with this provider."""

    consumer: str
    version: str
    provider: str

    def __str__(self) -> str:
        return (
            f"Cannot change the content of the pact for {self.consumer} version {self.version} and provider "
            f"{self.provider}, as race conditions will cause unreliable results for can-i-deploy. "
            "Each pact must be published with a unique consumer version number."
        )


# --- refusals to start --------------------------------------------------------------------------------------------


class CannotStart(BrokerError):
    """The service cannot run; the command line says why and ends with 4."""


@dataclass(eq=False)
class BadDatabaseUrl(CannotStart):
    url: str
    reason: str

    def __str__(self) -> str:
        return (
            f"cannot use the database {self.url}: {self.reason}. "
            "Use sqlite:///path/to/file.sqlite3 or postgresql://user:password@host/name."
        )


@dataclass(eq=False)
class DatabaseUnreachable(CannotStart):
    url: str
    reason: str

    def __str__(self) -> str:
        return f"cannot open the database {self.url}: {self.reason}. Check the address and that the server runs."


@dataclass(eq=False)
class DatabaseTooNew(CannotStart):
    url: str
    revision: str
    number: int
    known: int

    def __str__(self) -> str:
        return (
            f"the database {self.url} is at schema {self.number} (revision {self.revision}), and this broker knows "
            f"schemas up to {self.known}. Install a newer tallystick, or restore a backup from before the upgrade."
        )


@dataclass(eq=False)
class BadInitialAdmin(CannotStart):
    """The settings name a first account that cannot be."""

    why: str

    def __str__(self) -> str:
        return f"PACT_BROKER_INITIAL_ADMIN_USERNAME and …_PASSWORD name no possible account: {self.why}"


@dataclass(eq=False)
class NobodyMayListen(CannotStart):
    host: str

    def __str__(self) -> str:
        return (
            f"refusing to listen on {self.host} without accounts: anyone who reaches it could read and write. Set "
            "PACT_BROKER_BASIC_AUTH_USERNAME and PACT_BROKER_BASIC_AUTH_PASSWORD, make an account with `tallystick "
            "broker account create`, or pass --allow-anonymous."
        )


@dataclass(eq=False)
class PortInUse(CannotStart):
    host: str
    port: int
    reason: str = "the port is in use"

    def __str__(self) -> str:
        return (
            f"cannot listen on {self.host}:{self.port}: {self.reason}. "
            "Stop the other program or choose another port with --port (0 picks a free one)."
        )
