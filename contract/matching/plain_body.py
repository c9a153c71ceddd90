"""Text and binary bodies: byte for byte, unless a rule at the root says otherwise."""

from __future__ import annotations

from functools import partial

from tallystick.contract.matching.body import Actual, Expected
from tallystick.contract.matching.findings import Findings, Steps
from tallystick.contract.matching.outcome import CannotCheck, any_of
from tallystick.contract.matching.values import utf8

_ROOT = Steps()


class TextBody:
    """Any text: the matchers of text at `$`, else equality. No blanks or line ends are normalised."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.rule = expected.root.rule

    def fits(self, actual: Actual) -> bool:
        if self.rule is None:
            return self.expected.content == actual.content
        wanted, found = utf8(self.expected.content), utf8(actual.content)
        return wanted is not None and found is not None and self.rule.accepts_text(wanted, found, False)

    def explain(self, actual: Actual, findings: Findings) -> None:
        wanted, found = utf8(self.expected.content), utf8(actual.content)
        if self.rule is not None and wanted is not None and found is not None:
            findings.judge_text(self.rule, wanted, found, _ROOT)
        elif self.rule is not None:
            side, content = ("expected", self.expected.content) if wanted is None else ("actual", actual.content)
            sentence = f"Could not convert {side} bytes into a UTF-8 string"
            findings.add("unparsable", _ROOT, wanted, found if found is not None else content, sentence)
        else:
            sentence = f"Expected body '{wanted}' to match '{found}' using equality but did not match"
            findings.add("equality", _ROOT, _or_bytes(wanted, self.expected), _or_bytes(found, actual), sentence)


class BinaryBody:
    """Any bytes: the matchers of bytes at `$`, else equality."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected
        self.rule = expected.root.rule

    def fits(self, actual: Actual) -> bool:
        if self.rule is None:
            return self.expected.content == actual.content
        asked = (partial(check.data, self.expected.content, actual.content) for check in self.rule.checks)
        return any_of(asked) if self.rule.any_of else all(ask() for ask in asked)

    def explain(self, actual: Actual, findings: Findings) -> None:
        wanted, found = self.expected.content, actual.content
        if self.rule is None:
            sentence = f"Actual body [{_summary(actual)}] is not equal to the expected body [{_summary(self.expected)}]"
            findings.add("equality", _ROOT, wanted, found, sentence)
            return
        alternatives = []
        for check in self.rule.checks:
            one = findings.fork()
            try:
                if not check.data(wanted, found):
                    sentence = check.data_why(wanted, found)
                    one.add(check.kind, _ROOT, wanted, found, sentence, check, self.rule)
            except CannotCheck as cannot:
                one.cannot(cannot, _ROOT, self.rule)
            alternatives.append(one)
        findings.weigh(alternatives, any_of=self.rule.any_of)


def _summary(body: Expected | Actual) -> str:
    return f"{body.content_type}, {len(body.content)} bytes, starting with {body.content[:32].hex()}"


def _or_bytes(text: str | None, body: Expected | Actual) -> str | bytes:
    return body.content if text is None else text
