"""Words that all reports share: values in short, times, what was sent, hints. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import ActualMessage, ActualResponse, AsyncMessage, HttpInteraction, Interaction, Json
from tallystick.verifier.results import ContractResult, Replayed, Report, Result

if TYPE_CHECKING:
    # A run without failures has no impact to speak of, and need not load what does.
    from tallystick.verifier.impact import ConsumerImpact, Live


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "es" if noun.endswith("ss") else "s")


def value(given: Json | bytes, width: int = 120) -> str:
    """A value as JSON text, cut in the middle of nowhere with an ellipsis; bytes as text where they are."""
    if isinstance(given, bytes):
        try:
            text = given.decode("utf-8")
        except UnicodeDecodeError:
            text = f"{len(given)} bytes, starting with {given[:16].hex()}"
    elif isinstance(given, bool) or given is None:
        text = {True: "true", False: "false", None: "null"}[given]
    elif isinstance(given, int | float | Decimal):
        text = str(given)
    else:
        from tallystick.contract import json_text

        text = json_text.dumps(given).decode("utf-8", "replace")
    text = printable(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def printable(text: str) -> str:
    """Text without control characters, which could forge lines or colours in a terminal or a log."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def day_and_time(text: str | None) -> str:
    """`2026-03-14 09:26` of an ISO 8601 time; "unknown" without one."""
    if not text:
        return "unknown"
    return printable(text[:16].replace("T", " "))


def states(interaction: Interaction) -> list[str]:
    return [printable(s.name) + (f" {value(dict(s.params))}" if s.params else "") for s in interaction.states]


def asked(result: Result) -> str:
    """What was asked: `GET /orders/7?expand=lines`, or the message by its description."""
    if result.replayed.sent is not None:
        sent = result.replayed.sent
        return printable(f"{sent.method} {sent.path}" + (f"?{sent.query}" if sent.query else ""))
    if isinstance(result.interaction, HttpInteraction):
        return printable(f"{result.interaction.request.method.upper()} {result.interaction.request.path}")
    return f"message “{printable(result.interaction.description)}”"


def answered(replayed: Replayed) -> str:
    received = replayed.received
    if isinstance(received, ActualResponse):
        kind = next((v for n, v in received.headers if n.lower() == "content-type"), "")
        return f"{received.status}" + (f" {printable(kind)}" if kind else "")
    if isinstance(received, ActualMessage):
        return f"a message of {len(received.content or b'')} bytes"
    return ""


def where(mismatch: Mismatch) -> str:
    """The exact place: `body $.total`; several missing fields one after the other."""
    from tallystick.verifier.impact import exact, place

    return printable(", ".join(place(mismatch.part, path) for path, _, _ in exact(mismatch)))


def rule_of(mismatch: Mismatch) -> str:
    if mismatch.rule is None:
        return ""
    shown = {k: v for k, v in mismatch.rule.config.items() if isinstance(v, str | int | float | Decimal)}
    text = mismatch.rule.name + (f" {value(dict(shown), 60)}" if shown else "")
    return printable(text + (f", written at {mismatch.rule_path}" if mismatch.rule_path else ""))


def hint(mismatch: Mismatch) -> str:
    """What would mend it, from what kind of thing went wrong."""
    part, kind = mismatch.part, mismatch.kind
    if part == "status":
        return "answer with the status the consumer handles, or agree on the new one with it first"
    if part == "header":
        return (
            f"send the header {printable(mismatch.path)} as before"
            if "missing" in kind or mismatch.actual is None
            else ""
        )
    if part == "body-type":
        return "send the content type the consumer reads, or teach it the new one first"
    if "missing" in kind:
        return "keep the old field beside the new one until its consumers have moved"
    if kind in ("type", "integer", "decimal", "number", "boolean"):
        return "keep the type; offer the new one under a new name"
    return ""


