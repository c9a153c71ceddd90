"""What an edit or a changed description would break: predicted by the core, joined with who is live where."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Literal

from tallystick.broker.http.hal import moment, present
from tallystick.broker.impact import (
    cost,
    descriptions,
    forecast,
    lines,
    places,
    queries,
    replays,
    result_queries,
    users,
)
from tallystick.broker.impact.lines import Line
from tallystick.broker.impact.replays import Replay, Reported
from tallystick.broker.impact.users import Consumer, Version
from tallystick.contract.errors import ContractInvalid
from tallystick.contract.model import Contract
from tallystick.contract.openapi.edits import Edit
from tallystick.contract.openapi.findings import Finding
from tallystick.contract.openapi.operations import operations
from tallystick.contract.openapi.prediction import Break, Prediction, nearest_operations, predict
from tallystick.contract.openapi.touched import touched
from tallystick.contract.openapi.what_if import what_if
from tallystick.contract.operation import best_template, normal_operation, operation_of
from tallystick.contract.reading import read

STRENGTH = {
    "A": "replay: a build was run against the contracts, and nothing published",
    "B": "static: a changed description compared with the contracts; nothing was run",
    "C": "usage: edits applied to the examples in the contracts; nothing was run",
}
PUBLISHED = "replay: results that are published already; nothing was run"
UNUSED = {
    True: "contracts use the operation, and none relies on this place",
    False: "no counted contract uses the operation",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What would happen, and what it was asked of."""

    provider: str
    strength: Literal["A", "B", "C"]
    """Of the prediction; A where nothing is predicted and only a build was asked."""
    edits: tuple[Edit, ...]
    prediction: Prediction[int]
    consumers: tuple[Consumer, ...]
    contracts: Mapping[int, Contract]
    templates: tuple[str, ...]
    findings: tuple[tuple[int, Finding], ...] = ()
    unread: tuple[int, ...] = ()
    """Contracts that are none the core can read."""
    breaks: Mapping[int, list[Break[int]]] = field(default_factory=dict)
    ever: frozenset[str] = frozenset()
    """Operations that were used at any time: one that nobody uses any more is no slip."""
    replay: Replay | None = None
    """What a build did with the contracts, where one was asked."""

    @property
    def broken(self) -> set[int]:
        """Contracts that something breaks."""
        replayed = self.replay.broken if self.replay is not None else ()
        return {*self.breaks, *(key for key, _ in self.findings), *replayed}

    def left(self) -> list[tuple[Consumer, list[Version]]]:
        """Consumers with versions whose contracts break."""
        broken = self.broken
        found = [(one, [v for v in one.versions if v.contract_id in broken]) for one in self.consumers]
        return [(one, versions) for one, versions in found if versions]


_REMEMBERED = 128 * 1024
"""Bytes of a contract, beyond which it is not kept: memory is bounded by size too."""


def contract_of(content: bytes) -> Contract | None:
    """The contract in bytes, None for what is none; the last few that are not large are remembered."""
    return _remembered(content) if len(content) <= _REMEMBERED else _read(content)


@lru_cache(maxsize=512)
def _remembered(content: bytes) -> Contract | None:
    return _read(content)


def _read(content: bytes) -> Contract | None:
    try:
        return read(content)
    except (ContractInvalid, ValueError, RecursionError):
        return None


def ask(db: queries.Db, provider: Any, edits: Sequence[Edit], *, new: Any = None, old: Any = None) -> Answer:
    """The answer for edits (C), or for the difference of two descriptions (B, `old` and `new`). A few statements.

    Without either no contract is read: the answer is one to join with what a build did.
    """
    known = users.consumers(queries.standings(db, provider.id))
    calls = _Calls.of(db, provider.id, known) if edits or new is not None else _Calls()
    if new is not None:
        differing = touched(old, new)
        contracts, unread = _contracts(db, calls.of_any(differing.operations))
        found = what_if(sorted(contracts.items()), old, new, differing)
        templates = tuple(dict.fromkeys(one.template for one in operations(old)))
        return _answer(provider.name, "B", found.edits, found.prediction, known, contracts, templates, unread,
                       found.findings)  # fmt: skip
    templates = descriptions.templates_of(db, provider.id)
    contracts, unread = _contracts(db, calls.of_any((one.target.method, one.target.template) for one in edits))
    prediction = calls.with_nearest(predict(sorted(contracts.items()), edits, templates=templates), templates)
    ever = frozenset(normal_operation(places.shown(one)) for one in queries.operations(db, provider.id))
    answer = _answer(provider.name, "C", tuple(edits), prediction, known, contracts, templates, unread)
    return replace(answer, ever=ever)


