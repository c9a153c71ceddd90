"""The matchers of scalars, text, bytes and status codes (Pact, "Matchers"). Those of containers: `matchers`."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from tallystick.contract import dates
from tallystick.contract.matching import magic, regexes, semantic_versions, statuses
from tallystick.contract.matching.check import Check
from tallystick.contract.matching.outcome import CannotCheck
from tallystick.contract.matching.values import equal, json_text_of, kind, shown, text_of, utf8
from tallystick.contract.model import Json, Matcher


class Equality(Check):
    """Equal values."""

    def json(self, expected: Json, actual: Json) -> bool:
        return equal(expected, actual)

    def json_why(self, expected: Json, actual: Json) -> str:
        return f"Expected {shown(actual)} to be equal to {shown(expected)}"

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return expected == actual

    def text_why(self, expected: str, actual: str) -> str:
        return f"Expected '{actual}' to be equal to '{expected}'"

    def data(self, expected: bytes, actual: bytes) -> bool:
        return expected == actual

    def data_why(self, expected: bytes, actual: bytes) -> str:
        wanted, found = (f"[{content[:32].hex()}] ({len(content)} bytes)" for content in (expected, actual))
        return f"Expected {found} to be equal to {wanted}"

    def status(self, expected: int, actual: int) -> bool:
        return expected == actual

    def status_why(self, expected: int, actual: int) -> str:
        return f"expected {expected} but was {actual}"

    def array(self, expected: list[Any], actual: list[Any], cascaded: bool) -> bool:
        return equal(expected, actual)

    def array_why(self, expected: list[Any], actual: list[Any]) -> str:
        return f"Expected {json_text_of(actual)} to be equal to {json_text_of(expected)}"

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return equal(expected, actual)

    object_why = array_why  # type: ignore[assignment]


class Type(Check):
    """The same JSON kind; integers and decimals are one. With limits: that many items or members, unless cascaded."""

    is_type = True

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.least = limit(matcher.config.get("min"))
        self.most = limit(matcher.config.get("max"))

    def takes_any_array(self, cascaded: bool) -> bool:
        return cascaded or (self.least is None and self.most is None)

    takes_any_object = takes_any_array

    def json(self, expected: Json, actual: Json) -> bool:
        wanted, found = type(expected), type(actual)
        return wanted is found or (wanted in NUMBERS and found in NUMBERS)

    def json_why(self, expected: Json, actual: Json) -> str:
        return f"Expected {shown(actual)} to be the same type as {shown(expected)}"

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return True

    def data(self, expected: bytes, actual: bytes) -> bool:
        return True

    def status(self, expected: int, actual: int) -> bool:
        return True

    def within(self, count: int) -> bool:
        return (self.least is None or count >= self.least) and (self.most is None or count <= self.most)

    def array(self, expected: list[Any], actual: list[Any], cascaded: bool) -> bool:
        return cascaded or self.within(len(actual))

    def array_why(self, expected: list[Any], actual: list[Any]) -> str:
        return self.size_why(f"[{', '.join(map(text_of, actual))}]", len(actual))

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return cascaded or self.within(len(actual))

    def object_why(self, expected: dict[str, Any], actual: dict[str, Any]) -> str:
        return self.size_why(json_text_of(actual), len(actual))

    def size_why(self, what: str, count: int) -> str:
        if self.least is not None and count < self.least:
            return f"Expected {what} (size {count}) to have minimum size of {self.least}"
        return f"Expected {what} (size {count}) to have maximum size of {self.most}"


class Regex(Check):
    """A regular expression that matches the whole text. One that cannot be answered in time is undecided."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.source = text_of(matcher.config.get("regex", ""))
        self.compiled: regexes.Compiled | None = None
        self.invalid = ""
        self.unsupported = ""
        try:
            self.compiled = regexes.compiled(self.source)
        except regexes.PatternInvalid as refused:
            self.invalid = str(refused)
        except regexes.PatternUnsupported as refused:
            self.unsupported = str(refused)

    def accepts(self, text: str) -> bool:
        if self.compiled is None:
            if self.unsupported:
                raise CannotCheck(
                    "regex-unsupported",
                    f"'{self.source}' could not be checked: {self.unsupported} is not supported",
                )
            return False
        try:
            return self.compiled.accepts(text)
        except regexes.TimeLimit:
            raise CannotCheck(
                "regex-time-limit",
                f"'{self.source}' did not come to an answer within {regexes.SECONDS_PER_VALUE} seconds"
                f" on a text of {len(text)} characters",
            ) from None

    def json(self, expected: Json, actual: Json) -> bool:
        return self.accepts(actual if type(actual) is str else text_of(actual))

    def json_why(self, expected: Json, actual: Json) -> str:
        return self.why(text_of(actual))

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return self.accepts(actual)

    def text_why(self, expected: str, actual: str) -> str:
        return self.why(actual)

    def data(self, expected: bytes, actual: bytes) -> bool:
        text = utf8(actual)
        return text is not None and self.accepts(text)

    def data_why(self, expected: bytes, actual: bytes) -> str:
        return _data_text_why(actual, self.why)

    def status(self, expected: int, actual: int) -> bool:
        return self.accepts(str(actual))

    def status_why(self, expected: int, actual: int) -> str:
        return self.why(str(actual)) if self.invalid else f"Expected {actual} to match '{self.source}'"

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return True

    def takes_any_object(self, cascaded: bool) -> bool:
        return True

    def why(self, text: str) -> str:
        if self.invalid:
            return f"'{self.source}' is not a valid regular expression - {self.invalid}"
        return f"Expected '{text}' to match '{self.source}'"


