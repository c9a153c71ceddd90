"""What commands about changes share: edits that can be read, forecasts in words."""

from __future__ import annotations

from typing import Any

import click


def checked(_ctx: click.Context, _parameter: click.Parameter, edits: tuple[str, ...]) -> tuple[str, ...]:
    """The edits of a command line, each of which can be read."""
    from tallystick.contract.openapi.edits import EditInvalid, parse_edit

    for text in edits:
        try:
            parse_edit(text)
        except EditInvalid as wrong:
            raise click.BadParameter(str(wrong)) from None
    return edits


def days(forecast: Any) -> str:
    """A forecast as words: the median with its spread, or why there is none."""
    if forecast["days"] is None:
        return str(forecast["note"])
    if not forecast["days"]:
        return "0 days"
    shown, low, high = (f"{forecast[name]:g}" for name in ("days", "lowDays", "highDays"))
    return f"{shown} day{'' if shown == '1' else 's'} (half of the time {low} to {high})"
