"""Telling the broker: one result per contract, with every interaction's own, after branch and tags are set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from tallystick import __version__
from tallystick.verifier.broker import Broker, BrokerFailed, expand, link
from tallystick.verifier.impact import exact
from tallystick.verifier.results import ContractResult, Publication, Report, Result

if TYPE_CHECKING:
    from tallystick.contract.mismatch import Mismatch
    from tallystick.contract.shape import Shape

_ATTRIBUTES: Final = {"body-type": "body"}


def publish(
    broker: Broker, report: Report, *, version: str, branch: str | None, tags: Sequence[str], build_url: str | None
) -> tuple[Publication, ...]:
    """Publish the result of every contract that was replayed to its end.

    A contract that was not finished is left out, never half published; one that came from a file has nowhere to be
    published to, and says so. Branch and tags are set once, before the first result.
    """
    done: list[Publication] = []
    prepared = stopped = False
    for contract in report.contracts:
        source = contract.source
        href = source.links.get("pb:publish-verification-results")
        if href is None:
            if source.links:
                done.append(Publication(source, False, "the broker gives no link to publish its result to"))
            continue
        if stopped or not contract.complete:
            done.append(Publication(source, False, "not published: the run was stopped before it was done"))
            continue
        try:
            if not prepared:
                _prepare(broker, report.provider, version, branch, tags)
                prepared = True
            answer = broker.request("POST", href, body(contract, version, build_url))
        except BrokerFailed as failed:
            done.append(Publication(source, False, f"not published: {failed}"))
            continue
        except KeyboardInterrupt:
            stopped = True
            done.append(Publication(source, False, "interrupted while it was published: ask the broker"))
            continue
        there = link(answer, "self")
        done.append(Publication(source, True, "published", str(there["href"]) if there else "", _past(answer)))
    return tuple(done)


def _past(answer: Any) -> tuple[str, ...]:
    """A sentence for each failure that the broker knows the past of; an older failure with the change that began it."""
    told = answer.get("ts:failing") if isinstance(answer, Mapping) else None
    sentences = []
    for each in told if isinstance(told, list) else ():
        what = each.get("interaction") or "the contract as a whole"
        if each.get("new"):
            sentences.append(f"{what}: a new failure")
        else:
            sentences.append(f"{what}: failing since {each.get('sinceProviderVersion')}")
        if said := (each.get("firstChange") or {}).get("sentence"):
            sentences[-1] += f". {said}"
    return tuple(sentences)


def _prepare(broker: Broker, provider: str, version: str, branch: str | None, tags: Sequence[str]) -> None:
    """The provider's version on its branch and with its tags: the broker copies them when a result arrives."""
    if not branch and not tags:
        return
    pacticipant = broker.get(broker.follow(broker.index(), "pb:pacticipant", pacticipant=provider))
    if branch:
        href = broker.follow(pacticipant, "pb:branch-version", branch=branch, version=version)
        broker.request("PUT", href, {})
    for tag in tags:
        entry = link(pacticipant, "pb:version-tag")
        if entry is None:
            raise BrokerFailed(f"the broker at {broker.base_url}", "gives no link to tag a version")
        broker.request("PUT", expand(entry, {"version": version, "tag": tag}), {})


def body(contract: ContractResult, version: str, build_url: str | None) -> dict[str, Any]:
    """The document that brokers take: verdict, versions, and a test result per interaction."""
    document: dict[str, Any] = {
        "success": contract.success,
        "providerApplicationVersion": version,
        "verifiedBy": {
            "implementation": "Tallystick",
            "version": __version__,
            "clientLanguage": {"name": "python", "version": __version__, "testFramework": "tallystick verify"},
        },
        "testResults": [test_result(result) for result in contract.results],
    }
    if build_url:
        document["buildUrl"] = build_url
    return document


def test_result(result: Result) -> dict[str, Any]:
    """What is told of one interaction."""
    entry: dict[str, Any] = {"success": result.ok, "interactionDescription": result.title}
    if result.interaction.id is not None:
        entry = {"interactionId": result.interaction.id, **entry}
    replayed = result.replayed
    if replayed.mismatches:
        entry["mismatches"] = [_mismatch(m, path) for m in replayed.mismatches for path, _, _ in exact(m)]
    said = [u.sentence for u in replayed.undecided]
    if replayed.problem is not None:
        said.append(f"{replayed.problem.kind}: {replayed.problem.sentence}")
    if said:
        entry["exceptions"] = [{"message": text} for text in said]
    return entry


def publish_shape(broker: Broker, provider: str, version: str, seen: Shape) -> str | None:
    """Tell a broker that asks for it which fields of which types the answers had; nothing to one that does not.

    Gives a sentence when it could not be told. That changes no verdict: results are published already.
    """
    if not seen.answers:
        return None
    from tallystick.contract.shape import document

    try:
        entry = link(broker.index(), "ts:shape")
        if entry is not None:
            href = expand(entry, {"pacticipant": provider, "version": version})
            broker.request("POST", href, document(seen))
    except BrokerFailed as failed:
        return f"the shape of the answers was not published (the results were): {failed}"
    except KeyboardInterrupt:
        return "the shape of the answers was not published (the results were): interrupted"
    return None


def _mismatch(mismatch: Mismatch, path: str) -> dict[str, str]:
    """A mismatch at one exact place. `rule` is beside what other brokers know: which matcher refused, written where."""
    told = {"attribute": _ATTRIBUTES.get(mismatch.part, mismatch.part), "description": mismatch.sentence}
    if path:
        told["identifier"] = path
    if mismatch.rule is not None and mismatch.rule_path:
        told["rule"] = f"{mismatch.rule.name} at {mismatch.rule_path}"
    return told


def dirty_tree() -> str | None:
    """What stops a result from saying which code it is about: changed tracked files, named. None when clean or no git.

    Files that git does not track are left alone: builds make them.
    """
    import subprocess

    try:
        found = subprocess.run(
            ["git", "status", "--porcelain", "--untracked-files=no"], capture_output=True, text=True, timeout=20
        )
    except (OSError, subprocess.SubprocessError):
        return None
    changed = [line[3:] for line in found.stdout.splitlines()] if found.returncode == 0 else []
    if not changed:
        return None
    shown = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
    return shown
