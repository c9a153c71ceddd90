"""`tallystick plan`: changes that are planned, who still has to move, whether the old shape may go."""

from __future__ import annotations

import functools
from typing import Any, Final

import click

from tallystick.client_sdk.commands import shared
from tallystick.client_sdk.commands.changes import checked, days

_WORDS: Final = {"yes": ("YES", "green"), "no": ("NO", "red"), "unknown": ("UNKNOWN", "yellow")}
_EXIT: Final = {"yes": shared.YES, "no": shared.NO, "unknown": shared.UNKNOWN}


@click.group("plan")
def plan() -> None:
    """Plan a change of a provider, see who still has to move, and ask whether the old shape may go."""


def _said(command: shared.F) -> shared.F:
    """What people say of a plan."""
    for option in (
        click.option("--url", metavar="URL", help="What those who have to move should read; sent as a Link."),
        click.option("--sunset", metavar="DAY", help="When the old shape is meant to go, such as 2031-05-01."),
        click.option("--title", metavar="TEXT", help="What people call it."),
    ):
        command = option(command)
    return command


def _named(command: shared.F) -> shared.F:
    """A plan by its uuid, or as the open one of a provider; passes `find`, which gives its uuid for a client."""

    @functools.wraps(command)
    def run(uuid: str | None, provider: str | None, named: str | None, **arguments: Any) -> Any:
        if bool(uuid) == bool(provider) or (named and not provider):
            raise click.UsageError("which plan? Give its UUID, or --provider P (and --named TITLE, if it has several)")
        return command(find=functools.partial(_find, uuid, provider, named), **arguments)

    for option in (
        click.option("--named", metavar="TITLE", help="The one of that title; a closed one, if none is open."),
        click.option("--provider", metavar="P", help="The open plan of this provider."),
        click.argument("uuid", required=False),
    ):
        run = option(run)
    return run  # type: ignore[return-value]


def _find(uuid: str | None, provider: str | None, named: str | None, client: Any) -> str:
    from tallystick.client_sdk.broker_client import impact

    if uuid:
        return uuid
    found = client.run(impact.plans(provider, title=named))
    fitting = [one for one in found if one["stage"] != "closed"] or (found[:1] if named else [])
    if len(fitting) == 1:
        return str(fitting[0]["uuid"])
    what = f"plan of {provider} named {named!r}" if named else f"open plan of {provider}"
    if not fitting:
        raise shared.Failure(f"there is no {what}: `tallystick plan list` shows those there are", shared.UNKNOWN)
    several = "\n".join(f"  {one['uuid']}  {one['title']}" for one in fitting)
    raise shared.Failure(f"{len(fitting)} plans fit, so which one? Give --named TITLE, or a UUID:\n{several}", 2)


def _asked(client: Any, operation: Any) -> Any:
    """The answer; a plan that does not exist ends the command with 3."""
    from tallystick.client_sdk.broker_client.errors import NotFound

    try:
        return client.run(operation)
    except NotFound as missing:
        raise shared.Failure(str(missing), shared.UNKNOWN) from None


@plan.command("create")
@click.argument("provider")
@click.option(
    "--edit",
    "edits",
    multiple=True,
    required=True,
    metavar="EDIT",
    callback=checked,
    help="As for impact. May be repeated.",
)
@_said
@shared.json_option
@shared.broker_options
def create(
    broker: Any,
    as_json: bool,
    provider: str,
    edits: tuple[str, ...],
    title: str | None,
    sunset: str | None,
    url: str | None,
) -> None:
    """Plan a change: who has to move is counted from now on."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        _tell(client.run(impact.create_plan(provider, edits, title=title, sunset=sunset, url=url)), as_json)


@plan.command("list")
@click.option("--provider", metavar="P", help="Only of this provider.")
@click.option("--open", "only_open", is_flag=True, help="Only those that are not closed.")
@shared.json_option
@shared.broker_options
def list_plans(broker: Any, as_json: bool, provider: str | None, only_open: bool) -> None:
    """List the planned changes, open ones first."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        found = client.run(impact.plans(provider, is_open=True if only_open else None))
    if as_json:
        shared.print_json(found)
        return
    lines = [(one["uuid"], one["provider"], _stage(one), one["title"], one["reason"]) for one in found]
    shared.tell(shared.table(("UUID", "PROVIDER", "STAGE", "TITLE", "WHY"), lines) if lines else "no plans")


