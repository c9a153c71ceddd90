"""Before contracts are read, the usage map says which of them an edit may concern: never fewer than it does."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.broker.impact.places import calling
from tallystick.contract.openapi.edits import parse_edit
from tallystick.contract.openapi.prediction import predict
from tallystick.contract.operation import normal_operation, operation_of
from tallystick.contract.reading import read

SEGMENTS = ("orders", "7", "latest", "{id}", "{kind}", "v{n}", "v2", "")
PATHS = st.lists(st.sampled_from(SEGMENTS), min_size=1, max_size=4).map(lambda some: "/" + "/".join(some))
RULES = st.sampled_from(({}, {"path": {"matchers": [{"match": "regex", "regex": r"/\w+/\w+"}]}}))


@settings(max_examples=600, deadline=None)
@given(path=PATHS, rules=RULES, edited=PATHS, described=st.lists(PATHS, max_size=4))
def test_whatever_an_edit_concerns_is_among_what_is_read(path: str, rules: Any, edited: str, described: Any) -> None:
    interaction = read(
        {
            "consumer": {"name": "web"},
            "provider": {"name": "orders"},
            "interactions": [
                {
                    "description": "",
                    "request": {"method": "GET", "path": path, "matchingRules": rules},
                    "response": {"status": 200},
                }
            ],
            "metadata": {"pactSpecification": {"version": "3.0.0"}},
        }
    ).interactions[0]
    stored = operation_of(interaction)
    meant = operation_of(interaction, (*described, edited))

    if normal_operation(" ".join(meant)) == normal_operation(f"GET {edited}"):
        assert calling([("GET", edited)], [stored]) == {stored}


def test_what_nobody_could_mean_is_not_read() -> None:
    used = [("GET", "/orders/{id}"), ("GET", "/orders/latest"), ("POST", "/orders/{id}"), ("GET", "/stock"),
            ("", "orders.paid")]  # fmt: skip

    assert calling([("GET", "/orders/{number}")], used) == {("GET", "/orders/{id}"), ("GET", "/orders/latest")}
    assert calling([("GET", "/orders/7")], used) == {("GET", "/orders/{id}")}
    assert calling([("", "orders.paid")], used) == {("", "orders.paid")}
    assert calling([("DELETE", "/orders/{id}")], used) == set()


def test_the_answer_is_that_of_asking_every_contract(
    world: Any, client: Any, an_order: Callable[..., Any], pact_document: Callable[..., Any]
) -> None:
    dice = random.Random(8)
    paths = ("/orders/7", "/orders/latest", "/orders/8/lines", "/stock/7", "/stock")
    members = ("id", "total", "note")
    pairs = []
    for number in range(14):
        chosen = dice.sample(paths, dice.randint(1, 3))
        interactions = [an_order(f"of {path}", dict.fromkeys(dice.sample(members, 2), 7), path=path) for path in chosen]
        content = pact_document(f"web{number}", "orders", *interactions, version="3.0.0")
        world.published(f"web{number} 1", to="orders", content=content)
        pairs.append((f"web{number}", read(content)))
    operations = ("GET /orders/{id}", "GET /orders/latest", "GET /orders/{id}/lines", "GET /stock/{id}", "GET /else")
    for operation, member in itertools.product(operations, members):
        edit = f"remove '{operation} 200 $.{member}'"
        found = client.post("/pacticipants/orders/impact", json={"edits": [edit]}).json()

        expected = predict(pairs, [parse_edit(edit)])
        told = {(one["name"], line["interaction"]) for one in found["consumers"] for line in one["breaks"]}
        assert told == {(one.key, one.interaction) for one in expected.breaks}
        assert [(one["operationUsed"], one["nearest"]) for one in found["unused"]] == [
            (one.operation_used, list(one.nearest)) for one in expected.unmatched
        ]
