"""Routes by which one contract is read, compared with another, or deleted."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tallystick.broker import db
from tallystick.broker.contracts import documents, page, queries, service
from tallystick.broker.contracts.difference import report
from tallystick.broker.errors import NotFound
from tallystick.broker.http import hal, metadata
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.links import link
from tallystick.broker.http.media import EXTENDED, HAL, HTML, JSON, TEXT
from tallystick.broker.http.routing import Routes

routes = Routes("contracts")

PAIR = "/pacts/provider/{provider}/consumer/{consumer}"
OLD_PAIR = "/pact/provider/{provider}/consumer/{consumer}"
TYPES = (HAL, JSON, HTML, EXTENDED)
OF_VERSION = (f"{PAIR}/version/{{version}}", f"{PAIR}/versions/{{version}}", f"{OLD_PAIR}/version/{{version}}")


@routes.get(*OF_VERSION, produces=TYPES, summary="The contract of a consumer version")
def get_pact(call: CallDep, provider: str, consumer: str, version: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.pact_of_version(connection, consumer, provider, version)
        return _shown(call, connection, pact)


@routes.get(f"{PAIR}/pact-version/{{sha}}", produces=TYPES, summary="A contract by its content")
def get_pact_by_sha(call: CallDep, provider: str, consumer: str, sha: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.pact_with_sha(connection, consumer, provider, sha)
        return _shown(call, connection, pact)


@routes.get(
    f"{PAIR}/pact-version/{{sha}}/metadata/{{metadata_text}}",
    produces=TYPES,
    summary="A contract by its content, as it was selected",
)
def get_pact_with_metadata(call: CallDep, provider: str, consumer: str, sha: str, metadata_text: str) -> Response:
    remembered = metadata.decode(metadata_text)
    ids, numbers = remembered.version_ids, remembered.version_numbers
    with db.read(call.engine) as connection:
        pact = queries.pact_with_sha(connection, consumer, provider, sha, version_ids=ids, numbers=numbers)
        named = queries.versions_named(connection, pact.consumer_id, ids, numbers) if pact and (ids or numbers) else []
        return _shown(call, connection, pact, remembered=metadata_text, versions=named)


@routes.get(f"{PAIR}/latest", f"{OLD_PAIR}/latest", produces=TYPES, summary="The contract of the newest version")
def latest_pact(call: CallDep, provider: str, consumer: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.latest_pact(connection, consumer, provider)
        return _shown(call, connection, pact, latest=True)


@routes.get(f"{PAIR}/latest/{{tag}}", produces=TYPES, summary="The contract of the newest version with a tag")
def latest_tagged_pact(call: CallDep, provider: str, consumer: str, tag: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.latest_tagged_pact(connection, consumer, provider, tag)
        return _shown(call, connection, pact, latest=True, tag=tag)


@routes.get(f"{PAIR}/latest-untagged", produces=TYPES, summary="The contract of the newest version without tags")
def latest_untagged_pact(call: CallDep, provider: str, consumer: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.latest_untagged_pact(connection, consumer, provider)
        return _shown(call, connection, pact, latest=True)


@routes.get(f"{PAIR}/branch/{{branch}}/latest", produces=TYPES, summary="The newest contract on a branch")
def latest_branch_pact(call: CallDep, provider: str, consumer: str, branch: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.latest_pact_on_branch(connection, consumer, provider, branch)
        return _shown(call, connection, pact, latest=True)


@routes.get(
    f"{PAIR}/version/{{version}}/previous-distinct", produces=TYPES, summary="The newest older contract that differs"
)
def previous_distinct(call: CallDep, provider: str, consumer: str, version: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.pact_of_version(connection, consumer, provider, version)
        previous = queries.previous_distinct_pact(connection, pact) if pact else None
        return _shown(call, connection, previous)


def _shown(
    call: Call,
    connection: Any,
    pact: Any,
    *,
    remembered: str | None = None,
    versions: list[str] | None = None,
    latest: bool = False,
    tag: str | None = None,
) -> Response:
    if pact is None:
        raise NotFound()
    headers = {}
    if latest:
        headers["X-Pact-Consumer-Version"] = _header_text(pact.number)
        remembered = metadata.encode(tags=[tag] if tag is not None else [], version_id=pact.version_id)
    if call.media_type == HTML:
        return hal.raw(page.rendered(pact, call.links), media_type=HTML, headers=headers)
    if call.media_type == EXTENDED:
        body = documents.extended(pact, call.links, queries.newest_tags_of(connection, pact))
        return hal.raw(body, media_type=EXTENDED, headers=headers)
    body = documents.pact_bytes(pact, call.links, metadata=remembered, versions=versions)
    return hal.raw(body, media_type=call.media_type, headers=headers)


def _header_text(text: str) -> str:
    """A header holds Latin-1 at most: anything else is percent-encoded."""
    from urllib.parse import quote

    return text if text.isascii() and text.isprintable() else quote(text, safe=" ")


# --- differences --------------------------------------------------------------------------------------------------


@routes.get(
    f"{PAIR}/version/{{version}}/diff/previous-distinct",
    produces=(TEXT,),
    summary="What changed since the newest older contract that differs",
)
def diff_previous(call: CallDep, provider: str, consumer: str, version: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.pact_of_version(connection, consumer, provider, version)
        if pact is None:
            raise NotFound()
        previous = queries.previous_distinct_pact(connection, pact)
        return _compared(call, connection, previous, pact)


@routes.get(
    f"{PAIR}/version/{{version}}/diff/version/{{other}}",
    produces=(TEXT,),
    summary="What differs between the contracts of two versions",
)
def diff_versions(call: CallDep, provider: str, consumer: str, version: str, other: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.pact_of_version(connection, consumer, provider, version)
        compared = queries.pact_of_version(connection, consumer, provider, other)
        if pact is None or compared is None:
            raise NotFound()
        return _compared(call, connection, compared, pact)


@routes.get(
    f"{PAIR}/pact-version/{{sha}}/diff/pact-version/{{other}}",
    produces=(TEXT,),
    summary="What differs between two contents",
)
def diff_contents(call: CallDep, provider: str, consumer: str, sha: str, other: str) -> Response:
    with db.read(call.engine) as connection:
        pact = queries.pact_with_sha(connection, consumer, provider, sha)
        compared = queries.pact_with_sha(connection, consumer, provider, other)
        if pact is None or compared is None:
            raise NotFound()
        return _compared(call, connection, compared, pact)


def _compared(call: Call, connection: Any, old: Any, new: Any) -> Response:
    links = {
        "pact-version": call.links.pact(new.consumer, new.provider, new.number),
        "comparison-pact-version": call.links.pact(old.consumer, old.provider, old.number) if old else None,
    }
    return hal.raw(report(old, new, db.now(connection), links), media_type=TEXT)


# --- deleting -----------------------------------------------------------------------------------------------------


@routes.delete(*OF_VERSION, answers={200: None}, summary="Delete a version's contract with a provider")
def delete_pact(call: CallDep, provider: str, consumer: str, version: str) -> Response:
    with db.write(call.engine) as session:
        pact = queries.pact_of_version(session, consumer, provider, version)
        if pact is None:
            raise NotFound()
        service.remove_publications(session, pact.consumer_id, [pact.version_id], pact.provider_id)
        return deleted(call, session, consumer, provider)


def deleted(call: Call, session: Any, consumer: str, provider: str) -> Response:
    """What is answered after a deletion: where to go from here."""
    relations: dict[str, Any] = {"index": link(call.links.base)}
    if queries.latest_pact(session, consumer, provider) is not None:
        relations["pb:latest-pact-version"] = link(f"{call.links.pair(consumer, provider)}/latest")
    return hal.answer({"_links": relations})
