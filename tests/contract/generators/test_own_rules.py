"""What a generator makes keeps the rule that stands beside it, in every part of a response: asked of the matcher."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.contract import json_text
from tallystick.contract.dsl import expressions, integration_json
from tallystick.contract.dsl.integration_json import GENERATOR, MATCHER
from tallystick.contract.generators import generate_response
from tallystick.contract.matching import match_response
from tallystick.contract.model import ActualResponse, Body, HttpResponse, Json

MOMENTS = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 20))
HEX = "[0-9a-f]"
FIELDS: dict[str, dict[str, Json]] = {
    "RandomInt": {MATCHER: "integer", "min": 3, "max": 9_000, "value": 5},
    "RandomInt as text": {MATCHER: "regex", GENERATOR: "RandomInt", "regex": r"\d+", "value": "5"},
    "RandomDecimal": {MATCHER: "decimal", "digits": 6, "value": json_text.loads("1.5")},
    "RandomHexadecimal": {MATCHER: "regex", "digits": 12, "regex": "[0-9A-F]{12}", "value": "0" * 12},
    "RandomString": {MATCHER: "regex", "size": 20, "regex": "[A-Za-z0-9]{20}", "value": "a" * 20},
    "Regex": {MATCHER: "regex", "regex": r"[A-Z]{2,3}-(?:\d{4}|x+)(?:;q=0\.\d)?", "value": "AB-1234"},
    "Uuid": {MATCHER: "regex", "regex": f"{HEX}{{8}}(-{HEX}{{4}}){{3}}-{HEX}{{12}}",
             "value": "e43d2c1a-0000-4000-8000-123456789abc"},
    "Date": {MATCHER: "date", "format": "yyyy-MM-dd", "value": "2000-01-01"},
    "Date far": {MATCHER: "date", GENERATOR: "Date", "format": "EEE, d MMM yyyy", "expression": "next monday + 2 weeks",
                 "value": "Mon, 3 Jan 2000"},
    "Time": {MATCHER: "time", "format": "hh:mm a", "value": "10:00 AM"},
    "DateTime": {MATCHER: "datetime", "format": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "value": "2000-01-01T10:00:00.000Z"},
    "RandomBoolean": {MATCHER: "boolean", "value": True},
    "Own": {MATCHER: "type", "value": "kept"},
}  # fmt: skip


def document() -> dict[str, Json]:
    return {name: {GENERATOR: name.partition(" ")[0], **one} for name, one in FIELDS.items()}


@given(MOMENTS, st.integers())
@settings(max_examples=60)
def test_a_generated_body_keeps_its_rules(moment: datetime, seed: int) -> None:
    expanded = integration_json.expand(document())
    expected = HttpResponse(
        body=Body("present", json_text.dumps(expanded.example), "application/json"),
        rules={"body": expanded.rules},
        generators={"body": expanded.generators},
    )

    handed = generate_response(expected, "consumer", {}, random.Random(seed), moment.replace(tzinfo=UTC))
    outcome = match_response(
        expected, ActualResponse(200, (("Content-Type", "application/json"),), handed.body.content)
    )

    assert expanded.complaints == ()
    assert outcome.ok, outcome
    made: Any = json_text.loads(handed.body.content)
    example: Any = expanded.example
    # Chance may give the example back, though hardly in many fields at once.
    assert sum(made[name] != example[name] for name in FIELDS) >= len(FIELDS) - 5


@pytest.mark.parametrize(
    "expression",
    [
        "matching(type,'Name')", "matching(number,1.5)", "matching(integer,7)", "matching(decimal,1.5)",
        "matching(boolean,true)", "matching(date,'yyyy-MM-dd','2000-01-01')", "matching(regex,'a+b','aab')",
        "matching(include,'ell')", "matching(semver,'1.2.3')", "notEmpty('x')", "matching(equalTo,5)",
        "notEmpty(5), matching(integer,5)",
    ],
)  # fmt: skip
def test_the_example_of_an_expression_keeps_its_rules(expression: str) -> None:
    definition = expressions.parse(expression)
    document: Json = {"a": {MATCHER: expression, "value": definition.example}}
    expanded = integration_json.expand(document)
    content = json_text.dumps(expanded.example)
    expected = HttpResponse(body=Body("present", content, "application/json"), rules={"body": expanded.rules})

    assert expanded.rules["$.a"].matchers == definition.matchers
    assert match_response(expected, ActualResponse(200, (("Content-Type", "application/json"),), content)).ok
