"""Reports dressed for a terminal or a web page. Content that strangers wrote cannot act on either."""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterable, Mapping
from typing import Final

from tallystick.contract.matching.outcome import Outcome
from tallystick.contract.matching.values import json_text_of
from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import Json
from tallystick.contract.rendering.report import Line, Role, report

_COLOURS: Final[Mapping[Role, str]] = {
    "title": "\x1b[1;31m", "sentence": "", "rule": "\x1b[2m", "hint": "\x1b[33m", "expected": "\x1b[32m",
    "actual": "\x1b[31m", "context": "\x1b[2m", "gap": "\x1b[2m", "undecided": "\x1b[1;33m", "blank": "",
}  # fmt: skip
_LONGEST_SENTENCE: Final = 600
_RESET: Final = "\x1b[0m"
_INDENTS: Final[Mapping[Role, str]] = {"title": "", "undecided": "", "blank": ""}
_CONTROL: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def text(
    found: Outcome | Iterable[Mismatch],
    *,
    colour: bool = False,
    width: int = 120,
    actual: bytes | str | None = None,
    expected: bytes | str | None = None,
    context: int = 3,
    most: int = 100,
) -> str:
    """What differs, for a terminal; "" where nothing does. Colour only when asked for.

    With the `actual` body (and the `expected` one) the document is shown around each fault, `-` as the contract has it
    and `+` as it came. Longer lines than `width` are cut.
    """
    lines = report(found, actual=actual, expected=expected, context=context, most=most)
    return "\n".join(_terminal(line, colour, width) for line in lines)


def _terminal(line: Line, colour: bool, width: int) -> str:
    mark = {"expected": "-", "actual": "+"}.get(line.role, " ")
    if line.role in ("context", "actual", "expected", "gap"):
        number = "" if line.number is None else str(line.number)
        shown = f"  {number:>5} {mark} {plain(line.text)}"
    else:
        shown = _INDENTS.get(line.role, "    ") + plain(line.text).replace("\n", "\n    ")
    longest = _LONGEST_SENTENCE if line.role == "sentence" else width
    if len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    shown = shown.rstrip()
    paint = _COLOURS[line.role] if colour else ""
    return f"{paint}{shown}{_RESET}" if paint and shown else shown


def plain(content: str) -> str:
    """Text that a terminal only prints: control and direction characters are shown as escapes."""
    return _CONTROL.sub(
        lambda found: f"\\x{ord(found[0]):02x}" if ord(found[0]) < 256 else f"\\u{ord(found[0]):04x}", content
    )


def html(
    found: Outcome | Iterable[Mismatch],
    *,
    actual: bytes | str | None = None,
    expected: bytes | str | None = None,
    context: int = 3,
    most: int = 100,
) -> str:
    """What differs as one `<pre>`, a `<span>` a line with the role as its class. All content is escaped."""
    lines = report(found, actual=actual, expected=expected, context=context, most=most)
    spans = (f'<span class="{line.role}">{safe_html(_terminal(line, False, 10_000))}</span>' for line in lines)
    return f'<pre class="mismatches">{chr(10).join(spans)}</pre>'


def safe_html(value: Json | bytes) -> str:
    """A value as text that a page can hold anywhere between tags or in a quoted attribute."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    return markup.escape(plain(value if isinstance(value, str) else json_text_of(value)), quote=True)
