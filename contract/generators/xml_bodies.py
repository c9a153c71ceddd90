"""Generated values put into an XML body: element text at `….#text`, attributes at `….@name`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from xml.dom import minidom
from xml.parsers.expat import ExpatError

import defusedxml.minidom
from defusedxml.common import DefusedXmlException

from tallystick.contract import limits, paths
from tallystick.contract.generators import kinds
from tallystick.contract.generators.errors import CannotGenerate
from tallystick.contract.model import Generator

_DECLARATION: Final = re.compile(rb"\s*<\?xml\b")


def generate(content: bytes, wanted: Sequence[tuple[paths.Path, Generator]], source: kinds.Source) -> bytes | None:
    """The document with the generators applied; None when it cannot be read, or only at a price."""
    if content.count(b"<") > 2 * limits.MAX_RULES:
        return None
    try:
        document = defusedxml.minidom.parseString(content, forbid_dtd=True)  # type: ignore[arg-type]
    except (ExpatError, DefusedXmlException, ValueError, LookupError):
        return None
    root = document.documentElement
    if root is None or _deeper_than(root, limits.MAX_DEPTH):
        return None
    for path, generator in wanted:
        names = [str(token) for token in path if isinstance(token, int | str)]
        if len(names) < 2:
            continue
        *elements, last = names
        for element in _elements(root, elements):
            try:
                _set_xml(document, element, last, generator, source)
            except CannotGenerate:
                continue
    written = "".join(node.toxml() for node in document.childNodes)
    if _DECLARATION.match(content):
        written = '<?xml version="1.0" encoding="UTF-8"?>' + written
    return written.encode()


def _deeper_than(root: minidom.Element, most: int) -> bool:
    level = [root]
    for _ in range(most):
        level = [child for element in level for child in element.childNodes if isinstance(child, minidom.Element)]
        if not level:
            return False
    return True


def _elements(root: minidom.Element, names: Sequence[str]) -> list[minidom.Element]:
    """All elements that a path of names leads to; indexes in it narrow to one of several namesakes."""
    found = [root] if names[0] == root.tagName else []
    for name in names[1:]:
        if name.isdecimal():
            found = found[int(name) : int(name) + 1]
        else:
            found = [
                child
                for element in found
                for child in element.childNodes
                if isinstance(child, minidom.Element) and child.tagName == name
            ]
    return found


def _set_xml(
    document: minidom.Document, element: minidom.Element, last: str, generator: Generator, source: kinds.Source
) -> None:
    if last == "#text":
        texts = [node for node in element.childNodes if isinstance(node, minidom.Text)]
        example = "".join(node.data for node in texts)
        made = _xml_text(kinds.text(generator, example.strip(), source))
        for node in texts:
            element.removeChild(node)
        element.insertBefore(document.createTextNode(made), element.firstChild)
    elif last.startswith("@") and element.hasAttribute(last[1:]):
        made = _xml_text(kinds.text(generator, element.getAttribute(last[1:]), source))
        element.setAttribute(last[1:], made)


def _xml_text(made: str) -> str:
    if any(ord(char) < 0x20 and char not in "\t\n\r" for char in made) or "\ufffe" in made or "\uffff" in made:
        raise CannotGenerate("the value has characters that XML cannot hold")
    return made
