"""`tallystick failures`: what fails with a provider, since when, and which change broke it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from tallystick.client_sdk.commands import shared


@click.command("failures")
@click.argument("provider")
@click.option("--consumer", metavar="C", help="Only what this consumer asks for.")
@click.option("--ended", is_flag=True, help="Also what is over: it passes again, or nobody asks for it any more.")
@shared.json_option
@shared.broker_options
@click.pass_context
def failures(
    ctx: click.Context, /, broker: Any, as_json: bool, provider: str, consumer: str | None, ended: bool
) -> None:
    """What fails with PROVIDER: since which versions, what passed last, and the first change that broke it.

    \b
      tallystick failures orders
      tallystick failures orders --consumer web-shop --ended

    Exits with 0 when nothing fails, 1 when something does, 3 when PROVIDER was never verified.
    """
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        found = client.run(impact.failures(provider, consumer, ended=ended))
    if as_json:
        shared.print_json(found)
    else:
        _tell(found, provider, consumer)
    failing = any(_now(line) for line in found["failures"])
    ctx.exit(shared.NO if failing else shared.YES if found.get("verified", True) else shared.UNKNOWN)


def _now(line: Mapping[str, Any]) -> bool:
    return "until" not in line and bool(line.get("askedFor", True))


def _tell(found: Mapping[str, Any], provider: str, consumer: str | None) -> None:
    lines = found["failures"]
    if not lines:
        if not found.get("verified", True):
            shared.tell(f"nothing is known: no result of {provider} was ever published", colour="yellow")
        else:
            shared.tell(f"nothing {f'of {consumer} ' if consumer else ''}fails with {provider}")
        return
    heads = ("CONSUMER", "INTERACTION", "BRANCH", "FAILS SINCE", "WHEN", "PASSED LAST", "FIRST CHANGE", "STATE")
    shared.tell(shared.table(heads, [_cells(line, provider) for line in lines]))
    shared.tell("")
    for line in lines:
        what = line.get("interaction") or "the whole contract"
        branch = f" on {line['providerBranch']}" if line.get("providerBranch") else ""
        shared.tell(f"- {line['consumer']}, {what}{branch}: {_sentence(line)}")


def _cells(line: Mapping[str, Any], provider: str) -> tuple[str, ...]:
    passed = line.get("lastPassed") or {}
    until = line.get("untilProviderVersion")
    state = f"passes since {until}" if until else "fails" if _now(line) else "not asked for any more"
    return (
        line["consumer"],
        line.get("interaction") or "(the whole contract)",
        line.get("providerBranch") or "",
        line["sinceProviderVersion"],
        line["since"][:16].replace("T", " "),
        passed.get("providerVersion") or "",
        _who(line, provider),
        state,
    )


def _who(line: Mapping[str, Any], provider: str) -> str:
    """The first change in a few words."""
    change = line.get("firstChange") or {}
    theirs = f"{line['consumer']} {(change.get('consumer') or {}).get('version') or ''}".strip()
    ours = f"{provider} {line['sinceProviderVersion']}"
    return {
        "provider": ours,
        "consumer": theirs,
        "both": f"{ours}, or {theirs}",
        "never-passed": "never passed",
    }.get(change.get("kind", ""), "not known")


def _sentence(line: Mapping[str, Any]) -> str:
    change = line.get("firstChange") or {}
    build = _build(line, change)
    return str(change.get("sentence") or "not known") + (f" {build}" if build else "")


def _build(since: Mapping[str, Any], change: Mapping[str, Any]) -> str | None:
    """Where the provider's change can be looked at, when it is one."""
    theirs = change.get("kind") in ("provider", "both")
    return (since.get("commitUrl") or since.get("buildUrl")) if theirs else None


def past(told: Mapping[str, Any], provider: str) -> list[str]:
    """The past of an interaction in a cause of can-i-deploy, in one or two lines; none from other brokers."""
    since, change = told.get("failingSince") or {}, told.get("firstChange") or {}
    if not since.get("providerVersion"):
        return []
    branch = f" ({since['branch']})" if since.get("branch") else ""
    build = _build(since, change)
    line = f"failing since {provider} {since['providerVersion']}{branch}, {str(since.get('at', ''))[:10]}"
    lines = [line + (f": {build}" if build else "")]
    if change.get("sentence"):
        lines.append(f"first change: {change['sentence']}")
    return lines
