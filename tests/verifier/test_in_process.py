"""Applications in this process: FastAPI, Flask and Django from their public interfaces, lifespan included."""

import asyncio
import contextlib
import time

import pytest

from tallystick.verifier.api import Verifier, verify, verify_async
from tallystick.verifier.handlers import StateHandlers


def fastapi_app():
    from fastapi import FastAPI, HTTPException
    from fastapi.responses import JSONResponse

    events = []

    @contextlib.asynccontextmanager
    async def lifespan(app):
        events.append("started")
        yield {"greeting": "hello"}
        events.append("stopped")

    app = FastAPI(lifespan=lifespan)
    app.state.events = events
    app.state.orders = {}

    @app.get("/orders/{id}")
    async def order(id: int):
        if id not in app.state.orders:
            raise HTTPException(404)
        return app.state.orders[id]

    @app.post("/orders", status_code=201)
    def place(order: dict):
        app.state.orders[9] = order
        return JSONResponse({"id": 9, **order}, 201, headers={"Location": "/orders/9"})

    @app.get("/slow")
    async def slow():
        await asyncio.sleep(30)

    @app.get("/blocked")
    async def blocked():
        time.sleep(30)

    @app.get("/broken")
    async def broken():
        raise RuntimeError("the database is gone")

    @app.get("/tidy/")
    async def tidy():
        return {}

    return app


def flask_app():
    from flask import Flask, jsonify, request

    app = Flask("orders")
    orders = app.config["ORDERS"] = {}

    @app.get("/orders/<int:id>")
    def order(id):
        return (jsonify(orders[id]), 200) if id in orders else ("", 404)

    @app.post("/orders")
    def place():
        return {"id": 9, **request.get_json()}, 201, {"Location": "/orders/9"}

    @app.get("/broken")
    def broken():
        raise RuntimeError("the database is gone")

    @app.get("/blocked")
    def blocked():
        time.sleep(30)

    return app


def django_app(orders):
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import JsonResponse
    from django.urls import path

    def order(request, id):
        return JsonResponse(orders[id]) if id in orders else JsonResponse({}, status=404)

    def place(request):
        import json

        answer = JsonResponse({"id": 9, **json.loads(request.body)}, status=201)
        answer["Location"] = "/orders/9"
        return answer

    if not settings.configured:
        settings.configure(ROOT_URLCONF=(), ALLOWED_HOSTS=["*"], SECRET_KEY="for this test", DEBUG=False)
        django.setup()
    settings.ROOT_URLCONF = (path("orders/<int:id>", order), path("orders", place))
    return WSGIHandler()


@pytest.fixture
def orders_contract(tell):
    order = {"id": 7, "lines": [{"sku": "TS-1", "quantity": 2}]}
    rules = {"body": {"$": {"matchers": [{"match": "type"}]}}}
    return tell.contract(
        tell.interaction(
            "an order",
            "/orders/7",
            states=[{"name": "an order exists", "params": {"id": 7}}],
            response={"headers": {"Content-Type": "application/json"}, "body": order, "matchingRules": rules},
        ),
        tell.interaction("no order", "/orders/8", status=404, states=["no orders exist"]),
        tell.interaction(
            "placing an order",
            "/orders",
            method="POST",
            status=201,
            request={"headers": {"Content-Type": "application/json"}, "body": {"name": "Ada"}},
            response={"headers": {"Location": "/orders/9"}, "body": {"id": 9, "name": "Ada"}},
        ),
    )


def states_of(orders) -> StateHandlers:
    states = StateHandlers()

    @states("an order exists")
    def order_exists(id):
        orders[id] = {"id": id, "lines": [{"sku": "X", "quantity": 1}, {"sku": "Y", "quantity": 5}]}
        yield
        orders.clear()

    @states("no orders exist")
    def no_orders():
        orders.clear()

    return states


def test_a_fastapi_application_keeps_its_contract(orders_contract):
    app = fastapi_app()

    report = verify(orders_contract, app=app, states=states_of(app.state.orders))

    assert report.exit_code == 0, report.text()
    assert [r.status for r in report.results] == ["passed"] * 3
    assert app.state.events == ["started", "stopped"]


def test_a_flask_application_keeps_its_contract(orders_contract):
    app = flask_app()

    report = verify(orders_contract, app=app, states=states_of(app.config["ORDERS"]))

    assert report.exit_code == 0, report.text()


def test_a_django_application_keeps_its_contract(orders_contract):
    orders = {}

    report = verify(orders_contract, app=django_app(orders), states=states_of(orders))

    assert report.exit_code == 0, report.text()


