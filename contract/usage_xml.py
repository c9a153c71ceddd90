"""The places of an XML document, for the usage map: elements, attributes and texts by their path of names."""

from __future__ import annotations

from xml.dom import minidom
from xml.parsers.expat import ExpatError

import defusedxml.minidom
from defusedxml.common import DefusedXmlException

from tallystick.contract import limits


def elements(content: bytes) -> list[tuple[str, ...]] | None:
    """`(order, item, @id)`, `(order, item, #text)` and so on, each once, in document order; None when not readable."""
    try:
        document = defusedxml.minidom.parseString(content, forbid_dtd=True)  # type: ignore[arg-type]
    except (ExpatError, DefusedXmlException, ValueError, LookupError):
        return None
    root = document.documentElement
    found: dict[tuple[str, ...], None] = {}
    # A stack of our own: deep documents must not exhaust Python's.
    waiting: list[tuple[tuple[str, ...], minidom.Element]] = [((), root)] if root is not None else []
    while waiting:
        parents, element = waiting.pop()
        path = (*parents, element.tagName)
        if len(path) > limits.MAX_DEPTH:
            return None
        found[path] = None
        for name in element.attributes.keys():  # noqa: SIM118 - a NamedNodeMap is no mapping
            if name != "xmlns" and not name.startswith("xmlns:"):
                found[(*path, "@" + name)] = None
        if any(isinstance(node, minidom.Text) and node.data.strip() for node in element.childNodes):
            found[(*path, "#text")] = None
        waiting.extend((path, node) for node in reversed(element.childNodes) if isinstance(node, minidom.Element))
    return list(found)
