"""Generators: every kind, where they apply, and that what they make keeps the rule they stand beside."""

from __future__ import annotations

import contextlib
import random
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract import dates, json_text
from tallystick.contract.generators import (
    CannotGenerate,
    Mode,
    Source,
    generate_message,
    generate_request,
    generate_response,
    kinds,
    regex_text,
)
from tallystick.contract.matching import regexes
from tallystick.contract.model import Body, Generator, HttpRequest, HttpResponse, Json, Matcher, MessageContents, Rule

NOW = datetime(2024, 2, 29, 13, 14, 15, 123456, tzinfo=UTC)


def made(
    name: str, sample: Json = "x", mode: Mode = "consumer", given: dict[str, Json] | None = None, /, **config: Any
) -> Json:
    return kinds.value(Generator(name, config), sample, Source(mode, random.Random(1), NOW, given or {}))


def json_body(value: Json) -> Body:
    return Body("present", json_text.dumps(value), "application/json")


def test_integers_stay_in_their_limits_and_take_the_kind_of_the_example() -> None:
    numbers = {kinds.value(Generator("RandomInt", {"min": 3, "max": 5}), 1, Source("consumer", random.Random(s), NOW))
               for s in range(60)}  # fmt: skip

    assert numbers == {3, 4, 5}
    assert made("RandomInt", "1", min=7, max=7) == "7"
    assert made("RandomInt", 1, min="7", max=7.0) in range(11)  # neither is an integer: the defaults hold


@pytest.mark.parametrize("digits", [2, 3, 10, 40])
def test_decimals_have_the_asked_digits_and_a_point_inside(digits: int) -> None:
    as_text, as_number = made("RandomDecimal", "1", digits=digits), made("RandomDecimal", Decimal("1.5"), digits=digits)

    assert "." in str(as_text)[1:-1]
    assert isinstance(as_number, Decimal)
    assert len(str(as_text)) == len(json_text.dumps(as_number)) == digits + 1


def test_a_decimal_of_one_digit_has_no_point_and_of_none_is_empty() -> None:
    assert made("RandomDecimal", "1", digits=0) == ""
    assert str(made("RandomDecimal", "1", digits=1)).isdigit()


def test_text_kinds_have_the_asked_length_and_alphabet() -> None:
    hexadecimal, text = made("RandomHexadecimal", digits=40), made("RandomString", size=33)

    assert regexes.compiled("[0-9A-F]{40}").accepts(str(hexadecimal))
    assert regexes.compiled("[0-9A-Za-z]{33}").accepts(str(text))


@pytest.mark.parametrize(
    ("form", "pattern"),
    [
        ("simple", "[0-9a-f]{32}"),
        ("lower-case-hyphenated", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
        ("upper-case-hyphenated", "[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}"),
        ("URN", "urn:uuid:[0-9a-f-]{36}"),
        ("unheard of", "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    ],
)
def test_uuids_have_the_asked_format(form: str, pattern: str) -> None:
    assert regexes.compiled(pattern).accepts(str(made("Uuid", format=form)))
    assert "-" in str(made("Uuid", None, format="simple"))  # only a text example has a format


@pytest.mark.parametrize(
    "pattern",
    [
        r"\d{3}-[a-f]+", r"^(GET|POST) \/x\/\w+$", r"[^\s@]+@[^\s@]+\.[a-z]{2,}",
        r"(?<a>x|y)-\k<a>", r"(?i)abc(?:d|e)?",
        r"[[:alpha:]&&[^aeiou]]{5}", r"\p{Lu}\p{L}*", r"(?=.*\d)(?=.*[a-z])[a-z0-9]{8}", r"\bfoo\b", r"a{2,3}+",
        r"[\w-]+", "", r"\x41\u0042\h{4}", r"[^\x00-\x7f]", r"^a|b$", r"\$", r"(a(b(c)))\3", r"\R?",
        r"^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$", r"[A-Z]{2}\d{2}[ ](?:[A-Z0-9]{4} ){3}", r"\w{0}", r".*",
        r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}",
    ],
)  # fmt: skip
def test_text_for_a_pattern_is_accepted_by_it(pattern: str) -> None:
    for seed in range(30):
        text = made_regex(pattern, seed)

        assert regexes.compiled(pattern).accepts(text), text


def made_regex(pattern: str, seed: int) -> str:
    return str(kinds.value(Generator("Regex", {"regex": pattern}), "", Source("consumer", random.Random(seed), NOW)))


PIECES = ["a", ".", r"\d", r"\w", "[a-c]", "[^a]", r"\.", "(?:x|yz)", "(q)", r"\s", "[[:digit:]]", r"\p{Ll}", "é"]
REPEATS = ["", "", "*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "++"]


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(REPEATS)), max_size=6), st.integers(0, 9))
def test_text_for_any_composed_pattern_is_accepted_by_it(parts: list[tuple[str, str]], seed: int) -> None:
    # Possessive repeats never give back, so nothing that could be swallowed may follow one.
    pattern = "".join(piece + (repeat if repeat != "++" else "+") for piece, repeat in parts)

    assert regexes.compiled(pattern).accepts(made_regex(pattern, seed))


