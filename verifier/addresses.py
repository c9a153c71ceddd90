"""Where to connect and how to be trusted: addresses from URLs, TLS settings, Basic credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl


class Address:
    """Where to connect: scheme, host, port and base path of a URL, and credentials when it carries some."""

    __slots__ = ("base_path", "host", "password", "port", "scheme", "user")

    def __init__(self, scheme: str, host: str, port: int, base_path: str = "", user: str = "", password: str = ""):
        self.scheme, self.host, self.port, self.base_path = scheme, host, port, base_path
        self.user, self.password = user, password

    @property
    def authority(self) -> str:
        """The value of the Host header: no port where it is the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"

    @property
    def key(self) -> tuple[str, str, int]:
        return self.scheme, self.host, self.port

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.base_path}"


def split_url(url: str) -> tuple[Address, str]:
    """The address of a URL and its target (path and query, never empty). Raises ValueError naming what is wrong."""
    scheme, found, rest = url.partition("://")
    scheme = scheme.lower()
    if not found or scheme not in ("http", "https"):
        raise ValueError(f"{url!r} is not an http or https URL")
    cut = min((i for i in (rest.find(c) for c in "/?#") if i >= 0), default=len(rest))
    authority, target = rest[:cut], rest[cut:].partition("#")[0]
    credentials, _, host = authority.rpartition("@")
    user, _, password = credentials.partition(":")
    port = 443 if scheme == "https" else 80
    if host.startswith("["):
        host, closed, tail = host[1:].partition("]")
        if not closed:
            raise ValueError(f"{url!r} has an unclosed [ in its host")
    else:
        host, colon, number = host.partition(":")
        tail = colon + number
    if tail.startswith(":") and tail != ":":
        if not tail[1:].isascii() or not tail[1:].isdigit() or not 0 < int(tail[1:]) < 65536:
            raise ValueError(f"{url!r} has the port {tail[1:]!r}, which is not a number from 1 to 65535")
        port = int(tail[1:])
    if not host:
        raise ValueError(f"{url!r} names no host")
    if "%" in credentials:
        from urllib.parse import unquote

        user, password = unquote(user), unquote(password)
    if not target.startswith("/"):
        target = "/" + target
    return Address(scheme, host, port, "", user, password), target


def base_address(url: str) -> Address:
    """The address of a base URL, its path kept without trailing slashes and its query refused."""
    address, target = split_url(url)
    if "?" in target:
        raise ValueError(f"{url!r} has a query; a base URL ends with its path")
    address.base_path = target.rstrip("/")
    return address


class Tls:
    """What a TLS connection trusts and presents; the context is made once, when first needed."""

    __slots__ = ("_context", "ca_file", "certificate", "key", "verify")

    def __init__(
        self, *, ca_file: str | None = None, certificate: str | None = None, key: str | None = None, verify: bool = True
    ):
        self.ca_file, self.certificate, self.key, self.verify = ca_file, certificate, key, verify
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        if self._context is None:
            import ssl

            context = ssl.create_default_context(cafile=self.ca_file)
            if not self.verify:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            if self.certificate:
                context.load_cert_chain(self.certificate, self.key)
            self._context = context
        return self._context


def basic(user: str, password: str) -> str:
    """The value of an Authorization header with a user name and a password."""
    from base64 import b64encode

    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
