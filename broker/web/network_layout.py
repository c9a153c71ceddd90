"""Where applications stand in the picture of a network: in columns, those who only ask on the left. Pure.

A column is one further right than the furthest consumer; in a ring the edge that closes it is drawn back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 190
HEIGHT: Final = 44
GAP_X: Final = 110
GAP_Y: Final = 22
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
    stacks: dict[int, list[str]] = {}
    for name in names:
        stacks.setdefault(column[name], []).append(name)
    ordered = _untangled(stacks, list(pairs))
    tallest = max((len(stack) for stack in ordered.values()), default=0)
    nodes: dict[str, Node] = {}
    consumers, providers = {c for c, _ in pairs}, {p for _, p in pairs}
    for at, stack in ordered.items():
        top = MARGIN + (tallest - len(stack)) * (HEIGHT + GAP_Y) // 2
        for row, name in enumerate(stack):
            role = (
                "consumer and provider"
                if name in consumers & providers
                else "consumer"
                if name in consumers
                else "provider"
            )
            nodes[name] = Node(name, role, MARGIN + at * (WIDTH + GAP_X), top + row * (HEIGHT + GAP_Y))
    edges = tuple(_edge(nodes[c], nodes[p], standing) for (c, p), standing in sorted(pairs.items()))
    width = 2 * MARGIN + (len(ordered) * (WIDTH + GAP_X) - GAP_X if ordered else 0)
    looped = any(nodes[c].x >= nodes[p].x for c, p in pairs)
    height = 2 * MARGIN + max(0, tallest * (HEIGHT + GAP_Y) - GAP_Y) + (36 if looped else 0)
    return Picture(width, height, tuple(nodes.values()), edges)


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


def _edge(consumer: Node, provider: Node, standing: str) -> Edge:
    y1, y2 = consumer.y + HEIGHT // 2, provider.y + HEIGHT // 2
    if consumer.x < provider.x:
        x1, x2 = consumer.x + WIDTH, provider.x
        bend = max(40, (x2 - x1) // 2)
        line = f"M{x1} {y1}C{x1 + bend} {y1} {x2 - bend} {y2} {x2 - 7} {y2}"
        head = f"M{x2} {y2}l-9 -4.5v9z"
    else:  # back, or to itself: below the boxes
        x1, x2 = consumer.x + WIDTH // 2 + 20, provider.x + WIDTH // 2 - 20
        y1, y2 = consumer.y + HEIGHT, provider.y + HEIGHT
        low = max(y1, y2) + 30
        line = f"M{x1} {y1}C{x1} {low} {x2} {low} {x2} {y2 + 7}"
        head = f"M{x2} {y2}l-4.5 9h9z"
    return Edge(consumer.name, provider.name, standing, line, head)
