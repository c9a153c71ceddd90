"""A field of the example provider is renamed at random: the report names exactly that field, and exactly its users."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
FIELD = re.compile(r'^        "(\w+)": ', re.MULTILINE)


def fields_of(wire: str) -> list[str]:
    names = FIELD.findall(wire)
    assert len(names) == len(set(names)), "a field's name must tell where it stands"
    return names


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for child in value.values():
            yield from keys(child)
    elif isinstance(value, list):
        for child in value:
            yield from keys(child)


def users_of(field: str, contracts: Path) -> set[str]:
    """Consumers whose contracts show the field in a response: read off the files, not asked of the code under test."""
    users = set()
    for file in contracts.glob("*.json"):
        pact = json.loads(file.read_text())
        for interaction in pact["interactions"]:
            if field in keys(interaction["response"].get("body", {}).get("content", {})):
                users.add(pact["consumer"]["name"])
    return users


@pytest.mark.parametrize("time", ["once", "twice", "three times"])
def test_the_report_names_exactly_the_renamed_field_and_exactly_its_users(
    time: str, tmp_path: Path, example_contracts: Path, serve_orders: Callable[[Path], str]
):
    seed = random.SystemRandom().randrange(1_000_000)  # named in what fails, so that a failure can be repeated
    provider = tmp_path / "orders"
    shutil.copytree(EXAMPLES / "orders", provider, ignore=shutil.ignore_patterns("__pycache__"))
    wire = provider / "orders" / "wire.py"
    field = random.Random(seed).choice(fields_of(wire.read_text()))
    wire.write_text(wire.read_text().replace(f'        "{field}": ', f'        "{field}_renamed": '))
    url = serve_orders(provider)

    done = subprocess.run(
        [
            sys.executable, "-m", "tallystick", "verify", str(example_contracts), "--provider", "orders",
            "--provider-base-url", url, "--state-change-url", f"{url}/_states", "--json", "-", "--quiet",
        ],
        capture_output=True,
        text=True,
    )  # fmt: skip

    users = users_of(field, example_contracts)
    assert done.returncode == (1 if users else 0), done.stdout + done.stderr
    report = json.loads(done.stdout)
    impact = report["impact"] or {"broken": []}  # nothing failed: nothing to tell
    broken = {consumer["consumer"]: consumer for consumer in impact["broken"]}
    assert set(broken) == users, f"seed {seed}, field {field}"
    named = {
        re.split(r"[.\[]", field_told["place"])[-1] for consumer in broken.values() for field_told in consumer["fields"]
    }
    assert named == ({field} if users else set()), f"seed {seed}, field {field}"
