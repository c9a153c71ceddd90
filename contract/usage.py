"""What an interaction relies on, as rows: which operation, which part of it, which field, how strictly.

A field's path has its indexes generalised (`$.lines[*].total`), and an operation its path values (`/orders/{id}`), so
that the same reliance of many consumers reads the same. No row holds a value from a contract, names and types only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import parse_qsl

from tallystick.contract import content_types, json_text, paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.model import (
    AsyncMessage,
    Body,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Interaction,
    Matcher,
    MessageContents,
    Rule,
    Rules,
)
from tallystick.contract.rules import RuleInvalid, read_matcher, read_variant_rules
from tallystick.contract.templates import Templates

Strictness: TypeAlias = Literal["presence", "type", "format", "range", "regex", "value"]
STRICTNESS: Final[tuple[Strictness, ...]] = ("presence", "type", "format", "range", "regex", "value")
"""From the loosest to the strictest."""

MAX_ROWS: Final = 20_000
"""Of one interaction. What is beyond is not mapped: such a contract holds a data set, not an expectation."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """One thing an interaction relies on."""

    method: str
    """Of the HTTP operation; "" for messages."""
    template: str
    """The path with `{id}` where values stand; for messages the topic, else the description."""
    part: str
    """`request path`, `request query`, `response body`, `message metadata` and so on."""
    path: str
    """Into a body, indexes generalised; the name of a header (lower case) or parameter; "" for path and status."""
    strictness: Strictness
    status: str = ""
    """Of the response that the row is about, as the example has it; "" for requests and messages."""
    value_type: str = ""
    """string, integer, number, boolean, null, object or array: the type of the example."""

    @property
    def operation(self) -> str:
        """`GET /orders/{id}`, or the topic alone."""
        return f"{self.method} {self.template}".strip()

    @property
    def detail(self) -> str:
        """Status and type in one text, for storage: `200 integer`."""
        return f"{self.status} {self.value_type}".strip()


def usage(interaction: Interaction, templates: Iterable[str] = ()) -> tuple[UsageRow, ...]:
    """The rows of an interaction, each place once with the strictest demand on it.

    `templates`: the provider's path templates (from its OpenAPI description), used before anything is guessed.
    """
    found: dict[tuple[str, str], UsageRow] = {}
    for row in _rows(interaction, tuple(templates)):
        known = found.get((row.part, row.path))
        if known is None:
            if len(found) >= MAX_ROWS:
                break
            found[row.part, row.path] = row
        elif STRICTNESS.index(row.strictness) > STRICTNESS.index(known.strictness):
            found[row.part, row.path] = row
    return tuple(found.values())


def same_operation(one: str, other: str) -> bool:
    """Whether two operations differ at most in the names of their path parameters and in the case of the method."""
    return normal_operation(one) == normal_operation(other)


def normal_operation(operation: str) -> str:
    """An operation to compare by: method in capitals, `{}` for every parameter, no slash at the end."""
    method, space, path = operation.strip().partition(" ")
    if not space:
        return operation.strip()
    return f"{method.upper()} {_PARAMETER.sub('{}', path.strip()).rstrip('/') or '/'}"


# --- the operation --------------------------------------------------------------------------------------------------

_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_DIGITS: Final = re.compile(r"[0-9]+")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_TOPICS: Final = ("topic", "kafka_topic", "queue", "channel", "destination", "routingkey", "routing_key", "subject")


def template_of(request: HttpRequest, templates: Sequence[str] = ()) -> str:
    """The path with its values generalised: by a known template, else by rule or generator, else digits and UUIDs."""
    known = best_template(request.path, templates)
    if known is not None:
        return known
    segments = request.path.split("/")
    varying = _varying_by_rule(request, segments) or [bool(_is_value(segment)) for segment in segments]
    if not any(varying):
        varying = [_is_value(segment) for segment in segments]
    names = (f"{{id{count if count > 1 else ''}}}" for count in range(1, len(segments) + 1))
    return "/".join(next(names) if varies else segment for varies, segment in zip(varying, segments, strict=True))


def best_template(path: str, templates: Iterable[str]) -> str | None:
    """The template that the path fits, the most literal first; None when none fits."""
    found = _index(tuple(templates)).find(path.rstrip("/") or "/")
    return found[0] if found else None


@lru_cache(maxsize=16)
def _index(templates: tuple[str, ...]) -> Templates[str]:
    index: Templates[str] = Templates()
    for template in templates:
        index.add(template.rstrip("/") or "/", template)
    return index


def _is_value(segment: str) -> bool:
    return bool(_DIGITS.fullmatch(segment) or _UUID.fullmatch(segment))


def _varying_by_rule(request: HttpRequest, segments: Sequence[str]) -> list[bool] | None:
    """Which segments a regex on the path, or a provider-state expression for it, leaves open."""
    for rule in request.rules.get("path", {}).values():
        for matcher in rule.matchers:
            pattern = matcher.config.get("regex")
            if matcher.name == "regex" and isinstance(pattern, str):
                parts = pattern.removeprefix("^").removesuffix("$").replace("\\/", "/").split("/")
                if len(parts) == len(segments):
                    return [
                        re.sub(r"\\([^\w])", r"\1", part) != segment
                        for part, segment in zip(parts, segments, strict=True)
                    ]
    for generator in request.generators.get("path", {}).values():
        expression = generator.config.get("expression")
        if generator.name == "ProviderState" and isinstance(expression, str):
            parts = expression.split("/")
            if len(parts) == len(segments):
                return ["${" in part for part in parts]
    return None


def _topic(contents: MessageContents, description: str) -> str:
    lowered = {name.lower(): value for name, value in contents.metadata.items()}
    return next((str(lowered[name]) for name in _TOPICS if isinstance(lowered.get(name), str)), description)


# --- the rows -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Rows:
    """Makes the rows of one part; `status` is that of the response."""

    method: str
    template: str
    side: str
    status: str = ""

    def row(self, part: str, path: str, strictness: Strictness, value_type: str = "string") -> UsageRow:
        return UsageRow(
            self.method, self.template, f"{self.side} {part}".strip(), path, strictness, self.status, value_type
        )


def _rows(interaction: Interaction, templates: Sequence[str]) -> Iterator[UsageRow]:
    if isinstance(interaction, HttpInteraction):
        request, response = interaction.request, interaction.response
        method, template = request.method.upper(), template_of(request, templates)
        yield from _request_rows(request, _Rows(method, template, "request"))
        yield from _response_rows(response, _Rows(method, template, "response", str(response.status)))
    elif isinstance(interaction, AsyncMessage):
        topic = _topic(interaction.contents, interaction.description)
        yield from _message_rows(interaction.contents, _Rows("", topic, "message"))
    else:
        topic = _topic(interaction.request, interaction.description)
        yield from _message_rows(interaction.request, _Rows("", topic, "request message"))
        for answer in interaction.responses:
            yield from _message_rows(answer, _Rows("", topic, "response message"))


def _request_rows(request: HttpRequest, rows: _Rows) -> Iterator[UsageRow]:
    yield rows.row("path", "", _of_rule(_only(request.rules, "path")))
    for name in request.query or {}:
        yield rows.row("query", name, _of_rule(_by_name(request.rules, "query", name)))
    for name in request.headers or {}:
        yield rows.row("header", name.lower(), _of_rule(_by_name(request.rules, "header", name)))
    yield from _body_rows(request.body, content_types.in_headers(request.headers), request.rules, rows)


def _response_rows(response: HttpResponse, rows: _Rows) -> Iterator[UsageRow]:
    yield rows.row("status", "", _of_rule(_only(response.rules, "status")), "integer")
    for name in response.headers or {}:
        yield rows.row("header", name.lower(), _of_rule(_by_name(response.rules, "header", name)))
    yield from _body_rows(response.body, content_types.in_headers(response.headers), response.rules, rows)


def _message_rows(contents: MessageContents, rows: _Rows) -> Iterator[UsageRow]:
    # That the message is used at all, whatever is in it.
    yield rows.row("", "", "presence", "")
    ready = _parsed(contents.rules.get("metadata", {}))
    for name, value in contents.metadata.items():
        chosen = _START
        for path, rule in ready:
            chosen = _heavier(chosen, path, rule, (name,))
        yield rows.row("metadata", name, _of_rule(chosen[1]), type_name(value))
    yield from _body_rows(contents.body, content_types.in_metadata(contents.metadata), contents.rules, rows)


def _only(rules: Rules, category: str) -> Rule | None:
    return next(iter(rules.get(category, {}).values()), None)


def _by_name(rules: Rules, category: str, name: str) -> Rule | None:
    fold = category == "header"
    entries = rules.get(category, {})
    return next((rule for key, rule in entries.items() if (key.lower() == name.lower() if fold else key == name)), None)


def _body_rows(body: Body, stated: content_types.ContentType | None, rules: Rules, rows: _Rows) -> Iterator[UsageRow]:
    if body.state == "missing":
        return
    if body.state != "present":
        yield rows.row("body", "$", "value", "null")
        return
    kind = content_types.of_body(body, stated)
    ready = _parsed(rules.get("body", {}))
    places: Iterable[_Place] | None = None
    if kind.is_json:
        try:
            places = _json_places(json_text.loads(body.content), ready, (), (), _START)
        except json_text.JsonInvalid:
            places = None
    elif kind.is_xml:
        from tallystick.contract import usage_xml

        elements = usage_xml.elements(body.content)
        places = None if elements is None else _named_places(elements, ready)
    elif kind.is_form:
        fields = parse_qsl(body.content.decode(errors="replace"), keep_blank_values=True, max_num_fields=None)
        places = _named_places([(name,) for name, _ in fields], ready)
    if places is None:
        # Text, bytes, and what cannot be read: the whole is one place.
        places = [((), _of_rule(_weighed(ready, ())), "string")]
    for path, strictness, value_type in places:
        yield rows.row("body", paths.render(path), strictness, value_type)


_Place: TypeAlias = tuple[tuple[paths.Token, ...], Strictness, str]
_Ready: TypeAlias = tuple[tuple[paths.Path, Rule], ...]
_Chosen: TypeAlias = tuple[int, "Rule | None", int]
"""The score of the rule chosen so far, the rule, and the number of steps of its path."""
_START: Final[_Chosen] = (0, None, 0)


def _parsed(entries: Mapping[str, Rule]) -> _Ready:
    found: list[tuple[paths.Path, Rule]] = []
    for key, rule in entries.items():
        try:
            found.append((paths.parse(key), rule))
        except PathInvalid:
            continue
    return tuple(found)


def _heavier(chosen: _Chosen, path: paths.Path, rule: Rule, fragments: Sequence[paths.Fragment]) -> _Chosen:
    score = paths.score(path, fragments)
    return (score, rule, len(path)) if score and score >= chosen[0] else chosen


def _weighed(rules: _Ready, fragments: Sequence[paths.Fragment]) -> Rule | None:
    chosen = _START
    for path, rule in rules:
        chosen = _heavier(chosen, path, rule, fragments)
    return chosen[1]


def _named_places(names: Iterable[tuple[str, ...]], rules: _Ready) -> Iterator[_Place]:
    for name in names:
        yield name, _of_rule(_weighed(rules, name)), "string"


def _json_places(
    value: Any,
    rules: _Ready,
    fragments: tuple[paths.Fragment, ...],
    shown: tuple[paths.Token, ...],
    chosen: _Chosen,
) -> Iterator[_Place]:
    # Rules that cannot apply below here are dropped on the way down, so that the walk costs the rules that are near.
    depth = len(fragments)
    near: list[tuple[paths.Path, Rule]] = []
    for path, rule in rules:
        if len(path) == depth:
            chosen = _heavier(chosen, path, rule, fragments)
        elif len(path) > depth and (not depth or paths.token_weight(path[depth - 1], fragments[-1])):
            near.append((path, rule))
    rule_here = chosen[1]
    exact = rule_here is not None and chosen[2] == depth
    yield shown, _of_container(value, rule_here, exact), type_name(value)
    below = tuple(near)
    if isinstance(value, dict):
        each = _matcher(rule_here, "eachValue") if exact else None
        if each is not None and rule_here is not None:
            # An eachValue hides every other rule below it.
            inner = Rule(tuple(_nested(each)))
            below, chosen = (((*fragments, paths.ANY), inner),), _START
        free = each is not None or (exact and _matcher(rule_here, "values") is not None)
        for key, member in value.items():
            yield from _json_places(member, below, (*fragments, key), (*shown, paths.ANY if free else key), chosen)
    elif isinstance(value, list):
        variants = _variants(rule_here) if exact else {}
        for index, item in enumerate(value):
            step = (*shown, paths.ANY_INDEX)
            if index in variants:
                yield from (
                    (step + place[0], *place[1:]) for place in _json_places(item, variants[index], (), (), _START)
                )
            else:
                yield from _json_places(item, below, (*fragments, index), step, chosen)


def _matcher(rule: Rule | None, name: str) -> Matcher | None:
    return next((m for m in rule.matchers if m.name == name), None) if rule is not None else None


def _nested(each: Matcher) -> Iterator[Matcher]:
    written = each.config.get("rules")
    for one in written if isinstance(written, list) else ():
        if isinstance(one, dict):
            try:
                yield read_matcher(one)
            except RuleInvalid:
                continue


def _variants(rule: Rule | None) -> dict[int, _Ready]:
    """The rules of each variant of an arrayContains, by the item of the example that it describes."""
    contains = _matcher(rule, "arrayContains")
    written = contains.config.get("variants") if contains is not None else None
    found: dict[int, _Ready] = {}
    for position, variant in enumerate(written if isinstance(written, list) else ()):
        if isinstance(variant, dict):
            index = variant.get("index", position)
            if isinstance(index, int):
                found[index] = _parsed(read_variant_rules(variant) or {})
    return found


# --- how strictly ---------------------------------------------------------------------------------------------------

_BY_MATCHER: Final[Mapping[str, Strictness]] = {
    "equality": "value", "regex": "regex", "include": "regex", "type": "type", "integer": "type", "decimal": "type",
    "number": "type", "boolean": "type", "null": "type", "date": "format", "time": "format", "datetime": "format",
    "semver": "format", "contentType": "format", "statusCode": "range", "notEmpty": "presence", "values": "type",
    "arrayContains": "type", "eachKey": "format", "eachValue": "type",
}  # fmt: skip


def _of_rule(rule: Rule | None) -> Strictness:
    """How strictly a rule holds a scalar: without one it must be that value. Of alternatives the loosest counts."""
    if rule is None or not rule.matchers:
        return "value"
    levels = [STRICTNESS.index(_of_matcher(matcher)) for matcher in rule.matchers]
    return STRICTNESS[min(levels) if rule.combine == "OR" else max(levels)]


def _of_matcher(matcher: Matcher) -> Strictness:
    if matcher.name == "type" and ("min" in matcher.config or "max" in matcher.config):
        return "range"
    # An unknown matcher is a plugin's: it checks something, so no looser than a pattern.
    return _BY_MATCHER.get(matcher.name, "regex")


def _of_container(value: Any, rule: Rule | None, exact: bool) -> Strictness:
    """As `_of_rule`, but limits of length end with their container, and an object without rule needs its kind."""
    if not isinstance(value, dict | list):
        if rule is not None and not exact and all(m.name == "type" for m in rule.matchers):
            return "type"
        return _of_rule(rule)
    if rule is None:
        return "type" if isinstance(value, dict) else "value"
    strictness = _of_rule(rule)
    if exact:
        return strictness
    return "value" if _matcher(rule, "equality") is not None else "type"


def type_name(value: Any) -> str:
    """The JSON type of a value, integers told from other numbers."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float | Decimal):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "array"
