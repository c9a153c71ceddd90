"""Badges: two words in a small picture, drawn here. Pure.

Nothing is fetched from anywhere, and nobody is sent anywhere unless the operator names a badge service.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

COLOURS: Final = {
    "brightgreen": "#2f8a3c",
    "yellowgreen": "#667a12",
    "red": "#c0392b",
    "orange": "#b9620f",
    "lightgrey": "#6e6e6e",
}
HEIGHT: Final = 20
_NARROW: Final = frozenset("iljtfrI.,:;'|!()[] ")
_WIDE: Final = frozenset("mwMW@%")


@dataclass(frozen=True, slots=True)
class Badge:
    """`colour` is a name that badge services know: brightgreen, yellowgreen, red, orange or lightgrey."""

    left: str
    right: str
    colour: str

    def static(self) -> Badge:
        """The same said by static evidence, at least in part: in words, and in another green."""
        colour = "yellowgreen" if self.colour == "brightgreen" else self.colour
        return Badge(self.left, f"{self.right} (static)", colour)

    def redirect(self, base_url: str) -> str:
        """The address of this badge at a badge service of the usual kind."""
        left, right = (quote(text.replace("-", "--").replace("_", "__"), safe="") for text in (self.left, self.right))
        return f"{base_url.rstrip('/')}/badge/{left}-{right}-{self.colour}.svg"

    def svg(self, comment: str | None = None) -> str:
        """The picture. What it says is also its title, for screen readers."""
        left, right = _width(self.left), _width(self.right)
        total = left + right
        said = escape(f"{self.left}: {self.right}", {'"': "&quot;"})
        remark = f"<!-- {comment.replace('--', '- -')} -->\n" if comment else ""
        return (
            f"{remark}"
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{total}" height="{HEIGHT}" role="img" aria-label="{said}">'
            f"<title>{said}</title>"
            f'<clipPath id="r"><rect width="{total}" height="{HEIGHT}" rx="4"/></clipPath>'
            f'<g clip-path="url(#r)"><rect width="{left}" height="{HEIGHT}" fill="#3b4048"/>'
            f'<rect x="{left}" width="{right}" height="{HEIGHT}" fill="{COLOURS[self.colour]}"/></g>'
            f'<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
            f"{_text(self.left, left / 2, left)}{_text(self.right, left + right / 2, right)}</g></svg>\n"
        )


def _text(words: str, middle: float, width: int) -> str:
    size = f'textLength="{width - 12}" lengthAdjust="spacingAndGlyphs"'
    return f'<text x="{middle:g}" y="14" {size}>{escape(words)}</text>'


def _width(words: str) -> int:
    """About as wide as the words are in Verdana 11; `textLength` makes up for the rest."""
    return round(sum(4.0 if c in _NARROW else 10.0 if c in _WIDE else 7.0 for c in words)) + 12


def pact_label(consumer: str, provider: str, label: str | None, initials: bool) -> str:
    """The left side of a contract's badge."""
    if initials:
        consumer, provider = _initials(consumer), _initials(provider)
    if label == "consumer":
        return consumer.lower()
    if label == "provider":
        return provider.lower()
    return f"{consumer}/{provider} pact".lower()


def _initials(name: str) -> str:
    """First letters of the words, where there is more than one word."""
    words = [word for word in re.split(r"[\s\-_]+", name) if word]
    if len(words) < 2:
        words = re.findall(r"[A-Z][^A-Z]*|^[^A-Z]+", name)
    return "".join(word[0] for word in words) if len(words) > 1 else name


PACT_STATUS: Final = {
    "success": ("verified", "brightgreen"),
    "failed": ("failed", "red"),
    "failed_pending": ("failed (pending)", "red"),
    "stale": ("changed", "orange"),
    "never": ("unknown", "lightgrey"),
}

STATIC_STATUS: Final = {"success": ("compatible (static)", "yellowgreen"), "failed": ("incompatible (static)", "red")}


def not_found(what: str) -> Badge:
    """For a badge, what is missing is an answer, not an error."""
    return Badge(what, "not found", "lightgrey")
