"""The pytest plugin: interactions count when their test has passed, and are written when the run ends.

Loaded by its entry point in every project that has Tallystick installed, so it imports next to nothing and does
nothing until a test describes an interaction. Works with pytest-xdist: each worker merges its share into the same
files, and the controlling process drops what no test says any more.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

import pytest

from tallystick.client_sdk import recording
from tallystick.client_sdk.consumer import Consumer, ConsumerContract

_STATE: Final = pytest.StashKey["_Run"]()


class ContractWith(Protocol):
    """The type of the fixture `contract_with`."""

    def __call__(self, provider: str, *, consumer: str | None = None, specification: str = "4.0") -> ConsumerContract:
        """The contract of `consumer` (the ini option `tallystick_consumer` unless given) with `provider`."""


class _Run:
    """What happened in this run, as far as contracts are concerned."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.is_worker = hasattr(config, "workerinput")
        self.passed: set[str] = set()
        self.failed: set[str] = set()
        self.seen: set[str] = set()
        self.lines: list[str] = []
        self.errors: list[str] = []
        self.paths: dict[str, tuple[list[str], list[str]]] = {}
        """Of pytest-xdist's workers: each file they wrote, with what they added and changed."""
        self.worker_run = ""
        self.unread: list[str] = []
        self.deselected = False

    def stale(self, narrowed: bool) -> Callable[[str | None], bool]:
        """Which origins are out of date; see `pact_files.write`.

        A test that passed and no longer says an interaction, a test that is gone from a file that was run, and a test
        whose file is gone. A test that failed or was not run keeps what it said before.
        """
        files = {nodeid.partition("::")[0] for nodeid in self.seen}
        everywhere = all(os.path.isdir(argument) for argument in self.config.args)

        def stale(origin: str | None) -> bool:
            if origin is None:
                return everywhere and not narrowed and not self.failed
            if origin in self.passed:
                return True
            file = origin.partition("::")[0]
            if not (self.config.rootpath / file).exists():
                return True
            return not narrowed and "::" in origin and file in files and origin not in self.seen

        return stale


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("tallystick_pact_dir", "where contracts are written, from the root directory", default="pacts")
    parser.addini("tallystick_consumer", "the consumer's name for the fixture contract_with", default="")
    group = parser.getgroup("tallystick", "contract tests")
    group.addoption(
        "--tallystick-reads",
        action="store_true",
        help="report the fields of mocked responses that the code under test never read",
    )
    group.addoption(
        "--tallystick-trim",
        action="store_true",
        help="write contracts without the fields that the code under test never read",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_STATE] = _Run(config)
    current = recording.current()
    current.managed = True
    current.directory = Path(config.rootpath, config.getini("tallystick_pact_dir"))
    if config.getoption("--tallystick-reads") or config.getoption("--tallystick-trim"):
        from tallystick.client_sdk import reads

        reads.start(trim=bool(config.getoption("--tallystick-trim")))


def pytest_unconfigure(config: pytest.Config) -> None:
    if config.getoption("--tallystick-reads", False) or config.getoption("--tallystick-trim", False):
        from tallystick.client_sdk import reads

        reads.stop()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, Any, Any]:
    current = recording.current()
    state = item.config.stash[_STATE]
    outer, current.current_test = current.current_test, item.nodeid
    state.failed.discard(item.nodeid)
    state.passed.discard(item.nodeid)
    try:
        return (yield)
    finally:
        if item.nodeid in state.passed and item.nodeid not in state.failed:
            current.commit()
        else:
            current.discard()
        current.current_test = outer


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    state = _running()
    if state is None:
        return
    state.seen.add(report.nodeid)
    if report.failed:
        state.failed.add(report.nodeid)
        state.passed.discard(report.nodeid)
    elif report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
        state.passed.add(report.nodeid)


def pytest_deselected(items: list[pytest.Item]) -> None:
    state = _running()
    if state is not None and items:
        state.deselected = True


