"""Matchers: what a consumer says about a value when "exactly this" says too much.

Each function returns a `Matcher` that stands in a body, a header, a query or a path in place of the value. It carries
an example, which is what the mock answers with and what the contract file shows, and the rules that the provider's
value must keep.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar, overload

from tallystick.contract import model

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

Children: TypeAlias = Literal["own", "items", "entries"]
"""Where the rules of what lies below go: at each child's own path, at `[*]`, or at `.*`."""


@dataclass(frozen=True, slots=True)
class Matcher(Generic[T_co]):
    """An example and the rules for it. Made by the functions of this module, not by hand."""

    example: Any
    rules: tuple[model.Matcher, ...] = ()
    combine: Literal["AND", "OR"] = "AND"
    generator: model.Generator | None = None
    children: Children = "own"
    copies: int = 1
    """How many copies of the one item the example list shows."""
    variants: tuple[Any, ...] | None = None
    """The templates of `array_containing`."""
    optional: bool = field(default=False)


Template: TypeAlias = (
    "bool | int | float | Decimal | str | Matcher[Any] | Sequence[Template] | Mapping[str, Template] | None"
)
"""JSON as Python values, with matchers at any place."""

Generate: TypeAlias = "bool | str"

_WORDS: Final = re.compile(r"([\\.^$|?*+()\[\]{}\-/])")


class MatcherMisuse(ValueError):
    """A matcher was asked for something that it cannot express; the message says what to write instead."""


def like(example: T, *, min: int | None = None, max: int | None = None) -> Matcher[T]:
    """The same JSON type as the example, and so for everything below it, until another matcher takes over.

    `min` and `max` limit the length when the example is a list or an object.
    """
    config: dict[str, model.Json] = {}
    if (min is not None or max is not None) and not isinstance(_plain(example), (list, tuple, Mapping)):
        raise MatcherMisuse(f"like({example!r}, min=…, max=…) limits a length: the example must be a list or a dict")
    if min is not None:
        config["min"] = _not_negative("like", "min", min)
    if max is not None:
        config["max"] = _not_negative("like", "max", max)
    return Matcher(example, (model.Matcher("type", config),))


def each_like(example: T, *, min: int = 1, max: int | None = None, examples: int | None = None) -> Matcher[list[T]]:
    """A list of items like the example, at least `min` and at most `max` of them.

    The mock answers with `examples` copies (`min` or 1 unless given). `min=0` allows an empty list.
    """
    config: dict[str, model.Json] = {}
    if _not_negative("each_like", "min", min):
        config["min"] = min
    if max is not None:
        if _not_negative("each_like", "max", max) < min:
            raise MatcherMisuse(f"each_like(min={min}, max={max}): max is smaller than min")
        config["max"] = max
    copies = examples if examples is not None else (min or 1)
    if copies < 1:
        raise MatcherMisuse(
            "each_like(examples=0): the example list needs an item, the matchers of the item stand in it"
        )
    if copies < min or (max is not None and copies > max):
        raise MatcherMisuse(f"each_like(examples={copies}) does not lie between min={min} and max={max}")
    return Matcher([example], (model.Matcher("type", config),), children="items", copies=copies)


def equal_to(example: T) -> Matcher[T]:
    """Exactly this value, also below a `like`, which would otherwise only ask for its type."""
    return Matcher(example, (model.Matcher("equality"),))


def regex(pattern: str, *, example: str | None = None, generate: bool = False) -> Matcher[str]:
    """A text that the pattern matches as a whole.

    The example must match. It may be left out for a pattern without special characters; `generate=True` makes the
    mock answer with a random text of that pattern.
    """
    if example is None:
        if _WORDS.search(pattern) is not None:
            raise MatcherMisuse(
                f'regex({pattern!r}) needs an example that matches the pattern: regex({pattern!r}, example="…")'
            )
        example = pattern
    if matches_whole(pattern, example) is False:
        raise MatcherMisuse(
            f"regex({pattern!r}, example={example!r}): the example does not match the pattern as a whole"
        )
    generator = model.Generator("Regex", {"regex": pattern}) if generate else None
    return Matcher(example, (model.Matcher("regex", {"regex": pattern}),), generator=generator)


