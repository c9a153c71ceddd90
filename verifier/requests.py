"""From an expected request to the one that is sent: path, query, headers and body as the Pact reference builds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tallystick.contract.model import ActualRequest, Body, Headers, HttpRequest, Json
from tallystick.verifier.problems import Problem, ReplayFailed

if TYPE_CHECKING:
    import random
    from datetime import datetime

_FORM_SAFE: Final = frozenset(b"*-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_PATH_UNSAFE: Final = frozenset(b' "#<>?`{}\\^|') | frozenset(range(0x21)) | frozenset(range(0x7F, 0x100))


def build(
    expected: HttpRequest,
    *,
    base_path: str = "",
    custom_headers: Sequence[tuple[str, str]] = (),
    context: Mapping[str, Json] | None = None,
    rng: random.Random | None = None,
    now: datetime | None = None,
) -> ActualRequest:
    """The request to send.

    Provider-side generators are applied first, with the values that state changes returned. Query names are sorted
    and a parameter without a value is not sent; each header value is a line of its own, and a custom header replaces
    the contract's of the same name. No Content-Type is invented.
    """
    if expected.generators:
        expected = _generated(expected, context or {}, rng, now)
    method = expected.method.upper()
    if not _is_token(method):
        raise ReplayFailed(Problem("invalid-request", f"{expected.method!r} is not an HTTP method"))
    return ActualRequest(
        method,
        f"{base_path}/{escape_path(expected.path.lstrip('/'))}",
        encode_query(expected.query) if expected.query else None,
        _headers(expected.headers, custom_headers),
        content_of(expected.body, expected.headers),
    )


def escape_path(path: str) -> str:
    """Percent-encode what may not stand in a path; escapes that are there already stay as they are."""
    raw = path.encode("utf-8", "surrogatepass")
    if not _PATH_UNSAFE.intersection(raw):
        return path
    return "".join(f"%{byte:02X}" if byte in _PATH_UNSAFE else chr(byte) for byte in raw)


def encode_query(query: Mapping[str, Sequence[str | None]]) -> str | None:
    """Form-encoded pairs, names in order; None when nothing is left to send."""
    pairs = [f"{_form(name)}={_form(value)}" for name in sorted(query) for value in query[name] if value is not None]
    return "&".join(pairs) or None


def _form(text: str) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    return "".join(chr(b) if b in _FORM_SAFE else "+" if b == 0x20 else f"%{b:02X}" for b in raw)


def _headers(expected: Headers | None, custom: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    replaced = {name.lower() for name, _ in custom}
    lines = [
        (name, value) for name, values in (expected or {}).items() if name.lower() not in replaced for value in values
    ]
    lines.extend(custom)
    present = {name.lower() for name, _ in lines}
    if "accept" not in present:
        lines.append(("Accept", "*/*"))
    if "accept-encoding" not in present:
        lines.append(("Accept-Encoding", "gzip,deflate"))
    return tuple(lines)


def content_of(body: Body, headers: Headers | None = None) -> bytes:
    """The bytes to send: a null body of a JSON type is the text `null`, anything else that is not present is none."""
    if body.state == "present":
        return body.content
    if body.state == "null":
        stated = body.content_type or next(
            (value for name, values in (headers or {}).items() if name.lower() == "content-type" for value in values),
            "",
        )
        return b"null" if "json" in stated.lower() else b""
    return b""


def _generated(
    expected: HttpRequest, context: Mapping[str, Json], rng: random.Random | None, now: datetime | None
) -> HttpRequest:
    import random
    from datetime import datetime

    from tallystick.contract import generators

    return generators.generate_request(
        expected, "provider", context, rng or random.Random(), now or datetime.now().astimezone()
    )


def _is_token(text: str) -> bool:
    return bool(text) and text.isascii() and all(c.isalnum() or c in "!#$%&'*+-.^_`|~" for c in text)


def decoded(
    content: bytes, headers: Sequence[tuple[str, str]], limit_bytes: int
) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    """A body and headers with gzip or deflate undone; other codings stay as they came.

    Like the reference, a decoded response has neither Content-Encoding nor Content-Length any more.
    """
    coding = next((value.strip().lower() for name, value in headers if name.lower() == "content-encoding"), "")
    if coding not in ("gzip", "x-gzip", "deflate") or not content:
        return content, tuple(headers)
    import zlib

    try:
        inflater = (
            zlib.decompressobj(zlib.MAX_WBITS | 32) if content[:1] in (b"\x1f", b"x") else zlib.decompressobj(-15)
        )
        plain = inflater.decompress(content, limit_bytes + 1)
        if not inflater.eof and len(plain) <= limit_bytes:
            raise zlib.error("it ends before the end of the stream")
    except zlib.error as error:
        raise ReplayFailed(
            Problem("malformed-response", f"the body is not {coding}, as Content-Encoding says: {error}")
        ) from None
    if len(plain) > limit_bytes:
        raise ReplayFailed(
            Problem(
                "response-too-large",
                f"the decompressed response has more than {limit_bytes} bytes",
                "raise --max-response-bytes if it should be compared",
            )
        )
    return plain, tuple(h for h in headers if h[0].lower() not in ("content-encoding", "content-length"))
