"""The report as one HTML page without scripts or anything from elsewhere. Everything shown is escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Final

from tallystick.contract import rendering
from tallystick.contract.matching import Outcome
from tallystick.verifier.impact import ConsumerImpact, Impact
from tallystick.verifier.reports import words
from tallystick.verifier.results import Report, Result

_STYLE: Final = """
:root{color-scheme:light dark;--line:#8884;--soft:#8881;--good:#18794e;--bad:#c62a2f;--warn:#ad5700}
@media(prefers-color-scheme:dark){:root{--good:#4cc38a;--bad:#ff6369;--warn:#f1a10d}}
body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.4rem;margin-bottom:.2rem}h2{font-size:1.1rem;margin-top:2rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.35rem .6rem;
border-bottom:1px solid var(--line)}th{font-weight:600}
code,pre{font:13px/1.45 ui-monospace,monospace;background:var(--soft);border-radius:3px;padding:.1em .3em;
overflow-wrap:anywhere;white-space:pre-wrap}
pre{padding:.6rem}.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}.dim{opacity:.75}
details{border:1px solid var(--line);border-radius:5px;margin:.6rem 0;padding:.4rem .8rem}summary{cursor:pointer}
.mismatches .title{font-weight:600}.mismatches .expected{color:var(--bad)}.mismatches .actual{color:var(--good)}
.mismatches .context,.mismatches .rule{opacity:.75}.mismatches .hint{color:var(--warn)}
"""


def text(report: Report) -> str:
    """The whole page."""
    build = " ".join(filter(None, (report.provider, report.provider_version)))
    title = escape(f"{build}: verification")
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    body = "\n".join(_body(report, build))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        f'<meta name="viewport" content="width=device-width,initial-scale=1"><style>{_STYLE}</style></head>\n'
        f"<body>\n{body}\n</body></html>\n"
    )


def _body(report: Report, build: str) -> Iterator[str]:
    tone = {0: "good", 1: "bad"}.get(report.exit_code, "warn")
    yield f"<h1>{_e(build)}</h1><p class={tone}><strong>{_e(words.verdict(report))}</strong></p>"
    yield (
        f"<p class=dim>{_e(report.target)}; {words.plural(len(report.results), 'interaction')} of "
        f"{words.plural(len(report.contracts), 'contract')}, {words.plural(report.replays, 'replay')} "
        f"in {report.seconds:.2f} s</p>"
    )
    if report.contracts:
        yield "<h2>Contracts</h2><table><tr><th>Consumer<th>Selected because<th>Result"
        for contract in report.contracts:
            tone = "bad" if contract.broken else "good" if contract.success else "warn"
            yield (
                f"<tr><td>{_e(contract.source.name)}<td>{_e(contract.source.reason)}"
                f"<td class={tone}>{_e(words.counts(contract))}"
            )
        yield "</table>"
    for line in [f"{u.origin}: {u.sentence}" for u in report.unreadable] + list(report.warnings):
        yield f"<p class=warn>{_e(line)}</p>"
    if report.impact is not None and not report.unreachable:
        yield from _impact(report.impact)
    failures = [r for r in report.results if not r.ok and r.status != "not-run"]
    if failures and not report.unreachable:
        yield "<h2>Failures</h2>"
        for result in failures:
            yield from _failure(result)


def _impact(impact: Impact) -> Iterator[str]:
    yield "<h2>Impact</h2><table><tr><th>Consumer<th>Breaks on<th>Live"
    for consumer in impact.broken:
        yield _impact_row(consumer, impact.live_known)
    for consumer in impact.untouched:
        live = words.lives_where(consumer, impact.live_known) or "not known"
        yield f"<tr><td>{_e(consumer.consumer)}<td class=good>not touched<td>{_e(live)}"
    yield "</table>"


def _impact_row(consumer: ConsumerImpact, live_known: bool) -> str:
    places = "".join(
        f"<div><code>{_e(f.place)}</code> {_e(f.sentence)} <span class=dim>in {_e(f.interaction)}</span></div>"
        for f in consumer.fields
    )
    pending = " (pending)" if consumer.pending_only else ""
    live = words.lives_where(consumer, live_known) or "not known"
    return f"<tr><td><strong>{_e(consumer.consumer)}</strong>{pending}<td>{places}<td>{_e(live)}"


def _failure(result: Result) -> Iterator[str]:
    tone = "warn" if result.pending else "bad"
    pending = ", pending" if result.pending else ""
    yield (
        f"<details open><summary><span class={tone}>{result.status}{pending}</span> "
        f"{_e(result.source.name)}: {_e(result.title)}</summary>"
    )
    for state in words.states(result.interaction):
        yield f"<p>given <code>{_e(state)}</code></p>"
    answered = words.answered(result.replayed)
    yield f"<p>asked <code>{_e(words.asked(result))}</code>"
    yield f", answered <code>{_e(answered)}</code></p>" if answered else "</p>"
    problem = result.replayed.problem
    if problem is not None:
        yield f"<p class={tone}>{_e(problem.sentence)}</p>"
        if problem.fix:
            yield f"<pre>{_e(problem.fix)}</pre>"
    if result.replayed.mismatches or result.replayed.undecided:
        yield rendering.html(
            Outcome(result.replayed.mismatches, result.replayed.undecided),
            actual=words.body_of(result.replayed),
            expected=words.example_of(result),
        )
    for hint in dict.fromkeys(filter(None, map(words.hint, result.replayed.mismatches))):
        yield f"<p class=dim>fix: {_e(hint)}</p>"
    for hint in result.replayed.hints:
        yield f"<p class=warn>{_e(hint)}</p>"
    yield "</details>"


def _e(text: str) -> str:
    """Escaped, and without characters that could reorder or hide what is read."""
    return escape("\n".join(words.printable(line) for line in text.split("\n")), quote=True)
