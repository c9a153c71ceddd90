"""Collecting the shape of a provider's answers while they come. What is kept of an answer is names and types.

A tree of names for each answer of an operation takes in one body after the other: where everything is known already,
nothing is made, so that a look costs little beside comparing the body with the contract.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from threading import Lock
from typing import Any, Final
from urllib.parse import parse_qsl

from tallystick.contract import content_types, paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.model import ActualMessage, ActualResponse, HttpInteraction, Interaction, Rules
from tallystick.contract.operation import operation_of
from tallystick.contract.shape import MAX_TEXT, Answer, Place, Shape, Side, merged
from tallystick.contract.shape_names import is_name

MAX_LOOKS: Final = 50
"""At answers of one operation and status. More of them rarely have another field, and would cost time."""
MAX_ITEMS: Final = 100
"""Of one array."""
MAX_NAMES: Final = 100
"""Of one object: what has more is a map, and its keys are values."""
MAX_DEPTH: Final = 24
MAX_BYTES: Final = 4 * 1024 * 1024
"""Of one body."""

_TRANSPORT: Final = frozenset({
    "connection", "content-encoding", "content-length", "content-type", "date", "keep-alive", "server", "trailer",
    "transfer-encoding", "vary", "via",
})  # fmt: skip
"""Headers that come with any answer, and are no one's to remove."""
_CONTENT_TYPE: Final = frozenset({"contenttype", "content-type"})
_FREE: Final = frozenset({"eachKey", "eachValue", "values"})
"""Matchers that say of an object that its keys are free."""
_TYPES: Final[Mapping[type, str]] = {
    str: "string", int: "integer", float: "number", Decimal: "number", bool: "boolean", type(None): "null",
    dict: "object", list: "array",
}  # fmt: skip


class Seen:
    """The shape of all answers so far. Several threads may show it theirs."""

    def __init__(self) -> None:
        self._roots: dict[Answer, _Root] = {}
        self._others: list[Shape] = []
        self._complete = True
        self._lock = Lock()

    def response(self, interaction: HttpInteraction, response: ActualResponse) -> None:
        """Look at an answer of the status that the interaction expects."""
        method, template = operation_of(interaction)
        answer = Answer(method, template, "response", str(interaction.response.status))
        with self._lock:
            root = self._root(answer)
            if root is None:
                return
            root.headers.update(
                lowered
                for name, _ in response.headers
                if (lowered := name.lower()) not in _TRANSPORT and is_name(lowered)
            )
            stated = content_types.in_headers(response.headers)
            self._body(root, response.content, stated, interaction.response.rules)

    def message(self, interaction: Interaction, side: Side, rules: Rules, message: ActualMessage) -> None:
        """Look at a message; `rules` are those of the contents that it was compared with."""
        answer = Answer(*operation_of(interaction), side)
        with self._lock:
            root = self._root(answer)
            if root is None:
                return
            for name, value in message.metadata.items():
                if name.lower() not in _CONTENT_TYPE and is_name(name):
                    root.metadata.setdefault(name, _Node()).types.add(type(value))
            stated = content_types.parse(message.content_type) if message.content_type else None
            self._body(root, message.content or b"", stated or content_types.in_metadata(message.metadata), rules)

    def join(self, shape: Shape) -> None:
        """What was seen elsewhere, as by another process, was seen too."""
        with self._lock:
            self._others.append(shape)

    def shape(self) -> Shape:
        with self._lock:
            own = Shape({answer: root.places() for answer, root in self._roots.items()}, self._complete)
            return merged([own, *self._others])

    def _root(self, answer: Answer) -> _Root | None:
        """Where to put what is seen of an answer; None when enough were looked at."""
        root = self._roots.get(answer)
        if root is None:
            if len(answer.template) > MAX_TEXT:
                return None
            root = self._roots[answer] = _Root()
        root.looks += 1
        return root if root.looks <= MAX_LOOKS else None

    def _body(self, root: _Root, content: bytes, stated: content_types.ContentType | None, rules: Rules) -> None:
        if not content:
            return
        if len(content) > MAX_BYTES:
            self._complete = False
            return
        kind = stated or content_types.detect_bytes(content)
        for path, rule in rules.get("body", {}).items():
            if any(matcher.name in _FREE for matcher in rule.matchers):
                _free(root.body, path)
        if kind.is_json:
            try:
                _look(root.body, json.loads(content), MAX_DEPTH)
            except (ValueError, RecursionError):
                return
        elif kind.is_xml:
            from tallystick.contract import usage_xml

            for names in usage_xml.elements(content) or ():
                root.body.below(names).types.add(str)
        elif kind.is_form:
            for name, _ in parse_qsl(content.decode(errors="replace"), keep_blank_values=True):
                root.body.below((name,)).types.add(str)
        else:
            root.body.types.add(str)


