"""Which question was asked: selectors, destination, ignored dependencies, options.

A question arrives as a query string in the dialect of the Pact clients: `q[][pacticipant]=A&q[][version]=1&q[][…`.
Reading it never fails; `complaints` then says everything that is wrong with it, given the names that the broker
knows. Both are pure. Source: Pact Broker API, "matrix query parameters".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias, cast

Pairs: TypeAlias = Sequence[tuple[str, str]]
LatestBy: TypeAlias = Literal["cvpv", "cvp", "cp"]

LATEST_BY: Final = ("cvpv", "cvp", "cp")
DEFAULT_LIMIT: Final = 100
_MEMBER: Final = re.compile(r"(\w+)\[\](?:\[(\w+)\])?\Z")


@dataclass(frozen=True, slots=True)
class Selector:
    """Versions of one application, as asked for: its members combine with AND, and a bare name means all versions."""

    participant: str
    version: str | None = None
    latest: bool = False
    tag: str | None = None
    branch: str | None = None
    main_branch: bool = False
    environment: str | None = None

    @property
    def only_name(self) -> bool:
        return self == Selector(self.participant)


@dataclass(frozen=True, slots=True)
class Ignored:
    """A dependency whose rows do not count: the whole application, or one version of it."""

    participant: str
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Destination:
    """Where the asked-for versions would go, and so which versions of the *other* applications they meet there."""

    tag: str | None = None
    latest: bool = False
    main_branch: bool = False
    environment: str | None = None

    def selector_for(self, participant: str) -> Selector:
        """The selector that an application gets which the question does not name."""
        return Selector(
            participant, None, self.latest, self.tag, main_branch=self.main_branch, environment=self.environment
        )


@dataclass(frozen=True, slots=True)
class Question:
    """One question to the matrix.

    `latest_by` None weighs every revision and result ever published. `success` keeps rows by result, None meaning
    unverified. `limit` cuts the rows that are printed, never those that are weighed. `static` says whether comparisons
    with API descriptions may answer where results are owed; None leaves it to what the providers have said.
    """

    selectors: tuple[Selector, ...]
    destination: Destination | None = None
    latest_by: LatestBy | None = None
    ignored: tuple[Ignored, ...] = ()
    success: frozenset[bool | None] | None = None
    limit: int | None = DEFAULT_LIMIT
    static: bool | None = None
    mistakes: tuple[str, ...] = field(default=(), compare=False)
    """What was wrong with the query string itself, found while reading."""

    @property
    def explicit_ignore(self) -> bool:
        return bool(self.ignored)

    def about(self, *selectors: Selector) -> Question:
        """The same options for these selectors."""
        return replace(self, selectors=selectors)


def groups(pairs: Pairs, key: str) -> list[dict[str, str]]:
    """The repeated `key[][member]=value` pairs as groups: a member seen before starts the next one.

    `key[]=value` gives a group with the member "" alone.
    """
    found: list[dict[str, str]] = []
    for name, value in pairs:
        match = _MEMBER.match(name)
        if match is None or match[1] != key:
            continue
        member = match[2] or ""
        if not found or member in found[-1] or "" in found[-1]:
            found.append({})
        found[-1][member] = value
    return found


def scalar(pairs: Pairs, key: str) -> str | None:
    """The last value of a plain parameter; an empty one counts as absent."""
    values = [value for name, value in pairs if name == key]
    return values[-1] or None if values else None


def read(pairs: Pairs) -> Question:
    """The question in a query string already split and decoded; mistakes are collected, not raised."""
    mistakes: list[str] = []
    latest_by = scalar(pairs, "latestby")
    if latest_by is not None and latest_by not in LATEST_BY:
        mistakes.append(f"latestby must be one of: {', '.join(LATEST_BY)} (not {latest_by!r})")
        latest_by = None
    limit, mistake = _limit(scalar(pairs, "limit"))
    if mistake:
        mistakes.append(mistake)
    static, mistake = static_in(pairs)
    if mistake:
        mistakes.append(mistake)
    destination = Destination(
        tag=scalar(pairs, "tag"),
        latest=scalar(pairs, "latest") == "true",
        main_branch=scalar(pairs, "mainBranch") == "true",
        environment=scalar(pairs, "environment"),
    )
    return Question(
        selectors=tuple(_selector(group) for group in groups(pairs, "q")),
        destination=None if destination == Destination() else destination,
        latest_by=cast("LatestBy | None", latest_by),
        ignored=ignored_in(pairs),
        success=_success(pairs),
        limit=limit,
        static=static,
        mistakes=tuple(mistakes),
    )


def static_in(pairs: Pairs) -> tuple[bool | None, str]:
    """`staticEvidence=true` or `false`, and what is wrong with it otherwise; None where nothing was said."""
    text = scalar(pairs, "staticEvidence")
    if text not in (None, "true", "false"):
        return None, f"staticEvidence must be true or false (not {text!r})"
    return {"true": True, "false": False}.get(text or ""), ""


def ignored_in(pairs: Pairs) -> tuple[Ignored, ...]:
    """`ignore[]=Name`, and `ignore[][pacticipant]=Name` with or without `ignore[][version]`."""
    return tuple(_ignored(group) for group in groups(pairs, "ignore"))


def complaints(question: Question, participants: Collection[str], environments: Collection[str]) -> tuple[str, ...]:
    """Everything wrong with the question, given the names that exist; () when it can be answered."""
    found = list(question.mistakes)
    if not question.selectors:
        found.append("Please provide 1 or more version selectors: q[][pacticipant]=NAME&q[][version]=NUMBER")
    found += _nameless_or_contradictory(question.selectors)
    found += _unknown_participants((s.participant for s in question.selectors), participants)
    for ignored in question.ignored:
        if not ignored.participant:
            found.append("Please specify the pacticipant name to ignore")
    found += _destination_complaints(question.destination, environments)
    named = {s.environment for s in question.selectors if s.environment}
    found += [_unknown_environment(name) for name in sorted(named) if name not in environments]
    return tuple(dict.fromkeys(found))


def _selector(group: dict[str, str]) -> Selector:
    def text(member: str) -> str | None:
        return group.get(member) or None

    return Selector(
        participant=group.get("pacticipant", ""),
        version=text("version"),
        latest=group.get("latest") == "true",
        tag=text("tag"),
        branch=text("branch"),
        main_branch=group.get("mainBranch") == "true",
        environment=text("environment"),
    )


def _ignored(group: dict[str, str]) -> Ignored:
    return Ignored(group.get("pacticipant", "") or group.get("", ""), group.get("version") or None)


def _success(pairs: Pairs) -> frozenset[bool | None] | None:
    meaning = {"true": True, "false": False, "": None}
    listed = [value for name, value in pairs if name in ("success[]", "success")]
    return frozenset(meaning[value] for value in listed if value in meaning) if listed else None


def _limit(text: str | None) -> tuple[int, str]:
    if text is None:
        return DEFAULT_LIMIT, ""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        return DEFAULT_LIMIT, f"The limit must be a whole number greater than or equal to 1 (not {text!r})"
    return int(text), ""


def _nameless_or_contradictory(selectors: Iterable[Selector]) -> list[str]:
    found: list[str] = []
    for selector in selectors:
        if not selector.participant:
            found.append("Please specify the pacticipant name in each selector")
        if selector.version is not None and selector.latest:
            name = selector.participant or "a selector"
            found.append(f"A version number and the latest flag cannot both be specified for {name}")
    return found


def _unknown_participants(names: Iterable[str], participants: Collection[str]) -> list[str]:
    return [f"Pacticipant {name} not found" for name in names if name and name not in participants]


def _unknown_environment(name: str) -> str:
    return f"Environment with name '{name}' does not exist"


def _destination_complaints(destination: Destination | None, environments: Collection[str]) -> list[str]:
    if destination is None:
        return []
    found: list[str] = []
    if sum((destination.tag is not None, destination.environment is not None, destination.main_branch)) > 1:
        found.append("Cannot specify more than one of tag, environment and mainBranch as the destination")
    if destination.latest and destination.environment is not None:
        found.append("Cannot specify both latest and environment: everything in the environment is considered")
    if destination.environment is not None and destination.environment not in environments:
        found.append(_unknown_environment(destination.environment))
    return found
