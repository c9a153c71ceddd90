"""One bad interaction is one named result: the others are verified all the same."""

import socket
import struct
import time

import pytest

from tallystick.verifier.api import verify

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def document(*paths: str, states: bool = False):
    interactions = [
        {
            "description": path,
            "request": {"method": "GET", "path": path},
            "response": {"status": 200, "body": {}},
            **({"providerStates": [{"name": "s"}]} if states else {}),
        }
        for path in paths
    ]
    return {
        "consumer": {"name": "c"},
        "provider": {"name": "p"},
        "interactions": interactions,
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }


@pytest.mark.parametrize("states", [False, True], ids=["at once", "one by one"])
def test_each_fault_is_a_named_result_and_the_rest_is_verified(server, slowly, states):
    size = 50 * 1024 * 1024
    server.on("/hangs", lambda connection: time.sleep(3))
    server.on("/resets", reset)
    server.says("/garbage", b"\x00\xff\x00 what is this\r\n\r\n")
    server.on("/slow", slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + b" " * 500, 0.01))
    server.says("/too-short", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}")
    server.says("/too-long", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}{}{}")
    server.says("/dies", b"HTTP/1.1 200 OK\r\nContent-Le")
    server.says("/huge", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, b" " * size)
    server.says("/not-json", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{{{")
    server.says("/deep", b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b"[" * 200_000)
    good = [f"/good/{n}" for n in range(6)]
    for path in good:
        server.says(path, GOOD)
    bad = ["/hangs", "/resets", "/garbage", "/slow", "/too-short", "/too-long", "/dies", "/huge", "/not-json", "/deep"]
    mixed = [path for pair in zip(bad, [*good, *good], strict=False) for path in pair]

    report = verify(document(*dict.fromkeys(mixed), states=states), provider_base_url=server.url, timeout=1)

    found = {r.title: r for r in report.results}
    assert all(found[path].ok for path in good)
    assert found["/too-long"].ok  # what was framed is what was answered
    kinds = {path: found[path].replayed.problem.kind for path in bad if found[path].replayed.problem is not None}
    assert kinds == {
        "/hangs": "timeout",
        "/resets": kinds["/resets"],
        "/garbage": "malformed-response",
        "/slow": "timeout",
        "/too-short": "response-cut-off",
        "/dies": "response-cut-off",
        "/huge": "response-too-large",
    }
    assert kinds["/resets"] in ("connection-reset", "connection-closed")
    assert found["/not-json"].status == "failed"
    assert found["/deep"].status == "failed"
    assert report.exit_code == 1
    assert report.text()


def test_a_provider_that_dies_half_way_leaves_the_rest_as_named_errors(server):
    def die(connection: socket.socket) -> None:
        server.stop()

    server.says("/good", GOOD)
    server.on("/dies", die)

    report = verify(
        document("/good", "/dies", "/never/1", "/never/2", states=True), provider_base_url=server.url, timeout=1
    )

    assert [r.status for r in report.results] == ["passed", "error", "error", "error"]
    assert report.results[3].replayed.problem.kind in ("connection-failed", "connection-reset", "timeout")
    assert report.exit_code == 1


def test_a_state_handler_that_misbehaves_is_named(server):
    server.on("/states", lambda connection: time.sleep(3))
    server.says("/good", GOOD)

    report = verify(
        document("/good", states=True),
        provider_base_url=server.url,
        state_change_url=f"{server.url}/states",
        timeout=0.3,
    )

    problem = report.results[0].replayed.problem
    assert problem.kind == "state-change-failed"
    assert "0.3 s" in problem.sentence
