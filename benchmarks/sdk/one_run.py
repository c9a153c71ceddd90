"""One run of N consumer tests with one tool, in a process of its own; prints the milliseconds as JSON.

A test is: describe an interaction, start the mock, one GET, check, and at the end the contract file. Importing is not
counted here (see `bench.py`), everything else is.
"""

import http.client
import json
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

TOOL, COUNT = sys.argv[1], int(sys.argv[2])
BODY: dict[str, Any] = {"id": 7, "status": "paid", "total": 12.5, "lines": [{"sku": "ABC-1", "quantity": 2}]}


def get(port: int, path: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path, headers={"Accept": "application/json"})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    assert response.status == 200, content
    return json.loads(content)


def tallystick_tests(folder: Path, *, one_object: bool, socket: bool = True) -> None:
    from tallystick import Consumer, each_like, integer, like, regex
    from tallystick.client_sdk import recording

    shared = Consumer("web").has_contract_with("orders", pact_dir=folder)
    for number in range(COUNT):
        orders = shared if one_object else Consumer("web").has_contract_with("orders", pact_dir=folder)
        (
            orders.upon_receiving(f"a request for order {number}")
            .given("an order exists", id=number)
            .with_request("GET", f"/orders/{number}", headers={"Accept": "application/json"})
            .will_respond_with(
                200,
                body={
                    "id": integer(7),
                    "status": regex("open|paid", example="paid"),
                    "total": like(12.5),
                    "lines": each_like({"sku": like("ABC-1"), "quantity": integer(2)}),
                },
            )
        )
        if socket:
            with orders.serve() as server:
                assert get(server.port, f"/orders/{number}") == BODY
        else:
            from tallystick.contract.model import ActualRequest

            with orders.without_socket() as server:
                request = ActualRequest("GET", f"/orders/{number}", None, (("Accept", "application/json"),))
                assert json.loads(server.mock.answer(request).content) == BODY
    recording.current().write()
    recording.current().managed = True


def httpx_tests(folder: Path) -> None:
    """Without a socket, through the httpx transport."""
    import httpx

    from tallystick import Consumer, integer, like
    from tallystick.client_sdk import recording

    orders = Consumer("web").has_contract_with("orders", pact_dir=folder)
    for number in range(COUNT):
        (
            orders.upon_receiving(f"a request for order {number}")
            .with_request("GET", f"/orders/{number}")
            .will_respond_with(200, body={"id": integer(7), "total": like(12.5)})
        )
        with orders.without_socket() as mock:
            mock.transport().handle_request(httpx.Request("GET", f"{mock.url}/orders/{number}")).read()
    recording.current().write()


def described(pact: Any, number: int) -> None:
    from pact import match

    (
        pact.upon_receiving(f"a request for order {number}")
        .given("an order exists", {"id": number})
        .with_request("GET", f"/orders/{number}")
        .with_header("Accept", "application/json")
        .will_respond_with(200)
        .with_body(
            {
                "id": match.int(7),
                "status": match.regex("paid", regex="open|paid"),
                "total": match.like(12.5),
                "lines": match.each_like({"sku": match.like("ABC-1"), "quantity": match.int(2)}, min=1),
            }
        )
    )


def pact_python_tests(folder: Path, *, one_object: bool) -> None:
    """One object for all cannot take interactions after it has served, so all are described before the first test;
    and each block would miss the others' requests, so it is told not to mind."""
    from pact import Pact

    shared = Pact("web", "orders").with_specification("V4")
    if one_object:
        for number in range(COUNT):
            described(shared, number)
    for number in range(COUNT):
        pact = shared if one_object else Pact("web", "orders").with_specification("V4")
        if not one_object:
            described(pact, number)
        with pact.serve(raises=not one_object, verbose=False) as server:
            assert get(server.port, f"/orders/{number}") == BODY
        pact.write_file(folder)


RUNS = {
    "tallystick, an object a test": lambda folder: tallystick_tests(folder, one_object=False),
    "tallystick, one object": lambda folder: tallystick_tests(folder, one_object=True),
    "tallystick, no socket": lambda folder: tallystick_tests(folder, one_object=True, socket=False),
    "tallystick, no socket, httpx": httpx_tests,
    "pact-python, an object a test": lambda folder: pact_python_tests(folder, one_object=False),
    "pact-python, one object": lambda folder: pact_python_tests(folder, one_object=True),
}

# What a test loads as it goes is loaded here: what is timed below is the tests, and imports are a table of their own.
MODULES = {
    "tallystick": [
        *("tallystick.client_sdk." + name for name in ("consumer", "matchers", "mock", "socket_server")),
        *("tallystick.contract." + name for name in ("matching", "reading", "writing")),
    ],
    "httpx": ["httpx", "tallystick.client_sdk.transports"],
    "pact-python": ["pact", "pact.match", "pact_ffi"],
}
imported = time.perf_counter()
for word, modules in MODULES.items():
    for module in modules if word in TOOL else ():
        import_module(module)
imported = time.perf_counter() - imported

with tempfile.TemporaryDirectory() as name:
    started = time.perf_counter()
    RUNS[TOOL](Path(name))
    spent = time.perf_counter() - started
    [written] = Path(name).glob("*.json")
    assert len(json.loads(written.read_text())["interactions"]) == COUNT
print(json.dumps({"tool": TOOL, "count": COUNT, "ms_per_test": spent * 1000 / COUNT, "import_ms": imported * 1000}))
