"""Edits as text: what each means, and where the broken ones break."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract.openapi.edits import Edit, EditInvalid, Target, parse_edit, parse_target

TOTAL = Target("GET", "/orders/{id}", "200", "response body", "$.total")


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("remove 'GET /orders/{id} 200 $.total'", Edit("remove", TOTAL)),
        ("remove get /orders/{id} 200 $.total", Edit("remove", TOTAL)),
        ("rename 'GET /orders/{id} 200 $.total' to '$.sum'", Edit("rename", TOTAL, "$.sum")),
        ("rename GET /orders/{id} 200 $.total to sum", Edit("rename", TOTAL, "sum")),
        ("type 'GET /orders/{id} 200 $.total' string", Edit("type", TOTAL, "string")),
        ("type GET /orders/{id} 200 $.total string", Edit("type", TOTAL, "string")),
        ("nullable 'GET /orders/{id} 200 $.total'", Edit("nullable", TOTAL, certain=False)),
        ("require 'POST /orders $.email'", Edit("require", Target("POST", "/orders", "", "request body", "$.email"))),
        ("require 'POST /orders query page'", Edit("require", Target("POST", "/orders", "", "request query", "page"))),
        ("require 'POST /orders header X-Key'",
         Edit("require", Target("POST", "/orders", "", "request header", "x-key"))),
        ("remove 'GET /a 200 header ETag'", Edit("remove", Target("GET", "/a", "200", "response header", "etag"))),
        ("remove 'GET /a 4xx'", Edit("remove", Target("GET", "/a", "4XX"))),
        ("remove 'GET /a default $.x'", Edit("remove", Target("GET", "/a", "default", "response body", "$.x"))),
        ("remove 'GET /a 200 $.lines[*][\"x\"]'".replace('["x"]', ".x"),
         Edit("remove", Target("GET", "/a", "200", "response body", "$.lines[*].x"))),
        ("drop operation 'GET /orders/{id}'", Edit("drop operation", Target("GET", "/orders/{id}"))),
        ("remove 'orders.created $.total'",
         Edit("remove", Target("", "orders.created", "", "response body", "$.total"))),
    ],
)  # fmt: skip
def test_an_edit_is_read(text: str, edit: Edit) -> None:
    assert parse_edit(text) == edit


@pytest.mark.parametrize(
    "text",
    [
        "remove 'GET /a 200 $.x'", "rename 'GET /a 200 $.x' to y", "type 'POST /a $.x' integer",
        "drop operation 'GET /a'", "require 'POST /a query q'", "remove 'GET /a 200 header etag'",
    ],
)  # fmt: skip
def test_an_edit_is_written_as_it_is_read(text: str) -> None:
    assert str(parse_edit(text)) == text


@pytest.mark.parametrize(
    ("text", "leads_to"),
    [
        ("rename 'GET /a 200 $.x.y' to z", "GET /a 200 $.x.z"),
        ("rename 'GET /a 200 $.x.y' to '$.z'", "GET /a 200 $.z"),
        ("replace 'GET /a 200 $.x[*].y' by '$.z.w'", "GET /a 200 $.z.w"),
        ("rename 'GET /a 200 $.x' to '$ref'", "GET /a 200 $['$ref']"),
        ("rename 'GET /a 200 header ETag' to Last-Modified", "GET /a 200 header last-modified"),
        ("rename 'GET /a query Page' to From", "GET /a query From"),
        ("replace orders.changed $.x by y", "orders.changed $.y"),
        ("remove 'GET /a 200 $.x'", None),
    ],
)
def test_a_rename_leads_to_a_place_beside_the_old_one_or_wherever_its_path_says(
    text: str, leads_to: str | None
) -> None:
    found = parse_edit(text).new_target
    assert (None if found is None else str(found)) == leads_to


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("destroy 'GET /a'", 0, "remove, rename, replace, type, require, optional, nullable or drop operation"),
        ("remove", 6, "an operation, perhaps a status, and a path or `query NAME` or `header NAME`"),
        ("remove 'GET orders 200 $.x'", 12, "a path that starts with a slash"),
        ("remove '/a 200 $.x'", 8, "a method (GET, POST, …) before the path"),
        ("remove 'GET /a 200 $.x['", 22, "a path (brackets hold 'a name', an index or *)"),
        ("remove 'GET /a 200 query x'", 19, "no query after a status, since a response has none"),
        ("rename 'GET /a 200 $.x'", 23, "`to` and the new name"),
        ("replace 'GET /a 200 $.x' to y", 25, "`by` and the new name"),
        ("rename 'GET /a 200 $.x' to '$.y['", 27, "a name, or a path (brackets hold 'a name', an index or *)"),
        ("type 'GET /a 200 $.x' text", 22, "one of string, integer, number, boolean, object, array, null"),
        ("type 'GET /a' string", 13, "a path, query or header to type"),
        ("remove 'GET /a 200 $.x' now", 24, "the end"),
        ("require 'GET /a 200 $.x'", 0, "a part of the request to require (a target without a status)"),
        ("drop operation 'GET /a 200'", 0, "`remove`, to drop less than an operation,"),
    ],
)
def test_a_broken_edit_says_what_was_expected_and_where(text: str, position: int, expected: str) -> None:
    with pytest.raises(EditInvalid) as refused:
        parse_edit(text)

    assert (refused.value.position, refused.value.expected) == (position, expected)
    assert "an edit reads like: remove 'GET /orders/{id} 200 $.total'" in str(refused.value)


def test_a_target_alone_can_be_read() -> None:
    assert parse_target("GET /orders/{id} 200 $.total") == TOTAL
    assert str(TOTAL) == "GET /orders/{id} 200 $.total"


PIECES = ["remove", "rename ", "type ", "'", "GET", " /a", " 200", " $.x", " to ", "[", "query"]


@given(st.text(max_size=40) | st.lists(st.sampled_from(PIECES)).map("".join))
def test_any_text_is_an_edit_or_refused(text: str) -> None:
    with contextlib.suppress(EditInvalid):
        assert isinstance(parse_edit(text), Edit)
