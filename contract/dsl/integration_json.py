"""JSON with matchers in it: any value may be an object that says how to match, what to generate, and an example.

    {"id": {"pact:matcher:type": "integer", "value": 5}, "all": {"pact:matcher:type": "type", "min": 1, "value": [""]}}

`expand` takes it apart into the example, the matching rules and the generators, exactly as the Pact core does, so that
documents of other SDKs mean the same here. What the core drops with a line in its log is a complaint here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal, TypeAlias
from urllib.parse import urlencode

from tallystick.contract import bodies, json_text, paths
from tallystick.contract.complaints import pointer
from tallystick.contract.dsl import expressions
from tallystick.contract.errors import Complaint
from tallystick.contract.model import Generator, Json, Matcher, Rule
from tallystick.contract.paths import ANY, ANY_INDEX, Path
from tallystick.contract.rules import RuleInvalid, read_matcher

Category: TypeAlias = Literal["body", "metadata", "path", "query", "header", "status"]

_Key: TypeAlias = Callable[[Path], str]

MATCHER: Final = "pact:matcher:type"
GENERATOR: Final = "pact:generator:type"


@dataclass(frozen=True, slots=True)
class Expanded:
    """What a document with matchers means."""

    example: Json
    """The document with every matcher replaced by its example. For header and query a list when several values."""
    rules: Mapping[str, Rule] = field(default_factory=dict)
    """For the category asked for, by the keys that `contract.model.Rules` has there."""
    generators: Mapping[str, Generator] = field(default_factory=dict)
    complaints: tuple[Complaint, ...] = ()
    """What could not be read, and therefore matches nothing: where in the document, what, and the fix."""


def expand(document: Json, category: Category = "body", name: str = "") -> Expanded:
    """Take a document apart. `name` is the header, parameter or metadata key that it stands for.

    Body and metadata: any JSON value. Elsewhere: an object, or its text; any other text is the value itself.
    """
    if category in ("body", "metadata"):
        root: Path = (name,) if category == "metadata" else ()
        reading = Reading(lambda path: paths.render(path) if category == "body" else _metadata_key(path))
        return reading.expanded(reading.value(document, root, ""))
    reading = Reading(lambda path: name)
    return reading.expanded(reading.plain(document))


def expand_form(document: Json) -> Expanded:
    """A form given as a JSON object: the encoded form as `example`. A text is a form already.

    Fields that are neither text, number nor an array of these are left out, with their rules.
    """
    if isinstance(document, str):
        return Expanded(document)
    reading = Reading(paths.render)
    value = reading.value(document, (), "")
    fields: list[tuple[str, str]] = []
    dropped: set[str] = set()
    message = "a form field is text, a number or an array of these"
    for name, member in value.items() if isinstance(value, dict) else ():
        parts = member if isinstance(member, list) else [member]
        if all(isinstance(part, str | int | float | Decimal) and not isinstance(part, bool) for part in parts):
            fields.extend((name, bodies.as_text(part)) for part in parts)
        else:
            dropped.add(name)
            reading.complaints.append(Complaint(pointer("", name), message))
    for key in [key for key in reading.rules if dropped.intersection(map(str, paths.parse(key)[:1]))]:
        del reading.rules[key]
    for key in [key for key in reading.generators if dropped.intersection(map(str, paths.parse(key)[:1]))]:
        del reading.generators[key]
    return reading.expanded(urlencode(fields))


def _metadata_key(path: Path) -> str:
    return str(path[0]) if len(path) == 1 else paths.render(path)[1:].removeprefix(".")


# What of an object belongs to its matcher; an unknown matcher (a plugin's) takes everything that is not reserved.
_MATCHER_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "equality": (), "regex": ("regex",), "type": ("min", "max"), "min": ("min",), "max": ("max",),
    "min-type": ("min",), "max-type": ("max",), "include": ("value",), "integer": (), "decimal": (), "real": (),
    "number": (), "boolean": (), "null": (), "date": ("format", "date"), "time": ("format", "time"),
    "datetime": ("format", "datetime"), "timestamp": ("format", "timestamp"), "contentType": ("value",),
    "content-type": ("value",), "values": (), "statusCode": ("status",), "status-code": ("status",), "notEmpty": (),
    "not-empty": (), "semver": (), "eachKey": ("rules", "value", "generator"),
    "each-key": ("rules", "value", "generator"), "eachValue": ("rules", "value", "generator"),
    "each-value": ("rules", "value", "generator"),
}  # fmt: skip
_GENERATOR_MEMBERS: Final[Mapping[str, tuple[str, ...]]] = {
    "RandomInt": ("min", "max"), "RandomDecimal": ("digits",), "RandomHexadecimal": ("digits",),
    "RandomString": ("size",), "Regex": ("regex",), "Uuid": ("format",), "Date": ("format", "expression"),
    "Time": ("format", "expression"), "DateTime": ("format", "expression"), "RandomBoolean": (),
    "ProviderState": ("expression", "dataType"), "MockServerURL": ("example", "regex"),
}  # fmt: skip
_FOR_EACH_VALUE: Final = frozenset({"values", "eachValue", "arrayContains"})
_DATES: Final = frozenset({"date", "time", "datetime"})


class _Unreadable(Exception):
    """Part of the document is no matcher. The message says why."""


class Reading:
    """Rules and generators as they are found. `key` turns a path into the key of the category."""

    def __init__(self, key: _Key) -> None:
        self.key = key
        self.rules: dict[str, list[Matcher]] = {}
        self.generators: dict[str, Generator] = {}
        self.complaints: list[Complaint] = []

    def expanded(self, example: Json) -> Expanded:
        rules = {key: Rule(tuple(matchers)) for key, matchers in self.rules.items()}
        return Expanded(example, rules, self.generators, tuple(self.complaints))

    def value(self, document: Json, path: Path, at: str) -> Json:
        if isinstance(document, dict):
            if MATCHER in document:
                return self.matched(document, path, at)
            return {
                key: self.value(member, (*path, key), pointer(at, key))
                for key, member in document.items()
                if not key.startswith("pact:")
            }
        if isinstance(document, list):
            return [self.value(item, (*path, index), pointer(at, index)) for index, item in enumerate(document)]
        return document

    def matched(self, document: dict[str, Json], path: Path, at: str) -> Json:
        """An object that is a matcher: note its rules and generator, go on inside its example."""
        variants: list[Json] | None = None
        try:
            found = self.definition(document, at)
            if any(matcher.name == "arrayContains" for matcher in found.matchers):
                variants = _variants_of(document)
        except (_Unreadable, RuleInvalid, expressions.ExpressionInvalid) as problem:
            self.complaints.append(Complaint(at, str(problem)))
            return None
        example = document.get("value")
        if variants is None and isinstance(example, dict) and MATCHER in example:
            inner = self.matched(example, path, pointer(at, "value"))
            self.note(path, found)
            return inner
        self.note(path, found)
        if variants is not None:
            return [Reading(paths.render).value(variant, (), "") for variant in variants]
        if isinstance(example, dict):
            each = any(matcher.name in _FOR_EACH_VALUE for matcher in found.matchers)
            return {
                key: self.value(member, (*path, ANY if each else key), pointer(at, "value", key))
                for key, member in example.items()
                if not key.startswith("pact:")
            }
        if isinstance(example, list):
            return [
                self.value(item, (*path, ANY_INDEX), pointer(at, "value", index)) for index, item in enumerate(example)
            ]
        return example

    def matcher_at(self, path: Path, document: Mapping[str, Json], at: str) -> None:
        """Note the rules and the generator of a matcher for a path; its example is the caller's business."""
        try:
            self.note(path, self.definition(document, at))
        except (_Unreadable, RuleInvalid, expressions.ExpressionInvalid) as problem:
            self.complaints.append(Complaint(at, str(problem)))

    def note(self, path: Path, found: _Found) -> None:
        key = self.key(path)
        rules = self.rules.setdefault(key, []) if found.matchers else []
        # Several examples of one item say the same again: one rule is enough.
        rules.extend(matcher for matcher in found.matchers if matcher not in rules)
        if found.generator:
            self.generators[key] = found.generator

    def definition(self, document: Mapping[str, Json], at: str) -> _Found:
        kind = document[MATCHER]
        generator = _generator(document)
        if isinstance(kind, list):
            return _Found(tuple(self.listed(one, at) for one in kind), generator)
        if isinstance(kind, str) and expressions.is_expression(kind):
            definition = expressions.parse(kind)
            return _Found(_resolved(definition, document), generator or definition.generator)
        return _Found((self.matcher(document, at),), generator)

    def listed(self, one: Json, at: str) -> Matcher:
        if not isinstance(one, dict) or MATCHER not in one:
            raise _Unreadable(f"a list of matchers holds objects with {MATCHER}, not {_shown(one)}")
        return self.matcher(one, at)

    def matcher(self, document: Mapping[str, Json], at: str) -> Matcher:
        """One named matcher, with the members of the object that are its own."""
        name = bodies.as_text(document[MATCHER])
        if name in ("arrayContains", "array-contains"):
            variants = _variants_of(document)
            if variants is None:
                raise _Unreadable(f"the matcher {name} needs `variants`, an array")
            return Matcher("arrayContains", {"variants": self.variants(variants, at)})
        members = _MATCHER_MEMBERS.get(name)
        if members is None:
            return Matcher(name, {k: v for k, v in document.items() if k not in (MATCHER, GENERATOR, "value")})
        written: dict[str, Json] = {"match": name}
        written |= {member: document[member] for member in members if member in document}
        if name in ("eachKey", "each-key", "eachValue", "each-value"):
            written = self.each(name, written)
        matcher = read_matcher(written)
        if matcher.name in _DATES:
            return Matcher(matcher.name, {"format": matcher.config.get("format", "")})
        if matcher.name == "type":
            # Limits that are no numbers mean nothing to the core, and would only puzzle readers of the file.
            return Matcher("type", {k: v for k, v in matcher.config.items() if isinstance(v, int) and v >= 0})
        if matcher.name == "statusCode":
            return Matcher("statusCode", {"status": "success", **matcher.config})
        return matcher

    def each(self, name: str, written: Mapping[str, Json]) -> dict[str, Json]:
        rules = written.get("rules", [])
        if not isinstance(rules, list):
            raise _Unreadable(f"`rules` of the matcher {name} is an array of matchers, not {_shown(rules)}")
        nested: list[Json] = []
        for rule in rules:
            if not isinstance(rule, dict):
                raise _Unreadable(f"`rules` of the matcher {name} holds {_shown(rule)}, which is no matcher")
            renamed = {(MATCHER if key == "match" else key): member for key, member in rule.items()}
            matcher = self.matcher(renamed, "") if MATCHER in renamed else read_matcher(rule)
            nested.append({"match": matcher.name, **matcher.config})
        raw = {"value": bodies.as_text(written["value"])} if "value" in written else {}
        return {**written, **raw, "rules": nested}

    def variants(self, variants: Iterable[Json], at: str) -> list[Json]:
        written: list[Json] = []
        for index, variant in enumerate(variants):
            reading = Reading(paths.render)
            reading.value(variant, (), pointer(at, "variants", index))
            self.complaints.extend(reading.complaints)
            rules: dict[str, Json] = {
                key: {"combine": "AND", "matchers": [{"match": m.name, **m.config} for m in matchers]}
                for key, matchers in reading.rules.items()
            }
            one: dict[str, Json] = {"index": index, "rules": rules}
            if reading.generators:
                one["generators"] = {k: {"type": g.name, **g.config} for k, g in reading.generators.items()}
            written.append(one)
        return written

    def plain(self, document: Json) -> Json:
        """A path, status, header or parameter: text, or an object that stands for one value or several."""
        if isinstance(document, str):
            document = _object_in(document)
        if not isinstance(document, dict):
            return bodies.as_text(document)
        if MATCHER in document:
            self.matcher_at((), document, "")
            if self.complaints:
                return ""
        value = document.get("value")
        if value is None:
            return ""
        return [bodies.as_text(one) for one in value] if isinstance(value, list) else bodies.as_text(value)


