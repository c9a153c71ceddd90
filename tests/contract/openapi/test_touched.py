"""Only what two descriptions say differently is compared: the answer is the one that comparing everything gives."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.contract.openapi.touched import Touched, touched
from tallystick.contract.openapi.what_if import what_if
from tallystick.contract.reading import read
from tallystick.contract.templates import Templates

OPERATIONS = [("get", "/orders/{id}"), ("get", "/orders/latest"), ("post", "/orders"), ("get", "/{kind}/7")]
TYPES = ("string", "integer", "boolean")


def described(choices: dict[str, Any]) -> dict[str, Any]:
    """A description of some of the operations; two schemas that all answers share."""
    paths: dict[str, Any] = {}
    for index, (method, template) in enumerate(OPERATIONS):
        if index in choices["gone"]:
            continue
        members = {"own": {"type": choices["types"][index]}, "shared": {"$ref": "#/components/schemas/Shared"}}
        answer = {"type": "object", "properties": members, "required": ["own"] * choices["required"][index]}
        paths.setdefault(template, {})[method] = {
            "summary": choices["words"],
            "parameters": [{"name": "page", "in": "query", "schema": {"type": choices["page"]}}],
            "responses": {"200": {"description": "", "content": {"application/json": {"schema": answer}}}},
        }
    schemas = {
        "Shared": {"type": "object", "properties": {"deep": {"$ref": "#/components/schemas/Deep"}}},
        "Deep": {"type": choices["deep"], "description": choices["words"]},
    }
    return {"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}}


DESCRIPTIONS = st.fixed_dictionaries(
    {
        "gone": st.sets(st.integers(0, 3), max_size=1),
        "types": st.tuples(*[st.sampled_from(TYPES)] * 4),
        "required": st.tuples(*[st.integers(0, 1)] * 4),
        "page": st.sampled_from(("integer", "boolean")),
        "deep": st.sampled_from(TYPES),
        "words": st.sampled_from(("", "more")),
    }
).map(described)


def contract(paths: list[str], own: Any, deep: Any) -> Any:
    return read(
        {
            "consumer": {"name": "web"},
            "provider": {"name": "orders"},
            "interactions": [
                {
                    "description": path,
                    "request": {"method": "POST" if path == "/orders" else "GET", "path": path, "query": "page=1"},
                    "response": {
                        "status": 200,
                        "headers": {"Content-Type": "application/json"},
                        "body": {"own": own, "shared": {"deep": deep}},
                    },
                }
                for path in paths
            ],
            "metadata": {"pactSpecification": {"version": "2.0.0"}},
        }
    )


CONTRACTS = st.builds(
    contract,
    st.lists(st.sampled_from(("/orders/7", "/orders/latest", "/orders", "/stock/7", "/else")), min_size=1, unique=True),
    st.sampled_from(("x", 7, True)),
    st.sampled_from(("x", 7, True)),
)


class Everything(Touched):
    """As if nothing were known to be the same."""

    def meets(self, method: str, path: str) -> bool:
        return True


@settings(max_examples=150, deadline=None)
@given(old=DESCRIPTIONS, new=DESCRIPTIONS, contracts=st.lists(CONTRACTS, min_size=1, max_size=3))
def test_comparing_what_differs_finds_what_comparing_everything_finds(old: Any, new: Any, contracts: Any) -> None:
    pairs = list(enumerate(contracts))

    assert what_if(pairs, old, new) == what_if(pairs, old, new, Everything((), {"GET": Templates()}))


@pytest.mark.parametrize(
    ("change", "operations"),
    [
        (lambda one: one["components"]["schemas"]["Deep"].update(type="integer"),
         [("GET", "/orders/{id}"), ("GET", "/orders/latest"), ("POST", "/orders"), ("GET", "/{kind}/7")]),
        (lambda one: one["components"]["schemas"]["Deep"].update(description="said better"), []),
        (lambda one: one["paths"]["/orders"]["post"].update(deprecated=True, summary="new words"), []),
        (lambda one: one["paths"]["/orders"]["post"]["responses"].pop("200"), [("POST", "/orders")]),
        (lambda one: one["paths"].pop("/{kind}/7"), [("GET", "/{kind}/7")]),
        (lambda one: one["paths"].update({"/new": {"put": {"responses": {}}}}), [("PUT", "/new")]),
    ],
)  # fmt: skip
def test_an_operation_is_touched_by_what_it_means_however_far_away(change: Any, operations: Any) -> None:
    old = described({"gone": (), "types": ["string"] * 4, "required": [0] * 4, "page": "integer", "deep": "string",
                     "words": ""})  # fmt: skip
    new = copy.deepcopy(old)
    change(new)

    assert list(touched(old, new).operations) == operations
