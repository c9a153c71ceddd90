"""HTTP/1.1 over a socket, exact about what is sent and what came back, and cheap to import.

The replay needs every header line as it was received, a deadline over the whole exchange, and a name for each way
in which an exchange can fail. The standard library's client folds headers through the `email` package and cannot
hold a deadline; a full client costs more at start-up than a whole run may take. TLS is imported when it is used.
"""

from __future__ import annotations

import socket
from time import monotonic
from typing import TYPE_CHECKING, Final

from tallystick.verifier.addresses import Address, Tls, basic
from tallystick.verifier.problems import Problem, ReplayFailed

if TYPE_CHECKING:
    from collections.abc import Iterable

HEAD_LIMIT_BYTES: Final = 262_144
BODY_LIMIT_BYTES: Final = 20 * 1024 * 1024
_NO_BODY: Final = frozenset({204, 304})
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


class Answer:
    """A response as it stood on the wire: header lines in order, the content as framed, still compressed."""

    __slots__ = ("content", "headers", "keep", "status")

    def __init__(self, status: int, headers: list[tuple[str, str]], content: bytes, keep: bool):
        self.status, self.headers, self.content, self.keep = status, headers, content, keep

    def header(self, name: str) -> str | None:
        """The first value of a header, whatever the case of its name."""
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), None)


