"""Lists of texts under a rule: the values of a query parameter, a header or a form parameter.

They follow the list algorithm of Pact ("Matchers", "Lists"): the rule sees the list, then every actual value, further
ones beside the first expected value, fewer are accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from tallystick.contract.matching.findings import Findings, Steps
from tallystick.contract.matching.matchers import ArrayContains, EachValue
from tallystick.contract.matching.outcome import CannotCheck, any_of
from tallystick.contract.matching.rule_tree import Place, ReadyRule, place_of_each_value, variants_of
from tallystick.contract.matching.values import json_text_of

Item = Callable[[Findings, int, str, str], None]
"""Compares one value: findings, index, expected, actual."""


def ruled(
    findings: Findings,
    rule: ReadyRule,
    expected: Sequence[str],
    actual: Sequence[str],
    item: Item,
    at: Steps,
    where: str,
    *,
    cascaded: bool = False,
) -> None:
    """Compare two lists of texts under the rule of their name; `item` compares single values under it.

    What is wrong with a list is reported at `at`, what is wrong with a value at `where`.
    """
    if not expected:
        return
    wanted, found = list(expected), list(actual)
    alternatives: list[Findings] = []
    items: Findings | None = None
    for check in rule.checks:
        one = findings.fork()
        if isinstance(check, ArrayContains):
            _variants(one, check, rule, wanted, found, at)
        elif isinstance(check, EachValue):
            if not cascaded:
                there = place_of_each_value(check, rule.key).rule
                assert there is not None
                for index, value in enumerate(found):
                    one.judge_text(there, wanted[index if index < len(wanted) else 0], value, where)
        else:
            if not check.array(wanted, found, cascaded):
                one.add(check.kind, at, wanted, found, check.array_why(wanted, found), check, rule)
            if items is None:
                items = findings.fork()
                for index, value in enumerate(found):
                    item(items, index, wanted[index if index < len(wanted) else 0], value)
            one.join(items)
        alternatives.append(one)
    findings.weigh(alternatives, any_of=rule.any_of)


def _variants(
    findings: Findings, check: ArrayContains, rule: ReadyRule, expected: list[str], actual: list[str], at: Steps
) -> None:
    for number, (index, there) in enumerate(variants_of(check, expected)):
        if not 0 <= index < len(expected):
            sentence = (
                f"ArrayContains: variant {index} is missing from the expected list, which has {len(expected)} items"
            )
            findings.add("arrayContains", at, expected, actual, sentence, check, rule)
            continue
        try:
            held = any_of(partial(_fits, expected[index], value, there) for value in actual)
        except CannotCheck as cannot:
            findings.cannot(cannot, at, rule)
            continue
        if not held:
            sentence = f"Variant at index {number} ({json_text_of(expected[index])}) was not found in the actual list"
            findings.add("arrayContains", at, expected[index], actual, sentence, check, rule)


def _fits(expected: str, actual: str, place: Place) -> bool:
    if place.rule is None:
        return expected == actual
    return place.rule.accepts_text(expected, actual, place.cascaded)
