"""What the pages on selection and results say is run as it stands."""

from __future__ import annotations

import json
import pydoc
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SELECTION = (ROOT / "docs" / "reference" / "selection.md").read_text()
LIFE = (ROOT / "docs" / "explanation" / "life-of-a-result.md").read_text()
CONVERSATIONS = re.findall(r"```http\n(\w+) (\S+)\n(.*?)\n?\n(\d+)\n(.*?)```", SELECTION, re.DOTALL)


def contains(actual, told):
    """Everything told is there; lists have the length that is told."""
    if isinstance(told, dict):
        return isinstance(actual, dict) and all(key in actual and contains(actual[key], told[key]) for key in told)
    if isinstance(told, list):
        return len(actual) == len(told) and all(map(contains, actual, told))
    return bool(actual == told)


def test_every_conversation_of_the_page_on_selection(world, client):
    world.published("Web 1", to="Orders", branch="main", content="a").deployed("Web 1", to="production")
    world.published("Web 2", to="Orders", branch="feat", content="b").on_branch("Orders 7", "main")

    assert len(CONVERSATIONS) == SELECTION.count("```http") >= 4
    for method, path, body, status, told in CONVERSATIONS:
        response = client.request(method, path, json=json.loads(body) if body.strip() else None)
        assert response.status_code == int(status), response.text
        assert contains(response.json(), json.loads(told)), response.text


@pytest.mark.parametrize("page", [LIFE])
def test_the_life_of_a_result_names_only_what_exists(page):
    names = re.findall(r"`(broker(?:\.\w+)+)`", page)

    assert len(names) > 8
    assert [name for name in names if pydoc.locate(f"tallystick.{name}") is None] == []