def one_of(first: T, *others: T) -> Matcher[T]:
    """One of these values; the first is the example. They must be texts, numbers, booleans or None.

    Pact has no rule of its own for this: it is written as a regular expression over the value's text. So `one_of(1, 2)`
    also accepts the text "1".
    """
    choices = []
    for value in (first, *others):
        if isinstance(value, (Matcher, Mapping, list, tuple)) or not isinstance(
            value, (str, int, float, Decimal, type(None))
        ):
            raise MatcherMisuse(f"one_of takes texts, numbers, booleans and None; {value!r} is none of them")
        choices.append(_WORDS.sub(r"\\\1", json_word(value)))
    return Matcher(first, (model.Matcher("regex", {"regex": "|".join(dict.fromkeys(choices))}),))


def string(example: str = "text", *, generate: bool = False, size: int = 10) -> Matcher[str]:
    """Any text. `generate=True` makes the mock answer with `size` random letters and digits."""
    generator = model.Generator("RandomString", {"size": size}) if generate else None
    return Matcher(_expect("string", str, example), (model.Matcher("type"),), generator=generator)


def integer(
    example: int = 1, *, generate: bool = False, at_least: int | None = None, at_most: int | None = None
) -> Matcher[int]:
    """A whole number, without a fraction. `at_least` and `at_most` bound what `generate=True` makes, nothing else."""
    if isinstance(example, bool) or not isinstance(example, int):
        raise MatcherMisuse(f"integer({example!r}): the example must be a whole number")
    config: dict[str, model.Json] = {}
    if at_least is not None:
        config["min"] = at_least
    if at_most is not None:
        config["max"] = at_most
    if config and not generate:
        raise MatcherMisuse(
            "integer(at_least=…, at_most=…) bounds generated values only, the contract cannot check a range: "
            "add generate=True or leave them out"
        )
    generator = model.Generator("RandomInt", {"min": 0, "max": 2147483647} | config) if generate else None
    return Matcher(example, (model.Matcher("integer"),), generator=generator)


def decimal(example: float | Decimal = 1.5, *, generate: bool = False, digits: int = 10) -> Matcher[float]:
    """A number written with a fraction. Providers that send 12 for 12.0 need `number`."""
    if isinstance(example, bool) or not isinstance(example, (float, Decimal)):
        raise MatcherMisuse(f"decimal({example!r}): the example must have a fraction; number() takes both kinds")
    generator = model.Generator("RandomDecimal", {"digits": digits}) if generate else None
    return Matcher(example, (model.Matcher("decimal"),), generator=generator)


def number(example: float | Decimal = 1) -> Matcher[float]:
    """A number of either kind."""
    if isinstance(example, bool) or not isinstance(example, (int, float, Decimal)):
        raise MatcherMisuse(f"number({example!r}): the example must be a number")
    return Matcher(example, (model.Matcher("number"),))


def boolean(example: bool = True, *, generate: bool = False) -> Matcher[bool]:
    """True or false."""
    generator = model.Generator("RandomBoolean") if generate else None
    return Matcher(_expect("boolean", bool, example), (model.Matcher("boolean"),), generator=generator)


def null() -> Matcher[None]:
    """Null, also below a `like`."""
    return Matcher(None, (model.Matcher("null"),))


