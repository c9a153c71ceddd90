"""Matchers and content handlers of other distributions, by entry point; compiled values that are kept."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from tallystick.contract.matching import body, engine, match_response, matchers, nearest
from tallystick.contract.matching.body import Actual, Expected
from tallystick.contract.matching.check import Check
from tallystick.contract.matching.findings import Findings
from tallystick.contract.model import (
    ActualRequest,
    ActualResponse,
    Body,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Json,
    Matcher,
    Rule,
)


class Even(Check):
    """A matcher as somebody else would write it."""

    def json(self, expected: Json, actual: Json) -> bool:
        return isinstance(actual, int) and actual % 2 == 0

    def json_why(self, expected: Json, actual: Json) -> str:
        return f"{actual} is odd"


class Shouting:
    """A content type where case means nothing."""

    def __init__(self, expected: Expected) -> None:
        self.expected = expected

    def fits(self, actual: Actual) -> bool:
        return actual.content.lower() == self.expected.content.lower()

    def explain(self, actual: Actual, findings: Findings) -> None:
        findings.add("extension", "$", self.expected.content, actual.content, "other words")


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Entry points of a distribution that is installed for this test."""

    def entry_points(group: str) -> list[EntryPoint]:
        names = {matchers.ENTRY_POINTS: ("even", "Even"), body.ENTRY_POINTS: ("application/x-shout", "Shouting")}
        name, attribute = names[group]
        point = EntryPoint(name, f"{__name__}:{attribute}", group)
        monkeypatch.setattr(EntryPoint, "load", lambda self: globals()[self.value.partition(":")[2]])
        return [point]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)
    matchers._installed.cache_clear()
    body.installed.cache_clear()
    yield
    matchers._installed.cache_clear()
    body.installed.cache_clear()


def compared(kind: str, expected: bytes, actual: bytes, *names: str) -> list[tuple[str, str]]:
    rules = {"body": {"$": Rule(tuple(map(Matcher, names)))}} if names else {}
    response = HttpResponse(body=Body("present", expected, kind), rules=rules)
    outcome = match_response(response, ActualResponse(200, (("Content-Type", kind),), actual))
    return [(one.kind, one.sentence) for one in outcome.mismatches]


@pytest.mark.usefixtures("installed")
def test_a_matcher_from_elsewhere_decides_and_explains() -> None:
    assert compared("application/json", b"2", b"4", "even") == []
    assert compared("application/json", b"2", b"3", "even") == [("extension", "3 is odd")]


@pytest.mark.usefixtures("installed")
def test_a_content_type_from_elsewhere_is_compared_its_own_way() -> None:
    assert compared("application/x-shout", b"hey", b"HEY") == []
    assert compared("application/x-shout", b"hey", b"ho") == [("extension", "other words")]


def test_without_them_a_name_is_unknown_and_a_type_is_bytes() -> None:
    assert [kind for kind, _ in compared("application/json", b"2", b"4", "even")] == ["unknown-matcher"]
    assert [kind for kind, _ in compared("application/x-shout", b"hey", b"HEY")] == ["equality"]


def test_what_is_kept_of_a_request_is_kept_for_that_very_value() -> None:
    actual = ActualRequest("GET", "/a")
    for number in range(50):
        # Values come and go, and an identity may return for another value.
        (candidate,) = nearest([HttpInteraction(description="d", request=HttpRequest(path=f"/{number}"))], actual)
        assert [one.expected for one in candidate.outcome.mismatches] == [f"/{number}"]
    assert len(engine._prepared_requests) <= engine._PREPARED_LIMIT
