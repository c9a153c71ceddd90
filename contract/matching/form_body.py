"""Forms (`application/x-www-form-urlencoded`): the comparison of query parameters, with the rules of a body."""

from __future__ import annotations

from tallystick.contract.http_text import parse_query
from tallystick.contract.matching import parts
from tallystick.contract.matching.body import Actual, Expected
from tallystick.contract.matching.findings import Findings
from tallystick.contract.matching.rule_tree import Place, ReadyRule
from tallystick.contract.matching.values import utf8


class FormBody:
    """Parameters in any order, values of one name in order. Nothing unexpected is allowed, not even in responses."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.root = expected.root
        self.parameters = parse_query(utf8(expected.content) or "")

    def fits(self, actual: Actual) -> bool:
        findings = Findings("body")
        self.explain(actual, findings)
        return findings.clean

    def explain(self, actual: Actual, findings: Findings) -> None:
        text = utf8(actual.content)
        if text is None:
            sentence = "Could not convert actual bytes into a UTF-8 string"
            findings.add("unparsable", "$", utf8(self.expected.content), actual.content, sentence)
            return
        found = parse_query(text)
        parts.parameters(
            findings, self.parameters, found, self.rule_of, "form post parameter", parts.name_path, self.item_rule
        )

    def rule_of(self, name: str) -> tuple[ReadyRule, bool] | None:
        return _chosen(self.root.step_to_any(name))

    def item_rule(self, name: str, index: int) -> tuple[ReadyRule, bool] | None:
        return _chosen(self.root.step_to_any(name).item(index))


def _chosen(place: Place) -> tuple[ReadyRule, bool] | None:
    return None if place.rule is None else (place.rule, place.cascaded)
