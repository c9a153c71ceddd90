"""Storing and removing results, inside the caller's transaction.

What a reader needs first is in `publish`; the summaries that follow a result are in `broker.summaries`.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.orm import Session

from tallystick.broker import summaries
from tallystick.broker.errors import NotFound
from tallystick.broker.http.checks import storable
from tallystick.broker.http.metadata import Remembered
from tallystick.broker.participants.service import ensure_version
from tallystick.broker.verifications import noting, past, queries
from tallystick.broker.verifications.failures import Seen, whole
from tallystick.broker.verifications.inputs import Published
from tallystick.broker.verifications.outcomes import Known, Outcome, outcomes
from tallystick.broker.verifications.past import Past
from tallystick.broker.verifications.queries import FAILURE, VERIFICATION


def publish(
    session: Session, consumer: str, provider: str, sha: str, sent: Published, remembered: Remembered, now: datetime
) -> int:
    """A result is stored and counts; returns its id. Raises `NotFound` when nobody published such a content.

    A result equal to the newest of its provider version bumps that one's counter: a client that retries after losing
    our answer gets the answer, not a second result. About a dozen statements, however long the history; a failure that
    begins takes about a dozen more.
    """
    content = queries.published_content(session, consumer, provider, sha)
    if content is None:
        raise NotFound()
    version_id = queries.locked_version(session, content.provider_id, sent.provider_version)
    if version_id is None:
        version_id = ensure_version(session, content.provider_id, sent.provider_version, now).id
        summaries.lock_version(session, version_id)
    standing = queries.standing(session, content.contract_id, version_id)
    repeated = standing if _says_nothing_new(session, standing, version_id, sent, remembered) else None
    if repeated is not None:
        session.execute(
            update(VERIFICATION)
            .where(VERIFICATION.c.id == repeated.id)
            .values(repeats=VERIFICATION.c.repeats + 1, repeated_at=now)
        )
        verification_id, created_at, last_at = int(repeated.id), repeated.created_at, now
    else:
        verification_id, created_at, last_at = queries.next_number(session), now, sent.executed_at or now
        _store(session, verification_id, content, version_id, sent, remembered, now)
    summaries.result_recorded(
        session,
        verification_id=verification_id,
        contract_id=content.contract_id,
        provider_version_id=version_id,
        success=sent.success,
        wip=remembered.wip,
        created_at=created_at,
        last_at=last_at,
        has_tags=standing.has_tags,
        has_branches=standing.has_branches,
    )
    new_id = None if repeated is not None else verification_id
    seen = Seen(version_id, sent.provider_version, now, sent.build_url)
    _note_failures(session, new_id, content, seen, standing.has_branches, sent)
    return verification_id


def failing(session: Session, result: Any) -> list[Past]:
    """The past of what fails of a result's content with its provider version. Three statements."""
    version = result.provider_version_id
    own = {row.interaction_sha for row in queries.interactions_of(session, result.contract_id)} | {whole(result.sha)}
    rows = queries.failures_among(session, [result.provider], [result.consumer], [version])
    branches = queries.branches_of(session, version)
    found: dict[str, list[Past]] = {}
    for each in map(past.read, rows):
        if each.sha in own:
            found.setdefault(each.sha, []).append(each)
    return [told for pasts in found.values() if (told := past.chosen(pasts, version, branches)) is not None]


def remove(session: Session, consumer: str, provider: str, sha: str, number: int) -> None:
    """A result is gone; the one before it counts again. Raises `NotFound`."""
    row = queries.result(session, consumer, provider, sha, number)
    if row is None:
        raise NotFound()
    summaries.lock_version(session, row.provider_version_id)
    _, tags_then = queries.tags_now_and_then(session, row.provider_version_id, row.id)
    session.execute(delete(VERIFICATION).where(VERIFICATION.c.id == row.id))
    summaries.result_deleted(session, row.contract_id, row.provider_version_id, sorted(tags_then))


def _says_nothing_new(session: Session, head: Any, version_id: int, sent: Published, remembered: Remembered) -> bool:
    """The newest result of the version for the content is equal to this one."""
    if head.id is None or sent.executed_at is not None:
        return False
    known = (head.success, head.wip, head.pending, head.build_url, head.verified_by, head.report_sha)
    new = (
        sent.success,
        remembered.wip,
        remembered.pending,
        sent.build_url,
        sent.verified_by,
        sent.report_sha,
    )
    if known != new:
        return False
    now, then = queries.tags_now_and_then(session, version_id, head.id)
    return now == then


def _store(
    session: Session,
    verification_id: int,
    content: Any,
    version_id: int,
    sent: Published,
    remembered: Remembered,
    now: datetime,
) -> None:
    session.execute(
        insert(VERIFICATION),
        {
            "id": verification_id,
            "number": verification_id,
            "contract_id": content.contract_id,
            "consumer_id": content.consumer_id,
            "provider_id": content.provider_id,
            "provider_version_id": version_id,
            "success": sent.success,
            "wip": remembered.wip,
            "pending": remembered.pending,
            "build_url": sent.build_url,
            "verified_by": sent.verified_by,
            "executed_at": sent.executed_at or now,
            "created_at": now,
            "repeats": 0,
            "report_sha": sent.report_sha,
            "report": sent.packed,
        },
    )


def _note_failures(
    session: Session,
    verification_id: int | None,
    content: Any,
    seen: Seen,
    branches: bool,
    sent: Published,
) -> None:
    """What failed, by interaction (for a result that is new), and since when it does on the provider's branches."""
    if sent.success and noting.untouched(session, content, seen.order):
        return  # nothing failed before, nothing fails now: the report need not be taken apart
    known = [
        Known(row.interaction_sha, row.interaction_id, row.description)
        for row in queries.interactions_of(session, content.contract_id)
    ]
    found = outcomes(sent.report, sent.success, known)
    if verification_id is not None:
        _store_failures(session, verification_id, [outcome for outcome in found if not outcome.success])
    names = queries.branches_of(session, seen.order) if branches else [""]
    noting.note(session, noting.Result(content, seen, names), found, sent.success)


def _store_failures(session: Session, verification_id: int, failed: list[Outcome]) -> None:
    if failed:
        session.execute(
            insert(FAILURE),
            [
                {
                    "verification_id": verification_id,
                    "interaction_id": outcome.interaction_id and storable(outcome.interaction_id),
                    "interaction_sha": outcome.sha,
                    "description": outcome.description and storable(outcome.description),
                    "mismatches": json.dumps(outcome.mismatches, separators=(",", ":")),
                }
                for outcome in failed
            ],
        )
