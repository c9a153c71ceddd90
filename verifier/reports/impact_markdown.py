"""The broker's answer about a change for a pull request. Text from contracts is escaped: it must not become markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tallystick.client_sdk.commands.changes import days
from tallystick.verifier.reports import impact_words as words
from tallystick.verifier.reports.words import printable


def text(found: Any) -> str:
    """The whole answer."""
    lines = [f"**{escaped(words.headline(found))}**", ""]
    if step := words.next_step(found):
        lines += [escaped(step), ""]
    if found["consumers"]:
        lines += _table(
            ("consumer", "versions", "interaction", "field", "why", "evidence"),
            (
                (
                    consumer["name"],
                    "; ".join(words.standing(version) for version in consumer["versions"]),
                    line["interaction"],
                    words.place(line),
                    line["sentence"],
                    words.strength(line),
                )
                for consumer in found["consumers"]
                for line in consumer["breaks"]
            ),
        )
        contacts = [
            f"- {escaped(one['name'])}: {escaped(words.contact(contact))}"
            for one in found["consumers"]
            for contact in one["contacts"]
        ]
        lines += ["Whom to ask:", "", *contacts, ""] if contacts else []
        lines += [f"Cost: {escaped(words.cost(found))}", ""]
        lines += [f"The old shape can go in: {escaped(days(found['forecast']))}", ""]
        lines += _table(
            ("way", "waits", "rewrites", "stays running"),
            (
                (
                    one["way"] + ("" if one["fits"] else " (does not fit this change)"),
                    days(one["forecast"]),
                    str(one["interactionsToRewrite"]),
                    one["staysRunning"],
                )
                for one in found["ways"]
            ),
        )
    if said := words.untouched(found):
        lines += [escaped(said), ""]
    lines += _list("Relies on it, and would not break", words.tolerated(found))
    lines += _list("Nobody relies on", words.unused(found))
    lines += _list("Not asked", words.not_asked(found))
    if said := words.agreement(found):
        lines += [f"Prediction and replay: {escaped(said)}.", ""]
    lines.append(f"Evidence {escaped(words.evidence(found))}")
    return "\n".join(lines)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> list[str]:
    named = list(heads)
    lines = [f"| {' | '.join(named)} |", "|" + "---|" * len(named)]
    return [*lines, *(f"| {' | '.join(escaped(cell) for cell in row)} |" for row in rows), ""]


def _list(title: str, lines: list[str]) -> list[str]:
    return [f"{title}:", "", *(f"- {escaped(one)}" for one in lines), ""] if lines else []


def escaped(text: str) -> str:
    """Text as text: no markup, no cell's end, no new line, nobody mentioned, no control characters."""
    text = printable(text.replace("\r", " ").replace("\n", " "))
    for character in "\\`*_[]<>|#~":
        text = text.replace(character, f"\\{character}")
    return text.replace("@", "@\u200b")
