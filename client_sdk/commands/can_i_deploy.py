"""`tallystick can-i-deploy`, `can-i-merge` and `matrix`: the same question with other defaults."""

from __future__ import annotations

from collections.abc import Callable
from time import sleep as wait
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.client_sdk.commands import shared
from tallystick.client_sdk.commands.failures import past

if TYPE_CHECKING:
    from tallystick.client_sdk.broker_client.results import Deployability, Selector

_EXIT: Final = {"yes": shared.YES, "no": shared.NO, "unknown": shared.UNKNOWN, "unanswerable": shared.UNKNOWN}
_COLOURS: Final = {"yes": "green", "no": "red", "unknown": "yellow", "unanswerable": "yellow"}


def _selectors(command: shared.F) -> shared.F:
    for option in (
        click.option("--ignore", cls=shared.InOrder, multiple=True, metavar="P",
                     help="An application whose results do not count; -e after it means that version only."),
        click.option("--main-branch", cls=shared.InOrder, is_flag=True, help="Its versions on its main branch."),
        click.option("--branch", cls=shared.InOrder, multiple=True, metavar="B", help="Its latest on a branch."),
        click.option("--latest", "-l", cls=shared.InOrder, multiple=True, is_flag=False, flag_value="",
                     metavar="[TAG]", help="Its latest version, or its latest with the tag."),
        click.option("--version", "-e", cls=shared.InOrder, multiple=True, metavar="V", help="The version of it."),
        click.option("--pacticipant", "-a", cls=shared.InOrder, multiple=True, metavar="P",
                     help="An application; what follows says which version. May be repeated."),
    ):  # fmt: skip
        command = option(command)
    return command


def _waiting(command: shared.F) -> shared.F:
    for option in (
        click.option("--dry-run", is_flag=True, envvar="PACT_BROKER_CAN_I_DEPLOY_DRY_RUN",
                     help="Advise only: say the answer and exit with 0."),
        click.option("--retry-interval", type=click.IntRange(0), default=10, show_default=True, metavar="SECONDS",
                     help="How long to wait in between."),
        click.option("--retry-while-unknown", type=click.IntRange(0), default=0, metavar="TIMES",
                     help="Ask again while results are missing."),
        click.option("--limit", type=click.IntRange(1), metavar="N", help="Print at most N rows."),
    ):  # fmt: skip
        command = option(command)
    return command


_static_evidence = click.option(
    "--static-evidence/--no-static-evidence",
    default=None,
    help="Where a result is owed, comparing the contract with the provider version's API description may answer, "
    "labelled. Left out: where the provider is known to want it.",
)


@click.command("can-i-deploy")
@_selectors
@click.option("--to-environment", metavar="E", help="Where it would go.")
@click.option("--to", "to_tag", metavar="TAG", help="Versions with this tag are what it would meet.")
@click.option("--with-main-branches", is_flag=True, help="The others' main branches are what it would meet.")
@_waiting
@_static_evidence
@shared.json_option
@shared.broker_options
@click.pass_context
def can_i_deploy(
    ctx: click.Context,
    /,
    broker: Any,
    as_json: bool,
    to_environment: str | None,
    to_tag: str | None,
    with_main_branches: bool,
    limit: int | None,
    retry_while_unknown: int,
    retry_interval: int,
    dry_run: bool,
    static_evidence: bool | None,
    **_: Any,
) -> None:
    """May this version go to that environment? Exits with 0 for yes, 1 for no, 3 for unknown or unanswerable."""
    if sum(map(bool, (to_environment, to_tag, with_main_branches))) > 1:
        raise click.UsageError("--to-environment, --to and --with-main-branches exclude one another")
    selectors, ignored = selected(shared.occurrences(ctx))

    def ask() -> Deployability:
        with broker() as client:
            answer: Deployability = client.can_i_deploy(
                selectors,
                to_environment=to_environment,
                to_tag=to_tag,
                to_main_branches=with_main_branches,
                ignore=ignored,
                limit=limit,
                static_evidence=static_evidence,
            )
            return answer

    action = f"go to {to_environment}" if to_environment else f"join {to_tag}" if to_tag else "be deployed"
    _conclude(ctx, ask, as_json, retry_while_unknown, retry_interval, dry_run, (_subject(selectors), action))


