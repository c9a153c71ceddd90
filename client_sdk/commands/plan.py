"""`tallystick plan`: changes that are planned, who still has to move, whether the old shape may go."""

from __future__ import annotations

from typing import Any

import click

from tallystick.client_sdk.commands import shared
from tallystick.client_sdk.commands.changes import checked, days


@click.group("plan")
def plan() -> None:
    """Plan a change of a provider, see who still has to move, and ask whether the old shape may go."""


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
@click.option("--title", metavar="TEXT", help="What people call it.")
@click.option("--sunset", metavar="DAY", help="When the old shape is meant to go, such as 2031-05-01.")
@shared.json_option
@shared.broker_options
def create(
    broker: Any, as_json: bool, provider: str, edits: tuple[str, ...], title: str | None, sunset: str | None
) -> None:
    """Plan a change: who has to move is counted from now on."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        _tell(client.run(impact.create_plan(provider, edits, title=title, sunset=sunset)), as_json)


@plan.command("list")
@click.option("--provider", metavar="P", help="Only of this provider.")
@shared.json_option
@shared.broker_options
def list_plans(broker: Any, as_json: bool, provider: str | None) -> None:
    """List the planned changes, open ones first."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        found = client.run(impact.plans(provider))
    if as_json:
        shared.print_json(found)
        return
    lines = [(one["uuid"], one["provider"], one["stage"], one["title"], one["reason"]) for one in found]
    shared.tell(shared.table(("UUID", "PROVIDER", "STAGE", "TITLE", "WHY"), lines) if lines else "no plans")


@plan.command("show")
@click.argument("uuid")
@shared.json_option
@shared.broker_options
def show(broker: Any, as_json: bool, uuid: str) -> None:
    """Show a planned change as it stands now."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        _tell(client.run(impact.plan(uuid)), as_json)


@plan.command("close")
@click.argument("uuid")
@shared.json_option
@shared.broker_options
def close(broker: Any, as_json: bool, uuid: str) -> None:
    """The change is made, or given up: close its plan."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        _tell(client.run(impact.close_plan(uuid)), as_json)


@plan.command("can-i-remove")
@click.argument("uuid")
@shared.json_option
@shared.broker_options
@click.pass_context
def can_i_remove(ctx: click.Context, /, broker: Any, as_json: bool, uuid: str) -> None:
    """May the old shape go? Exits with 0 for yes, 1 for no."""
    from tallystick.client_sdk.broker_client import impact

    with broker() as client:
        found = client.run(impact.plan(uuid))
    if as_json:
        shared.print_json(found)
    else:
        word, colour = ("YES", "green") if found["canRemove"] else ("NO", "red")
        shared.tell(f"{word}: {found['reason']}.", colour=colour)
        _tell_left(found)
    ctx.exit(shared.YES if found["canRemove"] else shared.NO)


def _tell(found: Any, as_json: bool) -> None:
    if as_json:
        shared.print_json(found)
        return
    shared.tell(f"{found['title']}: {found['stage']} ({found['reason']})")
    shared.tell(f"uuid {found['uuid']}")
    _tell_left(found)
    shared.tell(f"forecast when planned: {days(found['forecast']['made'])}")
    shared.tell(f"forecast now: {days(found['forecast']['now'])}")
    if found["forecast"].get("gateOpenedAt"):
        shared.tell(f"the gate opened at {found['forecast']['gateOpenedAt']}, "
                    f"after {found['forecast']['actualDays']} days")  # fmt: skip
    shared.tell("headers to send with the old shape:")
    for name, value in found["headers"].items():
        shared.tell(f"  {name}: {value}")


def _tell_left(found: Any) -> None:
    for one in found["left"]:
        who = ", ".join(f"{each['consumer']} {each['version']}" for each in one["consumers"])
        shared.tell(f"  left in {one['environment']}: {who}")
    for one in found["notLive"]:
        shared.tell(f"  not live, and would rely on it again: {one['consumer']} {one['version']}")
