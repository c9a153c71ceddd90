"""Date patterns: what is valid, what is not, and that writing and checking agree."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract import dates

LETTERS = ["G", "yy", "yyyy", "uuuu", "M", "MM", "MMM", "MMMM", "L", "d", "dd", "E", "EEEE", "e", "eee", "c", "w"]
LETTERS += ["W", "F", "Q", "QQQ", "QQQQ", "q", "a", "H", "HH", "k", "h", "K", "m", "s", "S", "SSS", "SSSSSSSSS", "n"]
LETTERS += ["A", "N", "z", "VV", "Z", "ZZZZ", "ZZZZZ", "X", "XX", "XXX", "XXXX", "XXXXX", "x", "xxx", "O", "OOOO"]
SEPARATORS = ["-", "/", " ", " 'T'", "''", ", "]


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("yyyy-MM-dd", "2020-02-29"),
        ("yyyy-MM-dd", "20-2-9"),
        ("MM-dd", "02-28"),
        ("yyyyMMdd", "20200131"),
        ("EEE, d MMM yyyy", "mon, 5 FEB 2001"),
        ("HH:mm:ss", "23:59:60"),
        ("K:mm a", "0:30 pm"),
        ("HH:mmXXX", "10:00Z"),
        ("HH:mmX", "10:00+05"),
        ("HH:mmxxx", "10:00-11:59"),
        ("ZZZZ", "GMT"),
        ("OOOO", "UTC+10:00"),
        ("QQQQ yyyy", "3rd quarter 1999"),
        ("dd 'o''clock'", "05 o'clock".replace("'", "")),
        ("''yy''", "'99'"),
        ("z", "CEST"),
        ("VV", "Europe/Berlin"),
    ],
)
def test_accepts_what_the_pattern_describes(pattern: str, text: str) -> None:
    assert dates.why_not(text, pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text", "reason"),
    [
        ("yyyy-MM-dd", "2001-02-29", "month 2 of year 2001 has no day 29"),
        ("MM-dd", "02-29", "month 2 of year 2001 has no day 29"),
        ("yyyy-MM-dd", "2001-13-01", "'13' is not a valid month: 1 to 12"),
        ("yyyy-MM-dd", "2001-01-01\n", "'\\n' is left over at position 10"),
        ("yyyy-MM-dd", "", "year expected at the end"),
        ("yyyy", "٢٠٢٠", "year expected at position 0, found '٢٠٢٠'"),
        ("XXX", "+12:00", "'12' is not a valid offset hour: 0 to 11"),
        ("xxx", "Z", "an offset with its sign expected at position 0, found 'Z'"),
        ("DDD", "357", "'357' is not a valid day of the year: 1 to 356"),
        ("z", "UTC", "a time zone abbreviation expected at position 0, found 'UTC'"),
        ("VV", "America/New_York", "a time zone like Europe/Paris expected at position 0, found 'America/New_York'"),
        ("H 'h'", "5 m", "'h' expected at position 2, found 'm'"),
    ],
)
def test_refuses_with_the_place_and_the_reason(pattern: str, text: str, reason: str) -> None:
    assert dates.why_not(text, pattern) == reason


@pytest.mark.parametrize("pattern", ["yyyy-MM-ddTHH:mm", "[yyyy]", "{yyyy}", "ddd", "aa", "1yyyy", "'open", "B", "cc"])
def test_a_pattern_that_means_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(dates.PatternInvalid):
        dates.valid("2020-01-01", pattern)


MOMENTS = st.datetimes(
    datetime(1, 1, 2),
    datetime(9999, 12, 30),
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))) | st.just(UTC),
)


@given(MOMENTS, st.lists(st.tuples(st.sampled_from(LETTERS), st.sampled_from(SEPARATORS)), min_size=1, max_size=6))
def test_what_is_written_by_a_pattern_is_valid_for_it(moment: datetime, parts: list[tuple[str, str]]) -> None:
    short_year = any(letter == "yy" for letter, _ in parts)
    if short_year or any(letter in ("z", "VV") for letter, _ in parts):
        # A year cut to two digits may lack the day, and a bare offset has no zone name.
        moment = moment.replace(year=2000, tzinfo=UTC)
    pattern = "".join(letter + separator for letter, separator in parts)

    assert dates.why_not(dates.format(moment, pattern), pattern) is None


@given(st.text(max_size=30), st.text(max_size=20))
def test_nothing_but_an_invalid_pattern_is_ever_raised(text: str, pattern: str) -> None:
    with contextlib.suppress(dates.PatternInvalid):
        dates.valid(text, pattern)
