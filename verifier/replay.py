"""Replaying: state, request, answer, verdict, for each job of a plan.

Life of one replay: its states are set up (values come back), generators are applied and the request is built, hooks
may change it, a sender sends it, `contract.matching` compares, states are torn down. Whatever goes wrong on the way
becomes a named problem of this interaction, and the run goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from tallystick.contract.model import ActualRequest, ActualResponse, HttpInteraction, Interaction, Json
from tallystick.verifier.crew import Crew
from tallystick.verifier.plan import Group, Job
from tallystick.verifier.problems import Problem, ReplayFailed
from tallystick.verifier.requests import build
from tallystick.verifier.results import Replayed
from tallystick.verifier.states import Changer, Nobody, set_up, tear_down

if TYPE_CHECKING:
    import random

    from tallystick.contract.shape_seen import Seen
    from tallystick.verifier.messages import MessageSource
    from tallystick.verifier.states import Send
    from tallystick.verifier.targets import Sender, Target

KEPT_BYTES: Final = 65_536
"""How much of a failing answer's body is kept for the report."""


class Hook(Protocol):
    """Changes a request before it is sent; gets the interaction it is for."""

    def __call__(self, request: ActualRequest, interaction: Interaction, /) -> ActualRequest: ...


class Transport(NamedTuple):
    """Another way to the provider, for interactions that name it."""

    send: Send
    base_path: str
    messages: MessageSource


class Settings(NamedTuple):
    """How to replay."""

    target: Target | None
    messages: MessageSource | None = None
    states: Changer = Nobody()
    custom_headers: tuple[tuple[str, str], ...] = ()
    hooks: tuple[Hook, ...] = ()
    timeout_seconds: float = 5.0
    concurrency: int | None = None
    repeat: int = 1
    """Replays of each interaction; differing verdicts are flaky."""
    fail_fast: bool = False
    seed: int | None = None
    workers: int = 1
    """Processes to spread what may overlap over."""
    transports: Mapping[str, Transport] = MappingProxyType({})
    """By the name that an interaction gives; one without a name, or of a name that is not here, goes to the target."""
    seen: Seen | None = None
    """Shown every answer of the expected status, and every message that fits; None when nobody asks for their shape."""


Done = Callable[[Job, Replayed], None]


class Stop(Exception):
    """The rest need not be replayed."""


def run(groups: Sequence[Group], settings: Settings, done: Done) -> None:
    """Replay every group in order and report each job once. KeyboardInterrupt passes through; what is done is done."""
    sender = sender_for(settings)
    try:
        for group in groups:
            _run_group(group, settings, sender, done)
    except Stop:
        pass
    finally:
        sender.close()


def sender_for(settings: Settings) -> Sender:
    """A sender to the target; without a target, one that says so."""
    return _NoSender() if settings.target is None else settings.target.sender()


def _run_group(group: Group, settings: Settings, sender: Sender, done: Done) -> None:
    """Its states first where once is enough, then its jobs, then their teardown."""
    if group.states == "each":
        run_jobs(group, settings, sender, done, None)
        return
    states = group.jobs[0].interaction.states
    try:
        context = set_up(settings.states, states)
    except ReplayFailed as failed:
        for job in group.jobs:
            done(job, Replayed(problem=failed.problem))
        return
    run_jobs(group, settings, sender, done, context)
    try:
        tear_down(settings.states, states)
    except ReplayFailed as failed:
        done(group.jobs[-1], Replayed(problem=failed.problem))


def run_jobs(group: Group, settings: Settings, sender: Sender, done: Done, context: Mapping[str, Json] | None) -> None:
    """The jobs of a group, at once where that is allowed; with `context` their states stand already."""

    def work(job: Job, tool: Sender) -> float:
        replayed = replay(job.interaction, settings, tool, context)
        done(job, replayed)
        if settings.fail_fast and replayed.status != "passed":
            raise Stop
        return tool.waited

    at_once = may_overlap(group, settings)
    if at_once and settings.workers > 1:
        from tallystick.verifier.workers import spread

        spread(group, settings, done, context)
    elif at_once and settings.concurrency != 1:
        assert settings.target is not None
        crew = Crew(settings.target.sender, lambda s: s.close(), work, size=settings.concurrency)
        crew.run(group.jobs, meanwhile=_load_matching)
    else:
        for job in group.jobs:
            work(job, sender)


def _load_matching() -> None:
    """Loading what compares answers takes as long as a slow answer: it is done while the first ones are awaited."""
    import tallystick.contract.matching
    import tallystick.contract.matching.json_body  # noqa: F401


