"""What the mobile back end relies on, told by the tests of its own client."""

import pytest
from mobile_backend import OrderTracker, TooLate

from tallystick import Consumer, datetime, like

orders = Consumer("mobile-backend").has_contract_with("orders")


def test_an_order_is_tracked():
    (
        orders.upon_receiving("a request for the progress of an order")
        .given("an order exists", id=1)
        .with_request("GET", "/orders/1")
        .will_respond_with(
            200,
            body={
                "status": like("placed"),
                "placed_at": datetime("yyyy-MM-dd'T'HH:mm:ss'Z'", example="2026-03-14T09:26:53Z"),
            },
        )
    )

    with orders.serve() as server:
        tracking = OrderTracker(server.url).track(1)

    assert (tracking.status, tracking.placed_at.year) == ("placed", 2026)


def test_an_order_is_cancelled():
    (
        orders.upon_receiving("a cancellation of an order")
        .given("an order exists", id=1)
        .with_request("POST", "/orders/1/cancellation")
        .will_respond_with(200, body={"status": "cancelled"})
    )

    with orders.serve() as server:
        assert OrderTracker(server.url).cancel(1) == "cancelled"


def test_a_shipped_order_cannot_be_cancelled():
    (
        orders.upon_receiving("a cancellation of an order that has been shipped")
        .given("an order exists", id=1, status="shipped")
        .with_request("POST", "/orders/1/cancellation")
        .will_respond_with(409, body={"code": "order-already-shipped"})
    )

    with orders.serve() as server, pytest.raises(TooLate):
        OrderTracker(server.url).cancel(1)
