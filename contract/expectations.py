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
    tree = _parsed(contents.rules.get("metadata", {}))
    for name, value in contents.metadata.items():
        matchers, combine, cascaded = _selected(tree, (name,))
        yield (f"{label} metadata", name), Expectation("value", value, matchers, combine, cascaded)
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
            yield from _walk(part, value, _parsed(entries), (), _START)
            return
    yield (part, "$"), _whole(body.content)
    for key, rule in entries.items():
        yield (f"{part} rule", key), Expectation("whole", None, rule.matchers, rule.combine)


_Parsed: TypeAlias = tuple[tuple[paths.Path, Rule], ...]
_Best: TypeAlias = tuple[int, int, Rule | None]
"""The score of the best rule so far, the number of its steps, the rule."""
_START: _Best = (0, 0, None)


def _parsed(entries: Mapping[str, Rule]) -> _Parsed:
    found = []
    for key, rule in entries.items():
        try:
            found.append((paths.parse(key), rule))
        except PathInvalid:
            continue
    return tuple(found)


def _selected(
    rules: _Parsed, fragments: tuple[paths.Fragment, ...]
) -> tuple[tuple[Matcher, ...], Literal["AND", "OR"], bool]:
    best, steps, chosen = _START
    for path, rule in rules:
        score = paths.score(path, fragments)
        if score and score >= best:
            best, steps, chosen = score, len(path), rule
    return ((), "AND", False) if chosen is None else (chosen.matchers, chosen.combine, steps < len(fragments))


def _walk(
    part: str, value: Json, rules: _Parsed, fragments: tuple[paths.Fragment, ...], best: _Best
) -> Iterator[tuple[Place, Expectation]]:
    # Rules that cannot apply below here are dropped on the way down, so that the walk costs the rules that are near.
    depth = len(fragments)
    near = []
    for path, rule in rules:
        if len(path) == depth:
            score = paths.score(path, fragments)
            if score and score >= best[0]:
                best = (score, depth, rule)
        elif not depth or paths.token_weight(path[depth - 1], fragments[-1]):
            near.append((path, rule))
    rule_here = best[2]
    matchers = rule_here.matchers if rule_here is not None else ()
    combine = rule_here.combine if rule_here is not None else "AND"
    cascaded = best[1] < depth
    place = (part, paths.render(fragments))
    below = tuple(near)
    if isinstance(value, dict):
        yield place, Expectation("object", tuple(sorted(value)), matchers, combine, cascaded)
        for key, member in value.items():
            yield from _walk(part, member, below, (*fragments, key), best)
    elif isinstance(value, list):
        yield place, Expectation("array", len(value), matchers, combine, cascaded)
        for index, item in enumerate(value):
            yield from _walk(part, item, below, (*fragments, index), best)
    else:
        yield place, Expectation("value", value, matchers, combine, cascaded)
