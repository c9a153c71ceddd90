"""Matching-rule expressions: `matching(type, 'Name')`, `atLeast(2), eachValue(matching(regex, '\\d+', '1'))`.

A recursive-descent parser for the grammar of the Pact core, as plugins and the DSL write it. An error says what was
expected, at which character, and shows the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from tallystick.contract.matching import semantic_versions
from tallystick.contract.model import Generator, Json, Matcher
from tallystick.contract.rules import write_matcher

ValueType: TypeAlias = Literal["unknown", "string", "number", "integer", "decimal", "boolean"]


@dataclass(frozen=True, slots=True)
class Reference:
    """`matching($'key')`: the rule is that of another key. `within` names the eachKey or eachValue around it."""

    name: str
    within: str = ""


@dataclass(frozen=True, slots=True)
class Definition:
    """What an expression means: rules that must all hold, an example as text with its type, perhaps a generator."""

    value: str = ""
    value_type: ValueType = "unknown"
    rules: tuple[Matcher | Reference, ...] = ()
    generator: Generator | None = None

    @property
    def matchers(self) -> tuple[Matcher, ...]:
        """The rules without the unresolved references."""
        return tuple(rule for rule in self.rules if isinstance(rule, Matcher))

    @property
    def references(self) -> tuple[Reference, ...]:
        return tuple(rule for rule in self.rules if isinstance(rule, Reference))

    @property
    def example(self) -> Json:
        """The example as a JSON value of its type; the text where the type is unknown."""
        match self.value_type:
            case "integer":
                return int(self.value)
            case "decimal" | "number":
                number = Decimal(self.value)
                return int(number) if _INTEGER.fullmatch(self.value) and self.value_type == "number" else number
            case "boolean":
                return self.value == "true"
            case _:
                return self.value


@dataclass(eq=False)
class ExpressionInvalid(ValueError):
    """The expression cannot be read: what was expected at which character of it, counted from 0."""

    expression: str
    position: int
    expected: str

    def __str__(self) -> str:
        rest = self.expression[self.position : self.position + 20]
        found = f"found {rest!r}" if rest else "but it ends"
        return f"{self.expected} expected at position {self.position} of the expression {self.expression!r}, {found}"

    def shown(self) -> str:
        """The line at fault and a mark under the place, for a terminal."""
        start = self.expression.rfind("\n", 0, self.position) + 1
        line = self.expression[start:].partition("\n")[0]
        return f"{line}\n{' ' * (self.position - start)}^ {self.expected} expected here"


_KEYWORDS: Final = ("matching", "notEmpty", "eachKey", "eachValue", "arrayContains", "atLeast", "atMost")
_OPENING: Final = re.compile(rf"\s*(?:{'|'.join(_KEYWORDS)})\s*\(")
_MAX_NESTING: Final = 50
_MAX_CHARACTERS: Final = 100_000
_MAX_DIGITS: Final = 400


def is_expression(text: str) -> bool:
    """Whether the text begins like an expression: a keyword and its bracket. Anything else is a plain name."""
    return _OPENING.match(text) is not None


def parse(text: str) -> Definition:
    """Read a whole expression. Raises `ExpressionInvalid`."""
    if len(text) > _MAX_CHARACTERS:
        raise ExpressionInvalid(text[:100], 0, f"an expression of at most {_MAX_CHARACTERS} characters")
    parser = _Parser(text)
    definition = parser.definition()
    if parser.rest():
        raise parser.error("a comma or the end")
    return definition


_INTEGER: Final = re.compile(r"-?[0-9]+")
_NUMBER: Final = re.compile(r"(-?[0-9]+)(\.[0-9]*)?")
_WORD: Final = re.compile(r"[A-Za-z]+")
_BLANKS: Final = re.compile(r"\s*")
# A quote after a backslash never ends the string, not even after two of them.
_STRING: Final = re.compile(r"'((?:[^'\\]|\\'|\\(?!'))*)'")
_ESCAPE: Final = re.compile(r"\\(?:u\{([^}]*)\}|u(.{0,4})|(.))", re.DOTALL)
_ESCAPED: Final = {"\\": "\\", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MIN_INTEGER: Final = -(2**63)
_MAX_INTEGER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True)
class _Example:
    value: str
    type: ValueType
    generator: Generator | None = None


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def error(self, expected: str, position: int | None = None) -> ExpressionInvalid:
        if position is None:
            self.blanks()
            position = self.at
        return ExpressionInvalid(self.text, position, expected)

    def blanks(self) -> None:
        found = _BLANKS.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def rest(self) -> str:
        self.blanks()
        return self.text[self.at :]

    def next_is(self, text: str) -> bool:
        self.blanks()
        return self.text.startswith(text, self.at)

    def expect(self, mark: str, name: str) -> None:
        if not self.next_is(mark):
            raise self.error(name)
        self.at += len(mark)

    def comma(self) -> None:
        self.expect(",", "a comma")

    def word(self, expected: str) -> str:
        self.blanks()
        found = _WORD.match(self.text, self.at)
        if found is None:
            raise self.error(expected)
        self.at = found.end()
        return found[0]

    def definition(self) -> Definition:
        definition = self.expression()
        while self.next_is(","):
            self.at += 1
            definition = _merged(definition, self.expression())
        return definition

    def expression(self) -> Definition:
        self.blanks()
        start = self.at
        expected = "one of " + ", ".join(_KEYWORDS)
        keyword = self.word(expected)
        if keyword not in _KEYWORDS:
            raise self.error(expected, start)
        self.depth += 1
        if self.depth > _MAX_NESTING:
            raise self.error(f"no more than {_MAX_NESTING} expressions inside one another", start)
        self.expect("(", "an opening bracket")
        definition = self.inside(keyword)
        self.expect(")", "a closing bracket")
        self.depth -= 1
        return definition

    def inside(self, keyword: str) -> Definition:
        match keyword:
            case "matching":
                return self.matching()
            case "notEmpty":
                return _defined(Matcher("notEmpty"), self.primitive())
            case "eachKey" | "eachValue":
                return _each(keyword, self.expression())
            case "arrayContains":
                return self.array_contains()
            case _:
                return Definition(rules=(Matcher("type", {"min" if keyword == "atLeast" else "max": self.unsigned()}),))

    def array_contains(self) -> Definition:
        variants = [self.expression()]
        while self.next_is(","):
            self.at += 1
            variants.append(self.expression())
        written: list[Json] = []
        for index, variant in enumerate(variants):
            matchers: list[Json] = [write_matcher(matcher) for matcher in variant.matchers]
            one: dict[str, Json] = {"index": index, "rules": {"$": {"combine": "AND", "matchers": matchers}}}
            if variant.generator:
                one["generators"] = {"$": {"type": variant.generator.name, **variant.generator.config}}
            written.append(one)
        value = next((variant.value for variant in variants if variant.value), "")
        return Definition(value, "unknown", (Matcher("arrayContains", {"variants": written}),))

    def matching(self) -> Definition:
        if self.next_is("$"):
            self.at += 1
            return Definition(rules=(Reference(self.string()),))
        name = self.word("the name of a matcher")
        self.comma()
        rule = _RULES.get(name)
        return rule(self, name) if rule else self.plugin_rule(name)

    def plugin_rule(self, name: str) -> Definition:
        first = self.primitive()
        if not self.next_is(","):
            return _defined(Matcher(name), first)
        self.comma()
        config = Definition(first.value, first.type).example
        return _defined(Matcher(name, {"value": config}), self.primitive())

    # --- values -------------------------------------------------------------------------------------------------

    def raw_string(self) -> str:
        self.blanks()
        found = _STRING.match(self.text, self.at)
        if found is None:
            raise self.error("a text in single quotes")
        self.at = found.end()
        return found[1]

    def string(self) -> str:
        """A text whose escapes mean something: of a regex, a format, a name."""
        start = self.at
        raw = self.raw_string()

        def decoded(found: re.Match[str]) -> str:
            braced, four, one = found.groups()
            if one is not None:
                return _ESCAPED.get(one, found[0])
            digits = braced if braced is not None else four
            code = int(digits, 16) if re.fullmatch("[0-9A-Fa-f]{1,6}", digits) else -1
            if (braced is None and len(digits) < 4) or not 0 <= code < 0x110000 or 0xD800 <= code < 0xE000:
                raise self.error("a character code like \\u0041 or \\u{1F600}", start)
            return chr(code)

        return _ESCAPE.sub(decoded, raw)

    def primitive(self) -> _Example:
        if self.next_is("fromProviderState"):
            return self.provider_state()
        return self.plain("a text in single quotes, a number, true, false, null or fromProviderState(…)")

    def plain(self, expected: str) -> _Example:
        self.blanks()
        if self.text.startswith("'", self.at):
            return _Example(self.raw_string(), "string")
        found = _NUMBER.match(self.text, self.at)
        if found:
            if len(found[0]) > _MAX_DIGITS:
                raise self.error(f"a number of at most {_MAX_DIGITS} digits")
            self.at = found.end()
            return _Example(found[0], "decimal" if found[2] is not None else "integer")
        found = _WORD.match(self.text, self.at)
        if found and found[0] in ("true", "false", "null"):
            self.at = found.end()
            return _Example("", "string") if found[0] == "null" else _Example(found[0], "boolean")
        raise self.error(expected)

    def provider_state(self) -> _Example:
        """The example is of any type, whatever the matcher: it is the type that the state's value is converted to."""
        self.at += len("fromProviderState")
        self.expect("(", "an opening bracket")
        expression = self.string()
        self.comma()
        example = self.plain("a text in single quotes, a number, true, false or null")
        self.expect(")", "a closing bracket")
        data_type = {"integer": "INTEGER", "decimal": "DECIMAL", "boolean": "BOOLEAN"}
        config: dict[str, Json] = {"expression": expression, "dataType": data_type.get(example.type, "STRING")}
        return _Example(example.value, example.type, Generator("ProviderState", config))

    def text_or_state(self) -> _Example:
        if self.next_is("fromProviderState"):
            return self.provider_state()
        return _Example(self.raw_string(), "string")

    def number(self, name: str) -> _Example:
        """A literal that is an integer, a decimal or either, as its matcher wants."""
        article = "an" if name == "integer" else "a"
        self.blanks()
        start = self.at
        found = _NUMBER.match(self.text, start)
        if found is None or (name == "integer" and found[2] is not None):
            raise self.error(f"{article} {name}", start)
        if found[2] is None and not _MIN_INTEGER <= int(found[1][:40]) <= _MAX_INTEGER:
            raise self.error(f"{article} {name} of 64 bits", start)
        self.at = found.end()
        if name == "number":
            return _Example(found[0], "number")
        return _Example(found[0], "integer" if name == "integer" else "decimal")

    def boolean(self) -> _Example:
        self.blanks()
        start = self.at
        word = self.word("true or false")
        if word not in ("true", "false"):
            raise self.error("true or false", start)
        return _Example(word, "boolean")

    def unsigned(self) -> int:
        self.blanks()
        start = self.at
        found = _NUMBER.match(self.text, start)
        if found is None or found[2] is not None or found[1].startswith("-") or int(found[1][:40]) > _MAX_INTEGER:
            raise self.error("a whole number that is not negative", start)
        self.at = found.end()
        return int(found[1])