class Include(Check):
    """Text that holds another text."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.part = text_of(matcher.config.get("value", ""))

    def json(self, expected: Json, actual: Json) -> bool:
        return self.part in text_of(actual)

    def json_why(self, expected: Json, actual: Json) -> str:
        return self.why(text_of(actual))

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return self.part in actual

    def text_why(self, expected: str, actual: str) -> str:
        return self.why(actual)

    def data(self, expected: bytes, actual: bytes) -> bool:
        text = utf8(actual)
        return text is not None and self.part in text

    def data_why(self, expected: bytes, actual: bytes) -> str:
        return _data_text_why(actual, self.why)

    def status(self, expected: int, actual: int) -> bool:
        return self.part in str(actual)

    def status_why(self, expected: int, actual: int) -> str:
        return self.why(str(actual))

    def why(self, text: str) -> str:
        return f"Expected '{text}' to include '{self.part}'"


class _Number(Check):
    json_words = "a number"
    text_words = "a number"

    def json_why(self, expected: Json, actual: Json) -> str:
        return f"Expected {shown(actual)} to be {self.json_words}"

    def text_why(self, expected: str, actual: str) -> str:
        return f"Expected '{actual}' to match {self.text_words}"

    def status_why(self, expected: int, actual: int) -> str:
        return f"Expected {actual} to match {self.text_words}"


class Number(_Number):
    """An integer or a decimal; as text whatever reads as a double."""

    def json(self, expected: Json, actual: Json) -> bool:
        return type(actual) in NUMBERS

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return _DOUBLE.fullmatch(actual) is not None

    def status(self, expected: int, actual: int) -> bool:
        return True


class Integer(_Number):
    """A number without fraction or exponent; as text digits only, so without a minus."""

    json_words = "an integer"
    text_words = "an integer number"

    def json(self, expected: Json, actual: Json) -> bool:
        return type(actual) is int and _LEAST <= actual <= _MOST

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return _UNSIGNED.fullmatch(actual) is not None and int(actual) < 2**64

    def status(self, expected: int, actual: int) -> bool:
        return True


class Decimal_(_Number):
    """A number with fraction or exponent; as text whatever reads as a double, integers included."""

    json_words = "a decimal number"

    def json(self, expected: Json, actual: Json) -> bool:
        return type(actual) in NUMBERS and kind(actual) == "Decimal"

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return _DOUBLE.fullmatch(actual) is not None


class Boolean(Check):
    """True, false, or one of these words."""

    def json(self, expected: Json, actual: Json) -> bool:
        return actual is True or actual is False or (isinstance(actual, str) and actual in ("true", "false"))

    def json_why(self, expected: Json, actual: Json) -> str:
        return f"Expected {shown(actual)} to match a boolean"

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return actual in ("true", "false")

    def text_why(self, expected: str, actual: str) -> str:
        return f"Expected {actual} to match a boolean"

    def status_why(self, expected: int, actual: int) -> str:
        return f"Expected {actual} to match a boolean"


class Null(Check):
    """Null, and nothing else."""

    def json(self, expected: Json, actual: Json) -> bool:
        return actual is None

    def json_why(self, expected: Json, actual: Json) -> str:
        return f"Expected {shown(actual)} to be a null value"

    def array(self, expected: list[Any], actual: list[Any], cascaded: bool) -> bool:
        return False


class Moment(Check):
    """A date, time or datetime of a pattern."""

    words: Final[Mapping[str, str]] = {"date": "date", "time": "time", "datetime": "timestamp"}

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        written = matcher.config.get("format") or matcher.config.get(matcher.name)
        self.format = text_of(written) if written else dates.DEFAULTS[matcher.name]

    def problem(self, text: str) -> str | None:
        try:
            return dates.why_not(text, self.format)
        except dates.PatternInvalid as refused:
            return str(refused)

    def json(self, expected: Json, actual: Json) -> bool:
        return self.problem("" if actual is None else text_of(actual)) is None

    def json_why(self, expected: Json, actual: Json) -> str:
        text = "" if actual is None else text_of(actual)
        return f"{self.text_why('', text)}: {self.problem(text)}"

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return self.problem(actual) is None

    def text_why(self, expected: str, actual: str) -> str:
        return f"Expected '{actual}' to match a {self.words[self.matcher.name]} pattern of '{self.format}'"


class ContentTypeOf(Check):
    """Content that is recognised as of a media type by what it holds."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.wanted = text_of(matcher.config.get("value", ""))

    def data(self, expected: bytes, actual: bytes) -> bool:
        return magic.is_a(actual, self.wanted)

    def data_why(self, expected: bytes, actual: bytes) -> str:
        return (
            f"Expected binary contents to have content type '{self.wanted}'"
            f" but detected contents was '{magic.detect(actual)}'"
        )

    def json(self, expected: Json, actual: Json) -> bool:
        return self.data(b"", magic.bytes_of(text_of(actual)))

    def json_why(self, expected: Json, actual: Json) -> str:
        found = self.data_why(b"", magic.bytes_of(text_of(actual)))
        return f"Failed to match data to have a content type of '{self.wanted}': {found}"

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return self.data(b"", actual.encode("utf-8", "surrogatepass"))

    def text_why(self, expected: str, actual: str) -> str:
        return self.data_why(b"", actual.encode("utf-8", "surrogatepass"))


