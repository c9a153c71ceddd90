"""The plugin, from a wheel, in a project with packages of its own called as our folders are."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The interpreter of an environment that holds our wheel, and borrows the libraries it needs."""
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)], check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "venv")], check=True)
    (wheel,) = folder.glob("*.whl")
    command = [*pip, "--python", str(folder / "venv"), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run(command, check=True)
    (packages,) = (folder / "venv").glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "venv" / "bin" / "python"


@pytest.fixture
def project(tmp_path):
    """A user's project: `contract`, `broker`, `client_sdk` and `verifier` are its own, and so is `tests/contract`."""
    for name in ("contract", "broker", "client_sdk", "verifier", "tests/contract"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "__init__.py").write_text(f"MINE = {name!r}\n")
    (tmp_path / "tests" / "__init__.py").write_text("")
    (tmp_path / "tests" / "contract" / "test_orders.py").write_text(
        """
import urllib.request

import broker, client_sdk, contract, verifier
import tests.contract
import tallystick.contract
from tallystick import Consumer, like

orders = Consumer("web").has_contract_with("orders")


def test_an_order(request):
    for mine in (contract, broker, client_sdk, verifier):
        assert mine.MINE == mine.__name__
    assert tests.contract.MINE == "tests/contract"
    assert "site-packages" in tallystick.contract.__file__
    orders.upon_receiving("an order").with_request("GET", "/").will_respond_with(200, body={"a": like(1)})
    with orders.serve() as server:
        urllib.request.urlopen(server.url).read()
"""
    )
    return tmp_path


# Plugins of this repository's own tests that cost a second or more in every process.
QUICK = [f"-pno:{name}" for name in ("hypothesispytest", "schemathesis", "playwright", "anyio", "timeout", "base_url")]


@pytest.mark.parametrize(("mode", "workers"), [("importlib", ()), ("prepend", ("-n", "2"))], ids=["alone", "xdist"])
def test_the_plugin_is_found_and_nothing_collides(python, project, mode, workers):
    done = subprocess.run(
        [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--import-mode={mode}", *QUICK, *workers],
        cwd=project, capture_output=True, text=True, timeout=100, env={**os.environ, "PYTHONPATH": ""},
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "pacts/web-orders.json: 1 interaction (1 new)" in done.stdout
    assert len(json.loads((project / "pacts" / "web-orders.json").read_text())["interactions"]) == 1
