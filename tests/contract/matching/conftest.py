"""A response or message compared in one call, and what was found in short."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tallystick.contract.complaints import Notes
from tallystick.contract.matching import Outcome, match_request, match_response
from tallystick.contract.model import ActualRequest, ActualResponse, Body, HttpRequest, HttpResponse, Rules
from tallystick.contract.rules import read_rules

JSON = (("Content-Type", "application/json"),)


def rules_of(written: Mapping[str, Any]) -> Rules:
    """Body rules by path: a matcher, a list of matchers, or a whole rule."""
    entries = {
        path: rule if "matchers" in rule else {"matchers": rule if isinstance(rule, list) else [rule]}
        for path, rule in written.items()
    }
    rules, _ = read_rules({"body": entries}, "", Notes())[:2]
    return rules


@pytest.fixture
def compare() -> Callable[..., Outcome]:
    """Compare JSON bodies: expected, actual, rules by path. As a response, or `strict` as a request."""

    def compare(expected: Any, actual: Any, rules: Mapping[str, Any] | None = None, *, strict: bool = False) -> Outcome:
        body = Body("present", as_bytes(expected), "application/json")
        content = as_bytes(actual)
        if strict:
            request = HttpRequest("POST", body=body, rules=rules_of(rules or {}))
            return match_request(request, ActualRequest("POST", "/", None, JSON, content))
        response = HttpResponse(body=body, rules=rules_of(rules or {}))
        return match_response(response, ActualResponse(200, JSON, content))

    return compare


@pytest.fixture
def found(compare: Callable[..., Outcome]) -> Callable[..., list[tuple[str, str]]]:
    """The kind and path of everything that differs, in order of path."""

    def found(*arguments: Any, **options: Any) -> list[tuple[str, str]]:
        outcome = compare(*arguments, **options)
        assert not outcome.undecided
        return sorted((one.kind, one.path) for one in outcome.mismatches)

    return found


def as_bytes(value: Any) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()