class NotEmpty(Check):
    """Anything but null, the empty text, array or object. The kind is not compared."""

    def json(self, expected: Json, actual: Json) -> bool:
        return not (actual is None or (isinstance(actual, str | list | dict) and not actual))

    def json_why(self, expected: Json, actual: Json) -> str:
        if actual is None:
            return "Expected non-empty value but got a NULL"
        return f"Expected {shown(actual)} to not be empty"

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return actual != ""

    def text_why(self, expected: str, actual: str) -> str:
        return f"Expected {actual} to not be empty"

    def data(self, expected: bytes, actual: bytes) -> bool:
        return actual != b""

    def data_why(self, expected: bytes, actual: bytes) -> str:
        return "Expected [] (0 bytes) to not be empty"

    def array(self, expected: list[Any], actual: list[Any], cascaded: bool) -> bool:
        return actual != []

    def array_why(self, expected: list[Any], actual: list[Any]) -> str:
        return "Expected [] (Array) to not be empty"

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return actual != {}

    def object_why(self, expected: dict[str, Any], actual: dict[str, Any]) -> str:
        return "Expected {} (Map) to not be empty"


class SemanticVersion(Check):
    """A full semantic version, as text."""

    def json(self, expected: Json, actual: Json) -> bool:
        return isinstance(actual, str) and semantic_versions.why_not(actual) is None

    def json_why(self, expected: Json, actual: Json) -> str:
        if not isinstance(actual, str):
            return f"Expected something that matches a semantic version, but got '{json_text_of(actual)}'"
        return self.text_why("", actual)

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return semantic_versions.why_not(actual) is None

    def text_why(self, expected: str, actual: str) -> str:
        return f"'{actual}' is not a valid semantic version - {semantic_versions.why_not(actual)}"


class StatusCode(Check):
    """A status code of a class."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.wanted = statuses.parse(matcher.config.get("status", "success"))

    def status(self, expected: int, actual: int) -> bool:
        return self.wanted.holds(actual)

    def status_why(self, expected: int, actual: int) -> str:
        return f"Expected status code {actual} to be a {self.wanted.words}"

    def json(self, expected: Json, actual: Json) -> bool:
        return True

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return _UNSIGNED.fullmatch(actual) is not None and int(actual) < 2**16 and self.wanted.holds(int(actual))

    def text_why(self, expected: str, actual: str) -> str:
        return f"Expected status code {actual} to be a {self.wanted.words}"

    def array(self, expected: list[Any], actual: list[Any], cascaded: bool) -> bool:
        return False


def limit(written: Any) -> int | None:
    """A length limit: a number, its fraction cut, or the text of one; what is none of these limits nothing."""
    if isinstance(written, str):
        return int(written) if _UNSIGNED.fullmatch(written) else None
    if written is None or isinstance(written, bool | list | dict) or written < 0:
        return None
    try:
        return int(written)
    except (ValueError, OverflowError):
        return None


def _data_text_why(actual: bytes, why: Callable[[str], str]) -> str:
    text = utf8(actual)
    return "Expected bytes that are UTF-8 text, but they are not" if text is None else why(text)


_LEAST: Final = -(2**63)
_MOST: Final = 2**64 - 1
NUMBERS: Final = frozenset({int, float, Decimal})
_UNSIGNED: Final = re.compile(r"\+?[0-9]{1,4000}")
_DOUBLE: Final = re.compile(
    r"[+-]?(?:inf(?:inity)?|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?)", re.IGNORECASE | re.ASCII
)
