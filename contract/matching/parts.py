"""Method, path, query, headers, status and metadata (Pact, "Matching the parts"). Bodies: `contract.matching.body`.

Every function writes what differs into `Findings`; what fits leaves no trace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from tallystick.contract import paths
from tallystick.contract.http_text import split_header
from tallystick.contract.matching import text_lists
from tallystick.contract.matching.findings import Findings, Steps
from tallystick.contract.matching.outcome import CannotCheck
from tallystick.contract.matching.rule_tree import Place, ReadyRule
from tallystick.contract.matching.values import equal, json_text_of, text_of
from tallystick.contract.model import Headers, Json, Query, Rule

ParameterRule = Callable[[str], "tuple[ReadyRule, bool] | None"]
"""Name -> the rule for all values of it, and whether it comes from further up."""

T = TypeVar("T")


def whole_rule(rules: Mapping[str, Rule] | None) -> ReadyRule | None:
    """The rule of a part that has one value, path or status: the first, whatever its key."""
    for key, rule in (rules or {}).items():
        return ReadyRule(rule, key)
    return None


def named_rules(rules: Mapping[str, Rule] | None, *, ignore_case: bool = False) -> dict[str, ReadyRule]:
    """The rules of a part whose values have names. Of names equal but for case the last by text counts."""
    return {
        name.lower() if ignore_case else name: ReadyRule(rule, name) for name, rule in sorted((rules or {}).items())
    }


def method(findings: Findings, expected: str, actual: str) -> None:
    if expected.upper() != actual.upper():
        findings.add("equality", "", expected, actual, f"expected {expected} but was {actual}")


def path(findings: Findings, expected: str, actual: str, rule: ReadyRule | None) -> None:
    """The path as sent, still percent-encoded."""
    if rule is not None:
        findings.judge_text(rule, expected, actual, "")
    elif expected != actual:
        findings.add("equality", "", expected, actual, f"Expected '{actual}' to be equal to '{expected}'")


def query(
    findings: Findings, expected: Query | None, actual: Mapping[str, Sequence[str | None]], rule_of: ParameterRule
) -> None:
    """Every parameter, in both directions; a parameter without `=` equals an empty one."""
    parameters(findings, expected or {}, actual, rule_of, "query parameter", lambda name: name)


def parameters(
    findings: Findings,
    expected: Mapping[str, Sequence[str | None]],
    actual: Mapping[str, Sequence[str | None]],
    rule_of: ParameterRule,
    words: str,
    path_of: Callable[[str], str],
    item_rule: Callable[[str, int], tuple[ReadyRule, bool] | None] = lambda name, index: None,
) -> None:
    """The comparison that query and form share: by name, values in order, nothing unexpected."""
    for name, given in expected.items():
        wanted = [value or "" for value in given]
        if name not in actual:
            findings.add("missing", path_of(name), wanted, None, f"Expected {words} '{name}' but was missing")
            continue
        found = [value or "" for value in actual[name]]
        chosen = rule_of(name)
        if chosen is not None:
            rule, cascaded = chosen
            _ruled_parameter(findings, name, wanted, found, rule, cascaded, path_of(name), item_rule)
        else:
            _plain_parameter(findings, name, wanted, found, words, path_of(name), item_rule)
    for name in actual:
        if name not in expected:
            sentence = f"Unexpected {words} '{name}' received"
            findings.add("unexpected", path_of(name), None, list(actual[name]), sentence)


def _ruled_parameter(
    findings: Findings,
    name: str,
    wanted: list[str],
    found: list[str],
    rule: ReadyRule,
    cascaded: bool,
    where: str,
    item_rule: Callable[[str, int], tuple[ReadyRule, bool] | None],
) -> None:
    def item(into: Findings, index: int, expected: str, actual: str) -> None:
        # Where items may have rules of their own, in forms, whatever reaches one counts as coming from further up.
        own = item_rule(name, index)
        into.judge_text(own[0] if own else rule, expected, actual, where, cascaded=own is not None)

    at = Steps((name,), (name,))
    text_lists.ruled(findings, rule, wanted, found, item, at, where, cascaded=cascaded)


def _plain_parameter(
    findings: Findings,
    name: str,
    wanted: list[str],
    found: list[str],
    words: str,
    where: str,
    item_rule: Callable[[str, int], tuple[ReadyRule, bool] | None],
) -> None:
    if not wanted:
        if found:
            sentence = f"Expected an empty parameter list for '{name}' but received {json_text_of(found)}"
            findings.add("length", where, wanted, found, sentence)
        return
    if len(wanted) != len(found):
        sentence = f"Expected {words} '{name}' with {len(wanted)} value(s) but received {len(found)} value(s)"
        findings.add("length", where, wanted, found, sentence)
    for index in range(max(len(wanted), len(found))):
        if index >= len(found):
            sentence = f"Expected {words} '{name}' value '{wanted[index]}' but was missing"
            findings.add("missing-item", where, wanted[index], None, sentence)
            continue
        expected, actual = wanted[index] if index < len(wanted) else "", found[index]
        chosen = item_rule(name, index)
        if chosen is not None:
            findings.judge_text(chosen[0], expected, actual, where, cascaded=chosen[1])
        elif expected != actual:
            sentence = f"Expected {words} '{name}' with value '{expected}' but was '{actual}'"
            findings.add("equality", where, expected, actual, sentence)


_PARAMETERISED: Final = frozenset({"accept", "content-type"})


def headers(
    findings: Findings,
    expected: Headers,
    actual: Mapping[str, Sequence[str]],
    rules: Mapping[str, ReadyRule],
) -> None:
    """Expected headers only, names in any case. `actual` has lower-case names; `rules` too."""
    for name, wanted in expected.items():
        lowered = name.lower()
        if lowered not in actual:
            sentence = f"Expected a header '{name}' but was missing"
            findings.add("missing", name, list(wanted), None, sentence)
            continue
        found = actual[lowered]
        if not wanted and found:
            sentence = f"Expected an empty header '{name}' but received {json_text_of(list(found))}"
            findings.add("length", name, [], list(found), sentence)
        else:
            _header(findings, name, wanted, found, rules.get(lowered))


def _header(findings: Findings, name: str, wanted: Sequence[str], found: Sequence[str], rule: ReadyRule | None) -> None:
    wording = f"Mismatch with header '{name}': {{}}"
    if len(wanted) == len(found) == 1:
        _header_value(findings, name, wanted[0], found[0], rule, wording, "")
    elif rule is not None:

        def item(into: Findings, index: int, expected: str, actual: str) -> None:
            # The Pact core says "at index 0" for every value of such a list.
            _header_value(into, name, expected, actual, rule, wording + " for value at index 0", "")

        lowered = name.lower()
        text_lists.ruled(findings, rule, wanted, found, item, Steps((lowered,), (lowered,)), name)
    else:
        for index in range(max(len(wanted), len(found))):
            if index >= len(found):
                sentence = (
                    f"Mismatch with header '{name}': Expected value '{wanted[index]}' at index {index}"
                    f" but was missing (actual has {len(found)} value(s))"
                )
                findings.add("missing-item", name, wanted[index], None, sentence)
            else:
                value = wanted[index] if index < len(wanted) else ""
                words = wording + f" for value at index {index}"
                _header_value(findings, name, value, found[index], None, words, f" at index {index}")


def _header_value(
    findings: Findings, name: str, expected: str, actual: str, rule: ReadyRule | None, wording: str, index_words: str
) -> None:
    expected, actual = expected.strip(), actual.strip()
    if rule is not None:
        findings.judge_text(rule, expected, actual, name, wording=wording)
    elif name.lower() in _PARAMETERISED:
        if not same_with_parameters(expected, actual):
            start = wording.partition("{}")[0]
            sentence = f"{start}Expected header '{name}'{index_words} to have value '{expected}' but was '{actual}'"
            findings.add("equality", name, expected, actual, sentence)
    else:
        wanted, found = _without_comma_blanks(expected), _without_comma_blanks(actual)
        if wanted != found:
            sentence = wording.replace("{}", f"Expected '{found}' to be equal to '{wanted}'", 1)
            findings.add("equality", name, wanted, found, sentence)


def _without_comma_blanks(value: str) -> str:
    return ",".join(piece.strip() for piece in value.split(","))


def same_with_parameters(expected: str, actual: str) -> bool:
    """`a/b;x=1`: the first pieces equal, and every expected parameter there, its value in any case."""
    wanted = [piece for part in expected.split(";") if (piece := part.strip())]
    found = [piece for part in actual.split(";") if (piece := part.strip())]
    if wanted[:1] != found[:1]:
        return False
    has = dict(_parameter(piece) for piece in found[1:])
    # Of a parameter that is given twice the last counts, on both sides.
    asked = dict(_parameter(piece) for piece in wanted[1:])
    return all(name in has and has[name].lower() == value.lower() for name, value in asked.items())


def _parameter(piece: str) -> tuple[str, str]:
    name, _, value = piece.partition("=")
    return name.strip(), value.strip()


def received_headers(lines: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """Header lines as lists by lower-case name; the multi-value ones are split."""
    found: dict[str, list[str]] = {}
    for name, value in lines:
        found.setdefault(name.lower(), []).extend(split_header(name, value))
    return found


def status(findings: Findings, expected: int, actual: int, rule: ReadyRule | None) -> None:
    if rule is None:
        if expected != actual:
            findings.add("equality", "", expected, actual, f"expected {expected} but was {actual}")
        return
    alternatives = []
    for check in rule.checks:
        one = findings.fork()
        try:
            if not check.status(expected, actual):
                one.add(check.kind, "", expected, actual, check.status_why(expected, actual), check, rule)
        except CannotCheck as cannot:
            one.cannot(cannot, "", rule)
        alternatives.append(one)
    findings.weigh(alternatives, any_of=rule.any_of)


_CONTENT_TYPE_KEYS: Final = frozenset({"contenttype", "content-type"})


def metadata(findings: Findings, expected: Mapping[str, Json], actual: Mapping[str, Json], root: Place) -> None:
    """Expected entries only; a rule reaches the value of an entry, not into it."""
    for name, wanted in expected.items():
        if name not in actual:
            findings.add("missing", name, wanted, None, f"Expected message metadata '{name}' but was missing")
            continue
        found = actual[name]
        wording = (
            f"Expected metadata key '{name}' to have value {json_text_of(wanted)} but was {json_text_of(found)} - {{}}"
        )
        rule = root.step(name).rule
        if rule is not None:
            one = findings.fork()
            one.judge_json(rule, wanted, found, Steps((name,), (name,)))
            findings.reword(one, name, wording)
        elif name.lower() in _CONTENT_TYPE_KEYS:
            if not same_with_parameters(text_of(wanted), text_of(found)):
                said = f"Expected header '{name}' to have value '{text_of(wanted)}' but was '{text_of(found)}'"
                findings.add("equality", name, wanted, found, wording.replace("{}", said, 1))
        elif not equal(wanted, found):
            said = f"Expected {json_text_of(found)} to be equal to {json_text_of(wanted)}"
            findings.add("equality", name, wanted, found, wording.replace("{}", said, 1))


def name_path(name: str) -> str:
    return paths.render((name,))
