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

MAX_LOOKS: Final = 25
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
        if self._enough(answer):
            return
        lowered = {name.lower() for name, _ in response.headers} - _TRANSPORT
        headers = dict.fromkeys(filter(is_name, lowered), str)
        stated = content_types.in_headers(response.headers)
        self._look(answer, "header", headers, response.content, stated, interaction.response.rules)

    def message(self, interaction: Interaction, side: Side, rules: Rules, message: ActualMessage) -> None:
        """Look at a message; `rules` are those of the contents that it was compared with."""
        answer = Answer(*operation_of(interaction), side)
        if self._enough(answer):
            return
        metadata = {
            name: type(value)
            for name, value in message.metadata.items()
            if name.lower() not in _CONTENT_TYPE and is_name(name)
        }
        stated = content_types.parse(message.content_type) if message.content_type else None
        stated = stated or content_types.in_metadata(message.metadata)
        self._look(answer, "metadata", metadata, message.content or b"", stated, rules)

    def join(self, shape: Shape) -> None:
        """What was seen elsewhere, as by another process, was seen too."""
        with self._lock:
            self._others.append(shape)

    def shape(self) -> Shape:
        with self._lock:
            own = Shape({answer: root.places() for answer, root in self._roots.items()}, self._complete)
            return merged([own, *self._others])

    def _enough(self, answer: Answer) -> bool:
        """Nothing more is to be learned. Asked without the lock, which threads would wait for at every answer."""
        root = self._roots.get(answer)
        return len(answer.template) > MAX_TEXT if root is None else root.looks >= MAX_LOOKS

    def _look(
        self,
        answer: Answer,
        word: str,
        named: Mapping[str, type],
        content: bytes,
        stated: content_types.ContentType | None,
        rules: Rules,
    ) -> None:
        too_large = len(content) > MAX_BYTES
        value, texts = (_NOTHING, ()) if too_large or not content else _read(content, stated)
        free = [
            path for path, rule in rules.get("body", {}).items() for matcher in rule.matchers if matcher.name in _FREE
        ]
        with self._lock:
            root = self._roots.setdefault(answer, _Root(word))
            root.looks += 1
            self._complete = self._complete and not too_large
            for name, kind in named.items():
                root.named.setdefault(name, set()).add(kind)
            for path in free:
                _free(root.body, path)
            for names in texts:
                root.body.below(names).types.add(str)
            if value is not _NOTHING:
                _merge(root.body, value, MAX_DEPTH)


_NOTHING: Final = object()


def _read(content: bytes, stated: content_types.ContentType | None) -> tuple[Any, Iterable[tuple[str, ...]]]:
    """What came: a JSON value, else `_NOTHING` and the places of texts."""
    kind = stated or content_types.detect_bytes(content)
    if kind.is_json:
        try:
            return json.loads(content), ()
        except (ValueError, RecursionError):
            return _NOTHING, ()
    if kind.is_xml:
        from tallystick.contract import usage_xml

        return _NOTHING, usage_xml.elements(content) or ()
    if kind.is_form:
        fields = parse_qsl(content.decode(errors="replace"), keep_blank_values=True)
        return _NOTHING, [(name,) for name, _ in fields]
    return _NOTHING, ((),)


class _Root:
    """What was seen of one answer of an operation."""

    __slots__ = ("body", "looks", "named", "word")

    def __init__(self, word: str) -> None:
        self.looks = 0
        self.word = word
        self.named: dict[str, set[type]] = {}
        """Types by the name of a header or of metadata, as `word` says."""
        self.body = _Node()

    def places(self) -> dict[Place, frozenset[str]]:
        found = {Place(self.word, name): _names_of(types) for name, types in self.named.items()}
        waiting: list[tuple[paths.Path, _Node]] = [((), self.body)]
        while waiting:
            path, node = waiting.pop()
            if node.types and len(text := paths.render(path)) <= MAX_TEXT:
                found[Place("body", text)] = _names_of(node.types)
            waiting += [((*path, name), below) for name, below in node.names.items()]
            if node.items is not None:
                waiting.append(((*path, paths.ANY_INDEX), node.items))
        return found


def _names_of(types: Iterable[type]) -> frozenset[str]:
    return frozenset(_TYPES.get(one, "string") for one in types)


class _Node:
    """A place in a body: the types seen there, and what was below."""

    __slots__ = ("is_map", "items", "names", "types")

    def __init__(self) -> None:
        self.types: set[type] = set()
        self.names: dict[str | paths.Star, _Node] = {}
        self.items: _Node | None = None
        self.is_map = False

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


def _merge(node: _Node, value: Any, left: int) -> None:
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
                _merge(below, member, left - 1)
            elif below_kind not in below.types:
                below.types.add(below_kind)
    elif kind is list and value:
        items = node.items
        if items is None:
            items = node.items = _Node()
        for item in value[:MAX_ITEMS]:
            _merge(items, item, left - 1)


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