@pytest.mark.parametrize(
    "pattern", ["(", "[", "[z-a]", "a{3,2}", "*", r"\p{Nonsense}", "(?y)", "(" * 300, "a" * 20_000]
)
def test_a_pattern_nothing_can_be_made_for_is_named(pattern: str) -> None:
    with pytest.raises(CannotGenerate, match=r"\S"):
        made("Regex", regex=pattern)


@given(st.text(max_size=40))
def test_no_pattern_breaks_the_maker(pattern: str) -> None:
    with contextlib.suppress(regex_text.PatternUnsupported):
        assert isinstance(regex_text.text_for(pattern, random.Random(0), lambda text: True), str)


@pytest.mark.parametrize(
    ("kind", "config", "value"),
    [
        ("Date", {}, "2024-02-29"),
        ("Date", {"format": "dd/MM/yy", "expression": "tomorrow"}, "01/03/24"),
        ("Time", {}, "13:14:15"),
        ("Time", {"format": "HH:mm", "expression": "+ 2 hours"}, "15:14"),
        ("DateTime", {}, "2024-02-29T13:14:15.123+0000"),
        ("DateTime", {"format": "yyyy-MM-dd HH:mm", "expression": "next monday @ noon"}, "2024-03-04 12:00"),
    ],
)
def test_dates_are_written_by_format_and_moved_by_expression(kind: str, config: dict[str, str], value: str) -> None:
    assert made(kind, **config) == value


def test_the_context_can_pin_the_clock() -> None:
    assert made("Date", "x", "consumer", {"baseDate": "2001-01-31"}, expression="+ 1 month") == "2001-02-01"
    assert made("Time", "x", "consumer", {"baseTime": "23:59"}, expression="+ 1 minute", format="HH:mm") == "00:00"
    assert made("DateTime", "x", "consumer", {"baseDateTime": "2001-01-31T10:00:00+02:00"}, format="HHX") == "10+0200"


@pytest.mark.parametrize(
    ("expression", "data_type", "value"),
    [
        ("id", None, 7), ("${id}", None, 7), ("/x/${id}", None, "/x/7"), ("${id}-${name}", None, "7-ann"),
        ("${nothing}!", None, "!"), ("a${}b", None, "ab"), ("${id}", "STRING", "7"), ("${text}", "INTEGER", 12),
        ("${half}", "INTEGER", 0), ("${yes}", "INTEGER", 1), ("${nothing}", "INTEGER", 0), ("${id}", "BOOLEAN", True),
        ("${nothing}", "BOOLEAN", False), ("${list}", "STRING", "[1]"), ("${list}", "RAW", [1]),
        ("${list}", "odd", [1]),
    ],
)  # fmt: skip
def test_provider_state_values_are_looked_up_and_converted(expression: str, data_type: str | None, value: Json) -> None:
    context: dict[str, Json] = {"id": 7, "name": "ann", "nothing": None, "text": "12", "half": Decimal("0.5")}
    context |= {"yes": True, "list": [1]}
    config = {"expression": expression} | ({"dataType": data_type} if data_type else {})

    found = made("ProviderState", "x", "provider", context, **config)

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("expression", "data_type"),
    [("${who}", "RAW"), ("${id", "RAW"), ("${list}", "INTEGER"), ("${word}", "DECIMAL"), ("${word}", "BOOLEAN"),
     ("${minus}", "INTEGER"), ("${huge}", "INTEGER"), ("${list}", "DECIMAL")],
)  # fmt: skip
def test_a_provider_state_value_that_does_not_fit_is_refused(expression: str, data_type: str) -> None:
    context: dict[str, Json] = {"id": 7, "list": [1], "word": "one", "minus": "-1", "huge": Decimal("1e99999")}

    with pytest.raises(CannotGenerate, match=r"\S"):
        made("ProviderState", "x", "provider", context, expression=expression, dataType=data_type)


def test_a_decimal_from_a_provider_state_stays_a_decimal() -> None:
    found = made("ProviderState", 1, "provider", {"n": 5}, expression="n", dataType="DECIMAL")

    assert json_text.dumps(found) == b"5.0"


