"""Numbers about everything that is stored."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, case, func, select
from starlette.responses import Response

from tallystick.broker import db
from tallystick.broker.contracts.queries import (
    CONTRACT,
    CONTRACT_INTERACTION,
    INTERACTION,
    VERIFICATION,
    WEBHOOK,
)
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes
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
from tallystick.broker.tables import Delivery, DeliveryAttempt, VerificationHead

routes = Routes("metrics")

DELIVERY: Any = Delivery.__table__  # type: ignore[attr-defined]
ATTEMPT: Any = DeliveryAttempt.__table__  # type: ignore[attr-defined]
HEAD: Any = VerificationHead.__table__  # type: ignore[attr-defined]


@routes.get("/metrics", summary="Numbers about what is stored")
def metrics(call: CallDep) -> Response:
    with db.read(call.engine) as connection:
        return hal.answer(measured(connection))


def measured(connection: Connection) -> dict[str, Any]:
    """All numbers, each counted by the database. About twenty statements, whatever there is."""

    def count(table: Any, *conditions: Any) -> int:
        found: int = connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one()
        return found

    def distinct(*columns: Any, where: Any = None) -> int:
        asked = select(*columns).distinct()
        if where is not None:
            asked = asked.where(where)
        found: int = connection.execute(select(func.count()).select_from(asked.subquery())).scalar_one()
        return found

    def distribution(table: Any, *grouped: Any) -> dict[str, int]:
        sizes = select(func.count().label("size")).select_from(table).group_by(*grouped).subquery()
        rows = connection.execute(select(sizes.c.size, func.count()).group_by(sizes.c.size).order_by(sizes.c.size))
        return {str(size): number for size, number in rows}

    current = PUBLICATION.c.is_current
    first, last, publications = connection.execute(
        select(func.min(PUBLICATION.c.created_at), func.max(PUBLICATION.c.created_at), func.count()).where(current)
    ).one()
    first_result, last_result, results, successes = connection.execute(
        select(
            func.min(VERIFICATION.c.created_at),
            func.max(VERIFICATION.c.created_at),
            func.count(),
            func.coalesce(func.sum(case((VERIFICATION.c.success, 1), else_=0)), 0),
        )
    ).one()
    interactions, messages = _latest_interactions(connection)
    branch_versions = distinct(BRANCH_VERSION.c.version_id)
    return {
        "interactions": {
            "latestInteractionsCount": interactions,
            "latestMessagesCount": messages,
            "latestInteractionsAndMessagesCount": interactions + messages,
        },
        "pacticipants": {
            "count": count(PARTICIPANT),
            "withMainBranchSetCount": count(PARTICIPANT, func.coalesce(PARTICIPANT.c.main_branch, "") != ""),
        },
        "integrations": {"count": distinct(PUBLICATION.c.consumer_id, PUBLICATION.c.provider_id)},
        "pactPublications": {
            "count": publications,
            "first": hal.moment(first) if first else None,
            "last": hal.moment(last) if last else None,
        },
        "pactVersions": {"count": count(CONTRACT)},
        "pactRevisionsPerConsumerVersion": {
            "distribution": distribution(PUBLICATION, PUBLICATION.c.version_id, PUBLICATION.c.provider_id)
        },
        "verificationResults": {
            "count": results,
            "successCount": int(successes),
            "failureCount": results - int(successes),
            "distinctCount": count(HEAD),
            "first": hal.moment(first_result) if first_result else None,
            "last": hal.moment(last_result) if last_result else None,
        },
        "verificationResultsPerPactVersion": {"distribution": distribution(VERIFICATION, VERIFICATION.c.contract_id)},
        "pacticipantVersions": {
            "count": count(VERSION),
            "withUserCreatedBranchCount": branch_versions,
            "withBranchCount": branch_versions,
            "withBranchSetCount": branch_versions,
        },
        "webhooks": {"count": count(WEBHOOK)},
        "tags": {
            "count": count(TAG),
            "distinctCount": distinct(TAG.c.name),
            "distinctWithPacticipantCount": distinct(TAG.c.participant_id, TAG.c.name),
        },
        "triggeredWebhooks": {"count": count(DELIVERY)},
        "webhookExecutions": {"count": count(ATTEMPT)},
        "matrix": {"count": -1},
        "environments": {"count": count(ENVIRONMENT)},
        "deployedVersions": {
            "count": count(DEPLOYED),
            "userCreatedCount": count(DEPLOYED),
            "currentlyDeployedCount": count(DEPLOYED, DEPLOYED.c.currently_deployed),
        },
        "releasedVersions": {
            "count": count(RELEASED),
            "currentlySupportedCount": count(RELEASED, RELEASED.c.currently_supported),
        },
        "ts:branches": {"count": count(BRANCH), "withHeadCount": count(BRANCH_HEAD)},
    }


def _latest_interactions(connection: Connection) -> tuple[int, int]:
    """Interactions and messages in the latest contract of each pair. One statement."""
    newest = (
        select(
            PUBLICATION.c.consumer_id, PUBLICATION.c.provider_id, func.max(PUBLICATION.c.version_id).label("version_id")
        )
        .where(PUBLICATION.c.is_current)
        .group_by(PUBLICATION.c.consumer_id, PUBLICATION.c.provider_id)
        .subquery()
    )
    rows = connection.execute(
        select(INTERACTION.c.kind, func.count())
        .select_from(newest)
        .join(
            PUBLICATION,
            and_(
                PUBLICATION.c.version_id == newest.c.version_id,
                PUBLICATION.c.provider_id == newest.c.provider_id,
                PUBLICATION.c.is_current,
            ),
        )
        .join(CONTRACT_INTERACTION, CONTRACT_INTERACTION.c.contract_id == PUBLICATION.c.contract_id)
        .join(INTERACTION, INTERACTION.c.sha == CONTRACT_INTERACTION.c.interaction_sha)
        .group_by(INTERACTION.c.kind)
    )
    by_kind = {row[0]: int(row[1]) for row in rows}
    http = by_kind.pop("http", 0)
    return http, sum(by_kind.values())
