"""Media types: which one an `Accept` header chooses among those a resource offers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

HAL: Final = "application/hal+json"
JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
MERGE_PATCH: Final = "application/merge-patch+json"
EXTENDED: Final = "application/vnd.pactbrokerextended.v1+json"
HTML: Final = "text/html"
TEXT: Final = "text/plain"
CSV: Final = "text/csv"
SVG: Final = "image/svg+xml"
GRAPHVIZ: Final = "text/vnd.graphviz"
YAML: Final = "application/yaml"

# A path that ends so asks for that type, whatever Accept says.
EXTENSIONS: Final = {".csv": CSV, ".svg": SVG, ".json": HAL, ".yaml": YAML}


@lru_cache(maxsize=1024)
def chosen(accept: str, offered: tuple[str, ...]) -> str | None:
    """The offered type that `Accept` prefers; the first one when it does not care; None when it wants none of them.

    Higher q first, then the order of the header for equal q (a wildcard stands for the first offer it covers).
    A more specific range decides over a wider one, so `*/*, text/plain;q=0` refuses text.
    """
    if not accept.strip():
        return offered[0]
    ranges = _ranges(accept)
    best: tuple[float, int, int] | None = None
    winner: str | None = None
    for position, media_type in enumerate(offered):
        quality, place = _weight(media_type, ranges)
        if quality <= 0:
            continue
        rank = (-quality, place, position)
        if best is None or rank < best:
            best, winner = rank, media_type
    return winner


@lru_cache(maxsize=1024)
def names(accept: str, media_type: str) -> bool:
    """`Accept` lists exactly this type, not merely a wildcard that covers it."""
    return any(kind == media_type and quality > 0 for kind, quality in _ranges(accept))


def _ranges(accept: str) -> list[tuple[str, float]]:
    found = []
    for part in accept.split(","):
        kind, *parameters = (piece.strip() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip().lower() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        if kind:
            found.append((kind.lower(), quality))
    return found


def _weight(media_type: str, ranges: Sequence[tuple[str, float]]) -> tuple[float, int]:
    family = media_type.partition("/")[0]
    for wanted in (media_type, f"{family}/*", "*/*"):
        for place, (kind, quality) in enumerate(ranges):
            if kind == wanted:
                return quality, place
    return 0.0, 0


def is_json(content_type: str) -> bool:
    return "json" in content_type.lower()


def bare(content_type: str) -> str:
    """The type without its parameters; a missing one counts as bytes of no known kind."""
    return content_type.partition(";")[0].strip().lower() or "application/octet-stream"


def is_api(accept: str, path: str) -> bool:
    """The request is for the API, not for a person's browser (which is served pages first)."""
    accept = accept.strip().lower()
    if not accept:
        return True
    if accept == "*/*":
        return not path.endswith((".js", ".css", ".woff", ".woff2", ".ttf", ".png", ".ico", ".map", ".html"))
    return any(kind in accept for kind in (HAL, PROBLEM, JSON, CSV, YAML, TEXT)) or (
        SVG in accept and (path.endswith("/badge") or path.endswith(".svg"))
    )
