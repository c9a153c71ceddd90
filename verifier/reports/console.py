"""The report for people at a terminal: by consumer, then each failure, then the impact. Reads well in 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from tallystick.verifier.reports import words
from tallystick.verifier.results import ContractResult, Notice, Report, Result

if TYPE_CHECKING:
    from tallystick.verifier.impact import ConsumerImpact, Impact

SHOWN_MISMATCHES: Final = 12


class Ink:
    """Colours, or none."""

    def __init__(self, colour: bool):
        self.on = colour

    def _paint(self, code: str, text: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.on and text else text

    def good(self, text: str) -> str:
        return self._paint("32", text)

    def bad(self, text: str) -> str:
        return self._paint("31;1", text)

    def warn(self, text: str) -> str:
        return self._paint("33", text)

    def dim(self, text: str) -> str:
        return self._paint("2", text)

    def bold(self, text: str) -> str:
        return self._paint("1", text)


def text(report: Report, *, colour: bool = False, width: int = 80, verbose: bool = False) -> str:
    """The whole report as lines."""
    return "\n".join(_lines(report, Ink(colour), max(width, 40), verbose)) + "\n"


def failure(result: Result, width: int = 80) -> str:
    """One failure on its own, as the report shows it."""
    return "\n".join(_failure(result, Ink(False), width))


def _lines(report: Report, ink: Ink, width: int, verbose: bool) -> Iterator[str]:
    version = f" {report.provider_version}" if report.provider_version else ""
    yield ink.bold(words.printable(f"{report.provider}{version}")) + ink.dim(f" at {words.printable(report.target)}")
    for contract in report.contracts:
        published = any(p.ok and p.source is contract.source for p in report.publications)
        yield from _contract(contract, ink, width, verbose, published)
    for bad in report.unreadable:
        yield from wrap(f"{ink.bad('✗')} ", f"{words.printable(bad.origin)}: {words.printable(bad.sentence)}", width)
    for warning in report.warnings:
        yield from wrap(f"{ink.warn('!')} ", words.printable(warning), width)
    if not report.unreachable:
        for contract in report.contracts:
            for result in contract.results:
                if not result.ok and result.status != "not-run":
                    yield ""
                    yield from _failure(result, ink, width)
    if report.impact is not None and not report.unreachable:
        yield ""
        yield from _impact(report, report.impact, ink, width)
    yield ""
    yield from _published(report, ink, width)
    yield from _ending(report, ink, width)


def _contract(contract: ContractResult, ink: Ink, width: int, verbose: bool, published: bool) -> Iterator[str]:
    source = contract.source
    mark = ink.bad("✗") if contract.broken else ink.warn("~") if not contract.success else ink.good("✓")
    name = words.printable(source.name)
    why = [words.printable(w) for w in (source.reason,) if w]
    if source.wip:
        why.append("work in progress")
    elif source.pending:
        why.append("pending")
    counts = words.counts(contract)
    yield f"{mark} {name}  {counts}"
    if why:
        yield from wrap("    ", ", ".join(why), width, ink.dim)
    if verbose:
        for result in contract.results:
            sign = ink.good("✓") if result.ok else ink.warn("~") if result.pending else ink.bad("✗")
            yield f"    {sign} {words.printable(result.title)} {ink.dim(f'{result.replayed.seconds * 1000:.0f} ms')}"
        told = str(published).lower()
        after = f"after_verification:success_{str(contract.success).lower()}_published_{told}"
        for notice in [*_notices(source.notices, "before_verification"), *_notices(source.notices, after)]:
            yield from wrap("    ", notice, width, ink.dim)


def _notices(notices: tuple[Notice, ...], when: str) -> Iterator[str]:
    for notice in notices:
        if notice.when == when:
            yield from (words.printable(line) for line in notice.text.splitlines() if line.strip())


def _failure(result: Result, ink: Ink, width: int) -> Iterator[str]:
    word = {"failed": "FAILED", "error": "ERROR", "flaky": "FLAKY"}[result.status]
    head = ink.warn(f"{word} (pending)") if result.pending else ink.bad(word)
    yield from wrap(f"{head}  ", words.printable(f"{result.source.name}: {result.title}"), width)
    for state in words.states(result.interaction):
        yield from wrap("  given  ", state, width, ink.dim)
    answered = words.answered(result.replayed)
    yield from wrap("  asked  ", words.asked(result) + (f"  →  {answered}" if answered else ""), width, ink.dim)
    problem = result.replayed.problem
    if problem is not None:
        yield from wrap(f"  {ink.bad('✗')} ", words.printable(problem.sentence), width)
        yield from _fix(problem.fix, ink, width)
    yield from _differences(result, ink, width)
    for hint in result.replayed.hints:
        yield from wrap("    ! ", words.printable(hint), width, ink.warn)


def _differences(result: Result, ink: Ink, width: int) -> Iterator[str]:
    """What differs, with the document around it, and below what would mend it."""
    replayed = result.replayed
    if not replayed.mismatches and not replayed.undecided:
        return
    from tallystick.contract import rendering
    from tallystick.contract.matching import Outcome

    found = rendering.text(
        Outcome(replayed.mismatches, replayed.undecided),
        colour=ink.on,
        width=width - 4,
        actual=words.body_of(replayed),
        expected=words.example_of(result),
        context=2,
        most=SHOWN_MISMATCHES,
    )
    yield from (f"    {line}".rstrip() for line in found.splitlines())
    for number, hint in enumerate(dict.fromkeys(filter(None, map(words.hint, replayed.mismatches)))):
        yield from wrap("    fix  " if number == 0 else "         ", hint, width, ink.dim)


def _fix(fix: str, ink: Ink, width: int, lead: str = "      fix  ") -> Iterator[str]:
    for number, line in enumerate(fix.splitlines()):
        prefix = lead if number == 0 else " " * len(lead)
        if number == 0:
            yield from wrap(prefix, words.printable(line), width, ink.dim)
        else:
            yield prefix + words.printable(line)  # code to paste keeps its lines


def _impact(report: Report, impact: Impact, ink: Ink, width: int) -> Iterator[str]:
    build = (
        f"{report.provider} {report.provider_version}"
        if report.provider_version
        else f"this build of {report.provider}"
    )
    yield ink.bold(f"Impact of {words.printable(build)}")
    broken = [c for c in impact.broken if not c.pending_only]
    pending = [c for c in impact.broken if c.pending_only]
    for heading, group, paint in (
        (f"{words.plural(len(broken), 'consumer')} would break", broken, ink.bad),
        (f"{words.plural(len(pending), 'consumer')} with pending contracts would not be served", pending, ink.warn),
    ):
        if group:
            yield f"  {paint(heading)}"
            for consumer in group:
                yield from _broken(consumer, impact.live_known, ink, width)
    if impact.untouched:
        yield f"  {ink.good(words.plural(len(impact.untouched), 'consumer') + ' not touched')}"
        for consumer in impact.untouched:
            lives = words.lives_where(consumer, impact.live_known)
            yield from wrap("    ", f"{words.printable(consumer.consumer)}" + (f": {lives}" if lives else ""), width)
    if not impact.live_known:
        yield from wrap(
            "  ", f"Where they are live is not known: {words.printable(impact.why_unknown)}.", width, ink.dim
        )


def _broken(consumer: ConsumerImpact, live_known: bool, ink: Ink, width: int) -> Iterator[str]:
    lives = words.lives_where(consumer, live_known)
    name = ink.bold(words.printable(consumer.consumer))
    yield f"    {name}"
    if lives:
        yield from wrap("      ", lives, width)
    previous = None
    for entry in consumer.fields:
        if entry.interaction != previous:
            yield from wrap("      in ", words.printable(entry.interaction), width, ink.dim)
            previous = entry.interaction
        yield from wrap(f"        {words.printable(entry.place)}: ", words.printable(entry.sentence), width, hang=10)


def _published(report: Report, ink: Ink, width: int) -> Iterator[str]:
    told = [p for p in report.publications if p.ok]
    if told:
        version = report.provider_version or ""
        yield from wrap(
            "",
            f"Results of {words.plural(len(told), 'contract')} published to the broker for {version}.",
            width,
            ink.dim,
        )
    # Versions of one consumer share interactions: each failure is told once.
    for line in dict.fromkeys(f"{each.source.contract.consumer}, {said}" for each in told for said in each.past):
        yield from wrap("  ", words.printable(line), width, ink.dim)
    for missed in report.publications:
        if not missed.ok:
            yield from wrap(f"{ink.bad('✗')} ", words.printable(f"{missed.source.name}: {missed.sentence}"), width)


def _ending(report: Report, ink: Ink, width: int) -> Iterator[str]:
    paint = {0: ink.good, 1: ink.bad}.get(report.exit_code, ink.warn)
    yield from wrap("", words.verdict(report), width, paint)
    if report.results:
        total, ran = len(report.results), report.replays
        shared = f" by {words.plural(ran, 'replay')}" if ran and ran != total else ""
        yield ink.dim(
            f"{words.plural(total, 'interaction')} of {words.plural(len(report.contracts), 'contract')}"
            f"{shared} in {report.seconds:.2f} s"
        )


def wrap(lead: str, text: str, width: int, paint: object = None, hang: int | None = None) -> Iterator[str]:
    """Lines no longer than the width; those after the first are indented to where the text began."""
    bare = _bare_length(lead)
    painted = paint if callable(paint) else str
    if bare + len(text) <= width:
        yield lead + painted(text)
        return
    import textwrap

    indent = " " * (min(bare, width // 2) if hang is None else hang)
    lines = textwrap.wrap(
        text,
        max(width - len(indent), 20),
        initial_indent=" " * max(bare - len(indent), 0),
        break_on_hyphens=False,
        break_long_words=False,  # a path or an address stays whole, to be copied
    ) or [""]
    first = lines[0][max(bare - len(indent), 0) :]
    yield lead + painted(first)
    for line in lines[1:]:
        yield indent + painted(line)


def _bare_length(text: str) -> int:
    length, inside = 0, False
    for c in text:
        if c == "\x1b":
            inside = True
        elif inside:
            inside = c != "m"
        else:
            length += 1
    return length
