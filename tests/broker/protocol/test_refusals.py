"""Bodies that cannot be read, members that are wrong, failures: the shapes that clients print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from sqlalchemy import text

JSON = {"content-type": "application/json"}
PROBLEM = {"accept": "application/problem+json, application/hal+json"}


@pytest.mark.row("PB-010")
@pytest.mark.parametrize(
    "body", ["{", "", "nope", '"text"', "1", "null", "[NaN]", '{"a": Infinity}', "[" * 60 + "]" * 60]
)
@pytest.mark.parametrize("path", ["/pacticipants", "/pacts/provider/Orders/consumer/Web/version/1"])
def test_a_body_that_is_no_json_document_is_refused(client: httpx.Client, body: str, path: str) -> None:
    response = client.request("POST" if path == "/pacticipants" else "PUT", path, content=body, headers=JSON)

    assert (response.status_code, response.headers["content-type"]) == (400, "application/hal+json;charset=utf-8")
    assert list(response.json()) == ["error"]
    assert response.json()["error"].startswith("JSON::")


@pytest.mark.row("PB-011")
def test_a_body_that_is_not_utf_8_is_refused_with_the_place(client: httpx.Client, expect: Callable[..., None]) -> None:
    response = client.post("/pacticipants", content='{"name": "äb'.encode() + b"\xff" + b'"}', headers=JSON)

    expect(
        response,
        400,
        {
            "error": "Request body has a non UTF-8 character at position 13 and cannot be parsed as JSON. "
            'Preceding characters are: \'{"name": "äb\''
        },
    )


@pytest.mark.row("PB-012")
def test_every_wrong_member_is_named_with_its_dotted_place(client: httpx.Client, expect: Callable[..., None]) -> None:
    expect(
        client.post("/pacticipants", json={"displayName": 1, "mainBranch": "a b", "repositoryUrl": "a\nb"}),
        400,
        {
            "errors": {
                "name": ["is missing"],
                "displayName": ["must be a string"],
                "mainBranch": ["cannot contain spaces"],
                "repositoryUrl": ["cannot contain multiple lines"],
            }
        },
    )
    expect(
        client.put(
            "/pacts/provider/Orders/consumer/Web/version/1", json={"consumer": {"name": "A"}, "provider": {"name": "B"}}
        ),
        400,
        {
            "errors": {
                "consumer.name": ["does not match consumer name in path ('Web')"],
                "provider.name": ["does not match provider name in path ('Orders')"],
            }
        },
    )


@pytest.mark.row("PB-013")
def test_complaints_about_members_of_a_list_stand_under_the_list(
    client: httpx.Client, expect: Callable[..., None]
) -> None:
    expect(
        client.post(
            "/contracts/publish",
            json={"pacticipantName": "Web", "pacticipantVersionNumber": "1", "tags": ["a", " "], "contracts": [1]},
        ),
        400,
        {"errors": {"tags": ["cannot be blank (at index 1)"], "contracts": ["must be a hash (at index 0)"]}},
    )


@pytest.mark.row("PB-014")
def test_a_wrong_body_wins_over_404_406_and_415(client: httpx.Client, expect: Callable[..., None]) -> None:
    wrong = {"errors": {"name": ["cannot be blank"]}}

    expect(client.put("/pacticipants/Nobody", json={"name": " "}), 400, wrong)
    expect(client.put("/pacticipants/Nobody", json={"name": " "}, headers={"accept": "text/csv"}), 400, wrong)
    patch = {"content-type": "application/merge-patch+json"}
    expect(client.put("/pacticipants/Nobody", content='{"name": " "}', headers=patch), 400, wrong)
    expect(client.put("/pacticipants/Nobody", content="{}", headers=patch), 415)
    expect(client.put("/pacticipants/Nobody", json={}, headers={"accept": "text/csv"}), 406)


@pytest.mark.row("PB-015")
def test_a_client_that_asks_gets_a_problem_document(client: httpx.Client, expect: Callable[..., None]) -> None:
    response = client.post(
        "/contracts/publish",
        json={"pacticipantName": " ", "contracts": [{}]},
        headers=PROBLEM,
    )

    document = response.json()
    errors = document.pop("errors")
    assert (response.status_code, response.headers["content-type"]) == (400, "application/problem+json;charset=utf-8")
    assert document == {
        "title": "Validation errors",
        "type": f"{client.base_url}".rstrip("/") + "/problems/validation-error",
        "status": 400,
        "instance": "/",
    }
    base = f"{client.base_url}".rstrip("/") + "/problems"
    assert errors[0] == {
        "type": f"{base}/invalid-body-property-value",
        "title": "Invalid body parameter",
        "detail": "cannot be blank",
        "pointer": "/pacticipantName",
    }
    assert {
        "type": f"{base}/missing-body-property",
        "title": "Invalid body parameter",
        "detail": "content is missing (at index 0)",
        "pointer": "/contracts/0",
    } in errors
    expect(
        client.get("/nowhere", headers=PROBLEM),
        404,
        {
            "title": "404 Not Found",
            "type": "{base}/problem/not-found",
            "detail": "The requested document was not found on this server.",
            "status": 404,
        },
        media="application/problem+json",
    )
    expect(
        client.get("/pacts/provider/Nobody", headers=PROBLEM),
        404,
        {
            "title": "Not found",
            "type": "{base}/problem/not-found",
            "detail": "No provider with name 'Nobody' found",
            "status": 404,
        },
        media="application/problem+json",
    )


@pytest.mark.row("PB-016")
def test_problem_documents_of_bad_json_and_forbidden_changes_say_server_error(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.put_pact("Web 1", to="Orders")
    changed = client.put(
        "/pacts/provider/Orders/consumer/Web/version/1", json={"interactions": [{"description": "b"}]}, headers=PROBLEM
    )

    assert changed.status_code == 409
    assert changed.json()["status"] == 500
    assert (changed.json()["title"], changed.json()["type"].rsplit("/", 2)[1:]) == (
        "Server error",
        ["problem", "server-error"],
    )
    bad = client.post("/pacticipants", content="{", headers={**JSON, **PROBLEM})
    assert (bad.status_code, bad.json()["title"], bad.json()["status"]) == (400, "Server error", 500)


@pytest.mark.row("PB-017", "PB-053", "PB-072")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/pacticipants"),
        ("PUT", "/pacticipants/Web"),
        ("PATCH", "/pacticipants/Web/versions/1"),
        ("PUT", "/pacticipants/Web/versions/1"),
        ("PUT", "/pacts/provider/Orders/consumer/Web/version/1"),
        ("PATCH", "/pacts/provider/Orders/consumer/Web/version/1"),
        ("POST", "/contracts/publish"),
        ("PUT", "/pacticipants/Web/versions/1/tags/x"),
        ("PUT", "/pacticipants/Web/branches/x/versions/1"),
        ("PUT", "/pacticipants/Web/labels/x"),
    ],
)
@pytest.mark.parametrize("sent", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_another_content_type_is_unsupported(
    client: httpx.Client, expect: Callable[..., None], method: str, path: str, sent: str
) -> None:
    response = client.request(method, path, content=b"{}", headers={"content-type": sent} if sent else {})

    expect(response, 415)


@pytest.mark.row("PB-018")
@pytest.mark.parametrize(
    "path",
    [
        "/pacticipants/Web/versions/1",
        "/pacticipants/Web/versions/1/tags/x",
        "/pacticipants/Web/branches/x/versions/1",
        "/pacticipants/Web/labels/x",
    ],
)
def test_where_a_body_says_nothing_it_may_be_empty(client: httpx.Client, path: str) -> None:
    assert client.put(path, headers=JSON).status_code == 201
    assert client.put(path, content="{}", headers=JSON).status_code == 200
    assert client.put(path, content="{", headers=JSON).status_code == 400


@pytest.mark.row("PB-029", "PB-249")
def test_a_failure_shows_a_reference_and_nothing_else(client: httpx.Client) -> None:
    response = client.get("/test/error")
    failure = response.json()["error"]

    assert (response.status_code, response.headers["content-type"]) == (500, "application/hal+json;charset=utf-8")
    assert sorted(failure) == ["message", "reference"]
    assert failure["reference"] in failure["message"]
    assert failure["reference"].isalpha()
    assert "panic" not in response.text
    page = client.get("/test/error", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (500, "text/html;charset=utf-8")


@pytest.mark.row("PB-029")
def test_a_write_that_fails_halfway_leaves_nothing(broker_with: Callable[..., Any], kind: str) -> None:
    running = broker_with(kind=kind)
    with running.engine.begin() as connection:
        connection.execute(text("ALTER TABLE contract_publication RENAME TO gone"))

    response = httpx.put(
        f"{running.url}/pacts/provider/Orders/consumer/Web/version/1", json={"interactions": []}, timeout=30
    )

    assert response.status_code == 500
    assert httpx.get(f"{running.url}/pacticipants").json()["_embedded"]["pacticipants"] == []


def test_a_body_beyond_the_limit_is_refused_with_the_limit(broker_with: Callable[..., Any]) -> None:
    running = broker_with(max_body_bytes=100)

    response = httpx.post(f"{running.url}/pacticipants", json={"name": "x" * 200})

    assert (response.status_code, response.json()) == (
        413,
        {"error": "The request body is larger than 100 bytes. The limit is a setting of the broker."},
    )


@pytest.mark.row("PB-030")
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/pacticipants", b'{"name": "a\\u0000b"}'),
        ("POST", "/pacticipants", b'{"name": "\\ud800"}'),
        ("POST", "/pacticipants", b'{"name": {"a": []}}'),
        ("PUT", "/pacticipants/x/versions/1", b'{"tags": {"a": 1}}'),
        ("PUT", "/pacticipants/x/versions/1", b'{"tags": [{"name": "a\\u0000"}]}'),
        ("POST", "/contracts/publish", b"[]"),
        ("POST", "/contracts/publish", b'{"contracts": {}}'),
        ("PUT", "/pacts/provider/P/consumer/C/version/1", b'{"interactions": 1, "messages": {}}'),
        ("PUT", "/pacts/provider/P/consumer/C/version/1", b'{"interactions": [1, null, {"_id": 5}]}'),
        ("PUT", "/pacts/provider/P/consumer/C/version/1", b'{"interactions": [{"description": "\\u0000"}]}'),
        (
            "PUT",
            "/pacts/provider/P/consumer/C/version/1",
            b'{"interactions": [{"_id": 5, "description": "x", "request": {"method": "GET"}, "response": {}}]}',
        ),
        ("PUT", "/pacts/provider/P/consumer/C/version/1", b'{"n": 1e400, "m": 123456789012345678901234567890}'),
        ("PUT", "/pacts/provider/P/consumer/C/version/%FF%FE", b'{"interactions": []}'),
        ("GET", "/pacticipants?page=99999999999999999999", None),
        ("GET", "/pacticipants?page=2147483647&size=2147483647", None),
        ("GET", "/pacticipants?page=%D9%A1", None),
        ("GET", "/pacticipants/" + "x" * 5000, None),
        ("GET", "/pacts/provider/P/consumer/C/pact-version/zz/metadata/%FF", None),
    ],
)
def test_what_is_wrong_for_good_is_never_a_5xx(
    client: httpx.Client, method: str, path: str, body: bytes | None
) -> None:
    response = client.request(method, path, content=body, headers=JSON)

    assert response.status_code not in (408, 429)
    assert response.status_code < 500, response.text


@pytest.mark.row("PB-020")
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("page=0", {"page": ["must be greater than or equal to 1"]}),
        ("size=-1", {"size": ["must be greater than or equal to 1"]}),
        ("pageNumber=x&pageSize=1.5", {"pageNumber": ["must be an integer"], "pageSize": ["must be an integer"]}),
        ("page=", {"page": ["must be an integer"]}),
    ],
)
@pytest.mark.parametrize("path", ["/pacticipants", "/labels", "/integrations.json", "/dashboard"])
def test_a_page_that_is_no_number_is_refused(
    client: httpx.Client, expect: Callable[..., None], path: str, query: str, errors: dict[str, Any]
) -> None:
    expect(client.get(f"{path}?{query}"), 400, {"errors": errors})
