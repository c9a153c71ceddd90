"""The pages about contract files are true: their code runs, and prints what they say."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from tallystick.contract import limits

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"```python\n(.*?)```(?:\n+```text\n(.*?)```)?", re.DOTALL)


@pytest.mark.parametrize("page", ["reference/contract-files.md", "explanation/documents-and-identity.md"])
def test_the_code_of_a_page_runs_and_prints_what_it_says(page: str) -> None:
    blocks = BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))
    names: dict[str, object] = {}

    for code, printed in blocks:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            exec(compile(code, page, "exec"), names)
        assert out.getvalue() == printed

    assert blocks


def test_the_page_lists_every_limit() -> None:
    page = (DOCS / "reference/contract-files.md").read_text(encoding="utf-8")
    written = set(re.findall(r"\| `(MAX_\w+)` \|", page))

    assert written == {name for name in vars(limits) if name.startswith("MAX_")}
