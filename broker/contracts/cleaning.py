"""Clean-up: versions that nobody needs to keep, branches nobody touches, data that was overwritten.

One transaction; on PostgreSQL a second clean-up at the same time does nothing. What others rely on (heads of branches,
summaries of results, the record of deployments) stays right, as with any deletion.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, Select, and_, delete, exists, func, or_, select, text
from sqlalchemy.orm import Session

from tallystick.broker import summaries
from tallystick.broker.contracts.comparisons import COMPARISON, DESCRIPTION
from tallystick.broker.contracts.keeping import Keep, summary
from tallystick.broker.contracts.queries import (
    CONTRACT,
    CONTRACT_INTERACTION,
    INTERACTION,
    OPERATION,
    USAGE,
    VERIFICATION,
)
from tallystick.broker.participants import service as participants
from tallystick.broker.participants.queries import (
    BRANCH,
    BRANCH_HEAD,
    BRANCH_VERSION,
    DEPLOYED,
    ENVIRONMENT,
    PARTICIPANT,
    PUBLICATION,
    RELEASED,
    TAG,
    VERSION,
)
from tallystick.broker.summaries import dialect_of
from tallystick.broker.tables import Delivery, VerificationHead, VerificationTag

DELIVERY: Any = Delivery.__table__  # type: ignore[attr-defined]
HEAD: Any = VerificationHead.__table__  # type: ignore[attr-defined]
VERIFICATION_TAG: Any = VerificationTag.__table__  # type: ignore[attr-defined]

CLEANING_LOCK: Final = 0x7A11_C1EA


def locked(session: Session) -> bool:
    """Whether this is the only clean-up that runs. One statement on PostgreSQL."""
    if dialect_of(session) == "sqlite":
        return True
    return bool(session.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": CLEANING_LOCK}).scalar())


def clean(
    session: Session,
    keep: Sequence[Keep],
    now: datetime,
    *,
    limit: int,
    branch_age_days: int | None,
    dry_run: bool,
) -> dict[str, Any]:
    """Delete stale branches, then the oldest versions not kept (at most `limit`), then contents nobody refers to."""
    stale = _stale_branches(session, now, branch_age_days)
    if not dry_run:
        for participant_id in sorted({row.participant_id for row in stale}):
            gone = [row.id for row in stale if row.participant_id == participant_id]
            participants.remove_branches(session, participant_id, gone)
    kept = frozenset(version_id for each in keep for version_id in session.execute(_kept(each, now)).scalars())
    rows = _all_versions(session)
    going = [row for row in rows if row.id not in kept][:limit]
    if dry_run:
        gone_ids = {row.id for row in going}
        staying = frozenset(row.id for row in rows if row.id not in gone_ids)
        counts = {"totalVersions": len(rows), "versionsToDelete": len(going), "versionsToKeep": len(staying)}
        return {"counts": {**counts, "branchesToDelete": len(stale)}, "versionSummary": summary(rows, staying)}
    for participant_id in sorted({row.participant_id for row in going}):
        ids = [row.id for row in going if row.participant_id == participant_id]
        participants.remove_versions(session, participant_id, ids, now)
    return {
        "branches": {"deleted": len(stale), "kept": _count(session, BRANCH)},
        "versions": {"deleted": len(going), "kept": len(rows) - len(going)},
        "pactVersions": {"deleted": _remove_orphans(session), "kept": _count(session, CONTRACT)},
    }


def clean_overwritten(session: Session, now: datetime, *, max_age_days: int, limit: int) -> dict[str, Any]:
    """Delete revisions and results that newer ones replaced, contents nobody refers to, and old deliveries."""
    before = now - timedelta(days=max_age_days)
    revisions = list(
        session.execute(
            select(PUBLICATION.c.id)
            .where(~PUBLICATION.c.is_current, PUBLICATION.c.created_at < before)
            .order_by(PUBLICATION.c.id)
            .limit(limit)
        ).scalars()
    )
    session.execute(delete(PUBLICATION).where(PUBLICATION.c.id.in_(revisions)))
    results = list(
        session.execute(
            select(VERIFICATION.c.id, VERIFICATION.c.contract_id, VERIFICATION.c.provider_version_id)
            .where(~exists().where(HEAD.c.verification_id == VERIFICATION.c.id), VERIFICATION.c.created_at < before)
            .order_by(VERIFICATION.c.id)
            .limit(limit)
        )
    )
    for result in results:
        tags = list(
            session.execute(
                select(VERIFICATION_TAG.c.name).where(VERIFICATION_TAG.c.verification_id == result.id)
            ).scalars()
        )
        session.execute(delete(VERIFICATION).where(VERIFICATION.c.id == result.id))
        summaries.result_deleted(session, result.contract_id, result.provider_version_id, tags)
    newest = select(func.max(DELIVERY.c.id)).group_by(
        DELIVERY.c.webhook_id, DELIVERY.c.consumer_id, DELIVERY.c.provider_id, DELIVERY.c.event
    )
    deliveries = list(
        session.execute(
            select(DELIVERY.c.id)
            .where(DELIVERY.c.created_at < before, DELIVERY.c.finished_at.is_not(None), DELIVERY.c.id.not_in(newest))
            .order_by(DELIVERY.c.id)
            .limit(limit)
        ).scalars()
    )
    session.execute(delete(DELIVERY).where(DELIVERY.c.id.in_(deliveries)))
    return {
        "pactPublications": {"deleted": len(revisions), "kept": _count(session, PUBLICATION)},
        "verificationResults": {"deleted": len(results), "kept": _count(session, VERIFICATION)},
        "pactVersions": {"deleted": _remove_orphans(session), "kept": _count(session, CONTRACT)},
        "triggeredWebhooks": {"deleted": len(deliveries), "kept": _count(session, DELIVERY)},
    }


# --- statements ---------------------------------------------------------------------------------------------------


def _count(session: Session, table: Any) -> int:
    found: int = session.execute(select(func.count()).select_from(table)).scalar_one()
    return found


def _all_versions(session: Session) -> list[Row[Any]]:
    """Every version with its participant's name, oldest first. One statement."""
    return list(
        session.execute(
            select(VERSION.c.id, VERSION.c.number, VERSION.c.participant_id, PARTICIPANT.c.name.label("participant"))
            .join(PARTICIPANT, PARTICIPANT.c.id == VERSION.c.participant_id)
            .order_by(VERSION.c.id)
        )
    )