def _merged(first: Definition, second: Definition) -> Definition:
    """Both sets of rules; the first example that is not empty, and the first generator."""
    kept = first if first.value else second
    return Definition(kept.value, kept.value_type, first.rules + second.rules, first.generator or second.generator)


def _defined(matcher: Matcher, example: _Example, generator: Generator | None = None) -> Definition:
    return Definition(example.value, example.type, (matcher,), example.generator or generator)


def _each(keyword: str, inner: Definition) -> Definition:
    if inner.references:
        return Definition(rules=tuple(Reference(found.name, keyword) for found in inner.references))
    config: dict[str, Json] = {"rules": [write_matcher(matcher) for matcher in inner.matchers]}
    if inner.value:
        config["value"] = inner.value
    if inner.generator:
        config["generator"] = {"type": inner.generator.name, **inner.generator.config}
    return Definition(rules=(Matcher(keyword, config),))


def _by_value(parser: _Parser, name: str) -> Definition:
    return _defined(Matcher("equality" if name == "equalTo" else name), parser.primitive())


def _by_number(parser: _Parser, name: str) -> Definition:
    if parser.next_is("fromProviderState"):
        # A state may give 15 where 15.0 was asked for, so `decimal` takes any number here, as in the Pact core.
        return _defined(Matcher("number" if name == "decimal" else name), parser.provider_state())
    return _defined(Matcher(name), parser.number(name))


