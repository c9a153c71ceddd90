"""`tallystick who-needs`: who uses an operation of a provider, or a place in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from tallystick.client_sdk.commands import shared

if TYPE_CHECKING:
    from tallystick.client_sdk.broker_client.client import BrokerClient


@click.command("who-needs")
@click.argument("provider")
@click.argument("operation", required=False)
@click.argument("path", required=False)
@click.option("--unused", is_flag=True, help="What it offers and nobody uses.")
@click.option(
    "--against",
    type=click.Choice(["description", "shape"]),
    help="With --unused: its API description, or its answers as seen in verification. Default: the first there is.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV: a line per consumer, version, place and environment.")
@shared.json_option
@shared.broker_options
@click.pass_context
def who_needs(
    ctx: click.Context,
    /,
    broker: Any,
    as_json: bool,
    provider: str,
    operation: str | None,
    path: str | None,
    unused: bool,
    against: str | None,
    as_csv: bool,
) -> None:
    """Who uses an OPERATION of PROVIDER, or a PATH in it: how strictly, in which versions, where, since when.

    \b
      tallystick who-needs orders
      tallystick who-needs orders 'GET /orders/{id}'
      tallystick who-needs orders 'GET /orders/{id}' '$.lines[*].total'
      tallystick who-needs orders --unused

    PATH may have a status before it ('200 $.total'), or be 'query NAME', 'header NAME', 'metadata NAME'.
    Exits with 0 when somebody does, 3 when nobody is known to. With --unused: 0 when something is used by nobody, 3
    when nothing is, or nothing is known of what it offers.
    """
    from tallystick.client_sdk.broker_client import impact

    if unused and (operation or path):
        raise click.UsageError("--unused is about the whole provider: leave OPERATION and PATH out")
    if against and not unused:
        raise click.UsageError("--against says what to compare with: give --unused too")
    with broker() as client:
        found = _unused(client, provider, against) if unused else client.run(impact.usage(provider, operation, path))
    if as_json:
        shared.print_json(found)
    elif as_csv:
        click.echo(_csv(found), nl=False)
    elif unused:
        _tell_unused(found)
    else:
        _tell(found, operation, path)
    known = found.get("consumers") or found.get("usedBy") or found.get("unused")
    ctx.exit(shared.YES if known else shared.UNKNOWN)


def _tell(found: Any, operation: str | None, path: str | None) -> None:
    provider = found["provider"]["name"]
    if operation is None:
        lines = [(name, ", ".join(users)) for name, users in found["usedBy"].items()]
        shared.tell(shared.table(("OPERATION", "USED BY"), lines) if lines else f"nobody is known to use {provider}")
        return
    what = " ".join(one for one in (operation, path) if one)
    if found["consumers"]:
        heads = ("CONSUMER", "VERSION", "WHERE", "SINCE", "USES", "HOW STRICTLY", "SINCE VERSION")
        shared.tell(shared.table(heads, [line for one in found["consumers"] for line in _lines(one, path)]))
    else:
        shared.tell(f"nobody is known to use {what} of {provider}", colour="yellow")
    if found["ambiguous"]:
        shared.tell("it could also mean: " + ", ".join(found["ambiguous"]))
    if found["nearest"]:
        shared.tell("nearest: " + ", ".join(found["nearest"]))
    shared.tell(f"counted: {found['counted']}")


def _lines(consumer: Any, path: str | None) -> list[tuple[str, ...]]:
    lines: list[tuple[str, ...]] = []
    first = (consumer.get("usedSince") or {}).get("version", "")
    for version in consumer["versions"]:
        where = ", ".join(one.get("environment") or one["kind"] for one in version["standings"])
        since = min(one["since"] for one in version["standings"])[:10]
        uses = version["uses"]
        places = dict.fromkeys(one["place"] for one in uses)
        shown = ", ".join(places) if path or len(places) <= 3 else f"{len(places)} places"
        strictest = max((one["strictness"] for one in uses), key=_ORDER.index)
        lines.append((consumer["name"], version["number"], where, since, shown, strictest, first))
    return lines


_ORDER = ("presence", "type", "format", "range", "regex", "value")


def _unused(client: BrokerClient, provider: str, against: str | None) -> Any:
    from tallystick.client_sdk.broker_client import impact
    from tallystick.client_sdk.broker_client.errors import NotFound

    try:
        return client.run(impact.unused(provider, against))
    except NotFound as missing:
        raise shared.Failure(missing.hint or str(missing), shared.UNKNOWN) from None


def _tell_unused(found: Any) -> None:
    provider, version = found["provider"]["name"], found["version"]
    for operation in found["unused"]:
        shared.tell(operation["operation"] + ("" if operation["used"] else "  (the operation as a whole)"))
        for place in _outermost(operation["places"]):
            shared.tell(f"  {place}")
    against = found.get("against", "description")
    if not found["unused"]:
        shared.tell(f"everything that the {against} has is used by somebody")
    if found.get("unseen"):
        has = "is not described" if against == "description" else "was not seen in the answers"
        shared.tell(f"used, and {has}: {', '.join(found['unseen'])}", colour="yellow")
    shared.tell(f"{against}: {provider} {version}")
    if found.get("caveat"):
        shared.tell(f"note: {found['caveat']}")
    shared.tell(f"counted: {found['counted']}")


def _outermost(places: Sequence[str]) -> list[str]:
    """Places, those within another one of them counted with it: `$.address  (and 3 places in it)`."""
    inside: dict[str, int] = {}
    for place in places:
        outer = next((one for one in inside if place.startswith((f"{one}.", f"{one}["))), None)
        if outer is None:
            inside[place] = 0
        else:
            inside[outer] += 1
    counted = {one: f"  (and {count} place{'s' if count > 1 else ''} in it)" for one, count in inside.items() if count}
    return [one + counted.get(one, "") for one in inside]


def _csv(found: Any) -> str:
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out)
    if "unused" in found:
        writer.writerow(("operation", "operation used", "place", "against", "version"))
        compared = (found.get("against", "description"), found["version"])
        for one in found["unused"]:
            used = "yes" if one["used"] else "no"
            for place in one["places"] or [""]:
                writer.writerow([_harmless(cell) for cell in (one["operation"], used, place, *compared)])
        return out.getvalue()
    if "usedBy" in found:
        writer.writerow(("operation", "consumer"))
        writer.writerows((name, user) for name, users in found["usedBy"].items() for user in users)
        return out.getvalue()
    writer.writerow(
        ("consumer", "version", "kind", "environment", "production", "since", "used since version", "used since",
         "operation", "side", "place", "strictness", "type")
    )  # fmt: skip
    for consumer in found["consumers"]:
        first = consumer.get("usedSince") or {}
        for version in consumer["versions"]:
            for standing in version["standings"]:
                for use in version["uses"]:
                    line = (
                        consumer["name"], version["number"], standing["kind"], standing.get("environment", ""),
                        {True: "yes", False: "no"}.get(standing.get("production"), ""), standing["since"],
                        first.get("version", ""), first.get("at", ""), use["operation"], use["side"], use["place"],
                        use["strictness"], use["type"],
                    )  # fmt: skip
                    writer.writerow([_harmless(cell) for cell in line])
    return out.getvalue()


def _harmless(cell: str) -> str:
    """A cell that a spreadsheet would run is made text."""
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r") else cell
