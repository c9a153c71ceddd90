"""Matching rules and generators between documents and memory, in both layouts: by category, and flat by path.

Names become the canonical ones of the specification. Everything else about a matcher stays as it was written, except
that limits given as digits become integers, and the format of a date is always under `format`.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final, TypeVar

from tallystick.contract import limits, paths
from tallystick.contract.bodies import as_text
from tallystick.contract.complaints import Notes, pointer
from tallystick.contract.errors import PathInvalid
from tallystick.contract.model import Generator, Generators, Json, Matcher, Rule, Rules

MATCHERS: Final = frozenset(
    {
        "equality",
        "regex",
        "type",
        "include",
        "integer",
        "decimal",
        "number",
        "boolean",
        "null",
        "date",
        "time",
        "datetime",
        "contentType",
        "values",
        "arrayContains",
        "statusCode",
        "notEmpty",
        "semver",
        "eachKey",
        "eachValue",
    }
)
"""The matchers of the specification, by their canonical names."""

_ALIASES: Final = {
    "min": "type",
    "min-type": "type",
    "max": "type",
    "max-type": "type",
    "real": "decimal",
    "timestamp": "datetime",
    "content-type": "contentType",
    "array-contains": "arrayContains",
    "status-code": "statusCode",
    "not-empty": "notEmpty",
    "each-key": "eachKey",
    "each-value": "eachValue",
}

GENERATORS: Final = frozenset(
    {
        "RandomInt",
        "RandomDecimal",
        "RandomHexadecimal",
        "RandomString",
        "Regex",
        "Uuid",
        "Date",
        "Time",
        "DateTime",
        "RandomBoolean",
        "ProviderState",
        "MockServerURL",
    }
)

STATUS_CLASSES: Final = ("info", "success", "redirect", "clientError", "serverError", "nonError", "error")

CATEGORIES: Final = frozenset({"method", "path", "header", "query", "body", "status", "contents", "metadata"})
_GENERATOR_CATEGORIES: Final = CATEGORIES - {"contents"}
_T = TypeVar("_T")
_BY_PATH: Final = frozenset({"body", "metadata"})
_BY_NAME: Final = frozenset({"header", "query"})
_UNKEYED: Final = frozenset({"path", "status", "method"})


_PLAIN: Final = {name: Matcher(name) for name in ("type", "equality", "integer", "decimal", "number", "notEmpty")}
"""Most matchers of a document are one of these without any other member: one value serves them all."""


class RuleInvalid(ValueError):
    """A rule that the Pact core refuses to load. The message says what is wrong with it."""


def category_named(name: str) -> str:
    """The category that a name in a document means. Any unknown name means the body."""
    lowered = name.lower()
    if lowered == "headers":
        return "header"
    return lowered if lowered in CATEGORIES else "body"


def read_matcher(written: Mapping[str, Json]) -> Matcher:
    """A matcher of a document: `{"match": "regex", "regex": "a+"}`. Also for the `rules` of eachKey and eachValue.

    Raises `RuleInvalid` where a required member is missing. An unknown name is kept.
    """
    if len(written) == 1 and type(written.get("match")) is str and (plain := _PLAIN.get(str(written["match"]))):
        return plain
    name = _written_name(written)
    config = {key: value for key, value in written.items() if key not in ("match", "pact:matcher:type")}
    canonical = _ALIASES.get(name, name)
    check = _CHECKS.get(canonical)
    if check is not None:
        check(name, config)
    return Matcher(canonical, config)


def write_matcher(matcher: Matcher) -> dict[str, Json]:
    """The matcher as a document holds it."""
    return {"match": matcher.name, **matcher.config}


def read_rules(written: Any, at: str, notes: Notes) -> tuple[Rules, Any]:
    """The rules of a `matchingRules` member, in whichever layout, and what else stood in it by category.

    The layout shows in the first key by alphabet, not in the file's version: one that starts with `$` is flat.
    """
    if not written:
        return {}, None
    if not isinstance(written, Mapping):
        notes.warn(at, "matching rules are an object; these are ignored")
        return {}, written
    found: dict[str, dict[str, Rule]] = {}
    leftover: dict[str, Json] = {}
    if min(written).startswith("$"):
        _read_flat(written, at, notes, found)
    else:
        # In the order of names, as no order of keys in a document may change what it means.
        for name, entries in sorted(written.items()):
            _read_category(name, entries, pointer(at, name), notes, found, leftover)
    count = sum(len(rule.matchers) for rules in found.values() for rule in rules.values())
    if count > limits.MAX_RULES:
        notes.refuse(at, f"{count} rules are more than the {limits.MAX_RULES} allowed (MAX_RULES)")
    return _in_order(found), leftover or None


def places(written: Mapping[str, Any]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Where the rules of a `matchingRules` member stand: category and key of each to the steps that lead to it."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    if written and min(written).startswith("$"):
        for text in sorted(written):
            try:
                found[_flat_place(text)] = (text,)
            except (PathInvalid, RuleInvalid):
                continue
        return found
    for name, entries in sorted(written.items()):
        if not isinstance(entries, Mapping):
            continue
        category = category_named(name)
        alone = isinstance(entries.get("matchers"), list)
        for key in ("",) if alone else sorted(entries):
            steps = (name,) if alone else (name, key)
            if category in _UNKEYED:
                found.setdefault((category, ""), steps)
            else:
                found[category, key] = steps
    return found


def write_by_category(rules: Rules) -> dict[str, Any]:
    """The layout of V3 and V4. The rule of `path` stands alone, that of `status` under `$`."""
    written: dict[str, Any] = {}
    for category, entries in rules.items():
        members = {key: _write_rule(rule) for key, rule in entries.items()}
        if category in ("path", "method") and "" in members:
            written[category] = members[""]
        elif category == "status" and "" in members:
            written[category] = {"$": members[""]}
        elif members:
            written[category] = members
    return written


def write_flat(rules: Rules) -> dict[str, Any]:
    """The layout of V1 and V2. Raises `RuleInvalid` naming the first rule that it cannot express."""
    written: dict[str, Any] = {}
    for category, entries in rules.items():
        for key, rule in entries.items():
            flat = _flat_key(category, key)
            if len(rule.matchers) != 1:
                raise RuleInvalid(f"the rule at {flat} has {len(rule.matchers)} matchers, and there can be one")
            written[flat] = write_matcher(rule.matchers[0])
    return written


def read_generators(written: Any, at: str, notes: Notes) -> tuple[Generators, Any]:
    """The generators of a document, and the part of it that means nothing. Only bad paths are refused."""
    if not written:
        return {}, None
    if not isinstance(written, Mapping):
        notes.warn(at, "generators are an object; these are ignored")
        return {}, written
    found: dict[str, dict[str, Generator]] = {}
    leftover: dict[str, Any] = {}
    for name, entries in sorted(written.items()):
        category = name.lower()
        place = pointer(at, name)
        if category not in _GENERATOR_CATEGORIES or not isinstance(entries, Mapping):
            notes.warn(place, f'there is no generator category "{name}"; it is ignored')
            leftover[name] = entries
            continue
        alone = category in _UNKEYED and isinstance(entries.get("type"), str)
        for key, entry in [("", entries)] if alone else sorted(entries.items()):
            if category in _BY_PATH:
                try:
                    paths.parse(key)
                except PathInvalid as problem:
                    notes.refuse(pointer(place, key), str(problem))
                    continue
            if not isinstance(entry, Mapping) or not isinstance(entry.get("type"), str):
                notes.warn(place if alone else pointer(place, key), "a generator has a text `type`; it is ignored")
                if category not in _UNKEYED:
                    leftover.setdefault(name, {})[key] = entry
                continue
            if entry["type"] not in GENERATORS:
                notes.warn(place, f'there is no generator "{entry["type"]}"; the example is used as it is')
            config = {member: value for member, value in entry.items() if member != "type"}
            found.setdefault(category, {})["" if category in _UNKEYED else key] = Generator(entry["type"], config)
    return _in_order(found), leftover or None


def write_generators(generators: Generators) -> dict[str, Any]:
    """Generators as V3 and V4 hold them."""
    written: dict[str, Any] = {}
    for category, entries in generators.items():
        members = {key: {"type": generator.name, **generator.config} for key, generator in entries.items()}
        if members:
            written[category] = members[""] if category in _UNKEYED and "" in members else members
    return written


def _in_order(found: dict[str, dict[str, _T]]) -> dict[str, dict[str, _T]]:
    return {category: dict(sorted(entries.items())) for category, entries in sorted(found.items())}


def _written_name(written: Mapping[str, Json]) -> str:
    for key in ("match", "pact:matcher:type"):
        if key in written:
            if written[key] is None or written[key] == "":
                break
            return as_text(written[key])
    else:
        for key, name in _GUESSED.items():
            if key in written:
                return name
    raise RuleInvalid("a rule must name its matcher under `match`")


_GUESSED: Final = {
    "regex": "regex",
    "min": "min",
    "max": "max",
    "timestamp": "timestamp",
    "time": "time",
    "date": "date",
}
"""What a rule without a name is taken for, by its first member of these."""


def _require_text(member: str) -> Any:
    def check(name: str, config: dict[str, Json]) -> None:
        if member not in config:
            raise RuleInvalid(f"the matcher {name} needs `{member}`")
        config[member] = as_text(config[member])

    return check


def _check_limits(name: str, config: dict[str, Json]) -> None:
    for member in ("min", "max"):
        number = _limit(config[member]) if member in config else None
        if number is not None:
            config[member] = number
        elif name in (member, member + "-type"):
            raise RuleInvalid(f"the matcher {name} needs `{member}`, an integer from 0")


def _limit(value: Json) -> int | None:
    """A length limit as the Pact core takes it; None for what it ignores."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 20 else None
    if isinstance(value, int | float | Decimal) and 0 <= value < 1 << 63:
        return int(value)
    return None


