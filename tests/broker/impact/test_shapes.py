"""What the answers of a provider version looked like: told by verifiers, added up, and asked what nobody uses."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

SHAPE_URL = "/pacticipants/orders/versions/7/shape"
UNUSED_URL = "/pacticipants/orders/usage/unused"


def answer(body: dict[str, list[str]], template: str = "/orders/{id}", **more: Any) -> dict[str, Any]:
    return {"method": "GET", "template": template, "side": "response", "status": "200", "body": body, **more}


def shape(*answers: dict[str, Any]) -> dict[str, Any]:
    return {"complete": True, "answers": list(answers)}


ORDER = answer(
    {
        "$": ["object"],
        "$.id": ["integer"],
        "$.lines": ["array"],
        "$.lines[*]": ["object"],
        "$.lines[*].sku": ["string"],
        "$.lines[*].total": ["integer"],
        "$.note": ["string", "null"],
        "$.total": ["number"],
    },
    header={"etag": ["string"]},
)


@pytest.fixture
def verified(orders: Any) -> Any:
    """Version 7 of the provider, on its main branch."""
    orders.participant("orders", mainBranch="main").on_branch("orders 7", "main")
    return orders


def test_a_shape_is_kept_with_its_version(verified, client, expect):
    stored = {
        "complete": True,
        "operations": 1,
        "places": 9,
        "createdAt": "{time}",
        "updatedAt": "{time}",
        "_links": {
            "self": {"href": "{base}" + SHAPE_URL, "title": "Shape of the answers"},
            "pb:pacticipant": {"href": "{base}/pacticipants/orders", "title": "Pacticipant", "name": "orders"},
            "pb:pacticipant-version": {
                "href": "{base}/pacticipants/orders/versions/7",
                "title": "Pacticipant version",
                "name": "7",
            },
            "ts:unused": {"href": "{base}" + UNUSED_URL, "title": "Fields of orders that nobody uses"},
        },
    }

    expect(client.post(SHAPE_URL, json=shape(ORDER)), 201, stored)
    expect(client.post(SHAPE_URL, json=shape(ORDER)), 200, stored)
    expect(
        client.get(SHAPE_URL),
        200,
        {**shape(ORDER), "createdAt": "{time}", "updatedAt": "{time}", "_links": stored["_links"]},
    )


def test_the_index_says_where_shapes_go(client):
    link = client.get("/").json()["_links"]["ts:shape"]

    assert link["href"].endswith("/pacticipants/{pacticipant}/versions/{version}/shape")
    assert link["templated"] is True


def test_jobs_that_see_parts_of_a_version_add_up_in_any_order(verified, client):
    parts = [shape(answer({"$": ["object"], f"$.part{letter}": ["string"]})) for letter in "abcdefgh"]
    parts += [shape(answer({"$": ["array"]}, status=str(status))) for status in (201, 202)]

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda part: client.post(SHAPE_URL, json=part).status_code, parts * 2))

    assert sorted(set(statuses)) == [200, 201]
    assert statuses.count(201) == 1
    found = client.get(SHAPE_URL).json()["answers"]
    assert [one["status"] for one in found] == ["200", "201", "202"]
    assert sorted(found[0]["body"]) == ["$", *(f"$.part{letter}" for letter in "abcdefgh")]


def test_types_of_one_place_add_up(verified, client):
    client.post(SHAPE_URL, json=shape(answer({"$.note": ["null"]})))
    client.post(SHAPE_URL, json=shape(answer({"$.note": ["string"]})))

    assert client.get(SHAPE_URL).json()["answers"][0]["body"] == {"$.note": ["string", "null"]}


def test_a_name_that_is_a_value_is_not_kept(verified, client):
    sent = answer(
        {"$.byMail['ada@example.org'].age": ["integer"], "$.rows[7].id": ["string"]},
        header={"x-trace-550e8400-e29b-41d4-a716-446655440000": ["string"]},
    )

    assert client.post(SHAPE_URL, json=shape(sent)).status_code == 201

    assert client.get(SHAPE_URL).json()["answers"] == [
        answer({"$.byMail.*.age": ["integer"], "$.rows[*].id": ["string"]})
    ]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([], "the document: must be an object"),
        ({}, "/answers: is missing"),
        ({"answers": {}}, "/answers: must be an array"),
        ({"answers": [7]}, "/answers/0: must be an object"),
        ({"complete": 1, "answers": []}, "/complete: must be true or false"),
        (shape({**ORDER, "side": "request"}), "/answers/0/side: must be one of response, message, response message"),
        (shape({**ORDER, "status": "2XX"}), "/answers/0/status: must be three digits for a response, and absent for a "
                                            "message"),
        (shape({**ORDER, "method": "get"}), "/answers/0/method: must be a method in capitals for a response, and "
                                            "absent for a message"),
        (shape({**ORDER, "template": ""}), "/answers/0/template: must be a text of 1 to 2000 characters"),
        (shape({**ORDER, "template": "/a\0"}), "/answers/0/template: must be a text of 1 to 2000 characters"),
        (shape(answer({"$.a": ["text"]})), "/answers/0/body/$.a: must be an array of types: string, integer, number, "
                                           "boolean, null, object, array"),
        (shape(answer({"$.a[": ["null"]})), "/answers/0/body/$.a[: '$.a[' is not a path: brackets hold 'a name', an "
                                            "index or * at character 4"),
        (shape(answer({f"$.x{'a' * 2000}": ["null"]})), "a path starts with $ and has at most 2000 characters"),
        (shape(*(answer({f"$.a[*].n{'b' * n}": ["null"] for n in range(1, 41)}, f"/{m}") for m in range(501))),
         "/answers: there are more than 20000 places in all"),
    ],
)  # fmt: skip
def test_what_is_no_shape_is_refused_with_the_place(verified, client, document, said):
    response = client.post(SHAPE_URL, json=document)

    assert response.status_code == 422, response.text
    assert any(said in one for one in response.json()["errors"]["shape"]), response.text
    assert client.get(SHAPE_URL).status_code == 404


def test_shapes_that_are_too_much_together_are_kept_up_to_the_limit(verified, client):
    def many(first: int) -> dict[str, Any]:
        return shape(
            *(answer({f"$.{'a' * n}": ["null"] for n in range(1, 21)}, f"/{m}") for m in range(first, first + 600))
        )

    assert client.post(SHAPE_URL, json=many(0)).json()["places"] == 12_000
    told = client.post(SHAPE_URL, json=many(600)).json()

    assert (told["places"], told["complete"]) == (20_000, False)
    assert "there were more than a shape holds" in client.get(UNUSED_URL).json()["caveat"]


def test_a_version_that_nobody_knows_has_no_shape(verified, client):
    response = client.post("/pacticipants/orders/versions/99/shape", json=shape(ORDER))

    assert response.status_code == 404
    assert response.json()["error"] == "orders has no version 99: publish a verification result of it first"
    assert client.get("/pacticipants/orders/versions/99/shape").status_code == 404


def test_a_shape_goes_with_its_version_or_alone(verified, client, expect):
    client.post(SHAPE_URL, json=shape(ORDER))
    expect(client.delete(SHAPE_URL), 204)
    assert client.get(SHAPE_URL).status_code == client.delete(SHAPE_URL).status_code == 404

    client.post(SHAPE_URL, json=shape(ORDER))
    client.delete("/pacticipants/orders/versions/7")
    assert client.get(SHAPE_URL).status_code == 404
    assert client.get(UNUSED_URL).status_code == 404


# --- what nobody uses ---------------------------------------------------------------------------------------------


def test_without_a_description_the_shape_says_what_nobody_uses(verified, client, expect):
    client.post(SHAPE_URL, json=shape(ORDER, answer({"$": ["object"], "$.count": ["integer"]}, "/stock")))

    expect(
        client.get(UNUSED_URL),
        200,
        {
            "provider": {"name": "orders"},
            "version": "7",
            "against": "shape",
            "caveat": "a shape has the operations that contracts asked for, with the fields that were in the answers",
            "counted": "contracts of versions that are deployed, or released and supported, or the head of the "
            "consumer's main branch (the newest version with a contract, where no version of a main branch is known)",
            "unused": [
                {
                    "operation": "GET /orders/{id}",
                    "used": True,
                    "places": ["200 $.lines[*].sku", "200 $.note", "200 header etag"],
                },
                {"operation": "GET /stock", "used": False, "places": []},
            ],
            "unseen": [],
            "_links": {
                "self": {"href": "{base}" + UNUSED_URL, "title": "Fields of orders that nobody uses"},
                "ts:shape": {"href": "{base}" + SHAPE_URL, "title": "Shape of the answers"},
            },
        },
    )


def test_the_description_comes_first_unless_the_shape_is_asked_for(verified, client):
    client.post(SHAPE_URL, json=shape(ORDER))
    description = {
        "openapi": "3.1.0",
        "info": {"title": "Orders", "version": "1"},
        "paths": {"/orders/{code}": {"delete": {"responses": {"204": {"description": "gone"}}}, "get": {"responses": {
            "200": {"description": "an order", "content": {"application/json": {"schema": {"properties": {
                "id": {}, "total": {}, "gift": {}}}}}}}}}},
    }  # fmt: skip
    client.put("/pacticipants/orders/versions/7/description", json=description)

    against = {
        asked: client.get(UNUSED_URL, params={"against": asked} if asked else {}).json()
        for asked in ("", "description", "shape")
    }

    assert against[""] == against["description"]
    assert against[""]["against"] == "description"
    assert "caveat" not in against[""]
    assert against[""]["unused"] == [
        {"operation": "GET /orders/{code}", "used": True, "places": ["200 $.gift"]},
        {"operation": "DELETE /orders/{code}", "used": False, "places": []},
    ]
    # The description says how the operation is called.
    assert against["shape"]["unused"] == [
        {
            "operation": "GET /orders/{code}",
            "used": True,
            "places": ["200 $.lines[*].sku", "200 $.note", "200 header etag"],
        }
    ]


def test_the_newest_shape_is_of_the_main_branch_before_any_other(verified, client):
    verified.on_branch("orders 8", "feature")
    client.post(SHAPE_URL, json=shape(ORDER))
    client.post("/pacticipants/orders/versions/8/shape", json=shape(answer({"$.extra": ["null"]})))

    assert client.get(UNUSED_URL).json()["version"] == "7"
    found = client.get(UNUSED_URL, params={"version": "8"}).json()
    assert (found["version"], found["unused"][0]["places"]) == ("8", ["200 $.extra"])


def test_used_operations_that_no_answer_was_seen_of_are_named(verified, client):
    client.post(SHAPE_URL, json=shape(answer({"$.count": ["integer"]}, "/stock")))

    found = client.get(UNUSED_URL).json()

    assert found["unseen"] == ["GET /orders/{id}"]


def test_a_free_name_of_either_side_meets_any(verified, client, an_order, pact_document):
    by_key = an_order(
        "prices",
        {"prices": {"EUR": {"net": 7}}},
        {"$.prices": [{"match": "values"}], "$.prices.*": [{"match": "type"}]},
        path="/prices",
    )
    literal = an_order("labels", {"labels": {"k7-1042": "red"}}, path="/labels")
    content = pact_document("shop", "orders", by_key, literal, version="3.0.0")
    verified.published("shop 1", to="orders", content=content)
    client.post(SHAPE_URL, json=shape(
        answer({"$.prices": ["object"], "$.prices.*": ["object"], "$.prices.USD.net": ["integer"],
                "$.prices.*.gross": ["integer"]}, "/prices"),
        answer({"$.labels": ["object"], "$.labels.*": ["string"]}, "/labels"),
    ))  # fmt: skip

    assert client.get(UNUSED_URL).json()["unused"] == [
        {"operation": "GET /prices", "used": True, "places": ["200 $.prices.*.gross"]}
    ]


def test_fields_of_messages_are_told_as_well(verified, client, pact_document):
    message = {
        "type": "Asynchronous/Messages",
        "description": "an order was placed",
        "metadata": {"topic": "orders"},
        "contents": {"content": {"id": 7}, "contentType": "application/json", "encoded": False},
    }
    question = {
        "type": "Synchronous/Messages",
        "description": "a price",
        "request": {"contents": {"content": {"sku": "x"}, "contentType": "application/json", "encoded": False}},
        "response": [{"contents": {"content": {"net": 7}, "contentType": "application/json", "encoded": False}}],
    }
    content = pact_document("mailer", "orders", message, question, version="4.0")
    verified.published("mailer 1", to="orders", content=content)
    client.post(SHAPE_URL, json=shape(
        {"side": "message", "template": "orders", "body": {"$": ["object"], "$.id": ["integer"], "$.at": ["string"]},
         "metadata": {"topic": ["string"], "traceId": ["string"]}},
        {"side": "response message", "template": "a price", "body": {"$.net": ["integer"], "$.tax": ["integer"]}},
    ))  # fmt: skip

    assert client.get(UNUSED_URL).json()["unused"] == [
        {"operation": "a price", "used": True, "places": ["$.tax"]},
        {"operation": "orders", "used": True, "places": ["$.at", "metadata traceId"]},
    ]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "No API description of orders, and no shape of its answers: publish one with "
             "`tallystick publish-description`, or verify with `tallystick verify --publish`"),
        ({"against": "shape"}, "No shape of orders: verify with `tallystick verify --publish`"),
        ({"against": "description", "version": "7"}, "No description of version 7 of orders: publish one with "
                                                     "`tallystick publish-description`"),
    ],
)  # fmt: skip
def test_with_nothing_to_compare_with_it_says_what_to_run(verified, client, query, said):
    response = client.get(UNUSED_URL, params=query)

    assert response.status_code == 404
    assert response.json()["error"] == said


def test_against_takes_two_words(verified, client):
    response = client.get(UNUSED_URL, params={"against": "wishes"})

    assert response.status_code == 400
    assert response.json()["errors"] == ["against must be description or shape"]


# --- from the verifier --------------------------------------------------------------------------------------------


def test_a_verification_that_is_published_tells_the_shape(broker, world, client, pact_document, an_order):
    from tallystick.verifier.api import verify
    from tallystick.verifier.messages import ProducedMessage

    async def app(scope: Any, receive: Any, send: Any) -> None:
        body = b'{"id": 7, "customer": {"mail": "ada@example.org"}, "byDay": {"2024-05-01": 3}}'
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json"),
                                                                             (b"x-trace", b"1")]})  # fmt: skip
        await send({"type": "http.response.body", "body": body})

    message = {
        "type": "Asynchronous/Messages",
        "description": "an order was placed",
        "contents": {"content": {"id": 7}, "contentType": "application/json", "encoded": False},
        "metadata": {"topic": "orders"},
    }
    wanted = an_order("an order", {"id": 7})
    world.published(
        "web 1", to="orders", branch="main", content=pact_document("web", "orders", wanted, version="3.0.0")
    )
    content = pact_document("mail", "orders", message, version="4.0")
    world.published("mail 1", to="orders", branch="main", content=content)
    options: dict[str, Any] = {
        "provider": "orders", "app": app, "broker_base_url": broker.url, "publish": True, "allow_dirty": True,
        "messages": {"an order was placed": lambda: ProducedMessage({"id": 7, "at": "now"}, {"topic": "orders"})},
        "provider_version": "7",
    }  # fmt: skip

    for consumer in ("web", "mail"):  # as two jobs would
        report = verify(**options, consumer=consumer)
        assert (report.exit_code, report.warnings) == (0, ()), report.text()

    assert client.get(SHAPE_URL).json()["answers"] == [
        {"template": "orders", "side": "message", "metadata": {"topic": ["string"]},
         "body": {"$": ["object"], "$.at": ["string"], "$.id": ["integer"]}},
        answer({"$": ["object"], "$.byDay": ["object"], "$.byDay.*": ["integer"], "$.customer": ["object"],
                "$.customer.mail": ["string"], "$.id": ["integer"]}, header={"x-trace": ["string"]}),
    ]  # fmt: skip
    assert client.get(UNUSED_URL).json()["unused"] == [
        {
            "operation": "GET /orders/{id}",
            "used": True,
            "places": ["200 $.byDay", "200 $.byDay.*", "200 $.customer", "200 $.customer.mail", "200 header x-trace"],
        },
        {"operation": "orders", "used": True, "places": ["$.at"]},
    ]
