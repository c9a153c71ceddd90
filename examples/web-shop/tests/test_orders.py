"""What the web shop relies on, told by the tests of its own client."""

import pytest
from web_shop import NoSuchOrder, OrderClient

from tallystick import Consumer, decimal, each_like, integer, like, regex

orders = Consumer("web-shop").has_contract_with("orders")

AN_ORDER = {
    "id": integer(1),
    "status": regex("placed|paid|shipped|cancelled", example="placed"),
    "total": decimal(44.5),
    "currency": regex("[A-Z]{3}", example="EUR"),
    "lines": each_like({"sku": like("TS-1"), "title": like("Tally stick, hazel"), "quantity": integer(2)}),
}


def test_an_order_is_shown_with_its_lines():
    (
        orders.upon_receiving("a request for an order")
        .given("an order exists", id=1)
        .with_request("GET", "/orders/1", headers={"Accept": "application/json"})
        .will_respond_with(200, body=AN_ORDER)
    )

    with orders.serve() as server, OrderClient(server.url) as client:
        order = client.order(1)

    assert order.headline == "Order 1: 2 pieces, 44.50 EUR, placed"


def test_an_unknown_order_says_so():
    (
        orders.upon_receiving("a request for an order that does not exist")
        .given("no orders exist")
        .with_request("GET", "/orders/404")
        .will_respond_with(404, body={"message": like("there is no order 404")})
    )

    with orders.serve() as server, OrderClient(server.url) as client, pytest.raises(NoSuchOrder):
        client.order(404)


def test_an_order_is_placed():
    line = {"sku": "TS-1", "title": "Tally stick, hazel", "quantity": 2, "unit_price": 12.5}
    (
        orders.upon_receiving("a new order")
        .given("no orders exist")
        .with_request(
            "POST",
            "/orders",
            body={"customer_id": 7, "name": "Ada Lovelace", "email": "ada@example.com", "lines": [line]},
        )
        .will_respond_with(201, body=AN_ORDER)
    )

    with orders.serve() as server, OrderClient(server.url) as client:
        order = client.place(7, "Ada Lovelace", "ada@example.com", [line])

    assert order.status == "placed"


def test_the_history_is_read_page_by_page():
    (
        orders.upon_receiving("a request for the second page of orders")
        .given("several orders exist", count=3)
        .with_request("GET", "/orders", query={"page": "2", "size": "2"})
        .will_respond_with(
            200,
            body={"orders": each_like({"order_id": integer(3), "amount": decimal(44.5)}), "found": integer(3)},
        )
    )

    with orders.serve() as server, OrderClient(server.url) as client:
        assert client.history(page=2, size=2) == ([(3, 44.5)], 3)
