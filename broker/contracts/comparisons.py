"""Comparisons of contracts with API descriptions: made once for two contents, kept, and read from then on.

They are made when somebody first asks: nobody pays for them at publishing, where most pairs of contract and version
are never asked about, and no question pays twice.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson
from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.orm import Session

from tallystick.broker.contracts import api_descriptions
from tallystick.broker.contracts.queries import CONTRACT
from tallystick.broker.db import now, read, write
from tallystick.broker.summaries import dialect_of, upsert
from tallystick.broker.tables import ApiDescription, StaticComparison
from tallystick.contract import json_text
from tallystick.contract.openapi.evidence import EDITION, Described, Evidence, Outcome
from tallystick.contract.openapi.findings import Finding, Findings

DESCRIPTION: Any = ApiDescription.__table__  # type: ignore[attr-defined]
COMPARISON: Any = StaticComparison.__table__  # type: ignore[attr-defined]

MOST_MADE: Final = 2_000
"""Comparisons made for one question; what is beyond is made for the next."""
_AT_ONCE: Final = 500  # values of one IN list

Pair: TypeAlias = tuple[int, str]
"""(contract id, sha of a description)."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A comparison as it is kept, without its findings."""

    outcome: Outcome
    errors: int
    warnings: int
    interactions: int
    not_compared: int


def known(db: Connection | Session, contracts: Iterable[int], descriptions: Iterable[str]) -> dict[Pair, Compared]:
    """What is kept of these contracts with these descriptions. One statement per 500 contracts."""
    shas = sorted(set(descriptions))
    found: dict[Pair, Compared] = {}
    ids = sorted(set(contracts)) if shas else []
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        statement = select(
            COMPARISON.c.contract_id,
            COMPARISON.c.description_sha,
            COMPARISON.c.outcome,
            COMPARISON.c.errors,
            COMPARISON.c.warnings,
            COMPARISON.c.interactions,
            COMPARISON.c.not_compared,
        ).where(
            COMPARISON.c.contract_id.in_(some), COMPARISON.c.description_sha.in_(shas), COMPARISON.c.edition == EDITION
        )
        found |= {(row[0], row[1]): Compared(*row[2:]) for row in db.execute(statement)}
    return found


def findings(db: Connection | Session, pairs: Iterable[Pair]) -> dict[Pair, list[dict[str, str]]]:
    """Everything that these comparisons found, as `shown`, as far as they were made. One statement, none for none."""
    wanted = set(pairs)
    if not wanted:
        return {}
    rows = db.execute(
        select(COMPARISON.c.contract_id, COMPARISON.c.description_sha, COMPARISON.c.findings).where(
            COMPARISON.c.contract_id.in_(sorted({id_ for id_, _ in wanted})),
            COMPARISON.c.description_sha.in_(sorted({sha for _, sha in wanted})),
            COMPARISON.c.edition == EDITION,
        )
    )
    return {pair: orjson.loads(zlib.decompress(row.findings)) for row in rows if (pair := (row[0], row[1])) in wanted}


def shown(finding: Finding) -> dict[str, str]:
    return {
        "code": finding.code,
        "level": finding.level,
        "message": finding.message,
        "interaction": finding.interaction,
        "contractLocation": finding.location,
        "descriptionLocation": finding.spec_location,
    }


def make(engine: Engine, pairs: Sequence[Pair]) -> None:
    """Compare and keep; what was deleted meanwhile is left out. Reads first, writes last, compares between the two."""
    wanted: dict[str, list[int]] = {}
    for contract_id, sha in dict.fromkeys(pairs[:MOST_MADE]):
        wanted.setdefault(sha, []).append(contract_id)
    for sha, contract_ids in wanted.items():
        with read(engine) as connection:
            description = connection.execute(
                select(DESCRIPTION.c.sha, DESCRIPTION.c.content).where(DESCRIPTION.c.sha == sha).limit(1)
            ).first()
            contents = _contents(connection, contract_ids)
        if description is not None:
            described = Described(api_descriptions.parsed(description))
            _keep(engine, sha, [(row.id, _evidence(described, bytes(row.content))) for row in contents])


def _contents(db: Connection, ids: Sequence[int]) -> list[Row[Any]]:
    found: list[Row[Any]] = []
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        found += db.execute(select(CONTRACT.c.id, CONTRACT.c.content).where(CONTRACT.c.id.in_(some)))
    return found


def _evidence(described: Described, content: bytes) -> Evidence:
    """What cannot be read, or not to its end, is no evidence; one such contract takes no answer away from others."""
    try:
        document = json_text.loads(content)
        if isinstance(document, dict):
            return described.evidence(document)
    except (ValueError, RecursionError):
        pass
    return Evidence(Findings(), 0, 0)


def _keep(engine: Engine, sha: str, made: Sequence[tuple[int, Evidence]]) -> None:
    with write(engine) as session:
        at = now(session)
        there = set(
            session.execute(
                select(CONTRACT.c.id)
                .where(CONTRACT.c.id.in_([id_ for id_, _ in made]))
                .order_by(CONTRACT.c.id)
                .with_for_update(key_share=True, read=True)
            ).scalars()
        )
        rows = [
            {
                "contract_id": id_,
                "description_sha": sha,
                "edition": EDITION,
                "outcome": one.outcome,
                "errors": len(one.errors),
                "warnings": len(one.findings.warnings),
                "interactions": one.interactions,
                "not_compared": one.not_compared,
                "findings": zlib.compress(orjson.dumps([shown(each) for each in one.findings.found])),
                "created_at": at,
            }
            for id_, one in sorted(made, key=lambda pair: pair[0])
            if id_ in there
        ]
        if rows:
            statement = upsert(dialect_of(session), COMPARISON)
            changed = [c.name for c in COMPARISON.c if not c.primary_key]
            session.execute(
                statement.on_conflict_do_update(
                    index_elements=[COMPARISON.c.contract_id, COMPARISON.c.description_sha],
                    set_={name: statement.excluded[name] for name in changed},
                ),
                rows,
            )
