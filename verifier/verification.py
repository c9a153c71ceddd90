"""One verification from sources to report: load, plan, replay, weigh the impact, publish."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from tallystick.contract.model import HttpInteraction, Interaction
from tallystick.verifier.plan import Group, Job, Rules, plan
from tallystick.verifier.problems import Problem, ReplayFailed
from tallystick.verifier.replay import Settings, run
from tallystick.verifier.results import ContractResult, Replayed, Report, Result, Source, Unreadable

if TYPE_CHECKING:
    from tallystick.verifier.broker import Broker
    from tallystick.verifier.impact import Impact, Live


class Filters(NamedTuple):
    """Which interactions to replay; everything given must hold. Patterns are searched, case counts."""

    consumers: tuple[str, ...] = ()
    description: re.Pattern[str] | None = None
    state: re.Pattern[str] | None = None
    no_state: bool = False
    path: re.Pattern[str] | None = None
    operations: tuple[tuple[str, str], ...] = ()
    """(method, path prefix or template with `{…}` segments)."""

    def keep(self, source: Source, interaction: Interaction) -> bool:
        if self.consumers and source.contract.consumer not in self.consumers:
            return False
        if self.description and not self.description.search(interaction.description):
            return False
        if self.no_state and interaction.states:
            return False
        if self.state and not any(self.state.search(s.name) for s in interaction.states):
            return False
        if self.path is None and not self.operations:
            return True
        if not isinstance(interaction, HttpInteraction):
            return False
        request = interaction.request
        if self.path and not self.path.search(request.path):
            return False
        return not self.operations or any(
            method in ("*", request.method.upper()) and _template(template).fullmatch(request.path)
            for method, template in self.operations
        )

    @property
    def any(self) -> bool:
        return self != Filters()


def _template(path: str) -> re.Pattern[str]:
    pieces = re.split(r"\{[^}/]*\}", path)
    return re.compile("[^/]+".join(map(re.escape, pieces)))


class Publish(NamedTuple):
    """What to tell the broker."""

    version: str
    branch: str | None = None
    tags: tuple[str, ...] = ()
    build_url: str | None = None


Load: TypeAlias = Callable[[], tuple[list[Source], list[Unreadable], str | None]]
"""Gives the contracts, what could not be read, and why there are none when there are none."""


@dataclass(slots=True, kw_only=True)
class Verification:
    """Everything a run needs, put together by the command line or the Python API."""

    provider: str | None
    target_name: str
    load: Load
    settings: Settings
    rules: Rules = field(default_factory=Rules)
    filters: Filters = field(default_factory=Filters)
    broker: Broker | None = None
    publish: Publish | None = None
    provider_version: str | None = None
    provider_branch: str | None = None
    nothing_is_fine: bool = False
    progress: Callable[[int, int, Replayed], None] | None = None
    """Called after each replay: how many are done, of how many, and the newest."""
    now: Callable[[], float] = perf_counter

    def run(self) -> Report:
        """Verify, and say what was found. Raises BrokerFailed when the broker cannot be asked what to verify."""
        with _contracts_are_kept() as loaded:
            return self._run(loaded)

    def _run(self, loaded: Callable[[], None]) -> Report:
        start = self.now()
        sources, wrong, why_none = self.load()
        loaded()
        report = Report(
            provider=self.provider or (sources[0].contract.provider if sources else "the provider"),
            target=self.target_name,
            unreadable=tuple(wrong),
            provider_version=self.provider_version,
            provider_branch=self.provider_branch,
            nothing_is_fine=self.nothing_is_fine,
        )
        groups = plan(sources, self.filters.keep, self.rules)
        if not groups:
            why = why_none or _why_nothing(sources, wrong, self.filters)
            contracts = _empty(sources, self.filters) if not why_none else ()
            return self._told(report._replace(contracts=contracts, nothing_because=why, seconds=self.now() - start))
        outcomes, interrupted, trouble = self._replay(groups)
        if self.rules.as_the_reference and self.rules.dedupe:
            outcomes = flaky_among_equals(groups, outcomes)
        contracts = credit(sources, groups, outcomes)
        report = report._replace(
            contracts=contracts,
            replays=len(outcomes),
            interrupted=interrupted,
            could_not_run=trouble,
            warnings=tuple(self._warnings(sources, contracts)),
            seconds=self.now() - start,
        )
        return self._told(report._replace(impact=self._impact(contracts)))._replace(seconds=self.now() - start)

    def _replay(self, groups: Sequence[Group]) -> tuple[dict[int, Replayed], bool, str | None]:
        """Results by the identity of their job, whether it was interrupted, and why it could not run at all."""
        outcomes: dict[int, Replayed] = {}
        total = sum(len(g.jobs) for g in groups)
        progress = self.progress

        def done(job: Job, replayed: Replayed) -> None:
            outcomes[id(job)] = replayed
            if progress is not None:
                progress(len(outcomes), total, replayed)

        target = self.settings.target
        try:
            if target is not None:
                target.start()
        except ReplayFailed as failed:
            return {}, False, _with_fix(failed.problem)
        interrupted = False
        try:
            run(groups, self.settings, done)
        except KeyboardInterrupt:
            interrupted = True
        finally:
            if target is not None:
                target.stop()
        return outcomes, interrupted, None

    def _warnings(self, sources: Sequence[Source], contracts: Sequence[ContractResult]) -> Iterable[str]:
        from tallystick.verifier.states import Nobody

        if isinstance(self.settings.states, Nobody):
            names = {s.name for c in contracts for r in c.results for s in r.interaction.states}
            if names:
                shown = ", ".join(repr(n) for n in sorted(names)[:3]) + (", …" if len(names) > 3 else "")
                yield (
                    f"{len(names)} provider state{'s' * (len(names) > 1)} named in the contracts ({shown}), and "
                    "nothing sets them up: give --state-change-url or --states"
                )

    def _impact(self, contracts: Sequence[ContractResult]) -> Impact | None:
        if all(r.ok or r.status == "not-run" for c in contracts for r in c.results):
            return None
        from tallystick.verifier import impact
        from tallystick.verifier.broker import BrokerFailed

        wanted = frozenset(c.source.contract.consumer for c in contracts)
        if self.broker is None:
            return impact.assess(contracts, None, "no broker was named to ask what is live where")
        try:
            return impact.assess(contracts, live_versions(self.broker, wanted))
        except KeyboardInterrupt:
            return impact.assess(contracts, None, "the run was stopped while the broker was asked")
        except BrokerFailed as failed:
            return impact.assess(contracts, None, str(failed))

    def _told(self, report: Report) -> Report:
        if self.publish is None or self.broker is None or report.could_not_run is not None or report.unreachable:
            return report  # where nobody answered, nothing was learned about the build
        from tallystick.verifier.publishing import publish, publish_shape

        told = publish(
            self.broker,
            report,
            version=self.publish.version,
            branch=self.publish.branch,
            tags=self.publish.tags,
            build_url=self.publish.build_url,
        )
        report = report._replace(publications=told)
        seen = self.settings.seen
        if seen is None or not any(one.ok for one in told):
            return report
        trouble = publish_shape(self.broker, report.provider, self.publish.version, seen.shape())
        return report._replace(warnings=(*report.warnings, trouble)) if trouble else report


@contextmanager
def _contracts_are_kept() -> Iterator[Callable[[], None]]:
    """Spare the garbage collector what lives to the end anyway: a quarter of a large run would go into looking at it.

    It rests while contracts are read; the function given is to be called then, and sets them aside until the end.
    """
    import gc

    resting = gc.isenabled()
    gc.disable()

    def loaded() -> None:
        gc.freeze()
        if resting:
            gc.enable()

    try:
        yield loaded
    finally:
        gc.unfreeze()
        if resting:
            gc.enable()


def live_versions(broker: Broker, consumers: Iterable[str]) -> list[Live]:
    """What is live of these consumers, over all environments: production first, then by name, newest first."""
    from tallystick.verifier.impact import live_from

    wanted = frozenset(consumers)
    rows: list[Live] = []
    for environment in broker.environments():
        for document in broker.live_in(environment):
            row = live_from(document, environment)
            if row is not None and row.consumer in wanted:
                rows.append(row)
    rows.sort(key=lambda r: r.since or "", reverse=True)
    rows.sort(key=lambda r: (not r.production, r.environment))
    return rows


def flaky_among_equals(groups: Sequence[Group], outcomes: dict[int, Replayed]) -> dict[int, Replayed]:
    """Equal interactions that were replayed more than once and did not all give the same: none of them is a pass."""
    from tallystick.contract.identity import interaction_sha
    from tallystick.verifier.plan import is_random
    from tallystick.verifier.replay import unsteady

    equals: dict[str, list[int]] = {}
    for group in groups:
        for job in group.jobs:
            if id(job) in outcomes and isinstance(job.interaction, HttpInteraction) and not is_random(job.interaction):
                equals.setdefault(interaction_sha(job.interaction), []).append(id(job))
    told = dict(outcomes)
    for jobs in equals.values():
        results = [outcomes[job] for job in jobs]
        if len({r.status for r in results}) > 1:
            told.update(dict.fromkeys(jobs, unsteady(results)))
    return told


def credit(sources: Sequence[Source], groups: Sequence[Group], outcomes: dict[int, Any]) -> tuple[ContractResult, ...]:
    """Each contract's results in the order of its file; what was not replayed says so. Contracts left empty are out."""
    table: list[dict[int, Replayed]] = [{} for _ in sources]
    not_run = Replayed(problem=Problem("interrupted", "not replayed: the run was stopped before it"))
    for group in groups:
        for job in group.jobs:
            replayed = outcomes.get(id(job), not_run)
            for s, i in job.holders:
                table[s][i] = replayed
    return tuple(
        ContractResult(source, tuple(Result(source, source.contract.interactions[i], row[i]) for i in sorted(row)))
        for source, row in zip(sources, table, strict=True)
        if row or not source.contract.interactions
    )


def _empty(sources: Sequence[Source], filters: Filters) -> tuple[ContractResult, ...]:
    return tuple(ContractResult(s, ()) for s in sources if not s.contract.interactions and not filters.any)


def _why_nothing(sources: Sequence[Source], wrong: Sequence[Unreadable], filters: Filters) -> str | None:
    """The reason why there is nothing to replay; None when an empty contract is all there is, which holds."""
    if not sources:
        return "no contract could be read" if wrong else "no contract was found in the sources given"
    count = sum(len(s.contract.interactions) for s in sources)
    if count == 0:
        return None
    return f"the filters leave none of {count} interactions in {len(sources)} contract{'s' * (len(sources) > 1)}"


def _with_fix(problem: Problem) -> str:
    return problem.sentence + (f" ({problem.fix})" if problem.fix else "")