def _by_format(parser: _Parser, name: str) -> Definition:
    form = parser.string()
    parser.comma()
    generator = Generator({"date": "Date", "time": "Time", "datetime": "DateTime"}[name], {"format": form})
    return _defined(Matcher(name, {"format": form}), parser.text_or_state(), generator)


def _by_regex(parser: _Parser, name: str) -> Definition:
    pattern = parser.string()
    parser.comma()
    return _defined(Matcher("regex", {"regex": pattern}), parser.text_or_state())


def _by_inclusion(parser: _Parser, name: str) -> Definition:
    text = parser.string()
    return _defined(Matcher("include", {"value": text}), _Example(text, "string"))


def _by_boolean(parser: _Parser, name: str) -> Definition:
    return _defined(Matcher("boolean"), parser.boolean())


def _by_version(parser: _Parser, name: str) -> Definition:
    parser.blanks()
    start = parser.at
    text = parser.string()
    if semantic_versions.why_not(text) is not None:
        raise parser.error("a semantic version like '1.0.0'", start)
    return _defined(Matcher("semver"), _Example(text, "string"))


def _by_content_type(parser: _Parser, name: str) -> Definition:
    content_type = parser.string()
    parser.comma()
    return _defined(Matcher("contentType", {"value": content_type}), _Example(parser.string(), "unknown"))


_RULES: Final[Mapping[str, Callable[[_Parser, str], Definition]]] = {
    "equalTo": _by_value,
    "type": _by_value,
    "number": _by_number,
    "integer": _by_number,
    "decimal": _by_number,
    "date": _by_format,
    "time": _by_format,
    "datetime": _by_format,
    "regex": _by_regex,
    "include": _by_inclusion,
    "boolean": _by_boolean,
    "semver": _by_version,
    "contentType": _by_content_type,
}
