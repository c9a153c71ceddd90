"""Bodies: whether they may be compared at all, and which algorithm compares them (Pact, "Body gate").

An algorithm is a `Handler`, made once for an expected body. `HANDLERS` lists them in order; the first that takes the
expected media type compares. Other distributions put theirs in front by the entry point group `ENTRY_POINTS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final, Protocol

from tallystick.contract import content_types, json_text, limits
from tallystick.contract.content_types import ContentType
from tallystick.contract.matching import rule_tree
from tallystick.contract.matching.findings import Findings
from tallystick.contract.matching.outcome import CannotCheck
from tallystick.contract.matching.rule_tree import Place, ReadyRule
from tallystick.contract.matching.scalar_matchers import ContentTypeOf
from tallystick.contract.matching.values import json_text_of, utf8
from tallystick.contract.model import Body, Rule

ENTRY_POINTS: Final = "tallystick.content_handlers"
"""Entry point group: media type (`application/x-thing`) -> a function from `Expected` to a `Handler`."""
_SEEN_OF_REQUESTS: Final = 32


@dataclass(frozen=True, slots=True)
class Expected:
    """What a handler is made from."""

    content: bytes
    content_type: ContentType
    header: str
    """The Content-Type header as written, for the parameters that comparing types leaves aside."""
    rules: Mapping[str, Rule]
    root: Place
    strict: bool
    """Requests: nothing unexpected is allowed."""


@dataclass(frozen=True, slots=True)
class Actual:
    """The body that came: its bytes and what its Content-Type header says."""

    content: bytes
    content_type: ContentType
    header: str = ""


class Handler(Protocol):
    """One way of comparing bodies, made ready for one expected body."""

    def fits(self, actual: Actual) -> bool:
        """Decide only. May raise `CannotCheck`."""
        ...

    def explain(self, actual: Actual, findings: Findings) -> None:
        """Say what differs. Asked only after a no, and then finds something."""
        ...


@dataclass(slots=True)
class BodyCheck:
    """An expected body made ready."""

    body: Body
    content_type: ContentType
    header: str
    rules: Mapping[str, Rule]
    strict: bool = False
    of_message: bool = False
    type_rule: ReadyRule | None = None
    """The rule of the Content-Type header, which may let other types through."""
    _handler: Handler | None = field(default=None, init=False)

    def check(self, content: bytes | None, stated: ContentType | None, header: str, findings: Findings) -> None:
        """Compare with what came. `content` None: there was none at all, as for a message without contents."""
        expected_type = self.content_type
        actual_type = stated or (self._detected(content) if content else content_types.UNKNOWN)
        if self.body.state == "missing":
            return
        if not self.may_compare(expected_type, actual_type):
            if self.body.state == "present":
                self._other_type(content, expected_type, actual_type, findings)
        elif self.body.state != "present":
            if content:
                findings.add("empty", "/", "", _readable(content), f"Expected empty body but received {_size(content)}")
        elif not content:
            was = "missing" if content is None else "empty"
            size = f"{_size(self.body.content)} of type {expected_type}"
            findings.add("missing", "/", _readable(self.body.content), None, f"Expected body {size} but was {was}")
        elif len(content) > limits.MAX_DOCUMENT_BYTES:
            sentence = f"a body of {len(content)} bytes is more than the {limits.MAX_DOCUMENT_BYTES} that are compared"
            findings.cannot(CannotCheck("limit", sentence), "$")
        else:
            self._compare(Actual(content, actual_type, header), findings)

    def _detected(self, content: bytes) -> ContentType:
        """What the actual body looks like. The Pact core's mock server looks at the start of a request only."""
        if not self.strict:
            return content_types.detect_bytes(content)
        start = utf8(content[:_SEEN_OF_REQUESTS])
        return content_types.UNKNOWN if start is None else content_types.detect(start)

    def may_compare(self, expected: ContentType, actual: ContentType) -> bool:
        if expected.equivalent(actual):
            return True
        if self.of_message:
            return False
        if expected.is_unknown or actual.is_unknown or expected.equivalent(actual.base):
            return True
        if self.type_rule is None:
            return False
        try:
            return self.type_rule.accepts_text(str(expected), str(actual), False)
        except CannotCheck:
            # The header itself is compared too, and says that it could not be checked.
            return False

    def _other_type(self, content: bytes | None, expected: ContentType, actual: ContentType, found: Findings) -> None:
        if self.of_message:
            sentence = f"Expected message with content type {expected} but was {actual}"
        else:
            sentence = f"Expected a body of '{expected}' but the actual content type was '{actual}'"
        types = found.fork()
        types.part = "body-type"
        types.add("content-type", "", str(expected), str(actual), sentence)
        found.join(types)

    def _compare(self, actual: Actual, findings: Findings) -> None:
        handler = self.handler
        try:
            if handler.fits(actual):
                return
        except CannotCheck:
            pass
        except RecursionError:
            findings.cannot(CannotCheck("limit", "the body is nested deeper than can be compared"), "$")
            return
        handler.explain(actual, findings)

    @property
    def handler(self) -> Handler:
        """Made at the first body that comes this far, then kept."""
        if self._handler is None:
            root = rule_tree.tree(self.rules)
            expected = Expected(self.body.content, self.content_type, self.header, self.rules, root, self.strict)
            self._handler = handler_of(expected)
        return self._handler


