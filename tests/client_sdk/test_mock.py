"""The mock provider: over a port, inside httpx and inside requests; and what a wrong request fails with."""

import asyncio
import re
import socket
import threading

import httpx
import pytest
import requests

import tallystick as t
from tallystick.client_sdk.interactions import InteractionIncomplete


@pytest.fixture
def orders():
    return t.Consumer("web-shop").has_contract_with("orders")


def describe(orders, description="a request for order 7", **options):
    return (
        orders.upon_receiving(description)
        .given("an order exists", id=7)
        .with_request("GET", "/orders/7", **options)
        .will_respond_with(200, headers={"X-Page": "1"}, body={"id": 7, "total": t.like(12.5)})
    )


def recorded(recordings):
    return [one.interaction.description for file in recordings._files.values() for one in file.recorded.values()]


def test_a_right_request_gets_the_response_and_is_recorded(orders, recordings):
    describe(orders)

    with orders.serve() as server:
        response = httpx.get(f"{server.url}/orders/7")

    assert (response.status_code, response.json()) == (200, {"id": 7, "total": 12.5})
    assert response.headers["content-type"] == "application/json"
    assert recorded(recordings) == ["a request for order 7"]


def test_a_wrong_request_fails_with_the_nearest_interaction_and_the_difference(orders, recordings):
    describe(orders, query={"full": "1"}, headers={"Accept": "application/json"})
    describe(orders, "something else", body={"a": 1})

    with pytest.raises(t.ContractNotKept) as failure, orders.serve() as server:
        httpx.get(f"{server.url}/orders/7?full=2", headers={"Accept": "text/html"}).raise_for_status()

    assert str(failure.value).splitlines() == [
        "web-shop sent orders a request that the contract does not have:",
        "",
        "    GET /orders/7?full=2",
        "",
        'the nearest interaction is "a request for order 7" (given "an order exists" with id=7):',
        "",
        "    query full: Expected query parameter 'full' with value '1' but was '2'",
        "    header Accept: Mismatch with header 'Accept': Expected header 'Accept' to have value "
        "'application/json' but was 'text/html'",
        "",
        'other interactions of this test: "something else"',
    ]
    assert isinstance(failure.value.__cause__, httpx.HTTPStatusError)
    assert [type(problem) for problem in failure.value.problems] == [t.WrongRequest]
    assert recorded(recordings) == []


def test_a_wrong_request_fails_even_when_the_code_under_test_swallows_the_500(orders):
    describe(orders)

    with pytest.raises(t.ContractNotKept, match="got /orders/8"), orders.serve() as server:
        assert httpx.get(f"{server.url}/orders/8").status_code == 500


def test_a_request_that_was_never_made_is_named(orders, recordings):
    describe(orders)

    with pytest.raises(t.ContractNotKept) as failure, orders.serve():
        pass

    assert str(failure.value).splitlines() == [
        'web-shop never sent orders the request of "a request for order 7" (given "an order exists" with id=7):',
        "",
        "    GET /orders/7",
    ]
    assert recorded(recordings) == []


def test_a_failure_of_the_test_itself_is_left_as_it_is_with_a_note(orders):
    describe(orders)

    with pytest.raises(ZeroDivisionError) as failure, orders.serve():
        _ = 1 / 0

    assert "never sent orders" in failure.value.__notes__[0]


def test_a_body_that_the_interaction_does_not_mention_is_a_wrong_request(orders):
    describe(orders)

    with (
        pytest.raises(t.ContractNotKept, match="one of 2 bytes, the interaction mentions none"),
        orders.serve() as server,
    ):
        httpx.request("GET", f"{server.url}/orders/7", content=b"{}")


def test_without_a_socket_httpx_fails_where_the_request_is_made(orders):
    describe(orders)

    came_back = False
    with pytest.raises(t.ContractNotKept, match="got POST"), orders.without_socket() as mock:  # noqa: PT012
        mock.httpx_client().post("/orders/7")
        came_back = True

    assert not came_back


def test_without_a_socket_async_httpx_works_the_same(orders, recordings):
    describe(orders)

    async def use():
        async with orders.without_socket() as mock, mock.async_httpx_client() as client:
            return (await client.get("/orders/7")).json()

    assert asyncio.run(use()) == {"id": 7, "total": 12.5}
    assert recorded(recordings) == ["a request for order 7"]


def test_without_a_socket_requests_works_the_same(orders, recordings):
    describe(orders)
    describe(orders, "wrong")

    with pytest.raises(t.ContractNotKept, match="got /orders/9"), orders.without_socket() as mock:  # noqa: PT012
        session = mock.requests_session()
        response = session.get(f"{mock.url}/orders/7", params={}, headers={"X": "1"})
        assert (response.json()["id"], response.headers["X-Page"], response.ok) == (7, "1", True)
        session.get(f"{mock.url}/orders/9")


