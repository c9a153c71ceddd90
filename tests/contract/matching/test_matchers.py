"""What each matcher accepts, by kind of value (Pact, "Matchers"), one row a claim."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tallystick.contract.matching.check import Check
from tallystick.contract.matching.matchers import MATCHERS, check_of
from tallystick.contract.mismatch import MATCHER_KINDS
from tallystick.contract.model import Matcher


def check(name: str, **config: Any) -> Check:
    return check_of(Matcher(name, config))


JSON: list[tuple[Check, Any, list[Any], list[Any]]] = [
    (check("equality"), 1, [1], [Decimal("1.0"), "1", True, None]),
    (check("equality"), Decimal("1.10"), [Decimal("1.1"), 1.1], [1, "1.1"]),
    (check("equality"), True, [True], [1, "true"]),
    (check("equality"), 100, [100], [Decimal("1e2")]),
    (check("equality"), Decimal("1e400"), [Decimal("1e400")], [Decimal("1e401"), 1]),
    (check("equality"), 2**64, [2**64, 2**64 + 1, Decimal(2**64)], [2**64 - 1]),
    (check("type"), 1, [2, Decimal("1.5"), -7, 2**70], ["1", True, None, [], {}]),
    (check("type", min=2), "a", ["", "b"], [1, None]),
    (check("type"), None, [None], [0, "", False]),
    (check("type"), True, [False], [0, "true"]),
    (check("regex", regex=r"\d+"), "x", ["12", 12], ["", "1a", "a1", -1, None, Decimal("1.5")]),
    (check("regex", regex="null"), "x", [None, "null"], ["nulls"]),
    (check("regex", regex=r"\[1,2\]"), "x", [[1, 2], "[1,2]"], [[1, 2, 3]]),
    (check("include", value="b"), "x", ["abc", {"b": 1}, ["b"], True and "b"], ["ac", None, 1]),
    (check("integer"), 1, [0, -5, 2**64 - 1, -(2**63)], [Decimal("1.0"), "1", True, None, 2**64, Decimal("-0")]),
    (check("decimal"), 1, [Decimal("1.0"), Decimal("1e3"), 1.5, 2**64], [1, "1.0", True]),
    (check("number"), 1, [1, Decimal("1.5"), 0.1], ["1", True, None, []]),
    (check("boolean"), True, [True, False, "true", "false"], [1, 0, "TRUE", None, {}]),
    (check("null"), None, [None], [0, "", [], "null"]),
    (check("notEmpty"), "x", ["a", 0, False, [1], {"a": 1}], ["", None, [], {}]),
    (check("semver"), "1.0.0", ["1.2.3", "1.2.3-rc.1+b.5"], ["1.2", "v1.2.3", "01.2.3", 1, "1.2.3-01"]),
    (check("date"), "x", ["2020-02-29"], ["2021-02-29", "2020-2-30", "", None, "2020-01-01T00:00"]),
    (check("date", format="yyyyMMdd"), "x", [20200131, "20200131"], [20200132]),
    (check("time"), "x", ["23:59:60"], ["24:00:00", "12:00"]),
    (check("datetime"), "x", ["2020-01-01T10:00:00+01:00"], ["2020-01-01T10:00:00.5Z"]),
    (check("contentType", value="application/json"), "x", ['{"a":1}', "eyJhIjoxfQ=="], ["hello"]),
    (check("values"), 1, [1], [2]),
    (check("statusCode"), 1, [1, "anything"], []),
    (check("arrayContains", variants=[]), 1, ["anything"], []),
    (check("eachKey", rules=[]), 1, ["anything"], []),
    (check("eachValue", rules=[]), 1, ["anything"], []),
    (check("no-such-matcher"), 1, [], [1, "a", None]),
]


@pytest.mark.parametrize(("matcher", "expected", "accepted", "refused"), JSON, ids=lambda v: getattr(v, "kind", None))
def test_json_values(matcher: Check, expected: Any, accepted: list[Any], refused: list[Any]) -> None:
    assert [value for value in accepted if not matcher.json(expected, value)] == []
    assert [value for value in refused if matcher.json(expected, value)] == []
    assert all(matcher.json_why(expected, value) for value in refused)


TEXT: list[tuple[Check, str, list[str], list[str]]] = [
    (check("equality"), "a", ["a"], ["A", "a ", ""]),
    (check("values"), "a", ["a"], ["b"]),
    (check("type"), "a", ["", "1"], []),
    (check("type", min=3), "a", ["", "1"], []),
    (check("regex", regex="a|ab"), "", ["a", "ab"], ["b", "abc"]),
    (check("include", value="b"), "", ["abc", "b"], ["", "ac"]),
    (check("number"), "", ["1", "-1.5", ".5", "5.", "1e3", "+2", "inf", "NaN", "Infinity"], ["", " 1", "1_0", "0x1"]),
    (check("number"), "", ["1E-5", "-0"], ["e5", ".", "+", "1e", "١"]),
    (check("decimal"), "", ["15", "1.5"], ["", "a"]),
    (check("integer"), "", ["0", "+5", "007", str(2**64 - 1)], ["-1", "1.0", "", str(2**64), "١"]),
    (check("boolean"), "", ["true", "false"], ["True", "1", ""]),
    (check("date"), "", ["2020-01-31"], ["31.1.2020"]),
    (check("notEmpty"), "", ["a", " "], [""]),
    (check("semver"), "", ["0.0.1"], ["1"]),
    (check("statusCode"), "", ["200", "299"], ["300", "-200", "x", "65736"]),
    (check("statusCode", status=[404, "500"]), "", ["404", "500"], ["200"]),
    (check("contentType", value="text/plain"), "", ["hello", "12"], ["<html>"]),
    (check("null"), "", [], ["", "null"]),
    (check("eachKey", rules=[]), "", [], ["a"]),
    (check("eachValue", rules=[]), "", [], ["a"]),
    (check("arrayContains", variants=[]), "", [], ["a"]),
]  # fmt: skip


@pytest.mark.parametrize(("matcher", "expected", "accepted", "refused"), TEXT, ids=lambda v: getattr(v, "kind", None))
def test_text(matcher: Check, expected: str, accepted: list[str], refused: list[str]) -> None:
    assert [value for value in accepted if not matcher.text(expected, value)] == []
    assert [value for value in refused if matcher.text(expected, value)] == []
    assert all(matcher.text_why(expected, value) for value in refused)


STATUS: list[tuple[Check, list[int], list[int]]] = [
    (check("equality"), [200], [201]),
    (check("type"), [200, 500], []),
    (check("integer"), [200, 500], []),
    (check("number"), [200, 500], []),
    (check("decimal"), [], [200]),
    (check("regex", regex=r"2\d\d"), [200, 299], [300]),
    (check("include", value="0"), [200], [211]),
    (check("statusCode", status="info"), [100, 199], [99, 200]),
    (check("statusCode"), [200, 299], [199, 300]),
    (check("statusCode", status="redirect"), [300, 399], [400]),
    (check("statusCode", status="clientError"), [400, 499], [500]),
    (check("statusCode", status="serverError"), [500, 599], [600, 499]),
    (check("statusCode", status="nonError"), [100, 399], [400]),
    (check("statusCode", status="error"), [400, 600], [399]),
    (check("boolean"), [], [200]),
    (check("date"), [], [200]),
]


@pytest.mark.parametrize(("matcher", "accepted", "refused"), STATUS, ids=lambda v: getattr(v, "kind", None))
def test_status_codes(matcher: Check, accepted: list[int], refused: list[int]) -> None:
    assert [code for code in accepted if not matcher.status(200, code)] == []
    assert [code for code in refused if matcher.status(200, code)] == []
    assert all(matcher.status_why(200, code) for code in refused)


DATA: list[tuple[Check, list[bytes], list[bytes]]] = [
    (check("equality"), [b"\x00a"], [b"a"]),
    (check("type"), [b"", b"\xff"], []),
    (check("regex", regex="é+"), ["éé".encode()], [b"\xff", b"e"]),
    (check("include", value="é"), ["aéb".encode()], [b"\xff"]),
    (check("contentType", value="image/png"), [b"\x89PNG\r\n"], [b"GIF89a"]),
    (check("notEmpty"), [b"\x00"], [b""]),
    (check("integer"), [], [b"1"]),
]


@pytest.mark.parametrize(("matcher", "accepted", "refused"), DATA, ids=lambda v: getattr(v, "kind", None))
def test_bytes(matcher: Check, accepted: list[bytes], refused: list[bytes]) -> None:
    assert [data for data in accepted if not matcher.data(b"\x00a", data)] == []
    assert [data for data in refused if matcher.data(b"\x00a", data)] == []
    assert all(matcher.data_why(b"\x00a", data) for data in refused)


def test_every_matcher_of_the_specification_is_here() -> None:
    assert set(MATCHERS) == MATCHER_KINDS


def test_a_name_nobody_knows_is_refused_by_name() -> None:
    assert check("iso8601").json_why(1, 1) == (
        "Could not apply the 'iso8601' matching rule - No catalogue entry found for key 'iso8601'"
    )


def test_sentences_are_those_of_the_catalogue() -> None:
    assert check("equality").json_why("a", "b") == "Expected 'b' (String) to be equal to 'a' (String)"
    assert check("type").json_why("a", Decimal("1e-7")) == (
        "Expected 1e-7 (Decimal) to be the same type as 'a' (String)"
    )
    assert check("type", min=3).array_why([], [1, 2]) == "Expected [1, 2] (size 2) to have minimum size of 3"
    assert check("null").json_why(None, "") == "Expected '' (String) to be a null value"
    assert check("integer").text_why("", "x") == "Expected 'x' to match an integer number"
    assert check("notEmpty").json_why("a", None) == "Expected non-empty value but got a NULL"
    assert check("statusCode", status=[404, 500]).status_why(200, 200) == "Expected status code 200 to be a 404, 500"
    assert check("regex", regex="a").json_why("", 1) == "Expected '1' to match 'a'"
