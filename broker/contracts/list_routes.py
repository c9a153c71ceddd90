"""Routes that list contracts: of a pair, of a provider, of all; and what states a provider is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.orm import Session
from starlette.responses import Response

from tallystick.broker import db
from tallystick.broker.contracts import documents, queries, service
from tallystick.broker.contracts.pact_routes import PAIR, deleted
from tallystick.broker.contracts.states import provider_states
from tallystick.broker.environments.queries import environment_named
from tallystick.broker.errors import NotFound, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.participants.queries import participants_named

routes = Routes("contract lists")


# --- of a pair ----------------------------------------------------------------------------------------------------


def _known(database: Connection | Session, consumer: str, provider: str) -> tuple[Any, Any]:
    found = participants_named(database, [consumer, provider])
    for name, role in ((consumer, "consumer"), (provider, "provider")):
        if name not in found:
            raise UnknownParticipant(name, role)
    return found[consumer], found[provider]


def _listed(call: Call, consumer: str, provider: str, **wanted: Any) -> Response:
    with db.read(call.engine) as connection:
        _known(connection, consumer, provider)
        pacts = queries.pair_pacts(connection, consumer, provider, **wanted)
    tagged = wanted.get("tag") is not None
    return hal.answer(documents.pair_list(pacts, consumer, provider, call.links, call.url, tag=tagged))


def _removed(call: Call, consumer: str, provider: str, **wanted: Any) -> Response:
    with db.write(call.engine) as session:
        consumer_row, provider_row = _known(session, consumer, provider)
        pacts = queries.pair_pacts(session, consumer, provider, **wanted)
        gone = [pact.version_id for pact in pacts]
        service.remove_publications(session, consumer_row.id, gone, provider_row.id)
        return deleted(call, session, consumer, provider)


@routes.get(f"{PAIR}/versions", summary="All contracts of a pair, newest first")
def list_pair(call: CallDep, provider: str, consumer: str) -> Response:
    return _listed(call, consumer, provider)


@routes.delete(f"{PAIR}/versions", answers={204: None}, summary="Delete all contracts of a pair")
def delete_pair(call: CallDep, provider: str, consumer: str) -> Response:
    _removed(call, consumer, provider)
    return hal.nothing()


@routes.get(f"{PAIR}/tag/{{tag}}", summary="The contracts of a pair whose versions carry a tag")
def list_tagged(call: CallDep, provider: str, consumer: str, tag: str) -> Response:
    return _listed(call, consumer, provider, tag=tag)


@routes.delete(f"{PAIR}/tag/{{tag}}", answers={200: None}, summary="Delete the contracts with a tag")
def delete_tagged(call: CallDep, provider: str, consumer: str, tag: str) -> Response:
    return _removed(call, consumer, provider, tag=tag)


@routes.get(f"{PAIR}/branch/versions", summary="The contracts of a pair on the consumer's main branch")
def list_main_branch(call: CallDep, provider: str, consumer: str) -> Response:
    return _listed(call, consumer, provider, main_branch=True)


@routes.delete(f"{PAIR}/branch/versions", answers={200: None}, summary="Delete the contracts on the main branch")
def delete_main_branch(call: CallDep, provider: str, consumer: str) -> Response:
    return _removed(call, consumer, provider, main_branch=True)


@routes.get(f"{PAIR}/branch/latest/versions", summary="The contract at the head of the consumer's main branch")
def list_main_head(call: CallDep, provider: str, consumer: str) -> Response:
    return _listed(call, consumer, provider, main_branch=True, heads=True)


@routes.delete(f"{PAIR}/branch/latest/versions", answers={200: None}, summary="Delete the contracts on the main branch")
def delete_main_head(call: CallDep, provider: str, consumer: str) -> Response:
    return _removed(call, consumer, provider, main_branch=True)


@routes.get(f"{PAIR}/branch/{{branch}}", summary="The contracts of a pair on a branch")
def list_branch(call: CallDep, provider: str, consumer: str, branch: str) -> Response:
    return _listed(call, consumer, provider, branch=branch)


@routes.delete(f"{PAIR}/branch/{{branch}}", answers={200: None}, summary="Delete the contracts on a branch")
def delete_branch(call: CallDep, provider: str, consumer: str, branch: str) -> Response:
    return _removed(call, consumer, provider, branch=branch)


@routes.get(f"{PAIR}/branch/{{branch}}/latest/versions", summary="The contract at the head of a branch")
def list_branch_head(call: CallDep, provider: str, consumer: str, branch: str) -> Response:
    return _listed(call, consumer, provider, branch=branch, heads=True)


@routes.delete(f"{PAIR}/branch/{{branch}}/latest/versions", answers={200: None}, summary="Delete a branch's contracts")
def delete_branch_head(call: CallDep, provider: str, consumer: str, branch: str) -> Response:
    return _removed(call, consumer, provider, branch=branch)


# --- of a provider ------------------------------------------------------------------------------------------------

PROVIDER = "/pacts/provider/{provider}"


def _of_provider(call: Call, provider: str, title: str, ask: Callable[[Connection, int], Sequence[Any]]) -> Response:
    with db.read(call.engine) as connection:
        row = participants_named(connection, [provider]).get(provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        pacts = ask(connection, row.id)
    return hal.answer(documents.provider_list(pacts, provider, call.links, call.url, title))


@routes.get(PROVIDER, summary="All contracts of a provider")
def list_provider(call: CallDep, provider: str) -> Response:
    return _of_provider(call, provider, f"All pact versions for the provider {provider}", queries.provider_pacts)


@routes.get(f"{PROVIDER}/tag/{{tag}}", summary="All contracts of a provider whose versions carry a tag")
def list_provider_tagged(call: CallDep, provider: str, tag: str) -> Response:
    title = f"All pact versions for the provider {provider} with consumer version tag '{tag}'"
    return _of_provider(call, provider, title, lambda db, own: queries.provider_pacts(db, own, tag=tag))


@routes.get(f"{PROVIDER}/latest", summary="The latest contract of each consumer")
def list_provider_latest(call: CallDep, provider: str) -> Response:
    title = f"Latest pact versions for the provider {provider}"
    return _of_provider(call, provider, title, queries.latest_provider_pacts)


@routes.get(f"{PROVIDER}/latest/{{tag}}", summary="The latest contract of each consumer under a tag")
def list_provider_latest_tagged(call: CallDep, provider: str, tag: str) -> Response:
    title = f"Latest pact versions for the provider {provider} with consumer version tag '{tag}'"
    return _of_provider(call, provider, title, lambda db, own: queries.latest_provider_pacts(db, own, tag=tag))


@routes.get(f"{PROVIDER}/branch", summary="All contracts of a provider from consumers' main branches")
def list_provider_main(call: CallDep, provider: str) -> Response:
    title = f"All pact versions for the provider {provider} from the main branches of consumers"
    return _of_provider(call, provider, title, lambda db, own: queries.provider_pacts(db, own, main_branch=True))


@routes.get(f"{PROVIDER}/branch/latest", summary="The contracts at the heads of consumers' main branches")
def list_provider_main_heads(call: CallDep, provider: str) -> Response:
    title = f"Latest pact versions for the provider {provider} from the main branches of consumers"
    return _of_provider(call, provider, title, lambda db, own: queries.head_provider_pacts(db, own, None))


@routes.get(f"{PROVIDER}/branch/{{branch}}", summary="All contracts of a provider from a branch")
def list_provider_branch(call: CallDep, provider: str, branch: str) -> Response:
    title = f"All pact versions for the provider {provider} from consumer branch '{branch}'"
    return _of_provider(call, provider, title, lambda db, own: queries.provider_pacts(db, own, branch=branch))


@routes.get(f"{PROVIDER}/branch/{{branch}}/latest", summary="The contracts at the heads of a branch")
def list_provider_branch_heads(call: CallDep, provider: str, branch: str) -> Response:
    title = f"Latest pact versions for the provider {provider} from consumer branch '{branch}'"
    return _of_provider(call, provider, title, lambda db, own: queries.head_provider_pacts(db, own, branch))


@routes.get("/pacts/latest", summary="The latest contract of every pair")
def list_latest(call: CallDep) -> Response:
    with db.read(call.engine) as connection:
        pacts = queries.latest_pacts(connection)
    return hal.answer(documents.latest_list(pacts, call.links, call.url))


# --- provider states ----------------------------------------------------------------------------------------------


def _states(call: Call, provider: str, ask: Callable[[Connection, int], Sequence[Any]]) -> Response:
    with db.read(call.engine) as connection:
        row = participants_named(connection, [provider]).get(provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        return hal.answer({"providerStates": provider_states(ask(connection, row.id))})


@routes.get(f"{PROVIDER}/provider-states", summary="The states that contracts of main branches ask of a provider")
def states_of_main(call: CallDep, provider: str) -> Response:
    return _states(call, provider, lambda db, own: queries.head_contents(db, own, None))


@routes.get(f"{PROVIDER}/provider-states/branch/{{branch}}", summary="The states that contracts of a branch ask for")
def states_of_branch(call: CallDep, provider: str, branch: str) -> Response:
    return _states(call, provider, lambda db, own: queries.head_contents(db, own, branch))


@routes.get(f"{PROVIDER}/provider-states/environment/{{environment}}", summary="The states that live consumers ask for")
def states_in_environment(call: CallDep, provider: str, environment: str) -> Response:
    def ask(connection: Connection, own: int) -> Sequence[Any]:
        row = environment_named(connection, environment)
        if row is None:
            raise NotFound()
        return queries.live_contents(connection, own, row.id)

    return _states(call, provider, ask)
