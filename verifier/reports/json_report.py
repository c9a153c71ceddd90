"""The report as JSON, in the shape that `report.schema.json` beside this file describes. Pure."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from tallystick import __version__
from tallystick.contract import json_text
from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import ActualMessage, ActualRequest, ActualResponse
from tallystick.verifier.impact import ConsumerImpact, Impact
from tallystick.verifier.reports import words
from tallystick.verifier.results import ContractResult, Report, Result, kind_of

FORMAT: Final = 1
"""Goes up when a reader of the last one could be misled; members may be added without that."""

VERDICTS: Final = {0: "passed", 1: "broken", 3: "nothing to verify", 4: "could not run"}


def text(report: Report) -> str:
    return json_text.dumps(document(report), indent=2).decode() + "\n"


def document(report: Report) -> dict[str, Any]:
    """The whole report as a JSON value."""
    return {
        "format": FORMAT,
        "tool": {"name": "tallystick", "version": __version__},
        "provider": {
            "name": report.provider,
            "version": report.provider_version,
            "branch": report.provider_branch,
            "target": report.target,
        },
        "verdict": VERDICTS[report.exit_code],
        "exitCode": report.exit_code,
        "sentence": words.verdict(report),
        "seconds": round(report.seconds, 6),
        "replays": report.replays,
        "interrupted": report.interrupted,
        "nothingBecause": report.nothing_because,
        "warnings": list(report.warnings),
        "unreadable": [
            {"origin": u.origin, "sentence": u.sentence, "couldNotRun": u.could_not_run} for u in report.unreadable
        ],
        "contracts": [_contract(c) for c in report.contracts],
        "impact": None if report.impact is None else _impact(report.impact),
        "publications": [
            {
                "consumer": p.source.contract.consumer,
                "origin": p.source.origin,
                "published": p.ok,
                "sentence": p.sentence,
                "url": p.url or None,
                "past": list(p.past),
            }
            for p in report.publications
        ],
    }


def _contract(contract: ContractResult) -> dict[str, Any]:
    source = contract.source
    return {
        "consumer": source.contract.consumer,
        "consumerVersions": list(source.consumer_versions),
        "origin": source.origin,
        "selectedBecause": source.reason or None,
        "pending": source.pending,
        "workInProgress": source.wip,
        "success": contract.success,
        "broken": contract.broken,
        "notices": [{"when": n.when, "text": n.text} for n in source.notices],
        "interactions": [_result(r) for r in contract.results],
    }


def _result(result: Result) -> dict[str, Any]:
    replayed, interaction = result.replayed, result.interaction
    problem = replayed.problem
    entry: dict[str, Any] = {
        "description": interaction.description,
        "kind": kind_of(interaction),
        "id": interaction.id,
        "key": interaction.key,
        "providerStates": [{"name": s.name, "params": dict(s.params)} for s in interaction.states],
        "status": result.status,
        "pending": result.pending,
        "seconds": round(replayed.seconds, 6),
    }
    if result.ok:
        return entry
    return {
        **entry,
        "mismatches": [mismatch(m) for m in replayed.mismatches],
        "notChecked": [{"path": u.path, "reason": u.reason, "sentence": u.sentence} for u in replayed.undecided],
        "problem": None
        if problem is None
        else {"kind": problem.kind, "sentence": problem.sentence, "fix": problem.fix or None},
        "hints": list(replayed.hints),
        "request": None if replayed.sent is None else _request(replayed.sent),
        "response": _received(replayed.received),
    }


def mismatch(found: Mismatch) -> dict[str, Any]:
    """One mismatch: where in the answer and in the contract, by which rule, what was expected and what came."""
    return {
        "part": found.part,
        "kind": found.kind,
        "path": found.path,
        "contractPath": found.contract_path or found.path,
        "rule": None if found.rule is None else {"match": found.rule.name, **dict(found.rule.config)},
        "rulePath": found.rule_path,
        "expected": _json(found.expected),
        "actual": _json(found.actual),
        "sentence": found.sentence,
        "fix": words.hint(found) or None,
    }


def _json(value: object) -> Any:
    return _content(value) if isinstance(value, bytes) else value


def _content(content: bytes) -> Any:
    """Text where it is UTF-8, else an object with its Base64."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return {"base64": b64encode(content).decode()}


def _request(sent: ActualRequest) -> Mapping[str, Any]:
    return {
        "method": sent.method,
        "path": sent.path,
        "query": sent.query,
        "headers": [[n, "…" if n.lower() in ("authorization", "cookie") else v] for n, v in sent.headers],
        "body": _content(sent.content) if sent.content else None,
    }


def _received(received: ActualResponse | ActualMessage | None) -> Mapping[str, Any] | None:
    if isinstance(received, ActualResponse):
        return {
            "status": received.status,
            "headers": [list(h) for h in received.headers],
            "body": _content(received.content) if received.content else None,
        }
    if isinstance(received, ActualMessage):
        return {
            "contentType": received.content_type,
            "metadata": dict(received.metadata),
            "body": _content(received.content) if received.content else None,
        }
    return None


def _impact(impact: Impact) -> dict[str, Any]:
    return {
        "evidence": "replay",
        "liveVersionsKnown": impact.live_known,
        "whyUnknown": impact.why_unknown or None,
        "broken": [_consumer(c) for c in impact.broken],
        "untouched": [_consumer(c) for c in impact.untouched],
    }


def _consumer(consumer: ConsumerImpact) -> dict[str, Any]:
    def rows(live: Any) -> list[dict[str, Any]]:
        return [
            {
                "version": r.version,
                "environment": r.environment,
                "production": r.production,
                "since": r.since,
                "how": r.how,
                "instance": r.instance or None,
            }
            for r in live
        ]

    return {
        "consumer": consumer.consumer,
        "versions": list(consumer.versions),
        "pendingOnly": consumer.pending_only,
        "fields": [
            {
                "interaction": f.interaction,
                "place": f.place,
                "sentence": f.sentence,
                "rule": f.rule or None,
                "expected": _json(f.expected),
                "actual": _json(f.actual),
                "pending": f.pending,
            }
            for f in consumer.fields
        ],
        "live": rows(consumer.live),
        "liveWithAnotherContract": rows(consumer.live_elsewhere),
    }