@pytest.mark.parametrize("client", ["httpx", "requests", "requests without a socket"])
def test_redirects_and_cookies_are_followed_as_from_a_provider(orders, client):
    orders.upon_receiving("a page that moved").with_request("GET", "/a").will_respond_with(
        302, headers={"Location": "/b", "Set-Cookie": ["a=1", "b=2"]}
    )
    orders.upon_receiving("the page").with_request("GET", "/b", headers={"Cookie": "a=1; b=2"}).will_respond_with(
        200, body="here"
    )

    with orders.without_socket() if "without" in client else orders.serve() as server:
        if client == "httpx":
            with httpx.Client(follow_redirects=True) as session:
                assert session.get(f"{server.url}/a").text == "here"
        else:
            session = server.requests_session() if "without" in client else requests.Session()
            assert session.get(f"{server.url}/a").text == "here"


def test_two_providers_can_be_mocked_at_once_and_names_may_be_anyones(recordings):
    orders = t.Consumer("wéb shop/x").has_contract_with("örders")
    payments = t.Consumer("wéb shop/x").has_contract_with("payments")
    orders.upon_receiving("ö").with_request("GET", "/größe/a b", query={"näme": "wört & more"}).will_respond_with(
        200, body={"ü": t.like("ß")}
    )
    payments.upon_receiving("p").with_request("DELETE", "/p").will_respond_with(204)

    with orders.serve() as one, payments.serve() as other:
        assert httpx.get(f"{one.url}/größe/a b", params={"näme": "wört & more"}).json() == {"ü": "ß"}
        assert requests.delete(f"{other.url}/p").status_code == 204

    assert {path.name for path in recordings._files} == {"wéb shop_x-örders.json", "wéb shop_x-payments.json"}


