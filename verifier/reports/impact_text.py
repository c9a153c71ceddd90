"""The broker's answer about a change for people at a terminal. Reads well in 80 columns. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tallystick.client_sdk.commands.changes import days
from tallystick.verifier.reports import impact_words as words
from tallystick.verifier.reports.console import Ink, wrap
from tallystick.verifier.reports.words import printable


def text(found: Any, *, colour: bool = False, width: int = 80) -> str:
    """The whole answer as lines. Control characters from contracts are shown, not sent."""
    return "\n".join(_lines(found, Ink(colour), max(width, 40))) + "\n"


def _lines(found: Any, ink: Ink, width: int) -> Iterator[str]:
    paint = {"safe": ink.good, "unknown": ink.warn}.get(found["verdict"], ink.bad)
    yield from wrap("", printable(words.headline(found)), width, paint)
    if step := words.next_step(found):
        yield from wrap("", printable(step), width)
    for consumer in found["consumers"]:
        yield ""
        yield from _consumer(consumer, ink, width)
    yield from _paragraph("", [words.untouched(found)], width)
    yield from _paragraph("relies on it, and would not break: ", words.tolerated(found), width)
    yield from _paragraph("nobody relies on: ", words.unused(found), width)
    yield from _paragraph("not asked: ", words.not_asked(found), width, ink.warn)
    if found["consumers"]:
        yield ""
        yield from wrap("cost: ", words.cost(found), width)
        yield from wrap("the old shape can go in: ", printable(days(found["forecast"])), width)
        yield ""
        yield "ways to change all the same:"
        for way in found["ways"]:
            yield from wrap("- ", printable(words.way(way)), width)
            for step in way["steps"]:
                yield from wrap("    ", printable(f"{step['who']} {step['does']}"), width, hang=6)
            yield from wrap("    ", printable(f"stays running: {way['staysRunning']}"), width, hang=6)
    yield from _paragraph("prediction and replay: ", [words.agreement(found)], width)
    yield ""
    yield from wrap("evidence: ", printable(words.evidence(found)), width, ink.dim)
    yield from wrap("counted: ", printable(found["counted"]), width, ink.dim)


def _consumer(consumer: Any, ink: Ink, width: int) -> Iterator[str]:
    since = (consumer.get("usedSince") or {}).get("version")
    name = printable(consumer["name"])
    yield ink.bold(name) + printable(f" (relies on it since version {since})" if since else "")
    for version in consumer["versions"]:
        yield from wrap("  ", printable(words.standing(version)), width, hang=6)
    for contact in consumer["contacts"]:
        yield from wrap("  contact for ", printable(words.contact(contact)), width, hang=6)
    for line in consumer["breaks"]:
        mark = ink.bad if line["certain"] else ink.warn
        yield from wrap(f"  - {mark(f'[{words.strength(line)}]')} ", _sentence(line), width, hang=6)
        versions = f"version{'' if len(line['versions']) == 1 else 's'} {', '.join(line['versions'])}"
        yield from wrap("      ", printable("; ".join(words.filled((words.place(line), versions)))), width)
        if line.get("agreement") and line["edit"]:
            yield from wrap("      ", printable(f"edit: {line['edit']}"), width)
    yield from wrap("  next deployment: ", printable(days(consumer["forecast"])), width)


def _sentence(line: Any) -> str:
    return printable(f"{line['interaction']}: {line['sentence']}")


def _paragraph(lead: str, lines: list[str], width: int, paint: Any = None) -> Iterator[str]:
    """An empty line and the lines that there are; nothing for none."""
    said = words.filled(lines)
    if said:
        yield ""
    for one in said:
        yield from wrap(lead, printable(one), width, paint, hang=2 if lead else 0)
