"""The mobile back end's side of the conversation with the order service: tracking and cancelling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import httpx


@dataclass(frozen=True)
class Tracking:
    status: str
    placed_at: datetime


class TooLate(Exception):
    """The order has left the house."""


class OrderTracker:
    def __init__(self, base_url: str) -> None:
        self._http = httpx.Client(base_url=base_url, headers={"Accept": "application/json"})

    def close(self) -> None:
        self._http.close()

    def track(self, order_id: int) -> Tracking:
        answer = self._http.get(f"/orders/{order_id}")
        answer.raise_for_status()
        document = answer.json()
        return Tracking(document["status"], datetime.fromisoformat(document["placed_at"]))

    def cancel(self, order_id: int) -> str:
        """Cancel an order; the status it has afterwards."""
        answer = self._http.post(f"/orders/{order_id}/cancellation")
        if answer.status_code == 409:
            raise TooLate(answer.json()["code"])
        answer.raise_for_status()
        return answer.json()["status"]
