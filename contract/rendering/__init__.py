"""Showing what differs: for a terminal, for a web page, and as the JSON of the Pact catalogue.

`report` makes lines with roles; `text` and `html` dress them, and make whatever comes from contracts and actuals safe
for where it is shown. `to_json` gives the objects that Pact clients know.
"""

from __future__ import annotations

from tallystick.contract.rendering.dress import html, plain, safe_html, text
from tallystick.contract.rendering.hints import hints, nearest_name
from tallystick.contract.rendering.report import Line, report, rule_text, title
from tallystick.contract.rendering.wire import describe, to_json

__all__ = [
    "Line",
    "describe",
    "hints",
    "html",
    "nearest_name",
    "plain",
    "report",
    "rule_text",
    "safe_html",
    "text",
    "title",
    "to_json",
]
