"""The report for a pull request. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tallystick.contract import rendering
from tallystick.verifier.impact import Impact
from tallystick.verifier.reports import words
from tallystick.verifier.results import Report, Result

LIMIT_CHARACTERS: Final = 60_000
"""Hosts cut comments at 65,536."""


def text(report: Report) -> str:
    """The whole report; when it would be too long for a comment, the failures that do not fit are counted."""
    build = " ".join(filter(None, (report.provider, report.provider_version)))
    lines = [f"### {_mark(report)} {_plain(build)}: {_plain(words.verdict(report))}", ""]
    if report.contracts:
        lines += ["| consumer | selected because | result |", "|---|---|---|"]
        for contract in report.contracts:
            sign = "❌" if contract.broken else "⏳" if not contract.success else "✅"
            lines.append(
                f"| {_cell(contract.source.name)} | {_cell(contract.source.reason)} | {sign} {words.counts(contract)} |"
            )
        lines.append("")
    lines += [f"- ⚠️ {_plain(f'{u.origin}: {u.sentence}')}" for u in report.unreadable]
    lines += [f"- ⚠️ {_plain(w)}" for w in report.warnings]
    if report.impact is not None and not report.unreachable:
        lines += ["", *_impact(report.impact)]
    failures = [r for r in report.results if not r.ok and r.status != "not-run"]
    size = sum(len(line) + 1 for line in lines)
    if failures and not report.unreachable:
        lines += ["", "#### Failures", ""]
        for number, result in enumerate(failures):
            block = list(_failure(result))
            size += sum(len(line) + 1 for line in block)
            if size > LIMIT_CHARACTERS:
                lines.append(f"… and {len(failures) - number} more failures.")
                break
            lines += block
    missed = [p for p in report.publications if not p.ok]
    lines += [f"- ❌ {_plain(f'{p.source.name}: {p.sentence}')}" for p in missed]
    return "\n".join(lines) + "\n"


def _mark(report: Report) -> str:
    return {0: "✅", 1: "❌"}.get(report.exit_code, "⚠️")


def _impact(impact: Impact) -> Iterator[str]:
    yield "#### Impact"
    yield ""
    if impact.broken:
        yield "| consumer | breaks on | where it is live |"
        yield "|---|---|---|"
        for consumer in impact.broken:
            places = "<br>".join(f"{_code(f.place)} in “{_cell(f.interaction)}”" for f in consumer.fields[:10])
            if len(consumer.fields) > 10:
                places += f"<br>and {len(consumer.fields) - 10} more"
            pending = " (pending)" if consumer.pending_only else ""
            live = words.lives_where(consumer, impact.live_known) or "not known"
            yield f"| **{_cell(consumer.consumer)}**{pending} | {places} | {_cell(live)} |"
        yield ""
    if impact.untouched:
        names = ", ".join(_plain(c.consumer) for c in impact.untouched)
        yield f"Not touched: {names}."


def _failure(result: Result) -> Iterator[str]:
    kind = " (pending)" if result.pending else ""
    yield f"<details><summary>{_inert(result.source.name)}: {_inert(result.title)}{kind}</summary>"
    yield ""
    for state in words.states(result.interaction):
        yield f"- given {_code(state)}"
    answered = words.answered(result.replayed)
    yield f"- asked {_code(words.asked(result))}" + (f", answered {_code(answered)}" if answered else "")
    if result.replayed.problem is not None:
        yield f"- {_plain(result.replayed.problem.sentence)}"
        if result.replayed.problem.fix:
            yield from ("", *_fence(result.replayed.problem.fix), "")
    for m in result.replayed.mismatches[:20]:
        yield f"- {_code(words.where(m))}: {_plain(words.printable(m.sentence))}"
        if rule := words.rule_of(m):
            yield f"  - rule: {_code(rule)}"
        for seen in rendering.hints(m, result.replayed.mismatches):
            yield f"  - {_plain(words.printable(seen))}"
        if hint := words.hint(m):
            yield f"  - fix: {_plain(hint)}"
    for u in result.replayed.undecided:
        yield f"- not checked {_code(u.path)}: {_plain(words.printable(u.sentence))}"
    yield ""
    yield "</details>"
    yield ""


def _fence(code: str) -> list[str]:
    return ["  ```", *(f"  {line}" for line in code.replace("```", "'''").splitlines()), "  ```"]


def _html(text: str) -> str:
    return words.printable(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _inert(text: str) -> str:
    """For HTML within Markdown: backslashes mean nothing there, so what could be markup is written as references."""
    return "".join(f"&#{ord(c)};" if c in "\\`*_[]()#!|~@" else c for c in _html(text))


def _plain(text: str) -> str:
    """Text in which nothing is markup: no formatting, links, mentions or images from a contract."""
    return "".join("\\" + c if c in "\\`*_[]()#!|~@" else c for c in _html(text))


def _cell(text: str) -> str:
    return _plain(text).replace("\n", " ")


def _code(text: str) -> str:
    """Inline code that nothing in it can end."""
    shown = words.printable(text).replace("|", "\\|")
    longest = max((len(run) for run in _runs(shown)), default=0)
    ticks = "`" * (longest + 1)
    pad = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{ticks}{pad}{shown}{pad}{ticks}"


def _runs(text: str) -> list[str]:
    import re

    return re.findall("`+", text)
