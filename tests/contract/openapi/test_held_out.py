"""Predictions held against replay: providers, consumers and edits at random, asked first, then built and replayed.

The provider is ordinary code over records of its own; it knows neither schemas nor the predictor, and an edit is made
in it by hand: the one place where both meet is the text of the edit.
"""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from tallystick.contract import reading
from tallystick.contract.matching import match_response
from tallystick.contract.model import ActualResponse, Contract, HttpInteraction
from tallystick.contract.openapi.edits import parse_edit
from tallystick.contract.openapi.prediction import predict
from tallystick.contract.openapi.what_if import what_if

NAMES = ["id", "total", "state", "placed", "paid", "weight", "note", "customer", "lines", "tags"]


@dataclass
class Shop:
    """A provider of orders, with the switches that edits throw."""

    hidden: set[tuple[str, ...]] = field(default_factory=set)
    renamed: dict[tuple[str, ...], str] = field(default_factory=dict)
    typed: dict[tuple[str, ...], str] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)
    wanted: dict[str, type] = field(default_factory=lambda: {"customer": str})
    fraction: float = 0.125
    """Of numbers that were none before: some look like the texts they replace, some don't."""

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        operation = f"{method} {'/orders/{id}' if path.startswith('/orders/') else path}"
        if operation in self.closed:
            return 404, {"error": "no such thing"}
        if operation == "GET /orders/{id}":
            return 200, self.show(self.order(int(path.rpartition("/")[2])))
        if operation == "GET /orders":
            return 200, {"orders": [self.show(self.order(n), ("orders",)) for n in (5, 6, 7)], "count": 3}
        for name, kind in self.wanted.items():
            if not isinstance(body, dict) or not isinstance(body.get(name), kind):
                return 422, {"error": f"{name} is wrong"}
        return 201, {"id": 9}

    def order(self, number: int) -> dict[str, Any]:
        chance = random.Random(number)
        return {
            "id": number, "total": f"{chance.randrange(100)}.50", "state": chance.choice(["open", "paid"]),
            "placed": f"2024-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}", "paid": chance.random() < 0.5,
            "weight": chance.randrange(1, 9) + 0.25, "note": chance.choice(["", "ring twice"]),
            "customer": {"name": chance.choice(["Ann", "Bo"]), "zip": str(chance.randrange(10000, 99999))},
            "lines": [{"sku": f"a{chance.randrange(10)}", "n": n + 1} for n in range(chance.randint(1, 3))],
            "tags": [chance.choice("xyz") for _ in range(chance.randint(1, 2))],
        }  # fmt: skip

    def show(self, value: Any, at: tuple[str, ...] = ()) -> Any:
        if isinstance(value, list):
            return [self.show(one, at) for one in value]
        if not isinstance(value, dict):
            return value
        shown: dict[str, Any] = {}
        for name, inner in value.items():
            place = (*at, name)
            if place not in self.hidden:
                shown[self.renamed.get(place, name)] = (
                    self.cast(self.typed[place], inner) if place in self.typed else self.show(inner, place)
                )
        return shown

    def cast(self, kind: str, value: Any) -> Any:
        if kind == "string":
            return value if isinstance(value, str) else json.dumps(value)
        if kind == "boolean":
            return bool(value)
        if kind == "object":
            return {"is": value}
        if kind == "array":
            return value if isinstance(value, list) else [value]
        if kind == "number" and isinstance(value, float):
            return value
        number = float(value) if isinstance(value, int | float) else 17.0
        return int(number) if kind == "integer" else number + self.fraction


def matcher_for(value: Any, chance: random.Random) -> dict[str, Any] | None:
    """A matcher that a consumer might choose for such a value; None for the value itself."""
    choices: list[dict[str, Any] | None] = [None, {"match": "type"}, {"match": "type"}]
    if isinstance(value, bool):
        choices.append({"match": "boolean"})
    elif isinstance(value, int):
        choices += [{"match": "integer"}, {"match": "number"}]
    elif isinstance(value, float):
        choices += [{"match": "decimal"}, {"match": "number"}]
    elif isinstance(value, str) and value[:4].isdecimal() and "-" in value:
        choices += [{"match": "date", "format": "yyyy-MM-dd"}, {"match": "regex", "regex": r"\d{4}-\d\d-\d\d"}]
    elif isinstance(value, str) and value.endswith(".50"):
        choices.append({"match": "regex", "regex": r"\d+\.\d\d"})
    return chance.choice(choices)


