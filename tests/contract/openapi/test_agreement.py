"""Agreement with the reference comparator on the shared cases: verdicts, codes and places in the contract."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tallystick.contract import json_text, openapi

_FORM = "A field of a form is a text, so `5` is the integer that the schema wants; the reference wants a JSON number."
ANOTHER_VERDICT = {"ov0008": _FORM}
"""Cases that we accept and the reference refuses, each with the reason why."""
OTHER_PLACES = {"ov0008": _FORM, "ov0015": _FORM, "ov0039": "One field `kind` is a list of one: its item is wrong."}
"""Cases where the errors are in other places."""


@pytest.fixture(scope="module")
def answered(shared: Path) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    lines = (shared / "differential" / "openapi" / "cases.jsonl").read_bytes().splitlines()
    cases: list[Any] = [json_text.loads(line) for line in lines]
    return [(case, openapi.answer(case)) for case in cases]


def codes(found: list[dict[str, Any]]) -> Counter[str]:
    return Counter(one["code"] for one in found)


def places(found: list[dict[str, Any]]) -> Counter[tuple[str, str]]:
    return Counter((one["code"], one["location"]) for one in found)


def test_every_case_but_those_explained_has_the_same_verdict(
    answered: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    differing = [c["id"] for c, a in answered if bool(a["errors"]) != bool(c["reference"]["errors"])]

    assert len(answered) == 185
    assert differing == list(ANOTHER_VERDICT)


def test_every_case_but_those_explained_has_the_same_codes_and_places(
    answered: list[tuple[dict[str, Any], dict[str, Any]]],
) -> None:
    for case, answer in answered:
        assert codes(answer["warnings"]) == codes(case["reference"]["warnings"]), case["id"]
        same = places(answer["errors"]) == places(case["reference"]["errors"])
        assert same is (case["id"] not in OTHER_PLACES), case["id"]


def test_every_code_is_in_the_closed_list(answered: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
    used = {one["code"] for _, answer in answered for one in [*answer["errors"], *answer["warnings"]]}

    assert used <= openapi.CODES.keys()