def body_of(replayed: Replayed) -> bytes | None:
    """The body that came, where one came."""
    received = replayed.received
    return received.content if isinstance(received, ActualResponse | ActualMessage) else None


def example_of(result: Result) -> bytes | None:
    """The body that the contract shows as its example."""
    interaction = result.interaction
    if isinstance(interaction, HttpInteraction):
        return interaction.response.body.content
    return interaction.contents.body.content if isinstance(interaction, AsyncMessage) else None


def live(rows: Sequence[Live]) -> str:
    return "; ".join(
        printable(f"{r.version} {'live' if r.how == 'deployed' else 'released'} in {r.environment}")
        + (f" ({printable(r.instance)})" if r.instance else "")
        + f" since {day_and_time(r.since)}"
        for r in rows
    )


def impact_lines(report: Report) -> list[tuple[str, str, bool]]:
    """(consumer, one line on what a build means for it, does it break?), broken ones first."""
    impact = report.impact
    if impact is None or report.unreachable:
        return []
    lines = []
    for consumer in impact.broken:
        places = list(dict.fromkeys(f.place for f in consumer.fields))
        more = f" and {len(places) - 5} more" if len(places) > 5 else ""
        breaks = "fails, but is pending" if consumer.pending_only else "would break"
        where_live = lives_where(consumer, impact.live_known) or "where it is live is not known"
        text = f"{breaks} on {', '.join(places[:5])}{more}; {where_live}"
        lines.append((consumer.consumer, printable(text), not consumer.pending_only))
    for consumer in impact.untouched:
        where_live = lives_where(consumer, impact.live_known)
        text = "not touched" + (f"; {where_live}" if where_live else "")
        lines.append((consumer.consumer, printable(text), False))
    return lines


def lives_where(consumer: ConsumerImpact, known: bool) -> str:
    """Where the consumer is live, in one line: with this contract, else with another, else nowhere."""
    if not known:
        return ""
    if consumer.live:
        return live(consumer.live)
    if consumer.live_elsewhere:
        return f"not live with this contract; {live(consumer.live_elsewhere)} with another one"
    return "not deployed anywhere"


def counts(contract: ContractResult) -> str:
    """`5 passed, 1 failed, 2 pending`: failures of pending contracts and interactions counted apart."""
    parts = [
        (contract.counted("passed"), "passed"),
        (contract.counted("failed", "error", pending=False), "failed"),
        (contract.counted("flaky", pending=False), "flaky"),
        (contract.counted("failed", "error", "flaky", pending=True), "failed, but pending"),
        (contract.counted("not-run"), "not run"),
    ]
    return ", ".join(f"{n} {word}" for n, word in parts if n) or "no interactions"


def verdict(report: Report) -> str:
    """One sentence on the whole run."""
    if report.could_not_run is not None:
        return f"Could not run: {printable(report.could_not_run)}"
    if report.unreachable:
        return f"Could not run: {printable(_first_problem(report))}"
    broken = [c for c in report.contracts if c.broken]
    if broken:
        names = len({c.source.contract.consumer for c in broken})
        failed = sum(r.broken for r in report.results)
        return f"BROKEN: {plural(failed, 'interaction')} of {plural(names, 'consumer')} would fail."
    if report.nothing_because is not None:
        return f"Nothing to verify: {printable(report.nothing_because)}."
    if report.interrupted:
        undone = sum(r.status == "not-run" for r in report.results)
        return f"Interrupted: {undone} of {plural(len(report.results), 'interaction')} were not replayed."
    if report.unreadable:
        return f"Not complete: {plural(len(report.unreadable), 'source')} could not be read."
    if any(not p.ok for p in report.publications):
        return "Every contract is kept, but the broker was not told about all of them."
    return "Every contract is kept."


def _first_problem(report: Report) -> str:
    problem = next(r.replayed.problem for r in report.results if r.replayed.problem is not None)
    return problem.sentence + (f" ({problem.fix})" if problem.fix else "")
