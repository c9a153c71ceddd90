"""Bodies of the DSL: JSON by default, text and bytes as they are, and words for forms, XML and other kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tallystick.client_sdk import templates
from tallystick.client_sdk.matchers import Matcher, MatcherMisuse, Template, matches_whole
from tallystick.contract import json_text, model

JSON: Final = "application/json"


@dataclass(frozen=True, slots=True)
class Content:
    """A body that is not plain JSON: its bytes, its media type, and rules by path. Made by the functions below."""

    content: bytes
    media_type: str
    rules: Mapping[str, model.Rule] = field(default_factory=dict)
    generators: Mapping[str, model.Generator] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Said:
    """What a body says: the expected one, the one to serve (with optional fields), rules and generators."""

    body: model.Body
    served: model.Body
    rules: Mapping[str, model.Rule] = field(default_factory=dict)
    generators: Mapping[str, model.Generator] = field(default_factory=dict)
    optional: tuple[str, ...] = ()
    media_type: str | None = None


NOTHING: Final = Said(model.MISSING, model.MISSING)


def json(template: Template) -> Matcher[Any]:
    """A JSON body that is a bare text, or null, which would otherwise be read as text or as "no body"."""
    return Matcher(template)


def text(content: str, *, matching: Matcher[str] | None = None, media_type: str = "text/plain") -> Content:
    """A text body; `matching` is the rule for the whole text, exact equality unless given."""
    rules = {"$": model.Rule(matching.rules, matching.combine)} if matching is not None else {}
    if matching is not None and len(matching.rules) == 1 and matching.rules[0].name == "regex":
        pattern = str(matching.rules[0].config["regex"])
        if matches_whole(pattern, content) is False:
            raise MatcherMisuse(f"text({content!r}, matching=regex({pattern!r})): the text does not match the pattern")
    return Content(content.encode(), media_type, rules)


def binary(content: bytes, media_type: str = "application/octet-stream") -> Content:
    """A body of bytes, compared as they are. `content_type(media_type, example)` compares their kind only."""
    return Content(content, media_type)


def form(fields: Mapping[str, Template]) -> Content:
    """A form body (`application/x-www-form-urlencoded`): each value a text, a number, a matcher or a list of texts."""
    from urllib.parse import quote_plus

    named = templates.texts(fields, place="form field")
    pairs = [f"{quote_plus(name)}={quote_plus(value)}" for name, values in named.values.items() for value in values]
    rules = {templates.step("$", name): rule for name, rule in named.rules.items()}
    generators = {templates.step("$", name): generator for name, generator in named.generators.items()}
    return Content("&".join(pairs).encode(), "application/x-www-form-urlencoded", rules, generators)


def xml(
    content: str, *, matching: Mapping[str, Matcher[Any]] | None = None, media_type: str = "application/xml"
) -> Content:
    """An XML body as text, with matchers by path: `{"$.order.total.#text": decimal(), "$.order['@id']": integer()}`."""
    matching = matching or {}
    rules = {path: model.Rule(matcher.rules, matcher.combine) for path, matcher in matching.items()}
    generators = {path: matcher.generator for path, matcher in matching.items() if matcher.generator is not None}
    return Content(content.encode(), media_type, rules, generators)


def said(body: object, media_type: str | None, *, place: str) -> Said:
    """What the `body` argument of a request, response or message says; `media_type` is what its header states."""
    if body is None:
        return NOTHING
    if isinstance(body, str):
        body = Content(body.encode(), media_type or "text/plain")
    elif isinstance(body, (bytes, bytearray)):
        body = Content(bytes(body), media_type or "application/octet-stream")
    elif isinstance(body, Matcher) and isinstance(body.example, bytes):
        stated = media_type or str(body.rules[0].config.get("value", "application/octet-stream"))
        body = Content(body.example, stated, {"$": model.Rule(body.rules, body.combine)})
    if isinstance(body, Content):
        kind = media_type or body.media_type
        state = model.Body("present", body.content, kind) if body.content else model.EMPTY
        return Said(state, state, body.rules, body.generators, (), kind)
    kind = media_type or JSON
    contract = templates.expand(body, place=place)
    expected = model.Body("present", json_text.dumps(contract.example, sort_keys=True), kind)
    served = expected
    if contract.optional:
        full = templates.expand(body, place=place, keep_optional=True)
        served = replace(expected, content=json_text.dumps(full.example, sort_keys=True))
    return Said(expected, served, contract.rules, contract.generators, tuple(contract.optional), kind)
