"""An answer of the matrix on the wire: the Pact document, with our verdict beside Pact's.

The members that Pact knows have Pact's shapes, explicit nulls included. Ours are in `summary` under `ts:` names.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from tallystick.broker.deployability.decision import Cause, Live
from tallystick.broker.deployability.decorations import Decoration, Place
from tallystick.broker.deployability.explanation import Explained, Explanation
from tallystick.broker.deployability.failures import FailedInteraction
from tallystick.broker.deployability.matrix import Answer
from tallystick.broker.deployability.order import Move, Plan
from tallystick.broker.deployability.rows import Row, Static
from tallystick.broker.http import hal
from tallystick.broker.http.links import Links
from tallystick.broker.verifications.documents import past as past_document

Json: TypeAlias = dict[str, Any]

_BARE = Decoration()


def document(answer: Answer, explanation: Explanation, links: Links) -> Json:
    """The whole answer."""
    return {
        "summary": _summary(answer, explanation, links),
        "notices": [{"type": kind, "text": text} for kind, text in answer.notices],
        "matrix": [_row(row, ignored, explanation.decorations, links) for row, ignored in answer.rows],
    }


def _summary(answer: Answer, explanation: Explanation, links: Links) -> Json:
    verdict = answer.verdict
    summary: Json = {
        "deployable": verdict.deployable,
        "reason": "\n".join(text for _, text in answer.notices),
        "success": verdict.success,
        "failed": verdict.failed,
        "unknown": verdict.unknown,
    }
    if answer.question.explicit_ignore:
        summary["ignored"] = len(answer.case.ignored_rows)
    summary["ts:verdict"] = verdict.word
    summary["ts:causes"] = [_cause(explained, explanation) for explained in explanation.causes]
    if answer.question.explicit_ignore:
        summary["ts:waived"] = [_pair(row) for row in verdict.waived]
    if answer.case.static:
        successes = sum(row.success is True for row in answer.case.static)
        summary["ts:static"] = {"success": successes, "failed": len(answer.case.static) - successes}
    if explanation.plan is not None:
        summary["ts:order"] = _plan(explanation.plan)
    if explanation.strangers:
        summary["ts:strangers"] = [_live(live) for live in explanation.strangers]
    if explanation.help:
        summary["ts:help"] = list(explanation.help)
    return summary


# --- rows ---------------------------------------------------------------------------------------------------------


def _row(row: Row, ignored: bool, decorations: Mapping[int, Decoration], links: Links) -> Json:
    document: Json = {
        "consumer": {
            "name": row.consumer,
            "version": _version(
                row.consumer, row.consumer_number, decorations.get(row.consumer_version_id, _BARE), links
            ),
            "_links": {"self": {"href": links.participant(row.consumer)}},
        },
        "provider": {
            "name": row.provider,
            "version": None
            if row.provider_version_id is None or row.provider_number is None
            else _version(row.provider, row.provider_number, decorations.get(row.provider_version_id, _BARE), links),
            "_links": {"self": {"href": links.participant(row.provider)}},
        },
        "pact": {
            "createdAt": hal.moment(row.published_at),
            "_links": {"self": {"href": links.pact(row.consumer, row.provider, row.consumer_number)}},
        },
        "verificationResult": None
        if row.result is None
        else {
            "success": row.result.success,
            "verifiedAt": hal.moment(row.result.executed_at),
            "_links": {"self": {"href": result_url(row, links)}},
        },
    }
    if row.by_comparison and row.static is not None:
        document["ts:evidence"] = "static"
        href = links.comparison(row.consumer, row.provider, row.contract_sha, row.static.number)
        document["ts:comparison"] = {**_static(row.static), "_links": {"self": {"href": href}}}
    if ignored:
        document["ignored"] = True
    return document


def _static(static: Static) -> Json:
    return {
        "outcome": static.outcome,
        "errors": static.errors,
        "warnings": static.warnings,
        "interactions": static.interactions,
        "notCompared": static.not_compared,
        "selfVerified": static.self_verified,
    }


def result_url(row: Row, links: Links) -> str:
    """The result's address; it remembers which consumer version it was asked for."""
    assert row.result is not None
    told = told_consumer(row.consumer_number)
    return f"{links.verification_results(row.consumer, row.provider, row.contract_sha, told)}/{row.result.number}"


def told_consumer(number: str) -> str:
    """What the address of a result remembers of the consumer version: the metadata `cvn`."""
    return base64.urlsafe_b64encode(f"cvn={number}".encode()).decode().rstrip("=")


def _version(name: str, number: str, told: Decoration, links: Links) -> Json:
    branches = [
        {
            "name": branch.name,
            "latest": branch.latest,
            "_links": {"self": {"href": links.branch_version(name, branch.name, number)}},
        }
        for branch in told.branches
    ]
    return {
        "number": number,
        "branch": told.branch,
        "branches": branches,
        "branchVersions": branches,
        "environments": [_place(place, links) for place in told.places],
        "_links": {"self": {"href": links.version(name, number)}},
        "tags": [
            {"name": tag.name, "latest": tag.latest, "_links": {"self": {"href": links.tag(name, number, tag.name)}}}
            for tag in told.tags
        ],
    }


