"""Date and time expressions, by the grammar of the Pact generators."""

from __future__ import annotations

import contextlib
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract.generators import temporal

BASE = datetime(2024, 1, 31, 9, 30, 15, 250000)  # a Wednesday


@pytest.mark.parametrize(
    ("expression", "moved"),
    [
        ("", "2024-01-31"), ("now", "2024-01-31"), ("today", "2024-01-31"), ("yesterday", "2024-01-30"),
        ("tomorrow", "2024-02-01"), ("+ 1 day", "2024-02-01"), ("-2weeks", "2024-01-17"),
        ("+1 year-1 day", "2025-01-30"),
        ("today+ 1 month", "2024-02-01"), ("- 2 months", "2023-11-30"), ("+ 2 months", "2024-03-31"),
        ("next day", "2024-02-01"), ("last week", "2024-01-24"), ("next fortnight", "2024-02-14"),
        ("next month", "2024-02-01"), ("last year", "2023-01-31"), ("next wed", "2024-02-07"),
        ("last wednesday", "2024-01-24"),
        ("next thurs", "2024-02-01"), ("last tuesday", "2024-01-30"), ("next jan", "2025-01-01"),
        ("next february", "2024-02-01"),
        ("last january", "2023-01-01"), ("last december", "2023-12-01"), ("next monday + 1 week - 1 day", "2024-02-11"),
    ],
)  # fmt: skip
def test_a_date_is_moved(expression: str, moved: str) -> None:
    assert temporal.date(BASE, expression) == datetime.fromisoformat(moved).replace(
        hour=9, minute=30, second=15, microsecond=250000
    )


@pytest.mark.parametrize(
    ("expression", "moved"),
    [
        ("", "09:30:15.250"), ("now", "09:30:15.250"), ("midnight", "00:00:00"), ("noon + 5 minutes", "12:05:00"),
        ("+ 1 hour - 15 seconds", "10:30:00.250"), ("next minute", "09:31:15.250"),
        ("last millisecond", "09:30:15.249"),
        ("5 o'clock", "17:00:00"), ("5 o'clock am", "05:00:00"), ("5o'clock pm", "17:00:00"),
        ("12 o'clock am", "12:00:00"),
        ("12 o'clock pm", "09:30:15.250"), ("1 o'clock + 30 minutes", "13:30:00"),
    ],
)  # fmt: skip
def test_a_time_is_moved(expression: str, moved: str) -> None:
    assert temporal.time(BASE, expression).time() == datetime.fromisoformat(f"2024-01-31T{moved}").time()


def test_in_the_afternoon_an_hour_is_taken_as_it_is() -> None:
    assert temporal.time(BASE.replace(hour=15), "5 o'clock").hour == 5


@pytest.mark.parametrize(
    ("expression", "moved"),
    [
        ("tomorrow @ noon", "2024-02-01T12:00:00"), ("@ midnight", "2024-01-31T00:00:00"),
        ("tomorrow@", "2024-02-01T09:30:15.250000"), ("@", "2024-01-31T09:30:15.250000"),
        ("now @ + 20 hours", "2024-02-01T05:30:15.250000"),
    ],
)  # fmt: skip
def test_a_date_and_a_time_are_joined(expression: str, moved: str) -> None:
    assert temporal.date_and_time(BASE, expression) == datetime.fromisoformat(moved)


@pytest.mark.parametrize(
    "expression",
    [" ", "Tomorrow", "next", "next bus", "+", "+ 1", "+ x days", "+ 1 hour", "now now", "+ 99999999 years", "@ noon",
     "+ 1 years", "+ 999999999999 days"],
)  # fmt: skip
def test_an_unreadable_date_is_refused_with_its_place(expression: str) -> None:
    leap_day = datetime(2024, 2, 29)

    with pytest.raises(temporal.ExpressionInvalid):
        temporal.date(leap_day, expression)
    with pytest.raises(temporal.ExpressionInvalid):
        temporal.date_and_time(leap_day, expression.replace("@", " @ @") + " @ ")


def test_the_place_is_named() -> None:
    with pytest.raises(temporal.ExpressionInvalid, match="expected a number at position 11, found 'two'"):
        temporal.date(BASE, "tomorrow + two days")


WORDS = st.sampled_from(
    [
        "now",
        "today",
        "next",
        "last",
        "+",
        "-",
        "1",
        "2",
        "day",
        "month",
        "monday",
        "jan",
        "o'clock",
        "am",
        "noon",
        "hours",
        "@",
        "'",
        "x",
    ]
)


@given(st.lists(WORDS).map(" ".join) | st.text(max_size=20), st.datetimes())
def test_any_text_moves_the_base_or_is_refused(expression: str, base: datetime) -> None:
    for read in (temporal.date, temporal.time, temporal.date_and_time):
        with contextlib.suppress(temporal.ExpressionInvalid):
            assert isinstance(read(base, expression), datetime)
