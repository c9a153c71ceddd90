"""A contract's page: every interaction readable, who verified it, and what failed."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response

from tallystick.broker.contracts import queries as contract_queries
from tallystick.broker.db import read
from tallystick.broker.deployability import failures
from tallystick.broker.deployability import queries as matrix_queries
from tallystick.broker.deployability.advice import YOUR_VERSION, verify_command
from tallystick.broker.deployability.decorations import decorations
from tallystick.broker.errors import NotFound
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.web import queries
from tallystick.broker.web.contract_view import view
from tallystick.broker.web.rendering import for_people, known, page

routes = Routes("Pages")

PAIR = "/pacts/provider/{provider}/consumer/{consumer}"


@routes.page(f"{PAIR}/version/{{number}}")
@for_people
def of_version(call: CallDep, provider: str, consumer: str, number: str) -> Response:
    with read(call.engine) as connection:
        found = contract_queries.pact_of_version(connection, consumer, provider, number)
        return _shown(call, connection, provider, consumer, found)


@routes.page(f"{PAIR}/latest")
@for_people
def newest(call: CallDep, provider: str, consumer: str) -> Response:
    with read(call.engine) as connection:
        found = contract_queries.latest_pact(connection, consumer, provider)
        return _shown(call, connection, provider, consumer, found)


@routes.page(f"{PAIR}/latest/{{tag}}")
@for_people
def newest_tagged(call: CallDep, provider: str, consumer: str, tag: str) -> Response:
    with read(call.engine) as connection:
        found = contract_queries.latest_tagged_pact(connection, consumer, provider, tag)
        return _shown(call, connection, provider, consumer, found)


@routes.page(f"{PAIR}/latest-untagged")
@for_people
def newest_untagged(call: CallDep, provider: str, consumer: str) -> Response:
    with read(call.engine) as connection:
        found = contract_queries.latest_untagged_pact(connection, consumer, provider)
        return _shown(call, connection, provider, consumer, found)


@routes.page(f"{PAIR}/branch/{{branch}}/latest")
@for_people
def newest_on_branch(call: CallDep, provider: str, consumer: str, branch: str) -> Response:
    with read(call.engine) as connection:
        found = contract_queries.latest_pact_on_branch(connection, consumer, provider, branch)
        return _shown(call, connection, provider, consumer, found)


@routes.page(f"{PAIR}/pact-version/{{sha}}")
@for_people
def by_content(call: CallDep, provider: str, consumer: str, sha: str) -> Response:
    with read(call.engine) as connection:
        found = contract_queries.pact_with_sha(connection, consumer, provider, sha)
        return _shown(call, connection, provider, consumer, found)


@routes.page(f"{PAIR}/pact-version/{{sha}}/metadata/{{told}}")
@for_people
def by_content_told(call: CallDep, provider: str, consumer: str, sha: str, told: str) -> Response:
    return by_content(call, provider, consumer, sha)


def _shown(call: Call, connection: Connection, provider: str, consumer: str, pact: Any) -> Response:
    names = matrix_queries.participants_named(connection, [provider, consumer])
    known(names, provider, "provider")
    known(names, consumer, "consumer")
    if pact is None:
        raise NotFound("There is no such contract.")
    results = queries.results_of(connection, pact.contract_id, 20)
    told = decorations(connection, [pact.version_id, *(result.version_id for result in results)])
    failed = failures.failed_interactions(connection, [result.id for result in results if not result.success])
    broken: dict[str, list[tuple[queries.Result, failures.FailedInteraction]]] = {}
    for result in results:
        for interaction in failed.get(result.id, ()):
            if interaction.interaction_id:
                broken.setdefault(interaction.interaction_id, []).append((result, interaction))
    document = view(pact.content)
    context: dict[str, Any] = {
        "pact": pact,
        "document": document,
        "results": results,
        "decorations": told,
        "failed": failed,
        "broken": broken,
        "verify": verify_command(provider, YOUR_VERSION, call.links.base),
    }
    return page(call, "contract.html", **context)
