"""The pages on generators, comparison and prediction are run as they stand."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from tallystick.contract.generators.kinds import _KINDS
from tallystick.contract.openapi import CODES

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ["reference/generators.md", "reference/openapi-comparison.md", "explanation/what-if.md"]


@pytest.mark.parametrize("name", PAGES)
def test_every_example_gives_what_the_page_says(name: str) -> None:
    failed, run = doctest.testfile(str(DOCS / name), module_relative=False, verbose=False)

    assert run > 0
    assert failed == 0


def test_the_page_lists_every_code_with_its_level() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \| ([a-z /]+) \|", (DOCS / PAGES[1]).read_text(), re.MULTILINE)
    told: dict[str, str] = {}
    for codes, levels in rows:
        names, wanted = re.findall(r"`([^`]+)`", codes), [one.strip() for one in levels.split("/")]
        told |= dict(zip(names, wanted if len(wanted) > 1 else wanted * len(names), strict=True))

    assert {code: level for code, level in told.items() if "." in code and not code.endswith(".md")} == CODES


def test_the_page_lists_every_generator() -> None:
    text = (DOCS / PAGES[0]).read_text()

    assert [name for name in _KINDS if not re.search(rf"\b{name}\b", text)] == []