@overload
def nullable(inner: Matcher[T]) -> Matcher[T | None]: ...
@overload
def nullable(inner: T) -> Matcher[T | None]: ...
def nullable(inner: Any) -> Matcher[Any]:
    """The value, or null. Only for texts, numbers and booleans.

    Pact cannot say "this object or null": for those write two interactions, one with the object and one with null.
    """
    matcher = inner if isinstance(inner, Matcher) else equal_to(inner)
    if isinstance(_plain(matcher), (list, tuple, Mapping)):
        raise MatcherMisuse(
            'nullable() takes a text, a number or a boolean: a contract cannot say "this object or null". '
            "Write two interactions, one with the object and one with None, each with its own provider state"
        )
    if len(matcher.rules) > 1 and matcher.combine == "AND":
        raise MatcherMisuse("nullable() takes one matcher, not several that must all hold")
    return Matcher(matcher.example, (*matcher.rules, model.Matcher("null")), "OR", matcher.generator)


@overload
def optional(inner: Matcher[T]) -> Matcher[T]: ...
@overload
def optional(inner: T) -> Matcher[T]: ...
def optional(inner: Any) -> Matcher[Any]:
    """A field of a response that the provider may leave out: the mock sends it, the contract does not ask for it.

    Pact cannot say "absent, or of this type", so nothing about the field is checked at the provider. Use it for fields
    that your code shows when they are there. For two cases that your code tells apart write two interactions.
    """
    matcher = inner if isinstance(inner, Matcher) else like(inner)
    return Matcher(
        matcher.example,
        matcher.rules,
        matcher.combine,
        matcher.generator,
        matcher.children,
        matcher.copies,
        matcher.variants,
        optional=True,
    )


def includes(part: str, *, example: str | None = None) -> Matcher[str]:
    """A text that holds `part` somewhere."""
    if example is not None and part not in example:
        raise MatcherMisuse(f"includes({part!r}, example={example!r}): the example does not hold the part")
    return Matcher(part if example is None else example, (model.Matcher("include", {"value": part}),))


def not_empty(example: T) -> Matcher[T]:
    """Neither null nor an empty text, list or object. The type is not checked: combine it by hand where it matters."""
    if _plain(example) in (None, "", [], {}):
        raise MatcherMisuse(f"not_empty({example!r}): the example is empty")
    return Matcher(example, (model.Matcher("notEmpty"),))


def semver(example: str = "1.0.0") -> Matcher[str]:
    """A semantic version with three numbers."""
    return Matcher(_expect("semver", str, example), (model.Matcher("semver"),))


_UUIDS: Final = {
    "lower-case-hyphenated": (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "936da01f-9abd-4d9d-80c7-02af85c822a8"),
    "upper-case-hyphenated": (r"[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}", "936DA01F-9ABD-4D9D-80C7-02AF85C822A8"),
    "simple": (r"[0-9a-f]{32}", "936da01f9abd4d9d80c702af85c822a8"),
    "URN": (
        r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "urn:uuid:936da01f-9abd-4d9d-80c7-02af85c822a8",
    ),
}

UuidFormat: TypeAlias = Literal["lower-case-hyphenated", "upper-case-hyphenated", "simple", "URN"]


def uuid(
    example: str | None = None, *, format: UuidFormat = "lower-case-hyphenated", generate: bool = False
) -> Matcher[str]:
    """A UUID in one of the four usual ways to write it."""
    if format not in _UUIDS:
        raise MatcherMisuse(f"uuid(format={format!r}): known formats are {', '.join(_UUIDS)}")
    pattern, usual = _UUIDS[format]
    if example is not None and matches_whole(pattern, example) is False:
        raise MatcherMisuse(f"uuid({example!r}): the example is not a UUID written {format}")
    generator = model.Generator("Uuid", {"format": format}) if generate else None
    return Matcher(
        usual if example is None else example, (model.Matcher("regex", {"regex": pattern}),), "AND", generator
    )


def hexadecimal(example: str = "3F", *, generate: bool = False, digits: int = 10) -> Matcher[str]:
    """A text of hexadecimal digits."""
    generator = model.Generator("RandomHexadecimal", {"digits": digits}) if generate else None
    return Matcher(
        _expect("hexadecimal", str, example), (model.Matcher("regex", {"regex": "[0-9a-fA-F]+"}),), "AND", generator
    )