class _Root:
    """What was seen of one answer of an operation."""

    __slots__ = ("body", "headers", "looks", "metadata")

    def __init__(self) -> None:
        self.looks = 0
        self.headers: set[str] = set()
        self.metadata: dict[str, _Node] = {}
        self.body = _Node()

    def places(self) -> dict[Place, frozenset[str]]:
        found = {Place("header", name): frozenset({"string"}) for name in self.headers}
        found |= {Place("metadata", name): node.type_names() for name, node in self.metadata.items()}
        waiting: list[tuple[paths.Path, _Node]] = [((), self.body)]
        while waiting:
            path, node = waiting.pop()
            if node.types and len(text := paths.render(path)) <= MAX_TEXT:
                found[Place("body", text)] = node.type_names()
            waiting += [((*path, name), below) for name, below in node.names.items()]
            if node.items is not None:
                waiting.append(((*path, paths.ANY_INDEX), node.items))
        return found


class _Node:
    """A place in a body: the types seen there, and what was below."""

    __slots__ = ("is_map", "items", "names", "types")

    def __init__(self) -> None:
        self.types: set[type] = set()
        self.names: dict[str | paths.Star, _Node] = {}
        self.items: _Node | None = None
        self.is_map = False

    def type_names(self) -> frozenset[str]:
        return frozenset(_TYPES.get(one, "string") for one in self.types)

    def child(self, key: str) -> _Node:
        """The place of a member; one for all members whose keys are values."""
        name = paths.ANY if self.is_map or not is_name(key) else key
        found = self.names.get(name)
        if found is None:
            found = self.names[name] = _Node()
            if len(self.names) > MAX_NAMES:
                self.make_map()
                return self.names[paths.ANY]
        return found

    def below(self, names: Iterable[str]) -> _Node:
        node = self
        for name in names:
            node = node.child(name)
        return node

    def make_map(self) -> None:
        """Its keys are values: what was seen below any of them is below all."""
        if not self.is_map:
            self.is_map = True
            members, self.names = list(self.names.values()), {}
            if members:
                self.names[paths.ANY] = one = members[0]
                for other in members[1:]:
                    one.take(other)

    def take(self, other: _Node) -> None:
        self.types |= other.types
        if other.is_map:
            self.make_map()
        for name, node in other.names.items():
            known = self.names.get(paths.ANY if self.is_map else name)
            if known is None:
                self.names[paths.ANY if self.is_map else name] = node
            else:
                known.take(node)
        if other.items is not None:
            if self.items is None:
                self.items = other.items
            else:
                self.items.take(other.items)


def _look(node: _Node, value: Any, left: int) -> None:
    kind = type(value)
    if kind not in node.types:
        node.types.add(kind)
    if not left:
        return
    if kind is dict:
        names = node.names
        doubted = node.is_map
        for key, member in value.items():
            below = names.get(key)
            if below is None:
                if not doubted:
                    doubted = True
                    if _is_map(value):
                        node.make_map()
                below = node.child(key)
                names = node.names
            below_kind = type(member)
            if below_kind is dict or below_kind is list:
                _look(below, member, left - 1)
            elif below_kind not in below.types:
                below.types.add(below_kind)
    elif kind is list and value:
        items = node.items
        if items is None:
            items = node.items = _Node()
        for item in value[:MAX_ITEMS]:
            _look(items, item, left - 1)


def _is_map(value: Mapping[str, Any]) -> bool:
    """Are the keys of an object values? At least half of them read like it, or there are too many for names."""
    return len(value) > MAX_NAMES or 2 * sum(map(is_name, value)) <= len(value)


def _free(node: _Node, text: str) -> None:
    """The object at a path of the contract's rules is a map; so is any object on the way that the path goes past."""
    try:
        path = paths.parse(text)
    except PathInvalid:
        return
    for step in path[:MAX_DEPTH]:
        if step is paths.ANY:
            node.make_map()
            node = node.child("")
        elif isinstance(step, str):
            node = node.child(step)
        else:
            if node.items is None:
                node.items = _Node()
            node = node.items
    node.make_map()
