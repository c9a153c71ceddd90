"""May it go? The verdict, weighed from every row that takes part, and the reasons for it.

Pure: rows in, verdict out. A no is an answer with reasons, never an exception. Two answers are given side by side:
`deployable` is what a Pact client expects (true, false, None for unknown), `word` is one of four words that also keep
"cannot be answered" apart. The table is design part 1; the rules are Pact Broker API, "decision".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from tallystick.broker.deployability.rows import Row
from tallystick.broker.deployability.selectors import Ignored, Selector

MOST_ROWS: Final = 10_000
"""More rows than this are not weighed: the question is too wide to have one answer."""

Word: TypeAlias = Literal["yes", "no", "unknown", "unanswerable"]
CauseKind: TypeAlias = Literal[
    "no-such-version",
    "too-many-rows",
    "verification-failed",
    "comparison-failed",
    "not-verified",
    "not-verified-by-all",
    "partner-absent",
    "no-contract",
    "never-published",
]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A selector and one version that it stands for.

    `version_id` None means every version of the application when it `exists`, and nothing at all when it does not.
    `inferred`: the question did not name it, its destination did.
    """

    asked: Selector
    participant_id: int
    version_id: int | None = None
    number: str | None = None
    exists: bool = True
    one_of_many: bool = False
    inferred: bool = False

    def covers(self, participant_id: int, version_id: int | None) -> bool:
        """The selector stands for this version; for None, for any version of the application or for its absence."""
        if self.participant_id != participant_id:
            return False
        return version_id is None or (self.exists and self.version_id in (None, version_id))


@dataclass(frozen=True, slots=True)
class Integration:
    """A consumer and a provider that have had a contract; `required` when the asked-for version is its consumer."""

    consumer_id: int
    consumer: str
    provider_id: int
    provider: str
    required: bool


@dataclass(frozen=True, slots=True)
class Live:
    """A version that is in an environment now, and since when where that was asked."""

    participant_id: int
    participant: str
    version_id: int
    number: str
    environment: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason why the answer is not yes. Which fields are set depends on the kind.

    `selector` for no-such-version; `integration` for no-contract; `row` for what a row shows; `live` for the version in
    the environment that a contract or a result is missing from.
    """

    kind: CauseKind
    selector: Resolved | None = None
    row: Row | None = None
    integration: Integration | None = None
    live: Live | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """Everything that is weighed. Rows are whole: never cut to what will be printed."""

    specified: tuple[Resolved, ...]
    inferred: tuple[Resolved, ...] = ()
    integrations: tuple[Integration, ...] = ()
    considered: tuple[Row, ...] = ()
    ignored_rows: tuple[Row, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    silent: tuple[Live, ...] = ()
    """Live partners that consume something, but whose live version never published a contract."""
    unasked: tuple[tuple[Row, Live], ...] = ()
    """A row that another live version of its provider verified, and the live version that did not."""
    too_many: bool = False

    @property
    def selectors(self) -> tuple[Resolved, ...]:
        return self.specified + self.inferred

    @property
    def static(self) -> tuple[Row, ...]:
        """The rows that count by comparison with a description alone."""
        return tuple(row for row in self.considered if row.by_comparison)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, in Pact's terms and in ours, with everything that speaks against a yes.

    `waived` are the failed or unverified rows that were ignored on request.
    """

    deployable: bool | None
    word: Word
    causes: tuple[Cause, ...]
    success: int
    failed: int
    unknown: int
    waived: tuple[Row, ...]


def decide(case: Case) -> Verdict:
    """Weigh the whole case by the table in design part 1."""
    rows = case.considered
    failed = [row for row in rows if row.success is False]
    unverified = [row for row in rows if row.success is None]
    bare = tuple(_without_rows(case))
    missing = tuple(s for s in case.specified if not s.exists and not _is_ignored(s, case.ignored))

    def verdict(deployable: bool | None, word: Word, causes: Iterable[Cause]) -> Verdict:
        return Verdict(
            deployable,
            word,
            tuple(causes),
            success=sum(row.success is True for row in rows),
            failed=len(failed),
            unknown=len(unverified) + len(bare),
            waived=tuple(row for row in case.ignored_rows if row.success is not True),
        )

    if missing:
        return verdict(False, "unanswerable", (Cause("no-such-version", selector=s) for s in missing))
    if case.too_many:
        return verdict(None, "unanswerable", [Cause("too-many-rows")])

    causes = [Cause("no-contract", integration=i) for i in bare]
    causes += [Cause("comparison-failed" if row.by_comparison else "verification-failed", row=row) for row in failed]
    causes += [_unverified(row, case.selectors) for row in unverified]
    causes += [Cause("not-verified-by-all", row=row, live=live) for row, live in case.unasked]
    causes += [Cause("never-published", live=live) for live in case.silent]

    owed = bool(unverified or bare)
    deployable = None if owed else not failed
    return verdict(deployable, _word(bool(failed), owed or bool(case.unasked), bool(case.silent)), causes)


def _word(failed: bool, owed: bool, silent: bool) -> Word:
    if failed:
        return "no"
    if silent:  # waiting for results cannot make this a yes, so it is not merely unknown
        return "unanswerable"
    return "unknown" if owed else "yes"


def _without_rows(case: Case) -> Iterable[Integration]:
    """Required integrations of which there is no row at all, ignored rows included: a waiver is not an absence."""
    seen = {(row.consumer_id, row.provider_id) for row in (*case.considered, *case.ignored_rows)}
    return (i for i in case.integrations if i.required and (i.consumer_id, i.provider_id) not in seen)


def _is_ignored(selector: Resolved, ignored: Sequence[Ignored]) -> bool:
    asked = selector.asked
    return any(
        entry.participant == asked.participant and entry.version in (None, asked.version, selector.number)
        for entry in ignored
    )


def _unverified(row: Row, selectors: Sequence[Resolved]) -> Cause:
    partners = [s for s in selectors if s.participant_id == row.provider_id]
    absent = bool(partners) and not any(s.exists for s in partners)
    return Cause("partner-absent" if absent else "not-verified", row=row)
