"""Verdicts with a past: since which versions an interaction fails, until when it did, and which change broke it."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.errors import UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import failure_queries
from tallystick.broker.participants.queries import participant_named
from tallystick.broker.verifications import documents, past

routes: Final = Routes("the cost of change")

_LINE: Final[dict[str, Any]] = {
    "consumer": "web",
    "interaction": "an order",
    "providerBranch": "main",
    "sinceProviderVersion": "8",
    "since": "2024-05-01T10:00:00+00:00",
    "sinceConsumerVersion": "1",
    "buildUrl": "https://ci.example.org/8",
    "lastFailed": {"providerVersion": "9", "at": "2024-05-02T10:00:00+00:00"},
    "lastPassed": {"providerVersion": "7", "at": "2024-04-30T10:00:00+00:00", "branch": "main"},
    "firstChange": {
        "kind": "provider",
        "sentence": "orders 8 broke it: it passed with 7.",
        "provider": {"version": "8", "after": {"version": "7", "branch": "main"}},
    },
    "askedFor": True,
}


@routes.get("/pacticipants/{provider}/failures", answer={"verified": True, "failures": [_LINE]},
            summary="Since which versions interactions with a provider fail, newest first, at most 1000",
            query={"consumer": "only this consumer",
                   "ended": "true: those too that are over, or that no version asks for any more"})  # fmt: skip
def failures(call: CallDep, provider: str) -> Response:
    ended = call.query.get("ended") == "true"
    with read(call.engine) as connection:
        owner = participant_named(connection, provider)
        if owner is None:
            raise UnknownParticipant(provider, "provider")
        rows = failure_queries.failures(connection, owner.id, provider, call.query.get("consumer"), ended=ended)
        verified = bool(rows) or failure_queries.was_verified(connection, owner.id)
    links = {"self": link(call.url, f"Failures of {provider}"), "pb:provider": link(call.links.participant(provider))}
    shown = [_shown(past.read(row), row.asked, owner.repository_url) for row in rows]
    return hal.answer({"provider": {"name": provider}, "verified": verified, "failures": shown, "_links": links})


def _shown(told: past.Past, asked: bool, repository_url: str | None) -> dict[str, Any]:
    interval, document = told.interval, documents.past(told, repository_url)
    return hal.present(
        {
            "consumer": told.consumer,
            "interaction": told.description or None,
            "providerBranch": told.branch or None,
            "sinceProviderVersion": interval.since.version,
            "since": hal.moment(interval.since.at),
            "sinceConsumerVersion": told.consumer_version,
            "buildUrl": document["failingSince"]["buildUrl"],
            "commitUrl": document["failingSince"]["commitUrl"],
            "lastFailed": {"providerVersion": interval.failed.version, "at": hal.moment(interval.failed.at)},
            "untilProviderVersion": interval.until.version if interval.until else None,
            "until": hal.moment(interval.until.at) if interval.until else None,
            "lastPassed": document["lastPassed"],
            "firstChange": document["firstChange"],
            "askedFor": bool(asked),
        }
    )