@dataclass(frozen=True, slots=True)
class _Calls:
    """Which counted contracts use which operations, by the usage map: only those that matter are read."""

    by_operation: Mapping[places.Operation, Collection[int]] = field(default_factory=dict)
    unmapped: Collection[int] = ()
    """Contracts of which the map has nothing: without interactions, or none that the core can read."""

    @classmethod
    def of(cls, db: queries.Db, provider_id: int, known: Iterable[Consumer]) -> _Calls:
        """One statement per 500 contracts."""
        ids = users.contract_ids(known)
        found: dict[places.Operation, set[int]] = {}
        for row in queries.users_of_operations(db, provider_id, ids):
            found.setdefault((row.method, row.template), set()).add(row.contract_id)
        return cls(found, set(ids).difference(*found.values()))

    def of_any(self, wanted: Iterable[places.Operation]) -> list[int]:
        """The contracts that may use one of those operations, and those that nothing is known of."""
        calling = places.calling(wanted, self.by_operation)
        return sorted({*self.unmapped, *(key for one in calling for key in self.by_operation[one])})

    def with_nearest(self, prediction: Prediction[int], templates: Sequence[str]) -> Prediction[int]:
        """What an edit of an operation that nobody uses reads like: among all that are used, not the few asked."""
        if all(one.operation_used for one in prediction.unmatched):
            return prediction
        names = [
            places.shown((method, (best_template(path, templates) if method else None) or path))
            for method, path in self.by_operation
        ]
        unmatched = tuple(
            one if one.operation_used else replace(one, nearest=nearest_operations(one.edit.target, names))
            for one in prediction.unmatched
        )
        return replace(prediction, unmatched=unmatched)


def _contracts(db: queries.Db, ids: Sequence[int]) -> tuple[dict[int, Contract], list[int]]:
    """The contracts by id, and the ids of those that are none the core can read. One statement per 500."""
    contracts: dict[int, Contract] = {}
    unread: list[int] = []
    for row in queries.contents(db, ids):
        contract = contract_of(bytes(row.content))
        if contract is None:
            unread.append(row.id)
        else:
            contracts[row.id] = contract
    return contracts, unread


def _answer(
    provider: str,
    strength: Literal["B", "C"],
    edits: tuple[Edit, ...],
    prediction: Prediction[int],
    known: tuple[Consumer, ...],
    contracts: Mapping[int, Contract],
    templates: tuple[str, ...],
    unread: Sequence[int],
    findings: tuple[tuple[int, Finding], ...] = (),
) -> Answer:
    breaks: dict[int, list[Break[int]]] = {}
    for one in prediction.breaks:
        breaks.setdefault(one.key, []).append(one)
    return Answer(provider, strength, edits, prediction, known, contracts, templates, findings, tuple(unread), breaks)


def with_replay(
    db: queries.Db,
    answer: Answer,
    build: str,
    reported: Mapping[int, Reported],
    reasons: Mapping[int, str] | None = None,
    *,
    published: bool = False,
) -> Answer:
    """The answer, joined with what a build did with each contract. Four statements where contracts are not read yet."""
    spoken_of = [key for key, one in reported.items() if not one.plain and key not in answer.contracts]
    contracts = {**answer.contracts, **_contracts(db, spoken_of)[0]}
    did = {key: replays.replayed(one, contracts.get(key)) for key, one in reported.items()}
    replay = Replay(build, published, did, reasons or {})
    contracts |= _contracts(db, _calling_the_same(db, answer, contracts, replay))[0]
    predicted = answer.edits or answer.strength == "B"
    return replace(answer, replay=replay, contracts=contracts, strength=answer.strength if predicted else "A")


def _calling_the_same(db: queries.Db, answer: Answer, contracts: Mapping[int, Contract], replay: Replay) -> list[int]:
    """Further contracts that use an operation that fails: a side-by-side version moves them too. Two statements."""
    wanted = {
        operation_of(contracts[key].interactions[position], answer.templates)
        for key in replay.broken & contracts.keys()
        for position in replay.contracts[key].failed
        if position != replays.WHOLE
    }
    if not wanted:
        return []
    calls = _Calls.of(db, _provider_id(db, answer.provider), answer.consumers)
    return [key for key in calls.of_any(wanted) if key not in contracts]


def published(db: queries.Db, answer: Answer, version: Any) -> Answer:
    """The answer, joined with the newest results of a version of the provider. Two statements."""
    rows = result_queries.results(db, version.id, users.contract_ids(answer.consumers))
    reported = {row.contract_id: replays.stored(row.success, row.report) for row in rows}
    return with_replay(db, answer, f"{answer.provider} {version.number}", reported, published=True)


