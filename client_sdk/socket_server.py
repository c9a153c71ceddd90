"""A small HTTP/1.1 server for mocks: threads over plain sockets, ready in well under a millisecond.

It exists because a mock is started for every test, and because matching needs the request as it was sent: the path
still encoded, each header line on its own. It speaks what HTTP clients need of a mock: persistent connections, bodies
by length or in chunks, `Expect: 100-continue`, TLS. It is not for the open internet.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from tallystick.client_sdk.mock import Reply
from tallystick.contract.model import ActualRequest

if TYPE_CHECKING:
    import ssl

_HEAD_BYTES: Final = 256 * 1024
_BODY_BYTES: Final = 256 * 1024 * 1024
_REASONS: Final = {status.value: status.phrase for status in HTTPStatus}
_FRAMING: Final = frozenset(("content-length", "transfer-encoding", "connection"))


class _Refused(Exception):
    """The bytes are not a request that can be answered; the connection ends after the status."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class SocketServer:
    """Listens on a port until closed; each connection has a thread."""

    def __init__(
        self,
        answer: Callable[[ActualRequest], Reply],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._answer = answer
        self._tls = tls
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            if port:
                self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind((host, port))
            self._listener.listen(128)
        except OSError:
            self._listener.close()
            raise
        self.host = host
        self.port: int = self._listener.getsockname()[1]
        self._closed = False
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._acceptor = threading.Thread(target=self._accept, name=f"mock-{self.port}", daemon=True)
        self._acceptor.start()

    def close(self) -> None:
        """Stop listening and end every connection. Returns when the port is free."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept() on Linux
        if self._acceptor.is_alive():
            self._acceptor.join(0.02)
        if self._acceptor.is_alive():  # elsewhere a connection does
            with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), 0.5):
                pass
            self._acceptor.join(1)
        self._listener.close()
        with self._lock:
            open_now = list(self._connections)
        for connection in open_now:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closed:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            if self._closed:
                connection.close()
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(connection, server_side=True)
        except OSError:
            connection.close()
            return
        with self._lock:
            self._connections.add(connection)
        try:
            _Conversation(connection, self._answer).run()
        except OSError:
            pass  # the client went away, or the server is being closed
        finally:
            with self._lock:
                self._connections.discard(connection)
            connection.close()


class _Conversation:
    """The requests of one connection, answered one after the other."""

    def __init__(self, connection: socket.socket, answer: Callable[[ActualRequest], Reply]) -> None:
        self._connection = connection
        self._answer = answer
        self._buffer = bytearray()

    def run(self) -> None:
        while True:
            try:
                read = self._request()
            except _Refused as refused:
                reply = Reply(refused.status, (("Content-Type", "text/plain; charset=utf-8"),), str(refused).encode())
                self._send(reply, head_only=False, keep=False)
                return
            if read is None:
                return
            request, keep = read
            self._send(self._answer(request), head_only=request.method == "HEAD", keep=keep)
            if not keep:
                return

    def _request(self) -> tuple[ActualRequest, bool] | None:
        head = self._until(b"\r\n\r\n")
        if head is None:
            return None
        first, *lines = head.decode("latin-1").split("\r\n")
        parts = first.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            raise _Refused(400, f"not an HTTP/1.1 request line: {first[:200]!r}")
        method, target, version = parts
        headers: list[tuple[str, str]] = []
        for line in lines:
            name, colon, value = line.partition(":")
            if not colon or not name or name != name.strip():
                raise _Refused(400, f"not a header line: {line[:200]!r}")
            headers.append((name, value.strip(" \t")))
        known = {name.lower(): value for name, value in headers}
        if "100-continue" in known.get("expect", "").lower():
            self._connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if "chunked" in known.get("transfer-encoding", "").lower():
            content = self._chunks()
        else:
            length = known.get("content-length", "0")
            if not length.isdigit() or int(length) > _BODY_BYTES:
                raise _Refused(400, f"not a body length that can be read: {length!r}")
            content = self._exactly(int(length))
        if "://" in target and not target.startswith("/"):  # the absolute form, sent to proxies
            target = "/" + target.partition("://")[2].partition("/")[2]
        path, mark, query = target.partition("?")
        wish = known.get("connection", "").lower()
        keep = "close" not in wish and (version != "HTTP/1.0" or "keep-alive" in wish)
        return ActualRequest(method, path, query if mark else None, tuple(headers), content), keep

    def _until(self, end: bytes) -> bytes | None:
        """What comes before `end`, which is taken off as well. None when the client has gone before a new request."""
        while True:
            found = self._buffer.find(end)
            if found >= 0:
                taken = bytes(self._buffer[:found])
                del self._buffer[: found + len(end)]
                return taken
            if len(self._buffer) > _HEAD_BYTES:
                raise _Refused(431, f"more than {_HEAD_BYTES} bytes of headers")
            more = self._connection.recv(65536)
            if not more:
                return None
            self._buffer += more

    def _exactly(self, length: int) -> bytes:
        while len(self._buffer) < length:
            more = self._connection.recv(min(1 << 20, max(65536, length - len(self._buffer))))
            if not more:
                raise ConnectionResetError("the body ended early")
            self._buffer += more
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _chunks(self) -> bytes:
        content = bytearray()
        while True:
            line = self._until(b"\r\n")
            try:
                size = int((line or b"").partition(b";")[0], 16)
            except ValueError:
                raise _Refused(400, f"not the size of a chunk: {line!r}") from None
            if size == 0:
                while self._until(b"\r\n"):
                    pass
                return bytes(content)
            content += self._exactly(size)
            self._exactly(2)
            if len(content) > _BODY_BYTES:
                raise _Refused(413, f"more than {_BODY_BYTES} bytes of body")

    def _send(self, reply: Reply, *, head_only: bool, keep: bool) -> None:
        bodiless = reply.status < 200 or reply.status in (204, 304)
        content = b"" if bodiless else reply.content
        lines = [f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, '')}"]
        lines += [f"{name}: {value}" for name, value in reply.headers if name.lower() not in _FRAMING]
        if not bodiless:
            lines.append(f"Content-Length: {len(content)}")
        if not keep:
            lines.append("Connection: close")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
        self._connection.sendall(head if head_only else head + content)
