"""The matchers of the specification: for each, which values it accepts and what it says when it does not.

A matcher is asked about JSON scalars (`json`), text (`text`: headers, query, path, form, XML, text bodies), bytes
(`data`), status codes (`status`), and about arrays and objects as wholes (`array`, `object`). Walking into arrays and
objects is not its business: see `contract.matching.json_body`. Names and behaviour follow Pact, "Matchers".

Here are those of containers and the table of all by name; the others are in `contract.matching.scalar_matchers`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from tallystick.contract import rules
from tallystick.contract.matching import scalar_matchers as scalars
from tallystick.contract.matching.check import Check
from tallystick.contract.matching.values import equal, shown
from tallystick.contract.model import Json, Matcher

ENTRY_POINTS: Final = "tallystick.matchers"
"""Entry point group by which other distributions add matchers: name -> subclass of `Check`."""


class Values(Check):
    """The values of an object, whatever its keys. On anything else: equality."""

    frees_keys = True

    def json(self, expected: Json, actual: Json) -> bool:
        return equal(expected, actual)

    def json_why(self, expected: Json, actual: Json) -> str:
        return f"Expected {shown(actual)} to be equal to {shown(expected)}"

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return expected == actual

    def text_why(self, expected: str, actual: str) -> str:
        return f"Expected '{actual}' to be equal to '{expected}'"

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return True


class EachKey(Check):
    """Every key of an object, by rules of its own."""

    frees_keys = True

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.rules = nested(matcher)

    def json(self, expected: Json, actual: Json) -> bool:
        return True

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return cascaded

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return True


class EachValue(Check):
    """Every value of an object or item of an array, by rules of its own."""

    frees_keys = True

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.rules = nested(matcher)
        self.place: Any = None
        """Made by `rule_tree.place_of_each_value` when first walked into."""

    def takes_any_array(self, cascaded: bool) -> bool:
        return False

    def json(self, expected: Json, actual: Json) -> bool:
        return True

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return cascaded

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return True


class ArrayContains(Check):
    """An array that holds, for each variant, an item like it."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.variants: Any = None
        """Made by `rule_tree.variants_of` when first needed."""

    def takes_any_array(self, cascaded: bool) -> bool:
        return False

    def json(self, expected: Json, actual: Json) -> bool:
        return True

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return True


class Unknown(Check):
    """A name that nobody here knows: kept, written back, and refused when it is applied."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__(matcher)
        self.kind = "unknown-matcher"

    def unable(self, what: str) -> str:
        name = self.matcher.name
        return f"Could not apply the '{name}' matching rule - No catalogue entry found for key '{name}'"

    def array(self, expected: list[Any], actual: list[Any], cascaded: bool) -> bool:
        return False


MATCHERS: Final[dict[str, Callable[[Matcher], Check]]] = {
    "equality": scalars.Equality,
    "type": scalars.Type,
    "regex": scalars.Regex,
    "include": scalars.Include,
    "number": scalars.Number,
    "integer": scalars.Integer,
    "decimal": scalars.Decimal_,
    "boolean": scalars.Boolean,
    "null": scalars.Null,
    "date": scalars.Moment,
    "time": scalars.Moment,
    "datetime": scalars.Moment,
    "contentType": scalars.ContentTypeOf,
    "notEmpty": scalars.NotEmpty,
    "semver": scalars.SemanticVersion,
    "statusCode": scalars.StatusCode,
    "values": Values,
    "eachKey": EachKey,
    "eachValue": EachValue,
    "arrayContains": ArrayContains,
}
"""Name -> how to make it ready. Other distributions add to it by the entry point group `ENTRY_POINTS`."""


def check_of(matcher: Matcher) -> Check:
    """Make a matcher ready to be asked."""
    factory = MATCHERS.get(matcher.name) or _installed().get(matcher.name, Unknown)
    return factory(matcher)


@cache
def _installed() -> Mapping[str, Callable[[Matcher], Check]]:
    # Looked up at the first unknown name only: most programs never pay for it.
    from importlib.metadata import entry_points

    return {point.name: point.load() for point in entry_points(group=ENTRY_POINTS)}


def nested(matcher: Matcher) -> tuple[Check, ...]:
    """The rules that an eachKey or eachValue carries."""
    return tuple(check_of(one) for one in matchers_in(matcher.config.get("rules")))


def matchers_in(written: Any) -> tuple[Matcher, ...]:
    """The matchers of a list inside another matcher. One that cannot be read refuses whatever it is applied to."""
    if not isinstance(written, list):
        return ()
    found = []
    for one in written:
        try:
            found.append(rules.read_matcher(one))
        except (rules.RuleInvalid, AttributeError, TypeError):
            found.append(Matcher("", {}))
    return tuple(found)
