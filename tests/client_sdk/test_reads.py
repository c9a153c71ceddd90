"""Only what the code read: noted through mappings and models, reported, trimmed, and left whole when unseen."""

import json

import httpx
import pydantic
import pytest

import tallystick as t
from tallystick.client_sdk import reads

BODY = {
    "id": 7,
    "total": t.like(12.5),
    "lines": t.each_like({"sku": t.like("A"), "quantity": t.integer(2)}),
    "buyer": {"name": t.like("Ann"), "mail": t.like("a@b")},
}


class Line(pydantic.BaseModel):
    sku: str
    quantity: int


class Order(pydantic.BaseModel):
    id: int
    total: float
    lines: list[Line]


@pytest.fixture(params=[False, True], ids=["report", "trim"])
def trim(request):
    return request.param


@pytest.fixture
def outcome(recordings, trim):
    """Runs code on a served response; gives what was reported, and the contract's body and rules."""
    original = json.loads
    reads.start(trim=trim)
    recordings.current_test = "the test"

    def run(use, body=BODY):
        orders = t.Consumer("web").has_contract_with("orders")
        orders.upon_receiving("an order").with_request("GET", "/").will_respond_with(200, body=body)
        with orders.serve() as server:
            after = use(httpx.get(server.url))
        if after is not None:
            after()
        recordings.commit()
        [file] = recordings._files.values()
        [one] = file.recorded.values()
        response = one.interaction.response
        reports = [path for report in reads.reports() for path in report.unread]
        return reports, original(response.body.content), sorted(response.rules.get("body", {}))

    yield run
    reads.stop()
    assert json.loads is original


WHOLE = {"id": 7, "total": 12.5, "lines": [{"sku": "A", "quantity": 2}], "buyer": {"name": "Ann", "mail": "a@b"}}
ALL_RULES = ["$.buyer.mail", "$.buyer.name", "$.lines", "$.lines[*].quantity", "$.lines[*].sku", "$.total"]


def test_members_that_were_not_taken_out_are_unread(outcome, trim):
    def use(response):
        order = response.json()
        assert order["lines"][0]["sku"] == "A"
        assert order.get("buyer")["name"] == "Ann"

    unread, body, rules = outcome(use)

    assert unread == ["$.buyer.mail", "$.id", "$.lines[*].quantity", "$.total"]
    if trim:
        assert body == {"lines": [{"sku": "A"}], "buyer": {"name": "Ann"}}
        assert rules == ["$.buyer.name", "$.lines", "$.lines[*].sku"]
    else:
        assert (body, rules) == (WHOLE, ALL_RULES)


def test_what_is_read_after_the_block_counts(outcome, trim):
    unread, body, _ = outcome(lambda response: (lambda order: lambda: order["id"])(response.json()))

    assert unread == ["$.buyer", "$.lines", "$.total"]
    assert body == ({"id": 7} if trim else WHOLE)


def test_fields_of_pydantic_models_count_when_they_are_read(outcome, trim):
    def use(response):
        order = Order.model_validate(response.json())
        return lambda: [line.quantity for line in order.lines]

    unread, body, _ = outcome(use)

    assert unread == ["$.buyer", "$.id", "$.lines[*].sku", "$.total"]
    assert body == ({"lines": [{"quantity": 2}]} if trim else WHOLE)


def test_models_made_from_the_text_count_as_well(outcome, trim):
    unread, body, _ = outcome(
        lambda response: (lambda order: lambda: order.total)(Order.model_validate_json(response.content))
    )

    assert unread == ["$.buyer", "$.id", "$.lines"]
    assert body == ({"total": 12.5} if trim else WHOLE)


@pytest.mark.parametrize(
    "use",
    [
        lambda order: dict(order.items()),
        lambda order: list(order),
        lambda order: order == WHOLE,
        lambda order: [value for value in order.values()],  # noqa: C416
    ],
)
def test_looking_at_everything_reads_everything(outcome, use):
    unread, body, _ = outcome(lambda response: use(response.json()) and None)

    assert (unread, body) == ([], WHOLE)


@pytest.mark.parametrize("use", [lambda response: None, lambda response: response.text and None])
def test_a_body_that_nobody_was_seen_to_read_is_left_whole(outcome, use):
    unread, body, rules = outcome(use)

    assert (unread, body, rules) == ([], WHOLE, ALL_RULES)


def test_a_double_star_reads_the_top_level(outcome):
    unread, _, _ = outcome(lambda response: (lambda **members: None)(**response.json()))

    assert unread == []


def test_nothing_is_noted_unless_it_was_asked_for(recordings):
    orders = t.Consumer("web").has_contract_with("orders")
    orders.upon_receiving("an order").with_request("GET", "/").will_respond_with(200, body=BODY)

    with orders.serve() as server:
        assert type(httpx.get(server.url).json()) is dict

    assert reads.reports() == []
