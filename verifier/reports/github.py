"""Annotations for GitHub Actions: one command line per failure. Pure."""

from __future__ import annotations

from typing import Final

from tallystick.verifier.reports import words
from tallystick.verifier.results import Report, Result

LIMIT: Final = 10
"""GitHub shows ten annotations of each kind in a step."""


def text(report: Report) -> str:
    """`::error` for what breaks the build, `::warning` for pending failures, then the impact and the verdict."""
    lines: list[str] = []
    for level, found in (
        ("error", [r for r in report.results if r.broken]),
        ("warning", [r for r in report.results if not r.ok and not r.broken and r.status != "not-run"]),
    ):
        shown = found if len(found) <= LIMIT else found[: LIMIT - 1]
        lines += [_command(level, _title(r), _message(r)) for r in shown]
        if len(found) > len(shown):
            lines.append(_command(level, "more", f"and {len(found) - len(shown)} more interactions"))
    for consumer, text, breaks in words.impact_lines(report):
        lines.append(_command("error" if breaks else "notice", f"impact on {consumer}", text))
    lines += [_command("error", "source", f"{u.origin}: {u.sentence}") for u in report.unreadable]
    lines.append(_command("notice" if report.exit_code == 0 else "error", report.provider, words.verdict(report)))
    return "".join(lines)


def _title(result: Result) -> str:
    return f"{result.source.name}: {result.title}"


def _message(result: Result) -> str:
    replayed = result.replayed
    lines = [words.asked(result)]
    if replayed.problem is not None:
        lines.append(replayed.problem.sentence)
    lines += [f"{words.where(m)}: {m.sentence}" for m in replayed.mismatches[:5]]
    if len(replayed.mismatches) > 5:
        lines.append(f"and {len(replayed.mismatches) - 5} more")
    lines += [f"{u.path}: {u.sentence}" for u in replayed.undecided[:5]]
    return "\n".join(lines)


def _command(level: str, title: str, message: str) -> str:
    """A workflow command; nothing in the texts can end it or start another."""
    return f"::{level} title={_property(title)}::{_data(message)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
