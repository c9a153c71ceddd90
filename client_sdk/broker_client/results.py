"""What the broker answers, as values. `document` is the answer as it came, for what is not spelled out here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Verdict: TypeAlias = Literal["yes", "no", "unknown", "unanswerable"]


@dataclass(frozen=True, slots=True)
class Notice:
    """A sentence of the broker, and how serious it is: success, info, warning, error, prompt, danger or debug."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Selector:
    """One application in a question to the matrix: at a version, on a branch, with a tag, in an environment."""

    pacticipant: str
    version: str | None = None
    branch: str | None = None
    main_branch: bool = False
    tag: str | None = None
    latest: bool = False
    environment: str | None = None


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A contract of a consumer version, and what a provider version made of it."""

    consumer: str
    consumer_version: str
    provider: str
    provider_version: str | None
    success: bool | None
    """None: not verified."""
    ignored: bool = False
    verified_at: str | None = None
    url: str | None = None
    static: bool = False
    """Static evidence: `success` is what comparing the contract with an API description gave; nothing was run."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why the answer is not yes, who can change that, and the command to do it (a Tallystick broker says so)."""

    kind: str
    sentence: str
    unblocked_by: str | None = None
    next_command: str | None = None
    interactions: tuple[Mapping[str, Any], ...] = ()
    document: Any = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Deployability:
    """The answer to can-i-deploy."""

    verdict: Verdict
    deployable: bool | None
    reason: str
    rows: tuple[MatrixRow, ...]
    notices: tuple[Notice, ...] = ()
    causes: tuple[Cause, ...] = ()
    document: Any = field(default=None, repr=False, compare=False)

    def __bool__(self) -> bool:
        return self.verdict == "yes"


@dataclass(frozen=True, slots=True)
class Published:
    """The answer to publishing: one for each pair of consumer and provider."""

    consumer: str
    provider: str
    version: str
    notices: tuple[Notice, ...]
    url: str | None = None
    document: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Environment:
    """A place that versions are deployed to."""

    uuid: str
    name: str
    display_name: str | None = None
    production: bool = False
    document: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A version recorded in an environment: deployed (perhaps as one of many instances) or released."""

    pacticipant: str
    version: str
    environment: str
    instance: str | None = None
    url: str | None = None
    document: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Pacticipant:
    """An application that the broker knows."""

    name: str
    display_name: str | None = None
    main_branch: str | None = None
    repository_url: str | None = None
    static_evidence: bool = False
    """As a provider: its API descriptions may answer in can-i-deploy where results are owed."""
    document: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an application."""

    pacticipant: str
    number: str
    branches: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    document: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Branch:
    """A branch of an application."""

    pacticipant: str
    name: str
    document: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ContractEntry:
    """A contract in a list: whose it is, which version published it, and its address."""

    consumer: str
    consumer_version: str
    provider: str
    published_at: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class State:
    """A provider state that contracts ask for, and the consumers that do."""

    name: str
    consumers: tuple[str, ...]
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Webhook:
    """A webhook, by its uuid."""

    uuid: str
    description: str
    document: Any = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class WebhookRun:
    """What a test call of a webhook gave."""

    success: bool
    logs: str
    document: Any = field(default=None, repr=False, compare=False)