def test_the_mock_server_puts_its_own_url_before_the_path_of_the_example() -> None:
    config = {"example": "http://x:1/orders/5", "regex": r".*(\/orders\/\d+)$"}

    for server in ("http://127.0.0.1:99/", {"href": "http://127.0.0.1:99"}):
        assert (
            made("MockServerURL", "x", "consumer", {"mockServer": server}, **config) == "http://127.0.0.1:99/orders/5"
        )
    with pytest.raises(CannotGenerate):
        made("MockServerURL", **config)


def test_each_side_has_kinds_of_its_own() -> None:
    with pytest.raises(CannotGenerate):
        made("ProviderState", "x", "consumer", {"a": 1}, expression="a")
    with pytest.raises(CannotGenerate):
        made("MockServerURL", "x", "provider", {"mockServer": "http://x"}, example="/a", regex="(.*)")


def test_a_request_is_generated_in_path_query_headers_and_body() -> None:
    state = Generator("ProviderState", {"expression": "${id}"})
    request = HttpRequest(
        path="/orders/1", query={"page": ("1", "2")},
        headers={"X-Order": ("1", "2"), "Content-Type": ("application/json",)},
        body=Body("present", b'{"id": 1, "lines": [{"n": 1}, {"n": 2}], "map": {"a": 1, "b": 2}}'),
        generators={
            "path": {"": Generator("ProviderState", {"expression": "/orders/${id}"})},
            "query": {"page": state, "more": state}, "header": {"x-order": state, "X-New": state},
            "body": {"$.id": state, "$.lines[*].n": state, "$.map.*": state, "$.absent.x": state, "$.lines[9]": state},
        },
    )  # fmt: skip

    sent = generate_request(request, "provider", {"id": 42}, random.Random(0), NOW)

    assert sent.path == "/orders/42"
    assert sent.query == {"page": ("42", "42"), "more": ("42",)}
    assert sent.headers == {"X-Order": ("42",), "Content-Type": ("application/json",), "X-New": ("42",)}
    assert sent.body.content == b'{"id":42,"lines":[{"n":42},{"n":42}],"map":{"a":42,"b":42}}'
    assert sent.body.content_type == "application/json"
    assert generate_request(request, "consumer", {"id": 42}, random.Random(0), NOW).path == "/orders/1"


def test_a_failing_generator_leaves_what_was_there() -> None:
    request = HttpRequest(
        path="/a", query={"q": ("1",)}, body=json_body({"a": 1}),
        generators={
            "path": {"": Generator("ProviderState", {"expression": "${gone}"})},
            "query": {"q": Generator("Unheard", {})},
            "body": {"$.a": Generator("RandomInt", {"min": 5, "max": 1})},
        },
    )  # fmt: skip

    sent = generate_request(request, "provider", {}, random.Random(0), NOW)

    assert (sent.path, sent.query, sent.body.content) == ("/a", {"q": ("1",)}, b'{"a":1}')


def test_a_response_takes_its_status_from_few_kinds_only() -> None:
    def status(generator: Generator) -> int:
        response = HttpResponse(200, generators={"status": {"": generator}})
        return generate_response(response, "consumer", {}, random.Random(0), NOW).status

    assert status(Generator("RandomInt", {"min": 404, "max": 404})) == 404
    assert status(Generator("Regex", {"regex": "404"})) == 200
    assert status(Generator("RandomInt", {"min": 4, "max": 4})) == 200


def test_a_path_of_the_root_replaces_the_document() -> None:
    response = HttpResponse(
        body=json_body([1]), generators={"body": {"$": Generator("RandomInt", {"min": 3, "max": 3})}}
    )

    assert generate_response(response, "consumer", {}, random.Random(0), NOW).body.content == b"3"


def test_variants_of_array_contains_bring_generators_of_their_own() -> None:
    variants: list[Json] = [
        {"index": 1, "rules": {}, "generators": {"$.id": {"type": "RandomInt", "min": 8, "max": 8}}},
        {"index": 7, "rules": {}, "generators": {"$.id": {"type": "RandomInt"}}},
        "odd",
    ]
    response = HttpResponse(
        body=json_body({"all": [{"id": 1}, {"id": 2}]}),
        rules={"body": {"$.all": Rule((Matcher("arrayContains", {"variants": variants}),))}},
    )

    answered = generate_response(response, "consumer", {}, random.Random(0), NOW)

    assert answered.body.content == b'{"all":[{"id":1},{"id":8}]}'


