"""Which fields of a mocked response the code under test reads, and the contract without those it does not.

While it is on, `json.loads` gives back dicts and lists that note what is taken out of them, when its text is a body
that a mock served. Models of pydantic note the attributes that are read after they were made from such a body. Off by
default; it sees what happens in this process only.

Limits, so that nobody trusts it too far: iterating over a dict, `**` and `items()` count as reading all of it; so does
handing it to C code that copies it (`dict(body)`, `json.dumps`). Parsers other than `json` and pydantic (orjson,
msgspec) are not seen: then nothing was read as far as we know, and the response is left whole.
"""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final, SupportsIndex

from tallystick.contract import json_text, model

_ALL: Final = "*"


@dataclass(slots=True)
class Node:
    """What was read of a value: the whole of it, or some of its members. List items share one node."""

    whole: bool = False
    members: dict[str, Node] = field(default_factory=dict)

    def member(self, name: str) -> Node:
        """The node of a member, which is hereby known to have been looked at."""
        return self.members.setdefault(name, Node())

    @property
    def touched(self) -> bool:
        """Whether anything was read."""
        return self.whole or bool(self.members)


class NotingDict(dict[str, Any]):
    """A dict that notes which members are taken out."""

    __slots__ = ("_node",)

    def __init__(self, values: dict[str, Any], node: Node) -> None:
        super().__init__(values)
        self._node = node

    def __getitem__(self, name: str) -> Any:
        return _taken(super().__getitem__(name), self._node.member(name))

    def get(self, name: str, default: Any = None) -> Any:
        if name in self.keys():
            return self[name]
        self._node.member(name)
        return default

    def pop(self, name: str, *default: Any) -> Any:
        self._node.member(name)
        return _taken(super().pop(name, *default), self._node.member(name))

    def setdefault(self, name: str, default: Any = None) -> Any:
        self._node.member(name)
        return _taken(super().setdefault(name, default), self._node.member(name))

    def __contains__(self, name: object) -> bool:
        found = super().__contains__(name)
        if isinstance(name, str):
            self._node.member(name)
        return found

    def __iter__(self) -> Iterator[str]:
        self._node.whole = True
        return super().__iter__()

    def keys(self) -> Any:
        return super().keys()

    def items(self) -> Any:
        self._node.whole = True
        return super().items()

    def values(self) -> Any:
        self._node.whole = True
        return super().values()

    def copy(self) -> dict[str, Any]:
        return NotingDict(_plain(self), self._node)

    def __eq__(self, other: object) -> bool:
        self._node.whole = True
        return super().__eq__(other)

    __hash__ = None


class NotingList(list[Any]):
    """A list whose items share one node: what is read of one is read of all."""

    __slots__ = ("_node",)

    def __init__(self, values: list[Any], node: Node) -> None:
        super().__init__(values)
        self._node = node

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        found = super().__getitem__(index)
        if isinstance(index, slice):
            return NotingList(found, self._node)
        return _taken(found, self._node.member(_ALL))

    def __iter__(self) -> Iterator[Any]:
        item = self._node.member(_ALL)
        return iter([_taken(one, item) for one in super().__iter__()])

    def __len__(self) -> int:
        self._node.member(_ALL)
        return super().__len__()

    def __eq__(self, other: object) -> bool:
        self._node.whole = True
        return super().__eq__(other)

    __hash__ = None


@dataclass(slots=True)
class Report:
    """An interaction, and the fields that it declares and the code never read."""

    description: str
    unread: tuple[str, ...]


class _Watch:
    def __init__(self, trim: bool) -> None:
        self.trim = trim
        self.reports: list[Report] = []
        self.lock = threading.Lock()
        self.served: dict[bytes, Node] = {}
        self.made_from: dict[int, tuple[Any, Node]] = {}
        self.sees_pydantic = False
        self.undo: list[Callable[[], None]] = []


_watch: _Watch | None = None


