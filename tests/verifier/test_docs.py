"""What the pages on verifying say is run as it stands."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "docs/how-to/verify-a-provider.md", ROOT / "docs/reference/verify.md"]


@pytest.fixture
def place(tmp_path, tell):
    """The example provider with the files that the pages show, and contracts of two consumers."""
    import json

    shutil.copytree(ROOT / "examples/orders", tmp_path, dirs_exist_ok=True)
    (tmp_path / "pacts").mkdir()
    state = [{"name": "an order exists", "params": {"id": 7}}]
    for consumer in ("web-shop", "billing"):
        document = tell.contract(
            tell.interaction("an order", "/orders/7", states=state, response={"body": {"id": 7}}),
            tell.interaction("no order", "/orders/99", states=["no orders exist"], status=404),
            consumer=consumer,
        )
        (tmp_path / "pacts" / f"{consumer}.json").write_text(json.dumps(document))
    for page in PAGES:
        for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
            name = re.match(r"# (\S+\.py)\n", code)
            assert name, f"a snippet without a file name in {page.name}"
            (tmp_path / name[1]).write_text(code)
    return tmp_path


def run(words, place):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PACT_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True, timeout=60)


def test_every_command_does_what_the_page_says(place):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "uvicorn", "provider_states:app", "--port", str(port), "--log-level", "error"]
    running = subprocess.Popen(words, cwd=place)
    try:
        for _ in range(400):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        commands = [c for page in PAGES for c in re.findall(r"^\$ (.+)$", page.read_text(), re.MULTILINE)]
        done = [run(shlex.split(c.replace("127.0.0.1:8000", f"127.0.0.1:{port}")), place) for c in commands]
    finally:
        running.terminate()
        running.wait(10)

    assert len(commands) == 4
    for command, result in zip(commands, done, strict=True):
        assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    assert "Handlers that no contract asks for: 'several orders exist'" in done[3].stdout


def test_the_test_of_the_page_passes_and_its_script_runs(place):
    tests = run([sys.executable, "-m", "pytest", "-q", "-p", "tallystick.verifier.pytest_plugin"], place)
    script = run([sys.executable, "script.py"], place)

    assert "4 passed" in tests.stdout, tests.stdout
    assert "Every contract is kept." in script.stdout, script.stderr


def test_every_kind_of_problem_is_explained():
    from tallystick.verifier.problems import KINDS

    page = PAGES[1].read_text()

    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []


def test_the_life_of_a_replay_names_only_things_that_exist():
    import pydoc

    page = (ROOT / "docs/explanation/life-of-a-replay.md").read_text()
    names = re.findall(r"`((?:verifier|contract)(?:\.\w+)+)`", page)

    assert names
    assert [n for n in names if pydoc.locate(f"tallystick.{n}") is None] == []
