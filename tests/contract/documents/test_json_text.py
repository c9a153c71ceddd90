"""JSON text keeps what its numbers were, and refuses what is not JSON with the place and the reason."""

from decimal import Decimal
from typing import Any

import pytest

from tallystick.contract import json_text, limits
from tallystick.contract.json_text import JsonInvalid, dumps, loads


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-7", -7),
        ("1.0", Decimal("1.0")),
        ("1e0", Decimal("1")),
        ("1.50", Decimal("1.50")),
        ("-0", Decimal("-0")),
        ("[-0, -0.0, -0e1, -01e0]".replace("-01e0", "-1"), [Decimal("-0"), Decimal("-0.0"), Decimal("-0E1"), -1]),
        ("123456789012345678901234567890", 123456789012345678901234567890),
        ('{"a": 1, "a": 2}', {"a": 2}),
        (' {"d": "2020-01-05"} ', {"d": "2020-01-05"}),
        ('"\\ud83d\\ude00"', "😀"),
    ],
)
def test_values_are_read_with_the_kind_of_their_numbers(text: str, value: Any) -> None:
    found = loads(text)

    assert found == value
    assert repr(found) == repr(value)
    assert loads(text.encode()) == value


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"", "there is no text"),
        (b"   ", "there is no text"),
        (b"{", "line 1, column 2"),
        (b'{"a": 1,\n "b": nope}', "line 2, column 7"),
        (b"[1, 2", "line 1, column 6"),
        (b"NaN", "NaN is not JSON"),
        (b"[Infinity]", "Infinity is not JSON"),
        (b"\xff", "not UTF-8: byte 0 is 0xff"),
        (b"\xef\xbb\xbf{}", "byte-order mark"),
        (b'"\\ud800"', "half a surrogate pair"),
        (b'{"\\udfff": 1}', "half a surrogate pair"),
        (b'"a\nb"', "control character"),
        (b"1" * 5000, "MAX_NUMBER_DIGITS"),
        (b"1e999999999999999999999", "exponent"),
        (b"[" * 128 + b"]" * 128, "MAX_DEPTH"),
        (b"[" * 200_000, "MAX_DEPTH"),
    ],
)
def test_what_is_not_json_is_refused_with_the_reason(source: bytes, message: str) -> None:
    with pytest.raises(JsonInvalid) as refused:
        loads(source)

    assert message.lower() in str(refused.value).lower()


def test_as_many_levels_as_allowed_are_read_and_brackets_in_strings_are_none() -> None:
    assert dumps(loads("[" * limits.MAX_DEPTH + "]" * limits.MAX_DEPTH))
    assert loads('["' + "[" * 500 + '"]') == ["[" * 500]


def test_a_text_over_the_size_limit_is_refused_by_the_name_of_the_limit() -> None:
    with pytest.raises(JsonInvalid, match="MAX_DOCUMENT_BYTES"):
        loads(b"[1, 2, 3]", max_bytes=8)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.50"), "1.50"),
        (Decimal("15"), "15.0"),
        (Decimal("1E+3"), "1E+3"),
        (Decimal("-0"), "-0.0"),
        (1.5, "1.5"),
        (1 << 70, "1180591620717411303424"),
        ({"b": [True, None, Decimal("0.1")], "a": "é/\u2028"}, '{"b":[true,null,0.1],"a":"é/\u2028"}'),
        ('\x00\x1f\n"\\', '"\\u0000\\u001f\\n\\"\\\\"'),
        ([], "[]"),
        ({}, "{}"),
        ({"\x7f1\x7f": Decimal("2.0"), "s": "\x7f"}, '{"\x7f1\x7f":2.0,"s":"\x7f"}'),
    ],
)
def test_values_are_written_compactly_and_exactly(value: Any, text: str) -> None:
    assert dumps(value).decode() == text


def test_keys_are_sorted_and_lines_indented_on_demand() -> None:
    value = {"b": {"d": [], "c": [1, {"x": Decimal("1.0")}]}, "a": {}}

    assert dumps(value, sort_keys=True) == b'{"a":{},"b":{"c":[1,{"x":1.0}],"d":[]}}'
    assert dumps(value, indent=2).decode() == (
        '{\n  "b": {\n    "d": [],\n    "c": [\n      1,\n      {\n        "x": 1.0\n      }\n    ]\n  },\n  "a": {}\n}'
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), Decimal("NaN"), "\ud800", {"\ud800": 1}])
@pytest.mark.parametrize("indent", [None, 2])
def test_what_json_cannot_say_is_not_written(value: Any, indent: int | None) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        dumps([value], indent=indent)


def test_a_value_nested_beyond_reason_is_not_written() -> None:
    value: Any = []
    for _ in range(100_000):
        value = [value]

    with pytest.raises(json_text.JsonInvalid, match="MAX_DEPTH"):
        dumps(value)
