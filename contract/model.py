"""What a contract is: one in-memory model for every version of the Pact specification.

Reading upgrades any file into these values, writing downgrades them or refuses; see `contract.reading` and
`contract.writing`. Nothing about matching depends on the file's version. Values are frozen, and their mappings are
never changed in place: to change one, use `dataclasses.replace`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias

Json: TypeAlias = "bool | int | float | Decimal | str | list[Json] | dict[str, Json] | None"
"""A JSON value as `contract.json_text.loads` gives it.

Integers are `int`; numbers written with a fraction or an exponent are `Decimal`, so that 1, 1.0 and 1e0 stay apart.
Values written by hand in tests may hold `float`.
"""

SpecVersion: TypeAlias = Literal["1.0.0", "1.1.0", "2.0.0", "3.0.0", "4.0"]

BodyState: TypeAlias = Literal["missing", "empty", "null", "present"]


@dataclass(frozen=True, slots=True)
class Body:
    """The body of a request, response or message.

    `missing`: the contract does not care. `empty` and `null`: there must be none. `present`: compare with `content`.
    """

    state: BodyState = "missing"
    content: bytes = b""
    content_type: str | None = None
    """Attached to the body itself (V4 `contentType`); headers and detection are asked when it is None."""
    hint: Literal["DEFAULT", "TEXT", "BINARY"] | None = None
    extra: Mapping[str, Json] = field(default_factory=dict)


MISSING: Final = Body()
EMPTY: Final = Body("empty")
NULL: Final = Body("null")


@dataclass(frozen=True, slots=True)
class ProviderState:
    """What must be true of the provider before the interaction is replayed."""

    name: str
    params: Mapping[str, Json] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matcher:
    """One matcher of a rule: its canonical name from the specification, and its other members as written.

    `Matcher("regex", {"regex": "a+"})`, `Matcher("type", {"min": 1})`. An unknown name is kept, written back, and
    is a mismatch when applied.
    """

    name: str
    config: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rule:
    """The matchers that apply at one path, and how they combine."""

    matchers: tuple[Matcher, ...]
    combine: Literal["AND", "OR"] = "AND"


Rules: TypeAlias = Mapping[str, Mapping[str, Rule]]
"""category -> key -> rule. Categories: path, query, header, status, body, metadata.

The key is a path expression for body and metadata (`$.lines[*].total`), a plain name for header and query, and ""
for path and status.
"""


@dataclass(frozen=True, slots=True)
class Generator:
    """Makes a value when the interaction is used: its type from the specification, and its other members."""

    name: str
    config: Mapping[str, Json] = field(default_factory=dict)


Generators: TypeAlias = Mapping[str, Mapping[str, Generator]]
"""category -> key -> generator, keyed as `Rules`."""

Headers: TypeAlias = Mapping[str, tuple[str, ...]]
"""Header name as written -> values, one per header line (the multi-value headers of the specification are split)."""

Query: TypeAlias = Mapping[str, tuple["str | None", ...]]
"""Parameter name -> values, decoded; None for a parameter without `=`."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """An expected request."""

    method: str = "GET"
    path: str = "/"
    query: Query | None = None
    headers: Headers | None = None
    body: Body = MISSING
    rules: Rules = field(default_factory=dict)
    generators: Generators = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)
    """Members of the file that the specification does not know; they survive a round trip."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """An expected response."""

    status: int = 200
    headers: Headers | None = None
    body: Body = MISSING
    rules: Rules = field(default_factory=dict)
    generators: Generators = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MessageContents:
    """The contents and metadata of a message."""

    body: Body = MISSING
    metadata: Mapping[str, Json] = field(default_factory=dict)
    rules: Rules = field(default_factory=dict)
    generators: Generators = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interaction:
    description: str
    states: tuple[ProviderState, ...] = ()
    key: str | None = None
    pending: bool = False
    comments: Mapping[str, Json] = field(default_factory=dict)
    plugin_configuration: Mapping[str, Json] = field(default_factory=dict)
    markup: Mapping[str, Json] = field(default_factory=dict)
    transport: str | None = None
    id: str | None = None
    """The broker's `_id` of this interaction; never written to a file."""
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpInteraction(_Interaction):
    """A request and the response it must get."""

    request: HttpRequest = field(default_factory=HttpRequest)
    response: HttpResponse = field(default_factory=HttpResponse)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncMessage(_Interaction):
    """A message that the provider sends and nobody answers."""

    contents: MessageContents = field(default_factory=MessageContents)


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncMessage(_Interaction):
    """A message and the messages that answer it."""

    request: MessageContents = field(default_factory=MessageContents)
    responses: tuple[MessageContents, ...] = ()


Interaction: TypeAlias = HttpInteraction | AsyncMessage | SyncMessage


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What one consumer needs from one provider."""

    consumer: str
    provider: str
    interactions: tuple[Interaction, ...] = ()
    version: SpecVersion = "4.0"
    """The version of the specification that the file was written in."""
    metadata: Mapping[str, Json] = field(default_factory=dict)
    extra: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ActualRequest:
    """A request as it was received: `path` still percent-encoded, `query` the text after `?` or None."""

    method: str
    path: str
    query: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    """(name, value) for every header line, in order, nothing split or joined."""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class ActualResponse:
    """A response as it was received."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class ActualMessage:
    """A message as the provider or consumer made it. `content_type` None asks metadata, then detection."""

    content: bytes | None
    metadata: Mapping[str, Json] = field(default_factory=dict)
    content_type: str | None = None
