"""The demo runs from an installed wheel, in an empty folder, with nothing of the checkout in sight."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), str(ROOT)],
        check=True,
    )
    (found,) = folder.glob("tallystick-*.whl")
    return found


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a virtual environment that holds the wheel, and borrows the libraries it needs."""
    place = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place)], check=True)
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(place), "install", "-q", "--no-deps", "--no-index", str(wheel)],
        check=True,
    )
    (packages,) = place.glob("lib/python*/site-packages")
    # A path line does not carry over the .pth files of that folder, so the checkout's editable install stays outside.
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return place / "bin"


def test_the_wheel_holds_one_package_with_migrations_and_examples(wheel: Path):
    names = zipfile.ZipFile(wheel).namelist()

    assert {name.split("/")[0] for name in names} == {"tallystick", "tallystick-0.1.0.dist-info"}
    for needed in (
        "tallystick/broker/_alembic/env.py",
        "tallystick/_examples/orders/orders/app.py",
        "tallystick/_examples/web-shop/tests/test_orders.py",
        "tallystick/contract/model.py",
        "tallystick/py.typed",
    ):
        assert needed in names
    assert [name for name in names if "__pycache__" in name or "/pacts/" in name] == []


def test_the_demo_runs_from_the_wheel_in_an_empty_folder(installed: Path, tmp_path: Path):
    done = subprocess.run(
        [str(installed / "tallystick"), "demo", "--no-wait", "--port", "0"],
        cwd=tmp_path, capture_output=True, text=True, timeout=110,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout
    assert list(tmp_path.iterdir()) == [], "the demo keeps its files to itself"
    assert max(map(len, told.splitlines())) <= 80 or _only_commands_are_wider(told)
    impact = told[told.index("Impact of orders 2.0.0") :]
    broken, untouched = impact.split("not touched")[:2]
    for consumer, version in (("billing", "2.7.1"), ("web-shop", "4.2.0")):
        assert re.search(rf"{consumer}\s+{re.escape(version)} live in production since \d{{4}}-\d\d-\d\d", broken)
    for field in ("$.total", "$.lines[0].quantity", "expected 201 but was 202"):
        assert field in broken
    assert "mobile-backend" in untouched.split("Results of")[0]
    assert "NO: orders 2.0.0 must not go to production." in told
    assert "YES: orders 1.1.0 can go to production." in told
    moves = told[told.index("The consumers move") :]
    assert "BREAKS 2 consumers of orders." in told
    assert moves.index("NO: billing still relies on it.") < moves.index("YES: no live consumer relies on it.")
    assert re.search(r"The dashboard: http://127\.0\.0\.1:\d+/", told)


def _only_commands_are_wider(told: str) -> bool:
    """A command must stay in one piece to be copied; everything else fits."""
    return all(len(line) <= 80 or line.lstrip().startswith(("next", "$", "--")) for line in told.splitlines())
