"""Whatever a provider does on the wire ends in a named problem, within the time given."""

import gzip
import socket
import struct
import time

import pytest

from tallystick.contract.model import ActualRequest, ActualResponse
from tallystick.verifier.problems import KINDS, ReplayFailed
from tallystick.verifier.targets.http import HttpTarget

ZIPPED = gzip.compress(b"x" * 99, mtime=0)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def ask(url: str, path: str = "/x", timeout: float = 2.0, method: str = "GET", limit: int = 1 << 20) -> ActualResponse:
    sender = HttpTarget(url, limit_bytes=limit).sender()
    try:
        return sender.send(ActualRequest(method, path), timeout)
    finally:
        sender.close()


def problem_of(url: str, path: str = "/x", timeout: float = 2.0, limit: int = 1 << 20) -> str:
    with pytest.raises(ReplayFailed) as caught:
        ask(url, path, timeout, limit=limit)
    assert caught.value.problem.kind in KINDS
    assert caught.value.problem.sentence
    return caught.value.problem.kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"", "connection-closed"),
        (b"hello there, I am not HTTP\r\n\r\n", "malformed-response"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "malformed-response"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "malformed-response"),
        (b"HTTP/2 200\r\n\r\n", "malformed-response"),
        (b"HTTP/1.1 200 OK\r\nno colon here\r\n\r\n", "malformed-response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n", "malformed-response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", "malformed-response"),
        (b"HTTP/1.1 200 OK\r\nContent-Le", "response-cut-off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "response-cut-off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc", "response-cut-off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "response-cut-off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", "malformed-response"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", "malformed-response"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\nnot gzip at all", "malformed-response"),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + ZIPPED[:-9], "malformed-response"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "response-too-large"),
        (b"HTTP/1.1 302 Found\r\nLocation: ftp://elsewhere/\r\n\r\n", "malformed-response"),
    ],
)
def test_an_answer_that_is_not_one_is_named(server, said, kind):
    server.says("/x", said)

    assert problem_of(server.url) == kind


def test_a_provider_that_hangs_is_a_timeout(server):
    server.on("/x", lambda connection: time.sleep(5))

    start = time.monotonic()
    assert problem_of(server.url, timeout=0.3) == "timeout"
    assert time.monotonic() - start < 4


def test_a_slow_stream_does_not_outlive_the_deadline(server, slowly):
    # Every byte comes quickly enough; all of them together would take ten seconds.
    server.on("/x", slowly(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b"x" * 900, 0.01))

    assert problem_of(server.url, timeout=0.6) == "timeout"


def test_a_reset_connection_is_named(server):
    def reset(connection: socket.socket) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    server.on("/x", reset)

    assert problem_of(server.url) in ("connection-reset", "connection-closed")


def test_a_reset_within_the_body_is_named(server):
    def reset(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
        time.sleep(0.1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    server.on("/x", reset)

    assert problem_of(server.url) in ("connection-reset", "response-cut-off")


def test_an_endless_body_stops_at_the_limit(server):
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65536)

    server.on("/x", endless)

    assert problem_of(server.url, timeout=5) == "response-too-large"


def test_a_decompression_bomb_stops_at_the_limit(server):
    server.says("/x", b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzip.compress(b"\0" * 8_000_000))

    assert problem_of(server.url) == "response-too-large"


def test_fifty_megabytes_are_read_when_the_limit_allows(server):
    size = 50 * 1024 * 1024
    server.says("/x", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size, b"y" * size)

    assert len(ask(server.url, timeout=30, limit=size).content) == size


def test_an_endless_head_is_refused(server):
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X-More: " + b"x" * 60_000 + b"\r\n")

    server.on("/x", endless)

    assert problem_of(server.url, timeout=5) == "malformed-response"


def test_redirects_without_end_are_named(server):
    server.says("/x", b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n")

    assert problem_of(server.url) == "too-many-redirects"


def test_nobody_listening_is_named():
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]

    assert problem_of(f"http://127.0.0.1:{port}") == "connection-failed"


def test_more_bytes_than_announced_do_not_leak_into_the_next_answer(server):
    server.says("/x", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 500 Forged\r\n\r\n")
    server.says("/y", OK)
    sender = HttpTarget(server.url).sender()

    first = sender.send(ActualRequest("GET", "/x"), 2)
    second = sender.send(ActualRequest("GET", "/y"), 2)
    sender.close()

    assert (first.status, first.content) == (200, b"{}")
    assert (second.status, second.content) == (200, b"{}")


def test_header_lines_arrive_as_they_were_sent(server):
    server.says(
        "/x",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX-Folded: one\r\n  two\r\n"
        b"X-Name: caf\xc3\xa9\r\nX-Latin: caf\xe9\r\nContent-Length: 0\r\n\r\n",
    )

    assert ask(server.url).headers == (
        ("Set-Cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("X-Folded", "one two"),
        ("X-Name", "café"),
        ("X-Latin", "café"),
        ("Content-Length", "0"),
    )


@pytest.mark.parametrize(
    ("said", "content"),
    [
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n",
            b"abcde",
        ),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", b"until the end"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x"),
        (b"HTTP/1.1 200 OK\n\n", b""),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"zipped", mtime=0), b"zipped"),
    ],
)
def test_every_framing_of_a_body_is_read(server, said, content):
    server.says("/x", said)

    assert ask(server.url).content == content


def test_a_connection_that_the_server_closed_meanwhile_is_replaced(server):
    server.says("/x", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")  # promises to stay, and closes
    sender = HttpTarget(server.url).sender()

    answers = [sender.send(ActualRequest("POST", "/x", None, (), b"{}"), 2).status for _ in range(3)]
    sender.close()

    assert answers == [200, 200, 200]


def test_a_header_with_a_line_break_is_never_sent(server):
    with pytest.raises(ReplayFailed) as caught:
        HttpTarget(server.url).sender().send(ActualRequest("GET", "/x", None, (("X", "a\r\nX-Forged: b"),)), 2)

    assert caught.value.problem.kind == "invalid-request"
    assert server.requests == []
