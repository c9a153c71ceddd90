"""Comparing multipart bodies (Pact, "Body algorithms", "Multipart"): part by part, found by name."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from tallystick.contract import content_types, paths
from tallystick.contract.matching.body import Actual, Expected, Handler, handler_of
from tallystick.contract.matching.findings import Findings, Steps
from tallystick.contract.matching.outcome import CannotCheck
from tallystick.contract.matching.rule_tree import Place, tree
from tallystick.contract.model import Rule

_OPTIONAL_HEADERS: Final = frozenset({"content-type", "content-disposition", "content-transfer-encoding"})


class MultipartInvalid(ValueError):
    """The body cannot be taken apart; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part: headers by lower-case name, and content with its transfer encoding undone."""

    headers: Mapping[str, str]
    content: bytes
    name: str | None
    is_file: bool


class MultipartBody:
    """A multipart body. Order of parts and further actual parts are ignored, in requests as well."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.problem = ""
        self.parts: list[Part] = []
        try:
            self.parts = split(expected.content, expected.header)
        except MultipartInvalid as refused:
            self.problem = str(refused)

    def fits(self, actual: Actual) -> bool:
        findings = Findings("body")
        self.explain(actual, findings)
        return findings.clean

    def explain(self, actual: Actual, findings: Findings) -> None:
        if self.problem:
            self._unparsable("expected", self.problem, actual, findings)
            return
        try:
            found = split(actual.content, actual.header)
        except MultipartInvalid as refused:
            self._unparsable("actual", str(refused), actual, findings)
            return
        for index, part in enumerate(self.parts):
            name = part.name if part.name is not None else str(index)
            other = _find(found, part, index)
            if other is None:
                sentence = f"Expected a MIME part '{name}' but was missing"
                findings.add("missing", Steps(), name, None, sentence)
            else:
                self.part(part, other, name, findings)

    def _unparsable(self, side: str, problem: str, actual: Actual, findings: Findings) -> None:
        sentence = f"Failed to parse the {side} body: '{problem}'"
        findings.add("unparsable", Steps(), self.expected.content, actual.content, sentence)

    def part(self, wanted: Part, found: Part, name: str, findings: Findings) -> None:
        at = Steps().key(name)
        if wanted.is_file != found.is_file:
            kinds = ("file", "field") if wanted.is_file else ("field", "file")
            sentence = f"Expected a MIME {kinds[0]} '{name}' but was {kinds[1]}"
            findings.add("kind", Steps(), kinds[0], kinds[1], sentence)
            return
        place = self.expected.root.step_to_any(name)
        inner = findings.fork()
        self.headers(wanted, found, place, at, inner)
        if wanted.is_file:
            self.file(wanted, found, name, inner)
        else:
            self.field(wanted, found, place, at, inner)
        findings.prefix(inner, f"MIME part '{name}': ")

    def headers(self, wanted: Part, found: Part, place: Place, at: Steps, findings: Findings) -> None:
        for header, value in wanted.headers.items():
            where = at.key(header)
            if header not in found.headers:
                if header not in _OPTIONAL_HEADERS:
                    findings.add("missing", where, value, None, f"Expected a header '{header}' but was missing")
                continue
            actual = found.headers[header]
            there = place.step_to_any(header)
            if there.rule is not None and not there.cascaded:
                findings.judge_text(there.rule, value, actual, where)
            elif header != "content-disposition" and value != actual:
                sentence = f"Expected header '{header}' to have value '{value}' but was '{actual}'"
                findings.add("equality", where, value, actual, sentence)

    def field(self, wanted: Part, found: Part, place: Place, at: Steps, findings: Findings) -> None:
        expected, actual = (part.content.decode(errors="replace") for part in (wanted, found))
        if place.rule is not None:
            findings.judge_text(place.rule, expected, actual, at, cascaded=place.cascaded)
        elif expected != actual:
            sentence = f"Expected body '{expected}' to match '{actual}' using equality but did not match"
            findings.add("equality", at, expected, actual, sentence)

    def file(self, wanted: Part, found: Part, name: str, findings: Findings) -> None:
        expected_type, actual_type = _type_of(wanted), _type_of(found)
        known = not expected_type.is_unknown and not actual_type.is_unknown
        if known and not expected_type.equivalent(actual_type):
            sentence = f"Expected a body of '{expected_type}' but the actual content type was '{actual_type}'"
            findings.add("content-type", Steps(), str(expected_type), str(actual_type), sentence)
            return
        rules = _below(self.expected.rules, name)
        inner = Expected(
            wanted.content,
            expected_type,
            wanted.headers.get("content-type", ""),
            rules,
            tree(rules),
            self.expected.strict,
        )
        handler: Handler = handler_of(inner)
        actual = Actual(found.content, actual_type, found.headers.get("content-type", ""))
        try:
            if handler.fits(actual):
                return
        except CannotCheck:
            pass
        handler.explain(actual, findings)


