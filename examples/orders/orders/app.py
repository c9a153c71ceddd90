"""The order service: a FastAPI application over the store."""

from __future__ import annotations

from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from orders import wire
from orders.store import Customer, Line, OrderAlreadyShipped, OrderNotFound, Store

app = FastAPI(title="orders", version="1.0.0")
store = Store()


class LineIn(BaseModel):
    sku: str
    title: str
    quantity: int = Field(ge=1)
    unit_price: float = Field(ge=0)


class OrderIn(BaseModel):
    customer_id: int
    name: str
    email: str
    lines: list[LineIn] = Field(min_length=1)


@app.exception_handler(OrderNotFound)
def order_not_found(request: Request, error: OrderNotFound) -> JSONResponse:
    return JSONResponse(wire.problem("order-not-found", str(error)), status_code=404)


@app.exception_handler(OrderAlreadyShipped)
def order_already_shipped(request: Request, error: OrderAlreadyShipped) -> JSONResponse:
    return JSONResponse(wire.problem("order-already-shipped", str(error)), status_code=409)


@app.get("/health")
def health() -> JSONResponse:
    return JSONResponse({"status": "ok"})


@app.get("/orders")
def list_orders(
    page: int = Query(1, ge=1), size: int = Query(20, ge=1, le=100), status: str | None = None
) -> JSONResponse:
    orders, found = store.page(page, size, status)
    return JSONResponse(wire.page(orders, page, size, found))


@app.get("/orders/{order_id}")
def get_order(order_id: int) -> JSONResponse:
    return JSONResponse(wire.order(store.get(order_id)))


@app.post("/orders")
def place_order(sent: OrderIn) -> JSONResponse:
    customer = Customer(sent.customer_id, sent.name, sent.email)
    lines = tuple(Line(x.sku, x.title, x.quantity, round(x.unit_price * 100)) for x in sent.lines)
    order = store.place(customer, lines)
    return JSONResponse(wire.order(order), status_code=wire.CREATED, headers={"Location": f"/orders/{order.id}"})


@app.post("/orders/{order_id}/cancellation")
def cancel_order(order_id: int) -> JSONResponse:
    return JSONResponse(wire.order(store.cancel(order_id)))


@app.get("/orders/{order_id}/invoice")
def get_invoice(order_id: int) -> JSONResponse:
    return JSONResponse(wire.invoice(store.get(order_id)))
