"""The web shop's side of the conversation with the order service."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType

import httpx


@dataclass(frozen=True)
class OrderLine:
    sku: str
    title: str
    quantity: int


@dataclass(frozen=True)
class Order:
    id: int
    status: str
    total: float
    currency: str
    lines: tuple[OrderLine, ...]

    @property
    def headline(self) -> str:
        pieces = sum(line.quantity for line in self.lines)
        return f"Order {self.id}: {pieces} pieces, {self.total:.2f} {self.currency}, {self.status}"


class NoSuchOrder(Exception):
    """The order service knows no order of that number."""


class OrderClient:
    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=base_url, headers={"Accept": "application/json"})

    def __enter__(self) -> OrderClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def order(self, order_id: int) -> Order:
        answer = self._http.get(f"/orders/{order_id}")
        if answer.status_code == 404:
            raise NoSuchOrder(answer.json()["message"])
        answer.raise_for_status()
        return _order(answer.json())

    def place(self, customer_id: int, name: str, email: str, lines: list[dict[str, object]]) -> Order:
        sent = {"customer_id": customer_id, "name": name, "email": email, "lines": lines}
        answer = self._http.post("/orders", json=sent)
        if answer.status_code != 201:
            raise RuntimeError(f"the order was not placed: {answer.status_code} {answer.text}")
        return _order(answer.json())

    def history(self, page: int = 1, size: int = 10) -> tuple[list[tuple[int, float]], int]:
        """Order numbers with their amounts on one page, and how many orders there are in all."""
        answer = self._http.get("/orders", params={"page": page, "size": size})
        answer.raise_for_status()
        document = answer.json()
        return [(o["order_id"], o["amount"]) for o in document["orders"]], document["found"]


def _order(document: dict[str, object]) -> Order:
    return Order(
        id=document["id"],
        status=document["status"],
        total=document["total"],
        currency=document["currency"],
        lines=tuple(OrderLine(x["sku"], x["title"], x["quantity"]) for x in document["lines"]),
    )
