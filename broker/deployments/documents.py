"""Deployed and released versions as HAL documents. Rows are those of `deployments.queries`."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from tallystick.broker.environments.documents import environment
from tallystick.broker.http.hal import moment, present, times
from tallystick.broker.http.links import Links, link


def deployed_version(
    row: Any, links: Links, *, embed: Sequence[str] = ("pacticipant", "version", "environment")
) -> Any:
    """One deployment; `embed` names what is spelled out inside it."""
    instance = row.application_instance or None
    return present(
        {
            "uuid": row.uuid,
            "currentlyDeployed": row.currently_deployed,
            "target": instance,
            "applicationInstance": instance,
            "undeployedAt": moment(row.undeployed_at) if row.undeployed_at else None,
            **times(row.created_at, row.updated_at),
            "_embedded": _embedded(row, links, embed),
            "_links": {"self": link(links.deployed_version(row.uuid))},
        }
    )


def released_version(
    row: Any, links: Links, *, embed: Sequence[str] = ("pacticipant", "version", "environment")
) -> Any:
    """One release."""
    return present(
        {
            "uuid": row.uuid,
            "currentlySupported": row.currently_supported,
            "supportEndedAt": moment(row.support_ended_at) if row.support_ended_at else None,
            **times(row.created_at, row.updated_at),
            "_embedded": _embedded(row, links, embed),
            "_links": {"self": link(links.released_version(row.uuid))},
        }
    )


def deployed_versions(rows: Sequence[Any], links: Links, url: str, title: str, embed: Sequence[str] = ()) -> Any:
    return {
        "_embedded": {"deployedVersions": [deployed_version(row, links, embed=embed) for row in rows]},
        "_links": {"self": link(url, title)},
    }


def released_versions(rows: Sequence[Any], links: Links, url: str, title: str, embed: Sequence[str] = ()) -> Any:
    return {
        "_embedded": {"releasedVersions": [released_version(row, links, embed=embed) for row in rows]},
        "_links": {"self": link(url, title)},
    }


def _embedded(row: Any, links: Links, embed: Sequence[str]) -> dict[str, Any] | None:
    if not embed:
        return None
    found: dict[str, Any] = {}
    if "pacticipant" in embed:
        found["pacticipant"] = {
            "name": row.participant,
            "_links": {"self": link(links.participant(row.participant))},
        }
    if "version" in embed:
        found["version"] = {
            "number": row.version,
            "_links": {"self": link(links.version(row.participant, row.version), "Version", row.version)},
        }
    if "environment" in embed:
        found["environment"] = environment(
            SimpleNamespace(
                uuid=row.environment_uuid,
                name=row.environment,
                display_name=row.environment_display_name,
                production=row.production,
                contacts=row.environment_contacts,
                created_at=row.environment_created_at,
                updated_at=row.environment_updated_at,
            ),
            links,
        )
    return found
