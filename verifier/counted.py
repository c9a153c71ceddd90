"""A build asked before anything of it is published: replayed against the contracts that count for a change.

Which these are says the broker; what the build did with them is what it is told back, as the `replay` of a question.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.client_sdk.broker_client.client import BrokerClient
from tallystick.client_sdk.broker_client.impact import counted
from tallystick.client_sdk.broker_client.resources import contract_at
from tallystick.client_sdk.broker_client.wire import link
from tallystick.verifier import sources as from_
from tallystick.verifier.command import watched
from tallystick.verifier.options import DEFAULTS, CannotVerify
from tallystick.verifier.publishing import test_result
from tallystick.verifier.results import COULD_NOT_RUN, Report, Result, Source, Unreadable

NOT_ASKED: Final = frozenset(
    {
        "connection-failed", "tls", "invalid-request", "state-change-failed", "teardown-failed", "state-missing",
        "hook-failed", "message-missing", "interrupted",
    }
)  # fmt: skip
"""Kinds of problems after which nothing is known of what the build answers: no verdict on it either way."""


def replay(client: BrokerClient, provider: str, options: Mapping[str, Any]) -> tuple[Any, tuple[str, ...]]:
    """What the build that the options name does with each contract that counts, and warnings about the run.

    The first is for `broker_client.impact`. When no contract counts, nothing is run. Raises CannotVerify when the build
    cannot be asked, and BrokerError.
    """
    listed = client.run(counted(provider))
    if not listed:
        return {"build": "none, since no contract counts", "contracts": []}, ()
    keys: dict[str, dict[str, Any]] = {}

    def load() -> tuple[list[Source], list[Unreadable], str | None]:
        found: list[Source] = []
        wrong: list[Unreadable] = []
        for entry in listed:
            href = link(entry, "self", where=f"the contracts that count for {provider}")
            keys[href] = {name: entry[name] for name in ("consumer", "contractSha")}
            more, bad = from_.from_value(client.run(contract_at(href)), provider, href)
            found += more
            wrong += bad
        return found, wrong, None

    report = watched({**DEFAULTS, **options, "provider": provider}, load)
    _refuse_if_nothing_was_learned(report)
    entries: list[dict[str, Any]] = [{**keys[one.source.origin], **_told(one.results)} for one in report.contracts]
    entries += [{**keys[one.origin], "reason": one.sentence} for one in report.unreadable]
    return {"build": report.target, "contracts": entries}, report.warnings


def _refuse_if_nothing_was_learned(report: Report) -> None:
    from tallystick.verifier.reports import words

    if report.could_not_run is not None or report.unreachable:
        raise CannotVerify(words.verdict(report), COULD_NOT_RUN)
    if report.interrupted:
        raise CannotVerify("interrupted: the broker was not asked what it would mean", COULD_NOT_RUN)


def _told(results: tuple[Result, ...]) -> dict[str, Any]:
    """Of one contract what failed, and what could not be asked; all else holds."""
    failed, not_asked = [], []
    for result in results:
        if result.ok:
            continue
        entry = test_result(result)
        reason = _why_not(result)
        if reason is None:
            failed.append(entry)
        else:
            named = {name: entry[name] for name in ("interactionId", "interactionDescription") if name in entry}
            not_asked.append(named | {"reason": reason})
    return {"failed": failed, "notAsked": not_asked}


def _why_not(result: Result) -> str | None:
    """Why an interaction has no verdict; None for one that fails."""
    replayed = result.replayed
    if replayed.mismatches:
        return None
    if replayed.problem is not None:
        return replayed.problem.sentence if replayed.problem.kind in NOT_ASKED else None
    return "; ".join(one.sentence for one in replayed.undecided)
