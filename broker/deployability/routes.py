"""The matrix, and the question that every deployment asks. Routes translate; `matrix.answer` decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import matrix, queries, representation, waivers
from tallystick.broker.deployability.explanation import explain
from tallystick.broker.deployability.selectors import (
    Destination,
    Ignored,
    Pairs,
    Question,
    Selector,
    ignored_in,
    static_in,
)
from tallystick.broker.deployability.selectors import read as read_question
from tallystick.broker.errors import Invalid, NotFound, UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.media import HAL, TEXT
from tallystick.broker.http.routing import Routes

routes = Routes("Matrix and can-i-deploy")

EXAMPLE: Final[dict[str, Any]] = {
    "summary": {
        "deployable": None,
        "reason": "There is no verified pact between version 2.1 of Web and the version of Orders currently in "
        "production (7.0)",
        "success": 0,
        "failed": 0,
        "unknown": 1,
        "ts:verdict": "unknown",
        "ts:causes": [
            {
                "kind": "not-verified",
                "sentence": "Orders 7.0 has not verified the contract of Web 2.1.",
                "consumer": {"name": "Web", "version": "2.1"},
                "provider": {"name": "Orders", "version": None},
                "unblockedBy": {"pacticipant": "Orders", "role": "provider"},
                "nextCommand": "tallystick verify --provider Orders …",
                "live": [],
            }
        ],
    },
    "notices": [{"type": "error", "text": "There is no verified pact between …"}],
    "matrix": [],
}
QUERY: Final = {
    "latestby": "cvpv, cvp or cp: one row per group; without it every revision and result is a row",
    "environment": "destination: what is deployed or released there",
    "tag": "destination: versions with this tag",
    "latest": "true: destination: the latest version of each application",
    "mainBranch": "true: destination: the main branch of each application",
    "success[]": "keep rows by result: true, false or empty for unverified",
    "staticEvidence": "true: where a result is owed, the comparison of the contract with the provider version's API "
    "description may answer, labelled; false: not even where the provider said so once and for all",
    "limit": "print at most this many rows (100); the decision weighs all of them",
}


def pairs_of(call: Call) -> Pairs:
    return parse_qsl(call.request.scope["query_string"].decode("latin-1"), keep_blank_values=True)


def told(call: Call, question: Question) -> Response:
    """The answer in the representation asked for."""
    explanation = None
    with matrix.asked(call.engine, question) as (connection, answer):
        if call.media_type != TEXT:
            explanation = explain(connection, answer, call.links.base)
    waivers.note(call, answer)
    if explanation is None:
        return hal.raw(representation.text(answer), media_type=TEXT)
    return hal.answer(representation.document(answer, explanation, call.links))


@routes.get(
    "/matrix",
    produces=(HAL, TEXT),
    summary="Weigh versions against each other",
    query={
        "q[][pacticipant]": "a selector: the application; then q[][version], q[][latest], q[][tag], q[][branch], "
        "q[][mainBranch] or q[][environment]",
        "ignore[][pacticipant]": "a dependency that does not count; then ignore[][version]",
        **QUERY,
    },
    answers={200: EXAMPLE, 400: {"errors": ["Pacticipant Web not found"]}},
)
def get_matrix(call: CallDep) -> Response:
    return told(call, read_question(pairs_of(call)))


@routes.get(
    "/matrix/provider/{provider}/consumer/{consumer}",
    summary="All rows of one consumer and one provider",
    query=QUERY,
    answers={200: EXAMPLE, 400: {"errors": ["…"]}, 404: {"error": "No provider with name 'Orders' found"}},
)
def get_pair(call: CallDep, provider: str, consumer: str) -> Response:
    with read(call.engine) as connection:
        known = queries.participants_named(connection, [provider, consumer])
    for name, role in ((provider, "provider"), (consumer, "consumer")):
        if name not in known:
            raise UnknownParticipant(name, role)
    return told(call, read_question(pairs_of(call)).about(Selector(consumer), Selector(provider)))


@routes.get(
    "/can-i-deploy",
    produces=(HAL, TEXT),
    summary="May this version go to that environment?",
    query={
        "pacticipant": "the application",
        "version": "its version",
        "environment": "where it would go (or `to`)",
        "to": "a tag, where environments are not used",
        "ignore[]": "an application whose results do not count",
        "staticEvidence": QUERY["staticEvidence"],
    },
    answers={200: EXAMPLE, 400: {"errors": {"version": ["is missing"]}}},
)
def get_can_i_deploy(call: CallDep) -> Response:
    pairs = pairs_of(call)
    errors = _missing(call)
    static, mistake = static_in(pairs)
    if mistake:
        errors["staticEvidence"] = [mistake.removeprefix("staticEvidence ")]
    if not errors:
        with read(call.engine) as connection:
            errors = _unknown(
                call,
                queries.participants_named(connection, [call.query["pacticipant"]]),
                queries.environments_named(connection, filter(None, [call.query.get("environment")])),
            )
    if errors:
        raise Invalid(errors)
    selector = Selector(call.query["pacticipant"], call.query["version"])
    environment = call.query.get("environment")
    question = _question(selector, call.query.get("to"), environment, ignored_in(pairs))
    return told(call, replace(question, static=static))


def _question(
    selector: Selector, tag: str | None, environment: str | None, ignored: tuple[Ignored, ...] = ()
) -> Question:
    """One version against a destination: every version in an environment, or the latest of each with a tag."""
    if environment:
        return Question((selector,), Destination(environment=environment), "cvpv", ignored, limit=None)
    return Question((selector,), Destination(tag=tag, latest=True), "cvp", ignored, limit=None)


def _missing(call: Call) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    for name in ("pacticipant", "version"):
        if name not in call.query:
            errors[name] = ["is missing"]
        elif not call.query[name].strip():
            errors[name] = ["must be filled"]
    for name in ("to", "environment"):
        if name in call.query and not call.query[name].strip():
            errors[name] = ["must be filled"]
    return errors


def _unknown(call: Call, participants: Any, environments: Any) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if call.query["pacticipant"] not in participants:
        errors["pacticipant"] = ["does not match an existing pacticipant"]
    environment = call.query.get("environment")
    if environment is not None and environment not in environments:
        errors["environment"] = [f"with name '{environment}' does not exist"]
    if environment is not None and "to" in call.query:
        errors[""] = ["specify either 'to' or 'environment', not both"]
    if environment is None and "to" not in call.query:
        errors[""] = ["must specify either 'to' (a tag) or 'environment'"]
    return errors


def tag_to_tag(call: Call, name: str, tag: str, to: str) -> Question:
    """The newest version with a tag against the newest versions with another. 404 when nothing has the first."""
    selector = Selector(name, latest=True, tag=tag)
    _must_exist(call, selector)
    return _question(selector, to, None)


def branch_to_environment(call: Call, name: str, branch: str, environment: str) -> Question:
    """A branch's head against an environment. 404 when either is unknown."""
    selector = Selector(name, latest=True, branch=branch)
    _must_exist(call, selector, environment)
    return _question(selector, None, environment)