@click.command("can-i-merge")
@_selectors
@_waiting
@_static_evidence
@shared.json_option
@shared.broker_options
@click.pass_context
def can_i_merge(
    ctx: click.Context,
    /,
    broker: Any,
    as_json: bool,
    limit: int | None,
    retry_while_unknown: int,
    retry_interval: int,
    dry_run: bool,
    static_evidence: bool | None,
    **_: Any,
) -> None:
    """Does this version fit the main branches of what it is integrated with?"""
    selectors, ignored = selected(shared.occurrences(ctx))

    def ask() -> Deployability:
        with broker() as client:
            answer: Deployability = client.can_i_deploy(
                selectors, to_main_branches=True, ignore=ignored, limit=limit, static_evidence=static_evidence
            )
            return answer

    _conclude(ctx, ask, as_json, retry_while_unknown, retry_interval, dry_run, (_subject(selectors), "be merged"))


@click.command("matrix")
@_selectors
@click.option("--limit", type=click.IntRange(1), metavar="N", help="Print at most N rows.")
@click.option("--success", type=click.Choice(["true", "false", "unverified"]), multiple=True, help="Keep such rows.")
@click.option("--latestby", type=click.Choice(["cvpv", "cvp", "cp"]), default="cvpv", show_default=True,
              help="One row per group of consumer, consumer version, provider, provider version.")  # fmt: skip
@_static_evidence
@shared.json_option
@shared.broker_options
@click.pass_context
def matrix(
    ctx: click.Context,
    /,
    broker: Any,
    as_json: bool,
    limit: int | None,
    success: tuple[str, ...],
    latestby: str,
    static_evidence: bool | None,
    **_: Any,
) -> None:
    """Which versions have been verified with which. Always exits with 0: it shows, can-i-deploy decides."""
    selectors, ignored = selected(shared.occurrences(ctx))
    wishes = [None if word == "unverified" else word == "true" for word in success]
    with broker() as client:
        answer = client.matrix(
            selectors,
            ignore=ignored,
            limit=limit,
            latest_by=latestby,
            success=wishes,
            single_latest=False,
            static_evidence=static_evidence,
        )
    if as_json:
        shared.print_json(answer.document)
        return
    shared.tell(rows(answer) or "no rows")


def selected(given: list[tuple[str, str | None]]) -> tuple[list[Selector], list[Selector]]:
    """The selectors, and those to ignore, from options in their order. Raises `UsageError` for one without an owner."""
    from dataclasses import replace

    from tallystick.client_sdk.broker_client.results import Selector

    wanted: list[Selector] = []
    ignored: list[Selector] = []
    group = wanted
    for name, value in given:
        if name in ("pacticipant", "ignore"):
            group = wanted if name == "pacticipant" else ignored
            group.append(Selector(value or ""))
            continue
        option = "--" + name.replace("_", "-")
        if not group:
            raise click.UsageError(f"{option} belongs after the --pacticipant whose version it names")
        last = group[-1]
        if group is ignored and name != "version":
            raise click.UsageError(f"{option} cannot follow --ignore: only -e VERSION can")
        if name == "version":
            group[-1] = replace(last, version=value)
        elif name == "latest":
            group[-1] = replace(last, latest=True, tag=value or last.tag)
        elif name == "branch":
            group[-1] = replace(last, branch=value, latest=True)
        else:
            group[-1] = replace(last, main_branch=True)
        if group[-1].version is not None and (group[-1].latest or group[-1].main_branch):
            raise click.UsageError(f"{last.pacticipant}: give a version, or --latest, --branch or --main-branch")
    if not wanted:
        raise click.UsageError("which application? Give --pacticipant P with --version V")
    return wanted, ignored


