"""Content types, methods, paths and headers: what holds for every resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

NOT_FOUND = {"error": "The requested document was not found on this server."}
HAL = "application/hal+json;charset=utf-8"


@pytest.mark.row("PB-004")
def test_an_unknown_path_is_a_404_with_the_fixed_sentence(client: httpx.Client, expect: Callable[..., None]) -> None:
    expect(client.get("/nowhere"), 404, NOT_FOUND, media="application/json")


@pytest.mark.row("PB-007", "PB-031")
def test_every_answer_names_the_version_of_the_api(client: httpx.Client, broker: Any) -> None:
    for path in ("/", "/nowhere"):
        response = client.get(path)

        assert response.headers["x-pact-broker-version"] == broker.app.version
        assert response.headers["vary"] == "Accept"
        assert response.headers["cache-control"] == "no-cache"


@pytest.mark.row("PB-001", "PB-002")
@pytest.mark.parametrize(
    "headers",
    [
        [("accept", "application/hal+json")],
        [("accept", "application/hal+json, application/json")],
        [("accept", "application/hal+json"), ("accept", "application/json"), ("accept-charset", "utf-8")],
        [("accept", "*/*")],
        [("accept", "application/*")],
        [("accept", "application/hal+json, application/problem+json")],
        [("accept", "text/csv;q=0.9, */*;q=0.1")],
        [],
    ],
)
def test_what_clients_send_as_accept_is_served_as_hal(
    client: httpx.Client, expect: Callable[..., None], headers: list[tuple[str, str]]
) -> None:
    request = client.build_request("GET", "/labels")
    del request.headers["accept"]
    request.headers = httpx.Headers([*request.headers.multi_items(), *headers])

    response = client.send(request)

    expect(
        response, 200, {"_embedded": {"labels": []}, "_links": {"self": {"href": "{base}/labels", "title": "Labels"}}}
    )


@pytest.mark.row("PB-003")
def test_plain_json_is_not_acceptable_where_only_hal_is_offered(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.put_pact("Web 1", to="Orders")
    pact = "/pacts/provider/Orders/consumer/Web/version/1"

    expect(client.get("/pacticipants", headers={"accept": "application/json"}), 406)

    as_json = client.get(pact, headers={"accept": "application/json"})
    assert as_json.headers["content-type"] == "application/json;charset=utf-8"
    assert (as_json.status_code, as_json.json()) == (200, client.get(pact).json())


def test_a_charset_that_excludes_utf_8_is_not_acceptable(client: httpx.Client, expect: Callable[..., None]) -> None:
    expect(client.get("/labels", headers={"accept-charset": "iso-8859-1"}), 406)
    assert client.get("/labels", headers={"accept-charset": "iso-8859-1, *;q=0.1"}).status_code == 200


@pytest.mark.row("PB-005")
def test_a_method_that_a_resource_lacks_is_405_and_head_is_one(
    client: httpx.Client, expect: Callable[..., None]
) -> None:
    wrong = client.post("/pacticipants/Web", json={})
    head = client.head("/pacticipants")

    expect(wrong, 405)
    assert wrong.headers["allow"] == "GET, PUT, PATCH, DELETE, OPTIONS"
    assert (head.status_code, head.headers["allow"]) == (405, "GET, POST, OPTIONS")
    expect(client.request("PROPFIND", "/pacticipants"), 501)


@pytest.mark.row("PB-006")
def test_options_lists_the_methods(client: httpx.Client, expect: Callable[..., None]) -> None:
    response = client.options("/pacticipants")

    expect(response, 200)
    assert response.headers["access-control-allow-methods"] == "GET, POST, OPTIONS"


@pytest.mark.row("PB-008", "PB-022")
@pytest.mark.parametrize("name", ["feat/x", "a b", "ä+ß", "50%", "a?b#c", "x;y=1", "%2F", "branches"])
def test_a_name_is_one_segment_whatever_it_holds(
    client: httpx.Client, segment: Callable[[str], str], name: str
) -> None:
    created = client.put(f"/pacticipants/Web/branches/{segment(name)}/versions/1", json={})
    href = client.get("/pacticipants/Web/branches").json()["_links"]["pb:branches"][0]

    assert created.status_code == 201
    assert href["name"] == name
    assert href["href"].endswith(f"/pacticipants/Web/branches/{segment(name)}")
    assert client.get(href["href"]).json()["name"] == name


@pytest.mark.row("PB-009")
def test_a_slash_at_the_end_is_ignored_two_in_a_row_are_not(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.participant("Web")

    assert client.get("/pacticipants/Web/").json() == client.get("/pacticipants/Web").json()
    expect(
        client.get("/pacticipants//Web"),
        404,
        {
            "title": "Not found",
            "type": "/problem/not-found",
            "detail": "The path contains two slashes in a row.",
            "status": 404,
        },
        media="application/problem+json",
    )
    for character in ("%0A", "%09", "%00"):
        expect(
            client.get(f"/pacticipants/We{character}b"),
            422,
            {
                "title": "Unprocessable",
                "type": "/problem/invalid-request-parameter-value",
                "detail": "The path or the query contains a new line, a tab or a NUL character.",
                "status": 422,
            },
            media="application/problem+json",
        )
    assert client.get("/pacticipants?q=%00").status_code == 422


@pytest.mark.row("PB-026")
def test_a_suffix_chooses_the_type(client: httpx.Client, world: Any) -> None:
    world.published("Web 1", to="Orders", branch="main")

    assert client.get("/pacticipants.json", headers={"accept": "text/html"}).headers["content-type"] == HAL
    assert client.get("/relationships.csv").headers["content-type"] == "text/csv;charset=utf-8"
    assert client.get("/pacticipants.csv").status_code == 406
    assert client.get("/pacticipants.yaml").status_code == 406
    svg = client.get("/pacts/provider/Orders/consumer/Web/latest/badge.svg")
    assert svg.headers["content-type"].startswith("image/svg+xml")


@pytest.mark.row("PB-027")
def test_browsers_get_pages_and_clients_never_do(client: httpx.Client) -> None:
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

    assert client.get("/", headers={"accept": browser}).headers["content-type"].startswith("text/html")
    for accept in (
        "application/hal+json",
        "*/*",
        "application/json, application/hal+json",
        "application/problem+json, */*",
    ):
        assert client.get("/", headers={"accept": accept}).headers["content-type"] == HAL


@pytest.mark.row("PB-028")
def test_a_browser_that_wants_json_is_led_to_the_hal_browser(client: httpx.Client, broker: Any) -> None:
    response = client.get("/pacts/latest", headers={"accept": "text/html, application/hal+json"})

    assert (response.status_code, response.content) == (303, b"")
    assert response.headers["location"] == f"{broker.url}/hal-browser/browser.html#/pacts/latest"
    page = client.get("/hal-browser/browser.html")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html;charset=utf-8")


@pytest.mark.row("PB-019")
def test_a_get_may_say_that_its_missing_body_is_json(client: httpx.Client) -> None:
    assert client.get("/labels", headers={"content-type": "application/json"}).status_code == 200


@pytest.mark.row("PB-022", "PB-023")
def test_links_begin_with_the_configured_address(broker_with: Callable[..., Any]) -> None:
    one = broker_with(base_url=("https://pact.example.org/broker/",))
    several = broker_with(base_url=("https://a.example.org", "https://b.example.org"))

    def base(running: Any, **headers: str) -> str:
        links = httpx.get(running.url, headers={name.replace("_", "-"): text for name, text in headers.items()})
        found: str = links.json()["_links"]["pb:pacticipants"]["href"]
        return found.removesuffix("/pacticipants")

    assert base(one) == "https://pact.example.org/broker"
    forwarded = {"x_forwarded_proto": "https", "x_forwarded_host": "b.example.org"}
    assert base(several, **forwarded) == "https://b.example.org"
    assert base(several) == "https://a.example.org"
    assert httpx.get(one.url + "/labels").json()["_links"]["self"]["href"] == "https://pact.example.org/broker/labels"


@pytest.mark.row("PB-024", "PB-025")
def test_members_without_value_are_left_out_and_times_are_whole_seconds_of_utc(client: httpx.Client) -> None:
    created = client.put("/pacticipants/Web/versions/1", json={}).json()

    assert [key for key in created if not key.startswith("_")] == ["number", "createdAt"]
    assert created["createdAt"].endswith("+00:00")
    assert len(created["createdAt"]) == len("2024-05-01T10:00:00+00:00")
