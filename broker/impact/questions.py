"""What is asked about a change: edits, a changed description, a build that was replayed or has results; one document.

The API and the pages ask here. Nothing is kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.datastructures import QueryParams

from tallystick.broker.contracts import api_descriptions
from tallystick.broker.errors import NotFound, UnknownParticipant, Unprocessable
from tallystick.broker.http.checks import Fields
from tallystick.broker.impact import queries, result_queries, users, what_if
from tallystick.broker.impact.replays import Reported
from tallystick.broker.participants.queries import participant_named
from tallystick.contract.openapi.edits import Edit, EditInvalid, parse_edit

_MOST: Final = 200  # edits of one question


@dataclass(frozen=True, slots=True)
class SentReplay:
    """What a build did, as its verifier sent it."""

    build: str
    contracts: Mapping[tuple[str, str], Reported]
    """By consumer and the contract's sha."""
    reasons: Mapping[tuple[str, str], str]
    """Why a contract was not asked at all."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. Edits or a description, not both; a build beside either, or alone."""

    edits: list[Edit] = field(default_factory=list)
    changed: Mapping[str, Any] | None = None
    before: Mapping[str, Any] | None = None
    version: str | None = None
    """A version of the provider that has published results."""
    replay: SentReplay | None = None

    @property
    def empty(self) -> bool:
        return not (self.edits or self.changed is not None or self.version or self.replay)


def of_body(sent: Any) -> Question:
    """The question of a POST. Raises `Invalid` with every complaint, and what a description is refused with."""
    fields = Fields(sent)
    built = "replay" in fields or "providerVersion" in fields
    edits = edits_of(fields, required="description" not in fields and not built)
    new, old = fields.members.get("description"), fields.members.get("from")
    if edits and new is not None:
        fields.complain("edits", "cannot be given together with a description: ask twice")
    version = fields.text("providerVersion", blank=False)
    replay = _replay_of(fields)
    if version is not None and replay is not None:
        fields.complain("providerVersion", "cannot be given together with a replay: which build is meant?")
    fields.refuse_if_wrong()
    return Question(
        edits,
        None if new is None else api_descriptions.read_document(new).document,
        None if old is None else api_descriptions.read_document(old).document,
        version,
        replay,
    )


def of_query(query: QueryParams) -> Question:
    """The question of a GET: `edit`, repeated, and `providerVersion`. Empty without any. Raises `Invalid`."""
    sent: dict[str, Any] = {}
    if texts := [text for text in query.getlist("edit") if text.strip()]:
        sent["edits"] = texts
    if number := query.get("providerVersion", "").strip():
        sent["providerVersion"] = number
    return of_body(sent) if sent else Question()


def answered(db: queries.Db, provider: str, question: Question) -> dict[str, Any]:
    """The document that answers it, without links.

    Raises `UnknownParticipant`, `NotFound` for a version, `Unprocessable` without a description to compare with.
    """
    row = participant_named(db, provider)
    if row is None:
        raise UnknownParticipant(provider, "provider")
    before = question.before
    if question.changed is not None and before is None:
        before = _published_description(db, row, provider)
    answer = what_if.ask(db, row, question.edits, new=question.changed, old=before)
    if question.version is not None:
        answer = what_if.published(db, answer, _version(db, row, provider, question.version))
    elif question.replay is not None:
        answer = _joined(db, answer, question.replay)
    return what_if.document(db, answer)


def counted(db: queries.Db, provider: str) -> list[tuple[str, str, list[users.Version]]]:
    """(consumer, contract sha, versions) of every contract that counts, each content once.

    Raises `UnknownParticipant`.
    """
    row = participant_named(db, provider)
    if row is None:
        raise UnknownParticipant(provider, "provider")
    known = users.consumers(queries.standings(db, row.id))
    shas = result_queries.shas(db, users.contract_ids(known))
    found: dict[tuple[str, str], list[users.Version]] = {}
    for one in known:
        for version in one.versions:
            found.setdefault((one.name, shas[version.contract_id]), []).append(version)
    return [(consumer, sha, versions) for (consumer, sha), versions in found.items()]


