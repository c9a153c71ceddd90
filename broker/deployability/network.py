"""Who is connected with whom: the group around an application, and all pairs, as CSV.

`connected` is pure: it widens from one application along the pairs.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, exists, select, true
from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import queries
from tallystick.broker.deployability.queries import INTEGRATION, PARTICIPANT, PUBLICATION
from tallystick.broker.errors import Invalid, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.media import CSV
from tallystick.broker.http.routing import Routes

routes = Routes("Network")


@dataclass(frozen=True, slots=True)
class Pair:
    """An integration."""

    consumer_id: int
    consumer: str
    provider_id: int
    provider: str


_CONSUMER = PARTICIPANT.alias("consumer")
_PROVIDER = PARTICIPANT.alias("provider")
_PAIRS = (
    select(INTEGRATION.c.consumer_id, _CONSUMER.c.name, INTEGRATION.c.provider_id, _PROVIDER.c.name)
    .select_from(INTEGRATION)
    .join(_CONSUMER, _CONSUMER.c.id == INTEGRATION.c.consumer_id)
    .join(_PROVIDER, _PROVIDER.c.id == INTEGRATION.c.provider_id)
    .order_by(_CONSUMER.c.name_lower, _CONSUMER.c.name, _PROVIDER.c.name_lower, _PROVIDER.c.name)
)
_PUBLISHED = _PAIRS.where(
    exists().where(
        PUBLICATION.c.consumer_id == INTEGRATION.c.consumer_id,
        PUBLICATION.c.provider_id == INTEGRATION.c.provider_id,
        PUBLICATION.c.is_current == true(),
    )
)


def pairs(connection: Connection, *, published: bool = False) -> list[Pair]:
    """Every integration, or those that have a contract now, by name. One statement."""
    return [Pair(*row) for row in connection.execute(_PUBLISHED if published else _PAIRS)]


def connected(all_pairs: Sequence[Pair], start: int, most: int | None = None) -> list[Pair]:
    """The pairs transitively connected with an application. Widening stops once `most` applications are in."""
    group, found = {start}, [False] * len(all_pairs)
    grew = True
    while grew and (most is None or len(group) < most):
        grew = False
        edge = frozenset(group)
        for position, pair in enumerate(all_pairs):
            if not found[position] and (pair.consumer_id in edge or pair.provider_id in edge):
                found[position] = grew = True
                group |= {pair.consumer_id, pair.provider_id}
    return [pair for position, pair in enumerate(all_pairs) if found[position]]


def rows(some: Sequence[Pair]) -> str:
    """`id,name,1,1,0,order,providers…`, a line per application in order of first appearance, padded with zeros."""
    names: dict[int, str] = {}
    providers: dict[int, list[int]] = {}
    for pair in some:
        names.setdefault(pair.consumer_id, pair.consumer)
        names.setdefault(pair.provider_id, pair.provider)
        providers.setdefault(pair.consumer_id, []).append(pair.provider_id)
    longest = max((len(ids) for ids in providers.values()), default=0)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for order, (id_, name) in enumerate(names.items(), 1):
        mine = providers.get(id_, [])
        writer.writerow([id_, name, 1, 1, 0, order, *mine, *[0] * (longest - len(mine))])
    return out.getvalue()


@routes.get(
    "/groups/{name}",
    produces=(CSV,),
    summary="Every application connected with this one",
    query={"maxPacticipants": "stop widening once so many applications were collected"},
    answers={200: None, 400: {"errors": {"maxPacticipants": ["…"]}}, 404: {"error": "…"}},
)
def get_group(call: CallDep, name: str) -> Response:
    most = call.query.get("maxPacticipants")
    if most is not None and not (most.isascii() and most.isdecimal() and int(most[:10]) > 0):
        raise Invalid({"maxPacticipants": ["must be greater than or equal to 1"]})
    with read(call.engine) as connection:
        participant = queries.participants_named(connection, [name]).get(name)
        if participant is None:
            raise UnknownParticipant(name)
        all_pairs = pairs(connection)
    group = connected(all_pairs, participant.id, int(most[:10]) if most else None)
    return hal.raw(rows(group), media_type=CSV)


@routes.get("/relationships", produces=(CSV,), summary="Every pair that has a contract", answers={200: None})
def get_relationships(call: CallDep) -> Response:
    with read(call.engine) as connection:
        return hal.raw(rows(pairs(connection, published=True)), media_type=CSV)
