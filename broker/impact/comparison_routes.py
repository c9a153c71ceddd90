"""Comparisons of contracts with the description of a provider version, and what the provider says of its description.

Static evidence: what a description allows, not what a provider does.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.errors import NotFound
from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import comparing, self_verification, users

routes: Final = Routes("the cost of change")

_OF_VERSION: Final = "/pacticipants/{pacticipant}/versions/{version}/description"
_COMPARED: Final[dict[str, Any]] = {
    "outcome": "incompatible",
    "evidence": "static",
    "errors": 1,
    "warnings": 0,
    "interactions": 3,
    "notCompared": 0,
    "selfVerified": None,
    "consumer": {"name": "web", "versions": ["1"]},
    "provider": {"name": "orders", "version": "7"},
    "findings": [
        {
            "code": "response.body.incompatible",
            "level": "error",
            "message": "must be string",
            "interaction": "an order",
            "contractLocation": "[root].interactions[0].response.body.total",
            "descriptionLocation": "[root].paths./orders/{id}.get.responses.200.content.application/json.schema",
        }
    ],
}


@routes.get(
    "/pacts/provider/{provider}/consumer/{consumer}/pact-version/{sha}/comparison/provider-version/{version}",
    summary="A contract compared with the API description of a provider version",
    answers={200: _COMPARED, 404: {"error": "…"}},
)
def get_comparison(call: CallDep, provider: str, consumer: str, sha: str, version: str) -> Response:
    found = comparing.of_content(call.engine, provider, version, consumer, sha)
    return hal.answer(found.document(call.links))


@routes.get(
    _OF_VERSION + "/comparisons",
    summary="Contracts compared with the API description of a version",
    query={
        "consumer": "of this consumer; with consumerVersion any contract of it, else those that count",
        "consumerVersion": "of this version of the consumer",
    },
    answers={200: {"outcome": "incompatible", "_embedded": {"comparisons": [_COMPARED]}}, 404: {"error": "…"}},
)
def list_comparisons(call: CallDep, pacticipant: str, version: str) -> Response:
    consumer, number = call.query.get("consumer"), call.query.get("consumerVersion")
    found = comparing.of_version(call.engine, pacticipant, version, consumer, number)
    documents = [one.document(call.links) for one in found]
    outcomes = {one["outcome"] for one in documents}
    url = f"{call.links.description(pacticipant, version)}/comparisons"
    return hal.answer(
        {
            "outcome": next((o for o in ("incompatible", "incomplete", "compatible") if o in outcomes), None),
            "evidence": "static",
            "counted": users.COUNTED,
            "_embedded": {"comparisons": documents},
            "_links": {
                "self": link(call.url if call.query else url, f"Contracts compared with {pacticipant} {version}"),
                "ts:description": link(call.links.description(pacticipant, version), "API description"),
            },
        }
    )


@routes.get(
    _OF_VERSION + "/self-verification",
    summary="What the provider says of its own check of its API description",
    answers={200: {"success": True, "verifier": "schemathesis", "content": "YWxsIG9r"}, 404: {"error": "…"}},
)
def get_self_verification(call: CallDep, pacticipant: str, version: str) -> Response:
    with read(call.engine) as connection:
        row = comparing.described(connection, pacticipant, version)
    if row.self_verified is None:
        raise NotFound(f"{pacticipant} {version} published its API description without a check of its own")
    own = call.links.description(pacticipant, version)
    return hal.answer(
        {
            **self_verification.document(row),
            "_links": {
                "self": link(f"{own}/self-verification", "Self verification"),
                "ts:description": link(own, "API description"),
            },
        }
    )
