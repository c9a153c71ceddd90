"""Where applications stand in the picture of a network: in columns, those who only ask on the left. Pure.

A column is one further right than the furthest consumer; in a ring the edge that closes it is drawn back. A line that
passes a column keeps a lane of its own there, so that it runs behind no box.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

WIDTH: Final = 190
HEIGHT: Final = 44
GAP_X: Final = 110
GAP_Y: Final = 22
LANE: Final = 12
"""The height kept free for a line that passes a column."""
MARGIN: Final = 16


@dataclass(frozen=True, slots=True)
class Node:
    """A box: its name, what it is, and its upper left corner."""

    name: str
    role: str
    x: int
    y: int

    @property
    def shown(self) -> str:
        """The name as far as it fits the box; the whole one is its title."""
        return self.name if len(self.name) <= 22 else self.name[:21] + "…"


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from consumer to provider: an SVG path, the head of the arrow, and how the pair stands."""

    consumer: str
    provider: str
    standing: str
    line: str
    head: str


@dataclass(frozen=True, slots=True)
class Picture:
    width: int
    height: int
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def draw(pairs: Mapping[tuple[str, str], str]) -> Picture:
    """The picture of (consumer, provider) -> standing."""
    names = sorted({name for pair in pairs for name in pair}, key=str.lower)
    column = _columns(names, list(pairs))
    lanes = {pair: _lanes(pair, column) for pair in sorted(pairs)}
    stacks = _stacks(names, column, lanes)
    steps = [step for lane in lanes.values() for step in pairwise(lane)]
    ordered = _untangled(stacks, steps)
    middles, tallest = _middles(ordered)
    consumers, providers = {c for c, _ in pairs}, {p for _, p in pairs}
    nodes = {name: _node(name, column[name], middles[name], consumers, providers) for name in names}
    edges = tuple(_edge(lanes[pair], nodes, column, middles, pairs[pair]) for pair in lanes)
    width = 2 * MARGIN + (len(ordered) * (WIDTH + GAP_X) - GAP_X if ordered else 0)
    looped = any(nodes[c].x >= nodes[p].x for c, p in pairs)
    return Picture(width, 2 * MARGIN + tallest + (36 if looped else 0), tuple(nodes.values()), edges)


def _node(name: str, column: int, middle: int, consumers: Collection[str], providers: Collection[str]) -> Node:
    role = "consumer and provider" if name in consumers and name in providers else "provider"
    if name not in providers:
        role = "consumer"
    return Node(name, role, MARGIN + column * (WIDTH + GAP_X), middle - HEIGHT // 2)


def _lanes(pair: tuple[str, str], column: Mapping[str, int]) -> tuple[str, ...]:
    """The stations of a line: its ends, and a place of its own in every column that it passes."""
    consumer, provider = pair
    passed = range(column[consumer] + 1, column[provider])
    return (consumer, *(f"{consumer}\n{provider}\n{at}" for at in passed), provider)


def _stacks(
    names: Sequence[str], column: Mapping[str, int], lanes: Mapping[tuple[str, str], tuple[str, ...]]
) -> dict[int, list[str]]:
    stacks: dict[int, list[str]] = {}
    for name in names:
        stacks.setdefault(column[name], []).append(name)
    for lane in lanes.values():
        for station in lane[1:-1]:
            stacks.setdefault(int(station.rsplit("\n", 1)[1]), []).append(station)
    return stacks


def _middles(ordered: Mapping[int, Sequence[str]]) -> tuple[dict[str, int], int]:
    """The middle of every station, each column centred; and the height of the tallest column."""
    heights = {at: sum(_height(name) + GAP_Y for name in stack) - GAP_Y for at, stack in ordered.items()}
    tallest = max(heights.values(), default=0)
    middles: dict[str, int] = {}
    for at, stack in ordered.items():
        top = MARGIN + (tallest - heights[at]) // 2
        for name in stack:
            middles[name] = top + _height(name) // 2
            top += _height(name) + GAP_Y
    return middles, tallest


def _height(station: str) -> int:
    return LANE if "\n" in station else HEIGHT


def _columns(names: Sequence[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Longest path from the left; edges that would close a ring are left out."""
    following: dict[str, list[str]] = {name: [] for name in names}
    for consumer, provider in sorted(pairs):
        if consumer != provider and not _reaches(following, provider, consumer):
            following[consumer].append(provider)
    column = dict.fromkeys(names, 0)
    for _ in names:
        moved = False
        for consumer, providers in following.items():
            for provider in providers:
                if column[provider] <= column[consumer]:
                    column[provider] = column[consumer] + 1
                    moved = True
        if not moved:
            break
    return column


def _reaches(following: Mapping[str, Sequence[str]], start: str, goal: str) -> bool:
    seen, open_ends = {start}, [start]
    while open_ends:
        here = open_ends.pop()
        if here == goal:
            return True
        for there in following[here]:
            if there not in seen:
                seen.add(there)
                open_ends.append(there)
    return False


def _untangled(stacks: Mapping[int, list[str]], pairs: Sequence[tuple[str, str]]) -> dict[int, list[str]]:
    """Each column sorted by the middle of its neighbours to the left, so that lines cross less."""
    place: dict[str, float] = {}
    ordered: dict[int, list[str]] = {}
    for at in sorted(stacks):
        middles = {}
        for row, name in enumerate(stacks[at]):
            left = [place[c] for c, p in pairs if p == name and c in place]
            middles[name] = sum(left) / len(left) if left else float(row)
        ordered[at] = sorted(stacks[at], key=lambda name: (middles[name], name.lower()))
        offset = -len(ordered[at]) / 2
        place |= {name: offset + row for row, name in enumerate(ordered[at])}
    return ordered


def _edge(
    lane: Sequence[str],
    nodes: Mapping[str, Node],
    column: Mapping[str, int],
    middles: Mapping[str, int],
    standing: str,
) -> Edge:
    consumer, provider = nodes[lane[0]], nodes[lane[-1]]
    if consumer.x >= provider.x:  # back, or to itself: below the boxes
        x1, x2 = consumer.x + WIDTH // 2 + 20, provider.x + WIDTH // 2 - 20
        y1, y2 = consumer.y + HEIGHT, provider.y + HEIGHT
        low = max(y1, y2) + 30
        line = f"M{x1} {y1}C{x1} {low} {x2} {low} {x2} {y2 + 7}"
        return Edge(consumer.name, provider.name, standing, line, f"M{x2} {y2}l-4.5 9h9z")
    x, y = consumer.x + WIDTH, middles[lane[0]]
    line = f"M{x} {y}"
    for step, station in enumerate(lane[1:], 1):
        left = MARGIN + (column[lane[0]] + step) * (WIDTH + GAP_X)
        last = station == lane[-1]
        to, level = left - (7 if last else 0), middles[station]
        bend = (to - x) // 2
        line += f"C{x + bend} {y} {to - bend} {level} {to} {level}"
        x, y = to, level
        if not last:
            x += WIDTH
            line += f"H{x}"
    return Edge(consumer.name, provider.name, standing, line, f"M{provider.x} {y}l-9 -4.5v9z")