def start(*, trim: bool) -> None:
    """Begin to watch. `trim`: contracts are written without what was not read."""
    global _watch
    if _watch is not None:
        return
    _watch = watch = _Watch(trim)
    original = json.loads

    def loads(text: Any, *args: Any, **kwargs: Any) -> Any:
        value = original(text, *args, **kwargs)
        node = _node_of(text)
        return value if node is None else _taken(value, node)

    json.loads = loads  # type: ignore[assignment]
    watch.undo.append(lambda: setattr(json, "loads", original))
    if "pydantic" in sys.modules:
        _watch_pydantic(watch)


def stop() -> None:
    """Stop watching, and put everything back."""
    global _watch
    if _watch is not None:
        for undo in reversed(_watch.undo):
            undo()
        _watch = None


def active() -> bool:
    """Whether reads are being noted."""
    return _watch is not None


def trimming() -> bool:
    """Whether contracts are written without what was not read."""
    return _watch is not None and _watch.trim


def reports() -> list[Report]:
    """What was declared and never read, interaction by interaction."""
    return list(_watch.reports) if _watch is not None else []


def prepare() -> None:
    """A mock is about to serve: pydantic, which may have been imported since `start`, is watched from now on."""
    if _watch is not None and "pydantic" in sys.modules:
        _watch_pydantic(_watch)


def served(content: bytes) -> None:
    """A mock has answered with this body: what is read of it will be noted."""
    watch = _watch
    if watch is not None and content:
        with watch.lock:
            watch.served.setdefault(content, Node())


def concluded(interaction: model.HttpInteraction, content: bytes) -> model.HttpInteraction:
    """The interaction for the contract, trimmed when that was asked for; what was not read goes to the reports."""
    watch = _watch
    if watch is None:
        return interaction
    with watch.lock:
        node = watch.served.get(content)
    if node is None or not node.touched:
        return interaction
    try:
        document = json_text.loads(interaction.response.body.content)
    except ValueError:
        return interaction
    unread = tuple(unread_paths(document, node))
    if not unread:
        return interaction
    watch.reports.append(Report(interaction.description, unread))
    return trimmed(interaction, node) if watch.trim else interaction


def forget() -> None:
    """The test is over: what was served in it is not looked for any more."""
    watch = _watch
    if watch is not None:
        with watch.lock:
            watch.served.clear()
            watch.made_from.clear()


def unread_paths(document: Any, node: Node, path: str = "$") -> Iterator[str]:
    """The topmost places of a document that were not read."""
    if node.whole:
        return
    if isinstance(document, dict):
        for name, value in document.items():
            below = node.members.get(name)
            if below is None:
                yield f"{path}.{name}"
            elif below.members:
                yield from unread_paths(value, below, f"{path}.{name}")
    elif isinstance(document, list) and document:
        below = node.members.get(_ALL)
        if below is not None and below.members:
            yield from unread_paths(document[0], below, f"{path}[*]")


def trimmed(interaction: model.HttpInteraction, node: Node) -> model.HttpInteraction:
    """The interaction without the members that were not read, and without the rules of what is gone."""
    response = interaction.response
    document = json_text.loads(response.body.content)
    smaller = _without(document, node)
    rules = dict(response.rules)
    generators = dict(response.generators)
    if "body" in rules:
        rules["body"] = {path: rule for path, rule in rules["body"].items() if _exists(smaller, path)}
    if "body" in generators:
        generators["body"] = {path: made for path, made in generators["body"].items() if _exists(smaller, path)}
    body = replace(response.body, content=json_text.dumps(smaller, sort_keys=True))
    return replace(interaction, response=replace(response, body=body, rules=rules, generators=generators))


def _without(document: Any, node: Node) -> Any:
    if node.whole or not node.members:
        return document
    if isinstance(document, dict):
        return {name: _without(v, node.members[name]) for name, v in document.items() if name in node.members}
    if isinstance(document, list):
        item = node.members.get(_ALL)
        return document if item is None else [_without(one, item) for one in document]
    return document


