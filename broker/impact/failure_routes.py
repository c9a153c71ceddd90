"""Verdicts with a past: since which versions an interaction fails, and until when it did."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.errors import UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import queries
from tallystick.broker.participants.queries import participant_named

routes: Final = Routes("the cost of change")

_LINE: Final[dict[str, Any]] = {
    "consumer": "web",
    "interaction": "an order",
    "providerBranch": "main",
    "sinceProviderVersion": "8",
    "since": "2024-05-01T10:00:00+00:00",
    "sinceConsumerVersion": "1",
}


@routes.get("/pacticipants/{provider}/failures", answer={"failures": [_LINE]},
            summary="Since which versions interactions with a provider fail, newest first, at most 1000",
            query={"consumer": "only this consumer", "ended": "true: those that are over too"})  # fmt: skip
def failures(call: CallDep, provider: str) -> Response:
    ended = call.query.get("ended") == "true"
    with read(call.engine) as connection:
        owner = participant_named(connection, provider)
        if owner is None:
            raise UnknownParticipant(provider, "provider")
        rows = queries.failures(connection, provider, call.query.get("consumer"), ended=ended)
        shas = {row.interaction_sha for row in rows if row.interaction_sha}
        first = queries.first_with(connection, owner.id, shas)
        names = queries.names_of(connection, {row.consumer_id for row in first})
    # The rows come oldest first: the first version of each consumer that had the interaction.
    since: dict[tuple[str, str], str] = {}
    for row in first:
        since.setdefault((names[row.consumer_id], row.interaction_sha), row.number)
    shown = [
        hal.present(
            {
                "consumer": row.consumer,
                "interaction": row.description or None,
                "providerBranch": row.branch or None,
                "sinceProviderVersion": row.since_version,
                "since": hal.moment(row.since_at),
                "sinceConsumerVersion": since.get((row.consumer, row.interaction_sha)),
                "untilProviderVersion": row.until_version,
                "until": hal.moment(row.until_at) if row.until_at else None,
            }
        )
        for row in rows
    ]
    links = {"self": link(call.url, f"Failures of {provider}"), "pb:provider": link(call.links.participant(provider))}
    return hal.answer({"provider": {"name": provider}, "failures": shown, "_links": links})