def date(format: str = "yyyy-MM-dd", *, example: str | None = None, generate: Generate = False) -> Matcher[str]:
    """A date in the given pattern (Java letters).

    `generate=True` makes the mock answer with today; a text such as `"+ 3 days"` or `"next monday"` moves it.
    """
    return _moment("date", "Date", format, example, generate)


def time(format: str = "HH:mm:ss", *, example: str | None = None, generate: Generate = False) -> Matcher[str]:
    """A time of day in the given pattern. `generate` as in `date`, with expressions such as `"+ 1 hour"`."""
    return _moment("time", "Time", format, example, generate)


def datetime(
    format: str = "yyyy-MM-dd'T'HH:mm:ssXXX", *, example: str | None = None, generate: Generate = False
) -> Matcher[str]:
    """A date with a time in the given pattern. `generate` as in `date`, with `"tomorrow @ noon"` and the like."""
    return _moment("datetime", "DateTime", format, example, generate)


def array_containing(*variants: T) -> Matcher[list[T]]:
    """A list that holds, in any place and among others, an item for each of these."""
    if not variants:
        raise MatcherMisuse("array_containing() needs at least one item that the list must hold")
    return Matcher(list(variants), (model.Matcher("arrayContains"),), variants=tuple(variants))


def mapping_of(value: T, *, key: Matcher[str] | None = None, example_key: str | None = None) -> Matcher[dict[str, T]]:
    """An object with any keys, each value like this template; `key` says how the keys must look.

    An empty object is accepted.
    """
    name = example_key if example_key is not None else (str(key.example) if key is not None else "key")
    rules: tuple[model.Matcher, ...] = (model.Matcher("values"),)
    if key is not None:
        rules = (_keys(key), *rules)
    return Matcher({name: value}, rules, children="entries")


def each_key(key: Matcher[str], example: Mapping[str, T]) -> Matcher[dict[str, T]]:
    """An object whose keys all keep the matcher. Its values are not checked: `mapping_of` does both."""
    return Matcher(dict(example), (_keys(key),))


def each_value(value: Matcher[T], example: Mapping[str, T] | Sequence[T]) -> Matcher[Any]:
    """An object or a list whose values all keep the matcher, whatever the keys; rules below it do not count."""
    rules: list[model.Json] = [rule_json(rule) for rule in value.rules]
    return Matcher(
        dict(example) if isinstance(example, Mapping) else list(example),
        (model.Matcher("eachValue", {"rules": rules}),),
        children="entries" if isinstance(example, Mapping) else "items",
    )


def all_of(first: Matcher[T], *others: Matcher[Any]) -> Matcher[T]:
    """Every one of these rules; the first gives the example."""
    return _joined("AND", first, others)


def any_of(first: Matcher[T], *others: Matcher[Any]) -> Matcher[T]:
    """At least one of these rules, for texts, numbers and booleans; the first gives the example."""
    if isinstance(_plain(first), (list, tuple, Mapping)):
        raise MatcherMisuse("any_of() takes texts, numbers and booleans: on objects and lists Pact reads it as all_of")
    return _joined("OR", first, others)


def from_provider_state(expression: str, example: T) -> Matcher[T]:
    """A value that the provider's state decides: `from_provider_state("/orders/${id}", "/orders/7")`.

    The mock uses the example. The verifier puts in what the state change returned, or the state's parameter.
    """
    if "${" not in expression:
        expression = "${" + expression + "}"
    config: dict[str, model.Json] = {"expression": expression}
    kinds = {bool: "BOOLEAN", int: "INTEGER", float: "DECIMAL", Decimal: "DECIMAL", str: "STRING"}
    if type(example) in kinds:
        config["dataType"] = kinds[type(example)]
    return Matcher(example, (model.Matcher("type"),), generator=model.Generator("ProviderState", config))