# --- as a document ------------------------------------------------------------------------------------------------


def document(db: queries.Db, answer: Answer) -> dict[str, Any]:
    """The whole answer. Two statements, and two per 500 contracts and interactions that break."""
    left = answer.left()
    broken = sorted(answer.broken)
    held = queries.held(db, broken)
    found = {key: lines.of_contract(answer, key, held) for key in broken}
    shas = {line.sha for some in found.values() for line in some if line.sha}
    first: dict[int, list[Any]] = {}
    for row in queries.first_with(db, _provider_id(db, answer.provider), shas):
        first.setdefault(row.consumer_id, []).append(row)
    forecasts = forecast_of(db, left)
    overall = forecast.overall(forecasts)
    shown = [_consumer(one, versions, found, first.get(one.id, ()), forecasts[one.name]) for one, versions in left]
    told = [line for consumer in shown for line in consumer["breaks"]]
    not_asked = _not_asked(answer)
    said, reason = _verdict(answer, told, not_asked)
    both = answer.replay is not None and answer.strength != "A"
    return present(
        {
            "provider": {"name": answer.provider},
            "verdict": said,
            "reason": reason,
            "strength": "A" if answer.replay is not None else answer.strength,
            "evidence": _evidence(answer),
            "build": answer.replay.build if answer.replay is not None else None,
            "agreement": lines.agreement(told) if both else None,
            "counted": users.COUNTED,
            "asked": {
                "consumers": len(answer.consumers),
                "contracts": len(users.contract_ids(answer.consumers)),
            },
            "edits": [str(one) for one in answer.edits],
            "consumers": shown,
            "untouched": _untouched(answer, left, not_asked),
            "tolerated": _tolerated(answer),
            "unused": [
                {
                    "edit": str(one.edit),
                    "operationUsed": one.operation_used,
                    "reason": UNUSED[one.operation_used],
                    "nearest": list(one.nearest),
                }
                for one in answer.prediction.unmatched
            ],
            "notAsked": not_asked,
            "cost": cost.summed(_counts(left, shown)),
            "forecast": overall,
            "ways": _ways(answer, found, left, shown, overall) if left else [],
        }
    )


def _evidence(answer: Answer) -> str:
    if answer.replay is None:
        return STRENGTH[answer.strength]
    run = PUBLISHED if answer.replay.published else STRENGTH["A"]
    if answer.strength == "A":
        return run
    return f"{run}; beside it {answer.strength}, {STRENGTH[answer.strength]}"


def _verdict(
    answer: Answer, told: Sequence[Mapping[str, Any]], not_asked: Sequence[Mapping[str, Any]]
) -> tuple[str, str | None]:
    """The verdict on everything that was asked, and for `unknown` why it is not known."""
    if told:
        return ("breaks" if any(line["certain"] for line in told) else "may break"), None
    if not answer.consumers:
        return "unknown", f"no contract with {answer.provider} is published"
    if answer.replay is not None and not_asked:
        return "unknown", "not everything that counts was asked"
    if verdict(answer) == "unknown":
        return (
            "unknown",
            f"an edit names an operation that neither a contract nor a description of {answer.provider} has",
        )
    return "safe", None


def verdict(answer: Answer) -> str:
    """`breaks`, `may break` (only where the API may still answer as before), `safe`, or `unknown`.

    Unknown is an edit of an operation that neither a contract nor a description has: most likely a slip.
    """
    if answer.findings or any(one.certain for one in answer.prediction.breaks):
        return "breaks"
    if answer.prediction.breaks:
        return "may break"
    described = {normal_operation(f"GET {one}") for one in answer.templates}
    for one in answer.prediction.unmatched:
        known = (
            normal_operation(f"GET {one.edit.target.template}") in described
            or normal_operation(one.edit.target.operation) in answer.ever
        )
        if answer.strength == "C" and not one.operation_used and not known:
            return "unknown"
    return "safe"


def forecast_of(db: queries.Db, left: Iterable[tuple[Consumer, Sequence[Version]]]) -> dict[str, dict[str, Any]]:
    """Per consumer when it can be free of the old shape. One statement."""
    where = {
        consumer.name: sorted(
            {one.environment for version in versions for one in version.standings if one.live and one.environment}
        )
        for consumer, versions in left
    }
    environments = {one for some in where.values() for one in some}
    known = forecast.cadences(queries.deployments(db, [name for name, some in where.items() if some]), environments)
    return {name: forecast.of_consumer(known.get(name, ()), some) for name, some in where.items()}


