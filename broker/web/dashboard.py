"""The first page: how every integration stands, and whether what is live fits together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import queries as matrix_queries
from tallystick.broker.deployability.decision import Live
from tallystick.broker.deployability.decorations import Decoration, decorations
from tallystick.broker.deployability.latest import Latest, latest
from tallystick.broker.deployability.row_queries import Wanted, rows_between
from tallystick.broker.deployability.rows import Row, newest_per_group
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.web import queries
from tallystick.broker.web.rendering import for_people, page

routes = Routes("Pages")

PAGE_SIZE: Final = 50
GATES: Final = 10
"""So many plans with an open gate; the page of plans has them all."""
_GROUPS: Final = {
    "success": "success",
    "failed": "failed",
    "failed_pending": "failed",
    "stale": "owed",
    "never": "owed",
}
_URGENCY: Final = {"failed": 0, "owed": 1, "success": 2}


@dataclass(frozen=True, slots=True)
class Counts:
    success: int
    failed: int
    owed: int


@dataclass(frozen=True, slots=True)
class Place:
    """An environment: what is live there, and the pairs of live versions that do not fit or were never tried."""

    name: str
    title: str
    production: bool
    live: Sequence[Live]
    pairs: int
    failed: Sequence[Row]
    unverified: Sequence[Row]


@dataclass(frozen=True, slots=True)
class View:
    search: str
    status: str
    participants: int
    integrations: int
    counts: Counts
    environments: Sequence[Place]
    live: Sequence[Live]
    items: Sequence[Latest]
    decorations: Mapping[int, Decoration]
    plans: int
    gates: Sequence[queries.OpenPlan]
    page: int
    pages: int


@routes.page("/", "/ui/relationships")
@for_people
def dashboard(call: CallDep) -> Response:
    search, status = call.query.get("search", "").strip(), call.query.get("status", "")
    asked = call.page(always=True, size=PAGE_SIZE)
    assert asked is not None
    with read(call.engine) as connection:
        every = latest(connection)
        groups = [_GROUPS[item.status] for item in every]
        wanted = search.lower()
        matching = [
            item
            for item in every
            if (wanted in item.consumer.lower() or wanted in item.provider.lower())
            and status in ("", _GROUPS[item.status])
        ]
        # What needs someone comes first, then the newest.
        matching.sort(key=lambda item: (_URGENCY[_GROUPS[item.status]], -item.activity.timestamp()))
        shown = matching[asked.offset : asked.offset + asked.size]
        places = [place(connection, each) for each in queries.environments(connection)]
        view = View(
            search,
            status,
            queries.count_participants(connection),
            len(every),
            Counts(groups.count("success"), groups.count("failed"), groups.count("owed")),
            places,
            [live for each in places for live in each.live],
            shown,
            decorations(
                connection,
                [item.version_id for item in shown]
                + [item.verified.provider_version_id for item in shown if item.verified],
            ),
            queries.count_open_plans(connection),
            queries.open_gates(connection, GATES),
            asked.number,
            max(1, -(-len(matching) // asked.size)),
        )
    return page(call, "dashboard.html", here="dashboard", view=view)


def place(connection: Connection, environment: queries.Environment) -> Place:
    """What is live in an environment, and every contract between live versions. Two statements."""
    live = matrix_queries.live_in(connection, environment.id)
    participants = sorted({each.participant_id for each in live})
    versions = Wanted(tuple(sorted({each.version_id for each in live})))
    rows = rows_between(connection, versions, participants, participants, everything=False)
    rows = newest_per_group(rows, "cvpv")
    return Place(
        environment.name,
        environment.title,
        environment.production,
        live,
        len(rows),
        [row for row in rows if row.success is False],
        [row for row in rows if row.success is None],
    )
