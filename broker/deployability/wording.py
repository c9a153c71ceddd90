"""The verdict in words: selectors described, and the notices that Pact clients print.

Warnings come first, then either the errors or the word of success; a line is told once. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias

from tallystick.broker.deployability.decision import MOST_ROWS, Case, Cause, Resolved, Verdict
from tallystick.broker.deployability.rows import Row
from tallystick.broker.deployability.selectors import Destination, Ignored

NoticeType: TypeAlias = Literal["error", "warning", "success"]
Notice: TypeAlias = tuple[NoticeType, str]


def notices(
    case: Case, verdict: Verdict, destination: Destination | None, unknown_ignored: Iterable[Ignored] = ()
) -> tuple[Notice, ...]:
    """What a Pact client prints, in its order: warnings, then errors, or the word of success when there are none."""
    found: list[Notice] = [("warning", _cannot_ignore(entry)) for entry in unknown_ignored]
    found += [("warning", text) for text in _advice_on_asking(case.specified, destination)]
    found += [("warning", text) for text in _static_evidence(case)]
    errors: list[Notice] = [("error", text) for text in (_error(cause, case) for cause in verdict.causes) if text]
    if errors:
        return tuple(dict.fromkeys(found + errors))
    if verdict.success:
        said = "All required verification results are published and successful"
        if case.static:
            counts = f"{len(case.static)} of {verdict.success} by static evidence only"
            said = f"All required verification results are successful, {counts}"
        return tuple(dict.fromkeys([*found, ("success", said)]))
    return tuple(dict.fromkeys([*found, ("success", "There are no missing dependencies")]))


def describe(selector: Resolved) -> str:
    """A selector as a noun phrase: "the latest version of Web with tag prod (2.1)"."""
    asked = selector.asked
    name = asked.participant
    if selector.exists:
        return _existing(selector)
    if asked.environment:
        where = "no version is currently recorded as deployed/released in this environment"
        return f"a version of {name} in {asked.environment} ({where})"
    if asked.branch:
        return f"a version of {name} from branch {asked.branch} (no versions exist for this branch)"
    if asked.main_branch:
        return f"a version of {name} from the main branch (no versions exist for this branch)"
    if asked.tag:
        which = "the latest version" if asked.latest else "a version"
        return f"{which} of {name} with tag {asked.tag} (no such version exists)"
    if asked.version:
        return f"version {asked.version} of {name} (no such version exists)"
    if asked.latest:
        return f"the latest version of {name} (no such version exists)"
    return f"any version of {name} (no such pacticipant exists)"


def _existing(selector: Resolved) -> str:
    asked, number = selector.asked, selector.number
    name = asked.participant
    if asked.environment:
        return f"{_one(selector)} of {name} currently in {asked.environment} ({number})"
    if asked.branch or asked.main_branch:
        line = f"branch {asked.branch}" if asked.branch else "the main branch"
        which = "the latest version" if asked.latest else _one(selector)
        return f"{which} of {name} from {line} ({number})"
    if asked.tag:
        which = "the latest version" if asked.latest else "a version"
        return f"{which} of {name} with tag {asked.tag} ({number})"
    if asked.latest:
        return f"the latest version of {name} ({number})"
    return f"version {number} of {name}" if number is not None else f"any version of {name}"


def _one(selector: Resolved) -> str:
    return "one of the versions" if selector.one_of_many else "the version"


def consumer_of(row: Row, selectors: Sequence[Resolved]) -> str:
    """The consumer of a row as the question speaks of it."""
    return _side(
        row.consumer_id, row.consumer_version_id, f"version {row.consumer_number} of {row.consumer}", selectors
    )


def provider_of(row: Row, selectors: Sequence[Resolved]) -> str:
    """The provider of a row as the question speaks of it; where nobody verified, all that could have."""
    name = (
        f"version {row.provider_number} of {row.provider}" if row.provider_number else f"any version of {row.provider}"
    )
    return _side(row.provider_id, row.provider_version_id, name, selectors)


def _side(participant_id: int, version_id: int | None, otherwise: str, selectors: Sequence[Resolved]) -> str:
    covering = [s for s in selectors if s.covers(participant_id, version_id)]
    if len(covering) < 2 or version_id is not None:
        return describe(covering[0]) if covering else otherwise
    numbers = ", ".join(s.number or "?" for s in covering)
    return f"{describe(covering[0]).rsplit(' (', 1)[0]} ({numbers})"


def _cannot_ignore(entry: Ignored) -> str:
    what = f"version {entry.version} of {entry.participant}" if entry.version else entry.participant
    return f"Cannot ignore {what}: it does not exist in this broker"


def _advice_on_asking(specified: Sequence[Resolved], destination: Destination | None) -> Iterable[str]:
    placed = destination is not None and (destination.tag or destination.environment or destination.main_branch)
    if len(specified) == 1 and not placed:
        yield (
            "It is recommended to name the environment that the version is to be deployed to; "
            "without it, the result of can-i-deploy is not reliable"
        )
    if any(not s.asked.only_name for s in specified) and not any(s.asked.version for s in specified):
        yield (
            "It is recommended to give the version number, rather than a tag or branch: "
            "another build may move those between the question and the deployment"
        )


MOST_TOLD: Final = 10  # comparisons told one by one


def _static_evidence(case: Case) -> Iterable[str]:
    """The label of every row that counts by comparison."""
    rows = [row for row in case.static if row.success]  # one against is an error, and told as that
    for row in rows[:MOST_TOLD]:
        pair = f"{consumer_of(row, case.selectors)} and {provider_of(row, case.selectors)}"
        yield f"Static evidence only: the pact between {pair} fits {_description(row)}; nothing was run"
    if len(rows) > MOST_TOLD:
        yield f"Static evidence only: {len(rows) - MOST_TOLD} more pacts were compared with API descriptions"


def _description(row: Row) -> str:
    """What a row was compared with and what was found, as the end of a sentence."""
    found = row.static
    assert found is not None
    counts = f"{_counted(found.errors, 'error')}, {_counted(found.warnings, 'warning')}"
    checked = "" if found.self_verified else ", which comes without the provider's own check of it"
    return f"the provider's API description ({counts}){checked}"


def no_evidence(row: Row) -> str | None:
    """Why no comparison stands in for a result that is owed, as a clause; None where nobody asked for one."""
    found = row.static
    if found is None or found.success is not None:
        return None
    name = f"{row.provider} {found.number}"
    return {
        "not-described": f"{name} has published no API description to compare it with",
        "not-trusted": f"the API description of {name} is no evidence, since the provider's own check of it failed",
        "incomplete": f"the API description of {name} says nothing about {found.not_compared} of the "
        f"{_counted(found.interactions, 'interaction')}",
        "not-compared": "more comparisons are to be made than one question may ask for: ask again",
    }[found.outcome]


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def _error(cause: Cause, case: Case) -> str | None:
    """The line of a cause in a Pact client's output; None for causes that Pact does not know."""
    row = cause.row
    if cause.selector is not None:
        return _no_such(cause.selector)
    if cause.kind == "too-many-rows":
        return too_many(case)
    if cause.integration is not None:
        consumer, provider = (
            _application(i, case) for i in (cause.integration.consumer_id, cause.integration.provider_id)
        )
        return f"There is no verified pact between {consumer} and {provider}"
    if row is not None and cause.kind == "verification-failed":
        pair = f"{consumer_of(row, case.selectors)} and {provider_of(row, case.selectors)}"
        return f"The verification for the pact between {pair} failed"
    if row is not None and cause.kind == "comparison-failed":
        pair = f"{consumer_of(row, case.selectors)} and {provider_of(row, case.selectors)}"
        return f"Static evidence: the pact between {pair} does not fit {_description(row)}; nothing was run"
    if row is not None and cause.kind in ("not-verified", "partner-absent"):
        pair = f"{consumer_of(row, case.selectors)} and {provider_of(row, case.selectors)}"
        why = no_evidence(row)
        return f"There is no verified pact between {pair}" + (f", and {why}" if why else "")
    return None


def _application(participant_id: int, case: Case) -> str:
    return next(describe(s) for s in case.selectors if s.participant_id == participant_id)


def too_many(case: Case) -> str:
    names = ", ".join(dict.fromkeys(s.asked.participant for s in case.specified))
    return (
        f"More than {MOST_ROWS:,} rows would have to be weighed for {names}, so there is no answer. "
        "Ask for one version (q[][version]=…), and for one destination (environment=…), with latestby=cvpv"
    )


def _no_such(selector: Resolved) -> str:
    asked = selector.asked
    name = asked.participant
    if asked.environment:
        return f"No version of {name} is currently recorded as deployed or released in environment {asked.environment}"
    if asked.tag:
        return f"No version with tag {asked.tag} exists for {name}"
    if asked.branch:
        return f"No version of {name} from branch {asked.branch} exists"
    if asked.main_branch:
        return f"No version of {name} from the main branch exists"
    if asked.version:
        return f"No pacts or verifications have been published for version {asked.version} of {name}"
    return f"No pacts or verifications have been published for {name}"
