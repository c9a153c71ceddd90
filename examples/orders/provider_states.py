"""The order service as it is verified: the same application, plus an address that sets up provider states.

This is a second entry point for verification only (`uvicorn provider_states:app`); what is deployed is `orders.app`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI
from fastapi.responses import JSONResponse
from orders.app import app as service
from orders.app import store
from orders.store import Customer, Line
from pydantic import BaseModel, Field

ADA = Customer(7, "Ada Lovelace", "ada@example.com")
LINES = (Line("TS-1", "Tally stick, hazel", 2, 1250), Line("TS-2", "Notching knife", 1, 1900))
PLACED_AT = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def order_exists(params: dict[str, Any]) -> dict[str, Any]:
    order = store.place(ADA, LINES, id=params.get("id", 1), status=params.get("status", "placed"), placed_at=PLACED_AT)
    return {"id": order.id}


def several_orders_exist(params: dict[str, Any]) -> dict[str, Any]:
    for number in range(1, int(params.get("count", 3)) + 1):
        store.place(ADA, LINES, id=number, status=params.get("status", "placed"), placed_at=PLACED_AT)
    return {}


def no_orders_exist(params: dict[str, Any]) -> dict[str, Any]:
    return {}


STATES: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "an order exists": order_exists,
    "several orders exist": several_orders_exist,
    "no orders exist": no_orders_exist,
}


class StateChange(BaseModel):
    """What a verifier sends: the state's name, its parameters, and whether to set it up or take it down."""

    state: str = ""
    params: dict[str, Any] = Field(default_factory=dict)
    action: str = "setup"


app = FastAPI()


@app.post("/_states")
def change_state(change: StateChange) -> JSONResponse:
    if change.action == "setup":
        store.clear()
        if change.state:
            if change.state not in STATES:
                return JSONResponse({"error": f"there is no provider state {change.state!r}"}, status_code=404)
            return JSONResponse(STATES[change.state](change.params))
    return JSONResponse({})


app.mount("/", service)
