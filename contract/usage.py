"""What an interaction relies on, as rows: which operation, which part of it, which field, how strictly.

A field's path has its indexes generalised (`$.lines[*].total`), and an operation its path values (`/orders/{id}`), so
that the same reliance of many consumers reads the same. No row holds a value from a contract, names and types only.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple, TypeAlias
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
from tallystick.contract.operation import operation_of
from tallystick.contract.rules import RuleInvalid, read_matcher, read_variant_rules

Strictness: TypeAlias = Literal["presence", "type", "format", "range", "regex", "value"]
STRICTNESS: Final[tuple[Strictness, ...]] = ("presence", "type", "format", "range", "regex", "value")
"""From the loosest to the strictest."""

MAX_ROWS: Final = 20_000
"""Of one interaction. What is beyond is not mapped: such a contract holds a data set, not an expectation."""


class UsageRow(NamedTuple):
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
    method, template = operation_of(interaction, tuple(templates))
    return tuple(
        UsageRow(method, template, part, path, STRICTNESS[level], status, value_type)
        for (part, path), (level, status, value_type) in _found(interaction).items()
    )


# --- the places -----------------------------------------------------------------------------------------------------


class _Enough(Exception):
    """There are `MAX_ROWS` places."""


@dataclass(slots=True)
class _Places:
    """Collects the places of one side of an interaction, each with the strictest level, status and type."""

    found: dict[tuple[str, str], tuple[int, str, str]]
    side: str
    status: str = ""
    """Of the response."""

    def add(self, part: str, path: str, level: int, value_type: str = "string") -> None:
        """One more demand; `level` is the place in `STRICTNESS`."""
        key = (f"{self.side} {part}" if part else self.side, path)
        known = self.found.get(key)
        if known is None:
            if len(self.found) >= MAX_ROWS:
                raise _Enough
        elif level <= known[0]:
            return
        self.found[key] = (level, self.status, value_type)


def _found(interaction: Interaction) -> dict[tuple[str, str], tuple[int, str, str]]:
    """(part, path) -> (level, status, type of the example)."""
    found: dict[tuple[str, str], tuple[int, str, str]] = {}
    try:
        if isinstance(interaction, HttpInteraction):
            response = interaction.response
            _of_request(interaction.request, _Places(found, "request"))
            _of_response(response, _Places(found, "response", str(response.status)))
        elif isinstance(interaction, AsyncMessage):
            _of_message(interaction.contents, _Places(found, "message"))
        else:
            _of_message(interaction.request, _Places(found, "request message"))
            for answer in interaction.responses:
                _of_message(answer, _Places(found, "response message"))
    except _Enough:
        pass
    return found


def _of_request(request: HttpRequest, places: _Places) -> None:
    places.add("path", "", _of_rule(_only(request.rules, "path")))
    for name in request.query or {}:
        places.add("query", name, _of_rule(_by_name(request.rules, "query", name)))
    for name in request.headers or {}:
        places.add("header", name.lower(), _of_rule(_by_name(request.rules, "header", name)))
    _of_body(request.body, content_types.in_headers(request.headers), request.rules, places)


def _of_response(response: HttpResponse, places: _Places) -> None:
    places.add("status", "", _of_rule(_only(response.rules, "status")), "integer")
    for name in response.headers or {}:
        places.add("header", name.lower(), _of_rule(_by_name(response.rules, "header", name)))
    _of_body(response.body, content_types.in_headers(response.headers), response.rules, places)


def _of_message(contents: MessageContents, places: _Places) -> None:
    # That the message is used at all, whatever is in it.
    places.add("", "", _PRESENCE, "")
    rules = _tree(contents.rules.get("metadata", {}))
    for name, value in contents.metadata.items():
        places.add("metadata", name, _of_rule(_weighed(rules, (name,))), type_name(value))
    _of_body(contents.body, content_types.in_metadata(contents.metadata), contents.rules, places)


def _only(rules: Rules, category: str) -> Rule | None:
    return next(iter(rules.get(category, {}).values()), None)


def _by_name(rules: Rules, category: str, name: str) -> Rule | None:
    entries = rules.get(category)
    if not entries:
        return None
    fold = category == "header"
    return next((rule for key, rule in entries.items() if (key.lower() == name.lower() if fold else key == name)), None)


def _of_body(body: Body, stated: content_types.ContentType | None, rules: Rules, places: _Places) -> None:
    if body.state == "missing":
        return
    if body.state != "present":
        places.add("body", "$", _VALUE, "null")
        return
    kind = content_types.of_body(body, stated)
    tree = _tree(rules.get("body", {}))
    names: Iterable[tuple[str, ...]] | None = None
    if kind.is_json:
        try:
            value = json_text.loads(body.content)
        except json_text.JsonInvalid:
            names = None
        else:
            _of_json(value, _applying(tree), _START, 0, "$", places)
            return
    elif kind.is_xml:
        from tallystick.contract import usage_xml

        names = usage_xml.elements(body.content)
    elif kind.is_form:
        fields = parse_qsl(body.content.decode(errors="replace"), keep_blank_values=True, max_num_fields=None)
        names = [(name,) for name, _ in fields]
    # Text, bytes, and what cannot be read: the whole is one place.
    for path in [()] if names is None else names:
        places.add("body", paths.render(path), _of_rule(_weighed(tree, path)))


# --- which rule applies ---------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Rules:
    """The rules of a part as a tree of path steps, so that a walk meets only those that may still apply."""

    here: list[tuple[int, Rule]] = field(default_factory=list)
    """Rules whose path ends here, each with its place among all."""
    names: dict[str, _Rules] = field(default_factory=dict)
    indexes: dict[int, _Rules] = field(default_factory=dict)
    any: _Rules | None = None
    any_index: _Rules | None = None

    def below(self, token: paths.Token) -> _Rules:
        """The place one step further, made where there was none."""
        if isinstance(token, str):
            return self.names.setdefault(token, _Rules())
        if isinstance(token, int):
            return self.indexes.setdefault(token, _Rules())
        if token is paths.ANY:
            self.any = self.any or _Rules()
            return self.any
        self.any_index = self.any_index or _Rules()
        return self.any_index


_Applying: TypeAlias = list[tuple[int, _Rules]]
"""Weight (see `paths.weight`) and place of the rules whose paths lead to or beyond a value."""
_Chosen: TypeAlias = tuple[int, "Rule | None", int]
"""The score of the rule chosen so far, the rule, and the number of steps of its path."""
_START: Final[_Chosen] = (0, None, 0)
_INDEX: Final = re.compile(r"[0-9]{1,20}")


def _tree(entries: Mapping[str, Rule]) -> _Rules:
    root = _Rules()
    for place, (key, rule) in enumerate(entries.items()):
        try:
            path = paths.parse(key)
        except PathInvalid:
            continue
        node = root
        for token in path:
            node = node.below(token)
        node.here.append((place, rule))
    return root


def _applying(root: _Rules) -> _Applying:
    return [(2, root)]


def _further(applying: _Applying, step: paths.Fragment) -> _Applying:
    """What applies one step further; weights as `paths.token_weight` has them."""
    name = str(step)
    index = step if isinstance(step, int) else int(step) if _INDEX.fullmatch(step) else None
    found: _Applying = []
    for weight, rules in applying:
        if (named := rules.names.get(name)) is not None:
            found.append((2 * weight, named))
        if index is not None:
            if (indexed := rules.indexes.get(index)) is not None:
                found.append((2 * weight, indexed))
            if rules.any_index is not None:
                found.append((weight, rules.any_index))
        if rules.any is not None:
            found.append((weight, rules.any))
    return found


def _best(applying: _Applying, depth: int) -> tuple[int, int, Rule | None]:
    """Score (see `paths.score`), place and rule of the best whose path ends here; of equals the last counts."""
    best, latest, rule = 0, -1, None
    for weight, rules in applying:
        for place, one in rules.here:
            if (weight, place) > (best, latest):
                best, latest, rule = weight, place, one
    return best * (depth + 1), latest, rule


def _weighed(rules: _Rules, path: Sequence[paths.Fragment]) -> Rule | None:
    """The rule for a value by its path."""
    applying = _applying(rules)
    found = [_best(applying, 0)]
    for depth, step in enumerate(path, 1):
        applying = _further(applying, step)
        found.append(_best(applying, depth))
    return max(found, key=lambda one: one[:2])[2]


def _of_json(value: Any, applying: _Applying, chosen: _Chosen, depth: int, shown: str, places: _Places) -> None:
    """The places of a value and of all below it. `shown` is its path; `depth` counts from where the rules begin."""
    if applying:
        score, _, best = _best(applying, depth)
        if best is not None and score >= chosen[0]:
            chosen = (score, best, depth)
    rule = chosen[1]
    exact = rule is not None and chosen[2] == depth
    places.add("body", shown, _of_container(value, rule, exact), type_name(value))
    if isinstance(value, dict):
        each = _matcher(rule, "eachValue") if exact else None
        if each is not None:
            # An eachValue hides every other rule below it.
            inner = _Rules()
            inner.below(paths.ANY).here.append((0, Rule(tuple(_nested(each)))))
            applying, chosen = [(1, inner)], _START
        free = each is not None or (exact and _matcher(rule, "values") is not None)
        for key, member in value.items():
            below = _further(applying, key) if applying else applying
            _of_json(member, below, chosen, depth + 1, shown + (".*" if free else _step(key)), places)
    elif isinstance(value, list):
        variants = _variants(rule) if exact else {}
        shown += "[*]"
        for index, item in enumerate(value):
            if index in variants:
                _of_json(item, _applying(variants[index]), _START, 0, shown, places)
            else:
                below = _further(applying, index) if applying else applying
                _of_json(item, below, chosen, depth + 1, shown, places)


@lru_cache(maxsize=4096)
def _step(name: str) -> str:
    return paths.render((name,))[1:]


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


def _variants(rule: Rule | None) -> dict[int, _Rules]:
    """The rules of each variant of an arrayContains, by the item of the example that it describes."""
    contains = _matcher(rule, "arrayContains")
    written = contains.config.get("variants") if contains is not None else None
    found: dict[int, _Rules] = {}
    for position, variant in enumerate(written if isinstance(written, list) else ()):
        if isinstance(variant, dict):
            index = variant.get("index", position)
            if isinstance(index, int):
                found[index] = _tree(read_variant_rules(variant) or {})
    return found


# --- how strictly ---------------------------------------------------------------------------------------------------

_BY_MATCHER: Final[Mapping[str, Strictness]] = {
    "equality": "value", "regex": "regex", "include": "regex", "type": "type", "integer": "type", "decimal": "type",
    "number": "type", "boolean": "type", "null": "type", "date": "format", "time": "format", "datetime": "format",
    "semver": "format", "contentType": "format", "statusCode": "range", "notEmpty": "presence", "values": "type",
    "arrayContains": "type", "eachKey": "format", "eachValue": "type",
}  # fmt: skip


_PRESENCE: Final = STRICTNESS.index("presence")
_TYPE: Final = STRICTNESS.index("type")
_RANGE: Final = STRICTNESS.index("range")
_VALUE: Final = STRICTNESS.index("value")
_LEVELS: Final = {name: STRICTNESS.index(strictness) for name, strictness in _BY_MATCHER.items()}


def _of_rule(rule: Rule | None) -> int:
    """How strictly a rule holds a scalar: without one it must be that value. Of alternatives the loosest counts."""
    if rule is None or not rule.matchers:
        return _VALUE
    levels = [_of_matcher(matcher) for matcher in rule.matchers]
    return min(levels) if rule.combine == "OR" else max(levels)


def _of_matcher(matcher: Matcher) -> int:
    if matcher.name == "type" and ("min" in matcher.config or "max" in matcher.config):
        return _RANGE
    # An unknown matcher is a plugin's: it checks something, so no looser than a pattern.
    return _LEVELS.get(matcher.name, _LEVELS["regex"])


def _of_container(value: Any, rule: Rule | None, exact: bool) -> int:
    """As `_of_rule`, but limits of length end with their container, and an object without rule needs its kind."""
    if not isinstance(value, dict | list):
        if rule is not None and not exact and all(m.name == "type" for m in rule.matchers):
            return _TYPE
        return _of_rule(rule)
    if rule is None:
        return _TYPE if isinstance(value, dict) else _VALUE
    if exact:
        return _of_rule(rule)
    return _VALUE if _matcher(rule, "equality") is not None else _TYPE


_TYPE_NAMES: Final[Mapping[type, str]] = {
    type(None): "null", bool: "boolean", int: "integer", float: "number", Decimal: "number", str: "string",
    dict: "object", list: "array",
}  # fmt: skip


def type_name(value: Any) -> str:
    """The JSON type of a value, integers told from other numbers."""
    return _TYPE_NAMES[type(value)]
