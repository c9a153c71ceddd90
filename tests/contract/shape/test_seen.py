"""The shape of answers: everything that was there by name and type, nothing by value."""

from __future__ import annotations

import json
import string
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.contract import json_text, shape
from tallystick.contract.model import ActualMessage, ActualResponse, HttpInteraction, Interaction
from tallystick.contract.reading import read
from tallystick.contract.shape import MAX_PLACES, Shape
from tallystick.contract.shape_seen import MAX_DEPTH, MAX_ITEMS, MAX_LOOKS, Seen


def contract(**interaction: Any) -> Interaction:
    document = {
        "consumer": {"name": "c"},
        "provider": {"name": "p"},
        "interactions": [{"type": "Synchronous/HTTP", "description": "d", **interaction}],
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }
    return read(json.dumps(document)).interactions[0]


def asking(path: str = "/orders/7", rules: Any = None, **response: Any) -> HttpInteraction:
    if rules:
        response["matchingRules"] = {
            "body": {at: {"matchers": [{"match": name} for name in names]} for at, names in rules.items()}
        }
    found = contract(request={"method": "get", "path": path}, response={"status": 200, **response})
    assert isinstance(found, HttpInteraction)
    return found


def answering(body: Any, content_type: str = "application/json", **headers: str) -> ActualResponse:
    content = body if isinstance(body, bytes) else json_text.dumps(body)
    lines = [("Content-Type", content_type), *((name.replace("_", "-"), value) for name, value in headers.items())]
    return ActualResponse(200, tuple(lines), content)


def seen(*bodies: Any, rules: Any = None, **response: Any) -> dict[str, list[str]]:
    """Path -> types of what came, as the body of one operation."""
    looking = Seen()
    for body in bodies:
        looking.response(asking(rules=rules, **response), answering(body))
    return told(looking)["answers"][0].get("body", {})


def told(looking: Seen) -> Any:
    """The document of what was seen, which reads back as it is."""
    document = shape.document(looking.shape())
    assert shape.document(shape.read(json.loads(json.dumps(document)))) == document
    return document


def test_an_answer_is_all_that_came_whether_the_contract_wants_it_or_not():
    looking = Seen()

    looking.response(
        asking(body={"content": {"id": 7}}),
        answering({"id": 8, "price": 1.5, "tags": ["a"], "on": True, "gone": None}, ETag='"x"', Date="today"),
    )

    assert told(looking) == {
        "complete": True,
        "answers": [
            {
                "method": "GET",
                "template": "/orders/{id}",
                "side": "response",
                "status": "200",
                "header": {"etag": ["string"]},
                "body": {
                    "$": ["object"],
                    "$.gone": ["null"],
                    "$.id": ["integer"],
                    "$.on": ["boolean"],
                    "$.price": ["number"],
                    "$.tags": ["array"],
                    "$.tags[*]": ["string"],
                },
            }
        ],
    }


