"""Media types: parsing, their kind, equivalence, detection."""

import pytest

from tallystick.contract import content_types as ct
from tallystick.contract.content_types import ContentType, detect, parse
from tallystick.contract.model import MISSING, Body


def known(text: str) -> ContentType:
    found = parse(text)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("application/json", "application/json"),
        ("Application/JSON; Charset=UTF-8", "application/json;charset=utf-8"),
        ("application/hal+json", "application/hal+json"),
        ('text/plain; b="x;y"; a=Q', "text/plain;a=Q;b=x;y"),
        ("*/*", "*/*"),
        ("text/plain;", "text/plain"),
        ("application/problem+json ; x=1", "application/problem+json;x=1"),
    ],
)
def test_a_media_type_is_read_in_parts_and_written_in_one_form(text: str, written: str) -> None:
    assert str(parse(text)) == written


@pytest.mark.parametrize("text", ["", "json", "a/", "/b", "a b/c", "text/plain; x", "text/plain, text/html", "a/b;=1"])
def test_what_is_no_media_type_is_none(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("application/json", "json text"),
        ("application/json-patch+json", "json text"),
        ("application/vnd.api+json", "json text"),
        ("application/graphql", "json text"),
        ("text/json", "text"),
        ("application/x-ndjson", "binary"),
        ("application/xml", "xml strict_xml text"),
        ("text/xml", "xml strict_xml text"),
        ("application/atom+xml", "xml text"),
        ("image/svg+xml", "binary"),
        ("application/x-www-form-urlencoded", "form text"),
        ("multipart/form-data", "multipart binary"),
        ("application/javascript", "binary"),
        ("application/octet-stream", "binary"),
        ("text/csv", "text"),
        ("*/*", "binary unknown"),
    ],
)
def test_the_kind_of_a_type_is_as_in_the_pact_core(text: str, kinds: str) -> None:
    names = ("json", "xml", "strict_xml", "form", "multipart", "text", "binary", "unknown")

    assert {name for name in names if getattr(known(text), "is_" + name)} == set(kinds.split())


@pytest.mark.parametrize(
    ("expected", "actual", "equivalent"),
    [
        ("application/json", "application/json;charset=utf-8", True),
        ("application/json;charset=utf-8", "application/json", False),
        ("application/json;charset=utf-8", "application/json;charset=UTF-8", True),
        ("application/hal+json", "application/json", False),
        ("text/xml", "application/xml", True),
        ("text/xml;charset=utf-8", "application/xml;charset=utf-8", True),
        ("text/xml;charset=utf-8", "application/xml", False),
        ("text/plain", "text/html", False),
    ],
)
def test_parameters_count_only_where_they_are_expected(expected: str, actual: str, equivalent: bool) -> None:
    assert known(expected).equivalent(known(actual)) is equivalent


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('<?xml version="1.0"?><a/>', ct.XML),
        ("<!DOCTYPE html>", ct.HTML),
        ("  <!doctype html>", ct.HTML),
        ("<html>", ct.HTML),
        (" <html>", ct.XML),
        ("<a/>", ct.XML),
        ("{}", ct.JSON),
        ('{ "a": 1}', ct.JSON),
        ("{ a }", ct.TEXT),
        ("[anything", ct.JSON),
        ("12", ct.JSON),
        ("-12", ct.TEXT),
        ("2020-01-01", ct.JSON),
        ("true", ct.JSON),
        ('"x', ct.JSON),
        ("hello", ct.TEXT),
        ("", ct.TEXT),
    ],
)
def test_a_type_is_guessed_from_the_first_characters(text: str, found: ContentType) -> None:
    assert detect(text) == found


def test_the_own_type_of_a_body_goes_before_the_stated_one_and_that_before_a_guess() -> None:
    body = Body("present", b'{"a":1}')

    assert ct.of_body(Body("present", b"{}", "text/plain"), ct.XML) == ct.TEXT
    assert ct.of_body(Body("present", b"{}", "nonsense"), ct.XML) == ct.XML
    assert ct.of_body(body, ct.XML) == ct.XML
    assert ct.of_body(body, None) == ct.JSON
    assert ct.of_body(Body("present", b"\xff\xfe"), None) == ct.TEXT
    assert ct.of_body(MISSING, None) == ct.UNKNOWN


def test_headers_and_metadata_state_a_type_under_names_in_any_case() -> None:
    assert ct.in_headers({"content-TYPE": ("text/plain", "text/html")}) == ct.TEXT
    assert ct.in_headers([("X", "1"), ("Content-Type", "text/plain")]) == ct.TEXT
    assert ct.in_headers({"Content-Type": ()}) is None
    assert ct.in_headers(None) is None
    assert ct.in_metadata({"contentType": "text/plain"}) == ct.TEXT
    assert ct.in_metadata({"Content-Type": "text/plain"}) == ct.TEXT
    assert ct.in_metadata({"contentType": 5}) is None
