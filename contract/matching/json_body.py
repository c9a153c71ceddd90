"""Comparing JSON, in two passes over the same algorithm (Pact, "Body algorithms").

`fits` only decides. `Explanation` says what is wrong, and is asked only after a no. A property test holds that they
agree. Both walk the expected value, the actual value and the places of the rules side by side, so a body costs time
in proportion to its size, however many rules there are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from tallystick.contract import json_text
from tallystick.contract.matching.body import Actual, Expected
from tallystick.contract.matching.check import Check
from tallystick.contract.matching.findings import Findings, Steps
from tallystick.contract.matching.matchers import ArrayContains, EachKey, EachValue, Values
from tallystick.contract.matching.outcome import CannotCheck, any_of
from tallystick.contract.matching.rule_tree import Place, ReadyRule, place_of_each_value, variants_of
from tallystick.contract.matching.scalar_matchers import NUMBERS
from tallystick.contract.matching.values import equal, json_text_of, shown

_ABSENT: Final = object()


def fits(expected: Any, actual: Any, place: Place, strict: bool) -> bool:
    """Whether the actual value keeps what the expected one and the rules ask. `strict`: no unexpected keys (requests).

    Raises `CannotCheck` where a matcher has no answer.
    """
    kind = type(expected)
    if kind is dict:
        if type(actual) is not dict:
            return False
        if place.takes_any_object:
            return _members_fit(expected, actual, place, strict)
        assert place.rule is not None
        return _object_fits(expected, actual, place, place.rule, strict)
    if kind is list:
        if type(actual) is not list:
            return False
        rule = place.rule
        if rule is None:
            return len(expected) == len(actual) and _items_fit(expected, actual, place, strict)
        if place.takes_any_array:
            return not expected or _items_fit(expected, actual, place, strict)
        if not rule.checks:
            return False
        return not expected or _array_fits(expected, actual, place, rule, strict)
    if place.accepts is not None:
        return place.accepts(expected, actual)
    return (kind is type(actual) and expected == actual) or equal(expected, actual)


def _members_fit(expected: dict[str, Any], actual: dict[str, Any], place: Place, strict: bool) -> bool:
    """The key check, then every member that both have."""
    need_all = not place.frees_keys
    if strict and (expected.keys() != actual.keys() if need_all else actual and not expected):
        return False
    below, steps = place.below, place.steps
    for key, value in expected.items():
        found = actual.get(key, _ABSENT)
        if found is _ABSENT:
            if need_all:
                return False
            continue
        there = below or steps.get(key) or place.step(key)
        kind = type(value)
        if kind is dict or kind is list:
            if not fits(value, found, there, strict):
                return False
        elif there.accepts is None:
            if (kind is not type(found) or value != found) and not equal(value, found):
                return False
        elif there.asks_kind:
            other = type(found)
            if kind is not other and not (kind in NUMBERS and other in NUMBERS):
                return False
        elif not there.accepts(value, found):
            return False
    return True


def _items_fit(expected: list[Any], actual: list[Any], place: Place, strict: bool, inner: Place | None = None) -> bool:
    """Item by item; further actual items are compared with the first expected one, missing ones are not asked for."""
    alike = inner or place.items_alike
    first = expected[0] if expected else None
    known = len(expected)
    for index, found in enumerate(actual):
        if not fits(expected[index] if index < known else first, found, alike or place.item(index), strict):
            return False
    return True


def _object_fits(expected: dict[str, Any], actual: dict[str, Any], place: Place, rule: ReadyRule, strict: bool) -> bool:
    if strict and not expected and actual:
        return False
    ordinary = False
    for check in rule.checks:
        if not place.cascaded and isinstance(check, _WALKERS):
            for key, value, there in _pairs(check, rule, expected, actual, place):
                if not fits(value, actual[key], there, strict):
                    return False
        else:
            ordinary = True
            if not check.object(expected, actual, place.cascaded):
                return False
    if not ordinary:
        return True
    if (
        rule.each_key
        and place.ends_here
        and place.frees_keys
        and not all(_key_fits(check, key) for check in rule.each_key for key in actual)
    ):
        return False
    return _members_fit(expected, actual, place, strict)


def _array_fits(expected: list[Any], actual: list[Any], place: Place, rule: ReadyRule, strict: bool) -> bool:
    items: bool | None = None

    def accepts(check: Check) -> bool:
        nonlocal items
        if isinstance(check, ArrayContains):
            return all(
                0 <= index < len(expected)
                and any_of(partial(fits, expected[index], one, there, strict) for one in actual)
                for index, there in variants_of(check, expected)
            )
        if isinstance(check, EachValue):
            inner = place_of_each_value(check, rule.key)
            return place.cascaded or _items_fit(expected, actual, place, strict, inner)
        if not check.array(expected, actual, place.cascaded):
            return False
        if items is None:
            items = _items_fit(expected, actual, place, strict)
        return items

    if rule.any_of:
        return any_of(partial(accepts, check) for check in rule.checks)
    return all(map(accepts, rule.checks))


_WALKERS: Final = (Values, EachValue, ArrayContains)


def _pairs(
    check: Check, rule: ReadyRule, expected: dict[str, Any], actual: Mapping[str, Any], place: Place
) -> Sequence[tuple[str, Any, Place]]:
    """For a matcher that walks values whatever their keys: each actual key, its example, its place."""
    if not expected:
        return []
    first = expected[min(expected)]
    if isinstance(check, EachValue):
        there = place_of_each_value(check, rule.key)
        return [(key, expected.get(key, first), there) for key in actual]
    return [(key, expected.get(key, first), place.step_to_any(key)) for key in actual]


def _key_fits(check: EachKey, key: str) -> bool:
    return all(inner.text("", key) for inner in check.rules)


class Explanation:
    """Says what differs. Mismatches and what could not be checked gather in `findings`."""

    def __init__(self, findings: Findings, strict: bool) -> None:
        self.findings = findings
        self.strict = strict

    def part(self, expected: Any, actual: Any, place: Place, at: Steps) -> None:
        """A value inside another. Most are as they should be: deciding first costs little and spares explaining."""
        try:
            if fits(expected, actual, place, self.strict):
                return
        except CannotCheck:
            pass
        self.value(expected, actual, place, at)

    def value(self, expected: Any, actual: Any, place: Place, at: Steps) -> None:
        if isinstance(expected, dict):
            if isinstance(actual, dict):
                self.object(expected, actual, place, at)
            else:
                self.other_kind(expected, actual, at)
        elif isinstance(expected, list):
            if isinstance(actual, list):
                self.array(expected, actual, place, at)
            else:
                self.other_kind(expected, actual, at)
        elif place.rule is None:
            if not equal(expected, actual):
                self.findings.add(
                    "equality", at, expected, actual, f"Expected {shown(actual)} to be equal to {shown(expected)}"
                )
        else:
            self.findings.judge_json(place.rule, expected, actual, at)

    def other_kind(self, expected: Any, actual: Any, at: Steps) -> None:
        self.findings.add(
            "kind",
            at,
            expected,
            actual,
            f"Type mismatch: Expected {shown(actual)} to be the same type as {shown(expected)}",
        )

    def object(self, expected: dict[str, Any], actual: dict[str, Any], place: Place, at: Steps) -> None:
        if self.strict and not expected and actual:
            self.findings.add(
                "unexpected-keys", at, expected, actual, f"Expected an empty Map but received {json_text_of(actual)}"
            )
            return
        rule = place.rule
        if rule is None:
            self.members(expected, actual, place, at)
            return
        ordinary = False
        for check in rule.checks:
            if not place.cascaded and isinstance(check, _WALKERS):
                example_keys = min(expected) if expected else ""
                for key, value, there in _pairs(check, rule, expected, actual, place):
                    self.part(value, actual[key], there, at.key(key, key if key in expected else example_keys))
            else:
                ordinary = True
                if not check.object(expected, actual, place.cascaded):
                    self.findings.add(check.kind, at, expected, actual, check.object_why(expected, actual), check, rule)
        if ordinary:
            if place.ends_here:
                self.keys(rule, actual, at)
            self.members(expected, actual, place, at)

    def keys(self, rule: ReadyRule, actual: dict[str, Any], at: Steps) -> None:
        for each_key in rule.each_key:
            for key in actual:
                for check in each_key.rules:
                    try:
                        if not check.text("", key):
                            self.findings.add(
                                "eachKey", at.key(key), None, key, check.text_why("", key), each_key, rule
                            )
                    except CannotCheck as cannot:
                        self.findings.cannot(cannot, at.key(key), rule)

    def members(self, expected: dict[str, Any], actual: dict[str, Any], place: Place, at: Steps) -> None:
        if not place.frees_keys:
            if self.strict:
                if expected.keys() != actual.keys():
                    kind = "missing-keys" if expected.keys() - actual.keys() else "unexpected-keys"
                    wanted, found = ", ".join(sorted(expected)), ", ".join(sorted(actual))
                    sentence = f"Expected a Map with keys [{wanted}] but received one with keys [{found}]"
                    self.findings.add(kind, at, expected, actual, sentence)
            elif missing := sorted(expected.keys() - actual.keys()):
                sentence = f"Actual map is missing the following keys: {', '.join(missing)}"
                self.findings.add("missing-keys", at, expected, actual, sentence)
        for key, value in expected.items():
            if key in actual:
                self.part(value, actual[key], place.step(key), at.key(key))

    def array(self, expected: list[Any], actual: list[Any], place: Place, at: Steps) -> None:
        rule = place.rule
        if rule is None:
            self.plain_array(expected, actual, place, at)
        elif not rule.checks:
            self.findings.judge_json(rule, expected, actual, at)
        elif expected:
            self.ruled_array(expected, actual, place, rule, at)

    def plain_array(self, expected: list[Any], actual: list[Any], place: Place, at: Steps) -> None:
        if not expected and actual:
            self.findings.add(
                "unexpected-items", at, expected, actual, f"Expected an empty List but received {json_text_of(actual)}"
            )
            return
        for index, value in enumerate(expected):
            if index < len(actual):
                self.part(value, actual[index], place.item(index), at.item(index))
            elif place.item(index).rule is None:
                sentence = f"Expected {json_text_of(value)} but was missing"
                self.findings.add("missing-item", at, value, None, sentence)
        if len(expected) != len(actual):
            sentence = f"Expected a List with {len(expected)} elements but received {len(actual)} elements"
            self.findings.add("length", at, expected, actual, sentence)

    def ruled_array(self, expected: list[Any], actual: list[Any], place: Place, rule: ReadyRule, at: Steps) -> None:
        alternatives: list[Findings] = []
        items: Findings | None = None
        for check in rule.checks:
            found = self.findings.fork()
            if isinstance(check, ArrayContains):
                self.variants(found, check, rule, expected, actual, at)
            elif isinstance(check, EachValue):
                if not place.cascaded:
                    inner = place_of_each_value(check, rule.key)
                    Explanation(found, self.strict).items(expected, actual, place, inner, at)
            else:
                if items is None:
                    items = self.findings.fork()
                    Explanation(items, self.strict).items(expected, actual, place, None, at)
                if not check.array(expected, actual, place.cascaded):
                    found.add(check.kind, at, expected, actual, check.array_why(expected, actual), check, rule)
                found.join(items)
            alternatives.append(found)
        self.findings.weigh(alternatives, any_of=rule.any_of)

    def items(self, expected: list[Any], actual: list[Any], place: Place, inner: Place | None, at: Steps) -> None:
        for index, found in enumerate(actual):
            there = inner if inner is not None else place.item(index)
            example = index if index < len(expected) else 0
            self.part(expected[example], found, there, at.item(index, example))

    def variants(
        self,
        findings: Findings,
        check: ArrayContains,
        rule: ReadyRule,
        expected: list[Any],
        actual: list[Any],
        at: Steps,
    ) -> None:
        for number, (index, there) in enumerate(variants_of(check, expected)):
            if not 0 <= index < len(expected):
                sentence = (
                    f"ArrayContains: variant {index} is missing from the expected list, which has {len(expected)} items"
                )
                findings.add("arrayContains", at, expected, actual, sentence, check, rule)
                continue
            try:
                held = any_of(partial(fits, expected[index], one, there, self.strict) for one in actual)
            except CannotCheck as cannot:
                findings.cannot(cannot, at, rule)
                continue
            if not held:
                sentence = (
                    f"Variant at index {number} ({json_text_of(expected[index])}) was not found in the actual list"
                )
                findings.add("arrayContains", at, expected[index], actual, sentence, check, rule)


class JsonBody:
    """A JSON body, parsed once on the expected side."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.problem = ""
        self.value: Any = None
        try:
            self.value = json_text.loads(expected.content)
        except json_text.JsonInvalid as refused:
            self.problem = str(refused)

    def fits(self, actual: Actual) -> bool:
        if self.problem:
            return False
        try:
            found = json_text.loads(actual.content)
        except json_text.JsonInvalid:
            return False
        return fits(self.value, found, self.expected.root, self.expected.strict)

    def explain(self, actual: Actual, findings: Findings) -> None:
        found: Any = None
        readable = True
        try:
            found = json_text.loads(actual.content)
        except json_text.JsonInvalid as refused:
            readable = False
            self._unparsable("actual", str(refused), actual, findings)
        if self.problem:
            self._unparsable("expected", self.problem, actual, findings)
        elif readable:
            Explanation(findings, self.expected.strict).value(self.value, found, self.expected.root, Steps())

    def _unparsable(self, side: str, problem: str, actual: Actual, findings: Findings) -> None:
        wanted, found = (content.decode(errors="replace") for content in (self.expected.content, actual.content))
        findings.add("unparsable", Steps(), wanted, found, f"Failed to parse the {side} body: '{problem}'")
