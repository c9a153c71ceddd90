"""An application's page: where it is live, whom it relies on and who relies on it, its branches and versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import queries as matrix_queries
from tallystick.broker.deployability.decision import Live
from tallystick.broker.deployability.decorations import Decoration, decorations
from tallystick.broker.deployability.latest import Latest, heads, latest
from tallystick.broker.errors import UnknownParticipant
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.web import queries
from tallystick.broker.web.rendering import for_people, known, page

routes = Routes("Pages")

MOST: Final = 20
"""So many branches and versions; the API has them all."""


@dataclass(frozen=True, slots=True)
class View:
    participant: queries.Participant
    labels: Sequence[str]
    live: Sequence[Live]
    environments: Sequence[queries.Environment]
    providers: Sequence[Latest]
    consumers: Sequence[Latest]
    heads: Sequence[queries.Head]
    versions: Sequence[queries.Version]
    decorations: Mapping[int, Decoration]


@routes.page("/pacticipants/{name}")
@for_people
def participant(call: CallDep, name: str) -> Response:
    with read(call.engine) as connection:
        found = queries.participant(connection, name)
        if found is None:
            raise UnknownParticipant(name)
        pairs = sorted(latest(connection, participant=found.id), key=lambda item: item.activity, reverse=True)
        branch_heads = queries.heads(connection, found.id, MOST)
        versions = queries.newest_versions(connection, found.id, MOST)
        ids = [version.id for version in versions]
        ids += [head.version_id for head in branch_heads]
        ids += [item.version_id for item in pairs]
        view = View(
            found,
            queries.labels(connection, found.id),
            matrix_queries.live_of(connection, found.id),
            queries.environments(connection),
            [item for item in pairs if item.consumer_id == found.id],
            [item for item in pairs if item.provider_id == found.id],
            branch_heads,
            versions,
            decorations(connection, ids),
        )
    return page(call, "participant.html", view=view, participant=found)


@routes.page("/dashboard/provider/{provider}/consumer/{consumer}")
@for_people
def pair(call: CallDep, provider: str, consumer: str) -> Response:
    with read(call.engine) as connection:
        names = matrix_queries.participants_named(connection, [provider, consumer])
        ids = (known(names, consumer, "consumer").id, known(names, provider, "provider").id)
        items = heads(connection, ids)
        history = queries.publications(connection, *ids, 50)
        versions = [item.version_id for item in items] + [each.version_id for each in history]
        told = decorations(connection, versions)
    context: dict[str, Any] = {
        "consumer": consumer,
        "provider": provider,
        "items": items,
        "history": history,
        "decorations": told,
    }
    return page(call, "pair.html", **context)
