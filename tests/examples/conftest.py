"""The example services as their users have them: copies in a folder of their own, run by subprocesses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
CONSUMERS = ("web-shop", "billing", "mobile-backend")


@pytest.fixture(scope="session")
def example_contracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the contracts that the test suites of the three consumers write."""
    folder = tmp_path_factory.mktemp("contracts")
    for name in CONSUMERS:
        place = tmp_path_factory.mktemp(name) / name
        shutil.copytree(EXAMPLES / name, place, ignore=shutil.ignore_patterns("__pycache__", "pacts"))
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=place, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        shutil.copy(place / "pacts" / f"{name}-orders.json", folder)
    return folder


@pytest.fixture
def serve_orders() -> Iterator[Callable[[Path], str]]:
    """`serve_orders(folder)`: the order service in that folder under uvicorn; its address."""
    running = []

    def serve(folder: Path) -> str:
        process = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "provider_states:app", "--port", "0"],
            cwd=folder,
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        )
        running.append(process)
        assert process.stderr is not None
        said = ""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and (line := process.stderr.readline()):
            said += line
            if found := re.search(r"running on (http://\S+)", line):
                return found[1]
        pytest.fail(f"the order service did not start:\n{said}")

    yield serve
    for process in running:
        process.kill()
        process.wait()
        assert process.stderr is not None
        process.stderr.close()