@dataclass(frozen=True, slots=True)
class _Found:
    matchers: tuple[Matcher, ...]
    generator: Generator | None


def _object_in(text: str) -> Json:
    """The JSON object that the text is; any other text is itself."""
    if not text.lstrip().startswith("{"):
        return text
    try:
        return json_text.loads(text)
    except json_text.JsonInvalid:
        return text


def _generator(document: Mapping[str, Json]) -> Generator | None:
    if GENERATOR not in document:
        return None
    name = bodies.as_text(document[GENERATOR])
    members = _GENERATOR_MEMBERS.get(name)
    if members is None:
        return Generator(name, {k: v for k, v in document.items() if k not in (MATCHER, GENERATOR, "value")})
    if name == "ProviderState" and "expression" not in document:
        return None
    return Generator(name, {member: document[member] for member in members if member in document})


def _resolved(definition: expressions.Definition, document: Mapping[str, Json]) -> tuple[Matcher, ...]:
    """The rules, references to other keys of the object replaced: by a type rule, alone or inside each."""
    matchers: list[Matcher] = []
    for rule in definition.rules:
        if isinstance(rule, Matcher):
            matchers.append(rule)
            continue
        if rule.name not in document:
            raise _Unreadable(f"the expression refers to the key {rule.name!r}, which is not in the object")
        if not rule.within:
            matchers.append(Matcher("type"))
        else:
            raise _Unreadable(f"a reference inside {rule.within} can only be resolved by a plugin")
    return tuple(matchers)


def _variants_of(document: Mapping[str, Json]) -> list[Json] | None:
    variants = document.get("variants")
    return variants if isinstance(variants, list) else None


def _shown(value: Json) -> str:
    text = json_text.dumps(value).decode()
    return text if len(text) <= 60 else text[:57] + "..."
