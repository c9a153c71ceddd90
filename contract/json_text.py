"""JSON text to values and back, keeping what the numbers were: 1 is an int, 1.0 and 1e0 are Decimals.

Built on the standard library's C scanner and encoder; both are asked for as little Python as the rules allow.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from json.encoder import encode_basestring
from typing import Any, Final, NoReturn

from tallystick.contract import limits
from tallystick.contract.model import Json


class JsonInvalid(ValueError):
    """The text is not JSON, or is more of it than the limits allow. The message says what and where."""


def loads(source: bytes | bytearray | str, *, max_bytes: int = limits.MAX_DOCUMENT_BYTES) -> Json:
    """The value of a JSON text in UTF-8. Of a repeated key the last value wins; `-0` is a Decimal, as it has a sign.

    Raises `JsonInvalid`: not UTF-8, not JSON (NaN, byte-order marks and lone surrogates included), or over a limit.
    """
    text = _text(source, max_bytes)
    decoder = _KEEPING_SIGN if "-0" in text and _NEGATIVE_ZERO.search(text) else _PLAIN
    try:
        value = _scanned(decoder, text)
    except json.JSONDecodeError as problem:
        raise JsonInvalid(_sentence(problem)) from None
    except RecursionError:
        raise JsonInvalid(_TOO_DEEP) from None
    except InvalidOperation:
        raise JsonInvalid("a number has an exponent too large to hold") from None
    except JsonInvalid:
        raise
    except ValueError:
        raise JsonInvalid(f"a number has more than {limits.MAX_NUMBER_DIGITS} digits (MAX_NUMBER_DIGITS)") from None
    # No value is deeper than the text has opening brackets: most bodies need no walk.
    if text.count("[") + text.count("{") > limits.MAX_DEPTH and not _surely_shallow(text):
        check_depth(value)
    if "\\u" in text and _SURROGATE.search(text):
        _refuse_lone_surrogates(value)
    return value  # type: ignore[no-any-return]


def _scanned(decoder: json.JSONDecoder, text: str) -> Any:
    # The scanner alone, where nothing surrounds the value; anything else, and every fault, is the decoder's.
    try:
        value, end = decoder.scan_once(text, 0)  # type: ignore[attr-defined]
    except StopIteration:
        return decoder.decode(text)
    return value if end == len(text) or not text[end:].strip(" \t\r\n") else decoder.decode(text)


def dumps(
    value: Json,
    *,
    indent: int | None = None,
    sort_keys: bool = False,
    decimal: Callable[[Decimal], str] | None = None,
) -> bytes:
    """Compact JSON in UTF-8 (or indented, one member a line); numbers keep their kind, a Decimal every digit.

    `decimal` writes Decimals in another way, for those who hash the text that another program would write.
    Raises `ValueError` for what JSON cannot say: NaN, infinity, lone surrogates, values nested beyond reason.
    """
    try:
        write = decimal or decimal_text
        text = _compact(value, sort_keys, write) if indent is None else _pretty(value, indent, sort_keys, write)
        return text.encode()
    except RecursionError:
        raise JsonInvalid(_TOO_DEEP) from None
    except UnicodeEncodeError:
        raise JsonInvalid("a string holds half a surrogate pair, which UTF-8 cannot say") from None


def decimal_text(number: Decimal) -> str:
    """A Decimal as JSON that reads back as a Decimal: 15 from `1.5e1` becomes `15.0`."""
    text = str(number)
    if "." in text or "E" in text:
        return text
    if not number.is_finite():
        raise JsonInvalid(f"{number} is not a JSON number")
    return text + ".0"


def check_depth(value: Json) -> None:
    """Refuse a value whose arrays and objects lie more than `MAX_DEPTH` inside one another. Linear, not recursive."""
    level: list[Any] = [value] if isinstance(value, dict | list) else []
    depth = 0
    while level:
        depth += 1
        if depth > limits.MAX_DEPTH:
            raise JsonInvalid(_TOO_DEEP)
        level = [
            child
            for parent in level
            for child in (parent.values() if type(parent) is dict else parent)
            if type(child) is dict or type(child) is list
        ]


def _surely_shallow(text: str) -> bool:
    """Whether the brackets alone show that nothing is nested too deeply: a tenth of the price of a walk.

    Every round takes out the innermost pairs, those in strings as well; brackets that don't pair leave it open.
    """
    brackets = text.encode("utf-8", "surrogatepass").translate(None, _NO_BRACKETS)
    for _ in range(limits.MAX_DEPTH):
        if not brackets:
            return True
        left = brackets.replace(b"[]", b"").replace(b"{}", b"")
        if len(left) == len(brackets):
            return False
        brackets = left
    return False


_NO_BRACKETS: Final = bytes(set(range(256)) - set(b"[]{}"))
_TOO_DEEP: Final = f"arrays and objects lie more than {limits.MAX_DEPTH} inside one another (MAX_DEPTH)"
_NEGATIVE_ZERO: Final = re.compile(r"-0(?<![^\[:,\s]-0)(?![0-9.eE])")
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


def _no_constant(name: str) -> NoReturn:
    raise JsonInvalid(f"{name} is not JSON")


def _signed_integer(text: str) -> int | Decimal:
    return Decimal(text) if text == "-0" else int(text)


_PLAIN: Final = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_constant)
# The C scanner reads integers itself unless given a function, which costs a Python call for each.
_KEEPING_SIGN: Final = json.JSONDecoder(parse_float=Decimal, parse_int=_signed_integer, parse_constant=_no_constant)


def _text(source: bytes | bytearray | str, max_bytes: int) -> str:
    if len(source) > max_bytes:
        raise JsonInvalid(f"{len(source)} bytes are more than the {max_bytes} allowed (MAX_DOCUMENT_BYTES)")
    if isinstance(source, str):
        return source
    try:
        return source.decode()
    except UnicodeDecodeError as problem:
        raise JsonInvalid(f"not UTF-8: byte {problem.start} is 0x{source[problem.start]:02x}") from None


def _sentence(problem: json.JSONDecodeError) -> str:
    if not problem.doc.strip():
        return "not JSON: there is no text"
    if problem.doc.startswith("\ufeff"):
        return "not JSON: the text starts with a byte-order mark"
    return f"not JSON: {problem.msg} at line {problem.lineno}, column {problem.colno}"


def _refuse_lone_surrogates(value: Json) -> None:
    try:
        _compact(value, False, decimal_text).encode()
    except UnicodeEncodeError:
        raise JsonInvalid("not JSON: a string holds half a surrogate pair") from None


_MARK: Final = "\x7f"


def _compact(value: Json, sort_keys: bool, write: Callable[[Decimal], str]) -> str:
    # The C encoder cannot be told how to write a Decimal. It is given the digits as a string between marks that it
    # doesn't escape, and marks and quotes are removed afterwards; text that holds the mark itself goes the slow way.
    decimals = 0

    def marked(number: object) -> str:
        nonlocal decimals
        decimals += 1
        return f"{_MARK}{write(_decimal(number))}{_MARK}"

    text = json.JSONEncoder(
        ensure_ascii=False,
        check_circular=False,
        allow_nan=False,
        sort_keys=sort_keys,
        separators=(",", ":"),
        default=marked,
    ).encode(value)
    if not decimals:
        return text
    if text.count(_MARK) != 2 * decimals:
        return _pretty(value, None, sort_keys, write)
    return text.replace('"' + _MARK, "").replace(_MARK + '"', "")


def _decimal(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    raise TypeError(f"{type(value).__name__} is not a JSON value")


def _pretty(value: Json, indent: int | None, sort_keys: bool, write: Callable[[Decimal], str]) -> str:
    # The standard encoder indents in Python generators, one for each level; plain recursion takes half the time.
    out: list[str] = []
    put = out.append
    colon, step = (":", "") if indent is None else (": ", " " * indent)

    def add(container: Any, line: str, before: str) -> None:
        # `before` is what stands on the line already: comma, key. Scalars are put together with it, in one piece.
        inner = line + step
        if isinstance(container, dict):
            if not container:
                put(before + "{}")
                return
            opening = before + "{" + inner
            for key in sorted(container) if sort_keys else container:
                member = container[key]
                label = f"{opening}{encode_basestring(key)}{colon}"
                if type(member) is str:
                    put(label + encode_basestring(member))
                elif isinstance(member, _CONTAINERS):
                    add(member, inner, label)
                else:
                    put(label + _scalar(member, write))
                opening = "," + inner
            put(line + "}")
            return
        if not container:
            put(before + "[]")
            return
        opening = before + "[" + inner
        for member in container:
            if isinstance(member, _CONTAINERS):
                add(member, inner, opening)
            else:
                put(opening + _scalar(member, write))
            opening = "," + inner
        put(line + "]")

    if not isinstance(value, _CONTAINERS):
        return _scalar(value, write)
    add(value, "" if indent is None else "\n", "")
    return "".join(out)


_CONTAINERS: Final = (dict, list, tuple)


def _scalar(value: object, write: Callable[[Decimal], str]) -> str:
    if isinstance(value, str):
        return encode_basestring(value)
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float):
        if value - value != 0:
            raise JsonInvalid(f"{value} is not a JSON number")
        return float.__repr__(value)
    return write(_decimal(value))
