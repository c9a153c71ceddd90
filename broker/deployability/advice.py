"""What to do about a cause: who can unblock it, and the exact next command. Pure.

Commands are those of the command line (`tallystick …`), quoted for a shell. What only the reader can know stands
there as a shell variable: `$VERSION`, `$PROVIDER_URL`.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from tallystick.broker.deployability.decision import MOST_ROWS, Case, Cause, Live, Resolved
from tallystick.broker.deployability.rows import Row
from tallystick.broker.deployability.selectors import Destination
from tallystick.broker.deployability.wording import no_evidence
from tallystick.broker.http.links import Links

YOUR_VERSION: Final = '"$VERSION"'
YOUR_URL: Final = '"$PROVIDER_URL"'


@dataclass(frozen=True, slots=True)
class Advice:
    """One cause, explained: what is the matter, who can unblock it, and how to begin."""

    sentence: str
    party: str
    role: Literal["consumer", "provider", "asker"]
    command: str


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What advice needs to know besides the case."""

    base_url: str
    destination: Destination | None = None
    asked: frozenset[int] = frozenset()
    """Participants that the question names."""
    verified_by: Mapping[int, str] = field(default_factory=dict)
    """contract id -> the newest provider version that verified it."""
    branches: Mapping[int, str] = field(default_factory=dict)
    """version id -> the branch it was added to last."""

    @property
    def environment(self) -> str | None:
        return self.destination.environment if self.destination else None


def advise(cause: Cause, case: Case, around: Surroundings) -> Advice:
    """The advice for a cause of this case's verdict."""
    if cause.selector is not None:
        return _no_such_version(cause.selector, case, around)
    if cause.kind == "never-published" and cause.live is not None:
        return _never_published(cause.live, around)
    if cause.kind == "not-verified-by-all" and cause.row is not None and cause.live is not None:
        return _not_verified_by_all(cause.row, cause.live, around)
    if cause.kind == "verification-failed" and cause.row is not None:
        return _failed(cause.row, around)
    if cause.kind == "comparison-failed" and cause.row is not None:
        return _compared(cause.row, around)
    if cause.kind == "partner-absent" and cause.row is not None:
        return _absent(cause.row, around)
    if cause.row is not None:
        return _not_verified(cause.row, case, around)
    if cause.integration is not None:
        consumer, provider = cause.integration.consumer, cause.integration.provider
        return Advice(
            f"No contract between {consumer} and {provider} exists for the versions asked about.",
            consumer,
            "consumer",
            _publish(consumer, YOUR_VERSION, around),
        )
    return _too_many(case, around)


def _run(*words: str) -> str:
    """A command line; words that are already quoted shell variables stay as they are."""
    return " ".join(w if w in (YOUR_VERSION, YOUR_URL) else shlex.quote(w) for w in ("tallystick", *words) if w)


def _publish(consumer: str, number: str, around: Surroundings, branch: str | None = None) -> str:
    line = ("--branch", branch) if branch else ()
    return _run(
        "publish", f"pacts/{consumer}-*.json", "--consumer-app-version", number, *line, *_broker(around)
    ).replace(shlex.quote(f"pacts/{consumer}-*.json"), f"pacts/{shlex.quote(consumer)}-*.json")


def _broker(around: Surroundings) -> tuple[str, str]:
    return "--broker-base-url", around.base_url


def _verify_contract(row: Row, number: str, around: Surroundings, version_id: int | None = None) -> str:
    """The provider verifies this very contract, whatever its build selects otherwise; with a number it publishes."""
    contract = Links(around.base_url).pact(row.consumer, row.provider, row.consumer_number)
    branch = around.branches.get(version_id or 0)
    return verify_command(row.provider, number, around.base_url, branch, contract)


def verify_command(
    provider: str, number: str, base_url: str, branch: str | None = None, contract: str | None = None
) -> str:
    """How a provider verifies one contract, or what the broker selects; the result is published for a number."""
    what = (contract,) if contract else ("--provider", provider)
    line = ("--provider-version-branch", branch) if branch else ()
    told = ("--provider-version", number, *line, "--publish") if number else ()
    return _run("verify", *what, "--provider-base-url", YOUR_URL, "--broker-base-url", base_url, *told)


def _record(participant: str, number: str, environment: str, around: Surroundings) -> str:
    return _run(
        "record-deployment",
        "--pacticipant",
        participant,
        "--version",
        number,
        "--environment",
        environment,
        *_broker(around),
    )


def _can_i_deploy(participant: str, number: str, around: Surroundings) -> str:
    target = ("--to-environment", around.environment) if around.environment else ()
    return _run("can-i-deploy", "--pacticipant", participant, "--version", number, *target, *_broker(around))