def split(content: bytes, header: str) -> list[Part]:
    """The parts of a multipart body, by the boundary that its Content-Type header names."""
    if not header:
        raise MultipartInvalid("no Content-Type header tells the boundary of the multipart body")
    media_type = content_types.parse(header)
    boundary = dict(media_type.parameters).get("boundary") if media_type else None
    if not boundary:
        raise MultipartInvalid(f"the Content-Type header '{header}' names no boundary")
    marker = b"--" + boundary.encode()
    pieces = re.split(rb"(?:^|\r?\n)" + re.escape(marker) + rb"(?=--|[ \t]*\r?\n|$)", content)
    if len(pieces) < 2:
        raise MultipartInvalid(f"the boundary '{boundary}' is not in the body")
    parts = []
    for piece in pieces[1:]:
        if piece.startswith(b"--"):
            break
        parts.append(_part(piece))
    return parts


def _part(piece: bytes) -> Part:
    # What is left of the boundary's line goes; then headers up to an empty line, then the content.
    body = re.sub(rb"^[ \t]*\r?\n", b"", piece, count=1)
    head, content = _divided(body)
    headers: dict[str, str] = {}
    for line in re.split(r"\r?\n(?![ \t])", head.decode("utf-8", "replace")):
        name, colon, value = line.partition(":")
        if colon:
            headers.setdefault(name.strip().lower(), re.sub(r"\r?\n[ \t]+", " ", value).strip())
    if headers.get("content-transfer-encoding", "").lower() == "base64":
        try:
            content = base64.b64decode(content)
        except (binascii.Error, ValueError):
            raise MultipartInvalid("a part says that it is base64, but is not") from None
    disposition = headers.get("content-disposition")
    parameters = _parameters(disposition or "")
    return Part(headers, content, parameters.get("name"), disposition is None or "filename" in parameters)


def _divided(body: bytes) -> tuple[bytes, bytes]:
    if body.startswith((b"\r\n", b"\n")):
        return b"", body[2:] if body.startswith(b"\r\n") else body[1:]
    found = re.search(rb"\r?\n\r?\n", body)
    return (body, b"") if found is None else (body[: found.start()], body[found.end() :])


_PARAMETER: Final = re.compile(r';\s*([\w*-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]*))')


def _parameters(value: str) -> dict[str, str]:
    return {
        name.lower(): re.sub(r"\\(.)", r"\1", quoted) if quoted else plain
        for name, quoted, plain in _PARAMETER.findall(value)
    }


def _find(found: list[Part], wanted: Part, index: int) -> Part | None:
    """The first part of the same name; one without a name stands for the expected part of its own index."""
    for at, part in enumerate(found):
        if part.name == wanted.name if part.name is not None else at == index:
            return part
    return None


def _type_of(part: Part) -> content_types.ContentType:
    return content_types.parse(part.headers.get("content-type", "")) or content_types.UNKNOWN


def _below(rules: Mapping[str, Rule], name: str) -> dict[str, Rule]:
    """The rules of one part, as if it were a body of its own: `$.part.key` becomes `$.key`."""
    inner: dict[str, Rule] = {}
    for key, rule in rules.items():
        path = paths.parse(key)
        # A star in place of the name reaches fields, but not into files.
        if path and path[0] == name:
            inner[paths.render(path[1:]) if len(path) > 1 else "$"] = rule
    return inner
