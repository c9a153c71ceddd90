"""A template becomes an example, rules and generators: what a contract file holds in place of matchers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from tallystick.client_sdk.matchers import Matcher, MatcherMisuse, json_word, rule_json
from tallystick.contract import model

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_PLAIN_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True)
class Expanded:
    """What a template says, apart: `optional` names the paths that the contract leaves out."""

    example: Any = None
    rules: dict[str, model.Rule] = field(default_factory=dict)
    generators: dict[str, model.Generator] = field(default_factory=dict)
    optional: list[str] = field(default_factory=list)


_LEFT_OUT: Final = object()


def expand(template: object, *, root: str = "$", keep_optional: bool = False, place: str = "body") -> Expanded:
    """The example, the rules and the generators of a JSON template, with paths that begin at `root`.

    `keep_optional` keeps the fields marked `optional` (for the mock's answer) instead of leaving them out (for the
    contract). Raises `MatcherMisuse` for what is not JSON, naming the place.
    """
    out = Expanded()
    example = _walk(template, root, out, keep_optional, place)
    out.example = None if example is _LEFT_OUT else example
    return out


def step(path: str, name: str) -> str:
    """The path of a member: `.name`, or `['name']` where the name is not plain."""
    if _PLAIN_NAME.fullmatch(name):
        return f"{path}.{name}"
    return f"{path}['{name}']"


def _walk(node: object, path: str, out: Expanded, keep: bool, place: str) -> Any:
    if isinstance(node, Matcher):
        return _matcher(node, path, out, keep, place)
    if isinstance(node, Mapping):
        return _members(node, path, out, keep, place, star=False)
    if isinstance(node, (list, tuple)):
        return [_walk(item, f"{path}[{index}]", out, keep, place) for index, item in enumerate(node)]
    if node is None or isinstance(node, (bool, int, str, Decimal)):
        return node
    if isinstance(node, float):
        if node != node or node in (float("inf"), float("-inf")):
            raise MatcherMisuse(f"{place} {path}: {node} is not a JSON number")
        return node
    raise MatcherMisuse(
        f"{place} {path}: {type(node).__name__} is not a JSON value; "
        "use dict, list, str, int, float, bool, None or a matcher"
        + (", or expects() for a model" if hasattr(node, "__dict__") else "")
    )


def _matcher(node: Matcher[Any], path: str, out: Expanded, keep: bool, place: str) -> Any:
    if node.optional:
        out.optional.append(path)
        if not keep:
            return _LEFT_OUT
    if node.variants is not None:
        rule = model.Matcher(
            "arrayContains", {"variants": [_variant(v, i, place) for i, v in enumerate(node.variants)]}
        )
        _put(out, path, model.Rule((rule,)), node.generator)
        return [expand(variant, keep_optional=keep, place=place).example for variant in node.variants]
    inner = node.example
    rules, generator = node.rules, node.generator
    while isinstance(inner, Matcher) and node.children == "own" and not inner.optional:
        # like(integer(7)): both rules hold, at the same path.
        if inner.variants is not None or inner.children != "own":
            break
        rules, generator, inner = (*rules, *inner.rules), generator or inner.generator, inner.example
    if rules:
        _put(out, path, model.Rule(rules, node.combine), generator)
    if isinstance(inner, bytes):
        return inner
    if node.children == "items" and isinstance(inner, (list, tuple)):
        items = [_walk(item, f"{path}[*]", out, keep, place) for item in inner]
        return items * node.copies
    if node.children == "entries" and isinstance(inner, Mapping):
        return _members(inner, path, out, keep, place, star=True)
    return _walk(inner, path, out, keep, place)


def _members(
    node: Mapping[Any, object], path: str, out: Expanded, keep: bool, place: str, *, star: bool
) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in node.items():
        if not isinstance(name, str):
            raise MatcherMisuse(f"{place} {path}: the key {name!r} is not a text, as JSON keys are")
        below = f"{path}.*" if star else step(path, name)
        before = len(out.rules)
        found = _walk(value, below, out, keep, place)
        if "'" in name and not star and len(out.rules) > before:
            raise MatcherMisuse(
                f"{place} {path}: a matcher below the key {name!r} cannot be written, as contract paths have no way "
                "to quote an apostrophe; put the matcher on the object that holds the key"
            )
        if found is not _LEFT_OUT:
            members[name] = found
    return members


def _variant(template: object, index: int, place: str) -> model.Json:
    inner = expand(template, place=place)
    rules: dict[str, model.Json] = {
        path: {"combine": rule.combine, "matchers": [rule_json(m) for m in rule.matchers]}
        for path, rule in inner.rules.items()
    }
    generators: dict[str, model.Json] = {
        path: {"type": generator.name, **generator.config} for path, generator in inner.generators.items()
    }
    variant: dict[str, model.Json] = {"index": index, "rules": rules}
    if generators:
        variant["generators"] = generators
    return variant


def _put(out: Expanded, path: str, rule: model.Rule, generator: model.Generator | None) -> None:
    known = out.rules.get(path)
    if known is not None and known != rule:
        raise MatcherMisuse(
            f"two different matchers meet at {path}: the items of one list must share one template; "
            "use array_containing() for a list of different items"
        )
    out.rules[path] = rule
    if generator is not None:
        out.generators[path] = generator


# --- names and texts: paths, headers, query parameters ----------------------------------------------------------------


@dataclass(slots=True)
class Texts:
    """Named lists of texts (headers or query parameters) with their rules and generators by name."""

    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rules: dict[str, model.Rule] = field(default_factory=dict)
    generators: dict[str, model.Generator] = field(default_factory=dict)


def texts(named: Mapping[str, object], *, place: str) -> Texts:
    """Headers or query parameters: each value a scalar, a matcher, or a list of scalars, with a matcher around it."""
    out = Texts()
    for name, value in named.items():
        if not isinstance(name, str) or not name:
            raise MatcherMisuse(f"{place}: the name {name!r} is not a text")
        if place == "header" and not _HEADER_NAME.fullmatch(name):
            raise MatcherMisuse(f"header {name!r}: no header can have such a name")
        matcher, plain = _unwrap(value, f"{place} {name!r}")
        items = plain if isinstance(plain, (list, tuple)) else [plain]
        if isinstance(value, Matcher) and value.children == "items":
            items = list(items) * value.copies
        words = [_word(item, f"{place} {name!r}") for item in items]
        if place == "header":
            if any(not _HEADER_VALUE.fullmatch(word) for word in words):
                raise MatcherMisuse(f"header {name!r}: a value holds what no header can: {words}")
            from tallystick.contract.http_text import split_header

            # The matching splits what it receives, so the expectation must be split as well.
            words = [piece for word in words for piece in split_header(name, word)]
        out.values[name] = tuple(words)
        if matcher is not None:
            out.rules[name] = model.Rule(matcher.rules, matcher.combine)
            if matcher.generator is not None:
                out.generators[name] = matcher.generator
    return out


def scalar_text(value: object, *, place: str) -> tuple[str, model.Rule | None, model.Generator | None]:
    """A path or another single text: the example, its rule, its generator."""
    matcher, plain = _unwrap(value, place)
    rule = model.Rule(matcher.rules, matcher.combine) if matcher is not None else None
    return _word(plain, place), rule, matcher.generator if matcher is not None else None


def _unwrap(value: object, place: str) -> tuple[Matcher[Any] | None, object]:
    """The one matcher around a text value, and the example below it. `each_like(regex(…))` joins both."""
    if not isinstance(value, Matcher):
        if isinstance(value, (list, tuple)) and any(isinstance(item, Matcher) for item in value):
            raise MatcherMisuse(f"{place}: put one matcher around the whole list, e.g. each_like(regex(…))")
        return None, value
    if value.optional:
        raise MatcherMisuse(f"{place}: optional() is for fields of a response's JSON body")
    if value.variants is not None:
        raise MatcherMisuse(f"{place}: array_containing() is for lists in JSON bodies")
    inner: object = value.example
    if value.children == "items" and isinstance(inner, (list, tuple)) and len(inner) == 1:
        if isinstance(inner[0], Matcher):
            below = inner[0]
            joined: Matcher[Any] = Matcher(
                [below.example], (*value.rules, *below.rules), "AND", below.generator, "items", value.copies
            )
            return joined, [below.example]
        return value, inner
    if isinstance(inner, Matcher):
        return Matcher(
            inner.example, (*value.rules, *inner.rules), "AND", value.generator or inner.generator
        ), inner.example
    return value, inner


def _word(value: object, place: str) -> str:
    if value is None or isinstance(value, (str, bool, int, float, Decimal)):
        return "" if value is None else json_word(value)
    raise MatcherMisuse(f"{place}: {value!r} is not a text or a number")