def may_overlap(group: Group, settings: Settings) -> bool:
    return group.at_once and len(group.jobs) > 1 and settings.target is not None and settings.target.concurrent


def replay(
    interaction: Interaction, settings: Settings, sender: Sender, context: Mapping[str, Json] | None = None
) -> Replayed:
    """Replay one interaction; with `context` its states stand already. Never raises on what the provider does."""
    if interaction.plugin_configuration:
        from tallystick.contract import plugins
        from tallystick.contract.matching.outcome import Undecided

        if missing := plugins.missing(interaction):
            return Replayed(undecided=tuple(Undecided("missing-plugin", "", str(plugin)) for plugin in missing))
    results = [_once(interaction, settings, sender, context)]
    while len(results) < settings.repeat and results[-1].status == results[0].status:
        results.append(_once(interaction, settings, sender, context))
    return results[0] if results[-1].status == results[0].status else unsteady(results)


def unsteady(results: Sequence[Replayed]) -> Replayed:
    """The one result that stands for several of one interaction that differ: the first failure, called flaky."""
    failed = next(r for r in results if r.status != "passed")
    said = failed.problem.sentence if failed.problem else _first_sentence(failed)
    return failed._replace(
        problem=Problem(
            "flaky",
            f"the same build gave different results when asked {len(results)} times; one of them: {said}",
            "make the provider's answer depend on the request and its state alone",
        )
    )


def _first_sentence(replayed: Replayed) -> str:
    found = [m.sentence for m in replayed.mismatches] + [u.sentence for u in replayed.undecided]
    return found[0] if found else replayed.status


def _once(interaction: Interaction, settings: Settings, sender: Sender, context: Mapping[str, Json] | None) -> Replayed:
    start = perf_counter()
    own_states = context is None
    try:
        values = set_up(settings.states, interaction.states) if context is None else context
    except ReplayFailed as failed:
        return Replayed(problem=failed.problem, seconds=perf_counter() - start)
    try:
        result = _ask(interaction, settings, sender, values)
    except ReplayFailed as failed:
        result = Replayed(problem=failed.problem)
    if own_states:
        try:
            tear_down(settings.states, interaction.states)
        except ReplayFailed as failed:
            if result.problem is None:
                result = result._replace(problem=failed.problem)
    return result._replace(seconds=perf_counter() - start)


def _ask(interaction: Interaction, settings: Settings, sender: Sender, values: Mapping[str, Json]) -> Replayed:
    if not isinstance(interaction, HttpInteraction):
        from tallystick.verifier.messages import ask

        named = settings.transports.get(interaction.transport or "")
        return ask(interaction, settings.messages if named is None else named.messages, values, settings.seen)
    named = settings.transports.get(interaction.transport or "")
    target = settings.target if named is None else named
    request = build(
        interaction.request,
        base_path=target.base_path if target is not None else "",
        custom_headers=settings.custom_headers,
        context=values,
        rng=_rng(settings, interaction),
    )
    for hook in settings.hooks:
        try:
            request = hook(request, interaction)
        except Exception as error:
            problem = Problem(
                "hook-failed", f"the request hook raised {type(error).__name__}: {error}", "mend the hook"
            )
            return Replayed(problem=problem, sent=request)
    try:
        response = (sender if named is None else named).send(request, settings.timeout_seconds)
    except ReplayFailed as failed:
        return Replayed(problem=failed.problem, sent=request)
    from tallystick.contract import matching

    outcome = matching.match_response(interaction.response, response)
    if settings.seen is not None and not any(mismatch.part == "status" for mismatch in outcome.mismatches):
        settings.seen.response(interaction, response)
    if outcome.ok:
        return Replayed()
    return Replayed(
        tuple(outcome.mismatches),
        tuple(outcome.undecided),
        sent=request,
        received=_cut(response),
        hints=(sender.note,) if sender.note and named is None else (),
    )


def _cut(response: ActualResponse) -> ActualResponse:
    return replace(response, content=response.content[:KEPT_BYTES]) if len(response.content) > KEPT_BYTES else response


def _rng(settings: Settings, interaction: Interaction) -> random.Random | None:
    """With a seed, each interaction draws its own numbers, so that order and concurrency change nothing."""
    if settings.seed is None:
        return None
    import random

    return random.Random(f"{settings.seed}:{interaction.description}")


class _NoSender:
    note = ""
    waited = 0.0

    def send(self, request: ActualRequest, timeout_seconds: float) -> ActualResponse:
        raise ReplayFailed(
            Problem(
                "connection-failed", "no provider to send requests to was given", "give --provider-base-url or --app"
            )
        )

    def close(self) -> None: ...