@pytest.hookimpl(trylast=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    global _active
    _outer.append(_active)
    _active = session.config.stash[_STATE]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    global _active
    state = session.config.stash[_STATE]
    narrowed = _narrowed(session)
    try:
        _write(state, None if state.is_worker or state.paths else state.stale(narrowed))
        if not state.is_worker and state.paths:
            _prune(state, narrowed)
    finally:
        _active = _outer.pop() if _outer else None
    if state.is_worker:
        session.config.workeroutput["tallystick"] = {  # type: ignore[attr-defined]
            "run": recording.current().run,
            "written": [
                [str(written.path), list(written.added), list(written.changed)]
                for written in recording.current().written
            ],
            "errors": state.errors,
            "unread": _unread(),
            "deselected": state.deselected,
        }
        return
    state.unread += _unread()
    if state.errors:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:
    """A worker of pytest-xdist has finished: take its share of the account."""
    report = getattr(node, "workeroutput", {}).get("tallystick")
    if report:
        state = node.config.stash[_STATE]
        state.errors += report["errors"]
        state.unread += report["unread"]
        state.deselected = state.deselected or report["deselected"]
        state.worker_run = report["run"]
        for path, added, changed in report["written"]:
            news = state.paths.setdefault(path, ([], []))
            news[0].extend(added)
            news[1].extend(changed)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    state = config.stash[_STATE]
    if not state.lines and not state.errors and not state.unread:
        return
    terminalreporter.section("contracts")
    for line in state.lines:
        terminalreporter.write_line(line)
    for line in sorted(state.unread):
        terminalreporter.write_line(line)
    for error in state.errors:
        terminalreporter.write_line(f"ERROR: {error}", red=True)


@pytest.fixture
def contract_with(request: pytest.FixtureRequest) -> ContractWith:
    """A contract for this test: `contract_with("orders")`; the consumer's name stands in `tallystick_consumer`."""
    configured = str(request.config.getini("tallystick_consumer"))

    def contract_with(provider: str, *, consumer: str | None = None, specification: str = "4.0") -> ConsumerContract:
        name = consumer or configured
        if not name:
            raise pytest.UsageError(
                "contract_with does not know the consumer: set tallystick_consumer in pytest.ini or pyproject.toml, "
                'or say contract_with("…", consumer="…")'
            )
        return Consumer(name).has_contract_with(provider, specification=specification)

    return contract_with


_active: _Run | None = None
_outer: list[_Run | None] = []


def _running() -> _Run | None:
    return _active


def _narrowed(session: pytest.Session) -> bool:
    """Whether tests were left out on purpose or because the run was cut short."""
    option = session.config.option
    chosen = any(getattr(option, name, None) for name in ("keyword", "markexpr", "lf", "deselect", "ignore", "sw"))
    named = any("::" in argument for argument in session.config.args)
    deselected = session.config.stash[_STATE].deselected
    return bool(chosen or named or deselected or session.shouldstop or session.shouldfail)


def _write(state: _Run, stale: Callable[[str | None], bool] | None) -> None:
    try:
        written = recording.current().write(stale)
    except Exception as problem:
        state.errors.append(f"the contract was not written: {problem}")
        return
    if not state.is_worker:
        state.lines += [_line(state, one) for one in written]


def _prune(state: _Run, narrowed: bool) -> None:
    """After the workers: one look at each file they wrote, to drop what no test says any more."""
    from tallystick.client_sdk import pact_files
    from tallystick.contract import reading

    for name, (added, changed) in sorted(state.paths.items()):
        path = Path(name)
        try:
            found = reading.read(path.read_bytes(), name=name)
            written = pact_files.write(path, found, (), run=state.worker_run, stale=state.stale(narrowed))
            written = replace(written, added=tuple(added), changed=tuple(changed))
        except Exception as problem:
            state.errors.append(f"{name} was not brought up to date: {problem}")
            continue
        state.lines.append(_line(state, written))


def _unread() -> list[str]:

    reads = sys.modules.get("tallystick.client_sdk.reads")
    if reads is None:
        return []
    word = "trimmed" if reads.trimming() else "never read"
    return [f'"{one.description}": {word}: {", ".join(one.unread)}' for one in reads.reports()]


def _line(state: _Run, written: Any) -> str:
    path = written.path
    with contextlib.suppress(ValueError):
        path = path.relative_to(state.config.invocation_params.dir)
    parts = [
        f"{len(some)} {word}"
        for some, word in ((written.added, "new"), (written.changed, "changed"), (written.removed, "removed"))
        if some
    ]
    noun = "interaction" if written.interactions == 1 else "interactions"
    return f"{path}: {written.interactions} {noun}" + (f" ({', '.join(parts)})" if parts else "")
