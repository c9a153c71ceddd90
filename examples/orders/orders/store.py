"""Orders in memory: what the service knows. Money is in cents, so that sums are exact."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime


@dataclass(frozen=True)
class Customer:
    id: int
    name: str
    email: str


@dataclass(frozen=True)
class Line:
    sku: str
    title: str
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True)
class Order:
    id: int
    customer: Customer
    lines: tuple[Line, ...]
    status: str = "placed"
    currency: str = "EUR"
    placed_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def total_cents(self) -> int:
        return sum(line.quantity * line.unit_price_cents for line in self.lines)


class OrderNotFound(Exception):
    def __init__(self, order_id: int) -> None:
        super().__init__(f"there is no order {order_id}")
        self.order_id = order_id


class OrderAlreadyShipped(Exception):
    def __init__(self, order_id: int) -> None:
        super().__init__(f"order {order_id} has been shipped and can't be cancelled")
        self.order_id = order_id


class Store:
    """All orders by id. One instance per process; not shared between threads that write."""

    def __init__(self) -> None:
        self._orders: dict[int, Order] = {}
        self._last_id = 0

    def clear(self) -> None:
        self._orders.clear()
        self._last_id = 0

    def place(self, customer: Customer, lines: tuple[Line, ...], **known: object) -> Order:
        """Store a new order. `known` sets id, status or placed_at, for fixtures."""
        order_id = int(known.pop("id", self._last_id + 1))  # type: ignore[call-overload]
        order = Order(order_id, customer, lines, **known)  # type: ignore[arg-type]
        self._orders[order_id] = order
        self._last_id = max(self._last_id, order_id)
        return order

    def get(self, order_id: int) -> Order:
        try:
            return self._orders[order_id]
        except KeyError:
            raise OrderNotFound(order_id) from None

    def cancel(self, order_id: int) -> Order:
        order = self.get(order_id)
        if order.status == "shipped":
            raise OrderAlreadyShipped(order_id)
        self._orders[order_id] = replace(order, status="cancelled")
        return self._orders[order_id]

    def page(self, number: int, size: int, status: str | None) -> tuple[list[Order], int]:
        """The orders of one page, oldest first, and how many there are in all."""
        found = [o for _, o in sorted(self._orders.items()) if status is None or o.status == status]
        start = (number - 1) * size
        return found[start : start + size], len(found)