def _check_format(name: str, config: dict[str, Json]) -> None:
    if "format" not in config and name in config:
        config["format"] = config.pop(name)
    if "format" in config:
        config["format"] = "" if config["format"] is None else as_text(config["format"])


def _check_status(name: str, config: dict[str, Json]) -> None:
    status = config.get("status", "success")
    if isinstance(status, str) and status in STATUS_CLASSES:
        return
    if isinstance(status, list) and all(
        _is_status(code) or (isinstance(code, int | float | Decimal) and not isinstance(code, bool)) for code in status
    ):
        # Numbers that are no status are read, and match nothing.
        config["status"] = [code for code in status if _is_status(code)]
        return
    raise RuleInvalid(f"`status` of the matcher {name} is one of {', '.join(STATUS_CLASSES)}, or an array of codes")


def _is_status(code: Json) -> bool:
    if isinstance(code, str):
        return code.isascii() and code.isdigit() and len(code) < 6
    return isinstance(code, int) and not isinstance(code, bool) and code >= 0


def _check_nested(name: str, config: dict[str, Json]) -> None:
    nested = config.get("rules", [])
    if not isinstance(nested, list):
        raise RuleInvalid(f"`rules` of the matcher {name} is an array of matchers")
    for rule in nested:
        if not isinstance(rule, dict):
            raise RuleInvalid(f"`rules` of the matcher {name} holds something that is not a matcher")
        read_matcher(rule)