def expected_type(body: Body, stated: ContentType | None) -> ContentType:
    """The media type of an expected body.

    Where nothing states it, an object is judged by its first key in sorted order, which is the first that the Pact
    core would have written: `{"a": 1, "$b": 2}` is taken for text, since a key that starts with `$` looks like none.
    """
    if body.state != "present":
        # An empty body has no type of its own, whatever the contract says beside it.
        return stated or content_types.UNKNOWN
    found = content_types.of_body(body, stated)
    if stated is not None or (body.content_type is not None and content_types.parse(body.content_type) is not None):
        return found
    if utf8(body.content) is None:
        return content_types.UNKNOWN
    if not body.content.lstrip().startswith(b"{"):
        return found
    try:
        value = json_text.loads(body.content)
    except json_text.JsonInvalid:
        return found
    return content_types.detect("{" + json_text_of(min(value))) if isinstance(value, dict) and value else found


def handler_of(expected: Expected) -> Handler:
    """The algorithm for an expected body, by its media type alone (Pact, "Body gate", step 3).

    Each is imported when it is first needed. Plain JSON is always ours, so that the commonest programs need not look
    for what other distributions installed.
    """
    kind = expected.content_type
    if (kind.type, kind.subtype) != ("application", "json"):
        extension = installed().get(f"{kind.type}/{kind.subtype}")
        if extension is not None:
            return extension(expected)
    if kind.is_json:
        from tallystick.contract.matching import json_body

        return json_body.JsonBody(expected)
    if kind.is_xml:
        from tallystick.contract.matching import xml_body

        return xml_body.XmlBody(expected)
    if kind.is_multipart:
        from tallystick.contract.matching import multipart_body

        return multipart_body.MultipartBody(expected)
    if kind.is_form:
        from tallystick.contract.matching import form_body

        return form_body.FormBody(expected)
    from tallystick.contract.matching import plain_body

    at_root = expected.root.rule
    wants_magic = at_root is not None and any(isinstance(check, ContentTypeOf) for check in at_root.checks)
    if kind.is_binary or wants_magic:
        return plain_body.BinaryBody(expected)
    return plain_body.TextBody(expected)


class _MakesHandler(Protocol):
    def __call__(self, expected: Expected) -> Handler: ...


@cache
def installed() -> Mapping[str, _MakesHandler]:
    from importlib.metadata import entry_points

    return {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}


def _size(content: bytes) -> str:
    return f"{len(content)} byte{'' if len(content) == 1 else 's'}"


def _readable(content: bytes) -> str | bytes:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content
