"""XML as the matching sees it: elements with qualified names, attributes, and text in pieces.

Parsed through defusedxml: no document types, no entities, no external access. Comments and processing instructions are
left out, but part the text around them, as they do for the Pact core; so do CDATA sections, and each reference (`&lt;`)
is a piece of its own.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Final
from xml.sax import SAXException, handler, xmlreader

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

MAX_DEPTH: Final = 200


class XmlInvalid(ValueError):
    """The text is not XML, or is XML that is not read. The message says why."""


class XmlTooDeep(ValueError):
    """More elements inside one another than are compared."""


@dataclass(slots=True)
class Element:
    """An element. Names are qualified by namespace: `urn:a:b` for `b` in `urn:a`; prefixes play no part."""

    name: str
    local_name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    """Its own pieces of text, blank ones included."""
    asides: int = 0
    """Its own comments and processing instructions, which are not compared but counted."""

    @property
    def text(self) -> str:
        """Its own text: each piece without the blanks around it, joined."""
        return "".join(piece.strip() for piece in self.texts).strip()

    @property
    def node_count(self) -> int:
        """How many nodes it has, of any kind: what the limits of a type matcher count."""
        return len(self.children) + len(self.texts) + self.asides


def parse(content: bytes) -> Element:
    """The root element. Raises `XmlInvalid`, or `XmlTooDeep`."""
    try:
        text = content.decode()
    except UnicodeDecodeError as refused:
        raise XmlInvalid(f"not UTF-8: byte {refused.start}") from None
    parser = _Parser(forbid_dtd=True, forbid_entities=True, forbid_external=True)
    builder = _Builder(parser, content)
    parser.setFeature(handler.feature_namespaces, True)
    parser.setContentHandler(builder)
    parser.setProperty(handler.property_lexical_handler, builder)
    source = xmlreader.InputSource()
    source.setCharacterStream(io.StringIO(text))
    try:
        parser.parse(source)
    except DefusedXmlException as refused:
        raise XmlInvalid(
            f"document types, entities and external parts are not read ({type(refused).__name__})"
        ) from None
    except SAXException as refused:
        raise XmlInvalid(f"XML parsing error: {refused}") from None
    except (UnicodeEncodeError, ValueError) as refused:
        if isinstance(refused, XmlTooDeep):
            raise
        raise XmlInvalid(f"XML parsing error: {refused}") from None
    if builder.root is None:
        raise XmlInvalid("XML parsing error: no element found")
    return builder.root


class _Parser(DefusedExpatParser):
    """Hands text on as it comes, so that a reference can be told from the text beside it."""

    def reset(self) -> None:
        super().reset()
        self.expat: Any = vars(self)["_parser"]
        self.expat.buffer_text = False

    @property
    def position(self) -> int:
        """Where the present event begins, in bytes of the UTF-8 text."""
        index: int = self.expat.CurrentByteIndex
        return index


class _Builder(handler.ContentHandler, handler.LexicalHandler):
    def __init__(self, parser: _Parser, content: bytes) -> None:
        super().__init__()
        self.parser = parser
        self.content = content
        self.in_cdata = False
        self.root: Element | None = None
        self.open: list[Element] = []
        self.pieces: list[str] = []

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:
        self.flush()
        element = Element(_qualified(name), name[1], {_qualified(key): value for key, value in attrs.items()})
        if self.open:
            self.open[-1].children.append(element)
        else:
            self.root = element
        self.open.append(element)
        if len(self.open) > MAX_DEPTH:
            raise XmlTooDeep(f"elements lie more than {MAX_DEPTH} inside one another")

    def endElementNS(self, name: Any, qname: Any) -> None:
        self.flush()
        self.open.pop()

    def characters(self, content: str) -> None:
        at = self.parser.position
        if not self.in_cdata and self.content[at : at + 1] == b"&":
            self.flush()
            self.pieces.append(content)
            self.flush()
        else:
            self.pieces.append(content)

    def ignorableWhitespace(self, whitespace: str) -> None:
        self.pieces.append(whitespace)

    def processingInstruction(self, target: str, data: str) -> None:
        self.aside()

    def comment(self, content: str) -> None:
        self.aside()

    def aside(self) -> None:
        self.flush()
        if self.open:
            self.open[-1].asides += 1

    def startCDATA(self) -> None:
        self.flush()
        self.in_cdata = True

    def endCDATA(self) -> None:
        self.flush()
        self.in_cdata = False

    def flush(self) -> None:
        if self.pieces:
            if self.open:
                self.open[-1].texts.append("".join(self.pieces))
            self.pieces.clear()


def _qualified(name: tuple[str | None, str]) -> str:
    namespace, local = name
    return f"{namespace}:{local}" if namespace else local


def by_name(elements: list[Element]) -> dict[str, list[Element]]:
    """Elements in groups of one name, groups by name, order kept within each."""
    groups: dict[str, list[Element]] = {}
    for element in elements:
        groups.setdefault(element.name, []).append(element)
    return dict(sorted(groups.items()))
