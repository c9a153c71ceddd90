"""The can-i-deploy page and the matrix pages: one answer, shown."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import matrix, waivers
from tallystick.broker.deployability import queries as matrix_queries
from tallystick.broker.deployability.explanation import Explanation, explain
from tallystick.broker.deployability.matrix import Answer
from tallystick.broker.deployability.routes import branch_to_environment, pairs_of, tag_to_tag
from tallystick.broker.deployability.rows import Row
from tallystick.broker.deployability.selectors import Destination, Question, Selector, ignored_in, static_in
from tallystick.broker.deployability.selectors import read as read_question
from tallystick.broker.errors import InvalidQuery
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.web import queries
from tallystick.broker.web.rendering import for_people, known, page

routes = Routes("Pages")


@dataclass(frozen=True, slots=True)
class View:
    """An answer with what a page says about it; `hidden` rows were weighed and are not printed."""

    answer: Answer
    explanation: Explanation
    subject: str
    target: str
    url: str

    @property
    def hidden(self) -> int:
        case = self.answer.case
        return len(case.considered) + len(case.ignored_rows) - len(self.answer.rows)

    def unverified_by(self, row: Row) -> str:
        """Which versions of the row's provider were asked about, none of which has verified it."""
        there = [s for s in self.answer.case.selectors if s.participant_id == row.provider_id]
        numbers = ", ".join(s.number for s in there if s.number)
        if numbers:
            return f"not by {numbers}"
        return "no version there" if there and not any(s.exists for s in there) else "nobody yet"

    @property
    def summary(self) -> str:
        verdict = self.answer.verdict
        if verdict.word == "yes" and not verdict.success:
            return "Nothing stands in the way: no contract takes part."
        static = self.answer.case.static
        compared = sum(row.success is True for row in static)
        parts = [
            f"{count} {word}"
            for count, word in (
                (verdict.success - compared, "verified"),
                (compared, "compatible by static evidence only"),
                (verdict.failed - len(static) + compared, "failed"),
                (len(static) - compared, "incompatible by static evidence"),
                (verdict.unknown, "not verified"),
                (len(self.answer.case.ignored_rows), "ignored"),
            )
            if count
        ]
        return ", ".join(parts) if parts else "No contract could be weighed."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form holds."""

    pacticipant: str = ""
    version: str = ""
    environment: str = ""
    ignore: str = ""
    static: str = ""


def viewed(call: Call, question: Question) -> View:
    target = ""
    if question.destination is not None:
        there = question.destination
        target = there.environment or (f"tag {there.tag}" if there.tag else "")
    with matrix.asked(call.engine, question) as (connection, answer):
        explanation = explain(connection, answer, call.links.base)
    subject = " and ".join(
        f"{s.asked.participant} {s.number or s.asked.version or ''}".strip() for s in answer.case.specified[:4]
    )
    query = call.request.scope["query_string"].decode("latin-1")
    url = call.url + (f"?{query}" if query else "")
    return View(answer, explanation, subject, target, url)


@routes.page("/can-i-deploy")
@for_people
def can_i_deploy(call: CallDep) -> Response:
    asked = Asked(
        call.query.get("pacticipant", "").strip(),
        call.query.get("version", "").strip(),
        call.query.get("environment", "").strip(),
        call.query.get("ignore[]", "").strip(),
        call.query.get("staticEvidence", "").strip(),
    )
    errors: list[str] = []
    view = None
    with read(call.engine) as connection:
        environments, names = queries.environments(connection), queries.names(connection)
    if asked.pacticipant and (asked.environment or call.query.get("to")):
        selector = Selector(asked.pacticipant, asked.version or None, latest=not asked.version)
        ignored = tuple(entry for entry in ignored_in(pairs_of(call)) if entry.participant)
        question = Question((selector,), Destination(environment=asked.environment or None), "cvpv", ignored)
        if not asked.environment:
            question = Question((selector,), Destination(tag=call.query["to"], latest=True), "cvp", ignored)
        static, mistake = static_in(pairs_of(call))
        try:
            view = viewed(call, replace(question, static=static, mistakes=(mistake,) if mistake else ()))
        except InvalidQuery as wrong:
            errors += wrong.messages
    if view is not None:
        waivers.note(call, view.answer)
    context: dict[str, Any] = {
        "asked": asked,
        "environments": environments,
        "names": names,
        "errors": errors,
        "view": view,
    }
    return page(call, "can_i_deploy.html", here="can-i-deploy", **context)


@routes.page("/pacticipants/{name}/latest-version/{tag}/can-i-deploy/to/{to}")
@for_people
def tag_page(call: CallDep, name: str, tag: str, to: str) -> Response:
    return _fixed(call, name, tag_to_tag(call, name, tag, to))


@routes.page("/pacticipants/{name}/branches/{branch}/latest-version/can-i-deploy/to-environment/{environment}")
@for_people
def branch_page(call: CallDep, name: str, branch: str, environment: str) -> Response:
    return _fixed(call, name, branch_to_environment(call, name, branch, environment))


def _fixed(call: Call, name: str, question: Question) -> Response:
    view = viewed(call, question)
    with read(call.engine) as connection:
        environments, names = queries.environments(connection), queries.names(connection)
    environment = question.destination.environment if question.destination else None
    number = view.answer.case.specified[0].number if view.answer.case.specified else ""
    asked = Asked(name, number or "", environment or "")
    context: dict[str, Any] = {"asked": asked, "environments": environments, "names": names, "errors": [], "view": view}
    return page(call, "can_i_deploy.html", here="can-i-deploy", **context)


@routes.page("/matrix")
@for_people
def matrix_page(call: CallDep) -> Response:
    pairs = [(key, value) for key, value in pairs_of(call) if value.strip()]
    question = read_question(pairs)
    question = question.about(*(selector for selector in question.selectors if selector.participant))
    errors: list[str] = []
    view = None
    with read(call.engine) as connection:
        environments, names = queries.environments(connection), queries.names(connection)
    if question.selectors:
        try:
            view = viewed(call, question)
        except InvalidQuery as wrong:
            errors += wrong.messages
    return page(
        call,
        "matrix.html",
        here="matrix",
        pair=None,
        groups=[*question.selectors, *[Selector("")] * max(1, 2 - len(question.selectors))][:6],
        destination=question.destination or Destination(),
        latest_by=question.latest_by,
        limit=question.limit,
        static=question.static,
        environments=environments,
        names=names,
        errors=errors,
        view=view,
    )


@routes.page("/matrix/provider/{provider}/consumer/{consumer}")
@for_people
def pair_page(call: CallDep, provider: str, consumer: str) -> Response:
    with read(call.engine) as connection:
        names = matrix_queries.participants_named(connection, [provider, consumer])
        known(names, provider, "provider")
        known(names, consumer, "consumer")
    view = viewed(call, read_question(pairs_of(call)).about(Selector(consumer), Selector(provider)))
    return page(call, "matrix.html", here="matrix", pair=(consumer, provider), errors=[], view=view)