def _consumer(
    consumer: Consumer,
    versions: Sequence[Version],
    found: Mapping[int, Sequence[Line]],
    first: Iterable[Any],
    own: Mapping[str, Any],
) -> dict[str, Any]:
    told: dict[tuple[Any, ...], dict[str, Any]] = {}
    for version in versions:
        for line in found[version.contract_id]:
            numbers = told.setdefault(line.key, {**line.told, "versions": []})["versions"]
            if version.number not in numbers:
                numbers.append(version.number)
    shas = {line.sha for version in versions for line in found[version.contract_id]}
    since = [row for row in first if row.interaction_sha in shas]
    oldest = min(since, key=lambda row: row.version_id) if since else None
    return present(
        {
            "name": consumer.name,
            "live": any(version.live for version in versions),
            "usedSince": oldest and {"version": oldest.number, "at": moment(oldest.at)},
            "versions": [
                {
                    "number": version.number,
                    "live": version.live,
                    "standings": [users.shown(one) for one in version.standings],
                }
                for version in versions
            ],
            "breaks": list(told.values()),
            "contacts": users.contacts(versions),
            "forecast": dict(own),
        }
    )


def _tolerated(answer: Answer) -> list[dict[str, str]]:
    found = {}
    for key, position, edit in answer.prediction.tolerated:
        contract = answer.contracts[key]
        line = {
            "edit": str(edit),
            "consumer": contract.consumer,
            "interaction": contract.interactions[position].description,
        }
        found[tuple(line.values())] = line
    return list(found.values())


def _not_asked(answer: Answer) -> list[dict[str, Any]]:
    """What has no verdict, and why: contracts that cannot be read, and what a build was not or could not be asked."""
    found: list[dict[str, Any]] = []
    for one in answer.consumers:
        for version in one.versions:
            whose = {"consumer": one.name, "version": version.number}
            if version.contract_id in answer.unread:
                found.append({**whose, "reason": "its contract cannot be read"})
            elif answer.replay is not None:
                found += [{**whose, **said} for said in lines.not_asked(answer, version.contract_id)]
    return found


def _untouched(
    answer: Answer, left: Sequence[tuple[Consumer, Sequence[Version]]], not_asked: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """The consumers of which every counted contract was asked, and holds."""
    others = {one.name for one, _ in left} | {one["consumer"] for one in not_asked}
    return [
        {
            "name": one.name,
            "live": any(version.live for version in one.versions),
            "versions": [version.number for version in one.versions],
        }
        for one in answer.consumers
        if one.name not in others
    ]


def _counts(left: Sequence[tuple[Consumer, Sequence[Version]]], shown: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    places_ = {
        (one.environment, one.production)
        for _, versions in left
        for version in versions
        for one in version.standings
        if one.live
    }
    lines = [line for consumer in shown for line in consumer["breaks"]]
    return {
        "consumers": len(left),
        "interactions": _interactions(shown),
        "live versions": sum(1 for _, versions in left for version in versions if version.live),
        "environments": len(places_),
        "production environments": sum(1 for _, production in places_ if production),
        "strict expectations": cost.strict([line.get("strictness", "presence") for line in lines]),
    }


def _interactions(shown: Sequence[Mapping[str, Any]]) -> int:
    return len({(consumer["name"], line["interaction"]) for consumer in shown for line in consumer["breaks"]})


def _ways(
    answer: Answer,
    found: Mapping[int, Sequence[Line]],
    left: Sequence[tuple[Consumer, Sequence[Version]]],
    shown: Sequence[Mapping[str, Any]],
    overall: Mapping[str, Any],
) -> list[dict[str, Any]]:
    """Of what breaks somebody; a side-by-side version moves everyone who calls the operation."""
    seen = dict.fromkeys(line.edit for some in found.values() for line in some if line.edit is not None)
    breaking = [edit for edit in answer.edits if edit in seen]
    breaking += [edit for edit in seen if edit not in breaking]
    wanted = {normal_operation(edit.target.operation) for edit in breaking}
    templates = (*answer.templates, *(edit.target.template for edit in breaking))
    names: set[str] = set()
    interactions: set[tuple[str, str]] = set()
    for contract in answer.contracts.values():
        for interaction in contract.interactions:
            if normal_operation(places.shown(operation_of(interaction, templates))) in wanted:
                names.add(contract.consumer)
                interactions.add((contract.consumer, interaction.description))
    broken = [consumer.name for consumer, _ in left]
    return cost.ways(
        answer.provider, breaking, broken, _interactions(shown), names | set(broken), len(interactions), overall
    )


def _provider_id(db: queries.Db, name: str) -> int:
    from tallystick.broker.participants.queries import participant_named

    row = participant_named(db, name)
    assert row is not None
    return int(row.id)
