"""What the body of a document means, and that it is written back as something that means the same."""

from decimal import Decimal
from typing import Any

import pytest

from tallystick.contract import bodies
from tallystick.contract import content_types as ct
from tallystick.contract.bodies import ABSENT, read_plain, read_v4, write_plain, write_v4
from tallystick.contract.content_types import ContentType
from tallystick.contract.model import EMPTY, MISSING, NULL, Body

OCTETS = ct.parse("application/octet-stream")


@pytest.mark.parametrize(
    ("value", "stated", "expected"),
    [
        (ABSENT, None, MISSING),
        (None, ct.JSON, NULL),
        ("", ct.JSON, EMPTY),
        ({"b": Decimal("1.0"), "a": [1]}, None, b'{"a":[1],"b":1.0}'),
        (False, None, b"false"),
        (0, ct.TEXT, b"0"),
        ("hello", None, b"hello"),
        ("hello", ct.JSON, b'"hello"'),
        ("true", None, b'"true"'),
        ("[1]", None, b'"[1]"'),
        ("12", ct.JSON, b'"12"'),
        ('{"a": 1}', ct.JSON, b'{"a": 1}'),
        ('"quoted"', ct.JSON, b'"quoted"'),
        ('say "hi"', ct.JSON, b'"say "hi""'),
        ("<a/>", ct.XML, b"<a/>"),
        ("AP8=", OCTETS, b"\x00\xff"),
        ("not base64!", OCTETS, b"not base64!"),
    ],
)
def test_a_body_before_version_4_means_what_the_pact_core_takes_it_for(
    value: Any, stated: ContentType | None, expected: Body | bytes
) -> None:
    body = read_plain(value, stated)

    assert body == (expected if isinstance(expected, Body) else Body("present", expected))
    assert read_plain(write_plain(body, stated), stated) == body


@pytest.mark.parametrize(
    ("value", "stated", "expected"),
    [
        (ABSENT, None, MISSING),
        (None, None, NULL),
        ({"content": None}, None, NULL),
        ({}, None, MISSING),
        ({"contentType": "text/plain"}, None, MISSING),
        ({"content": ""}, None, EMPTY),
        ({"a": 1}, None, Body("present", b'{"a":1}')),
        ("abc", None, Body("present", b'"abc"')),
        ([1], None, Body("present", b"[1]")),
        ({"content": {"a": 1}}, None, Body("present", b'{"a":1}')),
        ({"content": "x", "contentType": "text/plain"}, None, Body("present", b"x", "text/plain")),
        ({"content": '{"a":1}'}, ct.JSON, Body("present", b'"{\\"a\\":1}"')),
        ({"content": '{"a": 1}', "encoded": "JSON"}, ct.JSON, Body("present", b'{"a": 1}')),
        ({"content": "AP8=", "encoded": "Base64"}, None, Body("present", b"\x00\xff")),
        ({"content": "no!", "encoded": "base64"}, None, Body("present", b"no!")),
        ({"content": "x", "encoded": True}, None, Body("present", b"x")),
        ({"content": {"a": 1}, "encoded": "zip"}, None, Body("present", b'{"a":1}')),
        ({"content": "x", "contentTypeHint": "TEXT"}, None, Body("present", b"x", None, "TEXT")),
        ({"content": "x", "odd": [1]}, None, Body("present", b"x", extra={"odd": [1]})),
    ],
)
def test_a_body_of_version_4_means_what_the_pact_core_takes_it_for(
    value: Any, stated: ContentType | None, expected: Body
) -> None:
    body = read_v4(value, stated)

    assert body == expected
    assert read_v4(write_v4(body, stated), stated) == body


@pytest.mark.parametrize("content", [b"{}", b'{"a": 1}', b'"x"', b"null", b'""', b"1.0", b"hi", b"\xff\x00", b"YWJj"])
@pytest.mark.parametrize("kind", [None, "application/json", "text/plain", "image/png", "application/xml", "odd"])
@pytest.mark.parametrize("hint", [None, "TEXT", "BINARY"])
def test_every_body_survives_version_4(content: bytes, kind: str | None, hint: Any) -> None:
    body = Body("present", content, kind, hint)

    assert read_v4(write_v4(body, None), None) == body


def test_binary_content_is_written_in_base64_and_json_as_it_is() -> None:
    assert write_v4(Body("present", b"\x89PNG", "image/png"), None) == {
        "content": "iVBORw==",
        "encoded": "base64",
        "contentType": "image/png",
    }
    assert write_v4(Body("present", b'{"a":1}', "application/json"), None) == {
        "content": {"a": 1},
        "encoded": False,
        "contentType": "application/json",
    }


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("abc", "an object with `content`"),
        ({"a": 1}, "whole object"),
        ({"content": "x", "encoded": "zip"}, "encoding is not known"),
        ({"content": "!", "encoded": "base64"}, "not base64"),
        ({"content": "x", "contentType": "nope"}, "'nope' is not a media type"),
    ],
)
def test_an_odd_body_of_version_4_is_named(value: Any, words: str) -> None:
    assert any(words in message for message in bodies.oddities_v4(value))
