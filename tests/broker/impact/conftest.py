"""A provider and three consumers with reasons to count: live, on the main branch only, long gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def order(description: str, body: Any, rules: Any = None, path: str = "/orders/7", **response: Any) -> dict[str, Any]:
    answer: dict[str, Any] = {"status": 200, "body": body, **response}
    if rules:
        answer["matchingRules"] = {"body": {at: {"matchers": list(found)} for at, found in rules.items()}}
    return {"description": description, "request": {"method": "GET", "path": path}, "response": answer}


@pytest.fixture
def an_order() -> Callable[..., dict[str, Any]]:
    """`an_order("an order", {"total": 7}, {"$.total": [{"match": "type"}]})`."""
    return order


@pytest.fixture
def orders(world: Any, pact_document: Callable[..., dict[str, Any]]) -> Any:
    """web is live in production and test, mail is on its main branch only, old was live once."""

    def pact(consumer: str, *interactions: dict[str, Any]) -> dict[str, Any]:
        return pact_document(consumer, "orders", *interactions, version="3.0.0")

    lines = order(
        "an order with lines",
        {"id": 7, "lines": [{"total": 5}]},
        {"$.lines": [{"match": "type", "min": 1}], "$.lines[*].total": [{"match": "integer"}]},
    )
    world.participant("web", mainBranch="main").participant("mail", mainBranch="main").participant("orders")
    world.environment("production", production=True, contacts=[{"name": "Team Web"}])
    world.published("web 1", to="orders", branch="main", content=pact("web", lines))
    world.deployed("web 1", to="production")
    world.published("web 2", to="orders", branch="main", content=pact("web", lines, order("a total", {"total": 7})))
    world.deployed("web 2", to="test")
    world.published("mail 1", to="orders", branch="main", content=pact("mail", order("one total", {"total": 9})))
    world.published("old 1", to="orders", content=pact("old", order("the note", {"note": "x"})))
    world.published("old 2", to="orders", content=pact("old", order("nothing much", {"id": 7})))
    return world