def _no_such_version(selector: Resolved, case: Case, around: Surroundings) -> Advice:
    asked = selector.asked
    name = asked.participant
    provides = any(i.provider_id == selector.participant_id for i in case.integrations)
    consumes = any(i.consumer_id == selector.participant_id for i in case.integrations)
    role: Literal["consumer", "provider"] = "provider" if provides and not consumes else "consumer"
    if asked.environment:
        sentence = f"No version of {name} is recorded in {asked.environment}."
        return Advice(sentence, name, role, _record(name, YOUR_VERSION, asked.environment, around))
    number = asked.version or YOUR_VERSION
    line = asked.branch
    what = f"version {asked.version}" if asked.version else "such a version"
    if asked.branch:
        what = f"a version from branch {asked.branch}"
    elif asked.tag:
        what = f"a version with tag {asked.tag}"
    sentence = f"The broker has never heard of {what} of {name}: it published no contract and no verification result."
    if role == "provider":
        return Advice(sentence, name, role, verify_command(name, number, around.base_url, line))
    return Advice(sentence, name, role, _publish(name, number, around, line))


def _never_published(live: Live, around: Surroundings) -> Advice:
    return Advice(
        f"{live.participant} {live.number} is live in {live.environment} and has used this provider before, but that "
        "version never published a contract, so nobody can say what it needs.",
        live.participant,
        "consumer",
        _publish(live.participant, live.number, around, around.branches.get(live.version_id)),
    )


def _not_verified_by_all(row: Row, live: Live, around: Surroundings) -> Advice:
    sentence, command = _described(
        row,
        f"{row.provider} {live.number} is also live in {live.environment}, and has not verified the contract of "
        f"{row.consumer} {row.consumer_number}.",
        _verify_contract(row, live.number, around, live.version_id),
        around,
    )
    return Advice(sentence, row.provider, "provider", command)


def _failed(row: Row, around: Surroundings) -> Advice:
    sentence = (
        f"{row.provider} {row.provider_number} does not fulfil the contract of {row.consumer} {row.consumer_number}."
    )
    better = around.verified_by.get(row.contract_id)
    if row.provider_id not in around.asked and better is not None and better != row.provider_number:
        return Advice(
            f"{sentence} {row.provider} {better} does: let that be deployed first.",
            row.provider,
            "provider",
            _can_i_deploy(row.provider, better, around),
        )
    return Advice(sentence, row.provider, "provider", _verify_contract(row, "", around))


def _compared(row: Row, around: Surroundings) -> Advice:
    number = row.provider_number or ""
    return Advice(
        f"The API description of {row.provider} {number} does not allow what the contract of {row.consumer} "
        f"{row.consumer_number} expects (static evidence: nothing was run; a result of verifying would count instead).",
        row.provider,
        "provider",
        _run("compare", "--provider", row.provider, "--provider-version", number, "--consumer", row.consumer,
             "--consumer-version", row.consumer_number, *_broker(around)),
    )  # fmt: skip


def _described(row: Row, sentence: str, otherwise: str, around: Surroundings) -> tuple[str, str]:
    """The sentence, with why no comparison stands in where one was wished for; and the command that helps."""
    why = no_evidence(row)
    if why is None or row.static is None:
        return sentence, otherwise
    told = f"{sentence.removesuffix('.')}, and {why}."
    if row.static.outcome != "not-described":
        return told, otherwise
    number = row.static.number
    publish = ("publish-description", row.provider, "openapi.yaml", "--provider-app-version", number)
    return told, _run(*publish, *_broker(around))


def _absent(row: Row, around: Surroundings) -> Advice:
    better = around.verified_by.get(row.contract_id)
    if around.environment is None:
        sentence = (
            f"No version of {row.provider} is at the destination, and {row.consumer} {row.consumer_number} needs one."
        )
        return Advice(sentence, row.provider, "provider", _verify_contract(row, better or YOUR_VERSION, around))
    known = f" {row.provider} {better} fulfils the contract." if better else ""
    return Advice(
        f"{row.consumer} {row.consumer_number} needs {row.provider}, of which no version is recorded in "
        f"{around.environment}.{known} Deploy it there first; if it runs there already, record it.",
        row.provider,
        "provider",
        _record(row.provider, better or YOUR_VERSION, around.environment, around),
    )


def _not_verified(row: Row, case: Case, around: Surroundings) -> Advice:
    """The provider owes a result: of the version at the destination, or of the one asked about."""
    candidates = [s for s in case.selectors if s.participant_id == row.provider_id and s.number is not None]
    number = (candidates[0].number if candidates else None) or YOUR_VERSION
    who = f"{row.provider} {number}" if candidates else f"No version of {row.provider}"
    verb = "has not verified" if candidates else "has verified"
    version_id = candidates[0].version_id if candidates else None
    sentence, command = _described(
        row,
        f"{who} {verb} the contract of {row.consumer} {row.consumer_number}.",
        _verify_contract(row, number, around, version_id),
        around,
    )
    return Advice(sentence, row.provider, "provider", command)


def _too_many(case: Case, around: Surroundings) -> Advice:
    name = case.specified[0].asked.participant
    return Advice(
        f"More than {MOST_ROWS:,} rows would have to be weighed. Ask about one version and one environment.",
        name,
        "asker",
        _run("can-i-deploy", "--pacticipant", name, "--version", YOUR_VERSION, "--to-environment")
        + f" {shlex.quote(around.environment or 'production')}",
    )
