"""Looks at a contract that loads for what its author will not have meant: rules that name nothing, and the like.

Only `reading.warnings` asks for this; reading alone does not pay for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from tallystick.contract import content_types, dates, json_text, paths, plugins, rules
from tallystick.contract.complaints import Notes, pointer
from tallystick.contract.model import Body, HttpRequest, HttpResponse, Interaction, Matcher, MessageContents, Rule


def check_part(
    part: HttpRequest | HttpResponse | MessageContents, written: Mapping[str, Any], at: str, notes: Notes
) -> None:
    """What is odd about one request, response or message; `written` is the document's form of it, found at `at`."""
    if isinstance(part, MessageContents):
        stated = content_types.in_metadata(part.metadata)
        body_at = at + "/contents"
    else:
        stated = content_types.in_headers(part.headers)
        body_at = at + "/body"
    example = _json_example(part.body, stated, body_at, notes)
    effort = _Effort()
    places = _Places(written, at)
    for category, entries in part.rules.items():
        for key, rule in entries.items():
            for problem in _problems(rule):
                notes.warn(places.pointer(category, key), problem)
            if not _names_something(category, key, part, example, effort):
                named = f"{category} {key}".strip()
                notes.warn(places.pointer(category, key), f"this rule names nothing that is in the example ({named})")


def check_interactions(interactions: Iterable[tuple[str, Interaction]], notes: Notes) -> None:
    """What is odd about interactions beside one another, each with its pointer."""
    keys: dict[str, str] = {}
    seen: dict[Any, str] = {}
    for at, interaction in interactions:
        notes.interaction = interaction.description
        if interaction.key is not None:
            first = keys.setdefault(interaction.key, at)
            if first != at:
                notes.warn(at + "/key", f"the key is that of {first} too; merging keeps one of them")
        # States with other parameters make another interaction for those who replay, though not for those who merge.
        states = tuple(
            (state.name, json_text.dumps(dict(state.params), sort_keys=True)) for state in interaction.states
        )
        identity = (type(interaction).__name__, interaction.description, states)
        first = seen.setdefault(identity, at)
        if first != at and interaction.key is None:
            notes.warn(at, f"description and provider states are those of {first} too; reports cannot tell them apart")
        for plugin in plugins.missing(interaction):
            notes.warn(at + "/pluginConfiguration", str(plugin))
    notes.interaction = None


class _Places:
    """The pointers of the rules of one part, worked out when the first is asked for."""

    def __init__(self, written: Mapping[str, Any], at: str) -> None:
        members = ("matchingRules", "requestMatchingRules", "responseMatchingRules")
        self._member = next((name for name in members if name in written), members[0])
        self._layout = written.get(self._member)
        self._at = at

    @cached_property
    def _steps(self) -> Mapping[tuple[str, str], tuple[str, ...]]:
        return rules.places(self._layout) if isinstance(self._layout, Mapping) else {}

    def pointer(self, category: str, key: str) -> str:
        return pointer(self._at, self._member, *self._steps.get((category, key), ()))


def _json_example(body: Body, stated: content_types.ContentType | None, at: str, notes: Notes) -> Any:
    """The JSON value of a body; `_NOT_JSON` for another type, where paths are not looked at."""
    if body.state != "present":
        return None
    kind = content_types.of_body(body, stated)
    if not kind.is_json:
        return _NOT_JSON
    try:
        return json_text.loads(body.content)
    except json_text.JsonInvalid as problem:
        notes.warn(at, f"the type of the body is {kind}, but it is {problem}; no actual body will match")
        return _NOT_JSON


_NOT_JSON = object()


def _names_something(
    category: str, key: str, part: HttpRequest | HttpResponse | MessageContents, example: Any, effort: _Effort
) -> bool:
    if category in ("body", "contents"):
        if example is None:
            return False
        return example is _NOT_JSON or _exists(example, paths.parse(key), effort)
    if isinstance(part, MessageContents):
        return category == "metadata" and _exists(dict(part.metadata), paths.parse(key), effort)
    if category == "header":
        return any(name.lower() == key.lower() for name in part.headers or {})
    if isinstance(part, HttpResponse):
        return category == "status"
    if category == "query":
        # The flat layout and some writers name one value of a parameter, as in `a[0]`.
        return key.partition("[")[0] in (part.query or {}) or key in (part.query or {})
    return category in ("path", "method")


class _Effort:
    """What looking for the paths of one body may cost: many rules with stars on a large body would cost minutes."""

    steps = 1_000_000


def _exists(value: Any, path: paths.Path, effort: _Effort) -> bool:
    here = [value]
    for token in path:
        if effort.steps <= 0:
            return True
        below: list[Any] = []
        for one in here:
            members: Iterable[tuple[str | int, Any]]
            if isinstance(one, dict):
                members = one.items()
            elif isinstance(one, list):
                members = enumerate(one)
            else:
                continue
            effort.steps -= len(one)
            below += [member for fragment, member in members if paths.token_weight(token, fragment)]
        if not below:
            return False
        here = below
    return True


def _problems(rule: Rule) -> Iterator[str]:
    for matcher in _with_nested(rule.matchers):
        problem = _problem(matcher)
        if problem:
            yield problem


def _problem(matcher: Matcher) -> str:
    if matcher.name == "regex":
        # Imported here: reading a contract needs no regular expressions.
        from tallystick.contract.matching import regexes

        source = str(matcher.config["regex"])
        try:
            regexes.compiled(source)
        except regexes.PatternInvalid as problem:
            return f"{_cut(source)} is not a regular expression: {problem}; nothing will match it"
        except regexes.PatternUnsupported as problem:
            return f"{_cut(source)} cannot be checked: {problem}"
    elif matcher.name in ("date", "time", "datetime") and matcher.config.get("format"):
        written = str(matcher.config["format"])
        try:
            dates.parse(written)
        except dates.PatternInvalid as problem:
            return f"{_cut(written)} is not a {matcher.name} format: {problem}; nothing will match it"
    elif matcher.name in ("eachKey", "eachValue") and not matcher.config.get("rules"):
        return f"{matcher.name} has no rules; nothing will match it"
    return ""


def _with_nested(matchers: Iterable[Matcher]) -> Iterator[Matcher]:
    for matcher in matchers:
        yield matcher
        if matcher.name in ("eachKey", "eachValue"):
            nested = matcher.config.get("rules")
            if isinstance(nested, list):
                yield from _with_nested(rules.read_matcher(one) for one in nested if isinstance(one, dict))
        elif matcher.name == "arrayContains":
            variants = matcher.config.get("variants")
            for variant in variants if isinstance(variants, list) else ():
                if isinstance(variant, dict):
                    for rule in (rules.read_variant_rules(variant) or {}).values():
                        yield from _with_nested(rule.matchers)


def _cut(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")
