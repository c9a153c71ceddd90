"""Which interactions are replayed, and how a request is made from what the contract expects."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.contract.model import ActualRequest, Body, Generator, HttpRequest
from tallystick.verifier.addresses import base_address, split_url
from tallystick.verifier.api import verify
from tallystick.verifier.problems import ReplayFailed
from tallystick.verifier.requests import build, encode_query, escape_path
from tallystick.verifier.targets.redirects import next_request


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ({}, ["list", "one", "place", "message"]),
        ({"consumer": "web-shop"}, ["list", "one", "place"]),
        ({"description": "^o"}, ["one"]),
        ({"state": "exists"}, ["one"]),
        ({"no_state": True}, ["list", "place", "message"]),
        ({"path": "/1$"}, ["one"]),
        ({"operation": "GET /orders/{id}"}, ["one"]),
        ({"operation": ["GET /orders", "post /orders"]}, ["list", "place"]),
        ({"operation": "/orders"}, ["list", "place"]),
        ({"state": "exists", "description": "list"}, []),
    ],
)
def test_filters_leave_what_holds_for_all_of_them(provider, tell, options, left):
    web = tell.contract(
        tell.interaction("list", "/orders"),
        tell.interaction("one", "/orders/1", states=["an order exists"]),
        tell.interaction("place", "/orders", method="POST"),
    )
    message = {
        "consumer": {"name": "billing"}, "provider": {"name": "orders"},
        "interactions": [{"type": "Asynchronous/Messages", "description": "message"}],
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }  # fmt: skip

    report = verify(web, message, provider_base_url=provider.url, **options)

    assert [r.title for r in report.results] == left
    assert left or report.exit_code == 3


@pytest.mark.parametrize(
    ("path", "escaped"),
    [
        ("/a/b", "/a/b"),
        ("/a b", "/a%20b"),
        ("/a%20b", "/a%20b"),
        ("/a%2Fb", "/a%2Fb"),
        ("/ü", "/%C3%BC"),
        ('/"<>`{}#?', "/%22%3C%3E%60%7B%7D%23%3F"),
        ("/~-._:@!$&'()*+,;=", "/~-._:@!$&'()*+,;="),
    ],
)
def test_paths_keep_their_escapes_and_get_those_that_are_missing(path, escaped):
    assert escape_path(path) == escaped


def test_queries_are_sorted_form_encoded_and_without_valueless_parameters():
    query = {"z": ("1",), "a": ("x y", "ü~*-._"), "flag": (None,), "empty": ("",)}

    assert encode_query(query) == "a=x+y&a=%C3%BC%7E*-._&empty=&z=1"
    assert encode_query({"flag": (None,)}) is None


@given(st.text(), st.dictionaries(st.text(), st.lists(st.text(), max_size=3), max_size=3))
def test_whatever_a_contract_says_the_target_is_sendable(path, query):
    request = build(HttpRequest("GET", path, {k: tuple(v) for k, v in query.items()}))

    target = request.path + (f"?{request.query}" if request.query else "")
    assert target.isascii()
    assert target.isprintable()
    assert " " not in target


def test_headers_are_a_line_each_and_custom_ones_replace_them():
    expected = HttpRequest(headers={"X-A": ("1", "2"), "authorization": ("old",), "Accept": ("text/plain",)})

    headers = build(expected, custom_headers=[("Authorization", "new")]).headers

    assert headers == (
        ("X-A", "1"),
        ("X-A", "2"),
        ("Accept", "text/plain"),
        ("Authorization", "new"),
        ("Accept-Encoding", "gzip,deflate"),
    )


@pytest.mark.parametrize(
    ("body", "content"),
    [
        (Body(), b""),
        (Body("empty"), b""),
        (Body("null"), b""),
        (Body("null", content_type="application/json"), b"null"),
        (Body("present", b"x"), b"x"),
    ],
)
def test_bodies_are_sent_as_the_reference_sends_them(body, content):
    assert build(HttpRequest("POST", "/", body=body)).content == content


def test_generators_use_the_values_of_states_and_the_seed():
    expected = HttpRequest(
        "GET",
        "/orders/0",
        {"token": ("x",)},
        generators={
            "path": {"": Generator("ProviderState", {"expression": "/orders/${id}"})},
            "query": {"token": Generator("RandomString", {"size": 5})},
        },
    )
    now = datetime(2026, 1, 1, tzinfo=UTC)

    one, two = (build(expected, context={"id": 7}, rng=random.Random(3), now=now) for _ in range(2))

    assert one.path == "/orders/7"
    assert one == two
    assert one.query != "token=x"


def test_a_method_that_is_none_is_refused():
    with pytest.raises(ReplayFailed) as caught:
        build(HttpRequest("GET /x HTTP/1.1\r\nX: y"))
    assert caught.value.problem.kind == "invalid-request"


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("http://x", ("http", "x", 80, "/")),
        ("HTTPS://x:8443/a?b=c#d", ("https", "x", 8443, "/a?b=c")),
        ("http://[::1]:80/", ("http", "::1", 80, "/")),
        ("http://u:p%40@x?q", ("http", "x", 80, "/?q")),
    ],
)
def test_urls_are_taken_apart(url, parts):
    address, target = split_url(url)
    assert (address.scheme, address.host, address.port, target) == parts


@pytest.mark.parametrize("url", ["x", "ftp://x", "http://", "http://x:0", "http://x:port", "http://[::1"])
def test_what_is_no_url_is_named(url):
    with pytest.raises(ValueError, match="http"):
        split_url(url)


def test_a_base_url_keeps_its_path_and_refuses_a_query():
    assert base_address("http://x/api/v1/").base_path == "/api/v1"
    with pytest.raises(ValueError, match="query"):
        base_address("http://x/?a=b")


@pytest.mark.parametrize(
    ("method", "status", "then"),
    [("POST", 302, "GET"), ("POST", 307, "POST"), ("PUT", 302, "PUT"), ("PUT", 303, "GET"), ("HEAD", 303, "HEAD")],
)
def test_redirects_change_the_method_as_clients_do(method, status, then):
    request = ActualRequest(method, "/a", None, (("Content-Type", "x"), ("Authorization", "s")), b"body")

    origin, following = next_request(request, status, "../b?c=d", "http://here")

    assert (origin, following.method, following.path, following.query) == ("http://here", then, "/b", "c=d")
    assert following.content == (b"body" if then == method and method != "HEAD" else b"") or method == "HEAD"
    assert ("Authorization", "s") in following.headers


def test_secrets_stay_with_the_host_they_were_given_for():
    request = ActualRequest("GET", "/a", None, (("Authorization", "s"), ("Cookie", "c"), ("X", "y")))

    origin, following = next_request(request, 302, "http://elsewhere/b", "http://here")

    assert (origin, following.headers) == ("http://elsewhere", (("X", "y"),))
