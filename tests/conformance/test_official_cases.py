"""The official cases of the Pact specification, read as data: all 803, five of them deviations that we name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tallystick.contract import reading
from tallystick.contract.http_text import render_query
from tallystick.contract.matching import Outcome, match_message, match_request, match_response
from tallystick.contract.model import (
    ActualMessage,
    ActualRequest,
    ActualResponse,
    AsyncMessage,
    Headers,
    HttpInteraction,
    Interaction,
)

VERSIONS = {"v1": "1.0.0", "v1.1": "1.1.0", "v2": "2.0.0", "v3": "3.0.0", "v4": "4.0"}
COUNTS = {"v1": 76, "v1.1": 97, "v2": 178, "v3": 226, "v4": 226}

PARAMETER_ORDER = "The case compares the query as one string; the released core compares parameters by name."
ELEMENT_REGEX = (
    "The case wants a regex at an element to look at its text; the released core tests the element's name too."
)
DEVIATIONS = {
    "v1/request/query/different param order.json": PARAMETER_ORDER,
    "v1/request/query/trailing amperand.json": PARAMETER_ORDER,
    "v2/request/body/matches with regex xml.json": ELEMENT_REGEX,
    "v3/request/body/matches with regex xml.json": ELEMENT_REGEX,
    "v4/request/body/array with regular expression that does not match in element xml.json": (
        "The case wants [*] to mean any sibling; in the released core XML has no positions and the rule never applies."
    ),
}
"""Where the released core, which everyone compares with, does not do what the case says. We follow the core."""


def cases(folder: Path) -> dict[str, dict[str, Any]]:
    return {
        path.relative_to(folder).as_posix(): json.loads(path.read_text(encoding="utf-8-sig"))
        for path in sorted(folder.rglob("*.json"))
    }


def interaction(name: str, side: Mapping[str, Any]) -> Interaction:
    """One side of a case as an interaction, put into a document of the case's version."""
    version, part = name.split("/")[:2]
    metadata = {"pactSpecification": {"version": VERSIONS[version]}}
    if part == "message":
        kind = {"type": "Asynchronous/Messages"} if version == "v4" else {}
        document = {"interactions" if version == "v4" else "messages": [{"description": name, **kind, **side}]}
    else:
        kind = {"type": "Synchronous/HTTP"} if version == "v4" else {}
        document = {"interactions": [{"description": name, **kind, part: side}]}
    return reading.read({**document, "metadata": metadata}).interactions[0]


def lines(headers: Headers | None) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, values in (headers or {}).items() for value in values)


def outcome(name: str, case: Mapping[str, Any]) -> Outcome:
    expected, actual = interaction(name, case["expected"]), interaction(name, case["actual"])
    if isinstance(expected, AsyncMessage):
        assert isinstance(actual, AsyncMessage)
        body = actual.contents.body
        content = None if body.state == "missing" else body.content
        return match_message(expected.contents, ActualMessage(content, actual.contents.metadata, body.content_type))
    assert isinstance(expected, HttpInteraction)
    assert isinstance(actual, HttpInteraction)
    if name.split("/")[1] == "response":
        came = actual.response
        return match_response(expected.response, ActualResponse(came.status, lines(came.headers), came.body.content))
    sent = actual.request
    query = None if sent.query is None else render_query(sent.query)
    return match_request(
        expected.request, ActualRequest(sent.method, sent.path, query, lines(sent.headers), sent.body.content)
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_every_official_case_has_its_verdict_but_for_the_deviations_named(shared: Path, version: str) -> None:
    known = {
        name: case for name, case in cases(shared / "pact-specification").items() if name.startswith(version + "/")
    }
    assert len(known) == COUNTS[version]

    other = {name for name, case in known.items() if outcome(name, case).ok is not case["match"]}

    assert other == {name for name in DEVIATIONS if name.startswith(version + "/")}


def test_there_are_five_deviations_each_with_a_sentence(shared: Path) -> None:
    assert len(DEVIATIONS) == 5
    assert all((shared / "pact-specification" / name).is_file() for name in DEVIATIONS)
    assert all(sentence.endswith(".") for sentence in DEVIATIONS.values())


def test_nothing_official_is_left_undecided(shared: Path) -> None:
    undecided = [n for n, case in cases(shared / "pact-specification").items() if outcome(n, case).undecided]

    assert undecided == []
