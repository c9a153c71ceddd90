"""Sends deliveries: claims what is due under a lease, sends outside any transaction, writes down what came of it.

Any number of replicas may run it on one database. A worker that dies leaves its lease to run out, and another takes
over: a delivery arrives at least once, always under the same id.
"""

from __future__ import annotations

import json
import logging
import random
import secrets
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Engine, Row, func, insert, select, update

from tallystick.broker.db import now, read, write
from tallystick.broker.settings import Settings
from tallystick.broker.webhooks import queries
from tallystick.broker.webhooks.delivering import Attempt, asked_by, attempt, completion, line, prepared
from tallystick.broker.webhooks.inputs import Asked
from tallystick.broker.webhooks.queries import ATTEMPT, DELIVERY
from tallystick.broker.webhooks.secrets import SecretUnreadable, Vault

log = logging.getLogger("tallystick.broker.webhooks")

POLL_SECONDS: Final = 0.5
SPARE_SECONDS: Final = 5  # that a lease outlives the time limits of its request
LIMITS: Final = 4  # to connect, to send, to wait for an answer, to read it: each has the time limit


@dataclass(frozen=True, slots=True)
class Claimed:
    """A delivery that this worker holds until its lease runs out."""

    id: int
    uuid: str
    webhook_id: int | None
    event: str
    values: Mapping[str, str]
    consumer_version: str | None
    attempts: int
    token: str


@dataclass(frozen=True, slots=True)
class _Outcome:
    success: bool
    lines: Sequence[str]
    status: int | None = None
    digest: str | None = None
    final: bool = False
    """No retry would help."""


