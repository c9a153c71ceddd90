"""Why a generator produced nothing."""

from __future__ import annotations


class CannotGenerate(ValueError):
    """The generator cannot make a value; the example stays. The message says why."""