def _place(place: Place, links: Links) -> Json:
    return {
        "uuid": place.uuid,
        "name": place.name,
        "displayName": place.display_name,
        "production": place.production,
        "createdAt": hal.moment(place.created_at),
        "_links": {"self": {"href": links.environment(place.uuid)}},
    }


# --- reasons ------------------------------------------------------------------------------------------------------


def _cause(explained: Explained, explanation: Explanation) -> Json:
    cause, advice = explained.cause, explained.advice
    told: Json = {"kind": cause.kind, "sentence": advice.sentence}
    told |= _sides(cause)
    told["unblockedBy"] = {"pacticipant": advice.party, "role": advice.role}
    told["nextCommand"] = advice.command
    if cause.kind == "verification-failed" and cause.row is not None and cause.row.result is not None:
        told["interactions"] = [
            _interaction(failed, cause.row, explanation) for failed in explanation.failed.get(cause.row.result.id, ())
        ]
        if not told["interactions"]:  # the result names none: what is known is of the contract as a whole
            told |= _past(explanation, cause.row, None)
    if cause.row is not None and cause.row.static is not None:
        told["comparison"] = {"providerVersion": cause.row.static.number, **_static(cause.row.static)}
    if cause.kind == "comparison-failed":
        told["evidence"] = "static"
        told["interactions"] = [
            {"description": description, "mismatches": mismatches}
            for description, mismatches in explanation.compared_with(cause).items()
        ]
    if cause.row is not None:
        told["live"] = [
            _live(live)
            for version in (cause.row.consumer_version_id, cause.row.provider_version_id)
            for live in explanation.live.get(version or 0, ())
        ]
    return told


def _sides(cause: Cause) -> Json:
    if cause.row is not None:
        sides = _pair(cause.row)
        if cause.live is not None:
            sides["provider"]["version"] = cause.live.number
        return sides
    if cause.integration is not None:
        return {
            "consumer": {"name": cause.integration.consumer, "version": None},
            "provider": {"name": cause.integration.provider, "version": None},
        }
    if cause.live is not None:
        return {"consumer": {"name": cause.live.participant, "version": cause.live.number}}
    return {}


def _pair(row: Row) -> Json:
    return {
        "consumer": {"name": row.consumer, "version": row.consumer_number},
        "provider": {"name": row.provider, "version": row.provider_number},
    }


def _interaction(failed: FailedInteraction, row: Row, explanation: Explanation) -> Json:
    return {
        "id": failed.interaction_id,
        "description": failed.description,
        "mismatches": list(failed.mismatches),
        **_past(explanation, row, failed.interaction_sha or ""),
    }


def _past(explanation: Explanation, row: Row, interaction_sha: str | None) -> Json:
    pasts = explanation.pasts
    return past_document(pasts.of(row, interaction_sha), pasts.repositories.get(row.provider_id))


def _live(live: Live) -> Json:
    return {
        "pacticipant": live.participant,
        "version": live.number,
        "environment": live.environment,
        "since": None if live.since is None else hal.moment(live.since),
    }


def _plan(plan: Plan) -> Json:
    return {
        "oneByOne": plan.one_by_one,
        "steps": [[_move(move) for move in step] for step in plan.steps],
        "because": [{"first": _move(c.first), "then": _move(c.then), "why": c.why} for c in plan.constraints],
    }


def _move(move: Move) -> Json:
    return {"pacticipant": move.participant, "version": move.number}


# --- as text ------------------------------------------------------------------------------------------------------

_COLUMNS = ("CONSUMER", "C_VERSION", "REVISION", "PROVIDER", "P_VERSION", "NUMBER", "SUCCESS")


def text(answer: Answer) -> str:
    """The table for `Accept: text/plain`, then the verdict in Pact's words."""
    lines = [_COLUMNS, *(_cells(row) for row, _ in answer.rows)]
    deployable = {True: "true", False: "false", None: "nil"}[answer.verdict.deployable]
    reason = "\n".join(text for _, text in answer.notices)
    return f"{table(lines)}\n\nDeployable: {deployable}\nReason: {reason}\n"


def _cells(row: Row) -> tuple[str, ...]:
    result = row.result
    return (
        row.consumer,
        row.consumer_number,
        str(row.revision),
        row.provider,
        row.provider_number or "",
        str(result.number) if result else "",
        {True: "true", False: "false", None: ""}[row.success] + (" (static)" if row.by_comparison else ""),
    )


def table(lines: Iterable[tuple[str, ...]]) -> str:
    """Columns padded to their widest cell, ` | ` between them, a rule under the head."""
    rows = list(lines)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    told = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([told[0], "-|-".join("-" * width for width in widths), *told[1:]])
