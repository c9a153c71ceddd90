"""`tallystick impact`: what a change of a provider would break, before it is made."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import click

from tallystick.client_sdk.commands import shared

_EXIT: Final = {"safe": shared.YES, "breaks": shared.NO, "may break": shared.NO, "unknown": shared.UNKNOWN}
_COLOURS: Final = {"safe": "green", "breaks": "red", "may break": "red", "unknown": "yellow"}
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


def checked(_ctx: click.Context, _parameter: click.Parameter, edits: tuple[str, ...]) -> tuple[str, ...]:
    """The edits of a command line, each of which can be read."""
    from tallystick.contract.openapi.edits import EditInvalid, parse_edit

    for text in edits:
        try:
            parse_edit(text)
        except EditInvalid as wrong:
            raise click.BadParameter(str(wrong)) from None
    return edits


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
@click.option("--markdown", is_flag=True, help="Print Markdown, for a pull request.")
@shared.json_option
@shared.broker_options
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
    markdown: bool,
) -> None:
    """What a change of PROVIDER would break: whom, on which field, where it is live, and what it would cost.

    Exits with 0 when nobody would break, 1 when somebody would or may, 3 when an edit names what nobody knows.
    """
    if bool(edits) == (description is not None):
        raise click.UsageError("what changes? Give --edit EDIT, or --description FILE, and not both")
    if before is not None and description is None:
        raise click.UsageError("--from is what a --description is compared with")
    from tallystick.client_sdk.broker_client import impact as asking

    with broker() as client:
        found = client.run(asking.impact(provider, edits=edits, description=_text(description), before=_text(before)))
    if as_json:
        shared.print_json(found)
    elif markdown:
        click.echo(as_markdown(found))
    else:
        _tell(found)
    ctx.exit(_EXIT[found["verdict"]])


def _text(file: Path | None) -> str | None:
    if file is None:
        return None
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError as wrong:
        raise shared.Failure(f"{file} is not UTF-8 (at byte {wrong.start})", 2) from None


def headline(found: Any) -> str:
    """The answer in one sentence."""
    provider, count = found["provider"]["name"], len(found["consumers"])
    who = f"{count} consumer{'' if count == 1 else 's'} of {provider}"
    return {
        "breaks": f"BREAKS {who}.",
        "may break": f"MAY BREAK {who}: the API may still answer as before.",
        "safe": f"SAFE: no counted contract with {provider} would break.",
        "unknown": f"UNKNOWN: an edit names an operation that neither a contract nor a description of {provider} has.",
    }[found["verdict"]]


def _where(consumer: Any) -> list[str]:
    return [
        f"{version['number']}: "
        + ", ".join(
            f"{one.get('environment') or one['kind']} since {one['since'][:10]}" for one in version["standings"]
        )
        for version in consumer["versions"]
    ]


def days(forecast: Any) -> str:
    """A forecast as words: the median with its spread, or why there is none."""
    if forecast["days"] is None:
        return str(forecast["note"])
    if not forecast["days"]:
        return "0 days"
    return f"{forecast['days']} days (half of the time {forecast['lowDays']} to {forecast['highDays']})"


def _tell(found: Any) -> None:
    shared.tell(headline(found), colour=_COLOURS[found["verdict"]])
    for consumer in found["consumers"]:
        since = (consumer.get("usedSince") or {}).get("version")
        shared.tell(f"\n{consumer['name']}" + (f" (relies on it since version {since})" if since else ""))
        for line in _where(consumer):
            shared.tell(f"  {line}")
        for contact in consumer["contacts"]:
            shared.tell(f"  contact for {contact['environment']}: {contact['name']}")
        for line in consumer["breaks"]:
            shared.tell(f"  - [{line['strength']}] {line['interaction']}: {line['sentence']}")
            rule = f", rule {line['rule']}" if line.get("rule") else ""
            shared.tell(f"      {line['field']}{rule}; versions {', '.join(line['versions'])}")
        shared.tell(f"  next deployment: {days(consumer['forecast'])}")
    for one in found["unused"]:
        near = f"; nearest: {', '.join(one['nearest'])}" if one["nearest"] else ""
        shared.tell(f"\nnobody relies on: {one['edit']}{near}")
    for one in found["notAsked"]:
        shared.tell(f"\nnot asked: {one['consumer']} {one['version']}: {one['reason']}", colour="yellow")
    if found["consumers"]:
        cost = found["cost"]
        parts = " + ".join(f"{p['count']} {p['what']} x {p['weight']}" for p in cost["parts"] if p["count"])
        shared.tell(f"\ncost: {cost['points']} points = {parts}")
        shared.tell(f"the old shape can go in: {days(found['forecast'])}")
        shared.tell("\nways to change all the same:")
        for way in found["ways"]:
            fits = "" if way["fits"] else " (does not fit this change)"
            shared.tell(f"- {way['way']}{fits}: {days(way['forecast'])}, {way['interactionsToRewrite']} interactions "
                        "to rewrite")  # fmt: skip
            for step in way["steps"]:
                shared.tell(f"    {step['who']} {step['does']}")
            shared.tell(f"    stays running: {way['staysRunning']}")
    shared.tell(f"\nevidence {found['strength']}, {found['evidence']}\ncounted: {found['counted']}")


def as_markdown(found: Any) -> str:
    """The answer for a pull request. Text from contracts is escaped: it must not become markup."""
    lines = [f"**{headline(found)}**", ""]
    if found["consumers"]:
        lines += ["| consumer | versions | interaction | field | why | evidence |", "|---|---|---|---|---|---|"]
        for consumer in found["consumers"]:
            where = "; ".join(_where(consumer))
            for line in consumer["breaks"]:
                cells = (consumer["name"], where, line["interaction"], line["field"], line["sentence"],
                         line["strength"])  # fmt: skip
                lines.append("| " + " | ".join(escaped(cell) for cell in cells) + " |")
        cost = found["cost"]
        parts = " + ".join(f"{p['count']} {p['what']} × {p['weight']}" for p in cost["parts"] if p["count"])
        lines += ["", f"Cost: {cost['points']} points = {parts}", ""]
        lines.append(f"The old shape can go in: {escaped(days(found['forecast']))}")
        lines += ["", "| way | waits | rewrites | stays running |", "|---|---|---|---|"]
        for way in found["ways"]:
            told = (way["way"], days(way["forecast"]), str(way["interactionsToRewrite"]), way["staysRunning"])
            lines.append("| " + " | ".join(escaped(cell) for cell in told) + " |")
    lines += ["" for _ in found["unused"][:1]]
    lines += [f"- nobody relies on: {escaped(one['edit'])}" for one in found["unused"]]
    lines += ["", f"Evidence {found['strength']}, {found['evidence']}."]
    return "\n".join(lines)


def escaped(text: str) -> str:
    """Text as text: no markup, no cell's end, no new line, nobody mentioned."""
    for character in "\\`*_[]<>|#~":
        text = text.replace(character, f"\\{character}")
    return text.replace("@", "@\u200b").replace("\r", " ").replace("\n", " ")