class Worker:
    """Delivers in threads of its own, between `start` and `stop`; `deliver_due` does one round."""

    def __init__(self, engine: Engine, settings: Settings, vault: Vault, *, threads: int = 2) -> None:
        self.engine, self.settings, self.vault = engine, settings, vault
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"webhooks-{number}", daemon=True) for number in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Finish what is being sent; what was claimed and not sent goes to the next worker when its lease ends."""
        self._stop.set()
        for thread in self._threads:
            thread.join(self.settings.webhook_timeout_seconds)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                busy = self.deliver_due()
            except Exception:
                # The database may be away for a while; deliveries are in it and wait.
                log.exception("a round of webhook deliveries failed")
                busy = False
            if not busy:
                self._stop.wait(POLL_SECONDS)

    def deliver_due(self) -> bool:
        """Send one delivery that is due; False when there was none."""
        with read(self.engine) as connection:
            if not queries.anything_due(connection, now(connection)):
                return False
        claimed = self._claim()
        if claimed is not None:
            self._finish(claimed, self._send(claimed))
        return claimed is not None

    def _claim(self) -> Claimed | None:
        """One delivery at a time: whoever dies holds up no other for the length of its lease."""
        lease = timedelta(seconds=LIMITS * self.settings.webhook_timeout_seconds + SPARE_SECONDS)
        with write(self.engine) as session:
            at = now(session)
            found = queries.due(session, at)
            if found is None or not queries.take_turns(session, found, at):
                return None
            token = secrets.token_hex(16)
            session.execute(
                update(DELIVERY).where(DELIVERY.c.id == found).values(lease_until=at + lease, lease_token=token)
            )
            row = session.execute(select(DELIVERY).where(DELIVERY.c.id == found)).one()
            return Claimed(
                row.id, row.uuid, row.webhook_id, row.event, json.loads(row.parameters), row.consumer_version,
                row.attempts, token,
            )  # fmt: skip

    def _send(self, claimed: Claimed) -> _Outcome:
        with read(self.engine) as connection:
            at = now(connection)
            webhook = None if claimed.webhook_id is None else queries.webhook_with_id(connection, claimed.webhook_id)
            if webhook is None:
                return _Outcome(False, [line(at, "The webhook was deleted before it was told", "ERROR")], final=True)
            try:
                asked = asked_by(webhook, self.vault)
            except SecretUnreadable as problem:
                return _Outcome(False, [line(at, str(problem), "ERROR")])
            values = {**claimed.values, **summary(connection, claimed.values, asked)}
            already = (
                queries.last_told(connection, webhook.id, claimed.consumer_version, claimed.id)
                if webhook.only_changes
                else None
            )
        if already is not None and already == prepared(asked, values, claimed.uuid, self.settings)[1]:
            return _Outcome(True, [line(at, "Not sent: it would say the same as the last time")], digest=already)
        context = {
            "uuid": webhook.uuid,
            "delivery": claimed.uuid,
            "event": claimed.event,
            "consumer": values.get("consumerName"),
            "provider": values.get("providerName"),
        }
        done: Attempt = attempt(asked, values, claimed.uuid, context, self.settings, at)
        return _Outcome(done.success, done.lines, done.sent.status, done.digest)

    def _finish(self, claimed: Claimed, outcome: _Outcome) -> None:
        made = claimed.attempts + 1
        schedule = self.settings.webhook_retry_schedule
        retry = not outcome.success and not outcome.final and made <= len(schedule)
        wait = int(schedule[made - 1]) if retry else None
        with write(self.engine) as session:
            at = now(session)
            status = "success" if outcome.success else "retrying" if retry else "failure"
            mine = session.execute(
                update(DELIVERY)
                .where(DELIVERY.c.id == claimed.id, DELIVERY.c.lease_token == claimed.token)
                .values(
                    status=status,
                    attempts=made,
                    due_at=at + _with_jitter(wait) if wait is not None else DELIVERY.c.due_at,
                    finished_at=None if retry else at,
                    request_digest=outcome.digest,
                    lease_until=None,
                    lease_token=None,
                )
            )
            if mine.rowcount:  # type: ignore[attr-defined]
                last = line(at, completion(outcome.success, made, wait))
                number = select(func.coalesce(func.max(ATTEMPT.c.number), 0) + 1).where(
                    ATTEMPT.c.delivery_id == claimed.id
                )
                session.execute(
                    insert(ATTEMPT).values(
                        delivery_id=claimed.id,
                        number=number.scalar_subquery(),
                        success=outcome.success,
                        response_status=outcome.status,
                        log="\n".join([*outcome.lines, last]),
                        created_at=at,
                    )
                )


def redeliver(session: Any, delivery: Row[Any], at: datetime) -> None:
    """Send it once more from the beginning of its schedule, under the same id. One statement."""
    session.execute(
        update(DELIVERY)
        .where(DELIVERY.c.id == delivery.id)
        .values(status="retrying", attempts=0, due_at=at, finished_at=None, lease_until=None, lease_token=None)
    )


def summary(connection: Any, values: Mapping[str, str], asked: Asked) -> dict[str, str]:
    """The variables that sum up all providers of the consumer version, as things stand now; only if they are used."""
    if "${pactbroker.summary" not in json.dumps([asked.url, dict(asked.headers), asked.body]):
        return {}
    rows = queries.verdict_rows(connection, values.get("consumerName", ""), values.get("consumerVersionNumber", ""))
    failed = [row.provider for row in rows if row.success is False]
    owed = [row.provider for row in rows if row.success is None]
    if failed:
        state, text = "failure", f"broken by {', '.join(failed)}"
    elif owed:
        state, text = "pending", f"waiting for {', '.join(owed)}"
    else:
        state, text = "success", f"verified by {', '.join(row.provider for row in rows) or 'everyone concerned'}"
    kept = f"{len(rows) - len(failed) - len(owed)} of {len(rows)} verified"
    return {
        "summaryGithubStatus": state,
        "summaryGitlabStatus": {"failure": "failed"}.get(state, state),
        "summaryDescription": f"{kept}: {text}"[:140],
    }


def _with_jitter(seconds: int) -> timedelta:
    """A little later than the schedule says, so that many deliveries do not come back at one moment."""
    return timedelta(seconds=seconds * (1 + random.random() / 20))
