"""What goes over the wire: the names and types that consumers see. Changing a line here changes the interface."""

from __future__ import annotations

from typing import Any

from orders.store import Customer, Line, Order

CREATED = 201


def customer(customer: Customer) -> dict[str, Any]:
    return {
        "customer_id": customer.id,
        "name": customer.name,
        "email": customer.email,
    }


def line(line: Line) -> dict[str, Any]:
    return {
        "sku": line.sku,
        "title": line.title,
        "quantity": line.quantity,
        "unit_price": line.unit_price_cents / 100,
    }


def order(order: Order) -> dict[str, Any]:
    return {
        "id": order.id,
        "status": order.status,
        "placed_at": order.placed_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "customer": customer(order.customer),
        "lines": [line(item) for item in order.lines],
        "currency": order.currency,
        "total": order.total_cents / 100,
    }


def summary(order: Order) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "state": order.status,
        "amount": order.total_cents / 100,
        "buyer": order.customer.email,
    }


def page(orders: list[Order], number: int, size: int, found: int) -> dict[str, Any]:
    return {
        "orders": [summary(item) for item in orders],
        "page": number,
        "page_size": size,
        "found": found,
    }


def invoice(order: Order) -> dict[str, Any]:
    net = round(order.total_cents / 1.2)
    return {
        "invoice_number": f"INV-{order.id:06d}",
        "bill_to": order.customer.email,
        "net_amount": net / 100,
        "tax_amount": (order.total_cents - net) / 100,
        "gross_amount": order.total_cents / 100,
    }


def problem(code: str, message: str) -> dict[str, Any]:
    return {
        "code": code,
        "message": message,
    }