def test_a_broken_field_is_found_in_process(orders_contract):
    app = fastapi_app()
    states = StateHandlers({"no orders exist": lambda: None})

    @states("an order exists")
    def order_exists(id):
        app.state.orders[id] = {"id": str(id), "lines": []}

    report = verify(orders_contract, app=app, states=states)

    assert report.exit_code == 1
    assert [(m.path, m.kind) for m in report.results[0].replayed.mismatches] == [("$.id", "type")]
    (consumer,) = report.impact.broken
    assert [f.place for f in consumer.fields] == ["body $.id"]


@pytest.mark.parametrize(
    ("make", "path", "kind", "says"),
    [
        (fastapi_app, "/slow", "timeout", "did not answer"),
        (fastapi_app, "/blocked", "timeout", "did not answer"),
        (flask_app, "/blocked", "timeout", "did not answer"),
    ],
)
def test_an_application_that_hangs_is_left(tell, make, path, kind, says):
    report = verify(tell.contract(tell.interaction("it", path)), app=make(), timeout=0.2)

    problem = report.results[0].replayed.problem
    assert problem.kind == kind
    assert says in problem.sentence


def test_what_an_application_raised_is_told_beside_its_500(tell):
    report = verify(tell.contract(tell.interaction("it", "/broken")), app=fastapi_app())

    assert report.results[0].replayed.mismatches[0].part == "status"
    assert "the database is gone" in " ".join(report.results[0].replayed.hints)


def test_redirects_within_the_application_are_followed_as_over_http(tell):
    made = tell.contract(tell.interaction("it", "/tidy", response={"body": {}}))

    assert verify(made, app=fastapi_app()).exit_code == 0


def test_bare_asgi_and_wsgi_callables_are_told_apart(tell):
    async def asgi(scope, receive, send):
        if scope["type"] != "http":
            raise RuntimeError("no lifespan here")
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def wsgi(environ, start_response):
        start_response("200 OK", [])
        return [b""]

    made = tell.contract(tell.interaction("it", "/x"))

    assert verify(made, app=asgi).exit_code == 0
    assert verify(made, app=wsgi).exit_code == 0


@pytest.mark.parametrize(
    ("start", "sentence"),
    [
        ([], "without sending a response"),
        ([{"type": "http.response.start", "status": 200, "headers": []}], "before its response was complete"),
        (
            [
                {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]},
                {"type": "http.response.body", "body": b"abc"},
            ],
            "announced 5 bytes and sent 3",
        ),
    ],
)
def test_an_application_that_breaks_its_protocol_is_named(tell, start, sentence):
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            raise RuntimeError
        for message in start:
            await send(message)

    problem = verify(tell.contract(tell.interaction("it", "/x")), app=app).results[0].replayed.problem

    assert problem.kind == "malformed-response"
    assert sentence in problem.sentence


def test_a_start_up_that_fails_could_not_run(tell):
    from fastapi import FastAPI

    @contextlib.asynccontextmanager
    async def lifespan(app):
        raise RuntimeError("no database here")
        yield

    report = verify(tell.contract(tell.interaction("it", "/x")), app=FastAPI(lifespan=lifespan))

    assert report.exit_code == 4
    assert "no database here" in report.could_not_run


def test_async_handlers_run_on_the_loop_of_the_application(tell):
    loops = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            loops.append(asyncio.get_running_loop())
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})
        else:
            raise RuntimeError

    states = StateHandlers()

    @states("ready")
    async def ready():
        loops.append(asyncio.get_running_loop())
        yield
        loops.append(asyncio.get_running_loop())

    assert verify(tell.contract(tell.interaction("it", "/x", states=["ready"])), app=app, states=states).exit_code == 0
    assert len(loops) == 3
    assert len(set(map(id, loops))) == 1


def test_the_async_function_leaves_the_event_loop_free(orders_contract):
    app = flask_app()
    ticks = []

    async def main():
        async def tick():
            while True:
                ticks.append(1)
                await asyncio.sleep(0.001)

        ticking = asyncio.ensure_future(tick())
        report = await verify_async(orders_contract, app=app, states=states_of(app.config["ORDERS"]))
        ticking.cancel()
        return report

    assert asyncio.run(main()).exit_code == 0
    assert ticks


def test_one_interaction_at_a_time(orders_contract):
    app = fastapi_app()
    with Verifier(orders_contract, app=app, states=states_of(app.state.orders)) as verifier:
        results = [verifier.check(source, interaction) for source, interaction in verifier.interactions()]

    assert [(r.title, r.status) for r in results] == [
        ("an order", "passed"),
        ("no order", "passed"),
        ("placing an order", "passed"),
    ]
    assert app.state.events == ["started", "stopped"]
