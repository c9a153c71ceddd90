"""A verification result's page: who verified what, and each interaction with what was wrong."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from starlette.responses import Response

from tallystick.broker.db import read
from tallystick.broker.deployability import failures
from tallystick.broker.deployability import queries as matrix_queries
from tallystick.broker.deployability.decorations import decorations
from tallystick.broker.errors import NotFound
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.verifications import queries as results
from tallystick.broker.verifications.failures import whole
from tallystick.broker.verifications.past import Past
from tallystick.broker.web.rendering import for_people, page

routes = Routes("Pages")

RESULTS = "/pacts/provider/{provider}/consumer/{consumer}/pact-version/{sha}"


@dataclass(frozen=True, slots=True)
class Tried:
    """One interaction of a report: its words, whether it passed (None: not said), what was wrong, since when."""

    description: str
    success: bool | None
    complaints: tuple[Any, ...]
    past: Past | None = None


@routes.page(f"{RESULTS}/verification-results/{{number}}")
@for_people
def result(call: CallDep, provider: str, consumer: str, sha: str, number: str) -> Response:
    if not (number.isascii() and number.isdecimal()) or len(number) > 18:
        raise NotFound("There is no such verification result.")
    with read(call.engine) as connection:
        row = results.result(connection, consumer, provider, sha, int(number))
        if row is None:
            raise NotFound("There is no such verification result.")
        versions = matrix_queries.versions_named(
            connection, {consumer: row.consumer_version, provider: row.provider_version}
        )
        told = decorations(connection, versions.values())
        interactions = results.interactions_of(connection, row.contract_id)
        failed = failures.failed_interactions(connection, [row.id]).get(row.id, ())
        branches = {id_: [branch.name for branch in each.branches] for id_, each in told.items()}
        pasts = failures.pasts(connection, [] if row.success else [row], branches)
    shas = {each.interaction_id: each.interaction_sha for each in interactions if each.interaction_id}
    shas |= {each.interaction_id: each.interaction_sha for each in failed if each.interaction_id}

    def since(sha: str | None) -> Past | None:
        return None if sha is None else pasts.about(provider, consumer, row.provider_version_id, sha)

    names = {each.interaction_id: each.description or "" for each in interactions if each.interaction_id}
    by_description = {each.description: each.interaction_sha for each in reversed(interactions)}
    tried = [
        replace(each, past=None if each.success else since(shas.get(id_) or by_description.get(each.description)))
        for each, id_ in _tried(row.report, names)
    ]
    context: dict[str, Any] = {
        "result": row,
        "by": _verifier(row.verified_by),
        "tried": tried
        or [Tried(f.description or "An interaction", False, f.mismatches, since(f.interaction_sha)) for f in failed],
        "past": None if failed else since(whole(sha)),
        "consumer": told.get(versions.get(consumer, 0)),
        "provider": told.get(versions.get(provider, 0)),
    }
    return page(call, "result.html", **context)


@routes.page(f"{RESULTS}/metadata/{{told}}/verification-results/{{number}}")
@for_people
def result_told(call: CallDep, provider: str, consumer: str, sha: str, told: str, number: str) -> Response:
    return result(call, provider, consumer, sha, number)


def _verifier(sent: str | None) -> str:
    by = json.loads(sent) if sent else {}
    if not isinstance(by, Mapping) or not by.get("implementation"):
        return ""
    return f"{by['implementation']} {by.get('version') or ''}".strip()


def _tried(report: bytes | None, names: Mapping[str, str]) -> list[tuple[Tried, str]]:
    """The interactions of a report in the shape that verifiers send, with their ids; [] for any other."""
    tests = json.loads(zlib.decompress(report)) if report else []
    if isinstance(tests, Mapping):
        tests = tests.get("tests", [])
    if not isinstance(tests, list):
        return []
    found = []
    for test in tests:
        if not isinstance(test, Mapping):
            continue
        id_ = str(test.get("interactionId"))
        words = test.get("interactionDescription") or names.get(id_) or "An interaction"
        complaints = [entry for key in ("mismatches", "exceptions") for entry in _list(test.get(key))]
        success = test.get("success")
        found.append((Tried(str(words), success if isinstance(success, bool) else None, tuple(complaints)), id_))
    return sorted(found, key=lambda each: each[0].success is not False)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
