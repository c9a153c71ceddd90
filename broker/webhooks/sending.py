"""One HTTP request of a webhook, sent with care: only to addresses that are allowed, however their name resolves.

The address is checked where the connection is opened, so a name that answers differently a second time gains nothing.
Redirects are not followed.
"""

from __future__ import annotations

import base64
import json
import socket
import ssl
import time
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore

from tallystick.broker.access.audit import STARS
from tallystick.broker.settings import Settings
from tallystick.broker.webhooks.addresses import address_allowed
from tallystick.broker.webhooks.inputs import Asked
from tallystick.broker.webhooks.templates import filled, filled_body, filled_url

DELIVERY_HEADER: Final = "X-Tallystick-Delivery"
LARGEST_RESPONSE: Final = 64 * 1024  # bytes that are read and kept of an answer


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a request: a status with headers and body, or the reason why there is none."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    error: str = ""


class AddressRefused(OSError):
    """The host stands for an address that webhooks may not reach."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A request with its variables filled in."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes
    verify_tls: bool


def ready(asked: Asked, values: Mapping[str, str], delivery: str, settings: Settings) -> Ready:
    """The request to send: variables replaced, JSON serialised, credentials and the delivery's id added."""
    headers = {name: filled(value, values) for name, value in asked.headers.items()}
    body = filled_body(asked.body, values)
    if body is None:
        content = b""
    elif isinstance(body, str):
        content = body.encode()
    else:
        content = json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()
        headers.setdefault("content-type", "application/json")
    headers.setdefault("user-agent", settings.user_agent)
    if asked.username:
        pair = f"{filled(asked.username, values)}:{filled(asked.password or '', values)}"
        headers.setdefault("authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    headers[DELIVERY_HEADER] = delivery
    verify = asked.verify_tls and not settings.disable_ssl_verification
    return Ready(asked.method, filled_url(asked.url, values), tuple(headers.items()), content, verify)


def send(request: Ready, settings: Settings) -> Sent:
    """Send it once. Never raises for what the network or the receiver does."""
    deadline = float(settings.webhook_timeout_seconds)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), deadline)
    try:
        with _pool(request, settings) as pool, pool.stream(
            request.method, request.url,
            headers=[(name.encode("latin-1", "replace"), value.encode("utf-8")) for name, value in request.headers],
            content=request.content, extensions={"timeout": timeouts},
        ) as response:  # fmt: skip
            body = _read(response, time.monotonic() + deadline)
            headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in response.headers)
            return Sent(response.status, headers, body)
    except (httpcore.TimeoutException, TimeoutError):
        return Sent(error=f"no answer within {settings.webhook_timeout_seconds} seconds")
    except (AddressRefused, OSError, ssl.SSLError, UnicodeError, ValueError) as error:
        return Sent(error=str(error) or type(error).__name__)
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.ProxyError, httpcore.UnsupportedProtocol) as error:
        return Sent(error=str(error) or type(error).__name__)


def _read(response: httpcore.Response, until: float) -> str:
    """The beginning of the body; a receiver that trickles it is cut off, not waited for."""
    parts, size = [], 0
    for part in response.iter_stream():
        parts.append(part)
        size += len(part)
        if size >= LARGEST_RESPONSE or time.monotonic() > until:
            break
    return b"".join(parts)[:LARGEST_RESPONSE].decode("utf-8", "replace")


def _pool(request: Ready, settings: Settings) -> Any:
    context = _tls(request.verify_tls, settings.webhook_certificates_file)
    network = _CheckedNetwork(settings.webhook_host_whitelist)
    proxy = _proxy_for(request.url)
    if proxy is None:
        return httpcore.ConnectionPool(ssl_context=context, network_backend=network, max_connections=1)
    # The proxy resolves the name, so the address is checked here as well as can be, then the proxy is trusted.
    network.check(urlsplit(request.url).hostname or "", urlsplit(request.url).port or 443)
    parts = urlsplit(proxy)
    auth = (parts.username.encode(), (parts.password or "").encode()) if parts.username else None
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return httpcore.HTTPProxy(proxy_url=address, proxy_auth=auth, ssl_context=context, max_connections=1)


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for this URL (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)."""
    parts = urlsplit(url)
    proxy = urllib.request.getproxies_environment().get(parts.scheme)
    if not proxy or urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


@lru_cache(maxsize=8)
def _tls(verify: bool, authorities: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if authorities:
        context.load_verify_locations(authorities)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class _CheckedNetwork(httpcore.NetworkBackend):
    """Resolves once, checks every address, and connects to the very address that was checked."""

    def __init__(self, allowed: Iterable[str]) -> None:
        self._allowed = tuple(allowed)
        self._plain = httpcore.SyncBackend()

    def check(self, host: str, port: int) -> list[str]:
        """The addresses of a host, all of them allowed. Raises `AddressRefused` if one is not."""
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        for address in addresses:
            if not address_allowed(address, self._allowed):
                raise AddressRefused(
                    f"{host} is the address {address}, which is not public; "
                    "to allow it, name it or its network in webhook_host_whitelist"
                )
        return addresses

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = self.check(host, port)
        for address in addresses[:-1]:
            try:
                return self._plain.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return self._plain.connect_tcp(addresses[-1], port, timeout, local_address, socket_options)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise AddressRefused("webhooks do not go to sockets of this machine")

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def starred(request: Ready, secret: Iterable[str]) -> Ready:
    """The request as it may be shown: values of these headers are stars."""
    hidden = {name.lower() for name in secret}
    shown = tuple((name, STARS if name.lower() in hidden else value) for name, value in request.headers)
    return replace(request, headers=shown)
