"""Badges over HTTP. Whatever is missing gives a grey badge: a picture in a README must never be an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import matrix, queries
from tallystick.broker.deployability.badges import PACT_STATUS, STATIC_STATUS, Badge, not_found, pact_label
from tallystick.broker.deployability.latest import Latest, latest
from tallystick.broker.deployability.selectors import Destination, LatestBy, Question, Selector
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.media import SVG
from tallystick.broker.http.routing import Routes

routes = Routes("Badges")

_PICTURE: Final = {200: None}
_LABELS: Final = {
    "label": "consumer or provider: only that name",
    "initials": "true: first letters of the names' words",
}


def _answer(call: Call, badge: Badge, comment: str | None = None) -> Response:
    """The picture itself; or a redirect, where the operator named a service that draws badges."""
    cache = {"Cache-Control": call.settings.badge_default_cache_setting}
    if call.settings.shields_io_base_url:
        where = badge.redirect(call.settings.shields_io_base_url)
        return Response(status_code=307, headers={"Location": where, "Cache-Control": "no-cache"})
    return hal.raw(badge.svg(comment), media_type=SVG, headers=cache)


def _pact(
    call: Call,
    provider: str,
    consumer: str,
    choose: Callable[[Connection, tuple[int, int]], list[Latest]],
    suffixes: tuple[str, str] = ("", ""),
) -> Response:
    with read(call.engine) as connection:
        known = queries.participants_named(connection, [provider, consumer])
        found = []
        if provider in known and consumer in known:
            found = choose(connection, (known[consumer].id, known[provider].id))
    if not found:
        return _answer(call, Badge("pact not found", "unknown", "lightgrey"))
    left = pact_label(consumer, provider, call.query.get("label"), call.query.get("initials") == "true")
    if suffixes != ("", ""):
        left = pact_label(
            f"{consumer} ({suffixes[1]})", f"{provider} ({suffixes[0]})", call.query.get("label"), initials=False
        )
    newest = found[0]
    right, colour = PACT_STATUS[newest.status]
    by = newest.verified.provider_number if newest.verified else "never"
    return _answer(call, Badge(left, right, colour), f"consumer version: {newest.number}, provider version: {by}")


@routes.get(
    "/pacts/provider/{provider}/consumer/{consumer}/latest/badge",
    produces=(SVG,),
    summary="How the latest contract stands",
    query=_LABELS,
    answers=_PICTURE,
)
def get_pact_badge(call: CallDep, provider: str, consumer: str) -> Response:
    return _pact(call, provider, consumer, latest)


@routes.get(
    "/pacts/provider/{provider}/consumer/{consumer}/latest/{tag}/badge",
    produces=(SVG,),
    summary="How the latest contract with a tag stands",
    query=_LABELS,
    answers=_PICTURE,
)
def get_tagged_badge(call: CallDep, provider: str, consumer: str, tag: str) -> Response:
    return _pact(call, provider, consumer, lambda session, pair: latest(session, pair, scope="tag", tag=tag))


@routes.get(
    "/pacts/provider/{provider}/consumer/{consumer}/latest-untagged/badge",
    produces=(SVG,),
    summary="How the latest contract without tags stands",
    query=_LABELS,
    answers=_PICTURE,
)
def get_untagged_badge(call: CallDep, provider: str, consumer: str) -> Response:
    return _pact(call, provider, consumer, lambda session, pair: latest(session, pair, scope="untagged"))


@routes.get(
    "/matrix/provider/{provider}/latest/{provider_tag}/consumer/{consumer}/latest/{consumer_tag}/badge",
    produces=(SVG,),
    summary="How the newest tagged versions of two applications stand",
    query=_LABELS,
    answers=_PICTURE,
)
def get_matrix_badge(call: CallDep, provider: str, provider_tag: str, consumer: str, consumer_tag: str) -> Response:
    with read(call.engine) as connection:
        known = queries.participants_named(connection, [provider, consumer])
        if provider not in known or consumer not in known:
            return _answer(call, Badge("pact not found", "unknown", "lightgrey"))
    selectors = (Selector(consumer, latest=True, tag=consumer_tag), Selector(provider, latest=True, tag=provider_tag))
    answer = matrix.ask(call.engine, Question(selectors, latest_by="cvpv", limit=1))
    left = pact_label(
        f"{consumer} ({consumer_tag})", f"{provider} ({provider_tag})", call.query.get("label"), initials=False
    )
    if not answer.rows:
        return _answer(call, Badge("pact not found", "unknown", "lightgrey"))
    row = answer.rows[0][0]
    status = {True: "success", False: "failed", None: "never"}[row.success]
    return _answer(call, Badge(left, *(STATIC_STATUS if row.by_comparison else PACT_STATUS)[status]))


@routes.get(
    "/pacticipants/{name}/latest-version/{tag}/can-i-deploy/to/{to}/badge",
    produces=(SVG,),
    summary="May the newest version with a tag go where another tag stands for?",
    query={"label": "other words than can-i-deploy"},
    answers=_PICTURE,
)
def get_tag_badge(call: CallDep, name: str, tag: str, to: str) -> Response:
    selector = Selector(name, latest=True, tag=tag)
    destination = Destination(tag=to, latest=True)
    return _answer(call, _deployable(call, selector, destination, "version", tag, to))


@routes.get(
    "/pacticipants/{name}/branches/{branch}/latest-version/can-i-deploy/to-environment/{environment}/badge",
    produces=(SVG,),
    summary="May the head of a branch go to an environment?",
    query={"label": "other words than can-i-deploy"},
    answers=_PICTURE,
)
def get_branch_badge(call: CallDep, name: str, branch: str, environment: str) -> Response:
    selector = Selector(name, latest=True, branch=branch)
    destination = Destination(environment=environment)
    return _answer(call, _deployable(call, selector, destination, "branch", branch, environment))


def _deployable(
    call: Call, selector: Selector, destination: Destination, missing: str, source: str, target: str
) -> Badge:
    environment = destination.environment
    with read(call.engine) as connection:
        participant = queries.participants_named(connection, [selector.participant]).get(selector.participant)
        if participant is None:
            return not_found("pacticipant")
        if not queries.versions_of(connection, participant, selector, {}):
            return not_found(missing)
        if environment is not None and not queries.environments_named(connection, [environment]):
            return not_found("environment")
    by: LatestBy = "cvp" if environment is None else "cvpv"
    answer = matrix.ask(call.engine, Question((selector,), destination, by, limit=1))
    colour = "brightgreen" if answer.verdict.deployable else "red"
    badge = Badge(call.query.get("label") or "can-i-deploy", f"{source} to {target}", colour)
    return badge.static() if answer.case.static else badge


@routes.get(
    "/pacticipants/{name}/main-branch/can-i-merge/badge",
    produces=(SVG,),
    summary="Does the main branch fit the main branches of its partners?",
    answers=_PICTURE,
)
def get_merge_badge(call: CallDep, name: str) -> Response:
    selector = Selector(name, latest=True, main_branch=True)
    with read(call.engine) as connection:
        participant = queries.participants_named(connection, [name]).get(name)
        if participant is None:
            return _answer(call, not_found("pacticipant"))
        if not queries.versions_of(connection, participant, selector, {}):
            return _answer(call, not_found("main branch version"))
    answer = matrix.ask(call.engine, Question((selector,), Destination(latest=True, main_branch=True), "cvp", limit=1))
    right, colour = {True: ("success", "brightgreen"), False: ("failed", "red"), None: ("unknown", "lightgrey")}[
        answer.verdict.deployable
    ]
    badge = Badge("can-i-merge", right, colour)
    return _answer(call, badge.static() if answer.case.static else badge)
