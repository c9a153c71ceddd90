"""Date and time expressions: `tomorrow + 2 weeks`, `next monday @ 3 o'clock pm`.

The grammar is that of the Pact generators (Pact, "Date and time expressions"): lower-case words, blanks optional.
The base is passed in; nothing here reads a clock.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final


class ExpressionInvalid(ValueError):
    """The expression cannot be read, or leads out of the calendar."""


_WEEKDAYS: Final[Mapping[str, int]] = {
    word: index
    for index, words in enumerate(
        ("mon monday", "tues tuesday", "wed wednesday", "thurs thursday", "fri friday", "sat saturday", "sun sunday")
    )
    for word in words.split()
}
_MONTH_WORDS: Final = (
    ("jan", "january"), ("feb", "february"), ("mar", "march"), ("apr", "april"), ("may",), ("jun", "june"),
    ("jul", "july"), ("aug", "august"), ("sep", "september"), ("oct", "october"), ("nov", "november"),
    ("dec", "december"),
)  # fmt: skip
_MONTHS: Final = {word: index + 1 for index, words in enumerate(_MONTH_WORDS) for word in words}
_DATE_UNITS: Final = ("day", "week", "month", "year")
_TIME_UNITS: Final[Mapping[str, timedelta]] = {
    "hour": timedelta(hours=1),
    "minute": timedelta(minutes=1),
    "second": timedelta(seconds=1),
    "millisecond": timedelta(milliseconds=1),
}
_WORDS: Final = re.compile(r"o'clock|[a-z]+|[0-9]+|[-+]|\S")


def date(base: datetime, expression: str) -> datetime:
    """The base moved by a date expression. Raises `ExpressionInvalid`."""
    return _apply(base, expression, _date) if expression else base


def time(base: datetime, expression: str) -> datetime:
    """The base moved by a time expression; it may cross midnight. Raises `ExpressionInvalid`."""
    return _apply(base, expression, _time) if expression else base


def date_and_time(base: datetime, expression: str) -> datetime:
    """The base moved by `date`, or `date @ time`; each side may be left out. Raises `ExpressionInvalid`."""
    before, at, after = expression.partition("@")
    moved = date(base, before)
    return time(moved, after) if at else moved


def _apply(base: datetime, expression: str, read: Callable[[_Words, datetime], datetime]) -> datetime:
    words = _Words(expression)
    if not words.peek():
        raise ExpressionInvalid(f"{expression!r} is blank")
    try:
        moved = read(words, base)
    except OverflowError:
        raise ExpressionInvalid(f"{expression!r} leads out of the calendar") from None
    if words.peek():
        raise words.error("the end, + or -")
    return moved


class _Words:
    """The words of an expression and where reading is."""

    def __init__(self, expression: str) -> None:
        self.expression = expression
        self.found = [(m[0], m.start()) for m in _WORDS.finditer(expression)]
        self.at = 0

    def peek(self) -> str:
        return self.found[self.at][0] if self.at < len(self.found) else ""

    def take(self) -> str:
        word = self.peek()
        self.at += 1
        return word

    def error(self, wanted: str) -> ExpressionInvalid:
        if self.at < len(self.found):
            word, position = self.found[self.at]
            return ExpressionInvalid(f"{self.expression!r}: expected {wanted} at position {position}, found {word!r}")
        return ExpressionInvalid(f"{self.expression!r}: expected {wanted} at the end")

    def number(self) -> int:
        if not self.peek().isdecimal() or len(self.peek()) > 12:
            raise self.error("a number")
        return int(self.take())

    def unit(self, units: tuple[str, ...] | Mapping[str, timedelta]) -> str:
        word = self.peek().removesuffix("s")
        if word not in units:
            raise self.error("one of " + ", ".join(units))
        self.at += 1
        return word


def _date(words: _Words, base: datetime) -> datetime:
    word = words.peek()
    if word in ("now", "today", "yesterday", "tomorrow"):
        words.take()
        base += timedelta(days={"yesterday": -1, "tomorrow": 1}.get(word, 0))
    elif word in ("next", "last"):
        words.take()
        base = _adjacent_date(words, base, 1 if word == "next" else -1)
    elif word not in ("+", "-"):
        raise words.error("now, today, yesterday, tomorrow, next, last, + or -")
    while words.peek() in ("+", "-"):
        sign = 1 if words.take() == "+" else -1
        count = words.number()
        base = _add_date(base, sign * count, words.unit(_DATE_UNITS))
    return base


def _adjacent_date(words: _Words, base: datetime, sign: int) -> datetime:
    unit = words.peek()
    if unit in _DATE_UNITS:
        words.take()
        return _add_date(base, sign, unit)
    if unit == "fortnight":
        words.take()
        return _add_date(base, sign * 2, "week")
    if unit in _WEEKDAYS:
        words.take()
        ahead = (sign * (_WEEKDAYS[unit] - base.weekday())) % 7 or 7
        return base + timedelta(days=sign * ahead)
    if unit in _MONTHS:
        words.take()
        ahead = (sign * (_MONTHS[unit] - base.month)) % 12 or 12
        return _in_month(base.replace(day=1), sign * ahead)
    raise words.error("a day, week, fortnight, month, year, weekday or month name")


def _add_date(base: datetime, count: int, unit: str) -> datetime:
    if unit in ("day", "week"):
        return base + timedelta(days=count * (7 if unit == "week" else 1))
    if unit == "month":
        return _in_month(base, count)
    try:
        return base.replace(year=base.year + count)
    except ValueError:
        raise ExpressionInvalid(f"{base:%d %B} does not exist {count:+} years from {base.year}") from None


def _in_month(base: datetime, count: int) -> datetime:
    """The same day so many months away; where there is none, the first of that month forwards, its last backwards."""
    year, month = divmod(base.year * 12 + base.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise OverflowError
    last = calendar.monthrange(year, month + 1)[1]
    day = base.day if base.day <= last else (1 if count > 0 else last)
    return base.replace(year=year, month=month + 1, day=day)


def _time(words: _Words, base: datetime) -> datetime:
    word = words.peek()
    if word in ("now", "midnight", "noon"):
        words.take()
        if word != "now":
            base = base.replace(hour=12 if word == "noon" else 0, minute=0, second=0, microsecond=0)
    elif word.isdecimal():
        base = _o_clock(words, base)
    elif word in ("next", "last"):
        words.take()
        base += _TIME_UNITS[words.unit(_TIME_UNITS)] * (1 if word == "next" else -1)
    elif word not in ("+", "-"):
        raise words.error("now, midnight, noon, an hour with o'clock, next, last, + or -")
    while words.peek() in ("+", "-"):
        sign = 1 if words.take() == "+" else -1
        count = words.number()
        base += _TIME_UNITS[words.unit(_TIME_UNITS)] * (sign * count)
    return base


def _o_clock(words: _Words, base: datetime) -> datetime:
    """The hour named; in the afternoon when the base is before noon and am or pm is not said. 24 leaves the base."""
    if not 1 <= int(words.peek()) <= 12:
        raise words.error("an hour from 1 to 12")
    hour = int(words.take())
    if words.take() != "o'clock":
        words.at -= 1
        raise words.error("o'clock")
    half = words.peek()
    if half in ("am", "pm"):
        words.take()
    if half == "pm" or (half != "am" and base.hour < 12):
        hour += 12
    return base.replace(hour=hour, minute=0, second=0, microsecond=0) if hour < 24 else base