def test_answers_of_one_operation_add_up_and_others_stand_apart():
    looking = Seen()
    looking.response(asking("/orders/7"), answering({"lines": [{"a": 1}, {"b": 1}]}))
    looking.response(asking("/orders/8"), answering({"lines": [{"a": "x"}], "note": None}))
    looking.response(asking("/orders"), answering([]))
    looking.response(asking("/orders/9", status=404), answering({"error": "no"}))

    assert [(one["template"], one["status"], one["body"]) for one in told(looking)["answers"]] == [
        ("/orders", "200", {"$": ["array"]}),
        (
            "/orders/{id}",
            "200",
            {"$": ["object"], "$.lines": ["array"], "$.lines[*]": ["object"], "$.lines[*].a": ["string", "integer"],
             "$.lines[*].b": ["integer"], "$.note": ["null"]},
        ),
        ("/orders/{id}", "404", {"$": ["object"], "$.error": ["string"]}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "keys",
    [
        ["ada@example.org", "bob@example.org"],
        ["550e8400-e29b-41d4-a716-446655440000"],
        ["7", "1042"],
        ["2024-05-01"],
        ["ada@example.org", "admin"],  # half of them: the word is a value too
        [f"{one}_{other}" for one in string.ascii_letters for other in ("a", "b")],  # too many for names
    ],
)
def test_keys_that_are_values_become_one_place(keys):
    assert seen({"by": {key: {"age": 7} for key in keys}}) == {
        "$": ["object"],
        "$.by": ["object"],
        "$.by.*": ["object"],
        "$.by.*.age": ["integer"],
    }


def test_one_key_that_is_a_value_leaves_the_names_beside_it():
    assert seen({"id": 1, "total": 2, "rate": 3, "2024-05-01": "x"}) == {
        "$": ["object"],
        "$.*": ["string"],
        "$.id": ["integer"],
        "$.rate": ["integer"],
        "$.total": ["integer"],
    }


@pytest.mark.parametrize("matcher", ["values", "eachKey", "eachValue"])
def test_an_object_whose_keys_the_contract_leaves_open_is_a_map(matcher):
    found = seen({"teams": [{"red": {"ada": 1}}]}, rules={"$.teams[*].red": [matcher]})

    assert found["$.teams[*].red.*"] == ["integer"]
    assert not any("ada" in path for path in found)


def test_what_was_seen_before_the_contract_said_so_becomes_a_map_too():
    looking = Seen()
    looking.response(asking(), answering({"by": {"ada": {"x": 1, "l": [1]}, "bob": {"y": {"z": 1}, "l": ["a"]}}}))
    looking.response(asking(rules={"$.by": ["eachKey"]}), answering({"by": {}}))
    looking.response(asking(), answering({"by": {"cyd": 5}}))

    (one,) = told(looking)["answers"]
    assert one["body"] == {
        "$": ["object"],
        "$.by": ["object"],
        "$.by.*": ["integer", "object"],
        "$.by.*.l": ["array"],
        "$.by.*.l[*]": ["string", "integer"],
        "$.by.*.x": ["integer"],
        "$.by.*.y": ["object"],
        "$.by.*.y.z": ["integer"],
    }


def test_a_rule_behind_free_names_frees_those_too():
    found = seen({"ada": {"by": {"bob": 1}}}, rules={"$.*.by": ["values"]})

    assert sorted(found) == ["$", "$.*", "$.*.by", "$.*.by.*"]


def test_xml_forms_and_texts_have_places_as_the_usage_map_names_them():
    looking = Seen()
    xml = b'<order id="7"><item xmlns:x="urn:x">text</item></order>'
    looking.response(asking("/xml"), answering(xml, "application/xml"))
    looking.response(asking("/form"), answering(b"name=Ada&role=x", "application/x-www-form-urlencoded"))
    looking.response(asking("/text"), answering(b"hello", "text/plain"))
    looking.response(asking("/empty"), answering(b""))

    assert {one["template"]: one.get("body") for one in told(looking)["answers"]} == {
        "/xml": {
            "$.order": ["string"],
            "$.order['@id']": ["string"],
            "$.order.item": ["string"],
            "$.order.item['#text']": ["string"],
        },
        "/form": {"$.name": ["string"], "$.role": ["string"]},
        "/text": {"$": ["string"]},
        "/empty": None,
    }


def test_messages_have_contents_and_metadata():
    interaction = contract(
        type="Asynchronous/Messages", metadata={"topic": "orders"}, contents={"content": {"id": 1}},
    )  # fmt: skip
    looking = Seen()
    metadata = {"contentType": "application/json", "topic": "orders", "trace": {"id": 1}, "ada@example.org": 1}
    looking.message(interaction, "message", {}, ActualMessage(b'{"id": 1, "at": "now"}', metadata))
    looking.message(interaction, "response message", {}, ActualMessage(None))

    assert told(looking)["answers"] == [
        {
            "template": "orders",
            "side": "message",
            "metadata": {"topic": ["string"], "trace": ["object"]},
            "body": {"$": ["object"], "$.at": ["string"], "$.id": ["integer"]},
        },
        {"template": "orders", "side": "response message"},
    ]


@pytest.mark.parametrize("content", [b"{", b"\xff", b'{"a": NaN}x', b"[" * 100_000, b"9" * 5_000, b"<a>", b"\x00"])
@pytest.mark.parametrize("kind", ["application/json", "application/xml", "image/png", "nonsense"])
def test_nothing_that_comes_is_an_error(content, kind):
    looking = Seen()

    looking.response(asking(), answering(content, kind))

    told(looking)


def test_what_is_looked_at_is_bounded():
    deep: Any = 1
    for _ in range(MAX_DEPTH + 5):
        deep = {"a": deep}
    looking = Seen()
    names = [f"n_{letter}" for letter in string.ascii_letters] + ["late"] * 5
    for name in names[: MAX_LOOKS + 5]:
        looking.response(asking(), answering({"deep": deep, "row": [*[1] * MAX_ITEMS, "late"], name: 1}))

    (one,) = told(looking)["answers"]

    assert max(path.count(".") for path in one["body"]) == MAX_DEPTH
    assert one["body"]["$.row[*]"] == ["integer"]
    assert len([path for path in one["body"] if path.startswith("$.n_")]) == MAX_LOOKS


def test_a_shape_keeps_so_many_places_and_says_that_there_were_more():
    looking = Seen()
    for number in range(400):
        body = {f"a{'b' * n}{'c' * m}": 1 for n in range(10) for m in range(10)}
        looking.response(asking(f"/{'o' * (number + 1)}"), answering(body))

    found = looking.shape()

    assert (found.size, found.complete) == (MAX_PLACES, False)
    assert told(looking)["complete"] is False


def test_threads_may_show_their_answers_at_once():
    looking = Seen()
    bodies = [{"common": [{"x": 1}], f"own_{letter}": 1} for letter in string.ascii_letters[:MAX_LOOKS]]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda body: looking.response(asking(), answering(body)), bodies))

    (one,) = told(looking)["answers"]
    assert len(one["body"]) == 4 + MAX_LOOKS


