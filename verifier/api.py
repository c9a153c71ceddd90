"""The verifier as Python functions: the same power as the command, with values instead of a terminal.

    report = verify("pacts/", provider="orders", app=app, states=states)
    assert report.exit_code == 0, report.text()

Options are those of `tallystick verify`, with underscores. Sources may also be contracts as values; `app`, `states`,
`messages` and `request_hook` may be the objects themselves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from tallystick.contract.model import Interaction
from tallystick.verifier.assembly import build
from tallystick.verifier.calling import Lookup
from tallystick.verifier.command import run
from tallystick.verifier.options import DEFAULTS, CannotVerify
from tallystick.verifier.plan import Rules
from tallystick.verifier.problems import ReplayFailed
from tallystick.verifier.replay import replay
from tallystick.verifier.results import Replayed, Report, Result, Source, Unreadable

__all__ = ["CannotVerify", "Verifier", "verify", "verify_async"]


def verify(*sources: Any, **options: Any) -> Report:
    """Verify, and give the report; nothing is printed.

    Raises CannotVerify when the options make no sense or the broker cannot be asked; what a provider does is in the
    report.
    """
    return run(_options(sources, options))


async def verify_async(*sources: Any, **options: Any) -> Report:
    """`verify` without holding up the event loop: in a thread, where an ASGI application gets a loop of its own."""
    import asyncio

    return await asyncio.to_thread(verify, *sources, **options)


def _options(sources: tuple[Any, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    for name in given:
        if name not in DEFAULTS:
            from difflib import get_close_matches

            near = get_close_matches(name, DEFAULTS, n=1)
            raise TypeError(f"verify() has no option {name!r}" + (f"; did you mean {near[0]!r}?" if near else ""))
    options = {**DEFAULTS, **given}
    options["sources"] = (*sources, *options["sources"])
    for name in ("consumer", "operation", "reentrant_state", "shared_state", "provider_version_tag"):
        if isinstance(options[name], str):
            options[name] = (options[name],)
    if callable(options["request_hook"]):
        options["request_hook"] = (options["request_hook"],)
    if isinstance(options["consumer_version_selectors"], Mapping):
        options["consumer_version_selectors"] = (options["consumer_version_selectors"],)
    if isinstance(options["header"], Mapping):
        options["header"] = tuple(options["header"].items())
    return options


class Verifier:
    """Verification one interaction at a time: what test frameworks build on.

    with Verifier("pacts/", provider="orders", app=app) as verifier:
        for source, interaction in verifier.interactions():
            result = verifier.check(source, interaction)
    """

    def __init__(
        self, *sources: Any, targets: dict[int, Any] | None = None, lookup: Lookup | None = None, **options: Any
    ):
        """`targets`: applications that stay started between verifiers, by identity; whoever passes it stops them.
        `lookup`: gives arguments of state handlers by name when nothing else does; raises KeyError.
        """
        self._verification = build(_options(sources, options), targets, lookup)
        self._owns_target = targets is None
        self.rules: Rules = self._verification.rules
        self._sources: list[Source] | None = None
        self.unreadable: tuple[Unreadable, ...] = ()
        self.nothing_because: str | None = None
        self._sender: Any = None

    def interactions(self) -> Iterator[tuple[Source, Interaction]]:
        """Every interaction that is selected, contract by contract. Raises BrokerFailed when it says nothing."""
        for source in self.sources():
            for interaction in source.contract.interactions:
                if self._verification.filters.keep(source, interaction):
                    yield source, interaction

    def sources(self) -> list[Source]:
        """The contracts, read once."""
        if self._sources is None:
            self._sources, wrong, self.nothing_because = self._verification.load()
            self.unreadable = tuple(wrong)
        return self._sources

    def check(self, source: Source, interaction: Interaction) -> Result:
        """Replay one interaction. Only within the `with` block."""
        try:
            self.start()
        except ReplayFailed as failed:
            return Result(source, interaction, Replayed(problem=failed.problem))
        return Result(source, interaction, replay(interaction, self._verification.settings, self._sender))

    def start(self) -> None:
        """Make the provider ready; done by the first check when not before."""
        if self._sender is None:
            from tallystick.verifier.replay import sender_for

            settings = self._verification.settings
            if settings.target is not None:
                settings.target.start()
            self._sender = sender_for(settings)

    def close(self) -> None:
        """Let go of connections, and shut an application down that was started here."""
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()
            target = self._verification.settings.target
            if target is not None and self._owns_target:
                target.stop()
        if self._verification.broker is not None:
            self._verification.broker.close()

    def __enter__(self) -> Verifier:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