def mock_server_url(example: str, *, regex: str) -> Matcher[str]:
    """A link to the provider itself: the mock puts its own address before what the first group of `regex` catches.

    `mock_server_url("http://orders/orders/7", regex=r".*(/orders/\\d+)$")` answers `http://127.0.0.1:PORT/orders/7`.
    """
    if re.compile(regex).groups < 1:
        raise MatcherMisuse(f"mock_server_url(regex={regex!r}) needs a group: the part of the link after the address")
    return Matcher(
        example,
        (model.Matcher("regex", {"regex": regex}),),
        generator=model.Generator("MockServerURL", {"example": example, "regex": regex}),
    )


StatusClass: TypeAlias = Literal["info", "success", "redirect", "clientError", "serverError", "nonError", "error"]
_STATUS: Final[Mapping[str, int]] = {
    "info": 100,
    "success": 200,
    "redirect": 302,
    "clientError": 400,
    "serverError": 500,
    "nonError": 200,
    "error": 400,
}


def status_class(name: StatusClass, *, example: int | None = None) -> Matcher[int]:
    """Any status of the class: `will_respond_with(status_class("success", example=201))`."""
    if name not in _STATUS:
        raise MatcherMisuse(f"status_class({name!r}): known classes are {', '.join(_STATUS)}")
    return Matcher(_STATUS[name] if example is None else example, (model.Matcher("statusCode", {"status": name}),))


def content_type(media_type: str, example: bytes) -> Matcher[bytes]:
    """A body whose bytes are of this type, judged by what they begin with."""
    return Matcher(_expect("content_type", bytes, example), (model.Matcher("contentType", {"value": media_type}),))


def rule_json(rule: model.Matcher) -> dict[str, model.Json]:
    """A rule as it stands in a contract file."""
    return {"match": rule.name, **rule.config}


def json_word(value: object) -> str:
    """The text that a scalar has for text matchers: JSON's, without quotes around a string."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def matches_whole(pattern: str, text: str) -> bool | None:
    """Whether the pattern matches the text as a whole; None when Python cannot read this dialect of the pattern."""
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return None


def _moment(name: str, generator: str, format: str, example: str | None, generate: Generate) -> Matcher[str]:
    from datetime import UTC, datetime

    from tallystick.contract import dates

    try:
        if example is None:
            example = dates.format(datetime(2000, 1, 31, 13, 45, 30, tzinfo=UTC), format)
        why = dates.why_not(example, format)
    except dates.PatternInvalid as problem:
        raise MatcherMisuse(f"{name}({format!r}): {problem}; text in a pattern stands in single quotes") from None
    if why is not None:
        raise MatcherMisuse(f"{name}({format!r}, example={example!r}): the example does not fit the format: {why}")
    config: dict[str, model.Json] = {"format": format}
    made = None
    if generate:
        expression: dict[str, model.Json] = {"expression": generate} if isinstance(generate, str) else {}
        made = model.Generator(generator, {**config, **expression})
    return Matcher(example, (model.Matcher(name, config),), generator=made)


def _keys(key: Matcher[str]) -> model.Matcher:
    rules: list[model.Json] = [rule_json(rule) for rule in key.rules]
    return model.Matcher("eachKey", {"rules": rules, "value": json_word(key.example)})


def _joined(combine: Literal["AND", "OR"], first: Matcher[T], others: tuple[Matcher[Any], ...]) -> Matcher[T]:
    for one in (first, *others):
        if len(one.rules) != 1 or one.variants is not None:
            raise MatcherMisuse("only matchers with one rule can be joined, and array_containing cannot")
    rules = tuple(rule for one in (first, *others) for rule in one.rules)
    return Matcher(first.example, rules, combine, first.generator, first.children, first.copies)


def _plain(value: object) -> object:
    while isinstance(value, Matcher):
        value = value.example
    return value


def _not_negative(function: str, name: str, value: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise MatcherMisuse(f"{function}({name}={value!r}): {name} must be a whole number, 0 or more")
    return value


def _expect(name: str, kind: type[T], example: T) -> T:
    if not isinstance(example, kind):
        raise MatcherMisuse(f"{name}({example!r}): the example must be of type {kind.__name__}")
    return example
