"""The provider's next builds: edits to `orders/wire.py`, applied to a copy of the example provider.

A build is what a developer would do: a few lines of the interface written anew. Nothing here knows who would break.
"""

from __future__ import annotations

import difflib
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final


@dataclass(frozen=True, slots=True)
class Edit:
    """One line of `orders/wire.py` before and after."""

    before: str
    after: str


BREAKING: Final = (
    Edit("CREATED = 201", "CREATED = 202"),
    Edit('        "quantity": line.quantity,', '        "quantity": str(line.quantity),'),
    Edit('        "total": order.total_cents / 100,', '        "total_amount": order.total_cents / 100,'),
)

COMPATIBLE: Final = (
    Edit(
        '        "total": order.total_cents / 100,',
        '        "total": order.total_cents / 100,\n        "total_amount": order.total_cents / 100,',
    ),
)


class EditDoesNotApply(Exception):
    """The line to change is not in the provider exactly once: the example and its edits have drifted apart."""


def build(source: Path, target: Path, edits: tuple[Edit, ...]) -> str:
    """Copy the provider to `target`, apply the edits there, and give the difference as a unified diff."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    wire = target / "orders" / "wire.py"
    before = after = wire.read_text(encoding="utf-8")
    for edit in edits:
        if after.count(edit.before + "\n") != 1:
            raise EditDoesNotApply(f"{wire} must hold the line {edit.before.strip()!r} exactly once")
        after = after.replace(edit.before + "\n", edit.after + "\n")
    wire.write_text(after, encoding="utf-8")
    return "\n".join(
        difflib.unified_diff(
            before.splitlines(), after.splitlines(), "orders/wire.py", "orders/wire.py", lineterm="", n=0
        )
    )