@plan.command("show")
@_named
@shared.json_option
@shared.broker_options
def show(broker: Any, as_json: bool, find: Any) -> None:
    """Show a planned change as it stands now."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        _tell(_asked(client, impact.plan(find(client))), as_json)


@plan.command("update")
@_named
@_said
@shared.json_option
@shared.broker_options
def update(broker: Any, as_json: bool, find: Any, title: str | None, sunset: str | None, url: str | None) -> None:
    """Change the title, sunset or url of a plan; an empty --sunset or --url takes it away."""
    from tallystick.client_sdk.broker_client import impact

    said = {"title": title, "sunset": sunset, "url": url}
    changed = {name: text or None for name, text in said.items() if text is not None}
    if not changed:
        raise click.UsageError("what changes? Give --title, --sunset or --url")
    with broker() as client:
        _tell(_asked(client, impact.change_plan(find(client), **changed)), as_json)


@plan.command("close")
@_named
@click.option(
    "--as",
    "outcome",
    type=click.Choice(["done", "given-up"]),
    help="What became of it; done when left out and the gate is open.",
)
@shared.json_option
@shared.broker_options
def close(broker: Any, as_json: bool, find: Any, outcome: str | None) -> None:
    """The change is made, or given up: close its plan."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        _tell(_asked(client, impact.close_plan(find(client), outcome)), as_json)


@plan.command("can-i-remove")
@_named
@shared.json_option
@shared.broker_options
@click.pass_context
def can_i_remove(ctx: click.Context, /, broker: Any, as_json: bool, find: Any) -> None:
    """May the old shape go? Exits with 0 for yes, 1 for no, 3 when nobody knows or there is no such plan."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        found = _asked(client, impact.may_remove(find(client)))
    if as_json:
        shared.print_json(found)
    else:
        word, colour = _WORDS[found["verdict"]]
        shared.tell(f"{word}: {found['reason']}.", colour=colour)
        _tell_left(found)
    ctx.exit(_EXIT[found["verdict"]])


def _stage(found: Any) -> str:
    return f"{found['stage']} as {found['outcome']}" if found.get("outcome") else str(found["stage"])


def _tell(found: Any, as_json: bool) -> None:
    if as_json:
        shared.print_json(found)
        return
    shared.tell(f"{found['title']}: {_stage(found)} ({found['reason']})")
    shared.tell(f"uuid {found['uuid']}")
    _tell_left(found)
    for one in found["moved"]:
        expected = one["forecastDays"]
        beside = "not forecast" if expected is None else f"forecast: {expected:g}"
        shared.tell(f"  moved: {one['consumer']}, after {_days(one['actualDays'])} ({beside})")
    shared.tell(f"forecast when planned: {days(found['forecast']['made'])}")
    shared.tell(f"forecast now: {days(found['forecast']['now'])}")
    for one in found["history"]:
        shared.tell(f"the gate {one['event']} at {one['at']}, after {_days(one['days'])}: {one['reason']}")
    shared.tell("headers to send with the old shape:")
    for name, value in found["headers"].items():
        shared.tell(f"  {name}: {value}")


def _days(number: float) -> str:
    return f"{number:g} day{'' if number == 1 else 's'}"


def _tell_left(found: Any) -> None:
    for name, what in (("left", "left"), ("unread", "cannot be read")):
        for one in found[name]:
            who = ", ".join(f"{each['consumer']} {each['version']}" for each in one["consumers"])
            shared.tell(f"  {what} in {one['environment']}: {who}")
    for one in found["notLive"]:
        shared.tell(f"  not live, and would rely on it again: {one['consumer']} {one['version']}")