def consumer(chance: random.Random, number: int) -> Contract:
    """A consumer that reads some fields of what the shop answers today, each as strictly as it pleases."""
    shop = Shop()
    interactions: list[dict[str, Any]] = []
    for _ in range(chance.randint(1, 3)):
        kind = chance.choice(["one", "one", "all", "make"])
        if kind == "make":
            body: dict[str, Any] = {"customer": "Ann"} | ({"note": "x"} if chance.random() < 0.5 else {})
            request = {
                "method": "POST",
                "path": "/orders",
                "body": {"content": body, "contentType": "application/json"},
            }
            interactions.append({"request": request, "response": {"status": 201}})
            continue
        rules: dict[str, Any] = {}
        path = "/orders/5" if kind == "one" else "/orders"
        whole = shop.answer("GET", path, None)[1]
        if kind == "one":
            example = read(whole, "$", rules, chance)
        else:
            example = {"orders": [read(whole["orders"][0], "$.orders[*]", rules, chance, sure=True)]}
            rules["$.orders"] = {"matchers": [{"match": "type", "min": 1}]}
        content = {"content": example, "contentType": "application/json", "encoded": False}
        response = {"status": 200, "body": content, "matchingRules": {"body": rules}}
        interactions.append({"request": {"method": "GET", "path": path}, "response": response})
    for position, one in enumerate(interactions):
        one |= {"type": "Synchronous/HTTP", "description": f"interaction {position}"}
    document = {
        "consumer": {"name": f"consumer {number}"}, "provider": {"name": "shop"}, "interactions": interactions,
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }  # fmt: skip
    return reading.read(json.dumps(document))


def read(value: Any, at: str, rules: dict[str, Any], chance: random.Random, *, sure: bool = False) -> Any:
    """Some of the fields; `sure` where the value differs from item to item, so that a matcher is needed."""
    if isinstance(value, dict):
        names = [name for name in value if chance.random() < 0.5] or [next(iter(value))]
        return {name: read(value[name], f"{at}.{name}", rules, chance, sure=sure) for name in names}
    if isinstance(value, list):
        rules[at] = {"matchers": [{"match": "type", "min": 1}]}
        return [read(value[0], f"{at}[*]", rules, chance, sure=True)]
    matcher = matcher_for(value, chance) or ({"match": "type"} if sure else None)
    if matcher:
        rules[at] = {"matchers": [matcher]}
    return value


def description() -> dict[str, Any]:
    """What the shop says of itself today."""
    text, whole = {"type": "string"}, {"type": "integer"}
    line = {"type": "object", "properties": {"sku": dict(text), "n": dict(whole)}}
    address = {"type": "object", "properties": {"name": dict(text), "zip": dict(text)}}
    fields: dict[str, Any] = {
        "id": whole, "total": text, "state": text, "placed": text, "paid": {"type": "boolean"},
        "weight": {"type": "number"}, "note": text, "customer": address, "lines": {"type": "array", "items": line},
        "tags": {"type": "array", "items": text},
    }  # fmt: skip

    def answer(schema: dict[str, Any]) -> dict[str, Any]:
        return {"responses": {"200": {"content": {"application/json": {"schema": copy.deepcopy(schema)}}}}}

    order = {"type": "object", "properties": fields}
    page = {"type": "object", "properties": {"orders": {"type": "array", "items": order}, "count": whole}}
    sent = {"type": "object", "properties": {"customer": dict(text), "note": dict(text)}, "required": ["customer"]}
    make = {"requestBody": {"content": {"application/json": {"schema": sent}}}, "responses": {"201": {}}}
    return {
        "openapi": "3.1.0",
        "paths": {"/orders/{id}": {"get": answer(order)}, "/orders": {"get": answer(page), "post": make}},
    }


