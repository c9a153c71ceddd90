"""The report as JUnit XML: a suite per contract, a case per interaction; pending failures are skipped.

What the build means for the consumer is the suite's property `impact`. Pure.
"""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from tallystick.verifier.reports import words
from tallystick.verifier.results import ContractResult, Report, Result


def text(report: Report) -> str:
    suites = "".join(_suite(report, c) for c in report.contracts)
    if not report.contracts or report.unreadable:
        suites += _not_run(report)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suites}</testsuites>\n'


def _suite(report: Report, contract: ContractResult) -> str:
    failures = sum(r.status in ("failed", "flaky") and not r.pending for r in contract.results)
    errors = sum(r.status == "error" and not r.pending for r in contract.results)
    skipped = sum(r.status == "not-run" or (not r.ok and r.pending) for r in contract.results)
    name = f"{report.provider} for {contract.source.name}"
    seconds = sum(r.replayed.seconds for r in contract.results)
    cases = "".join(_case(report, r) for r in contract.results)
    impact = "".join(
        f'    <properties>\n      <property name="impact" value={_attribute(text)}/>\n    </properties>\n'
        for consumer, text, _ in words.impact_lines(report)
        if consumer == contract.source.contract.consumer
    )
    return (
        f'  <testsuite name={_attribute(name)} tests="{len(contract.results)}" failures="{failures}" '
        f'errors="{errors}" skipped="{skipped}" time="{seconds:.3f}">\n{impact}{cases}  </testsuite>\n'
    )


def _case(report: Report, result: Result) -> str:
    classname = _attribute(f"{report.provider}.{result.source.contract.consumer}")
    head = f'    <testcase classname={classname} name={_attribute(result.title)} time="{result.replayed.seconds:.3f}"'
    if result.ok:
        return f"{head}/>\n"
    details = _text("\n".join(_details(result)))
    first = _attribute(_first(result))
    if result.status == "not-run" or result.pending:
        why = "pending: " if result.pending else ""
        inner = f"      <skipped message={_attribute(why + _first(result))}/>\n"
        inner += f"      <system-out>{details}</system-out>\n"
    elif result.status == "error":
        assert result.replayed.problem is not None
        inner = f'      <error type="{result.replayed.problem.kind}" message={first}>{details}</error>\n'
    else:
        inner = f'      <failure type="{result.status}" message={first}>{details}</failure>\n'
    return f"{head}>\n{inner}    </testcase>\n"


def _details(result: Result) -> list[str]:
    lines = [f"given {s}" for s in words.states(result.interaction)]
    answered = words.answered(result.replayed)
    lines.append(f"asked {words.asked(result)}" + (f", answered {answered}" if answered else ""))
    if result.replayed.problem is not None:
        lines += [result.replayed.problem.sentence, *result.replayed.problem.fix.splitlines()]
    for m in result.replayed.mismatches:
        lines.append(f"{words.where(m)}: {m.sentence}")
    lines += [f"{u.path}: {u.sentence}" for u in result.replayed.undecided]
    return lines


def _first(result: Result) -> str:
    replayed = result.replayed
    if replayed.problem is not None:
        return replayed.problem.sentence
    if replayed.mismatches:
        found = replayed.mismatches
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return f"{words.where(found[0])}: {found[0].sentence}{more}"
    return replayed.undecided[0].sentence if replayed.undecided else result.status


def _not_run(report: Report) -> str:
    """What never became a contract is an error of its own, so that a reader of the file sees it."""
    name = _attribute(f"{report.provider}: sources")
    cases = "".join(
        f'    <testcase classname={name} name={_attribute(u.origin)} time="0">\n'
        f'      <error type="unreadable" message={_attribute(u.sentence)}/>\n    </testcase>\n'
        for u in report.unreadable
    )
    count = len(report.unreadable)
    if report.nothing_because or report.could_not_run:
        count += 1
        tag = "skipped" if report.nothing_is_fine else 'error type="nothing-to-verify"'
        cases += (
            f'    <testcase classname={name} name="there is something to verify" time="0">\n'
            f"      <{tag} message={_attribute(words.verdict(report))}/>\n    </testcase>\n"
        )
    return f'  <testsuite name={name} tests="{count}" failures="0" errors="{count}" time="0">\n{cases}  </testsuite>\n'


def _allowed(text: str) -> str:
    """XML has no way to write most control characters."""
    return "".join(
        c if c in "\t\n" or " " <= c <= "\ud7ff" or "\ue000" <= c <= "\ufffd" or c > "\uffff" else "�" for c in text
    )


def _text(text: str) -> str:
    return escape(_allowed(text))


def _attribute(text: str) -> str:
    return quoteattr(_allowed(text))