def _stale_branches(session: Session, now: datetime, age_days: int | None) -> list[Row[Any]]:
    """Branches not touched for so long, main branches never. One statement."""
    if age_days is None:
        return []
    return list(
        session.execute(
            select(BRANCH.c.id, BRANCH.c.participant_id)
            .join(PARTICIPANT, PARTICIPANT.c.id == BRANCH.c.participant_id)
            .where(
                BRANCH.c.updated_at < now - timedelta(days=age_days),
                or_(PARTICIPANT.c.main_branch.is_(None), PARTICIPANT.c.main_branch != BRANCH.c.name),
            )
        )
    )


def _kept(keep: Keep, now: datetime) -> Select[Any]:
    """The ids of the versions that a selector keeps."""
    found = select(VERSION.c.id).join(PARTICIPANT, PARTICIPANT.c.id == VERSION.c.participant_id)
    if keep.participant is not None:
        found = found.where(PARTICIPANT.c.name == keep.participant)
    if keep.max_age_days is not None:
        found = found.where(VERSION.c.created_at >= now - timedelta(days=keep.max_age_days))
    if keep.tag:
        found = found.where(_tagged(keep))
    if keep.branch or keep.main_branch:
        found = found.where(_on_branch(keep))
    if keep.latest and not (keep.tag or keep.branch or keep.main_branch):
        found = found.where(VERSION.c.id.in_(select(func.max(VERSION.c.id)).group_by(VERSION.c.participant_id)))
    deployed, released = _live(DEPLOYED, DEPLOYED.c.currently_deployed), _live(RELEASED, RELEASED.c.currently_supported)
    if keep.environment is not None:
        named = ENVIRONMENT.c.name == keep.environment
        sides = [exists(each.where(named)) for each in (deployed, released)]
        found = found.where(or_(*sides))
    if keep.deployed:
        found = found.where(exists(deployed))
    if keep.released:
        found = found.where(exists(released))
    return found


def _live(rows: Any, live: Any) -> Select[Any]:
    return (
        select(rows.c.id)
        .join(ENVIRONMENT, ENVIRONMENT.c.id == rows.c.environment_id)
        .where(rows.c.version_id == VERSION.c.id, live)
        .correlate(VERSION)
    )


def _tagged(keep: Keep) -> Any:
    tagged = select(TAG.c.version_id)
    if keep.latest:
        tagged = select(func.max(TAG.c.version_id)).group_by(TAG.c.participant_id, TAG.c.name)
    if isinstance(keep.tag, str):
        tagged = tagged.where(TAG.c.name == keep.tag)
    return VERSION.c.id.in_(tagged)


def _on_branch(keep: Keep) -> Any:
    members = BRANCH_HEAD if keep.latest else BRANCH_VERSION
    on_branch = select(members.c.version_id).join(BRANCH, BRANCH.c.id == members.c.branch_id)
    if isinstance(keep.branch, str):
        on_branch = on_branch.where(BRANCH.c.name == keep.branch)
    if keep.main_branch:
        owner = PARTICIPANT.alias()
        on_branch = on_branch.join(
            owner, and_(owner.c.id == BRANCH.c.participant_id, owner.c.main_branch == BRANCH.c.name)
        )
    return VERSION.c.id.in_(on_branch)


def _remove_orphans(session: Session) -> int:
    """Contents without publication and result, and what only they had. Five statements.

    Comparisons of contents go with these; those with a description that no version has any more go here.
    """
    gone: Any = session.execute(
        delete(CONTRACT).where(
            ~exists().where(PUBLICATION.c.contract_id == CONTRACT.c.id),
            ~exists().where(VERIFICATION.c.contract_id == CONTRACT.c.id),
        )
    )
    session.execute(delete(COMPARISON).where(~exists().where(DESCRIPTION.c.sha == COMPARISON.c.description_sha)))
    # By the digest, which has an index, to the row that the contract means.
    used = exists().where(
        CONTRACT_INTERACTION.c.interaction_sha == USAGE.c.interaction_sha, CONTRACT_INTERACTION.c.usage_id == USAGE.c.id
    )
    session.execute(delete(USAGE).where(~used))
    session.execute(delete(OPERATION).where(OPERATION.c.id.not_in(select(USAGE.c.operation_id))))
    session.execute(
        delete(INTERACTION).where(~exists().where(CONTRACT_INTERACTION.c.interaction_sha == INTERACTION.c.sha))
    )
    return int(gone.rowcount)
