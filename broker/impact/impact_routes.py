"""`/pacticipants/{provider}/impact`: what a change would break. Nothing is published by asking."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import questions, users

routes: Final = Routes("the cost of change")

_BODY: Final[dict[str, Any]] = {"edits": ["remove 'GET /orders/{id} 200 $.total'"]}
_ANSWER: Final[dict[str, Any]] = {
    "verdict": "breaks", "strength": "C", "consumers": [], "untouched": [], "cost": {"points": 0, "parts": []},
}  # fmt: skip


@routes.get("/pacticipants/{provider}/impact",
            query={
                "edit": "such as `remove 'GET /orders/{id} 200 $.total'`; may be repeated",
                "providerVersion": "a version of the provider: what its published results say",
            },
            answer=_ANSWER,
            summary="What edits, or a version with results, would break; without either who is asked")  # fmt: skip
def impact_of(call: CallDep, provider: str) -> Response:
    question = questions.of_query(call.query)
    with read(call.engine) as connection:
        if question.empty:
            return hal.answer(_counted(call, provider, questions.counted(connection, provider)))
        document = questions.answered(connection, provider, question)
    return hal.answer({**document, "_links": _links(call, provider, question)})


@routes.post("/pacticipants/{provider}/impact", body=_BODY, answer=_ANSWER,
             summary="What edits, a changed API description, or a build would break; nothing is kept")  # fmt: skip
def impact(call: CallDep, provider: str) -> Response:
    question = questions.of_body(call.json())
    with read(call.engine) as connection:
        document = questions.answered(connection, provider, question)
    return hal.answer({**document, "_links": _links(call, provider, question)})


def _links(call: Call, provider: str, question: questions.Question | None = None) -> dict[str, Any]:
    title = f"What a change of {provider} would break"
    asked: list[tuple[str, str]] = []
    if question is not None:
        asked = [("edit", str(one)) for one in question.edits]
        asked += [("providerVersion", question.version)] if question.version else []
    # A description or a replay that was sent is nowhere to be asked for again.
    again = asked and question is not None and question.changed is None and question.replay is None
    return {
        "self": link(call.url, title),
        **({"ts:question": link(f"{call.url}?{urlencode(asked)}", f"{title}: page and API")} if again else {}),
        "pb:provider": link(call.links.participant(provider), "Provider", provider),
        "ts:plans": link(f"{call.links.base}/plans", "Planned changes"),
    }


def _counted(call: Call, provider: str, contracts: list[tuple[str, str, list[users.Version]]]) -> dict[str, Any]:
    """The contracts that a change is asked of: what a build is replayed against before it is asked here."""
    return {
        "provider": {"name": provider},
        "counted": users.COUNTED,
        "_embedded": {
            "contracts": [
                {
                    "consumer": consumer,
                    "contractSha": sha,
                    "versions": [
                        {"number": one.number, "live": one.live, "standings": [users.shown(s) for s in one.standings]}
                        for one in versions
                    ],
                    "_links": {
                        "self": link(
                            call.links.pact_content(consumer, provider, sha),
                            f"The contract of {consumer} {versions[-1].number} with {provider}",
                        )
                    },
                }
                for consumer, sha, versions in contracts
            ]
        },
        "_links": _links(call, provider),
    }
