"""The pytest plugin for providers: one test item per interaction.

    @pytest.mark.contracts("pacts/", provider="orders")
    def test_orders_keeps_its_contracts(contract_interaction):
        contract_interaction.verify()

The marker takes the options of `tallystick.verify`; the ini options `contracts_sources` and `contracts_provider` stand
in where it names none. What lives in fixtures is given by overriding `contracts_app`,
`contracts_base_url`, `contracts_states` or `contracts_messages`. A state handler may ask for any fixture by name.
Imports nothing of the verifier until a test asks for an interaction.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from tallystick.contract.model import Interaction
    from tallystick.verifier.api import Verifier
    from tallystick.verifier.results import Result, Source

_TARGETS: Final = pytest.StashKey["dict[int, Any]"]()


_TOLD: Final = "tallystick: broken fields"


class ContractBroken(AssertionError):
    """An interaction was not kept; the message is the report's text for it."""

    __module__ = "tallystick"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "contracts(*sources, **options): which contracts the fixture contract_interaction stands for; "
        "options as of tallystick.verify",
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("contracts_sources", "contract files, folders and URLs, for markers that name none", "linelist")
    parser.addini("contracts_provider", "the provider's name, for markers that do not say it", default="")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One item per interaction, contract by contract; pending ones are expected to fail and may pass."""
    if "contract_interaction" not in metafunc.fixturenames:
        return
    marker = metafunc.definition.get_closest_marker("contracts")
    if marker is None:
        raise pytest.UsageError(
            f"{metafunc.definition.nodeid} asks for contract_interaction without saying of which contracts: "
            'add @pytest.mark.contracts("pacts/", provider="…")'
        )
    options = dict(marker.kwargs)
    provider = metafunc.config.getini("contracts_provider")
    if provider:
        options.setdefault("provider", provider)
    sources = marker.args
    if not sources and "broker_base_url" not in options:
        root = metafunc.config.rootpath
        sources = tuple(s if "://" in s else str(root / s) for s in metafunc.config.getini("contracts_sources"))
    metafunc.parametrize("contract_interaction", _cases(sources, options), indirect=True)


def _cases(sources: tuple[Any, ...], options: dict[str, Any]) -> list[Any]:
    from tallystick.verifier.api import CannotVerify, Verifier
    from tallystick.verifier.broker import BrokerFailed

    allowed = options.get("allow_nothing", False)
    try:
        verifier = Verifier(*sources, **{**options, **_nowhere(options)})
        found = list(verifier.interactions())
    except (CannotVerify, BrokerFailed) as error:
        return [pytest.param(_Missing(str(error)), id="the contracts can be fetched")]
    except TypeError as error:
        raise pytest.UsageError(str(error)) from None
    verifier.close()
    cases = [
        pytest.param(
            (source, interaction, sources, options),
            id=f"{source.contract.consumer}: {interaction.description}",
            marks=_marks(source, interaction),
        )
        for source, interaction in found
    ]
    cases += [
        pytest.param(_Missing(f"{bad.origin}: {bad.sentence}"), id=f"{bad.origin} can be read")
        for bad in verifier.unreadable
    ]
    if not cases and not allowed:
        why = verifier.nothing_because or "the sources and filters leave nothing"
        cases = [pytest.param(_Missing(f"nothing to verify: {why}"), id="there is something to verify")]
    return cases


def _nowhere(options: dict[str, Any]) -> dict[str, Any]:
    """A target to satisfy the options while contracts are only read; where to ask is known when fixtures are."""
    given = {"app", "provider_base_url", "messages", "message_url"} & options.keys()
    return {} if given else {"provider_base_url": "http://127.0.0.1:9"}


def _marks(source: Source, interaction: Interaction) -> list[Any]:
    # --dist loadgroup keeps a consumer's items, which often share states, on one worker.
    marks: list[Any] = [pytest.mark.xdist_group(source.contract.consumer)]
    if source.pending or interaction.pending:
        marks.append(pytest.mark.xfail(reason="pending: not yet kept, not expected to be", strict=False))
    return marks


class _Missing:
    """Stands for what could not be loaded: an item of its own, which fails with the reason."""

    def __init__(self, reason: str):
        self._reason = reason

    def verify(self) -> None:
        __tracebackhide__ = True
        raise ContractBroken(self._reason)


class ContractInteraction:
    """An interaction of a contract, ready to be verified."""

    def __init__(self, verifier: Verifier, source: Source, interaction: Interaction, told: list[tuple[str, object]]):
        self._verifier, self.source, self.interaction = verifier, source, interaction
        self._told = told

    @property
    def consumer(self) -> str:
        return self.source.contract.consumer

    def result(self) -> Result:
        """Replay it and give the result, whatever it is."""
        return self._verifier.check(self.source, self.interaction)

    def verify(self) -> None:
        """Replay it; raises ContractBroken when it is not kept."""
        __tracebackhide__ = True
        result = self.result()
        if not result.ok:
            from tallystick.verifier.impact import fields_of
            from tallystick.verifier.reports.console import failure

            fields = [[f.interaction, f.place, f.sentence] for f in fields_of(result)]
            self._told.append((_TOLD, [self.source.name, fields]))
            raise ContractBroken(failure(result))


@pytest.fixture
def contracts_app() -> Any:
    """The ASGI or WSGI application to call; override it. None: the marker says where the provider is."""
    return None


@pytest.fixture
def contracts_base_url() -> str | None:
    """Where the provider listens; override it, for instance with a live server's address."""
    return None