class Connection:
    """One connection to one address, kept alive between exchanges where the server agrees. Not for two threads."""

    def __init__(
        self,
        address: Address,
        *,
        tls: Tls | None = None,
        proxy: Address | None = None,
        limit_bytes: int = BODY_LIMIT_BYTES,
        repeatable: bool = False,
    ):
        """`repeatable`: every request may be sent twice, whatever its method."""
        self.address = address
        self._repeatable = repeatable
        self._tls = tls
        self._proxy = proxy
        self._limit = limit_bytes
        self._socket: socket.socket | None = None
        self._rest = b""

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        self._rest = b""

    def exchange(
        self, method: str, target: str, headers: Iterable[tuple[str, str]], content: bytes, *, timeout_seconds: float
    ) -> Answer:
        """Send one request and read its answer, within the time given. Raises ReplayFailed with a named problem.

        `headers` go out as they are, one line each; Host, and Content-Length where there is content, are added when
        absent. A kept connection that turns out to be closed before anything came back is replaced once; what may
        not be sent twice gets a new connection from the start, where this cannot happen.
        """
        deadline = monotonic() + timeout_seconds
        payload = self._payload(method, target, headers, content)
        if not self._repeatable and method not in _REPEATABLE:
            self.close()
        reused = self._usable()
        try:
            return self._once(payload, method, deadline, timeout_seconds)
        except _Stale as stale:
            self.close()
            if not reused:
                raise ReplayFailed(stale.problem) from None
        except BaseException:
            self.close()
            raise
        try:
            return self._once(payload, method, deadline, timeout_seconds)
        except _Stale as stale:
            self.close()
            raise ReplayFailed(stale.problem) from None
        except BaseException:
            self.close()
            raise

    def _payload(self, method: str, target: str, headers: Iterable[tuple[str, str]], content: bytes) -> bytes:
        if self._proxy is not None and self.address.scheme == "http":
            target = f"http://{self.address.authority}{target}"
        lines = [f"{method} {target} HTTP/1.1"]
        seen = set()
        for name, value in headers:
            seen.add(name.lower())
            lines.append(f"{name}: {value}")
        if "host" not in seen:
            lines.insert(1, f"Host: {self.address.authority}")
        framed = "content-length" in seen or "transfer-encoding" in seen
        if not framed and (content or method in ("POST", "PUT", "PATCH")):
            lines.append(f"Content-Length: {len(content)}")
        if self._proxy is not None and self.address.scheme == "http" and self._proxy.user:
            lines.append(_proxy_authorization(self._proxy))
        text = "\r\n".join(lines)
        if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1 or "\0" in text:
            raise ReplayFailed(
                Problem("invalid-request", "a header of the request holds a line break", "mend it in the contract")
            )
        if " " in target or not target:
            raise ReplayFailed(Problem("invalid-request", f"{target!r} cannot be sent as a request target"))
        return text.encode("utf-8") + b"\r\n\r\n" + content

    def _usable(self) -> bool:
        """Is there a kept connection that the server has not closed meanwhile?"""
        if self._socket is None:
            return False
        try:
            self._socket.settimeout(0)
            self._socket.recv(1, socket.MSG_PEEK)
        except (BlockingIOError, InterruptedError):
            return True
        except Exception as error:
            if type(error).__name__ == "SSLWantReadError":
                return True
            if isinstance(error, ValueError):  # TLS sockets cannot peek
                return True
        # Readable means closed, or bytes nobody asked for: neither is safe to go on with.
        self.close()
        return False

    def _once(self, payload: bytes, method: str, deadline: float, timeout_seconds: float) -> Answer:
        sock = self._socket or self._connect(deadline, timeout_seconds)
        try:
            sock.settimeout(max(deadline - monotonic(), 0.001))
            sock.sendall(payload)
        except TimeoutError:
            raise ReplayFailed(_timed_out(timeout_seconds, "the request could not be sent")) from None
        except (BrokenPipeError, ConnectionResetError) as error:
            # A server may answer and close before it has read everything: what it said counts.
            try:
                return self._receive(sock, method, deadline, timeout_seconds)
            except (ReplayFailed, _Stale):
                raise _Stale(_reset(error)) from None
        except OSError as error:
            raise _Stale(_reset(error)) from None
        return self._receive(sock, method, deadline, timeout_seconds)

    def _connect(self, deadline: float, timeout_seconds: float) -> socket.socket:
        via = self._proxy or self.address
        remaining = max(deadline - monotonic(), 0.001)
        try:
            # Bytes keep the resolver from importing the IDNA codec for a plain name.
            host: str | bytes = via.host.encode("ascii") if via.host.isascii() else via.host
            sock = socket.create_connection((host, via.port), remaining)  # type: ignore[arg-type]
        except TimeoutError:
            raise ReplayFailed(_timed_out(timeout_seconds, f"no connection to {via}")) from None
        except OSError as error:
            raise ReplayFailed(
                Problem(
                    "connection-failed",
                    f"could not connect to {via}: {error.strerror or error}",
                    "is it running, and is the address right?",
                )
            ) from None
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""
        if self.address.scheme == "https":
            try:
                if self._proxy is not None:
                    self._tunnel(sock, deadline, timeout_seconds)
                sock.settimeout(max(deadline - monotonic(), 0.001))
                sock = (self._tls or Tls()).context().wrap_socket(sock, server_hostname=self.address.host)
            except TimeoutError:
                sock.close()
                raise ReplayFailed(_timed_out(timeout_seconds, "the TLS handshake did not end")) from None
            except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
                sock.close()
                raise ReplayFailed(
                    Problem(
                        "tls",
                        f"no TLS connection to {self.address}: {error}",
                        "give its certificate authority with --ca-file",
                    )
                ) from None
        self._socket = sock
        return sock

    def _tunnel(self, sock: socket.socket, deadline: float, timeout_seconds: float) -> None:
        proxy = self._proxy
        assert proxy is not None
        place = f"{self.address.host}:{self.address.port}"
        lines = [f"CONNECT {place} HTTP/1.1", f"Host: {place}"]
        if proxy.user:
            lines.append(_proxy_authorization(proxy))
        sock.sendall("\r\n".join([*lines, "", ""]).encode())
        try:
            head = self._head(sock, deadline, timeout_seconds)
        except _Stale as stale:
            raise ReplayFailed(stale.problem) from None
        if head[0] // 100 != 2:
            raise ReplayFailed(Problem("connection-failed", f"the proxy {proxy} refused to connect: status {head[0]}"))

    # -- reading ---------------------------------------------------------------------------------------------------

    def _receive(self, sock: socket.socket, method: str, deadline: float, timeout_seconds: float) -> Answer:
        while True:
            status, minor, headers = self._head(sock, deadline, timeout_seconds)
            if status >= 200 or status == 101:
                break
        keep = minor >= 1
        length: int | None = None
        chunked = False
        for name, value in headers:
            match name.lower():
                case "content-length":
                    for number in value.split(","):
                        number = number.strip()
                        if not number.isascii() or not number.isdigit():
                            raise ReplayFailed(_garbled(f"Content-Length is {value!r}, not a number"))
                        if length is not None and length != int(number):
                            raise ReplayFailed(_garbled("two different Content-Lengths"))
                        length = int(number)
                case "transfer-encoding":
                    chunked = value.lower().rpartition(",")[2].strip() == "chunked"
                case "connection":
                    options = [option.strip() for option in value.lower().split(",")]
                    keep = "close" not in options and (keep or "keep-alive" in options)
        if method == "HEAD" or status in _NO_BODY:
            content = b""
        elif chunked:
            content = self._chunks(sock, deadline, timeout_seconds)
        elif length is not None:
            if length > self._limit:
                raise ReplayFailed(self._too_large(f"{length} bytes"))
            content = self._exactly(sock, length, deadline, timeout_seconds)
        else:
            content, keep = self._until_closed(sock, deadline, timeout_seconds), False
        if self._rest or status == 101:
            keep = False  # bytes beyond the answer: whatever follows cannot be trusted
        if not keep:
            self.close()
        return Answer(status, headers, content, keep)

    def _more(
        self, sock: socket.socket, deadline: float, timeout_seconds: float, done: str, size: int = 65536
    ) -> bytes:
        """At least one byte, or b"" when the server closed its side."""
        remaining = deadline - monotonic()
        if remaining <= 0:
            raise ReplayFailed(_timed_out(timeout_seconds, done))
        try:
            sock.settimeout(remaining)
            return sock.recv(size)
        except TimeoutError:
            raise ReplayFailed(_timed_out(timeout_seconds, done)) from None
        except OSError as error:
            if type(error).__name__ in ("SSLEOFError", "SSLZeroReturnError"):
                return b""
            raise _Broken(error) from None

    def _head(
        self, sock: socket.socket, deadline: float, timeout_seconds: float
    ) -> tuple[int, int, list[tuple[str, str]]]:
        data = self._rest
        while True:
            end = data.find(b"\r\n\r\n")
            if end >= 0:
                after = end + 4
                break
            if data.startswith(b"HTTP/") and (end := data.find(b"\n\n")) >= 0:
                after = end + 2
                break
            if data and not b"HTTP/1.".startswith(data[:7]):
                raise ReplayFailed(_garbled(f"it starts with {data[:24]!r}, which is not HTTP/1.x"))
            if len(data) > HEAD_LIMIT_BYTES:
                raise ReplayFailed(_garbled(f"its head is longer than {HEAD_LIMIT_BYTES} bytes"))
            try:
                more = self._more(
                    sock, deadline, timeout_seconds, "no answer came" if not data else "its head did not end"
                )
            except _Broken as broken:
                if data:
                    raise ReplayFailed(_reset(broken.error)) from None
                raise _Stale(_reset(broken.error)) from None
            if not more:
                if data:
                    raise ReplayFailed(_cut_off("in the middle of the response's head"))
                raise _Stale(Problem("connection-closed", "the provider closed the connection without an answer"))
            data += more
        self._rest = data[after:]
        first, *lines = data[:end].replace(b"\r\n", b"\n").split(b"\n")
        version, _, tail = first.partition(b" ")
        code = tail[:3]
        if (
            version not in (b"HTTP/1.1", b"HTTP/1.0")
            or len(code) != 3
            or not code.isdigit()
            or tail[3:4] not in (b"", b" ")
        ):
            raise ReplayFailed(_garbled(f"its first line is {first[:80]!r}"))
        headers: list[tuple[str, str]] = []
        for line in lines:
            if line[:1] in (b" ", b"\t") and headers:  # a folded line continues the one before
                headers[-1] = (headers[-1][0], f"{headers[-1][1]} {_text(line.strip())}")
                continue
            name, colon, value = line.partition(b":")
            if not colon or not name or name != name.strip():
                raise ReplayFailed(_garbled(f"{line[:80]!r} is not a header line"))
            headers.append((_text(name), _text(value.strip(b" \t"))))
        return int(code), 1 if version == b"HTTP/1.1" else 0, headers

    def _exactly(self, sock: socket.socket, length: int, deadline: float, timeout_seconds: float) -> bytes:
        have = self._rest
        if len(have) >= length:
            self._rest = have[length:]
            return have[:length]
        parts, size = [have], len(have)
        self._rest = b""
        while size < length:
            what = f"{size} of {length} bytes of the body came"
            try:
                more = self._more(sock, deadline, timeout_seconds, what, min(length - size, 1 << 20))
            except _Broken as broken:
                raise ReplayFailed(_reset(broken.error, f", after {size} of {length} bytes of the body")) from None
            if not more:
                raise ReplayFailed(_cut_off(f"after {size} of the {length} bytes that it announced"))
            parts.append(more)
            size += len(more)
        return b"".join(parts)

    def _until_closed(self, sock: socket.socket, deadline: float, timeout_seconds: float) -> bytes:
        parts, size = [self._rest], len(self._rest)
        self._rest = b""
        while True:
            try:
                more = self._more(sock, deadline, timeout_seconds, f"{size} bytes of the body came")
            except _Broken as broken:
                raise ReplayFailed(_reset(broken.error, f", after {size} bytes of the body")) from None
            if not more:
                return b"".join(parts)
            parts.append(more)
            size += len(more)
            if size > self._limit:
                raise ReplayFailed(self._too_large(f"more than {self._limit} bytes"))

    def _line(self, sock: socket.socket, deadline: float, timeout_seconds: float) -> bytes:
        while (end := self._rest.find(b"\n")) < 0:
            if len(self._rest) > 8192:
                raise ReplayFailed(_garbled("a line of its chunked body never ends"))
            try:
                more = self._more(sock, deadline, timeout_seconds, "its chunked body did not end")
            except _Broken as broken:
                raise ReplayFailed(_reset(broken.error, ", within a chunked body")) from None
            if not more:
                raise ReplayFailed(_cut_off("within a chunked body, before its last chunk"))
            self._rest += more
        line, self._rest = self._rest[:end], self._rest[end + 1 :]
        return line.rstrip(b"\r")

    def _chunks(self, sock: socket.socket, deadline: float, timeout_seconds: float) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            text = self._line(sock, deadline, timeout_seconds).partition(b";")[0].strip()
            try:
                length = int(text, 16) if text and text.isalnum() else -1
            except ValueError:
                length = -1
            if length < 0:
                raise ReplayFailed(_garbled(f"{text[:40]!r} is not the size of a chunk"))
            if length == 0:
                while self._line(sock, deadline, timeout_seconds):
                    pass  # trailers carry nothing that a contract can speak of
                return b"".join(parts)
            size += length
            if size > self._limit:
                raise ReplayFailed(self._too_large(f"more than {self._limit} bytes"))
            parts.append(self._exactly(sock, length, deadline, timeout_seconds))
            if self._line(sock, deadline, timeout_seconds):
                raise ReplayFailed(_garbled("a chunk is longer than its size says"))

    def _too_large(self, what: str) -> Problem:
        return Problem(
            "response-too-large",
            f"the response has {what}; at most {self._limit} are read",
            "raise --max-response-bytes if it should be compared",
        )


class _Stale(Exception):
    """The connection ended before anything of the answer came: on a kept connection that says nothing yet."""

    def __init__(self, problem: Problem):
        self.problem = problem


class _Broken(Exception):
    def __init__(self, error: OSError):
        self.error = error


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _timed_out(seconds: float, where: str) -> Problem:
    return Problem("timeout", f"{where} within {seconds:g} s", "raise --timeout if the provider may take longer")


def _reset(error: OSError, where: str = "") -> Problem:
    return Problem("connection-reset", f"the connection broke{where}: {error.strerror or error}")


def _cut_off(where: str) -> Problem:
    return Problem("response-cut-off", f"the connection was closed {where}")


def _garbled(what: str) -> Problem:
    return Problem("malformed-response", f"the answer is not valid HTTP: {what}")


def _proxy_authorization(proxy: Address) -> str:
    return f"Proxy-Authorization: {basic(proxy.user, proxy.password)}"
