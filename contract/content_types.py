"""Media types: parsing, what kind they are, when two are equivalent, and guessing one from the text.

The predicates follow the Pact core, surprises included: `text/json` is not JSON, `application/javascript` is binary.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from tallystick.contract.model import Body, Headers, Json


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type in parts, lower-case; parameters sorted by name, their values as written (charset lower-case)."""

    type: str
    subtype: str
    suffix: str = ""
    parameters: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        suffix = f"+{self.suffix}" if self.suffix else ""
        return f"{self.type}/{self.subtype}{suffix}" + "".join(f";{name}={value}" for name, value in self.parameters)

    @property
    def is_json(self) -> bool:
        return self.type == "application" and (
            self.subtype.startswith("json") or self.suffix == "json" or self.subtype == "graphql"
        )

    @property
    def is_xml(self) -> bool:
        return self.type in ("application", "text") and "xml" in (self.subtype, self.suffix)

    @property
    def is_strict_xml(self) -> bool:
        return self.type in ("application", "text") and self.subtype == "xml"

    @property
    def is_form(self) -> bool:
        return self.type == "application" and (self.suffix or self.subtype) == "x-www-form-urlencoded"

    @property
    def is_multipart(self) -> bool:
        return self.type == "multipart"

    @property
    def is_text(self) -> bool:
        return self.type == "text" or self.is_xml or self.is_json or self.is_form

    @property
    def is_binary(self) -> bool:
        return self.type in ("audio", "font", "image", "video") or not self.is_text

    @property
    def is_unknown(self) -> bool:
        return "*" in (self.type, self.subtype)

    @property
    def base(self) -> ContentType:
        """`application/hal+json` gives `application/json`; without a suffix only the parameters go."""
        return ContentType(self.type, self.suffix or self.subtype)

    @property
    def charset(self) -> str | None:
        return dict(self.parameters).get("charset")

    def equivalent(self, actual: ContentType) -> bool:
        """Whether an actual type satisfies this expected one: parameters count only when this one has some."""
        if self.is_strict_xml and actual.is_strict_xml:
            return not self.parameters or self.parameters == actual.parameters
        if not self.parameters:
            return (self.type, self.subtype) == (actual.type, actual.subtype)
        return self == actual


UNKNOWN: Final = ContentType("*", "*")
JSON: Final = ContentType("application", "json")
XML: Final = ContentType("application", "xml")
HTML: Final = ContentType("text", "html")
TEXT: Final = ContentType("text", "plain")


@lru_cache(maxsize=1024)
def parse(text: str) -> ContentType | None:
    """The parts of a media type, or None where the text is none."""
    found = _TYPE.match(text)
    if found is None:
        return None
    main, sub = found.group(1).lower(), found.group(2).lower()
    subtype, plus, suffix = sub.rpartition("+")
    if not plus or not subtype or not suffix:
        subtype, suffix = sub, ""
    parameters: dict[str, str] = {}
    at = found.end()
    while at < len(text):
        parameter = _PARAMETER.match(text, at)
        if parameter is None:
            return None
        name, quoted, plain = parameter.groups()
        if name is not None:
            value = _ESCAPED.sub(r"\1", quoted) if quoted is not None else plain
            parameters[name.lower()] = value.lower() if name.lower() == "charset" else value
        at = parameter.end()
    return ContentType(main, subtype, suffix, tuple(sorted(parameters.items())))


def detect(text: str) -> ContentType:
    """The type that a text looks like. JSON by its first characters only: `2020-01-01` is taken for JSON."""
    if _XML_DECLARATION.match(text):
        return XML
    if _HTML.match(text):
        return HTML
    if _XML_ELEMENT.match(text):
        return XML
    if _JSON.match(text):
        return JSON
    return TEXT


def detect_bytes(content: bytes) -> ContentType:
    """As `detect`; what is not UTF-8 is looked at as an empty text, and so is `text/plain`."""
    try:
        return detect(content.decode())
    except UnicodeDecodeError:
        return TEXT


def in_headers(headers: Headers | Iterable[tuple[str, str]] | None) -> ContentType | None:
    """What the Content-Type header says: first value, None where absent or not a media type."""
    if not headers:
        return None
    if isinstance(headers, Mapping):
        for name, values in headers.items():
            if len(name) == 12 and name.lower() == "content-type":
                return parse(values[0]) if values else None
        return None
    for name, value in headers:
        if len(name) == 12 and name.lower() == "content-type":
            return parse(value)
    return None


def in_metadata(metadata: Mapping[str, Json]) -> ContentType | None:
    """What a message's metadata says, under `contentType` or `content-type` in any case."""
    for name, value in metadata.items():
        if name.lower() in ("contenttype", "content-type"):
            return parse(value) if isinstance(value, str) else None
    return None


def of_body(body: Body, stated: ContentType | None) -> ContentType:
    """The type of a body: its own, else the stated one (of header or metadata), else the detected one, else unknown."""
    if body.content_type is not None and (own := parse(body.content_type)) is not None:
        return own
    if stated is not None:
        return stated
    return detect_bytes(body.content) if body.state == "present" else UNKNOWN


_TOKEN: Final = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_TYPE: Final = re.compile(rf"\s*({_TOKEN})/({_TOKEN})[ \t]*(?=;|$)")
_PARAMETER: Final = re.compile(rf';\s*(?:({_TOKEN})=(?:"((?:[^"\\]|\\.)*)"|({_TOKEN})))?\s*(?=;|$)', re.DOTALL)
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)

_XML_DECLARATION: Final = re.compile(r"\s*<\?xml\s*version")
_HTML: Final = re.compile(r"\s*<!DOCTYPE|<HTML>", re.IGNORECASE)
_XML_ELEMENT: Final = re.compile(r"\s*<\w+\s*(?::\w+=[\"”][^\"”]+[\"”])?")
_JSON: Final = re.compile(r'\s*(?:true|false|null|[0-9]+|"\w*|\{\s*(?:\}|"\w+)|\[\s*)')