def _check_variants(name: str, config: dict[str, Json]) -> None:
    variants = config.get("variants")
    if not isinstance(variants, list):
        raise RuleInvalid(f"the matcher {name} needs `variants`, an array")
    objects: list[Json] = [variant for variant in variants if isinstance(variant, dict)]
    config["variants"] = objects
    for variant in variants:
        if not isinstance(variant, dict):
            continue
        notes = Notes()
        read_variant_rules(variant, notes)
        if notes.errors:
            raise RuleInvalid(f"in a variant of the matcher {name}: {notes.errors[0].message}")


def read_variant_rules(variant: Mapping[str, Any], notes: Notes | None = None) -> Mapping[str, Rule] | None:
    """The rules of an arrayContains variant by path below the item (`$`); None when it has no `rules` member."""
    written = variant.get("rules")
    if not isinstance(written, Mapping):
        return None
    found: dict[str, dict[str, Rule]] = {}
    _read_category("body", written, "", notes or Notes(), found, {})
    return found.get("body", {})


_CHECKS: Final[Mapping[str, Any]] = {
    "regex": _require_text("regex"),
    "include": _require_text("value"),
    "contentType": _require_text("value"),
    "type": _check_limits,
    "date": _check_format,
    "time": _check_format,
    "datetime": _check_format,
    "statusCode": _check_status,
    "eachKey": _check_nested,
    "eachValue": _check_nested,
    "arrayContains": _check_variants,
}


