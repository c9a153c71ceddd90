"""Everything told about an answer besides the decision: advice, failing interactions, where versions are live, order.

Fetched after the decision, for what the decision names and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from tallystick.broker.contracts import comparisons
from tallystick.broker.deployability import failures, order, queries
from tallystick.broker.deployability.advice import Advice, Surroundings, advise
from tallystick.broker.deployability.decision import Cause, Live, Resolved
from tallystick.broker.deployability.decorations import Decoration, decorations
from tallystick.broker.deployability.failures import FailedInteraction, Pasts
from tallystick.broker.deployability.matrix import Answer
from tallystick.broker.deployability.rows import Row
from tallystick.contract.openapi.evidence import NOTHING_TO_COMPARE_WITH

MOST_CAUSES = 100
"""More causes than this are counted, not explained one by one."""
MOST_FINDINGS = 50
"""Errors of a comparison that are told; its own resource has all."""


@dataclass(frozen=True, slots=True)
class Explained:
    cause: Cause
    advice: Advice


@dataclass(frozen=True, slots=True)
class Explanation:
    """`live` is keyed by version id, `failed` by verification id; `pasts` is asked by row and interaction.

    `compared` holds what failing comparisons found, by `comparison_of`: descriptions of interactions with mismatches.
    `strangers` are live versions of applications that have no contract with anybody yet.
    """

    decorations: Mapping[int, Decoration]
    causes: tuple[Explained, ...] = ()
    failed: Mapping[int, tuple[FailedInteraction, ...]] = field(default_factory=dict)
    pasts: Pasts = field(default_factory=Pasts)
    live: Mapping[int, tuple[Live, ...]] = field(default_factory=dict)
    compared: Mapping[comparisons.Pair, Mapping[str, list[dict[str, str]]]] = field(default_factory=dict)
    plan: order.Plan | None = None
    strangers: tuple[Live, ...] = ()
    help: tuple[str, ...] = ()

    def compared_with(self, cause: Cause) -> Mapping[str, list[dict[str, str]]]:
        """What the comparison found that is this cause; nothing for causes of other kinds."""
        if cause.row is None or cause.kind != "comparison-failed":
            return {}
        return self.compared.get(comparison_of(cause.row), {})


def explain(connection: Connection, answer: Answer, base_url: str) -> Explanation:
    """Explain the answer. Three statements for a yes, up to ten for a no, however much the broker holds."""
    causes = answer.verdict.causes[:MOST_CAUSES]
    rows = [cause.row for cause in causes if cause.row is not None]
    named = [s.version_id for s in answer.case.selectors] if causes else []
    named += [row.provider_version_id for row in rows]
    told = decorations(
        connection,
        [row.consumer_version_id for row, _ in answer.rows]
        + [row.provider_version_id for row, _ in answer.rows]
        + named,
    )
    failing = [row for row in rows if row.result is not None and not row.result.success]
    live: dict[int, tuple[Live, ...]] = {}
    versions = sorted({v for row in rows for v in (row.consumer_version_id, row.provider_version_id) if v is not None})
    for place in queries.environments_of(connection, versions):
        live[place.version_id] = (*live.get(place.version_id, ()), place)
    around = Surroundings(
        base_url,
        answer.question.destination,
        frozenset(s.participant_id for s in answer.case.specified),
        failures.verified_by(connection, [row.contract_id for row in rows]),
        {id_: d.branch for id_, d in told.items() if d.branch is not None},
    )
    strangers = _strangers(connection, answer)
    return Explanation(
        told,
        tuple(Explained(cause, advise(cause, answer.case, around)) for cause in causes),
        failures.failed_interactions(connection, [row.result.id for row in failing if row.result is not None]),
        failures.pasts(connection, failing, {id_: [named.name for named in d.branches] for id_, d in told.items()}),
        live,
        _compared(connection, causes),
        _plan(connection, answer),
        strangers,
        _help(answer, strangers),
    )


def comparison_of(row: Row) -> comparisons.Pair:
    """Which comparison a row rests on."""
    return row.contract_id, row.static.description_sha if row.static is not None else ""


def _compared(
    connection: Connection, causes: Sequence[Cause]
) -> dict[comparisons.Pair, dict[str, list[dict[str, str]]]]:
    """The errors of the comparisons that speak against, by interaction; not more than can be read."""
    pairs = [comparison_of(c.row) for c in causes if c.row is not None and c.kind == "comparison-failed"]
    found: dict[comparisons.Pair, dict[str, list[dict[str, str]]]] = {}
    for pair, all_ in comparisons.findings(connection, pairs).items():
        by_interaction = found.setdefault(pair, {})
        against = [one for one in all_ if one["level"] == "error" and one["code"] not in NOTHING_TO_COMPARE_WITH]
        for one in against[:MOST_FINDINGS]:
            told = {"path": one["contractLocation"], "mismatch": one["message"], "code": one["code"],
                    "descriptionLocation": one["descriptionLocation"]}  # fmt: skip
            by_interaction.setdefault(one["interaction"], []).append(told)
    return found


def _strangers(connection: Connection, answer: Answer) -> tuple[Live, ...]:
    """Live in the environment asked about, and in no contract at all: invisible to every verdict."""
    environment = answer.question.destination.environment if answer.question.destination else None
    if environment is None or answer.verdict.word == "no":
        return ()
    return queries.strangers(connection, environment)


def _help(answer: Answer, strangers: Sequence[Live]) -> tuple[str, ...]:
    """For first adopters: what this answer could not take into account, and how that changes."""
    found: list[str] = []
    if answer.verdict.success == answer.verdict.failed == answer.verdict.unknown == 0 and answer.verdict.word == "yes":
        names = ", ".join(dict.fromkeys(s.asked.participant for s in answer.case.specified))
        if not answer.case.integrations:
            found.append(
                f"Nothing was checked: what was asked about of {names} has no contract with any application. "
                'A consumer begins by publishing one: tallystick publish pacts/*.json --consumer-app-version "$VERSION"'
            )
    if strangers:
        names = ", ".join(f"{live.participant} {live.number}" for live in strangers[:10])
        more = f" and {len(strangers) - 10} more" if len(strangers) > 10 else ""
        found.append(
            f"Live in {strangers[0].environment} but in no contract: {names}{more}. "
            "This answer says nothing about them."
        )
    return tuple(found)


def _plan(connection: Connection, answer: Answer) -> order.Plan | None:
    """The order of deployment, for a question that names versions of several applications and an environment."""
    environment = answer.question.destination.environment if answer.question.destination else None
    exact: dict[int, Resolved] = {s.participant_id: s for s in answer.case.specified if s.version_id is not None}
    if environment is None or len(exact) < 2 or len(exact) != len(answer.case.specified):
        return None
    ids = queries.environments_named(connection, [environment])
    live: dict[int, tuple[int, ...]] = {}
    for place in queries.live_in(connection, ids[environment], sorted(exact)):
        live[place.participant_id] = (*live.get(place.participant_id, ()), place.version_id)
    moves = [
        order.Move(id_, s.asked.participant, s.version_id or 0, s.number or "", tuple(sorted(live.get(id_, ()))))
        for id_, s in exact.items()
    ]
    versions = sorted({v for move in moves for v in (move.version_id, *move.live)})
    return order.plan(moves, order.Contracts(*queries.contracts_among(connection, versions)))
