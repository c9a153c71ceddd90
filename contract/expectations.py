"""What an interaction expects, place by place: the ground on which two versions of it are compared.

A place is a part and a path: `("response body", "$.lines[0].total")`. What is expected there is the example with the
matchers that apply to it, after selection and cascade: no matcher means that very value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tallystick.contract import content_types, json_text, paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.matching import rule_tree
from tallystick.contract.model import (
    AsyncMessage,
    Body,
    Headers,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Interaction,
    Json,
    Matcher,
    MessageContents,
    Rule,
    Rules,
)

Place: TypeAlias = tuple[str, str]
Kind: TypeAlias = Literal["value", "array", "object", "whole"]


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be found at one place."""

    kind: Kind
    """`value`: a scalar or text. `array`, `object`: the container itself, not what is in it. `whole`: a fact."""
    example: Any
    """The value; the length of an array; the sorted keys of an object."""
    matchers: tuple[Matcher, ...] = ()
    combine: Literal["AND", "OR"] = "AND"
    cascaded: bool = False
    """The matchers come from a rule further up: limits of length do not apply."""


def expectations(interaction: Interaction) -> dict[Place, Expectation]:
    """Everything that an interaction expects, in the order of the document."""
    return dict(_all(interaction))


def _all(interaction: Interaction) -> Iterator[tuple[Place, Expectation]]:
    for state in interaction.states:
        yield ("provider state", state.name), _whole(dict(state.params))
    for name, configuration in interaction.plugin_configuration.items():
        yield ("plugin configuration", name), _whole(configuration)
    if interaction.transport not in (None, "http"):
        yield ("transport", ""), _whole(interaction.transport)
    if isinstance(interaction, HttpInteraction):
        yield from _request(interaction.request)
        yield from _response(interaction.response)
    elif isinstance(interaction, AsyncMessage):
        yield from _message("message", interaction.contents)
    else:
        yield from _message("request message", interaction.request)
        for index, response in enumerate(interaction.responses):
            yield from _message(f"response message {index + 1}", response)


def _whole(value: Any) -> Expectation:
    return Expectation("whole", value)


def _request(request: HttpRequest) -> Iterator[tuple[Place, Expectation]]:
    yield ("request method", ""), _value(request.method, None)
    yield ("request path", ""), _value(request.path, _only(request.rules, "path"))
    for name, values in (request.query or {}).items():
        rule = _by_name(request.rules, "query", name)
        yield ("request query", name), _value([value or "" for value in values], rule)
    yield from _headers("request header", request.headers, request.rules)
    stated = content_types.in_headers(request.headers)
    yield from _body("request body", request.body, stated, request.rules)
    yield from _generators("request", request)


def _response(response: HttpResponse) -> Iterator[tuple[Place, Expectation]]:
    yield ("response status", ""), _value(response.status, _only(response.rules, "status"))
    yield from _headers("response header", response.headers, response.rules)
    stated = content_types.in_headers(response.headers)
    yield from _body("response body", response.body, stated, response.rules)
    yield from _generators("response", response)


def _message(label: str, contents: MessageContents) -> Iterator[tuple[Place, Expectation]]:
    tree = _tree(contents.rules.get("metadata", {}))
    for name, value in contents.metadata.items():
        yield (f"{label} metadata", name), _at(tree.step(name), "value", value)
    stated = content_types.in_metadata(contents.metadata)
    yield from _body(f"{label} body", contents.body, stated, contents.rules)
    yield from _generators(label, contents)


def _generators(label: str, part: HttpRequest | HttpResponse | MessageContents) -> Iterator[tuple[Place, Expectation]]:
    for category, entries in part.generators.items():
        for key, generator in entries.items():
            place = f"{category} {key}".strip()
            yield (f"{label} generator", place), _whole({"type": generator.name, **generator.config})


def _headers(part: str, headers: Headers | None, rules: Rules) -> Iterator[tuple[Place, Expectation]]:
    for name, values in (headers or {}).items():
        rule = _by_name(rules, "header", name, fold=True)
        yield (part, name.lower()), _value(list(values), rule)


def _value(example: Any, rule: Rule | None) -> Expectation:
    if isinstance(example, list) and len(example) == 1:
        example = example[0]
    return Expectation("value", example) if rule is None else Expectation("value", example, rule.matchers, rule.combine)


def _only(rules: Rules, category: str) -> Rule | None:
    return next(iter(rules.get(category, {}).values()), None)


def _by_name(rules: Rules, category: str, name: str, *, fold: bool = False) -> Rule | None:
    entries = rules.get(category, {})
    if not fold:
        return entries.get(name)
    return next((rule for key, rule in entries.items() if key.lower() == name.lower()), None)


def _body(
    part: str, body: Body, stated: content_types.ContentType | None, rules: Rules
) -> Iterator[tuple[Place, Expectation]]:
    if body.state == "missing":
        return
    kind = content_types.of_body(body, stated)
    yield (part.replace(" body", " content type"), ""), _whole(str(kind))
    if body.state != "present":
        yield (part, "$"), _whole("no body")
        return
    entries = rules.get("body", {})
    if kind.is_json:
        try:
            value = json_text.loads(body.content)
        except json_text.JsonInvalid:
            pass
        else:
            yield from _walk(part, value, _tree(entries), ())
            return
    yield (part, "$"), _whole(body.content)
    for key, rule in entries.items():
        yield (f"{part} rule", key), Expectation("whole", None, rule.matchers, rule.combine)


def _tree(entries: Mapping[str, Rule]) -> rule_tree.Place:
    """The rules as matching walks them, so that the same ones are chosen here. What is no path is left out."""
    return rule_tree.tree({key: rule for key, rule in entries.items() if _is_path(key)})


def _is_path(key: str) -> bool:
    try:
        paths.parse(key)
    except PathInvalid:
        return False
    return True


def _at(place: rule_tree.Place, kind: Kind, example: Any) -> Expectation:
    rule = place.rule
    if rule is None:
        return Expectation(kind, example)
    matchers = tuple(check.matcher for check in rule.checks)
    return Expectation(kind, example, matchers, "OR" if rule.any_of else "AND", place.cascaded)


def _walk(
    part: str, value: Json, place: rule_tree.Place, way: tuple[paths.Fragment, ...]
) -> Iterator[tuple[Place, Expectation]]:
    here = (part, paths.render(way))
    if isinstance(value, dict):
        yield here, _at(place, "object", tuple(sorted(value)))
        for key, member in value.items():
            yield from _walk(part, member, place.step(key), (*way, key))
    elif isinstance(value, list):
        yield here, _at(place, "array", len(value))
        for index, item in enumerate(value):
            yield from _walk(part, item, place.item(index), (*way, index))
    else:
        yield here, _at(place, "value", value)