def _must_exist(call: Call, selector: Selector, environment: str | None = None) -> None:
    with read(call.engine) as connection:
        participant = queries.participants_named(connection, [selector.participant]).get(selector.participant)
        if participant is None:
            raise UnknownParticipant(selector.participant)
        if environment is not None and not queries.environments_named(connection, [environment]):
            raise NotFound()
        if not queries.versions_of(connection, participant, selector, {}):
            raise NotFound()


@routes.get(
    "/pacticipants/{name}/latest-version/{tag}/can-i-deploy/to/{to}",
    produces=(HAL, TEXT),
    summary="May the newest version with a tag go where another tag stands for?",
    answers={200: EXAMPLE, 404: {"error": "No pacticipant with name 'Web' found"}},
)
def get_tag_to_tag(call: CallDep, name: str, tag: str, to: str) -> Response:
    return told(call, tag_to_tag(call, name, tag, to))


@routes.get(
    "/pacticipants/{name}/branches/{branch}/latest-version/can-i-deploy/to-environment/{environment}",
    produces=(HAL, TEXT),
    summary="May the head of a branch go to an environment?",
    answers={200: EXAMPLE, 404: {"error": "No pacticipant with name 'Web' found"}},
)
def get_branch_to_environment(call: CallDep, name: str, branch: str, environment: str) -> Response:
    return told(call, branch_to_environment(call, name, branch, environment))
