"""Which interactions an edit breaks, on which field, and which it leaves alone."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from tallystick.contract import reading
from tallystick.contract.model import Contract
from tallystick.contract.openapi.edits import parse_edit, parse_target
from tallystick.contract.openapi.prediction import Prediction, nearest, predict
from tallystick.contract.openapi.what_if import what_if
from tallystick.contract.usage import usage


def rule(*matchers: dict[str, Any]) -> dict[str, Any]:
    return {"matchers": list(matchers)}


def body(content: Any) -> dict[str, Any]:
    return {"content": content, "contentType": "application/json", "encoded": False}


READS = {
    "type": "Synchronous/HTTP", "description": "an order", "request": {"method": "GET", "path": "/orders/5"},
    "response": {
        "status": 200, "headers": {"ETag": ["x"]},
        "body": body({"id": 5, "total": "12.50", "lines": [{"sku": "a1", "n": 1}], "note": None, "names": {"en": "x"}}),
        "matchingRules": {"body": {
            "$.id": rule({"match": "integer"}),
            "$.total": rule({"match": "regex", "regex": "\\d+\\.\\d\\d"}),
            "$.lines": rule({"match": "type", "min": 1}),
            "$.lines[*].n": rule({"match": "number"}),
            "$.names": rule({"match": "values"}),
        }},
    },
}  # fmt: skip
WRITES = {
    "type": "Synchronous/HTTP", "description": "make", "response": {"status": 201},
    "request": {"method": "POST", "path": "/orders", "query": {"dry": ["true"]}, "headers": {"X-Key": ["k"]},
                "body": body({"name": "x", "size": "l", "lines": [{"sku": "a"}, {}], "empty": []})},
}  # fmt: skip
FAILS = {**copy.deepcopy(WRITES), "description": "refused", "response": {"status": 400}}
TOLD = {
    "type": "Asynchronous/Messages",
    "description": "told",
    "metadata": {"topic": "orders"},
    "contents": body({"id": 1}),
}


def contract(*interactions: Any) -> Contract:
    document = {
        "consumer": {"name": "web"}, "provider": {"name": "orders"}, "interactions": list(interactions),
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }  # fmt: skip
    return reading.read(json.dumps(document))


def asked(edit: str, *interactions: Any) -> Prediction[str]:
    return predict([("web 1", contract(*(interactions or (READS, WRITES, FAILS, TOLD))))], [parse_edit(edit)])


@pytest.mark.parametrize(
    ("edit", "broken", "rules"),
    [
        ("remove 'GET /orders/{id} 200 $.total'", "an order", ""),
        ("rename 'GET /orders/{id} 200 $.total' to sum", "an order", ""),
        ("remove 'GET /orders/{orderId} 200 $.note'", "an order", ""),
        ("remove 'GET /orders/{id} 200 $.lines[*].sku'", "an order", ""),
        ("remove 'GET /orders/{id} 2XX $.lines'", "an order", ""),
        ("type 'GET /orders/{id} 200 $.id' string", "an order", "integer at $.id"),
        ("type 'GET /orders/{id} 200 $.id' number", "an order", "integer at $.id"),
        ("type 'GET /orders/{id} 200 $.total' number", "an order", "regex at $.total"),
        ("nullable 'GET /orders/{id} 200 $.total'", "an order", "regex at $.total"),
        ("remove 'GET /orders/{id} 200 header etag'", "an order", ""),
        ("remove 'GET /orders/{id} 200'", "an order", ""),
        ("remove 'GET /orders/{id} 200 $'", "an order", ""),
        ("drop operation 'GET /orders/{id}'", "an order", ""),
        ("require 'POST /orders $.email'", "make", ""),
        ("require 'POST /orders $.lines[*].sku'", "make", ""),
        ("require 'POST /orders query page'", "make", ""),
        ("require 'POST /orders header X-Trace'", "make", ""),
        ("rename 'POST /orders $.name' to title", "make", ""),
        ("type 'POST /orders $.name' integer", "make", ""),
        ("type 'POST /orders query dry' integer", "make", ""),
        ("remove 'orders $.id'", "told", ""),
    ],
)
def test_an_edit_breaks_who_relies_on_the_place(edit: str, broken: str, rules: str) -> None:
    prediction = asked(edit)

    assert {one.interaction for one in prediction.breaks} == {broken}
    assert {one.rule for one in prediction.breaks} == {rules}
    assert all(one.sentence and one.consumer == "web" and one.key == "web 1" for one in prediction.breaks)
    assert prediction.unmatched == ()


@pytest.mark.parametrize(
    "edit",
    [
        "type 'GET /orders/{id} 200 $.lines[*].n' number",
        "remove 'POST /orders $.name'",
        "require 'POST /orders $.name'",
        "require 'POST /orders $.empty[*].x'",
        "require 'POST /orders query dry'",
        "type 'POST /orders query dry' boolean",
        "remove 'GET /orders/{id} 200 $.names.en'",
    ],
)
def test_an_edit_that_the_rules_allow_is_tolerated(edit: str) -> None:
    prediction = asked(edit)

    assert prediction.breaks == ()
    assert [(key, str(one)) for key, _, one in prediction.tolerated] == [("web 1", edit)]


def test_a_request_that_is_to_fail_is_not_asked() -> None:
    assert asked("require 'POST /orders $.email'", FAILS).breaks == ()
    assert {one.interaction for one in asked("drop operation 'POST /orders'").breaks} == {"make", "refused"}


def test_a_possible_answer_is_marked_as_uncertain() -> None:
    (one,) = asked("optional 'GET /orders/{id} 200 $.note'").breaks

    assert (one.certain, one.field, one.path, one.strength) == (False, "$.note", "$", "C")


@pytest.mark.parametrize(
    ("edit", "used", "nearest"),
    [
        ("remove 'GET /orders/{id} 200 $.totla'", True, "GET /orders/{id} 200 $.total"),
        ("remove 'GET /order/{id} 200 $.total'", False, "GET /orders/{id}"),
        ("type 'POST /orders query dyr' string", True, "POST /orders query dry"),
        ("remove 'order $.id'", False, "orders"),
    ],
)
def test_an_edit_that_nobody_relies_on_names_what_is_near(edit: str, used: bool, nearest: str) -> None:
    (one,) = asked(edit).unmatched

    assert one.operation_used is used
    assert one.nearest[0] == nearest


def test_what_is_near_can_be_asked_of_rows_alone() -> None:
    rows = [row for one in contract(READS, WRITES).interactions for row in usage(one)]

    assert nearest(parse_target("GET /orders/{id} 200 $.totals"), rows)[0] == "GET /orders/{id} 200 $.total"
    assert nearest(parse_target("GET /ordres/{id} 200 $.totals"), rows)[0] == "GET /orders/{id}"
    assert nearest(parse_target("nothing.of.the.kind $.x"), rows) == ()


def test_a_literal_path_of_the_provider_is_no_value_of_another() -> None:
    latest = {**copy.deepcopy(READS), "request": {"method": "GET", "path": "/orders/latest"}}
    edits = [parse_edit("remove 'GET /orders/{id} 200 $.total'")]
    pair = [("w", contract(latest))]

    assert predict(pair, edits).breaks != ()
    assert predict(pair, edits, templates=["/orders/latest", "/orders/{id}"]).breaks == ()


def test_xml_can_only_be_said_to_be_used() -> None:
    xml = {
        **copy.deepcopy(READS),
        "response": {"status": 200, "body": {"content": "<o><n>1</n></o>", "contentType": "text/xml"}},
    }

    assert [one.sentence for one in asked("remove 'GET /orders/{id} 200 $.o.n'", xml).breaks] == ["$.o.n is used"]
    assert asked("remove 'GET /orders/{id} 200 $.o.m'", xml).breaks == ()


def test_a_renamed_part_of_a_request_may_have_been_optional() -> None:
    assert [one.certain for one in asked("rename 'POST /orders $.name' to title").breaks] == [False]
    assert [one.certain for one in asked("rename 'POST /orders query dry' to trial").breaks] == [False]
    assert [one.certain for one in asked("rename 'GET /orders/{id} 200 $.total' to sum").breaks] == [True]


def test_some_items_that_send_a_field_are_enough_to_use_it() -> None:
    assert [one.interaction for one in asked("type 'POST /orders $.lines[*].sku' integer").breaks] == ["make"]
    assert asked("rename 'POST /orders $.lines[*].none' to other").unmatched != ()


def test_a_consumer_that_takes_a_class_of_statuses_may_take_what_comes_instead() -> None:
    tolerant = copy.deepcopy(READS)
    tolerant["response"]["matchingRules"]["status"] = rule({"match": "statusCode", "status": "success"})

    assert [one.certain for one in asked("remove 'GET /orders/{id} 200'", tolerant).breaks] == [False]
    assert [one.certain for one in asked("remove 'GET /orders/{id} 200'", READS).breaks] == [True]


def test_a_null_lacks_no_field() -> None:
    nothing = copy.deepcopy(WRITES)
    nothing["request"]["body"]["content"]["size"] = None

    assert asked("require 'POST /orders $.size.unit'", nothing).breaks == ()
    assert asked("require 'POST /orders $.other'", nothing).breaks != ()


def test_what_is_null_already_says_nothing_of_a_type() -> None:
    nothing = copy.deepcopy(WRITES)
    nothing["request"]["body"]["content"]["size"] = None

    assert asked("type 'POST /orders $.size' object", nothing).breaks == ()
    assert asked("type 'GET /orders/{id} 200 $.note' object").breaks == ()


@pytest.mark.parametrize(
    ("kind", "breaks"), [("integer", False), ("number", False), ("array", False), ("boolean", True), ("object", True)]
)
def test_parameters_and_fields_of_forms_are_texts_of_what_is_wanted(kind: str, breaks: bool) -> None:
    form = copy.deepcopy(WRITES)
    form["request"]["query"] = {"page": ["5"]}
    form["request"]["headers"] = {"Content-Type": ["application/x-www-form-urlencoded"]}
    form["request"]["body"] = {"content": "size=5", "contentType": "application/x-www-form-urlencoded"}

    for place in ("query page", "$.size"):
        assert bool(asked(f"type 'POST /orders {place}' {kind}", form).breaks) is breaks, place


SCHEMA: dict[str, Any] = {
    "type": "object", "properties": {
        "id": {"type": "integer"}, "total": {"type": "string"}, "unused": {"type": "string"},
        "note": {"type": "string", "nullable": True},
        "names": {"type": "object", "additionalProperties": {"type": "string"}},
        "lines": {"type": "array", "items": {"type": "object", "properties": {
            "sku": {"type": "string"}, "n": {"type": "integer"}}}},
    },
}  # fmt: skip
DESCRIPTION: dict[str, Any] = {
    "openapi": "3.0.3",
    "paths": {"/orders/{id}": {"get": {"responses": {"200": {
        "description": "", "headers": {"ETag": {"schema": {"type": "string"}}},
        "content": {"application/json": {"schema": SCHEMA}}}}}}},
}  # fmt: skip


def changed(change: Any) -> Any:
    new = copy.deepcopy(DESCRIPTION)
    schema = new["paths"]["/orders/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    change(schema)
    return what_if([("web 1", contract(READS))], DESCRIPTION, new)


def test_a_changed_description_tells_breaks_from_what_nobody_uses() -> None:
    def change(schema: Any) -> None:
        del schema["properties"]["unused"]
        del schema["properties"]["total"]

    answer = changed(change)

    assert [str(one) for one in answer.edits] == [
        "remove 'GET /orders/{id} 200 $.total'", "remove 'GET /orders/{id} 200 $.unused'",
    ]  # fmt: skip
    assert [(one.field, one.strength) for one in answer.prediction.breaks] == [("$.total", "B")]
    assert [str(one.edit) for one in answer.prediction.unmatched] == ["remove 'GET /orders/{id} 200 $.unused'"]
    assert answer.findings == ()
    assert answer.breaking


def test_a_change_too_involved_to_name_is_found_by_comparison() -> None:
    def change(schema: Any) -> None:
        schema["properties"]["total"] = {"oneOf": [{"type": "string", "maxLength": 2}, {"type": "number"}]}

    answer = changed(change)

    assert answer.prediction.breaks == ()
    assert {finding.code for _, finding in answer.findings} == {"response.body.incompatible"}
    assert answer.breaking


def test_a_change_that_nobody_feels_breaks_nothing() -> None:
    answer = changed(lambda schema: schema["properties"].pop("unused"))

    assert not answer.breaking


def test_another_format_breaks_who_relies_on_the_value_and_not_who_relies_on_the_type() -> None:
    def change(schema: Any) -> None:
        schema["properties"]["total"]["format"] = "uuid"

    tolerant = copy.deepcopy(READS)
    tolerant["response"]["matchingRules"]["body"]["$.total"] = rule({"match": "type"})
    new = copy.deepcopy(DESCRIPTION)
    change(new["paths"]["/orders/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"])

    assert [finding.location for _, finding in changed(change).findings] == [
        "[root].interactions[0].response.body.total"
    ]
    assert not what_if([("web 1", contract(tolerant))], DESCRIPTION, new).breaking


def test_a_changed_type_that_the_rule_takes_is_no_finding_either() -> None:
    def change(schema: Any) -> None:
        schema["properties"]["lines"]["items"]["properties"]["n"]["type"] = "string"

    decimal = copy.deepcopy(READS)
    decimal["response"]["body"]["content"]["id"] = 5.25
    old = copy.deepcopy(DESCRIPTION)
    was = old["paths"]["/orders/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    was["properties"]["id"]["type"] = "number"
    for matcher, breaks in (("decimal", True), ("number", False)):
        decimal["response"]["matchingRules"]["body"]["$.id"] = rule({"match": matcher})
        assert what_if([("web 1", contract(decimal))], old, DESCRIPTION).breaking is breaks
    integer_or_number = changed(lambda schema: schema["properties"]["id"].update(type="number"))

    assert [one.field for one in changed(change).prediction.breaks] == ["$.lines[*].n"]
    assert [one.field for one in integer_or_number.prediction.breaks] == ["$.id"]
    assert integer_or_number.findings == ()
