"""Comparing XML (Pact, "Body algorithms", "XML"): names by namespace, siblings in groups of one name, no positions."""

from __future__ import annotations

from tallystick.contract.matching.body import Actual, Expected
from tallystick.contract.matching.check import Check
from tallystick.contract.matching.findings import Findings, Steps
from tallystick.contract.matching.outcome import CannotCheck
from tallystick.contract.matching.rule_tree import Place, ReadyRule
from tallystick.contract.matching.scalar_matchers import Equality, NotEmpty, Regex, Type
from tallystick.contract.matching.xml_tree import Element, XmlInvalid, XmlTooDeep, by_name, parse


class XmlBody:
    """An XML body, parsed once on the expected side."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.problem = ""
        self.root: Element | None = None
        self.too_deep = ""
        try:
            self.root = parse(expected.content)
        except XmlInvalid as refused:
            self.problem = str(refused)
        except XmlTooDeep as refused:
            self.too_deep = str(refused)

    def fits(self, actual: Actual) -> bool:
        findings = Findings("body")
        self.explain(actual, findings)
        return findings.clean

    def explain(self, actual: Actual, findings: Findings) -> None:
        if self.too_deep:
            findings.cannot(CannotCheck("limit", f"the expected body is not compared: {self.too_deep}"), "$")
            return
        if self.root is None:
            self._unparsable("expected", self.problem, actual, findings)
        try:
            found = parse(actual.content)
        except XmlInvalid as refused:
            self._unparsable("actual", str(refused), actual, findings)
        except XmlTooDeep as refused:
            findings.cannot(CannotCheck("limit", f"the actual body is not compared: {refused}"), "$")
        else:
            if self.root is not None:
                place = self.expected.root.step_to_any(self.root.name)
                walk = _Walk(findings, self.expected.strict)
                walk.element(self.root, found, place, Steps().key(self.root.name))

    def _unparsable(self, side: str, problem: str, actual: Actual, findings: Findings) -> None:
        wanted, found = (content.decode(errors="replace") for content in (self.expected.content, actual.content))
        sentence = f"Failed to parse the {side} body: 'Failed to parse bytes as XML - {problem}'"
        findings.add("unparsable", Steps(), wanted, found, sentence)


class _Walk:
    def __init__(self, findings: Findings, strict: bool) -> None:
        self.findings = findings
        self.strict = strict

    def element(self, expected: Element, actual: Element, place: Place, at: Steps) -> None:
        if not self.named(expected, actual, place, at):
            return
        self.attributes(expected, actual, place, at)
        self.children(expected, actual, place, at)
        self.text(expected.text, actual.text, place.step_to_any("#text"), at.key("#text"))

    def named(self, expected: Element, actual: Element, place: Place, at: Steps) -> bool:
        """The element itself: its name, or what a rule at its path asks. Only then is it looked into."""
        found = self.findings.fork()
        if place.rule is None:
            if expected.name != actual.name:
                sentence = f"Expected '{actual.name}' to be equal to '{expected.name}'"
                found.add("equality", at, expected.name, actual.name, sentence)
        else:
            rule = place.rule
            found.weigh(
                [self.asked(check, rule, expected, actual, place.cascaded, at) for check in rule.checks],
                any_of=rule.any_of,
            )
        self.findings.join(found)
        return found.clean

    def asked(
        self, check: Check, rule: ReadyRule, expected: Element, actual: Element, cascaded: bool, at: Steps
    ) -> Findings:
        found = self.findings.fork()
        try:
            sentence = _element_problem(check, expected, actual, cascaded)
        except CannotCheck as cannot:
            found.cannot(cannot, at, rule)
        else:
            if sentence:
                found.add(check.kind, at, expected.name, actual.name, sentence, check, rule)
        return found

    def attributes(self, expected: Element, actual: Element, place: Place, at: Steps) -> None:
        wanted, found = expected.attributes, actual.attributes
        if self.strict and not wanted and found:
            sentence = f"Did not expect any attributes but received {_attributes(found)}"
            self.findings.add("unexpected-attributes", at, "", _attributes(found), sentence)
            return
        if len(found) != len(wanted) if self.strict else len(found) < len(wanted):
            least = "" if self.strict else "at least "
            sentence = f"Expected {least}{len(wanted)} attribute(s) but received {len(found)} attribute(s)"
            self.findings.add("attributes", at, _attributes(wanted), _attributes(found), sentence)
        for name, value in sorted(wanted.items()):
            where = at.key(f"@{name}")
            if name not in found:
                sentence = f"Expected attribute '{name}'='{value}' but was missing"
                self.findings.add("missing", where, value, None, sentence)
            else:
                self.text(value, found[name], place.step_to_any(f"@{name}"), where)

    def children(self, expected: Element, actual: Element, place: Place, at: Steps) -> None:
        if self.strict and not expected.children and actual.children:
            received = ", ".join(child.name for child in actual.children)
            sentence = f"Expected no children but received [{received}]"
            self.findings.add("unexpected-children", at, "", received, sentence)
            return
        wanted, found = by_name(expected.children), by_name(actual.children)
        for name, group in found.items():
            there = place.step_to_any(name)
            if name in wanted:
                self.group(wanted[name], group, there, at.key(name))
            elif self.strict or there.under_type:
                for child in group:
                    self.unexpected(child, at)
        for name, group in wanted.items():
            if name not in found:
                for child in group:
                    self.missing(child, at)

    def group(self, wanted: list[Element], found: list[Element], there: Place, at: Steps) -> None:
        # Missing and further members of a group are reported at the group's path, as the Pact core does.
        if there.under_type:
            for child in found:
                self.element(wanted[0], child, there, at)
            return
        for one, other in zip(wanted, found, strict=False):
            self.element(one, other, there, at)
        for child in wanted[len(found) :]:
            self.missing(child, at)
        if self.strict:
            for child in found[len(wanted) :]:
                self.unexpected(child, at)

    def unexpected(self, child: Element, at: Steps) -> None:
        self.findings.add("unexpected-child", at, None, child.name, f"Unexpected child <{child.name}/>")

    def missing(self, child: Element, at: Steps) -> None:
        self.findings.add("missing-child", at, child.name, None, f"Expected child <{child.name}/> but was missing")

    def text(self, expected: str, actual: str, place: Place, at: Steps) -> None:
        if place.rule is not None:
            self.findings.judge_text(place.rule, expected, actual, at, cascaded=place.cascaded)
        elif expected != actual:
            self.findings.add("equality", at, expected, actual, f"Expected '{actual}' to be equal to '{expected}'")


def _element_problem(check: Check, expected: Element, actual: Element, cascaded: bool) -> str:
    """What a matcher has against an element; "" where it has nothing."""
    if isinstance(check, Type) and (check.least is not None or check.most is not None):
        if not cascaded and check.least is not None and actual.node_count < check.least:
            return f"Expected '{actual.name}' to have at least {check.least} children"
        if not cascaded and check.most is not None and actual.node_count > check.most:
            return f"Expected '{actual.name}' to have at most {check.most} children"
        return ""
    if isinstance(check, Equality | Type):
        return "" if expected.name == actual.name else f"Expected '{actual.name}' to be equal to '{expected.name}'"
    if isinstance(check, Regex):
        return "" if check.accepts(actual.local_name) else check.why(actual.local_name)
    if isinstance(check, NotEmpty):
        return "" if actual.node_count else f"Expected '{actual.name}' to have at least one child"
    return check.unable(f"<{actual.name}/>")


def _attributes(found: dict[str, str]) -> str:
    return "{" + ", ".join(f'"{name}": "{value}"' for name, value in sorted(found.items())) + "}"