def edits_of(fields: Fields, *, required: bool) -> list[Edit]:
    """The edits of a request; what is wrong with them is complained of, each with its place in the list."""
    sent = fields.array("edits", required=required) or []
    if required and "edits" in fields and not sent and not fields.errors:
        fields.complain("edits", "must have at least one edit")
    if len(sent) > _MOST:
        fields.complain("edits", f"are more than {_MOST}")
        return []
    found = []
    for index, text in enumerate(sent):
        if not isinstance(text, str):
            fields.complain("edits", f"must be a string (at index {index})")
            continue
        try:
            found.append(parse_edit(text))
        except EditInvalid as wrong:
            fields.complain("edits", f"{wrong} (at index {index})")
    return found


# --- a replay that was sent ---------------------------------------------------------------------------------------


def _replay_of(fields: Fields) -> SentReplay | None:
    sent = fields.object("replay")
    if sent is None:
        return None
    inner = Fields(sent)
    build = inner.text("build", required=True, blank=False)
    entries = inner.array("contracts", required=True) or []
    contracts: dict[tuple[str, str], Reported] = {}
    reasons: dict[tuple[str, str], str] = {}
    for index, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            inner.complain("contracts", f"must be a hash (at index {index})")
            continue
        one = Fields(entry)
        consumer = one.text("consumer", required=True, blank=False)
        sha = one.text("contractSha", required=True, blank=False)
        reason = one.text("reason", lines=True)
        failed, not_asked = _interactions(one, "failed"), _interactions(one, "notAsked")
        for name, said in one.errors.items():
            for complaint in said:
                inner.complain("contracts", f"{name} {complaint} (at index {index})")
        if consumer is None or sha is None:
            continue
        if reason is not None:
            reasons[consumer, sha] = reason
        else:
            contracts[consumer, sha] = Reported(not failed, failed, not_asked)
    for name, said in inner.errors.items():
        for complaint in said:
            fields.complain("replay", f"{name} {complaint}")
    return SentReplay(build or "", contracts, reasons)


def _interactions(fields: Fields, name: str) -> list[Mapping[str, Any]]:
    """Entries that each name an interaction; those of `failed` are failures, whatever they say."""
    found: list[Mapping[str, Any]] = []
    for index, entry in enumerate(fields.array(name) or []):
        if not isinstance(entry, Mapping):
            fields.complain(name, f"must be a hash (at index {index})")
        elif not any(isinstance(entry.get(key), str) for key in ("interactionId", "interactionDescription")):
            fields.complain(name, f"names no interaction: interactionId or interactionDescription (at index {index})")
        else:
            found.append({**entry, "success": False})
    return found


def _joined(db: queries.Db, answer: what_if.Answer, sent: SentReplay) -> what_if.Answer:
    """The contracts that count now, with what was sent of them: those that began to count since are not asked."""
    shas = result_queries.shas(db, users.contract_ids(answer.consumers))
    names = {version.contract_id: one.name for one in answer.consumers for version in one.versions}
    keys = {(names[key], sha): key for key, sha in shas.items()}
    reported = {keys[at]: one for at, one in sent.contracts.items() if at in keys}
    reasons = {keys[at]: why for at, why in sent.reasons.items() if at in keys}
    return what_if.with_replay(db, answer, sent.build, reported, reasons)


# --- what is looked up --------------------------------------------------------------------------------------------


def _published_description(db: queries.Db, row: Any, provider: str) -> Mapping[str, Any]:
    stored = queries.newest_description(db, row.id)
    if stored is None:
        raise Unprocessable(
            {
                "from": [
                    f"is missing: the broker has no description of {provider} to compare with. Give the old "
                    "one as `from` (--from), or publish it with `tallystick publish-description`"
                ]
            }
        )
    return api_descriptions.parsed(stored)


def _version(db: queries.Db, row: Any, provider: str, number: str) -> Any:
    found = result_queries.version(db, row.id, number)
    if found is None:
        newest = result_queries.newest_numbers(db, row.id, 3)
        known = f"the newest with results: {', '.join(newest)}" if newest else "no version of it has results"
        raise NotFound(f"No version {number} of {provider} found ({known})")
    return found
