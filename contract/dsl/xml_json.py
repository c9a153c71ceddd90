"""XML bodies written as JSON with matchers: elements, attributes and texts, each perhaps matched.

    {"root": {"name": "order", "attributes": {"id": {"pact:matcher:type": "integer", "value": 5}},
              "children": [{"name": "note", "children": [{"content": "", "matcher": {"pact:matcher:type": "type"}}]}]}}

A child may also be a matcher whose `value` is an element, and whose `examples` says how often it is written.
"""

from __future__ import annotations

import re
from typing import Final
from xml.sax.saxutils import escape

from tallystick.contract import bodies, limits
from tallystick.contract.complaints import pointer
from tallystick.contract.dsl.integration_json import MATCHER, Expanded, Reading
from tallystick.contract.errors import Complaint
from tallystick.contract.model import Json
from tallystick.contract.paths import Path

_MAX_EXAMPLES: Final = 1000
_NAME: Final = re.compile(r"[^\W\d][\w.:-]*")
_PLAIN: Final = re.compile(r"[\w:#-]+")
_ILLEGAL: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def expand(document: Json) -> Expanded:
    """The XML text as `example`, its rules and generators by body path. What is no element is a complaint."""
    writing = _Writing()
    root = document.get("root") if isinstance(document, dict) else None
    if not isinstance(root, dict):
        writing.complain("", "an XML body is an object with a `root` element")
        text = ""
    else:
        text = "".join(writing.element(root, (), "/root", 0))
    return writing.reading.expanded("<?xml version='1.0'?>" + text)


def _key(path: Path) -> str:
    """`$.order.note.#text`, `$.order['@id']`: as the Pact core writes the paths of XML."""
    steps = (str(token) for token in path)
    return "$" + "".join(f".{s}" if _PLAIN.fullmatch(s) and not s.startswith("@") else f"['{s}']" for s in steps)


class _Writing:
    def __init__(self) -> None:
        self.reading = Reading(_key)

    def complain(self, at: str, message: str) -> None:
        self.reading.complaints.append(Complaint(at, message))

    def element(self, written: dict[str, Json], parent: Path, at: str, depth: int) -> list[str]:
        """The texts of an element: one, or as many as a matcher's `examples` asks for."""
        if MATCHER in written:
            inner = written.get("value")
            if not isinstance(inner, dict) or not _is_name(inner.get("name")):
                self.complain(at, "the `value` of a matcher between elements is an element with a `name`")
                return []
            self.reading.matcher_at((*parent, str(inner["name"])), written, at)
            count = written.get("examples", 1)
            copies = count if isinstance(count, int) and not isinstance(count, bool) else 1
            return self.element(inner, parent, pointer(at, "value"), depth) * max(0, min(copies, _MAX_EXAMPLES))
        name = written.get("name")
        if not _is_name(name):
            self.complain(at, "an element has a `name` that XML allows")
            return []
        if depth > limits.MAX_DEPTH:
            self.complain(at, f"elements are nested deeper than {limits.MAX_DEPTH} (MAX_DEPTH)")
            return []
        path = (*parent, str(name))
        attributes = self.attributes(written.get("attributes"), path, pointer(at, "attributes"))
        content = self.children(written.get("children"), path, pointer(at, "children"), depth)
        return [f"<{name}{attributes}>{content}</{name}>" if content else f"<{name}{attributes}/>"]

    def attributes(self, written: Json, path: Path, at: str) -> str:
        if not isinstance(written, dict):
            return ""
        texts = []
        for name, value in written.items():
            if not _is_name(name):
                self.complain(pointer(at, name), "this is no name of an attribute")
                continue
            if isinstance(value, dict):
                if MATCHER in value:
                    self.reading.matcher_at((*path, "@" + name), value, pointer(at, name))
                value = value.get("value")
            quoted = escape(self.text(value, pointer(at, name)), {"'": "&apos;", '"': "&quot;"})
            texts.append(f" {name}='{quoted}'")
        return "".join(texts)

    def children(self, written: Json, path: Path, at: str, depth: int) -> str:
        texts: list[str] = []
        for index, child in enumerate(written if isinstance(written, list) else ()):
            place = pointer(at, index)
            if not isinstance(child, dict):
                self.complain(place, "a child is an element, a matcher or a text, each an object")
            elif "content" in child:
                matcher = child.get("matcher")
                if isinstance(matcher, dict):
                    self.reading.matcher_at((*path, "#text"), matcher, pointer(place, "matcher"))
                texts.append(escape(self.text(child["content"], place)))
            else:
                texts.extend(self.element(child, path, place, depth + 1))
        return "".join(texts)

    def text(self, value: Json, at: str) -> str:
        text = "" if value is None else bodies.as_text(value)
        if _ILLEGAL.search(text):
            self.complain(at, "the text has characters that XML cannot hold; they are left out")
        return _ILLEGAL.sub("", text)


def _is_name(name: Json) -> bool:
    return isinstance(name, str) and _NAME.fullmatch(name) is not None