def test_xml_is_generated_in_text_and_attributes() -> None:
    seven = Generator("RandomInt", {"min": 7, "max": 7})
    content = b'<?xml version="1.0"?><a:r xmlns:a="urn:a"><i n="1">1</i><i n="2"><b/></i><c/></a:r>'
    response = HttpResponse(
        body=Body("present", content, "application/xml"),
        generators={"body": {"$.a:r.i.#text": seven, "$['a:r']['i']['@n']": seven, "$.a:r.gone.#text": seven}},
    )

    answered = generate_response(response, "consumer", {}, random.Random(0), NOW)

    assert answered.body.content.decode() == (
        '<?xml version="1.0" encoding="UTF-8"?><a:r xmlns:a="urn:a"><i n="7">7</i><i n="7">7<b/></i><c/></a:r>'
    )


@pytest.mark.parametrize(
    "content",
    [b"<a", b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", b"<a>" * 3000 + b"</a>" * 3000, b"\xff<a/>"],
)
def test_xml_that_is_broken_or_dangerous_is_left_alone(content: bytes) -> None:
    response = HttpResponse(
        body=Body("present", content, "application/xml"), generators={"body": {"$.a.#text": Generator("RandomInt")}}
    )

    assert generate_response(response, "consumer", {}, random.Random(0), NOW).body.content == content


def test_a_form_field_is_generated_by_name_and_position() -> None:
    seven = Generator("RandomInt", {"min": 7, "max": 7})
    request = HttpRequest(
        headers={"content-type": ("application/x-www-form-urlencoded",)},
        body=Body("present", b"a=1&b=x+y&a=2"),
        generators={"body": {"$.a[1]": seven, "$.b": seven, "$.c": seven}},
    )

    assert generate_request(request, "provider", {}, random.Random(0), NOW).body.content == b"a=1&b=7&a=7"


def test_a_body_of_another_type_is_left_alone() -> None:
    response = HttpResponse(
        body=Body("present", b"1", "text/plain"), generators={"body": {"$": Generator("RandomInt")}}
    )

    assert generate_response(response, "consumer", {}, random.Random(0), NOW) == response


def test_a_message_is_generated_in_contents_and_metadata() -> None:
    message = MessageContents(
        json_body({"id": 1}), {"topic": "t", "id": 1},
        generators={
            "metadata": {"id": Generator("RandomInt", {"min": 4, "max": 4}), "x": Generator("ProviderState", {})},
            "body": {"$.id": Generator("RandomInt", {"min": 5, "max": 5})},
        },
    )  # fmt: skip

    handed = generate_message(message, "consumer", {}, random.Random(0), NOW)

    assert handed.metadata == {"topic": "t", "id": 4}
    assert handed.body.content == b'{"id":5}'


@given(st.integers(), st.sampled_from(["RandomInt", "RandomDecimal", "Uuid", "RandomString", "Regex", "RandomBoolean"]))
def test_the_same_seed_gives_the_same_value(seed: int, name: str) -> None:
    generator = Generator(name, {"regex": "[a-z]{5}"})

    first, second = (kinds.value(generator, "x", Source("consumer", random.Random(seed), NOW)) for _ in range(2))

    assert first == second


NAMES = ["RandomInt", "RandomDecimal", "RandomHexadecimal", "RandomString", "Regex", "Uuid", "Date", "Time", "DateTime"]
NAMES += ["RandomBoolean", "ProviderState", "MockServerURL", "Other"]
MEMBERS = ["min", "max", "digits", "size", "regex", "format", "expression", "dataType", "example"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda j: st.lists(j, max_size=3) | st.dictionaries(st.text(max_size=3), j, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(MEMBERS), JSON),
    JSON,
    st.sampled_from(["consumer", "provider"]),
    st.dictionaries(st.text(max_size=4), JSON, max_size=3),
)
def test_whatever_is_configured_a_generator_makes_a_value_or_says_why_not(
    name: str, config: dict[str, Json], example: Json, mode: Mode, context: dict[str, Json]
) -> None:
    with contextlib.suppress(CannotGenerate):
        json_text.dumps(kinds.value(Generator(name, config), example, Source(mode, random.Random(0), NOW, context)))


@given(st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 20)))
def test_a_generated_date_keeps_the_rule_of_the_same_format(now: datetime) -> None:
    now = now.replace(tzinfo=UTC)
    for name, form in [("Date", "yyyy-MM-dd"), ("Time", "HH:mm:ss.SSS"), ("DateTime", "EEE, d MMM yyyy HH:mm:ss z")]:
        text = kinds.value(Generator(name, {"format": form}), "", Source("consumer", random.Random(0), now))
        assert isinstance(text, str)
        assert dates.why_not(text, form) is None
