"""A provider that misbehaves in a chosen way: raw bytes on a socket, nothing between them and the verifier."""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest


class RawServer:
    """Answers each connection with what a script says. A script gets the connection after the request was read."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.scripts: dict[str, Callable[[socket.socket], None]] = {}
        self.requests: list[bytes] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def on(self, path: str, script: Callable[[socket.socket], None]) -> None:
        self.scripts[path] = script

    def says(self, path: str, *parts: bytes) -> None:
        """Answer with these bytes, then close."""
        self.on(path, lambda connection: [connection.sendall(part) for part in parts] and None)

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            data = b""
            while b"\r\n\r\n" not in data:
                more = connection.recv(65536)
                if not more:
                    return
                data += more
            self.requests.append(data)
            path = data.split(b" ", 2)[1].decode()
            with contextlib.suppress(OSError, KeyError):
                self.scripts[path](connection)

    def stop(self) -> None:
        self._stop.set()
        self._socket.close()


@pytest.fixture
def server() -> Iterator[RawServer]:
    running = RawServer()
    yield running
    running.stop()


@pytest.fixture
def slowly() -> Callable[[bytes, float], Callable[[socket.socket], None]]:
    """A script that sends bytes one by one, with a pause before each."""

    def make(content: bytes, pause: float) -> Callable[[socket.socket], None]:
        def script(connection: socket.socket) -> None:
            for byte in content:
                time.sleep(pause)
                connection.sendall(bytes([byte]))

        return script

    return make
