"""Results as HAL documents. Rows are those of `verifications.queries`."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from tallystick.broker.http import metadata
from tallystick.broker.http.hal import moment, present
from tallystick.broker.http.links import Links, link
from tallystick.broker.verifications.past import Past, commit_url


def result(row: Any, links: Links, tags: Sequence[tuple[str, bool]] | None = None) -> dict[str, Any]:
    """One result. `tags`, (name, whether it is the newest version with that tag), only for the extended media type."""
    names = (row.consumer, row.provider, row.sha)
    own = links.verification_result(*names, row.number)
    pact = f"Pact between {row.consumer} ({row.consumer_version}) and {row.provider}"
    # The report is spliced in as it was stored: it may hold numbers that Python's own JSON would change.
    report = None if row.report is None else orjson.Fragment(zlib.decompress(row.report))
    return present(
        {
            "providerName": row.provider,
            "providerApplicationVersion": row.provider_version,
            "success": row.success,
            "verificationDate": moment(row.executed_at),
            "buildUrl": row.build_url,
            "testResults": report,
            "verifiedBy": _verified_by(row.verified_by),
            "ts:pending": row.pending,
            "ts:wip": row.wip or None,
            "_embedded": None if tags is None else {"tags": [_tag(row, name, latest, links) for name, latest in tags]},
            "_links": {
                "self": link(own, "Verification result", f"Verification result {row.number} for {pact}"),
                "pb:pact-version": link(
                    links.pact_content(*names, metadata.encode(version_number=row.consumer_version)), "Pact", pact
                ),
                "pb:triggered-webhooks": link(
                    f"{own}/triggered-webhooks", "Webhooks triggered by the publication of this verification result"
                ),
            },
        }
    )


def _verified_by(text: str | None) -> dict[str, Any]:
    sent = json.loads(text) if text else {}
    language = sent.get("clientLanguage")
    language = language if isinstance(language, Mapping) else {}
    return present(
        {
            "implementation": sent.get("implementation"),
            "version": sent.get("version"),
            "client_implementation": language.get("name"),
            "client_test_framework": language.get("testFramework"),
            "client_version": language.get("version"),
        }
    )


def _tag(row: Any, name: str, latest: bool, links: Links) -> dict[str, Any]:
    href = links.tag(row.provider, row.provider_version, name)
    return {"name": name, "latest": latest, "_links": {"self": link(href, "Tag", name)}}


def past(told: Past | None, repository_url: str | None = None) -> dict[str, Any]:
    """Since when an interaction fails, what passed last, and the first change that broke it.

    All members are there; None is nothing known. Without `told` nothing is recorded.
    """
    if told is None:
        reason = "not-enough-history"
        sentence = "There is not enough history to say which change broke it."
        return {"failingSince": None, "lastPassed": None, "firstChange": {"kind": reason, "sentence": sentence}}
    interval = told.interval
    return {
        "failingSince": {
            "providerVersion": interval.since.version,
            "at": moment(interval.since.at),
            "branch": told.branch or None,
            "buildUrl": interval.since.build_url,
            "commitUrl": commit_url(repository_url, interval.since.version),
            "consumerVersion": told.consumer_version,
        },
        "lastPassed": interval.passed
        and {
            "providerVersion": interval.passed.version,
            "at": moment(interval.passed.at),
            "branch": told.branch or None,
        },
        "firstChange": _first_change(told),
    }


def _first_change(told: Past) -> dict[str, Any]:
    change = told.first_change
    provider = change.kind in ("provider", "both")
    consumer = change.before is not None or change.kind == "never-passed"
    return present(
        {
            "kind": change.kind,
            "sentence": change.sentence,
            "provider": {
                "version": told.interval.since.version,
                "after": change.after and {"version": change.after.version, "branch": change.after.branch or None},
            }
            if provider
            else None,
            "consumer": {
                "version": told.consumer_version,
                "before": change.before,
                "added": change.added,
                "changes": [each._asdict() for each in change.places],
            }
            if consumer
            else None,
        }
    )


def failing(pasts: Sequence[Past], order: int) -> list[dict[str, Any]]:
    """What fails with the version at this place, for whoever published that: is it new, or since when does it fail."""
    return [
        present(
            {
                "interaction": each.description or None,
                "new": each.interval.since.order == order,
                "sinceProviderVersion": each.interval.since.version,
                "since": moment(each.interval.since.at),
                "providerBranch": each.branch or None,
                "firstChange": _first_change(each),
            }
        )
        for each in pasts
    ]


def summary(providers: Sequence[str], results: Sequence[Any], links: Links, url: str) -> dict[str, Any]:
    """What is known of a consumer version: its providers, and the newest result for each contract."""
    successful = [row.provider for row in results if row.success]
    failed = [row.provider for row in results if not row.success]
    unknown = [name for name in providers if name not in {*successful, *failed}]
    return {
        "success": len(successful) == len(providers),
        "providerSummary": {"successful": successful, "failed": failed, "unknown": unknown},
        "_embedded": {"verificationResults": [result(row, links) for row in results]},
        "_links": {"self": link(url, "Latest verification results")},
    }
