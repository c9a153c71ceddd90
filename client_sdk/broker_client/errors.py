"""Why a broker did not do what it was asked: each a value with facts, a sentence, and the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class BrokerError(Exception):
    """Base of what the broker's clients raise. `exit_code` is what a command ends with."""

    exit_code = 4


@dataclass(eq=False)
class Unreachable(BrokerError):
    """No connection, or none that lasted."""

    url: str
    reason: str
    hint: str = ""

    def __str__(self) -> str:
        return f"the broker at {self.url} cannot be reached: {self.reason}." + (f" {self.hint}" if self.hint else "")


@dataclass(eq=False)
class NotAuthorised(BrokerError):
    """The broker wants other credentials (401), or these may not do it (403)."""

    url: str
    status: int
    credentials: str
    """What was sent: `none`, `basic` or `bearer`."""

    def __str__(self) -> str:
        if self.status == 403:
            return (
                f"{self.url}: this account may not do that (403). Ask whoever runs the broker for the role, "
                "or take another account"
            )
        said = {"none": "no credentials were sent", "basic": "user name or password is wrong"}
        return (
            f"{self.url}: not authorised (401), {said.get(self.credentials, 'the token is wrong or has expired')}. "
            "Give --broker-username and --broker-password, or --broker-token; "
            "or set PACT_BROKER_USERNAME and PACT_BROKER_PASSWORD, or PACT_BROKER_TOKEN"
        )


@dataclass(eq=False)
class NotFound(BrokerError):
    """The broker has no such thing."""

    exit_code = 1
    url: str
    what: str = ""
    hint: str = ""

    def __str__(self) -> str:
        return f"{self.what or self.url}: the broker knows none (404)" + (f". {self.hint}" if self.hint else "")


@dataclass(eq=False)
class Refused(BrokerError):
    """The broker understood and said no: `messages` are its reasons."""

    exit_code = 1
    url: str
    status: int
    messages: tuple[str, ...]
    document: Any = None

    def __str__(self) -> str:
        return "\n".join(self.messages) or f"{self.url}: refused with status {self.status}"


@dataclass(eq=False)
class BrokerFailed(BrokerError):
    """The broker failed (5xx), or something between here and there did."""

    url: str
    status: int
    messages: tuple[str, ...] = ()

    def __str__(self) -> str:
        said = f": {'; '.join(self.messages)}" if self.messages else ""
        return f"{self.url}: the broker failed with status {self.status}{said}. Nothing is known of what it did"


@dataclass(eq=False)
class NotAHalBroker(BrokerError):
    """What answered is no broker, or one without what is needed."""

    url: str
    reason: str
    known: tuple[str, ...] = ()

    def __str__(self) -> str:
        there = f"; it has {', '.join(self.known)}" if self.known else ""
        return f"{self.url} does not answer as a Pact Broker does: {self.reason}{there}. Check the broker's address"


def messages_of(document: Any) -> tuple[str, ...]:
    """The sentences in an error document, in any of the shapes that brokers use."""
    if isinstance(document, str):
        return (document,)
    if not isinstance(document, Mapping):
        return ()
    found: list[str] = []
    errors = document.get("errors", document.get("error"))
    if isinstance(errors, Mapping):
        if isinstance(errors.get("message"), str):
            found.append(errors["message"])
        else:
            for field, said in errors.items():
                words = said if isinstance(said, list) else [said]
                found += [f"{field}: {word}" if field else str(word) for word in words]
    elif isinstance(errors, list):
        found += [str(one) for one in errors]
    elif isinstance(errors, str):
        found.append(errors)
    for notice in document.get("notices") or []:
        if isinstance(notice, Mapping) and isinstance(notice.get("text"), str) and notice["text"] not in found:
            found.append(notice["text"])
    if not found:
        found += [str(document[key]) for key in ("title", "detail", "message") if document.get(key)]
    return tuple(found)
