"""Path templates such as `/orders/{id}`: which of many a path fits, found by walking its segments."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

import regex

Value = TypeVar("Value")

PARAMETER: Final = regex.compile(r"\{([^{}]+)\}")
MAX_PATH_CHARACTERS: Final = 8_000
_SECONDS: Final = 0.2


class _Node(Generic[Value]):
    """Where a walk stands after a segment."""

    __slots__ = ("literal", "parameter", "partial", "values")

    def __init__(self) -> None:
        self.literal: dict[str, _Node[Value]] = {}
        self.parameter: _Node[Value] | None = None
        self.partial: dict[str, tuple[regex.Pattern[str], _Node[Value]]] = {}
        self.values: list[tuple[tuple[int, ...], Value]] = []


class Templates(Generic[Value]):
    """Values by path template. Finding costs the length of the path, not the number of templates."""

    def __init__(self, *, ignore_case: bool = False) -> None:
        self._root: _Node[Value] = _Node()
        self._fold = ignore_case

    def add(self, template: str, value: Value) -> None:
        node = self._root
        literal: list[int] = []
        for segment in template.split("/"):
            whole = PARAMETER.fullmatch(segment)
            some = PARAMETER.search(segment)
            # How literal the segment is: 2 wholly, 1 in part, 0 not.
            literal.append(0 if whole else 1 if some else 2)
            if whole:
                node.parameter = node.parameter or _Node()
                node = node.parameter
            elif some:
                pattern = segment_pattern(segment, ignore_case=self._fold)
                node = node.partial.setdefault(pattern.pattern, (pattern, _Node()))[1]
            else:
                node = node.literal.setdefault(segment.lower() if self._fold else segment, _Node())
        node.values.append((tuple(literal), value))

    def find(self, path: str) -> list[Value]:
        """The values of all templates that the path fits, the most literal first, then in the order they came."""
        if len(path) > MAX_PATH_CHARACTERS:
            return []
        nodes = [self._root]
        for segment in path.split("/"):
            following: list[_Node[Value]] = []
            for node in nodes:
                known = node.literal.get(segment.lower() if self._fold else segment)
                if known is not None:
                    following.append(known)
                following.extend(inner for pattern, inner in node.partial.values() if _fits(pattern, segment))
                if node.parameter is not None and segment:
                    following.append(node.parameter)
            nodes = following
            if not nodes:
                return []
        found = [one for node in nodes for one in node.values]
        return [value for _, value in sorted(found, key=lambda one: one[0], reverse=True)]


def segment_pattern(segment: str, *, ignore_case: bool = False) -> regex.Pattern[str]:
    """The pattern of one segment, its parameters as groups p0, p1 and so on."""
    parts: list[str] = []
    at = 0
    for index, found in enumerate(PARAMETER.finditer(segment)):
        parts.append(regex.escape(segment[at : found.start()]))
        parts.append(f"(?P<p{index}>[^/]+?)")
        at = found.end()
    parts.append(regex.escape(segment[at:]))
    return regex.compile("".join(parts), regex.IGNORECASE if ignore_case else 0)


def values_of(template: str, path: str, *, ignore_case: bool = False) -> dict[str, str]:
    """The parameters of a path that fits the template, as written in it; {} when it doesn't fit."""
    found: dict[str, str] = {}
    segments, wanted = path.split("/"), template.split("/")
    if len(segments) != len(wanted):
        return {}
    for segment, part in zip(segments, wanted, strict=True):
        names = [one[1] for one in PARAMETER.finditer(part)]
        if names:
            match = _match(segment_pattern(part, ignore_case=ignore_case), segment)
            if match is None:
                return {}
            found |= {name: match[f"p{index}"] for index, name in enumerate(names)}
    return found


def _fits(pattern: regex.Pattern[str], segment: str) -> bool:
    return _match(pattern, segment) is not None


def _match(pattern: regex.Pattern[str], segment: str) -> regex.Match[str] | None:
    try:
        return pattern.fullmatch(segment, timeout=_SECONDS)
    except TimeoutError:
        return None
