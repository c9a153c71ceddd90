"""The walk through matching in the docs: its snippets run, print what the page says, and its names exist."""

from __future__ import annotations

import contextlib
import io
import pydoc
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "explanation" / "matching-walk.md").read_text()
BLOCK = re.compile(r"```python\n(.*?)```(?:\s*```text\n(.*?)```)?", re.DOTALL)


def test_the_snippets_print_what_the_page_says() -> None:
    names: dict[str, object] = {}
    blocks = BLOCK.findall(PAGE)
    assert len(blocks) >= 8
    for code, printed in blocks:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(code, names)
        assert out.getvalue() == printed, code


def test_the_names_exist() -> None:
    names = re.findall(r"`(tallystick(?:\.\w+)+)`", PAGE)
    groups = {"tallystick.content_handlers", "tallystick.matchers"}

    assert len(names) > 15
    assert [name for name in names if name not in groups and pydoc.locate(name) is None] == []


def test_the_entry_point_groups_are_those_of_the_code() -> None:
    from tallystick.contract.matching import body, matchers

    for group in (body.ENTRY_POINTS, matchers.ENTRY_POINTS):
        assert f"`{group}`" in PAGE


def test_a_reader_needs_less_than_ten_minutes() -> None:
    assert len(PAGE.split()) < 2000  # at 200 words a minute
