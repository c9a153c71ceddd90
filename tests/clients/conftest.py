"""Official clients, unmodified, as programs of their own against a broker under uvicorn.

The broker and the world are those of `tests/broker`; here they run on SQLite alone, since a client cannot tell.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[2]


def _fixtures_of_the_broker() -> Any:
    """`tests/broker/conftest.py` as a module: import mode importlib gives test modules no names."""
    name = "tallystick_broker_fixtures"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "broker" / "conftest.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


_broker_tests = _fixtures_of_the_broker()
postgresql_server = _broker_tests.postgresql_server
new_database = _broker_tests.new_database
broker_with = _broker_tests.broker_with
world_of = _broker_tests.world_of
client = _broker_tests.client
world = _broker_tests.world
pact_document = _broker_tests.pact_document
an_interaction = _broker_tests.an_interaction


@pytest.fixture(scope="session")
def _one_broker(new_database: Callable[[str], str]) -> Iterator[Any]:
    with _broker_tests.serving(_broker_tests.Settings(database_url=new_database("sqlite")), "sqlite") as running:
        yield running


@pytest.fixture
def broker(_one_broker: Any) -> Any:
    """A running broker with an empty database."""
    _broker_tests.empty(_one_broker.engine)
    return _one_broker


@dataclass(frozen=True)
class Finished:
    """What a program did: its exit code, and everything it wrote."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err

    def json(self) -> Any:
        return json.loads(self.out)


def program(name: str) -> str:
    """The path of a program installed beside the tests' Python; a missing one is a skip, and a failure in CI."""
    found = shutil.which(name, path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        message = f"the program {name!r} is not installed: pip install -e '.[dev]'"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return found


def run(*words: str, cwd: Path | None = None, seconds: float = 60, **environment: str) -> Finished:
    """Run to the end, without telemetry and without a terminal."""
    env = {**os.environ, "PACT_DO_NOT_TRACK": "true", "NO_COLOR": "1", **environment}
    done = subprocess.run(
        words, cwd=cwd, env=env, capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL, check=False
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def finish() -> Callable[..., Finished]:
    """`finish("program", "argument", …, cwd=…)`: what it did."""
    return run


@pytest.fixture
def pact_at(tmp_path: Path) -> Callable[[str], Callable[..., Finished]]:
    """`pact_at(url)("publish", …)`: a command of `pact broker`, of PyPI's pact-python-cli, for the broker at a URL."""
    path = program("pact")

    def for_broker(url: str) -> Callable[..., Finished]:
        def command(*words: str, **environment: str) -> Finished:
            return run(path, "broker", *words, "--broker-base-url", url, cwd=tmp_path, **environment)

        return command

    return for_broker


@pytest.fixture
def pact(pact_at: Callable[[str], Callable[..., Finished]], broker: Any) -> Callable[..., Finished]:
    """`pact("can-i-deploy", "--pacticipant", …)`, for the running broker."""
    return pact_at(broker.url)


@pytest.fixture
def pact_file(tmp_path: Path, pact_document: Callable[..., Any]) -> Callable[..., Path]:
    """`pact_file("Web", "Orders", interaction, …)`: a contract as a file."""

    def write(consumer: str, provider: str, *interactions: Any, name: str | None = None) -> Path:
        path = tmp_path / (name or f"{consumer}-{provider}.json")
        path.write_text(json.dumps(pact_document(consumer, provider, *interactions)))
        return path

    return write


@pytest.fixture
def api(client: httpx.Client) -> Callable[[str], Any]:
    """`api("/path")`: the document that the broker serves there."""

    def get(path: str) -> Any:
        answer = client.get(path, headers={"Accept": "application/hal+json"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return get
