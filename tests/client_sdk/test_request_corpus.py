"""The mock server, on a real port, judges the differential corpus of requests as the Rust mock server does."""

import base64
import http.client
import json

import pytest

from tallystick.client_sdk.interactions import HttpReady
from tallystick.client_sdk.mock import Mock
from tallystick.client_sdk.socket_server import SocketServer
from tallystick.contract import reading

ARGUED = {
    # id of a case -> why we differ on purpose
}


@pytest.fixture(scope="module")
def cases(shared):
    return shared / "differential" / "request_cases.jsonl"


def send(port: int, actual: dict) -> tuple[int, str | None]:
    """Put the request on the wire as the corpus has it, each header line on its own."""
    body = base64.b64decode(actual["body_base64"]) if "body_base64" in actual else actual.get("body", "").encode()
    target = actual["path"] + ("" if actual["query"] is None else f"?{actual['query']}")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest(actual["method"], target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", f"127.0.0.1:{port}")
    for name, values in (actual["headers"] or {}).items():
        for value in values:
            connection.putheader(name, value.encode("latin-1", "replace") if not value.isascii() else value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status, response.getheader("X-Pact")


def test_every_verdict_of_the_corpus_is_the_references_verdict(cases):
    differing = []
    lines = cases.read_text().splitlines()
    for line in lines:
        case = json.loads(line)
        contract = reading.read(case["pact"])
        ready = [HttpReady(one, one.response) for one in contract.interactions]
        server = SocketServer(Mock("c", "p", ready, strict_body=False).answer)
        try:
            status, marker = send(server.port, case["actual"])
        finally:
            server.close()
        kinds = {one["kind"] for one in case["reference"]["mismatches"]}
        expected = (
            None
            if case["reference"]["ok"]
            else "Unexpected-Request"
            if "request-not-found" in kinds
            else "Request-Mismatch"
        )
        if (status == 299) != case["reference"]["ok"] or marker != expected:
            differing.append(case["id"])

    assert len(lines) > 500
    assert sorted(set(differing) - set(ARGUED)) == []
    assert sorted(set(ARGUED) - set(differing)) == []
