"""What a change would break, as a page: edits by address, a changed description by form. Nothing is kept."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import RedirectResponse, Response

from tallystick.broker.db import read
from tallystick.broker.errors import Invalid, NotFound, UnknownParticipant, Unprocessable
from tallystick.broker.http import forms
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import places, queries, questions, result_queries, users, who_needs
from tallystick.broker.participants.queries import participant_named
from tallystick.broker.web import impact_view
from tallystick.broker.web.rendering import for_people, page
from tallystick.contract.openapi.edits import EditInvalid, parse_edit

routes = Routes("Pages")

SUGGESTED: Final = 200
"""Operations and places that the form offers to choose from."""
ASKED_FOR_PLACES: Final = 20  # contracts, and fewer operations, whose places are suggested


@dataclass(frozen=True, slots=True)
class Form:
    """What the form holds."""

    edits: Sequence[str] = ()
    version: str = ""
    kind: str = "remove"
    target: str = ""
    to: str = ""
    text: str = ""
    """A description that was pasted, or the file that was sent."""
    before: str = ""
    errors: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Offers:
    """What there is to ask about."""

    operations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    targets: Sequence[str] = ()
    examples: Sequence[str] = ()
    versions: Sequence[str] = ()
    described: bool = False
    consumers: int = 0


@routes.page("/pacticipants/{provider}/impact")
@for_people
def impact(call: CallDep, provider: str) -> Response:
    sent = call.query.getlist("edit")
    version, kind, target, to = (call.query.get(key, "").strip() for key in ("providerVersion", "kind", "target", "to"))
    form = Form(impact_view.edits_in(sent), version, kind or "remove", target, to)
    if form.target or list(form.edits) != sent:
        added = [impact_view.written(form.kind, form.target, form.to)] if form.target else []
        try:
            asked = [("edit", str(parse_edit(one))) for one in added]
        except EditInvalid as wrong:
            form = replace(form, errors=(str(wrong),))
        else:
            # What fields were typed into becomes an address that can be passed on.
            asked = [("edit", one) for one in form.edits] + asked
            asked += [("providerVersion", form.version)] if form.version else []
            return RedirectResponse(f"{call.url}?{urlencode(asked)}" if asked else call.url, 303)
    body: dict[str, Any] = {}
    if form.edits:
        body["edits"] = list(form.edits)
    if form.version:
        body["providerVersion"] = form.version
    return _shown(call, provider, form, body)


@routes.question("/pacticipants/{provider}/impact")
@for_people
def of_description(call: CallDep, provider: str) -> Response:
    fields = forms.read(call.request.headers.get("content-type", ""), call.body)
    new, old = _described(fields, "description"), _described(fields, "from")
    form = Form(version=_first(fields, "providerVersion").strip(), text=new, before=old)
    if not new.strip():
        errors = ("description: is missing: choose a file, or paste an OpenAPI document",)
        return _shown(call, provider, replace(form, errors=errors), {})
    body = {"description": new, **({"from": old} if old.strip() else {})}
    if form.version:
        body["providerVersion"] = form.version
    return _shown(call, provider, form, body)


def _first(fields: Mapping[str, Sequence[bytes]], name: str) -> str:
    return next((text.decode("utf-8", "replace") for text in fields.get(name, ()) if text.strip()), "")


def _described(fields: Mapping[str, Sequence[bytes]], name: str) -> str:
    """A description by file or by paste: whichever is there."""
    return _first(fields, f"{name}-file") or _first(fields, name)


def _shown(call: Call, provider: str, form: Form, body: Mapping[str, Any]) -> Response:
    """The form, and the answer where something is asked that can be answered."""
    document: dict[str, Any] | None = None
    errors, status = list(form.errors), 200
    with read(call.engine) as connection:
        row = participant_named(connection, provider)
        if row is None:
            raise UnknownParticipant(provider, "provider")
        try:
            question = questions.of_body(body) if body and not errors else questions.Question()
            if not question.empty:
                document = questions.answered(connection, provider, question)
        except (Invalid, Unprocessable) as wrong:
            errors += [f"{name}: {said}" for name, some in wrong.errors.items() for said in some]
        except NotFound as missing:
            errors, status = [*errors, str(missing)], 404
        offers = _offers(connection, row, form)
    if errors and status == 200:
        status = 400
    context: dict[str, Any] = {
        "provider": provider,
        "form": replace(form, errors=tuple(errors)),
        "offers": offers,
        "kinds": impact_view.KINDS,
        "answer": document,
        "posted": bool(form.text),
        "json": f"{call.url}?{urlencode([('edit', one) for one in form.edits])}",
        "plan_command": _command("plan create", provider, form.edits, call.links.base),
        "impact_command": _command("impact", provider, form.edits, call.links.base),
    }
    if document is not None:
        scale = impact_view.longest(one["forecast"] for one in document["consumers"])
        context |= {
            "segments": impact_view.segments(document["cost"]),
            "scale": scale,
            "spans": {one["name"]: impact_view.span(one["forecast"], scale) for one in document["consumers"]},
        }
    return page(call, "impact.html", status=status, **context)


def _command(verb: str, provider: str, edits: Sequence[str], base: str) -> str:
    """`tallystick impact orders --edit …`, quoted for a shell; edits take either quotes."""
    readable = [one if '"' in one else one.replace("'", '"') for one in edits]
    options = [option for one in readable for option in ("--edit", one)]
    return shlex.join(["tallystick", *verb.split(), provider, *options, "--broker-base-url", base])


def _offers(connection: Connection, provider: Any, form: Form) -> Offers:
    """Operations that are used, and places in those that are asked about. Six statements at most."""
    operations = who_needs.operations(connection, provider.id)
    known = users.consumers(queries.standings(connection, provider.id))
    ids = queries.operations(connection, provider.id)
    by_text = {places.shown(one): one for one in ids}
    wanted = [one for one in by_text if any(one in text for text in form.edits)]
    # Without an edit the most used operation is good for examples.
    wanted = wanted or sorted(operations, key=lambda one: (-len(operations[one]), one))
    rows = queries.uses(
        connection,
        users.contract_ids(known)[:ASKED_FOR_PLACES],
        {by_text[one]: ids[by_text[one]] for one in wanted[:3] if one in by_text},
    )
    in_them = [f"{places.shown((row.method, row.template))} {places.name(row)}" for row in rows if row.path]
    return Offers(
        operations,
        list(dict.fromkeys([*in_them, *operations]))[:SUGGESTED],
        impact_view.examples(operations, rows),
        result_queries.newest_numbers(connection, provider.id, 10),
        queries.newest_description(connection, provider.id) is not None,
        len(known),
    )
