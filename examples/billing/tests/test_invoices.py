"""What billing relies on, told by the tests of its own client."""

from billing import Invoices

from tallystick import Consumer, decimal, each_like, integer, like, regex

orders = Consumer("billing").has_contract_with("orders")


def test_the_invoice_of_an_order():
    (
        orders.upon_receiving("a request for the invoice of an order")
        .given("an order exists", id=1)
        .with_request("GET", "/orders/1/invoice")
        .will_respond_with(
            200,
            body={
                "invoice_number": regex(r"INV-\d{6}", example="INV-000001"),
                "bill_to": like("ada@example.com"),
                "net_amount": decimal(36.67),
                "tax_amount": decimal(7.33),
            },
        )
    )

    with orders.serve() as server:
        invoice = Invoices(server.url).of(1)

    assert invoice is not None
    assert invoice.gross == 44.0


def test_an_order_without_invoice():
    (
        orders.upon_receiving("a request for the invoice of an order that does not exist")
        .given("no orders exist")
        .with_request("GET", "/orders/404/invoice")
        .will_respond_with(404)
    )

    with orders.serve() as server:
        assert Invoices(server.url).of(404) is None


def test_what_is_outstanding():
    (
        orders.upon_receiving("a request for the orders that are not paid")
        .given("several orders exist", count=2, status="placed")
        .with_request("GET", "/orders", query={"status": "placed", "page": "1", "size": "50"})
        .will_respond_with(
            200,
            body={"orders": each_like({"order_id": integer(1), "amount": decimal(44.5)}), "found": integer(1)},
        )
    )

    with orders.serve() as server:
        assert list(Invoices(server.url).outstanding()) == [(1, 44.5)]


def test_what_an_order_costs():
    (
        orders.upon_receiving("a request for the price of an order")
        .given("an order exists", id=2)
        .with_request("GET", "/orders/2")
        .will_respond_with(200, body={"total": decimal(44.5), "currency": like("EUR")})
    )

    with orders.serve() as server:
        assert Invoices(server.url).currency(2) == (44.5, "EUR")
