"""Predictions held against replay: APIs, consumers and changes at random, asked first, then built and replayed.

    python tests/contract/openapi/held_out.py [--apis 40] [--edits 40] [--seed 1]

The provider is ordinary code over a model of its own: it knows neither schemas nor rules nor the predictor, and a
change is made in that model by hand. The two meet in the text of the edit (C) and in the description that the model
writes of itself (B). Where a change gives the provider a freedom (a field that may be left out, be null, or have a new
value), the provider that is replayed makes use of it; what it is sent and does not know, it passes over.

Per kind of change: how many were made, how many of them can be said to the predictor at all (claimed), and, over all
interactions of all consumers, the breaks that were predicted and happened (tp), that only were predicted (fp), that
only happened (fn), and the rest (tn). Aside stand those that were predicted as "may break" and did not (may), and the
interactions that expect a refusal where the request is changed (unasked): whether they were wrong by that, nobody says.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

from tallystick.contract import reading
from tallystick.contract.matching import match_message, match_response
from tallystick.contract.model import ActualMessage, ActualResponse, AsyncMessage, Contract, HttpInteraction
from tallystick.contract.openapi.edits import parse_edit
from tallystick.contract.openapi.prediction import predict
from tallystick.contract.openapi.what_if import what_if

# --- the provider ------------------------------------------------------------------------------------------------

NAMES = ["id", "total", "state", "placed", "paid", "weight", "note", "mail", "lines", "tags", "buyer", "x-ref", "zip"]
TYPES = ["string", "integer", "number", "boolean", "object", "array"]
WORDS = ["Ann", "ring twice", "17", "12.50", "true", "north"]


@dataclass
class Value:
    """One kind of value: what the provider gives and takes at a place."""

    kind: str
    """text, whole, fraction, flag, day, moment, mail, uuid, choice, record or many."""
    fields: dict[str, Member] = field(default_factory=dict)
    item: Value | None = None
    choices: list[str] = field(default_factory=list)
    nullable: bool = False
    longest: int | None = None
    """In characters, of texts."""
    given_as: str = ""
    """The type that it was turned into, its value kept as well as that goes."""
    always: Any = ...
    """What the provider always gives, since it may."""

    def give(self, seed: str) -> Any:
        if self.always is not ...:
            return self.always
        chance = random.Random(seed)
        if self.nullable and chance.random() < 0.3:
            return None
        return turned(self.given_as, self._plain(seed, chance))

    def _plain(self, seed: str, chance: random.Random) -> Any:
        match self.kind:
            case "record":
                return {
                    name: one.value.give(f"{seed}.{one.origin}")
                    for name, one in self.fields.items()
                    if not one.withheld and (one.required or random.Random(f"{seed}?{one.origin}").random() < 0.7)
                }
            case "many":
                assert self.item is not None
                return [self.item.give(f"{seed}[{n}]") for n in range(chance.randint(1, 3))]
            case "whole":
                return chance.randrange(100)
            case "fraction":
                return chance.randrange(1, 9) + 0.25
            case "flag":
                return chance.random() < 0.5
            case "day":
                return f"2024-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}"
            case "moment":
                return f"2024-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}T10:0{chance.randint(0, 9)}:00Z"
            case "mail":
                return f"{chance.choice('abc')}@example.org"
            case "uuid":
                return f"{chance.randrange(16**8):08x}-0000-4000-8000-{chance.randrange(16**12):012x}"
            case "choice":
                return chance.choice(self.choices)
        return chance.choice(WORDS)

    def takes(self, value: Any, *, text: bool = False) -> bool:
        """Whether the provider can use what it was sent; `text` for parameters and fields of forms."""
        if value is None:
            return self.nullable
        kind = {"string": "text", "integer": "whole", "number": "fraction", "boolean": "flag"}.get(
            self.given_as, self.given_as or self.kind
        )
        if text and kind in ("whole", "fraction", "flag"):
            try:
                value = {"true": True, "false": False}[value] if kind == "flag" else float(value)
            except (KeyError, ValueError):
                return False
            return kind != "whole" or value == int(value)
        if text and kind == "array":
            return True
        match kind:
            case "record":
                return isinstance(value, dict) and all(
                    one.value.takes(value[name], text=text) if name in value else not one.required
                    for name, one in self.fields.items()
                )
            case "many":
                assert self.item is not None
                return isinstance(value, list) and all(self.item.takes(one) for one in value)
            case "object":
                return isinstance(value, dict)
            case "array":
                return isinstance(value, list)
            case "flag":
                return isinstance(value, bool)
            case "whole":
                return isinstance(value, int) and not isinstance(value, bool)
            case "fraction":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "choice":
                return value in self.choices
        return isinstance(value, str) and (self.longest is None or len(value) <= self.longest)

    def described(self, old: bool) -> dict[str, Any]:
        """As OpenAPI 3.1 writes it, or 3.0."""
        formats = {"day": "date", "moment": "date-time", "mail": "email", "uuid": "uuid"}
        types = {"whole": "integer", "fraction": "number", "flag": "boolean", "record": "object", "many": "array"}
        schema: dict[str, Any] = {"type": self.given_as or types.get(self.kind, "string")}
        if not self.given_as:
            if self.kind in formats:
                schema["format"] = formats[self.kind]
            elif self.kind == "text" and self.longest is not None:
                schema["maxLength"] = self.longest
            elif self.kind == "choice":
                schema["enum"] = [*self.choices, *([None] if self.nullable else [])]
            elif self.kind == "record":
                schema["properties"] = {name: one.value.described(old) for name, one in self.fields.items()}
                schema["required"] = [name for name, one in self.fields.items() if one.required]
            elif self.kind == "many":
                assert self.item is not None
                schema["items"] = self.item.described(old)
        if self.nullable:
            schema |= {"nullable": True} if old else {"type": [schema["type"], "null"]}
        return schema


@dataclass
class Member:
    value: Value
    required: bool = True
    withheld: bool = False
    origin: str = ""
    """The name it had first: its values stay when it is renamed."""


def turned(kind: str, value: Any) -> Any:
    if not kind or value is None:
        return value
    if kind == "string":
        return value if isinstance(value, str) else json.dumps(value)
    if kind == "boolean":
        return bool(value)
    if kind == "object":
        return value if isinstance(value, dict) else {"is": value}
    if kind == "array":
        return value if isinstance(value, list) else [value]
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 17.0
    # A number that was none has a fraction, so that it isn't an integer by chance.
    return int(number) if kind == "integer" else number if number != int(number) else number + 0.125


@dataclass
class Operation:
    method: str
    template: str
    status: int
    answer: Value | None
    answer_headers: dict[str, Value] = field(default_factory=dict)
    query: dict[str, Member] = field(default_factory=dict)
    headers: dict[str, Member] = field(default_factory=dict)
    body: Value | None = None
    form: bool = False


@dataclass
class Api:
    seed: int
    operations: dict[str, Operation]
    topics: dict[str, Value]
    old: bool
    """Whether it describes itself in OpenAPI 3.0."""

    def handle(self, request: Any) -> tuple[int, dict[str, str], Any]:
        method, path = request.method, request.path
        segments = path.strip("/").split("/")
        template = f"/{segments[0]}" + ("/{id}" if len(segments) > 1 else "")
        operation = self.operations.get(f"{method} {template}")
        if operation is None:
            return 404, {}, {"error": "no such thing"}
        query = {name: values[0] for name, values in (request.query or {}).items()}
        headers = {name.lower(): values[0] for name, values in (request.headers or {}).items()}
        for members, sent in ((operation.query, query), (operation.headers, headers)):
            for name, one in members.items():
                if not (
                    one.value.takes(sent[name.lower() if members is operation.headers else name], text=True)
                    if (name.lower() if members is operation.headers else name) in sent
                    else not one.required
                ):
                    return 400, {}, {"error": f"{name} is wrong"}
        if operation.body is not None:
            content = request.body.content or b""
            sent_body = dict(parse_qsl(content.decode(), True)) if operation.form else json.loads(content or b"null")
            if not operation.body.takes(sent_body, text=operation.form):
                return 400, {}, {"error": "the body is wrong"}
        seed = f"{self.seed} {method} {segments[0]}"
        given = {name: str(one.give(f"{seed} {name}")) for name, one in operation.answer_headers.items()}
        return operation.status, given, operation.answer.give(seed) if operation.answer is not None else ...

    def send(self, topic: str) -> Any:
        return self.topics[topic].give(f"{self.seed} {topic}") if topic in self.topics else ...

    def described(self) -> dict[str, Any]:
        paths: dict[str, Any] = {}
        for one in self.operations.values():
            parameters = [
                {"name": name, "in": place, "required": member.required, "schema": member.value.described(self.old)}
                for place, members in (("query", one.query), ("header", one.headers))
                for name, member in members.items()
            ]
            if "{" in one.template:
                parameters.append({"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}})
            response: dict[str, Any] = {"description": "as wished"}
            if one.answer is not None:
                response["content"] = {"application/json": {"schema": one.answer.described(self.old)}}
            if one.answer_headers:
                response["headers"] = {n: {"schema": v.described(self.old)} for n, v in one.answer_headers.items()}
            error = {"type": "object", "properties": {"error": {"type": "string"}}}
            refused = {"description": "refused", "content": {"application/json": {"schema": error}}}
            written: dict[str, Any] = {
                "parameters": parameters, "responses": {str(one.status): response, "400": refused},
            }  # fmt: skip
            if one.body is not None:
                media = "application/x-www-form-urlencoded" if one.form else "application/json"
                written["requestBody"] = {
                    "required": True, "content": {media: {"schema": one.body.described(self.old)}},
                }  # fmt: skip
            paths.setdefault(one.template, {})[one.method.lower()] = written
        return {"openapi": "3.0.3" if self.old else "3.1.0", "info": {"title": "t", "version": "1"}, "paths": paths}


def some_value(chance: random.Random, depth: int, *, flat: bool = False) -> Value:
    kinds = ["text", "whole", "fraction", "flag", "day", "moment", "mail", "uuid", "choice"]
    if depth < 3 and not flat:
        kinds += ["record", "many", "many", "record"]
    kind = chance.choice(kinds)
    nullable = chance.random() < 0.12 and not flat
    if kind == "record":
        return Value(kind, some_fields(chance, depth + 1), nullable=nullable)
    if kind == "many":
        return Value(kind, item=some_value(chance, depth + 1), nullable=False)
    choices = chance.sample(["open", "paid", "sent", "lost", "new"], 3) if kind == "choice" else []
    return Value(kind, choices=choices, nullable=nullable)


def some_fields(chance: random.Random, depth: int, *, flat: bool = False) -> dict[str, Member]:
    names = chance.sample(NAMES, chance.randint(2, 5))
    return {n: Member(some_value(chance, depth, flat=flat), chance.random() < 0.75, origin=n) for n in names}


def some_api(seed: int) -> Api:
    chance = random.Random(seed)
    operations: dict[str, Operation] = {}
    for resource in chance.sample(["orders", "users", "stock", "bills"], 2):
        one = Value("record", some_fields(chance, 1))
        page = Value("record", {"items": Member(Value("many", item=copy.deepcopy(one)), origin="items"),
                                "count": Member(Value("whole"), origin="count")})  # fmt: skip
        listed = Value("many", item=copy.deepcopy(one)) if chance.random() < 0.4 else page
        made = Value("record", {"id": Member(Value("whole"), origin="id")}) if chance.random() < 0.6 else None
        form = chance.random() < 0.2
        for operation in (
            Operation("GET", f"/{resource}/{{id}}", 200, one),
            Operation("GET", f"/{resource}", 200, listed),
            Operation("POST", f"/{resource}", 201, made, form=form,
                      body=Value("record", some_fields(chance, 1, flat=form))),
            Operation("PUT", f"/{resource}/{{id}}", chance.choice([200, 204]), None,
                      body=Value("record", some_fields(chance, 1))),
        ):  # fmt: skip
            for members, names in ((operation.query, ["page", "sort", "dry"]), (operation.headers, ["X-Key", "X-Run"])):
                for name in chance.sample(names, chance.choice([0, 0, 1, 2])):
                    members[name] = Member(some_value(chance, 9), chance.random() < 0.4, origin=name)
                    members[name].value.nullable = False
            for name in chance.sample(["ETag", "X-Rate"], chance.choice([0, 1, 1])):
                operation.answer_headers[name] = Value(chance.choice(["whole", "uuid", "text"]))
            operations[f"{operation.method} {operation.template}"] = operation
    topics = {"orders.changed": Value("record", some_fields(chance, 1))}
    return Api(seed, operations, topics, old=chance.random() < 0.5)


# --- its consumers -----------------------------------------------------------------------------------------------


def matcher_for(value: Any, chance: random.Random, *, sure: bool) -> dict[str, Any] | None:
    """A matcher that a consumer might choose for such a value; None for the value itself."""
    choices: list[dict[str, Any] | None] = [{"match": "type"}, {"match": "type"}]
    if not sure:
        choices += [None, {"match": "equality"}]
    if isinstance(value, bool):
        choices.append({"match": "boolean"})
    elif isinstance(value, int):
        choices += [{"match": "integer"}, {"match": "number"}, {"match": "regex", "regex": r"\d+"}]
    elif isinstance(value, float):
        choices += [{"match": "decimal"}, {"match": "number"}]
    elif value is None:
        return None if chance.random() < 0.5 else {"match": "null"}
    elif isinstance(value, str):
        choices.append({"match": "notEmpty"})
        if value.startswith("2024-") and "T" in value:
            choices.append({"match": "timestamp", "format": "yyyy-MM-dd'T'HH:mm:ssX"})
        elif value.startswith("2024-"):
            choices += [{"match": "date", "format": "yyyy-MM-dd"}, {"match": "regex", "regex": r"\d{4}-\d\d-\d\d"}]
        elif "@" in value:
            choices += [{"match": "regex", "regex": ".+@.+"}, {"match": "include", "value": "@"}]
        elif value in ("open", "paid", "sent", "lost", "new"):
            choices.append({"match": "regex", "regex": "open|paid|sent|lost|new"})
        elif value not in WORDS:
            choices.append({"match": "regex", "regex": "[0-9a-f-]{36}"})
    return chance.choice(choices)


def read(value: Any, at: str, rules: dict[str, Any], chance: random.Random, *, sure: bool = False) -> Any:
    """Some of the fields; `sure` where the value differs from item to item, so that a matcher is needed."""
    if isinstance(value, dict):
        if value and chance.random() < 0.1:
            rules[at] = {"matchers": [{"match": "type"}]}
            return {name: inner for name, inner in value.items() if chance.random() < 0.6 and inner not in ([], None)}
        names = [name for name in value if chance.random() < 0.5] or list(value)[:1]
        return {name: read(value[name], step(at, name), rules, chance, sure=sure) for name in names}
    if isinstance(value, list):
        simple = value and not isinstance(value[0], dict | list)
        if simple and not sure and chance.random() < 0.15:
            rules[at] = {"matchers": [{"match": "arrayContains", "variants": [{"index": 0, "rules": {}}]}]}
            return value[:1]
        rules[at] = {"matchers": [{"match": "type", "min": 1} | ({"max": 5} if chance.random() < 0.3 else {})]}
        return [read(value[0], f"{at}[*]", rules, chance, sure=True)]
    matcher = matcher_for(value, chance, sure=sure)
    if matcher:
        rules[at] = {"matchers": [matcher]}
    return value


def step(at: str, name: str) -> str:
    return f"{at}.{name}" if name.isidentifier() else f"{at}['{name}']"


def consumer(api: Api, chance: random.Random, number: int) -> Contract:
    interactions: list[dict[str, Any]] = []
    for position in range(chance.randint(1, 3)):
        if chance.random() < 0.15:
            topic = chance.choice(list(api.topics))
            rules: dict[str, Any] = {}
            content = {"content": read(api.send(topic), "$", rules, chance), "contentType": "application/json"}
            interactions.append({
                "type": "Asynchronous/Messages", "description": f"message {position}", "metadata": {"topic": topic},
                "contents": content, "matchingRules": {"body": rules},
            })  # fmt: skip
            continue
        operation = chance.choice(list(api.operations.values()))
        interactions.append(call(api, operation, chance, f"interaction {position}"))
    document = {
        "consumer": {"name": f"consumer {number}"}, "provider": {"name": "api"}, "interactions": interactions,
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }  # fmt: skip
    return reading.read(json.dumps(document))


def call(api: Api, operation: Operation, chance: random.Random, description: str) -> dict[str, Any]:
    def sent(members: dict[str, Member], seed: str) -> dict[str, Any]:
        return {
            name: one.value.give(f"{seed} {name} {chance.random()}")
            for name, one in members.items()
            if one.required or chance.random() < 0.5
        }

    def text(value: Any) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    request: dict[str, Any] = {"method": operation.method, "path": operation.template.replace("{id}", "7")}
    query, headers = sent(operation.query, "query"), sent(operation.headers, "header")
    if query:
        request["query"] = {name: [text(value)] for name, value in query.items()}
    if headers:
        request["headers"] = {name: [text(value)] for name, value in headers.items()}
    refused = False
    if operation.body is not None:
        content: Any = sent(operation.body.fields, "body")
        needed = [name for name, one in operation.body.fields.items() if one.required]
        if needed and chance.random() < 0.1:
            refused = True
            del content[chance.choice(needed)]
        media = "application/json"
        if operation.form:
            content, media = urlencode({name: text(value) for name, value in content.items()}), \
                "application/x-www-form-urlencoded"  # fmt: skip
        request["body"] = {"content": content, "contentType": media, "encoded": False}
        request.setdefault("headers", {})["Content-Type"] = [media]
    response: dict[str, Any] = {"status": 400 if refused else operation.status}
    answer = None if refused or operation.answer is None else operation.answer.give(
        f"{api.seed} {operation.method} {operation.template.split('/')[1]}"
    )  # fmt: skip
    rules: dict[str, Any] = {}
    if answer is not None:
        example = read(answer, "$", rules, chance)
        response["body"] = {"content": example, "contentType": "application/json", "encoded": False}
        response["matchingRules"] = {"body": rules}
    if not refused and chance.random() < 0.1:
        response.setdefault("matchingRules", {})["status"] = {
            "matchers": [{"match": "statusCode", "status": "success"}]
        }
    seed = f"{api.seed} {operation.method} {operation.template.split('/')[1]}"
    for name, one in operation.answer_headers.items() if not refused else ():
        if chance.random() < 0.4:
            response.setdefault("headers", {})[name] = [str(one.give(f"{seed} {name}"))]
            if chance.random() < 0.6:
                matcher = {"match": "regex", "regex": ".+"} if chance.random() < 0.5 else {"match": "type"}
                held = response.setdefault("matchingRules", {}).setdefault("header", {})
                held[name] = {"matchers": [matcher], "combine": "AND"}
    return {"type": "Synchronous/HTTP", "description": description, "request": request, "response": response}


def failing(api: Api, contract: Contract) -> set[int]:
    """The interactions that fail against the provider."""
    found = set()
    for position, one in enumerate(contract.interactions):
        if isinstance(one, AsyncMessage):
            topic = str(one.contents.metadata["topic"])
            value = api.send(topic)
            content = b"" if value is ... else json.dumps(value).encode()
            actual = ActualMessage(content, one.contents.metadata, "application/json")
            ok = value is not ... and match_message(one.contents, actual).ok
        else:
            assert isinstance(one, HttpInteraction)
            status, headers, body = api.handle(one.request)
            given = tuple(headers.items()) + ((("Content-Type", "application/json"),) if body is not ... else ())
            content = b"" if body is ... else json.dumps(body).encode()
            ok = match_response(one.response, ActualResponse(status, given, content)).ok
        if not ok:
            found.add(position)
    return found


def refused(contract: Contract, position: int) -> bool:
    """Whether an interaction expects a refusal."""
    one = contract.interactions[position]
    return isinstance(one, HttpInteraction) and one.response.status >= 400


# --- changes -----------------------------------------------------------------------------------------------------


@dataclass
class Change:
    kind: str
    text: str
    """The edit; "" where only a description can say it."""
    api: Api
    described: bool = True
    """Whether the description of the API shows it."""


def places(value: Value | None, at: str) -> Iterator[tuple[str, dict[str, Member], str]]:
    """Every member, however deep: its path, and where it is."""
    if value is None or value.given_as:
        return
    if value.kind == "many":
        yield from places(value.item, f"{at}[*]")
    for name, one in value.fields.items():
        yield step(at, name), value.fields, name
        yield from places(one.value, step(at, name))


def some_change(api: Api, chance: random.Random) -> Change | None:
    """A change of a copy of the API; None where what was drawn does not apply."""
    new = copy.deepcopy(api)
    kind = chance.choice(list(CHANGES))
    part, _, verb = kind.partition(": ")
    operation = chance.choice(list(new.operations.values()))
    name = f"{operation.method} {operation.template}"
    topic = chance.choice(list(new.topics))
    if part == "response":
        found = list(places(operation.answer, "$"))
        prefix = f"{name} {operation.status}"
    elif part == "message":
        found, prefix = list(places(new.topics[topic], "$")), topic
    elif part == "request":
        found, prefix = list(places(operation.body, "$")), name
    elif part in ("query", "request header"):
        members = operation.query if part == "query" else operation.headers
        word = "query" if part == "query" else "header"
        found, prefix = [(f"{word} {one}", members, one) for one in members], name
    else:
        return CHANGES[kind](Change(kind, "", new), operation, name, chance)
    if verb == "require a new one":
        holders = {id(where): (at, where) for at, where, _ in found}
        if not holders:
            return None
        at, where = chance.choice(list(holders.values()))
        where["fresh"] = Member(Value("text"), origin="fresh")
        place = at.rpartition(" ")[0] + " fresh" if part != "request" else step(_above(at), "fresh")
        return Change(kind, f"require {_quoted(f'{prefix} {place}')}", new)
    for at, where, member in chance.sample(found, len(found)):
        change = MEMBER_CHANGES[verb](where, member, chance)
        if change is not None:
            text = change.format(_quoted(f"{prefix} {at}")) if change else ""
            return Change(kind, text, new, described=part != "message")
    return None


def _above(at: str) -> str:
    return at[: at.rindex("['")] if at.endswith("']") else at.rpartition(".")[0]


def _quoted(text: str) -> str:
    return f'"{text}"' if "'" in text else f"'{text}'"


def _remove(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    del where[name]
    return "remove {}"


def _rename(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    renamed = {"fresh" if known == name else known: one for known, one in where.items()}
    where.clear()
    where.update(renamed)
    return "rename {} to fresh"


def _type(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    value = where[name].value
    kind = chance.choice(TYPES)
    types = {"whole": "integer", "fraction": "number", "flag": "boolean", "record": "object", "many": "array"}
    if kind == types.get(value.kind, "string"):
        return None
    value.given_as = kind
    return f"type {{}} {kind}"


def _optional(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    if not where[name].required:
        return None
    where[name].required, where[name].withheld = False, True
    return "optional {}"


def _nullable(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    if where[name].value.nullable:
        return None
    where[name].value.nullable, where[name].value.always = True, None
    return "nullable {}"


def _not_nullable(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    if not where[name].value.nullable:
        return None
    where[name].value.nullable = False
    return ""


def _new_choice(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    value = where[name].value
    if value.kind != "choice":
        return None
    value.choices, value.always = [*value.choices, "gone"], "gone"
    return ""


def _fewer_choices(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    if where[name].value.kind != "choice":
        return None
    where[name].value.choices = where[name].value.choices[1:]
    return ""


def _require(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    if where[name].required:
        return None
    where[name].required = True
    return "require {}"


def _format(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    value = where[name].value
    if value.kind not in ("day", "moment"):
        return None
    value.kind = "moment" if value.kind == "day" else "day"
    return ""


def _shorter(where: dict[str, Member], name: str, chance: random.Random) -> str | None:
    if where[name].value.kind != "text":
        return None
    where[name].value.longest = 4
    return ""


MEMBER_CHANGES: dict[str, Callable[[dict[str, Member], str, random.Random], str | None]] = {
    "remove": _remove,
    "rename": _rename,
    "type": _type,
    "optional": _optional,
    "nullable": _nullable,
    "no longer nullable": _not_nullable,
    "a new value": _new_choice,
    "fewer values": _fewer_choices,
    "require": _require,
    "format": _format,
    "shorter": _shorter,
}
_Whole = Callable[[Change, Operation, str, random.Random], "Change | None"]


def _drop(change: Change, operation: Operation, name: str, chance: random.Random) -> Change | None:
    del change.api.operations[name]
    return Change(change.kind, f"drop operation '{name}'", change.api)


def _status(change: Change, operation: Operation, name: str, chance: random.Random) -> Change | None:
    text = f"remove '{name} {operation.status}'"
    operation.status = 202
    return Change(change.kind, text, change.api)


def _no_body(change: Change, operation: Operation, name: str, chance: random.Random) -> Change | None:
    if operation.answer is None:
        return None
    operation.answer = None
    return Change(change.kind, f"remove '{name} {operation.status} $'", change.api)


def _no_header(change: Change, operation: Operation, name: str, chance: random.Random) -> Change | None:
    if not operation.answer_headers:
        return None
    header = chance.choice(list(operation.answer_headers))
    del operation.answer_headers[header]
    return Change(change.kind, f"remove '{name} {operation.status} header {header}'", change.api)


def _renamed_header(change: Change, operation: Operation, name: str, chance: random.Random) -> Change | None:
    if not operation.answer_headers:
        return None
    header = chance.choice(list(operation.answer_headers))
    operation.answer_headers["X-Fresh"] = operation.answer_headers.pop(header)
    return Change(change.kind, f"rename '{name} {operation.status} header {header}' to X-Fresh", change.api)


def _silent(change: Change, operation: Operation, name: str, chance: random.Random) -> Change | None:
    topic = chance.choice(list(change.api.topics))
    del change.api.topics[topic]
    return Change(change.kind, f"drop operation '{topic}'", change.api, described=False)


def _none(change: Change, operation: Operation, name: str, chance: random.Random) -> Change | None:
    raise AssertionError("changes of members are made elsewhere")


_OF_WHOLES: dict[str, _Whole] = {
    "operation: drop": _drop,
    "answer: another status": _status,
    "answer: no body": _no_body,
    "answer: no header": _no_header,
    "answer: another header": _renamed_header,
    "topic: drop": _silent,
}
CHANGES: dict[str, _Whole] = _OF_WHOLES | dict.fromkeys(
    [f"response: {verb}" for verb in ("remove", "remove ", "rename", "type", "type ", "optional", "nullable",
                                      "a new value", "format")]
    + [f"message: {verb}" for verb in ("remove", "rename", "type", "optional", "nullable", "a new value")]
    + [f"request: {verb}" for verb in ("remove", "rename", "type", "require", "require a new one",
                                       "no longer nullable", "fewer values", "shorter")]
    + [f"query: {verb}" for verb in ("remove", "rename", "type", "require", "require a new one", "fewer values",
                                     "shorter")]
    + [f"request header: {verb}" for verb in ("remove", "rename", "type", "require", "require a new one")],
    _none,
)  # fmt: skip
MEMBER_CHANGES |= {f"{verb} ": MEMBER_CHANGES[verb] for verb in ("remove", "type")}
"""Those with a space are the same, drawn twice as often."""


# --- the comparison ----------------------------------------------------------------------------------------------


@dataclass
class Figures:
    """Per strength and kind of change: how many were made and claimed, and what came of the claims."""

    counts: dict[str, dict[str, Counter[str]]] = field(
        default_factory=lambda: {"B": defaultdict(Counter), "C": defaultdict(Counter)}
    )
    interactions: int = 0
    changes: int = 0
    claimed: int = 0
    """Changes that one of the two could be asked about."""
    wrong: list[str] = field(default_factory=list)
    """One line for each break that was missed or only predicted."""

    def total(self, strength: str) -> Counter[str]:
        return sum(self.counts[strength].values(), Counter())


def held_out(apis: int, edits: int, seed: int, consumers: int = 12) -> Figures:
    """Make APIs, consumers of each, and changes; ask, then build and replay."""
    figures = Figures()
    for number in range(apis):
        chance = random.Random(f"{seed} {number}")
        api = some_api(chance.randrange(10**9))
        pairs = [(key, consumer(api, chance, key)) for key in range(consumers)]
        pairs = [(key, one) for key, one in pairs if not failing(api, one)]
        everything = {(key, position) for key, one in pairs for position in range(len(one.interactions))}
        figures.interactions += len(everything)
        described = api.described()
        made = 0
        while made < edits:
            change = some_change(api, chance)
            if change is None:
                continue
            made += 1
            broken = {(key, position) for key, one in pairs for position in failing(change.api, one)}
            claims: dict[str, set[tuple[int, int]] | None] = {"B": None, "C": None}
            uncertain: set[tuple[int, int]] = set()
            part = change.kind.partition(":")[0]
            unasked = set() if part not in ("request", "query", "request header") else {
                (key, position) for key, position in everything if refused(dict(pairs)[key], position)
            }  # fmt: skip
            if change.text:
                predicted = predict(pairs, [parse_edit(change.text)], templates=list(described["paths"]))
                claims["C"] = {(one.key, one.position) for one in predicted.breaks}
                uncertain |= {(one.key, one.position) for one in predicted.breaks if not one.certain}
            if change.described:
                answer = what_if(pairs, described, change.api.described())
                uncertain |= {(one.key, one.position) for one in answer.prediction.breaks if not one.certain}
                claims["B"] = {(one.key, one.position) for one in answer.prediction.breaks} | {
                    (key, int(one.location.split("[")[2].split("]")[0])) for key, one in answer.findings
                }
            figures.changes += 1
            figures.claimed += any(one is not None for one in claims.values())
            for strength, claimed in claims.items():
                counted = figures.counts[strength][change.kind.strip()]
                counted["made"] += 1
                if claimed is None:
                    continue
                counted["claimed"] += 1
                asked, happened = everything - unasked, broken - unasked
                only = claimed - broken - uncertain - unasked
                counted["unasked"] += len(unasked)
                counted["tp"] += len(claimed & happened)
                counted["fp"] += len(only)
                counted["may"] += len(claimed & uncertain - broken)
                counted["fn"] += len(happened - claimed)
                counted["tn"] += len(asked - claimed - broken)
                for what, keys in (("only predicted", only), ("missed", happened - claimed)):
                    for key, position in sorted(keys):
                        said = f"{strength} {what}: API {api.seed}, consumer {key}, interaction {position}"
                        figures.wrong.append(f"{said}: {change.kind}: {change.text or 'in its description'}")
    return figures


def table(figures: Figures) -> Iterator[str]:
    for strength, kinds in figures.counts.items():
        words = {"B": "differences of descriptions", "C": "written edits"}[strength]
        yield f"{strength}, {words}"
        yield (
            f"  {'change':<34}{'made':>6}{'claimed':>9}{'tp':>7}{'fp':>6}{'fn':>6}{'tn':>8}{'may':>5}{'unasked':>9}"
            f"{'precision':>11}{'recall':>9}"
        )
        for kind, counted in [*sorted(kinds.items()), ("all", figures.total(strength))]:
            tp, fp, fn = counted["tp"], counted["fp"], counted["fn"]
            precision = f"{100 * tp / (tp + fp):.2f} %" if tp + fp else "-"
            recall = f"{100 * tp / (tp + fn):.2f} %" if tp + fn else "-"
            yield (
                f"  {kind:<34}{counted['made']:>6}{counted['claimed']:>9}{tp:>7}{fp:>6}{fn:>6}{counted['tn']:>8}"
                f"{counted['may']:>5}{counted['unasked']:>9}{precision:>11}{recall:>9}"
            )


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--apis", type=int, default=40)
    options.add_argument("--edits", type=int, default=40, help="per API")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--wrong", type=int, default=0, metavar="N", help="list so many that went wrong")
    given = options.parse_args()
    figures = held_out(given.apis, given.edits, given.seed)
    print(f"{given.apis} APIs, {figures.interactions} interactions, {figures.changes} changes, seed {given.seed}")
    print(f"{100 * figures.claimed / figures.changes:.1f} % of the changes claimed by B or C")
    print("\n".join(table(figures)))
    for line in figures.wrong[: given.wrong]:
        print(line)


if __name__ == "__main__":
    main()
