"""Sets of characters, as ranges of code points: what the classes and escapes of a regular expression stand for."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Final, TypeAlias

Ranges: TypeAlias = tuple[tuple[int, int], ...]
"""Code points from-to, both included, in order."""


def ranges_of(*chars: str) -> Ranges:
    return merged(tuple((ord(c[0]), ord(c[-1])) for c in chars))


def merged(ranges: Ranges) -> Ranges:
    joined: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if joined and low <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(high, joined[-1][1]))
        else:
            joined.append((low, high))
    return tuple(joined)


def intersection(a: Ranges, b: Ranges) -> Ranges:
    return merged(tuple((max(x, u), min(y, v)) for x, y in a for u, v in b if max(x, u) <= min(y, v)))


def complement(ranges: Ranges) -> Ranges:
    """Printable ASCII outside the ranges; other characters only when nothing of ASCII is left."""
    for universe in (((0x20, 0x7E),), ((0xA1, 0x24F),), ((0x9, 0xD), (0x80, 0xD7FF), (0xE000, 0x10FFFF))):
        left: list[tuple[int, int]] = []
        for start, high in universe:
            low = start
            for u, v in ranges:
                if v < low or u > high:
                    continue
                if u > low:
                    left.append((low, u - 1))
                low = v + 1
            if low <= high:
                left.append((low, high))
        if left:
            return tuple(left)
    return ()


_DIGIT: Final = ranges_of("09")
_UPPER: Final = ranges_of("AZ")
_LOWER: Final = ranges_of("az")
_ALPHA: Final = ranges_of("AZ", "az")
_ALNUM: Final = ranges_of("AZ", "az", "09")
_WORD: Final = ranges_of("AZ", "az", "09", "_")
_SPACE: Final = ranges_of(" ", "\t\r")
_BLANK: Final = ranges_of(" ", "\t")
_HEX: Final = ranges_of("09", "af", "AF")
PRINTABLE: Final = ranges_of(" ~")
_PUNCT: Final = ranges_of(*string.punctuation)
_CONTROL: Final = ranges_of("\x00\x1f", "\x7f")

NAMED: Final[Mapping[str, Ranges]] = {
    "alpha": _ALPHA, "digit": _DIGIT, "alnum": _ALNUM, "upper": _UPPER, "lower": _LOWER, "space": _SPACE,
    "blank": _BLANK, "punct": _PUNCT, "xdigit": _HEX, "word": _WORD, "print": PRINTABLE, "graph": ranges_of("!~"),
    "cntrl": _CONTROL, "ascii": ranges_of("\x00\x7f"), "any": PRINTABLE, "assigned": PRINTABLE,
    "l": _ALPHA, "letter": _ALPHA, "lu": _UPPER, "ll": _LOWER, "n": _DIGIT, "nd": _DIGIT, "number": _DIGIT,
    "p": ranges_of(*"!#%&*()-_,./:;?@[]{}'\"\\"), "punctuation": ranges_of(*"!#%&*()-_,./:;?@[]{}'\"\\"),
    "pd": ranges_of("-"), "ps": ranges_of(*"([{"), "pe": ranges_of(*")]}"), "pc": ranges_of("_"),
    "s": ranges_of(*"$+<=>^`|~"), "sc": ranges_of("$"), "sm": ranges_of(*"+<=>|~"), "sk": ranges_of(*"^`"),
    "z": ranges_of(" "), "zs": ranges_of(" "), "c": _CONTROL, "cc": _CONTROL, "latin": _ALPHA,
    "isalphabetic": _ALPHA, "alphabetic": _ALPHA, "isdigit": _DIGIT, "isletter": _ALPHA, "isuppercase": _UPPER,
    "uppercase": _UPPER, "lowercase": _LOWER, "islowercase": _LOWER, "whitespace": _SPACE, "iswhite_space": _SPACE,
    "han": ranges_of("\u4e00\u9fa5"), "cyrillic": ranges_of("\u0410\u044f"), "greek": ranges_of("\u03b1\u03c9"),
    "hiragana": ranges_of("\u3041\u3096"), "katakana": ranges_of("\u30a1\u30fa"), "arabic": ranges_of("\u0627\u064a"),
    "hebrew": ranges_of("\u05d0\u05ea"), "thai": ranges_of("\u0e01\u0e2e"), "hangul": ranges_of("\uac00\ud7a3"),
}  # fmt: skip

CLASS_ESCAPES: Final[Mapping[str, Ranges]] = {
    "d": _DIGIT, "D": complement(_DIGIT), "w": _WORD, "W": complement(_WORD),
    "s": _SPACE, "S": complement(_SPACE), "h": _HEX, "H": complement(_HEX),
}  # fmt: skip
CHAR_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b", "0": "\0"}
