"""Comparisons of contracts with the description of a provider version, and what the provider says of its description.

Static evidence: what a description allows, not what a provider does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.contracts import comparisons
from tallystick.broker.contracts import queries as contracts
from tallystick.broker.contracts.comparisons import Compared, Pair
from tallystick.broker.db import read
from tallystick.broker.errors import NotFound, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import queries, self_verification, users
from tallystick.broker.participants.queries import participant_named

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


@dataclass(frozen=True, slots=True)
class _Contract:
    """What is compared, and whose it is."""

    id: int
    sha: str
    consumer: str
    versions: tuple[str, ...]


@routes.get(
    "/pacts/provider/{provider}/consumer/{consumer}/pact-version/{sha}/comparison/provider-version/{version}",
    summary="A contract compared with the API description of a provider version",
    answers={200: _COMPARED, 404: {"error": "…"}},
)
def get_comparison(call: CallDep, provider: str, consumer: str, sha: str, version: str) -> Response:
    with read(call.engine) as connection:
        description = _description(connection, provider, version)
        pact = contracts.pact_with_sha(connection, consumer, provider, sha)
        if pact is None:
            raise NotFound(f"{consumer} has no contract {sha} with {provider}")
    contract = _Contract(pact.contract_id, sha, consumer, (pact.number,))
    for one in _compared(call, description.sha, [contract]):
        return hal.answer(_document(call, description, *one))
    raise NotFound()  # deleted meanwhile


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
    with read(call.engine) as connection:
        description = _description(connection, pacticipant, version)
        if consumer is not None and participant_named(connection, consumer) is None:
            raise UnknownParticipant(consumer, "consumer")
        if consumer is not None and number is not None:
            pact = contracts.pact_of_version(connection, consumer, pacticipant, number)
            if pact is None:
                raise NotFound(f"Version {number} of {consumer} has no contract with {pacticipant}")
            chosen = [_Contract(pact.contract_id, pact.sha, consumer, (number,))]
        else:
            chosen = _counted(connection, description.participant_id, consumer)
    found = _compared(call, description.sha, chosen)
    documents = [_document(call, description, *one) for one in found]
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
        row = _description(connection, pacticipant, version)
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


def _description(connection: Any, provider: str, number: str) -> Any:
    row = queries.description(connection, provider, number)
    if row is None:
        raise NotFound(
            f"No API description of version {number} of {provider}: publish one with `tallystick publish-description`"
        )
    return row


def _counted(connection: Any, provider_id: int, consumer: str | None) -> list[_Contract]:
    """The contracts that count, of one consumer or of all; equal ones of several versions once."""
    versions: dict[tuple[str, int], list[str]] = {}
    for known in users.consumers(queries.standings(connection, provider_id)):
        for one in known.versions:
            if consumer in (None, known.name):
                versions.setdefault((known.name, one.contract_id), []).append(one.number)
    shas = contracts.shas_of(connection, [id_ for _, id_ in versions])
    return [_Contract(id_, shas[id_], name, tuple(numbers)) for (name, id_), numbers in versions.items()]


def _compared(
    call: Call, sha: str, chosen: Sequence[_Contract]
) -> Iterable[tuple[_Contract, Compared, list[dict[str, str]]]]:
    """Each with its comparison, made first where that was not done yet."""
    pairs: list[Pair] = [(one.id, sha) for one in chosen]
    with read(call.engine) as connection:
        kept = comparisons.known(connection, (id_ for id_, _ in pairs), [sha])
    comparisons.make(call.engine, [pair for pair in pairs if pair not in kept])
    with read(call.engine) as connection:
        kept = comparisons.known(connection, (id_ for id_, _ in pairs), [sha])
        found = comparisons.findings(connection, pairs)
    return [(one, kept[pair], found[pair]) for one, pair in zip(chosen, pairs, strict=True) if pair in kept]


def _document(
    call: Call, description: Any, contract: _Contract, compared: Compared, found: list[dict[str, str]]
) -> dict[str, Any]:
    links, provider, number = call.links, description.participant, description.number
    return {
        "outcome": compared.outcome,
        "evidence": "static",
        "errors": compared.errors,
        "warnings": compared.warnings,
        "interactions": compared.interactions,
        "notCompared": compared.not_compared,
        "selfVerified": description.self_verified,
        "consumer": {"name": contract.consumer, "versions": list(contract.versions)},
        "provider": {"name": provider, "version": number},
        "findings": found,
        "_links": {
            "self": link(links.comparison(contract.consumer, provider, contract.sha, number), "Comparison"),
            "pb:pact-version": link(links.pact_content(contract.consumer, provider, contract.sha), "Contract"),
            "ts:description": link(links.description(provider, number), "API description"),
        },
    }