@pytest.fixture
def contracts_states() -> Any:
    """Provider states: StateHandlers or a mapping from names to functions; override it."""
    return None


@pytest.fixture
def contracts_messages() -> Any:
    """Messages: MessageProducers or a mapping from descriptions to functions; override it."""
    return None


@pytest.fixture
def contract_interaction(
    request: pytest.FixtureRequest,
    contracts_app: Any,
    contracts_base_url: str | None,
    contracts_states: Any,
    contracts_messages: Any,
) -> Iterator[Any]:
    """The interaction that this item is about."""
    if isinstance(request.param, _Missing):
        yield request.param
        return
    from tallystick.verifier.api import CannotVerify, Verifier

    source, interaction, sources, options = request.param
    given = {
        "app": contracts_app,
        "provider_base_url": contracts_base_url,
        "states": contracts_states,
        "messages": contracts_messages,
    }
    merged = {**options, **{name: value for name, value in given.items() if value is not None}}
    targets = request.config.stash.setdefault(_TARGETS, {})
    try:
        verifier = Verifier(*sources, targets=targets, lookup=_Fixtures(request), **merged)
    except CannotVerify as error:
        pytest.fail(f"{error}; or override the fixture contracts_app or contracts_base_url", pytrace=False)
    yield ContractInteraction(verifier, source, interaction, request.node.user_properties)
    verifier.close()


@pytest.fixture
def contracts_source(contract_interaction: Any) -> Any:
    """The contract that this item's interaction is from, and where it came from; None when it could not be loaded."""
    return getattr(contract_interaction, "source", None)


class _Fixtures:
    """Fixtures by name, as a state handler asks for them: KeyError for a name that is none."""

    def __init__(self, request: pytest.FixtureRequest):
        self._request = request

    def __call__(self, name: str) -> Any:
        try:
            return self._request.getfixturevalue(name)
        except pytest.FixtureLookupError:
            raise KeyError(name) from None


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Who would break, on which fields: what the failed items of this run found, wherever they ran."""
    broken: dict[str, dict[tuple[str, str], str]] = {}
    for report in terminalreporter.stats.get("failed", []):
        for name, told in getattr(report, "user_properties", []):
            if name == _TOLD:
                consumer, fields = told
                for interaction, place, sentence in fields:
                    broken.setdefault(consumer, {}).setdefault((interaction, place), sentence)
    if not broken:
        return
    from tallystick.verifier.reports.words import plural, printable

    terminalreporter.section(f"{plural(len(broken), 'consumer')} would break")
    for consumer, found in broken.items():
        terminalreporter.write_line(printable(consumer))
        for (interaction, place), sentence in found.items():
            terminalreporter.write_line(printable(f"  {place}: {sentence} (in {interaction})"))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Shut down the applications that were started; a started one serves all items that use it."""
    for target in config.stash.get(_TARGETS, {}).values():
        target.stop()