def _exists(document: Any, path: str) -> bool:
    """Whether a rule's path meets anything in the document."""
    from tallystick.contract import paths

    def walk(value: Any, steps: tuple[Any, ...]) -> bool:
        if not steps:
            return True
        step, rest = steps[0], steps[1:]
        if isinstance(step, paths.Star):
            inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
            return any(walk(one, rest) for one in inside)
        if isinstance(value, dict):
            return str(step) in value and walk(value[str(step)], rest)
        if isinstance(value, list) and isinstance(step, int):
            return step < len(value) and walk(value[step], rest)
        return False

    return walk(document, paths.parse(path))


def _plain(source: Any) -> Any:
    """A shallow copy that nobody watches. `dict.copy` would go through our own methods, as this is a subclass."""
    return dict(list(dict.items(source))) if isinstance(source, dict) else list(list.__iter__(source))


def _taken(value: Any, node: Node) -> Any:
    if type(value) is dict:
        return NotingDict(value, node)
    if type(value) is list:
        return NotingList(value, node)
    return value


def _node_of(text: Any) -> Node | None:
    watch = _watch
    if watch is None:
        return None
    content = text.encode() if isinstance(text, str) else bytes(text)
    with watch.lock:
        return watch.served.get(content)


def _watch_pydantic(watch: _Watch) -> None:
    """Note the fields that are read of models made from a served body."""
    if watch.sees_pydantic:
        return
    watch.sees_pydantic = True
    from pydantic import BaseModel

    names = ("model_validate", "model_validate_json", "__getattribute__")
    model: Any = BaseModel
    before = {name: model.__dict__[name] for name in names if name in model.__dict__}
    validate, validate_json = model.model_validate.__func__, model.model_validate_json.__func__

    def model_validate(cls: Any, source: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(source, (NotingDict, NotingList)):
            return validate(cls, source, *args, **kwargs)
        # The model takes everything, which says nothing yet: it gets a plain copy, and its own fields are watched.
        plain = _plain(source)
        made = validate(cls, plain, *args, **kwargs)
        _link(watch, made, source._node)
        return made

    def model_validate_json(cls: Any, source: Any, *args: Any, **kwargs: Any) -> Any:
        made = validate_json(cls, source, *args, **kwargs)
        node = _node_of(source)
        if node is not None:
            _link(watch, made, node)
        return made

    def getattribute(self: Any, name: str) -> Any:
        value = object.__getattribute__(self, name)
        if not name.startswith("_"):
            linked = watch.made_from.get(id(self))
            if linked is not None and linked[0] is self:
                _note(watch, type(self), name, value, linked[1])
        return value

    model.model_validate = classmethod(model_validate)
    model.model_validate_json = classmethod(model_validate_json)
    model.__getattribute__ = getattribute

    def undo() -> None:
        for name in names:
            if name in before:
                setattr(model, name, before[name])
            else:
                delattr(model, name)

    watch.undo.append(undo)


def _link(watch: _Watch, made: Any, node: Node) -> None:
    """Remember what a model was made from; the reference keeps its id from being used again."""
    from pydantic import BaseModel

    if isinstance(made, BaseModel):
        watch.made_from[id(made)] = (made, node)
    elif isinstance(made, (list, tuple)):
        for one in made:
            _link(watch, one, node.member(_ALL))


def _note(watch: _Watch, kind: Any, name: str, value: Any, node: Node) -> None:
    declared = kind.__pydantic_fields__.get(name) if hasattr(kind, "__pydantic_fields__") else None
    if declared is None:
        if name in ("model_dump", "model_dump_json", "dict", "json", "model_copy"):
            node.whole = True
        return
    alias = declared.validation_alias if isinstance(declared.validation_alias, str) else declared.alias
    below = node.member(alias or name)
    _link(watch, value, below)