def _read_category(
    name: str,
    entries: Any,
    at: str,
    notes: Notes,
    found: dict[str, dict[str, Rule]],
    leftover: dict[str, Any],
) -> None:
    category = category_named(name)
    if not isinstance(entries, Mapping):
        notes.refuse(at, "the rules of a category are an object")
        return
    if category == "body" and name.lower() not in ("body", "content"):
        notes.warn(at, f'there is no rule category "{name}"; its rules are taken for rules of the body')
    if category == "contents":
        notes.warn(at, "rules under `contents` have no effect", "use `body`")
    alone = isinstance(entries.get("matchers"), list)
    for key, entry in [("", entries)] if alone else sorted(entries.items()):
        steps = () if alone else (key,)
        if category not in _BY_NAME:
            # Keys of path and status are read as paths too, though they mean nothing.
            try:
                paths.parse(key)
            except PathInvalid as problem:
                notes.refuse(pointer(at, *steps), str(problem))
                continue
        if not isinstance(entry, Mapping) or not isinstance(entry.get("matchers"), list):
            notes.warn(pointer(at, *steps), "a rule is an object with an array `matchers`; this one is ignored")
            if category not in _UNKEYED:
                leftover.setdefault(name, {})[key] = entry
            continue
        matchers = []
        for index, one in enumerate(entry["matchers"]):
            matcher, fault = _read_checked(one)
            if fault:
                (notes.warn if matcher else notes.refuse)(pointer(at, *steps, "matchers", index), fault)
            if matcher is not None:
                matchers.append(matcher)
        if matchers:
            combine = entry.get("combine")
            or_ = isinstance(combine, str) and combine.upper() == "OR"
            rule = Rule(tuple(matchers), "OR" if or_ else "AND")
            rules = found.setdefault(category, {})
            if category not in _UNKEYED:
                rules[key] = rule
            elif "" not in rules:
                rules[""] = rule


def _read_checked(written: Any) -> tuple[Matcher | None, str]:
    """The matcher and what is wrong with it: an unknown one is still one, an incomplete one is None."""
    if not isinstance(written, Mapping):
        return None, "a matcher is an object"
    try:
        matcher = read_matcher(written)
    except RuleInvalid as problem:
        return None, str(problem)
    if matcher.name not in MATCHERS:
        return matcher, f'there is no matcher "{matcher.name}"; what it is applied to will not match'
    return matcher, ""


def _read_flat(written: Mapping[str, Any], at: str, notes: Notes, found: dict[str, dict[str, Rule]]) -> None:
    for text, one in sorted(written.items()):
        place = pointer(at, text)
        try:
            category, key = _flat_place(text)
        except (PathInvalid, RuleInvalid) as problem:
            notes.refuse(place, str(problem))
            continue
        matcher, fault = _read_checked(one)
        if fault:
            (notes.warn if matcher else notes.refuse)(place, fault)
        if matcher is not None:
            found.setdefault(category, {})[key] = Rule((matcher,))


def _flat_place(text: str) -> tuple[str, str]:
    """The category and key that a path of the flat layout means. Raises `PathInvalid` or `RuleInvalid`."""
    if text.startswith("$.body"):
        key = "$" + text[len("$.body") :]
        paths.parse(key)
        return "body", key
    first, second = (*paths.parse(text)[:2], None, None)[:2]
    if not isinstance(first, str):
        raise RuleInvalid(f"{text!r} names no part of a request, response or message")
    category = "header" if text.startswith("$.headers") else category_named(first)
    key = second if isinstance(second, str) else ""
    if not key and text.startswith("$.headers"):
        raise RuleInvalid(f"{text!r} names no header")
    # The name is read as a path once more: one with a blank in it is refused, and of one with a point in it the Pact
    # core keeps the path, which no name equals. Such a rule never applies.
    steps = paths.parse(key)
    if category in ("header", "query") and len(steps) > 1:
        return category, paths.render(steps)
    if category in _BY_PATH:
        return category, paths.render([key] if key else [])
    return category, "" if category in _UNKEYED else key


def _flat_key(category: str, key: str) -> str:
    if category in _UNKEYED:
        return "$." + category
    if category == "body":
        return "$.body" + (key[1:] if key.startswith("$") else paths.render(paths.parse(key))[1:])
    if category in ("header", "query"):
        name = key[2:] if key.startswith("$.") and len(paths.parse(key)) > 1 else key
        if not _is_flat_name(key) and name == key:
            raise RuleInvalid(f"the name {key!r} cannot stand in a path")
        return f"$.{'headers' if category == 'header' else category}['{name}']"
    raise RuleInvalid(f"there are no rules of {category} before version 3")


def _is_flat_name(name: str) -> bool:
    try:
        return paths.parse(name) == (name,)
    except PathInvalid:
        return False


def _write_rule(rule: Rule) -> dict[str, Any]:
    return {"combine": rule.combine, "matchers": [write_matcher(matcher) for matcher in rule.matchers]}