def properties(described: dict[str, Any], listed: bool, place: tuple[str, ...]) -> dict[str, Any]:
    """Where the description has the last step of a place."""
    operation = described["paths"]["/orders" if listed else "/orders/{id}"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    here: dict[str, Any] = schema["properties"]["orders"]["items"] if listed else schema
    for step in place[:-1]:
        here = here["properties"][step]
        here = here.get("items", here)
    found: dict[str, Any] = here["properties"]
    return found


def edited(chance: random.Random) -> tuple[str, Shop, dict[str, Any]]:
    """An edit as text, the shop with that very change made in its code, and its new description."""
    shop, new = Shop(), description()
    listed = chance.random() < 0.4
    operation, prefix, base = (
        ("GET /orders 200", ("orders",), "$.orders[*]") if listed else ("GET /orders/{id} 200", (), "$")
    )
    place, path = chance.choice(
        [((name,), f".{name}") for name in NAMES]
        + [(("customer", "zip"), ".customer.zip"), (("lines", "sku"), ".lines[*].sku"), (("lines", "n"), ".lines[*].n")]
    )
    target, where = f"'{operation} {base}{path}'", (*prefix, *place)
    kind = chance.choice(["remove", "remove", "rename", "type", "type", "drop", "require", "reshape"])
    if kind == "remove":
        shop.hidden.add(where)
        del properties(new, listed, place)[place[-1]]
        return f"remove {target}", shop, new
    if kind == "rename":
        shop.renamed[where] = "fresh"
        fields = properties(new, listed, place)
        fields["fresh"] = fields.pop(place[-1])
        return f"rename {target} to fresh", shop, new
    if kind == "type":
        wanted = chance.choice(["string", "integer", "number", "boolean", "object", "array"])
        shop.typed[where] = wanted
        shop.fraction = chance.choice([0.125, 0.25])
        properties(new, listed, place)[place[-1]] = {"type": wanted}
        return f"type {target} {wanted}", shop, new
    if kind == "drop":
        gone = chance.choice(["GET /orders/{id}", "GET /orders", "POST /orders"])
        shop.closed.add(gone)
        method, path_gone = gone.lower().split()
        del new["paths"][path_gone][method]
        return f"drop operation '{gone}'", shop, new
    sent = new["paths"]["/orders"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    if kind == "require":
        name = chance.choice(["note", "email", "customer"])
        shop.wanted[name] = str
        sent["properties"][name] = {"type": "string"}
        sent["required"] = sorted({*sent["required"], name})
        return f"require 'POST /orders $.{name}'", shop, new
    shop.wanted["customer"] = dict
    sent["properties"]["customer"] = {"type": "object"}
    return "type 'POST /orders $.customer' object", shop, new


def replayed(shop: Shop, contract: Contract) -> set[int]:
    """The interactions that fail against the shop."""
    failing = set()
    for position, one in enumerate(contract.interactions):
        assert isinstance(one, HttpInteraction)
        sent = json.loads(one.request.body.content) if one.request.body.content else None
        status, body = shop.answer(one.request.method, one.request.path, sent)
        headers = (("Content-Type", "application/json"),)
        if not match_response(one.response, ActualResponse(status, headers, json.dumps(body).encode())).ok:
            failing.add(position)
    return failing


@pytest.fixture(scope="module")
def trials() -> Counter[str]:
    """How predictions and replays compare over many edits, each asked of several consumers."""
    chance = random.Random(20_241)
    consumers = [consumer(chance, number) for number in range(25)]
    assert all(not replayed(Shop(), one) for one in consumers)
    counted: Counter[str] = Counter()
    pairs = list(enumerate(consumers))
    for _ in range(90):
        text, shop, new = edited(chance)
        failed = {(key, position) for key, one in pairs for position in replayed(shop, one)}
        by_word = predict(pairs, [parse_edit(text)])
        by_description = what_if(pairs, description(), new)
        found = {(key, int(one.location.split("[")[2].split("]")[0])) for key, one in by_description.findings}
        claims = {
            "C": {(one.key, one.position) for one in by_word.breaks},
            "B": {(one.key, one.position) for one in by_description.prediction.breaks} | found,
        }
        for strength, claimed in claims.items():
            counted[f"{strength} right"] += len(claimed & failed)
            counted[f"{strength} false alarm"] += len(claimed - failed)
            counted[f"{strength} missed"] += len(failed - claimed)
    return counted


@pytest.mark.parametrize("strength", ["B", "C"])
def test_no_break_is_missed(trials: Counter[str], strength: str) -> None:
    assert trials[f"{strength} right"] > 500
    assert trials[f"{strength} missed"] == 0


@pytest.mark.parametrize("strength", ["B", "C"])
def test_false_alarms_are_rare(trials: Counter[str], strength: str) -> None:
    right, wrong = trials[f"{strength} right"], trials[f"{strength} false alarm"]

    assert wrong / (right + wrong) < 0.02