def test_parallel_requests_each_get_their_answer(orders):
    for number in range(20):
        (
            orders.upon_receiving(f"order {number}")
            .with_request("GET", f"/orders/{number}")
            .will_respond_with(200, body={"id": number})
        )

    found = []
    with orders.serve() as server:
        threads = [
            threading.Thread(
                target=lambda n=n: found.append((n, requests.get(f"{server.url}/orders/{n}").json()["id"]))
            )
            for n in range(20)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(found) == [(n, n) for n in range(20)]


def test_equal_requests_are_answered_one_after_the_other(orders):
    for status in (202, 200):
        orders.upon_receiving(f"poll {status}").given(f"{status}").with_request("GET", "/job").will_respond_with(status)

    with orders.serve() as server:
        assert [httpx.get(f"{server.url}/job").status_code for _ in range(2)] == [202, 200]


def test_what_one_block_has_served_is_not_served_again(orders):
    describe(orders)
    with orders.serve() as server:
        httpx.get(f"{server.url}/orders/7")

    with pytest.raises(ValueError, match="nothing is described"):
        orders.serve()


def test_what_a_failed_test_left_behind_is_forgotten(orders, recordings):
    recordings.current_test = "one"
    orders.upon_receiving("left behind").with_request("GET", "/x").will_respond_with(200)
    recordings.current_test = "two"
    describe(orders)

    with orders.serve() as server:
        httpx.get(f"{server.url}/orders/7")


def test_browsers_are_answered_when_asked_for(orders):
    describe(orders)

    with orders.serve(cors=True) as server:
        asked = httpx.options(
            f"{server.url}/orders/7", headers={"Origin": "http://a", "Access-Control-Request-Headers": "X-A"}
        )
        got = httpx.get(f"{server.url}/orders/7", headers={"Origin": "http://a"})

    assert (asked.status_code, asked.headers["Access-Control-Allow-Headers"]) == (204, "X-A, *")
    assert got.headers["Access-Control-Allow-Origin"] == "http://a"


def test_the_mock_speaks_tls_with_a_certificate_of_its_own(orders):
    describe(orders)

    with orders.serve(tls=True) as server:
        import ssl

        trusting = ssl.create_default_context(cafile=server.ca_file)
        assert server.url.startswith("https://")
        assert httpx.get(f"{server.url}/orders/7", verify=trusting).status_code == 200
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{server.url}/orders/7")


def test_links_to_the_provider_lead_to_the_mock(orders):
    orders.upon_receiving("a link").with_request("GET", "/").will_respond_with(
        200, body={"next": t.mock_server_url("http://orders/orders/7", regex=r".*(/orders/\d+)$")}
    )

    with orders.serve() as server:
        assert httpx.get(server.url).json()["next"] == f"{server.url}/orders/7"


def test_bodies_of_other_kinds_are_sent_and_expected_as_they_are(orders):
    orders.upon_receiving("a form").with_request(
        "POST", "/f", body=t.form({"a": t.regex("x+", example="x"), "b": ["1", "2"]})
    ).will_respond_with(200, body=t.xml("<o><n>1</n></o>", matching={"$.o.n.#text": t.integer(1)}))
    orders.upon_receiving("a text").with_request("POST", "/t", body="plain").will_respond_with(200, body=b"\x00\x01")

    with orders.serve() as server:
        xml = httpx.post(f"{server.url}/f", data={"a": "xxx", "b": ["1", "2"]})
        raw = httpx.post(f"{server.url}/t", content=b"plain", headers={"Content-Type": "text/plain"})

    assert (xml.text, xml.headers["content-type"]) == ("<o><n>1</n></o>", "application/xml")
    assert (raw.content, raw.headers["content-type"]) == (b"\x00\x01", "application/octet-stream")


def test_chunked_requests_large_bodies_and_head_are_understood(orders):
    big = "x" * 200_000
    orders.upon_receiving("big").with_request("POST", "/b", body={"big": big}).will_respond_with(201, body={"big": big})
    orders.upon_receiving("head").with_request("HEAD", "/h").will_respond_with(200, body={"a": 1})

    def chunks():
        content = b'{"big":"' + big.encode() + b'"}'
        for at in range(0, len(content), 50_000):
            yield content[at : at + 50_000]

    with orders.serve() as server, httpx.Client() as client:
        posted = client.post(f"{server.url}/b", content=chunks(), headers={"Content-Type": "application/json"})
        head = client.head(f"{server.url}/h")

    assert (posted.status_code, len(posted.json()["big"])) == (201, 200_000)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", "7")


def test_what_is_no_request_is_refused_and_the_mock_goes_on(orders):
    describe(orders)

    with orders.serve() as server:
        with socket.create_connection((server.host, server.port)) as connection:
            connection.sendall(b"nonsense\r\n\r\n")
            assert connection.recv(1000).startswith(b"HTTP/1.1 400")
        assert httpx.get(f"{server.url}/orders/7").status_code == 200


def test_no_thread_and_no_port_outlives_the_block(orders):
    describe(orders)
    with orders.serve() as server:
        with httpx.Client() as client:
            client.get(f"{server.url}/orders/7")
        port = server.port

    with pytest.raises(OSError):  # noqa: PT011
        socket.create_connection(("127.0.0.1", port), timeout=1)
    assert [thread.name for thread in threading.enumerate() if thread.name == f"mock-{port}"] == []


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda o: o.upon_receiving("").with_request("GET", "/"), "needs a description"),
        (lambda o: o.upon_receiving("x") and o.serve(), "has no request"),
        (lambda o: o.upon_receiving("x").with_request("GET", "/") and o.serve(), "has no response"),
        (lambda o: o.upon_receiving("x").with_request("GET", "orders"), "must begin with a slash"),
        (lambda o: o.upon_receiving("x").with_request("GET", "/a?b=1"), "query="),
        (lambda o: o.upon_receiving("x").will_respond_with(99), "not an HTTP status"),
        (
            lambda o: o.upon_receiving("x").with_request("POST", "/", body={"a": t.optional(1)}),
            "nothing in it is optional",
        ),
        (lambda o: o.upon_receiving("x").given("s", at=object()), 'parameters of the state "s", $.at: object is not'),
        (lambda o: o.upon_receiving("x").given("s", at=t.integer(1)), "they are plain values"),
        (lambda o: t.Consumer(""), "needs a name"),
        (lambda o: t.Consumer("a").has_contract_with(" "), "needs a name"),
        (lambda o: t.Consumer("a").has_contract_with("b", specification="5"), "take 2.0.0, 3.0.0 or 4.0"),
    ],
)
def test_a_description_that_cannot_be_meant_is_refused_at_once(orders, build, message):
    with pytest.raises((ValueError, InteractionIncomplete), match=re.escape(message)):
        build(orders)


def test_what_an_older_specification_cannot_say_fails_in_the_test(recordings):
    contract = t.Consumer("a").has_contract_with("b", specification="2.0.0")
    contract.upon_receiving("two").given("x").given("y").with_request("GET", "/").will_respond_with(
        200, body=b"\xff\x00"
    )
    contract.expects_exchange("x").with_request({"a": 1}).will_respond_with({"b": 2})

    from tallystick.contract.errors import CannotWrite

    with pytest.raises(CannotWrite), contract.exchange() as exchange:
        exchange.send({"a": 1})