def _conclude(
    ctx: click.Context,
    ask: Callable[[], Deployability],
    as_json: bool,
    retries: int,
    interval: int,
    dry_run: bool,
    question: tuple[str, str],
) -> None:
    answer = ask()
    while answer.verdict == "unknown" and retries:
        shared.tell(f"results are missing; asking again in {interval} s ({retries} times left)", err=True)
        wait(interval)
        retries -= 1
        answer = ask()
    if as_json:
        shared.print_json(answer.document)
    else:
        _print(answer, *question)
        if dry_run and answer.verdict != "yes":
            shared.tell("\nThis was a dry run: the answer does not end the build.", colour="yellow")
    ctx.exit(shared.YES if dry_run else _EXIT[answer.verdict])


def _print(answer: Deployability, subject: str, action: str) -> None:
    sentence = {
        "yes": f"YES: {subject} can {action}.",
        "no": f"NO: {subject} must not {action}.",
        "unknown": f"UNKNOWN whether {subject} can {action}: results are missing.",
        "unanswerable": f"UNANSWERABLE whether {subject} can {action}.",
    }[answer.verdict]
    shared.tell(sentence, colour=_COLOURS[answer.verdict])
    shown = rows(answer)
    if shown:
        shared.tell("\n" + shown)
    if answer.causes:
        shared.tell("")
        for cause in answer.causes:
            provider = (cause.document.get("provider") or {}).get("name") or "the provider"
            shared.tell(f"- {cause.sentence}")
            for interaction in cause.interactions:
                shared.tell(f"    {interaction.get('description') or interaction.get('id')}")
                for mismatch in interaction.get("mismatches") or ():
                    shared.tell(f"      {_mismatch(mismatch)}")
                for line in past(interaction, provider):
                    shared.tell(f"      {line}")
            for line in past(cause.document, provider):
                shared.tell(f"    {line}")
            if cause.next_command:
                whose = f" ({cause.unblocked_by})" if cause.unblocked_by else ""
                shared.tell(f"    next{whose}: {cause.next_command}")
    else:
        if answer.notices:
            shared.tell("")
        for notice in answer.notices:
            shared.tell(f"- {notice.text}")
    for line in beside(answer.document):
        shared.tell(line)


def beside(document: Any) -> list[str]:
    """What a Tallystick broker tells besides the verdict: a safe order of deployment, and what was not covered."""
    summary = document.get("summary", {}) if isinstance(document, dict) else {}
    order = summary.get("ts:order") or {}
    lines = [f"- {sentence}" for sentence in summary.get("ts:help") or ()]
    for number, step in enumerate(order.get("steps") or (), 1):
        names = " and ".join(f"{one.get('pacticipant')} {one.get('version')}" for one in step)
        lines.append(
            f"  {number}. {names}" + (" (at once: each needs the new version of the other)" if len(step) > 1 else "")
        )
    if order.get("steps"):
        lines.insert(len(lines) - len(order["steps"]), "\nA safe order of deployment:")
    return lines


def rows(answer: Deployability) -> str:
    """The matrix as a table; empty for no rows."""
    if not answer.rows:
        return ""
    words = {True: "yes", False: "FAILED", None: "not verified"}
    return shared.table(
        ("CONSUMER", "VERSION", "PROVIDER", "VERSION", "VERIFIED"),
        [
            (
                row.consumer,
                row.consumer_version,
                row.provider,
                row.provider_version or "?",
                words[row.success] + (" (static)" if row.static else "") + (" (ignored)" if row.ignored else ""),
            )
            for row in answer.rows
        ],
    )


def _subject(selectors: list[Selector]) -> str:
    names = []
    for one in selectors:
        if one.version:
            names.append(f"{one.pacticipant} {one.version}")
        elif one.branch:
            names.append(f"the latest {one.pacticipant} of branch {one.branch}")
        elif one.main_branch:
            names.append(f"{one.pacticipant} of the main branch")
        elif one.latest:
            names.append(f"the latest {one.pacticipant}" + (f" with tag {one.tag}" if one.tag else ""))
        else:
            names.append(f"any {one.pacticipant}")
    return " and ".join(names)


def _mismatch(mismatch: Any) -> str:
    if isinstance(mismatch, dict):
        place = " ".join(str(mismatch[key]) for key in ("attribute", "identifier", "path") if mismatch.get(key))
        said = mismatch.get("description") or mismatch.get("mismatch") or ""
        return f"{place}: {said}" if place else str(said)
    return str(mismatch)
