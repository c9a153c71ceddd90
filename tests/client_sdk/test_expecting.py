"""The model that the code parses with is the expectation."""

import dataclasses
import datetime
import enum
import uuid
from decimal import Decimal
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import httpx
import pydantic
import pytest

import tallystick as t
from tallystick.client_sdk.templates import expand


class Status(enum.Enum):
    OPEN = "open"
    PAID = "paid"


class Line(pydantic.BaseModel):
    sku: str = pydantic.Field(pattern=r"^[A-Z]{3}-\d+$", examples=["ABC-1"])
    quantity: int


class Order(pydantic.BaseModel):
    id: int
    number: str = pydantic.Field(alias="orderNumber")
    status: Status
    kind: Literal["a", "b"]
    total: float
    paid_at: datetime.datetime | None
    ref: uuid.UUID
    day: datetime.date
    lines: list[Line]
    tags: dict[str, int]
    note: str = "none"


@dataclasses.dataclass
class Address:
    street: str
    floor: int = 0


@dataclasses.dataclass
class Person:
    name: str
    address: Address
    born: datetime.date | None
    nick: str | None = None


class Page(TypedDict):
    items: list[int]
    next: NotRequired[str]


def rules(template):
    return {
        path: (rule.combine if len(rule.matchers) > 1 else "") + "+".join(m.name for m in rule.matchers)
        for path, rule in expand(template).rules.items()
    }


def test_a_pydantic_model_is_an_expectation():
    found = expand(t.expects(Order))

    assert {path: rule for path, rule in rules(t.expects(Order)).items() if path != "$"} == {
        "$.id": "integer",
        "$.orderNumber": "type",
        "$.status": "regex",
        "$.kind": "regex",
        "$.total": "number",
        "$.paid_at": "ORregex+null",
        "$.ref": "regex",
        "$.day": "date",
        "$.lines": "type",
        "$.lines[*].sku": "regex",
        "$.lines[*].quantity": "integer",
        "$.tags": "values",
        "$.tags.*": "integer",
    }
    assert Order.model_validate(found.example).lines == [Line(sku="ABC-1", quantity=1)]
    assert found.optional == ["$.note"]


def test_examples_by_name_replace_those_of_the_model():
    found = expand(t.expects(Order, id=7, status="paid", note="there", orderNumber="A-7"))

    assert (found.example["id"], found.example["status"], found.example["note"]) == (7, "paid", "there")
    assert found.rules["$.id"].matchers[0].name == "integer"
    assert found.optional == []


def test_a_dataclass_and_a_typed_dict_are_expectations():
    assert rules(t.expects(Person)) == {
        "$.name": "type",
        "$.address.street": "type",
        "$.born": "ORdate+null",
    }
    assert expand(t.expects(Person)).optional == ["$.address.floor", "$.nick"]
    assert rules(t.expects(Page)) == {"$.items": "type", "$.items[*]": "integer"}


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (int, {"$": "integer"}),
        (str, {"$": "type"}),
        (bool, {"$": "boolean"}),
        (Decimal, {"$": "number"}),
        (list[str], {"$": "type", "$[*]": "type"}),
        (tuple[int, str], {"$": "type", "$[0]": "integer", "$[1]": "type"}),
        (int | None, {"$": "ORinteger+null"}),
        (int | bool, {"$": "ORinteger+boolean"}),
        (Status, {"$": "regex"}),
        (Annotated[int, "x"], {"$": "integer"}),
        (dict[str, list[int]], {"$": "values", "$.*": "type", "$.*[*]": "integer"}),
        (Any, {"$": "ORtype+regex"}),
        (datetime.time, {"$": "time"}),
    ],
)
def test_plain_types_are_expectations(shape, expected):
    assert rules(t.expects(shape)) == expected


def test_a_json_schema_is_an_expectation():
    schema = {
        "type": "object",
        "required": ["id", "when", "state", "items", "any", "size", "deep", "pair", "only"],
        "properties": {
            "id": {"type": "integer", "example": 42},
            "when": {"type": "string", "format": "date-time"},
            "state": {"enum": ["a", "b"]},
            "items": {"type": "array", "minItems": 2, "maxItems": 3, "items": {"$ref": "#/$defs/item"}},
            "any": {},
            "size": {"type": ["number", "null"]},
            "deep": {
                "allOf": [{"$ref": "#/$defs/item"}, {"required": ["b"], "properties": {"b": {"type": "boolean"}}}]
            },
            "pair": {"type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}]},
            "only": {"const": 5},
            "free": {"type": "string"},
        },
        "$defs": {"item": {"type": "object", "required": ["n"], "properties": {"n": {"type": "string"}}}},
    }

    found = expand(t.expects(schema))

    assert found.example["id"] == 42
    assert found.example["items"] == [{"n": "text"}] * 2
    assert found.rules["$.items"].matchers[0].config == {"min": 2, "max": 3}
    assert rules(t.expects(schema)) == {
        "$.id": "integer",
        "$.when": "regex",
        "$.state": "regex",
        "$.items": "type",
        "$.items[*].n": "type",
        "$.any": "ORtype+regex",
        "$.size": "ORnumber+null",
        "$.deep.b": "boolean",
        "$.deep.n": "type",
        "$.pair": "type",
        "$.pair[0]": "type",
        "$.pair[1]": "integer",
        "$.only": "equality",
    }
    assert found.optional == ["$.free"]


class Tree(pydantic.BaseModel):
    children: list["Tree"]


class NoExample(pydantic.BaseModel):
    code: str = pydantic.Field(pattern="^x+$")


class Choice(pydantic.BaseModel):
    one: Line | Order


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: t.expects(Tree), "contains itself"),
        (lambda: t.expects(NoExample), "needs an example that matches it"),
        (lambda: t.expects(Choice), "a choice between objects"),
        (lambda: t.expects(Order, nosuch=1), "it has no field 'nosuch'; its fields are id, orderNumber"),
        (lambda: t.expects(int, a=1), "are for objects"),
        (lambda: t.expects(7), "give a pydantic model"),
        (lambda: t.expects({"$ref": "http://x/y"}), "leads out of the schema"),
        (lambda: t.expects({"$ref": "#/nothing"}), "nothing at #/nothing"),
        (lambda: t.expects({"type": "strin"}), "not a type of JSON Schema"),
        (lambda: t.expects(complex), "no JSON form"),
    ],
)
def test_what_a_contract_cannot_say_is_refused_with_the_way_out(wrong, message):
    with pytest.raises(t.MatcherMisuse, match=message.replace("$", r"\$").replace("(", r"\(")):
        wrong()


def test_the_code_parses_what_the_mock_serves(recordings):
    orders = t.Consumer("web").has_contract_with("orders")
    orders.upon_receiving("an order").with_request("GET", "/o").will_respond_with(200, body=t.expects(Order, id=7))

    with orders.serve() as server:
        order = Order.model_validate_json(httpx.get(f"{server.url}/o").content)

    assert (order.id, order.note, order.lines[0].sku) == (7, "none", "ABC-1")
