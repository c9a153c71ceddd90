"""Billing's side of the conversation with the order service: it collects what is owed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpx


@dataclass(frozen=True)
class Invoice:
    number: str
    bill_to: str
    net: float
    tax: float

    @property
    def gross(self) -> float:
        return round(self.net + self.tax, 2)


class Invoices:
    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=base_url, headers={"Accept": "application/json"}, timeout=5)

    def close(self) -> None:
        self._http.close()

    def of(self, order_id: int) -> Invoice | None:
        """The invoice of an order; None when there is no such order."""
        answer = self._http.get(f"/orders/{order_id}/invoice")
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        document = answer.json()
        return Invoice(document["invoice_number"], document["bill_to"], document["net_amount"], document["tax_amount"])

    def outstanding(self, page_size: int = 50) -> Iterator[tuple[int, float]]:
        """(order number, amount) of every order that is placed and not yet paid, page after page."""
        page = 1
        while True:
            answer = self._http.get("/orders", params={"status": "placed", "page": page, "size": page_size})
            answer.raise_for_status()
            document = answer.json()
            for order in document["orders"]:
                yield order["order_id"], order["amount"]
            if page * page_size >= document["found"]:
                return
            page += 1

    def currency(self, order_id: int) -> tuple[float, str]:
        """What an order costs, and in which currency."""
        answer = self._http.get(f"/orders/{order_id}")
        answer.raise_for_status()
        document = answer.json()
        return document["total"], document["currency"]
