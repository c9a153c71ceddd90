"""What a verification found: values, from one replay up to the whole run. The verdict is computed, never stored.

Named tuples, here and wherever a small run passes: making a frozen dataclass takes eight times as long, and start-up is
most of a small run.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from tallystick.contract.model import ActualMessage, ActualRequest, ActualResponse, AsyncMessage, HttpInteraction
from tallystick.verifier.problems import Problem

if TYPE_CHECKING:
    from tallystick.contract.matching.outcome import Undecided
    from tallystick.contract.mismatch import Mismatch
    from tallystick.contract.model import Contract, Interaction
    from tallystick.verifier.impact import Impact

Status: TypeAlias = Literal["passed", "failed", "error", "flaky", "not-run"]

PASSED, BROKEN, USAGE, NOTHING, COULD_NOT_RUN = 0, 1, 2, 3, 4
"""Exit codes of a verification."""


class Notice(NamedTuple):
    """A text of the broker about a contract, and when to show it."""

    when: str
    text: str


class Source(NamedTuple):
    """One contract to verify: where it came from, why it is in, and how to answer for it."""

    contract: Contract
    origin: str
    """A path or a URL, as a person would look it up."""
    reason: str = ""
    """The broker's short description of why it was selected."""
    pending: bool = False
    wip: bool = False
    notices: tuple[Notice, ...] = ()
    consumer_versions: tuple[str, ...] = ()
    """The consumer versions that publish this content, newest first; empty for a file."""
    links: Mapping[str, str] = MappingProxyType({})
    """HAL relation -> href, of the contract's document in a broker."""

    @property
    def name(self) -> str:
        version = f" {self.consumer_versions[0]}" if self.consumer_versions else ""
        return f"{self.contract.consumer}{version}"


class Unreadable(NamedTuple):
    """A source that is not a contract, or could not be fetched."""

    origin: str
    sentence: str
    could_not_run: bool = False
    """True when it may be there and could not be reached; False when it is wrong."""


class Replayed(NamedTuple):
    """What came of replaying one interaction once."""

    mismatches: tuple[Mismatch, ...] = ()
    undecided: tuple[Undecided, ...] = ()
    problem: Problem | None = None
    seconds: float = 0.0
    sent: ActualRequest | None = None
    """Kept for failures only, as is `received`."""
    received: ActualResponse | ActualMessage | None = None
    hints: tuple[str, ...] = ()

    @property
    def status(self) -> Status:
        if self.problem is not None:
            if self.problem.kind in ("flaky", "interrupted"):
                return "flaky" if self.problem.kind == "flaky" else "not-run"
            return "error"
        return "failed" if self.mismatches or self.undecided else "passed"


class Result(NamedTuple):
    """One interaction of one contract, and what its replay gave. Equal interactions share the replay."""

    source: Source
    interaction: Interaction
    replayed: Replayed

    @property
    def status(self) -> Status:
        return self.replayed.status

    @property
    def ok(self) -> bool:
        return self.replayed.status == "passed"

    @property
    def pending(self) -> bool:
        """Does a failure of it leave the verdict alone?"""
        return self.source.pending or self.interaction.pending

    @property
    def broken(self) -> bool:
        return not self.ok and not self.pending and self.status != "not-run"

    @property
    def title(self) -> str:
        return self.interaction.description or "(no description)"


class ContractResult(NamedTuple):
    """All results of one contract, in the order of its file."""

    source: Source
    results: tuple[Result, ...]

    @property
    def complete(self) -> bool:
        """Was everything replayed? Only then may it be published."""
        return all(r.status != "not-run" for r in self.results)

    @property
    def success(self) -> bool:
        """What the broker is told: every interaction held, those not counted that the contract itself calls pending."""
        return self.complete and all(r.ok or r.interaction.pending for r in self.results)

    @property
    def broken(self) -> bool:
        return any(r.broken for r in self.results)

    def counted(self, *statuses: Status, pending: bool | None = None) -> int:
        return sum(r.status in statuses and (pending is None or r.pending == pending) for r in self.results)


class Publication(NamedTuple):
    """What became of telling the broker about one contract."""

    source: Source
    ok: bool
    sentence: str
    url: str = ""
    past: tuple[str, ...] = ()
    """What the broker knows of the failures: new, or since when. Empty from other brokers."""


class Report(NamedTuple):
    """A whole verification."""

    provider: str
    target: str
    contracts: tuple[ContractResult, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    replays: int = 0
    """How many distinct replays stood behind the results."""
    seconds: float = 0.0
    provider_version: str | None = None
    provider_branch: str | None = None
    nothing_because: str | None = None
    """Why there was nothing to verify; None when there was something."""
    nothing_is_fine: bool = False
    interrupted: bool = False
    could_not_run: str | None = None
    warnings: tuple[str, ...] = ()
    impact: Impact | None = None
    publications: tuple[Publication, ...] = ()

    @property
    def results(self) -> tuple[Result, ...]:
        return tuple(r for c in self.contracts for r in c.results)

    def text(self, *, colour: bool = False, width: int = 80, verbose: bool = False) -> str:
        """The report as the command prints it."""
        from tallystick.verifier.reports import console

        return console.text(self, colour=colour, width=width, verbose=verbose)

    @property
    def unreachable(self) -> bool:
        """Did no replay reach the provider? Then nothing was learned about it."""
        asked = [r for r in self.results if r.status != "not-run"]
        return bool(asked) and all(_unreachable(r) for r in asked)

    @property
    def exit_code(self) -> int:
        """0 passed, 1 contracts broken, 3 nothing to verify, 4 could not run, be reached, finish or publish.

        A broken contract outweighs what could not be done beside it; an unreadable source outweighs a pass.
        """
        if self.could_not_run is not None or self.unreachable:
            return COULD_NOT_RUN
        if any(r.broken for r in self.results):
            return BROKEN
        if any(not u.could_not_run for u in self.unreadable):
            return BROKEN
        if self.interrupted or self.unreadable or any(not p.ok for p in self.publications):
            return COULD_NOT_RUN
        if self.nothing_because is not None:
            return PASSED if self.nothing_is_fine else NOTHING
        return PASSED


def _unreachable(result: Result) -> bool:
    problem = result.replayed.problem
    return problem is not None and problem.kind in ("connection-failed", "tls")


def kind_of(interaction: Interaction) -> Literal["http", "async message", "sync message"]:
    if isinstance(interaction, HttpInteraction):
        return "http"
    return "async message" if isinstance(interaction, AsyncMessage) else "sync message"
