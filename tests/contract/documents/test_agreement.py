"""What loads in the Pact core loads here, and what it refuses is refused: asked of the core itself, case by case."""

import json
from typing import Any

import pytest

from tallystick.contract.errors import ContractInvalid
from tallystick.contract.reading import read

core = pytest.importorskip("pact_ffi", reason="the Pact core comes with pact-python, of the dev extra")

RULE = {"matchers": [{"match": "type"}]}
CATEGORIES = ("path", "status", "header", "query", "body", "metadata", "contents", "method", "odd")
ENTRIES: tuple[Any, ...] = (
    None, 5, [], "x", {}, {"x y": RULE}, {"x y": 5}, {"x y": {}}, {"$.a": 5}, {"$.a": {}}, {"$.a": {"matchers": None}},
    {"$.a": {"matchers": [5]}}, {"$.a": {"matchers": [{}]}}, {"matchers": 5}, {"matchers": [5]}, {"": RULE},
    {"$": RULE}, {"a.b": RULE}, {"combine": "OR"}, {"$.a": {"match": "type"}}, {"$.a": {"matchers": [{"match": 5}]}},
    {"$.a": {"matchers": [{"match": None}]}}, {"$.a": {"matchers": [{"match": "regex", "regex": None}]}},
)  # fmt: skip
FLAT = (
    "$", "$.", "$.x y", "$[0]", "$[*]", "$.*", "$.body.x y", "$.body", "$.bodyx", "$.header", "$.headers",
    "$.headers.x y", "$.query", "$.path.x", "$.odd", "$.status", "$['body']['x y']", "$.headers['x y']", "$.headersX",
    "$.header.X", "$.body[0]", "$..a", "$.metadata.x", "$.query['a b']", "$.query.a[0]",
)  # fmt: skip
MATCHERS: tuple[Any, ...] = (
    {"match": "eachKey"}, {"match": "eachKey", "rules": None}, {"match": "eachKey", "rules": [5]},
    {"match": "eachKey", "rules": [{}]}, {"match": "eachKey", "rules": [{"match": "regex"}]},
    {"match": "eachKey", "rules": {}}, {"match": "eachValue", "rules": [{"match": "type"}], "value": 5},
    {"match": "arrayContains"}, {"match": "arrayContains", "variants": None},
    {"match": "arrayContains", "variants": {}}, {"match": "arrayContains", "variants": [5]},
    {"match": "arrayContains", "variants": [{"index": "x"}]},
    {"match": "arrayContains", "variants": [{"index": 0, "rules": 5}]},
    {"match": "arrayContains", "variants": [{"index": 0, "rules": {"$..": RULE}}]},
    {"match": "arrayContains", "variants": [{"index": 0, "rules": {"$.a": {"matchers": [{"match": "regex"}]}}}]},
    {"match": "statusCode"}, {"match": "statusCode", "status": None}, {"match": "statusCode", "status": 200},
    {"match": "statusCode", "status": "x"}, {"match": "statusCode", "status": ["x"]},
    {"match": "statusCode", "status": ["200", 1.5]}, {"match": "statusCode", "status": [-1]},
    {"match": "statusCode", "status": [True]}, {"match": "min"}, {"match": "min", "min": None},
    {"match": "min", "min": "x"}, {"match": "min", "min": -1}, {"match": "max-type", "max": 1.5},
    {"match": "type", "min": "x"}, {"match": "include", "value": None}, {"match": "include"}, {"match": "contentType"},
    {"match": "date", "format": 5}, {"match": "datetime", "timestamp": "x"}, {"match": "TYPE"}, {"match": ""},
    {"match": []}, {"regex": 5}, {"min": "x"}, {"max": []}, {"timestamp": 5}, {"time": None},
    {"pact:matcher:type": "type"}, {"pact:matcher:type": "regex"},
)  # fmt: skip
GENERATORS: tuple[Any, ...] = (
    5, [], {"body": 5}, {"body": {"$..": {"type": "Uuid"}}}, {"body": {"$.a": 5}}, {"odd": {"x": {"type": "Uuid"}}},
    {"path": 5}, {"header": {"x y": {"type": "Uuid"}}}, {"metadata": {"x y": {"type": "Uuid"}}},
    {"body": {"$.a": {"type": "ProviderState"}}}, {"status": {"x y": {"type": "Uuid"}}},
)  # fmt: skip


def loads_in_core(document: dict[str, Any]) -> bool:
    pact = core.lib.pactffi_parse_pact_json(json.dumps(document).encode())
    if pact == core.ffi.NULL:
        return False
    core.lib.pactffi_pact_model_delete(pact)
    return True


def loads_here(document: dict[str, Any]) -> bool:
    try:
        read(document)
    except ContractInvalid:
        return False
    return True


def differing(parts: list[dict[str, Any]]) -> list[tuple[bool, dict[str, Any]]]:
    """What the two do not agree on, with what the core said."""
    found = []
    for part in parts:
        document = {
            "interactions": [{"type": "Synchronous/HTTP", "description": "x", "response": {"status": 200, **part}}],
            "metadata": {"pactSpecification": {"version": "4.0"}},
        }
        in_core = loads_in_core(document)
        if loads_here(document) != in_core:
            found.append((in_core, part))
    return found


def test_rules_by_category() -> None:
    assert differing([{"matchingRules": {name: entry}} for name in CATEGORIES for entry in ENTRIES]) == []


def test_rules_by_path() -> None:
    values: tuple[Any, ...] = ({"match": "type"}, 5, None, {}, RULE, [])

    assert differing([{"matchingRules": {path: value}} for path in FLAT for value in values]) == []


def test_matchers_and_what_they_need() -> None:
    by_category = [{"matchingRules": {"body": {"$.a": {"matchers": [matcher]}}}} for matcher in MATCHERS]
    by_path = [{"matchingRules": {"$.body.a": matcher}} for matcher in MATCHERS]

    assert differing(by_category + by_path) == []


def test_generators() -> None:
    assert differing([{"generators": written} for written in GENERATORS]) == []


@pytest.mark.parametrize("version", ["1.0.0", "1.1", "2", "2.0.0", "3", "3.0.0", "4.0", "4.0.0", "5", "x", "", "v2"])
def test_versions_and_the_lists_they_have(version: str) -> None:
    for members in (
        {"messages": []}, {"messages": None}, {"messages": [{}]}, {"interactions": None}, {"interactions": [{}]},
        {"interactions": [{"type": "X"}]}, {"interactions": [{"response": {"status": "200"}}]},
        {"interactions": [{"response": {"status": 200.0}}]}, {"interactions": [{"response": {"status": -1}}]},
        {"interactions": [{"type": "Synchronous/HTTP", "response": {"status": None}}]},
        {"interactions": [{"type": "Synchronous/Messages"}]},
        {"interactions": [{"type": "Synchronous/Messages", "request": {}, "response": {}}]},
    ):  # fmt: skip
        document = {"metadata": {"pactSpecification": {"version": version}}, **members}
        assert loads_here(document) == loads_in_core(document), document
