"""`tallystick impact`: what a change of a provider would break, asked of its edits, its description, or a build."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from tallystick.client_sdk.commands import shared
from tallystick.client_sdk.commands.changes import checked
from tallystick.verifier.cli import REPLAY, STATES, TARGET

_EXIT: Final = {"safe": shared.YES, "breaks": shared.NO, "may break": shared.NO, "unknown": shared.UNKNOWN}
_BUILD: Final = ("provider_base_url", "app", "start", "messages", "message_url", "transport")
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("impact")
@click.argument("provider")
@click.option(
    "--edit",
    "edits",
    multiple=True,
    metavar="EDIT",
    callback=checked,
    help="\"remove 'GET /orders/{id} 200 $.total'\", rename, type, require, drop operation. May be repeated.",
)
@click.option("--description", type=_file, help="The changed OpenAPI description.")
@click.option("--from", "before", type=_file, help="The old one; the published one when left out.")
@click.option(
    "--provider-version", metavar="VERSION", help="A version with published results: they are told, nothing is run."
)
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
@shared.json_option
@shared.broker_options_beside_a_provider
@click.pass_context
def impact(
    ctx: click.Context,
    /,
    broker: Any,
    as_json: bool,
    provider: str,
    edits: tuple[str, ...],
    description: Path | None,
    before: Path | None,
    provider_version: str | None,
    markdown: bool,
    **build: Any,
) -> None:
    """What a change of PROVIDER would break: whom, on which field, where it is live, and what it would cost.

    A change is --edit EDIT, or a changed --description; or a build, at --provider-base-url or --app, that is replayed
    against the contracts that count. Nothing is published. A build can be asked together with edits or a description:
    then the answer says where they agree.

    Exits with 0 when nobody would break, 1 when somebody would or may, 3 when it is not known: nothing is published,
    an edit names what nobody knows, or not everything could be asked. 4 when the build or the broker cannot be reached.
    """
    replayed = any(build[name] for name in _BUILD)
    _refuse_what_makes_no_sense(edits, description, before, provider_version, replayed=replayed)
    from tallystick.client_sdk.broker_client import impact as asking
    from tallystick.client_sdk.broker_client.errors import NotFound

    with broker() as client:
        try:
            replay = _replay(client, provider, build) if replayed else None
            found = client.run(
                asking.impact(
                    provider,
                    edits=edits,
                    description=_text(description),
                    before=_text(before),
                    version=provider_version,
                    replay=replay,
                )
            )
        except NotFound as unknown:
            names = "" if provider_version else "; the names that are known: tallystick list-pacticipants"
            raise shared.Failure(f"{unknown.hint or unknown}{names}", shared.UNKNOWN) from None
    _show(found, as_json=as_json, markdown=markdown)
    ctx.exit(_EXIT[found["verdict"]])


for _option in (*TARGET, *STATES, *REPLAY):
    impact = _option(impact)


def _refuse_what_makes_no_sense(
    edits: tuple[str, ...], description: Path | None, before: Path | None, version: str | None, *, replayed: bool
) -> None:
    if edits and description is not None:
        raise click.UsageError("what changes? Give --edit EDIT, or --description FILE, and not both")
    if not (edits or description is not None or version or replayed):
        raise click.UsageError(
            "what changes? Give --edit EDIT, or --description FILE; or a build: --provider-base-url URL, "
            "--app MODULE:NAME, or --provider-version VERSION"
        )
    if before is not None and description is None:
        raise click.UsageError("--from is what a --description is compared with")
    if version and replayed:
        raise click.UsageError("which build? Give --provider-version VERSION, or one that is to be run, and not both")


def _replay(client: Any, provider: str, build: dict[str, Any]) -> Any:
    from tallystick.verifier import counted
    from tallystick.verifier.options import CannotVerify

    try:
        replay, warnings = counted.replay(client, provider, build)
    except CannotVerify as refused:
        raise shared.Failure(str(refused), refused.exit_code) from None
    for warning in warnings:
        shared.tell(f"! {warning}", err=True, colour="yellow")
    return replay


def _text(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as wrong:
        raise shared.Failure(f"{file} is not UTF-8 (at byte {wrong.start})", 2) from None


def _show(found: Any, *, as_json: bool, markdown: bool) -> None:
    if as_json:
        shared.print_json(found)
    elif markdown:
        from tallystick.verifier.reports import impact_markdown

        click.echo(impact_markdown.text(found))
    else:
        from tallystick.verifier.command import terminal
        from tallystick.verifier.reports import impact_text

        colour, width = terminal(None)
        click.echo(impact_text.text(found, colour=colour, width=width), nl=False, color=colour)