# --- properties ---------------------------------------------------------------------------------------------------

_SECRET = "s3cr3t"
_KEYS = st.sampled_from(["id", "name", "lines", "by", "total"])
_DATA_KEYS = st.one_of(
    st.emails(),
    st.uuids().map(str),
    st.integers(0, 10**9).map(lambda number: f"{_SECRET}{number}"),
    st.dates().map(str),
)
_VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(10**6, 10**9), st.floats(allow_nan=False, allow_infinity=False),
        st.text().map(lambda text: _SECRET + text),
    ),
    lambda below: st.one_of(
        st.lists(below, max_size=4),
        st.dictionaries(_KEYS, below, max_size=4),
        st.dictionaries(st.one_of(_KEYS, _DATA_KEYS), below, max_size=4),
    ),
    max_leaves=20,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(_VALUES, min_size=1, max_size=4))
def test_no_value_is_in_a_shape_and_no_key_that_is_one(bodies):
    looking = Seen()
    for body in bodies:
        looking.response(asking(), answering(body, X_Secret=_SECRET))

    document = told(looking)

    words: set[str] = set()
    for one in document["answers"]:
        for part in ("body", "header"):
            for path, types in one.get(part, {}).items():
                words |= {*types, *path.replace("[*]", "").replace("*", "").removeprefix("$").split(".")}
    assert words <= {*shape.TYPES, "", "id", "name", "lines", "by", "total", "x-secret"}


@settings(max_examples=100, deadline=None)
@given(st.lists(_VALUES, min_size=1, max_size=4), st.randoms())
def test_the_order_of_answers_makes_no_difference_and_seeing_again_adds_nothing(bodies, random):
    def shape_of(some: list[Any]) -> Shape:
        looking = Seen()
        for body in some:
            looking.response(asking(), answering(body))
        return looking.shape()

    again = [*bodies, *bodies]
    random.shuffle(again)

    assert shape.document(shape_of(again)) == shape.document(shape_of(bodies))
    merged = shape.merged([shape_of(bodies), shape_of(again)])
    assert shape.merged([merged, shape_of(bodies)]) == merged
