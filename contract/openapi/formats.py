"""The `format` of texts and numbers, as schemas of API descriptions name them. Unknown formats accept everything."""

from __future__ import annotations

import base64
import binascii
import calendar
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import regex

_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIME: Final = re.compile(
    r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(z|[+-]([0-9]{2})(?::?([0-9]{2}))?)?", re.IGNORECASE
)
_DURATION: Final = re.compile(
    r"P(?!$)(?:[0-9]+Y)?(?:[0-9]+M)?(?:[0-9]+D)?(?:T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?(?:[0-9]+S)?)?|P[0-9]+W"
)
_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOSTNAME: Final = re.compile(rf"(?=.{{1,253}}\.?$){_LABEL}(?:\.{_LABEL})*\.?", re.IGNORECASE)
_EMAIL: Final = re.compile(
    rf"[a-z0-9!#$%&'*+/=?^_`{{|}}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{{|}}~-]+)*@(?:{_LABEL}\.)+{_LABEL}", re.IGNORECASE
)
_UUID: Final = re.compile(r"(?:urn:uuid:)?[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_POINTER: Final = re.compile(r"(?:/(?:[^~/]|~0|~1)*)*")
_POINTER_FRAGMENT: Final = re.compile(r"#(?:/(?:[A-Za-z0-9_\-.!$&'()*+,;:=@]|%[0-9A-Fa-f]{2}|~0|~1)*)*")
_RELATIVE_POINTER: Final = re.compile(r"(?:0|[1-9][0-9]*)(?:#|(?:/(?:[^~/]|~0|~1)*)*)")
_URI_CHARACTERS: Final = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
_TEMPLATE: Final = re.compile(
    r"(?:[^\x00-\x20\"'<>%\\^`{|}]|%[0-9A-Fa-f]{2}|\{[+#./;?&=,!@|]?(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+(?::[1-9][0-9]{0,3}|\*)?"
    r"(?:,(?:[A-Za-z0-9_]|%[0-9A-Fa-f]{2})+(?::[1-9][0-9]{0,3}|\*)?)*\})*"
)
_MAX_CHARACTERS: Final = 20_000


def accepts(name: str, value: Any) -> bool:
    """Whether a text or number has the format. Formats of the other type, and unknown ones, accept it."""
    if isinstance(value, str):
        check = _TEXTS.get(name)
        return check is None or (len(value) <= _MAX_CHARACTERS and check(value))
    if name == "int32":
        return bool(value == int(value) and -(2**31) <= value < 2**31)
    return name != "int64" or bool(value == int(value))


def _date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None:
        return False
    year, month, day = (int(part) for part in found.groups())
    # The calendar repeats every 400 years, and the year 0 is a leap year.
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year % 400 + 400, month)[1]


def _time(text: str, *, zone: bool) -> bool:
    found = _TIME.fullmatch(text)
    if found is None or (zone and found[4] is None):
        return False
    hour, minute, second = int(found[1]), int(found[2]), int(found[3])
    zone_hour, zone_minute = int(found[5] or 0), int(found[6] or 0)
    if zone_hour > 23 or zone_minute > 59:
        return False
    if hour <= 23 and minute <= 59 and second < 60:
        return True
    # A leap second is the last one of a day in UTC.
    sign = -1 if (found[4] or "").startswith("-") else 1
    utc = (hour * 60 + minute - sign * (zone_hour * 60 + zone_minute)) % 1440
    return hour <= 23 and minute <= 59 and second == 60 and utc == 1439


def _date_time(text: str, *, zone: bool) -> bool:
    date, separator, time = text[:10], text[10:11], text[11:]
    return separator in ("t", "T", " ") and separator != "" and _date(date) and _time(time, zone=zone)


def _uri(text: str) -> bool:
    scheme, colon, rest = text.partition(":")
    return bool(colon) and bool(rest) and _SCHEME.fullmatch(scheme) is not None and _uri_reference(rest)


def _uri_reference(text: str) -> bool:
    if _URI_CHARACTERS.fullmatch(text) is None or text.count("#") > 1:
        return False
    try:
        urlsplit(text)
    except ValueError:
        return False
    return True


def _url(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    host = parts.hostname or ""
    return parts.scheme in ("http", "https", "ftp") and ("." in host or host == "localhost") and " " not in text


def _ip(kind: type[ipaddress.IPv4Address] | type[ipaddress.IPv6Address]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return True

    return check


def _byte(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _regex(text: str) -> bool:
    try:
        regex.compile(text)
    except (regex.error, OverflowError, RecursionError):
        return False
    return "\\Z" not in text


_TEXTS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date": _date,
    "time": lambda text: _time(text, zone=True),
    "date-time": lambda text: _date_time(text, zone=True),
    "iso-time": lambda text: _time(text, zone=False),
    "iso-date-time": lambda text: _date_time(text, zone=False),
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "uri": _uri,
    "uri-reference": _uri_reference,
    "uri-template": lambda text: _TEMPLATE.fullmatch(text) is not None,
    "url": _url,
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hostname": lambda text: _HOSTNAME.fullmatch(text) is not None,
    "ipv4": _ip(ipaddress.IPv4Address),
    "ipv6": _ip(ipaddress.IPv6Address),
    "uuid": lambda text: _UUID.fullmatch(text) is not None,
    "json-pointer": lambda text: _POINTER.fullmatch(text) is not None,
    "json-pointer-uri-fragment": lambda text: _POINTER_FRAGMENT.fullmatch(text) is not None,
    "relative-json-pointer": lambda text: _RELATIVE_POINTER.fullmatch(text) is not None,
    "byte": _byte,
    "regex": _regex,
}
