"""Failures that someone asked to ignore leave a row in the audit: a yes that rests on a waiver can be traced."""

from __future__ import annotations

from tallystick.broker.access.audit import record
from tallystick.broker.db import write
from tallystick.broker.deployability.matrix import Answer
from tallystick.broker.http.calls import Call


def note(call: Call, answer: Answer) -> None:
    """Who ignored what, asking for which versions, and what the answer was. Nothing where nothing was waived."""
    if not answer.verdict.waived:
        return
    subject = ", ".join(
        f"{s.asked.participant} {s.number or s.asked.version or ''}".strip() for s in answer.case.specified[:20]
    )
    destination = answer.question.destination
    with write(call.engine) as session:
        record(
            session,
            call.request.scope["tallystick.caller"].name,
            "waived failures",
            subject,
            verdict=answer.verdict.word,
            environment=destination.environment if destination else None,
            waived=[
                {
                    "consumer": f"{row.consumer} {row.consumer_number}",
                    "provider": f"{row.provider} {row.provider_number or ''}".strip(),
                    "success": row.success,
                }
                for row in answer.verdict.waived[:100]
            ],
        )
