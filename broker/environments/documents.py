"""Environments as HAL documents."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from tallystick.broker.http.hal import present, times
from tallystick.broker.http.links import Links, link


def environment(row: Any, links: Links) -> dict[str, Any]:
    """One environment; `row` has the columns of the table."""
    own = links.environment(row.uuid)
    shown = row.display_name or row.name
    return present(
        {
            "uuid": row.uuid,
            "name": row.name,
            "displayName": row.display_name,
            "production": row.production,
            "contacts": json.loads(row.contacts) if row.contacts else None,
            **times(row.created_at, row.updated_at),
            "_links": {
                "self": link(own, "Environment", row.name),
                "pb:currently-deployed-deployed-versions": link(
                    f"{own}/deployed-versions/currently-deployed", f"Versions currently deployed to {shown} environment"
                ),
                "pb:currently-supported-released-versions": link(
                    f"{own}/released-versions/currently-supported",
                    f"Versions released and supported in {shown} environment",
                ),
                "pb:environments": link(links.environments(), "Environments"),
            },
        }
    )


def environments(rows: Sequence[Any], links: Links, url: str) -> dict[str, Any]:
    """The list."""
    return {
        "_embedded": {"environments": [environment(row, links) for row in rows]},
        "_links": {
            "self": link(url, "Environments"),
            "pb:environments": [link(links.environment(row.uuid), "Environment", row.name) for row in rows],
        },
    }
