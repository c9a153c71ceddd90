"""The broker's scoreboard, from the tests themselves: `python tests/broker/scoreboard.py [--run] [--all]`.

A row is done when a test marked with its number exists (with --run: and passes), deviates when the mark says why
(`@pytest.mark.row("PB-090", deviates="…")`), and is missing otherwise. Rows, priorities and sentences come from the
checklist in the shared reference; without it only the rows that tests name can be shown.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKLIST = (
    Path(os.environ.get("TALLYSTICK_SHARED", ROOT.parent / "shared")) / "reference/pact-broker-api/12-checklist.md"
)
LINE = re.compile(r"^\| (PB-\d{3}) \| (\d) \| (.+?) \| [^|]* \| [^|]* \|$")


@dataclass
class Row:
    """A row of the checklist and the tests that stand for it."""

    number: str
    priority: int = 0
    sentence: str = ""
    tests: list[str] = field(default_factory=list)
    deviates: str = ""
    failed: list[str] = field(default_factory=list)

    @property
    def state(self) -> str:
        if not self.tests:
            return "missing"
        if self.failed:
            return "fails"
        return "deviates" if self.deviates else "done"


class Marks:
    """A pytest plugin that notes which test stands for which rows, and how it ended."""

    def __init__(self) -> None:
        self.rows: dict[str, list[str]] = {}
        self.deviations: dict[str, str] = {}
        self.failed: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            name = item.nodeid.split("[")[0]
            for mark in item.iter_markers("row"):
                for number in mark.args:
                    self.rows.setdefault(number, [])
                    if name not in self.rows[number]:
                        self.rows[number].append(name)
                    if "deviates" in mark.kwargs:
                        self.deviations[number] = mark.kwargs["deviates"]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or (report.when == "setup" and report.skipped):
            self.failed.add(report.nodeid.split("[")[0])


def checklist() -> dict[str, Row]:
    """The rows by number; none when the reference is not at hand."""
    if not CHECKLIST.exists():
        return {}
    found = (LINE.match(line) for line in CHECKLIST.read_text().splitlines())
    return {line[1]: Row(line[1], int(line[2]), line[3]) for line in found if line}


def board(run: bool) -> list[Row]:
    """Every row with its tests, after collecting (and running) the tests."""
    marks = Marks()
    arguments = [str(ROOT / "tests/broker"), str(ROOT / "tests/clients"), "-q", "-p", "no:cacheprovider"]
    if not run:
        arguments.append("--collect-only")
    with open(os.devnull, "w") as nowhere:
        shown = sys.stdout
        sys.stdout = nowhere
        try:
            pytest.main(arguments, plugins=[marks])
        finally:
            sys.stdout = shown
    rows = checklist()
    for number, tests in marks.rows.items():
        row = rows.setdefault(number, Row(number))
        row.tests = tests
        row.deviates = marks.deviations.get(number, "")
        row.failed = [test for test in tests if test in marks.failed]
    return [rows[number] for number in sorted(rows)]


def printed(rows: list[Row], every: bool) -> str:
    """The board as text: a table of counts, then the rows that are not done (or all)."""
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        counts[row.priority][row.state] += 1
    lines = ["priority  done  deviates  fails  missing"]
    for priority, states in sorted(counts.items()):
        numbers = [states[state] for state in ("done", "deviates", "fails", "missing")]
        lines.append(f"{priority or '?':>8}  {numbers[0]:>4}  {numbers[1]:>8}  {numbers[2]:>5}  {numbers[3]:>7}")
    for row in rows:
        if not every and row.state == "done":
            continue
        lines.append(f"\n{row.number} [{row.priority or '?'}] {row.state}: {row.sentence}")
        if row.deviates:
            lines.append(f"    because {row.deviates}")
        lines += [f"    {'FAILED ' if test in row.failed else ''}{test}" for test in row.tests]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", action="store_true", help="run the tests; without it they are only collected")
    parser.add_argument("--all", action="store_true", help="list the rows that are done as well")
    chosen = parser.parse_args()
    rows = board(chosen.run)
    print(printed(rows, chosen.all))
    return 1 if any(row.state == "fails" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
