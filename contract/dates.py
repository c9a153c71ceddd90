"""Date and time patterns: what the letters mean, for checking a text and for writing a moment.

The letters are those of Java's `DateTimeFormatter`, with the limits of the Pact core (Pact, "Date/time patterns").
`why_not` checks from left to right without going back: each token takes all it can, the whole text must be used up,
then the day must exist in its month. Names are English, whatever the machine's language.

Two limits of the released core are kept on purpose, so that a contract gets the same verdict from every Pact client:
offsets of twelve hours and more are refused, and so are days of the year after 356.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from tallystick.contract.zone_names import ABBREVIATIONS, CITIES

DEFAULTS: Final[Mapping[str, str]] = {
    "date": "yyyy-MM-dd",
    "time": "HH:mm:ss",
    "datetime": "yyyy-MM-dd'T'HH:mm:ssXXX",
    "timestamp": "yyyy-MM-dd'T'HH:mm:ssXXX",
}
"""What a date, time or datetime matcher checks when no format, or an empty one, is given."""

_MAX_OFFSET_HOURS: Final = 11
_MAX_DAY_OF_YEAR: Final = 356
_OFFSET_REFUSED: Final = timedelta(hours=_MAX_OFFSET_HOURS + 1)

_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_QUARTERS: Final = ("1st quarter", "2nd quarter", "3rd quarter", "4th quarter")


class PatternInvalid(ValueError):
    """The pattern itself cannot be read; the message says where."""


@dataclass(frozen=True, slots=True)
class Token:
    """A run of `count` equal letters, or a literal when `letter` is empty."""

    letter: str
    count: int = 0
    literal: str = ""


Pattern = tuple[Token, ...]

# Letter -> the longest run allowed; 0 for any.
_LIMITS: Final[Mapping[str, int]] = {
    "G": 5, "y": 0, "Y": 0, "u": 0, "M": 5, "L": 5, "d": 2, "D": 0, "E": 5, "e": 5, "c": 1, "w": 2, "W": 2, "F": 2,
    "Q": 5, "q": 2, "a": 1, "H": 2, "k": 2, "h": 2, "K": 2, "m": 2, "s": 2, "S": 0, "n": 0, "A": 0, "N": 0,
    "z": 4, "V": 2, "Z": 5, "X": 5, "x": 5, "O": 4,
}  # fmt: skip


@lru_cache(maxsize=512)
def parse(pattern: str) -> Pattern:
    """Take a pattern apart. Raises `PatternInvalid` for unknown letters, too long runs, and optional sections."""
    tokens: list[Token] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "'":
            token, at = _quoted(pattern, at)
        elif char.isalpha() and char.isascii():
            end = at
            while end < len(pattern) and pattern[end] == char:
                end += 1
            if char not in _LIMITS:
                raise PatternInvalid(f"the letter {char!r} at position {at} means nothing in a date pattern")
            if 0 < _LIMITS[char] < end - at:
                raise PatternInvalid(f"too many {char!r} at position {at}: {end - at}, at most {_LIMITS[char]}")
            token, at = Token(char, end - at), end
        elif (char.isascii() and char.isalnum()) or char in "[]{}":
            raise PatternInvalid(f"{char!r} at position {at} must be quoted: '{char}'")
        else:
            token, at = Token("", 0, char), at + 1
        tokens.append(token)
    return tuple(tokens)


def _quoted(pattern: str, at: int) -> tuple[Token, int]:
    if pattern[at : at + 2] == "''":
        return Token("", 0, "'"), at + 2
    end = pattern.find("'", at + 1)
    if end < 0:
        raise PatternInvalid(f"the quote at position {at} is never closed")
    return Token("", 0, pattern[at + 1 : end]), end + 1


def valid(text: str, pattern: str) -> bool:
    """The whole text is a date or time of this pattern. Raises `PatternInvalid`."""
    return why_not(text, pattern) is None


def why_not(text: str, pattern: str) -> str | None:
    """Why the text is no date or time of this pattern, in a few words; None when it is one. Raises `PatternInvalid`."""
    reading = _Reading(text)
    try:
        for token in parse(pattern):
            if token.letter:
                _READERS[token.letter](reading, token)
            else:
                reading.literal(token.literal)
        reading.end()
        reading.calendar()
    except _Refused as refused:
        return str(refused)
    return None


class _Refused(Exception):
    pass


_DIGITS: Final = re.compile(r"[0-9]+")
_CAPITALS: Final = re.compile(r"[A-Z]{3,4}")
_ZONE: Final = re.compile(r"([A-Za-z0-9]+)/([A-Za-z0-9]+)")


class _Reading:
    """A text, how much of it has been read, and the numbers that the calendar check needs."""

    __slots__ = ("at", "day", "month", "text", "year")

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.day: int | None = None
        self.month: int | None = None
        self.year: int | None = None

    def refuse(self, wanted: str) -> _Refused:
        rest = self.text[self.at : self.at + 20]
        return _Refused(
            f"{wanted} expected at position {self.at}, found {rest!r}" if rest else f"{wanted} expected at the end"
        )

    def number(self, name: str, most_digits: int, low: int = 0, high: int | None = None) -> int:
        found = _DIGITS.match(self.text, self.at, self.at + most_digits if most_digits else len(self.text))
        if found is None:
            raise self.refuse(name)
        value = int(found[0][:400])
        if value < low or (high is not None and value > high):
            raise _Refused(f"{found[0]!r} is not a valid {name}: {low} to {high}")
        self.at = found.end()
        return value

    def exactly(self, name: str, digits: int, high: int) -> None:
        found = _DIGITS.match(self.text, self.at, self.at + digits)
        if found is None or len(found[0]) < digits:
            raise self.refuse(f"{name} of {digits} digits")
        if int(found[0]) > high:
            raise _Refused(f"{found[0]!r} is not a valid {name}: 0 to {high}")
        self.at = found.end()

    def take(self, text: str) -> bool:
        """Read this text in any case, if it is next."""
        if self.text[self.at : self.at + len(text)].casefold() != text.casefold():
            return False
        self.at += len(text)
        return True

    def literal(self, text: str) -> None:
        if not self.text.startswith(text, self.at):
            raise self.refuse(repr(text))
        self.at += len(text)

    def one_of(self, name: str, choices: tuple[str, ...]) -> int:
        for index, choice in enumerate(choices):
            if self.take(choice):
                return index
        raise self.refuse(name)

    def utc(self) -> None:
        if self.text[self.at : self.at + 3] not in ("GMT", "UTC"):
            raise self.refuse("GMT or UTC")
        self.at += 3

    def offset(self, *, colon: bool, minutes: str = "required", seconds: bool = False) -> None:
        """A sign, hours, and minutes that are `required`, `optional` or taken with optional seconds.

        The hour may be one digit where nothing that follows could be taken for its second.
        """
        if self.text[self.at : self.at + 1] not in ("+", "-"):
            raise self.refuse("an offset with its sign")
        self.at += 1
        if colon or minutes == "optional":
            self.number("offset hour", 2, 0, _MAX_OFFSET_HOURS)
        else:
            self.exactly("offset hour", 2, _MAX_OFFSET_HOURS)
        more = self.text[self.at : self.at + 1]
        if minutes == "optional" and not more.isdigit():
            return
        if colon:
            self.literal(":")
        self.exactly("offset minute", 2, 59)
        more = self.text[self.at : self.at + 2]
        if seconds and (more[:1] == ":" and more[1:].isdigit() if colon else more[:1].isdigit()):
            if colon:
                self.at += 1
            self.exactly("offset second", 2, 59)

    def end(self) -> None:
        if self.at < len(self.text):
            raise _Refused(f"{self.text[self.at : self.at + 20]!r} is left over at position {self.at}")

    def calendar(self) -> None:
        if self.day is None or self.month is None:
            return
        year = 2001 if self.year is None else self.year
        # The calendar repeats every 400 years; `monthrange` knows the years 1 to 9999.
        if self.day > calendar.monthrange(year % 400 + 400, self.month)[1]:
            raise _Refused(f"month {self.month} of year {year} has no day {self.day}")


def _era(r: _Reading, token: Token) -> None:
    r.one_of("AD or BC", ("AD", "BC"))


def _year(r: _Reading, token: Token) -> None:
    r.year = r.number("year", token.count)


def _month(r: _Reading, token: Token) -> None:
    if token.letter == "L" or token.count <= 2:
        r.month = r.number("month", 2, 1, 12)
    elif token.count == 3:
        r.month = r.one_of("month name", tuple(m[:3] for m in _MONTHS)) + 1
    else:
        r.month = r.one_of("month name", _MONTHS) + 1


def _day(r: _Reading, token: Token) -> None:
    r.day = r.number("day of the month", 2, 1, 31)


def _weekday(r: _Reading, token: Token) -> None:
    if token.letter != "E" and token.count <= 2:
        r.number("day of the week", 1, 1, 7)
    elif token.count <= 3:
        r.one_of("weekday name", tuple(d[:3] for d in _DAYS))
    else:
        r.one_of("weekday name", _DAYS)


def _quarter(r: _Reading, token: Token) -> None:
    if token.count <= 2:
        r.number("quarter", 2, 1, 4)
    else:
        r.one_of("quarter", ("Q1", "Q2", "Q3", "Q4") if token.count == 3 else _QUARTERS)


def _half_day(r: _Reading, token: Token) -> None:
    r.one_of("AM or PM", ("AM", "PM"))


def _fraction(r: _Reading, token: Token) -> None:
    r.number("fraction of a second", token.count)


def _any_digits(r: _Reading, token: Token) -> None:
    r.number("number", 0)


def _within(name: str, digits: int, low: int, high: int) -> Callable[[_Reading, Token], None]:
    def read(r: _Reading, token: Token) -> None:
        r.number(name, digits, low, high)

    return read


def _zone_abbreviation(r: _Reading, token: Token) -> None:
    found = _CAPITALS.match(r.text, r.at)
    if token.count > 3 or found is None or found[0] not in ABBREVIATIONS:
        raise r.refuse("a time zone abbreviation")
    r.at = found.end()


def _zone_id(r: _Reading, token: Token) -> None:
    found = _ZONE.match(r.text, r.at)
    if found is None or found[2] not in CITIES.get(found[1], ()):
        raise r.refuse("a time zone like Europe/Paris")
    r.at = found.end()


def _offset_z(r: _Reading, token: Token) -> None:
    if token.count == 4:
        r.utc()
        if r.text[r.at : r.at + 1] in ("+", "-"):
            r.offset(colon=True)
    else:
        r.offset(colon=token.count == 5)


def _offset_x(r: _Reading, token: Token) -> None:
    if token.letter == "X" and r.text[r.at : r.at + 1] == "Z":
        r.at += 1
    elif token.count == 1:
        r.offset(colon=False, minutes="optional")
    else:
        r.offset(colon=token.count in (3, 5), seconds=token.count >= 4)


def _offset_localised(r: _Reading, token: Token) -> None:
    r.utc()
    if token.count == 4:
        r.offset(colon=True)
        return
    if r.text[r.at : r.at + 1] not in ("+", "-"):
        raise r.refuse("an offset with its sign")
    r.at += 1
    r.number("offset hour", 2, 0, _MAX_OFFSET_HOURS)
    if r.text[r.at : r.at + 1] == ":":
        r.at += 1
        r.exactly("offset minute", 2, 59)


_READERS: Final[Mapping[str, Callable[[_Reading, Token], None]]] = {
    "G": _era, "y": _year, "Y": _year, "u": _year, "M": _month, "L": _month, "d": _day,
    "D": _within("day of the year", 3, 1, _MAX_DAY_OF_YEAR),
    "E": _weekday, "e": _weekday, "c": _weekday,
    "w": _within("week of the year", 2, 1, 56), "W": _within("week of the month", 2, 1, 5),
    "F": _within("week of the month", 2, 0, 4),
    "Q": _quarter, "q": _quarter, "a": _half_day,
    "H": _within("hour", 2, 0, 23), "k": _within("hour", 2, 1, 24),
    "h": _within("hour", 2, 1, 12), "K": _within("hour", 2, 0, 11),
    "m": _within("minute", 2, 0, 59), "s": _within("second", 2, 0, 60),
    "S": _fraction, "n": _any_digits, "A": _any_digits, "N": _any_digits,
    "z": _zone_abbreviation, "V": _zone_id, "Z": _offset_z, "X": _offset_x, "x": _offset_x, "O": _offset_localised,
}  # fmt: skip


def format(moment: datetime, pattern: str) -> str:
    """Write a moment by a pattern, so that it is valid for that pattern wherever the pattern accepts anything at all.

    A moment without a zone counts as UTC; one in a zone whose offset the check refuses is written in UTC where the
    pattern shows the offset. Raises `PatternInvalid`.
    """
    offset = moment.utcoffset()
    if (
        offset is not None
        and abs(offset) >= _OFFSET_REFUSED
        and any(t.letter in "ZXxO" for t in parse(pattern) if t.letter)
    ):
        moment = moment.astimezone(UTC)
    return "".join(_WRITERS[t.letter](moment, t) if t.letter else t.literal for t in parse(pattern))


def _offset_text(moment: datetime, separator: str) -> str:
    offset = moment.utcoffset() or timedelta(0)
    minutes = int(abs(offset).total_seconds()) // 60
    return f"{'-' if offset < timedelta(0) else '+'}{minutes // 60:02}{separator}{minutes % 60:02}"


def _write_year(moment: datetime, token: Token) -> str:
    # A run of n letters is checked as at most n digits.
    return f"{moment.year % 100:02}" if token.count == 2 else str(moment.year)


def _write_month(moment: datetime, token: Token) -> str:
    if token.letter == "L" or token.count <= 2:
        return f"{moment.month:02}"
    return _MONTHS[moment.month - 1][: 3 if token.count == 3 else None]


def _write_weekday(moment: datetime, token: Token) -> str:
    if token.letter != "E" and token.count <= 2:
        return str(moment.isoweekday())
    return _DAYS[moment.weekday()][: 3 if token.count <= 3 else None]


def _write_quarter(moment: datetime, token: Token) -> str:
    quarter = (moment.month + 2) // 3
    if token.count <= 2:
        return str(quarter)
    return f"Q{quarter}" if token.count == 3 else _QUARTERS[quarter - 1]


def _write_fraction(moment: datetime, token: Token) -> str:
    digits = f"{moment.microsecond:06}"
    # One or two letters are checked as at most that many digits, so the core's three would be refused.
    return digits[: token.count] if token.count <= 6 else digits.ljust(token.count, "0")


def _write_zone(moment: datetime, token: Token) -> str:
    name = moment.tzname() or "UTC"
    if name == "UTC":
        return "GMT"  # the same moment, and an abbreviation that the check knows
    return name if name in ABBREVIATIONS else _offset_text(moment, ":")


def _write_zone_id(moment: datetime, token: Token) -> str:
    key = str(getattr(moment.tzinfo, "key", ""))
    if _ZONE.fullmatch(key):
        return key
    return "Etc/UTC" if not moment.utcoffset() else _offset_text(moment, ":")


def _write_offset_z(moment: datetime, token: Token) -> str:
    if token.count == 4:
        return "GMT" + _offset_text(moment, ":")
    return _offset_text(moment, ":" if token.count == 5 else "")


def _write_offset_x(moment: datetime, token: Token) -> str:
    return _offset_text(moment, ":" if token.count in (3, 5) else "")


def _write_offset_localised(moment: datetime, token: Token) -> str:
    return "GMT" + _offset_text(moment, ":")


_WRITERS: Final[Mapping[str, Callable[[datetime, Token], str]]] = {
    "G": lambda m, t: "AD",
    "y": _write_year, "Y": _write_year, "u": _write_year, "M": _write_month, "L": _write_month,
    "d": lambda m, t: f"{m.day:02}", "D": lambda m, t: str(m.timetuple().tm_yday),
    "E": _write_weekday, "e": _write_weekday, "c": _write_weekday,
    # Weeks start on Sunday; the days before the first Sunday count as week 1, since 0 is no valid week.
    "w": lambda m, t: str(max(1, (m.timetuple().tm_yday + 6 - (m.weekday() + 1) % 7) // 7)),
    "W": lambda m, t: str((m.day - 1) // 7 + 1), "F": lambda m, t: str((m.day - 1) // 7),
    "Q": _write_quarter, "q": _write_quarter, "a": lambda m, t: "AM" if m.hour < 12 else "PM",
    "H": lambda m, t: f"{m.hour:02}", "k": lambda m, t: f"{m.hour or 24:02}",
    "h": lambda m, t: f"{m.hour % 12 or 12:02}", "K": lambda m, t: f"{m.hour % 12:02}",
    "m": lambda m, t: f"{m.minute:02}", "s": lambda m, t: f"{m.second:02}", "S": _write_fraction,
    "n": lambda m, t: str(m.microsecond * 1000),
    "A": lambda m, t: str(((m.hour * 60 + m.minute) * 60 + m.second) * 1000 + m.microsecond // 1000),
    "N": lambda m, t: str((((m.hour * 60 + m.minute) * 60 + m.second) * 1_000_000 + m.microsecond) * 1000),
    "z": _write_zone, "V": _write_zone_id, "Z": _write_offset_z, "X": _write_offset_x, "x": _write_offset_x,
    "O": _write_offset_localised,
}  # fmt: skip
