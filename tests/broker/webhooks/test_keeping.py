"""Webhooks stored, shown, replaced, deleted; secrets never come back."""

from __future__ import annotations

from typing import Any

import pytest

URL = "http://127.0.0.1:9/hook"


def sent(**members: Any) -> dict[str, Any]:
    request = {"method": "post", "url": URL, "body": {"pact": "${pactbroker.pactUrl}"}, **members.pop("request", {})}
    return {"request": request, **members}


@pytest.mark.row("PB-221", "PB-227")
def test_a_webhook_is_created_and_shown_whole(telling: Any):
    telling.participant("Web").participant("Orders")

    response = telling.client.post(
        "/webhooks",
        json=sent(
            description="Build", consumer={"name": "Web"}, provider={"name": "Orders"},
            request={"headers": {"X-Kind": "pact"}},
        ),
    )  # fmt: skip

    document = response.json()
    uuid, created = document["uuid"], document["createdAt"]
    base = str(telling.client.base_url).rstrip("/")
    assert response.status_code == 201
    assert response.headers["location"] == f"{base}/webhooks/{uuid}"
    assert response.headers["content-type"] == "application/hal+json;charset=utf-8"
    assert len(uuid) == 22
    assert document == {
        "uuid": uuid,
        "description": "Build",
        "consumer": {"name": "Web"},
        "provider": {"name": "Orders"},
        "enabled": True,
        "request": {
            "method": "POST",
            "url": URL,
            "headers": {"x-kind": "pact"},
            "body": {"pact": "${pactbroker.pactUrl}"},
        },
        "events": [{"name": "contract_content_changed"}],
        "createdAt": created,
        "_links": {
            "self": {"href": f"{base}/webhooks/{uuid}", "title": "Build"},
            "pb:execute": {
                "href": f"{base}/webhooks/{uuid}/execute",
                "title": "Try the webhook out, with the newest contract or result, by POST",
            },
            "pb:consumer": {"href": f"{base}/pacticipants/Web", "title": "Consumer", "name": "Web"},
            "pb:provider": {"href": f"{base}/pacticipants/Orders", "title": "Provider", "name": "Orders"},
            "pb:pact-webhooks": {
                "href": f"{base}/webhooks/provider/Orders/consumer/Web",
                "title": "All webhooks for consumer and provider",
            },
            "pb:webhooks": {"href": f"{base}/webhooks", "title": "All webhooks"},
            "ts:deliveries": {
                "href": f"{base}/webhooks/{uuid}/deliveries",
                "title": "What this webhook has delivered",
            },
        },
    }
    assert telling.client.get(f"/webhooks/{uuid}").json() == document


@pytest.mark.row("PB-222")
def test_put_creates_with_a_chosen_uuid_and_then_replaces(telling: Any):
    path = "/webhooks/a-uuid-of-my-own-1"

    first = telling.client.put(path, json=sent(description="One", events=[{"name": "contract_published"}]))
    second = telling.client.put(path, json=sent(enabled=False))

    assert (first.status_code, second.status_code) == (201, 200)
    assert "location" not in first.headers
    kept = second.json()
    assert (kept["description"], kept["enabled"]) == ("One", False)
    assert kept["events"] == [{"name": "contract_published"}]
    assert telling.client.get(path).json() == kept


@pytest.mark.row("PB-222")
def test_a_uuid_that_is_too_short_is_refused(telling: Any):
    response = telling.client.put("/webhooks/short", json=sent())

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/hal+json;charset=utf-8"
    assert response.json() == {"errors": {"uuid": ["must be at least 16 characters, only letters, digits, _ and -"]}}


@pytest.mark.row("PB-223")
def test_lists_hold_the_webhooks_of_exactly_that_scope(telling: Any):
    telling.participant("Web").participant("Orders")
    for consumer, provider in ((None, None), ("Web", None), (None, "Orders"), ("Web", "Orders")):
        scope = {"consumer": {"name": consumer}} if consumer else {}
        scope |= {"provider": {"name": provider}} if provider else {}
        telling.client.post("/webhooks", json=sent(description=f"{consumer} {provider}", **scope))

    def names(path: str) -> list[str]:
        return [each["name"] for each in telling.client.get(path).json()["_links"]["pb:webhooks"]]

    assert names("/webhooks") == ["None None", "Web None", "None Orders", "Web Orders"]
    assert names("/webhooks/provider/Orders/consumer/Web") == ["Web Orders"]
    assert names("/pacts/provider/Orders/consumer/Web/webhooks") == ["Web Orders"]
    assert names("/webhooks/provider/Orders") == ["None Orders"]
    assert names("/webhooks/consumer/Web") == ["Web None"]
    assert telling.client.get("/webhooks/consumer/Nobody").status_code == 404
    base = str(telling.client.base_url).rstrip("/")
    document = telling.client.get("/webhooks/consumer/Web").json()
    uuid = document["_links"]["pb:webhooks"][0]["href"].rsplit("/", 1)[1]
    assert document == {
        "_links": {
            "self": {"href": f"{base}/webhooks/consumer/Web", "title": "Webhooks for consumer Web"},
            "pb:create": {"href": f"{base}/webhooks/consumer/Web", "title": "POST to create a webhook"},
            "pb:webhooks": [
                {
                    "href": f"{base}/webhooks/{uuid}",
                    "title": "A webhook for all pacts with consumer Web",
                    "name": "Web None",
                }
            ],
            "curies": [{"href": f"{base}/doc/webhooks-{{rel}}", "name": "pb", "templated": True}],
        }
    }


@pytest.mark.row("PB-223")
def test_a_post_to_a_pair_stands_for_the_names_it_leaves_out(telling: Any):
    telling.participant("Web").participant("Orders")

    response = telling.client.post("/webhooks/provider/Orders/consumer/Web", json=sent())

    assert response.status_code == 201
    assert (response.json()["consumer"], response.json()["provider"]) == ({"name": "Web"}, {"name": "Orders"})
    unknown = telling.client.post("/webhooks/provider/Nobody/consumer/Web", json=sent())
    assert (unknown.status_code, unknown.json()) == (404, {"error": "No provider with name 'Nobody' found"})


@pytest.mark.row("PB-224")
def test_a_deleted_webhook_is_gone(telling: Any):
    path = f"/webhooks/{telling.client.post('/webhooks', json=sent()).json()['uuid']}"

    deleted = telling.client.delete(path)

    assert (deleted.status_code, deleted.content) == (204, b"")
    assert telling.client.get(path).status_code == 404
    assert telling.client.delete(path).status_code == 404


ALLOWED = "See /doc/webhooks#whitelist for more information."


@pytest.mark.row("PB-225", "PB-226", "PB-227")
@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({}, {"request": ["is missing"]}),
        ({"request": {}}, {"request": ["must be filled"]}),
        (sent(request={"url": None}), {"request.url": ["is missing"]}),
        (sent(request={"url": "not a url"}), {"request.url": ["is not a valid URL eg. http://example.org"]}),
        (sent(request={"url": "http://[::1"}), {"request.url": ["is not a valid URL eg. http://example.org"]}),
        (
            sent(request={"url": "http://${pactbroker.consumerName}.org/"}),
            {"request.url": ["cannot have a template parameter in the host"]},
        ),
        (sent(request={"url": "ftp://127.0.0.1/"}), {"request.url": [f"scheme must be http or https. {ALLOWED}"]}),
        (
            sent(request={"url": "http://elsewhere.org/"}),
            {"request.url": [f"host must be in the whitelist 127.0.0.0/8. {ALLOWED}"]},
        ),
        (sent(request={"method": "DELETE"}), {"request.method": [f"must be POST or GET. {ALLOWED}"]}),
        (sent(request={"method": "NOPE"}), {"request.method": ["must be a valid HTTP method"]}),
        (sent(request={"headers": {"X": 1}}), {"request.headers": ["X must be a string"]}),
        (sent(request={"headers": {"X": "a\r\nb: c"}}), {"request.headers": ["X is not a valid header"]}),
        (sent(consumer={"name": "Nobody"}), {"consumer.name": ["does not match an existing pacticipant: 'Nobody'"]}),
        (sent(consumer={}), {"consumer.name": ["can't be blank"]}),
        (
            sent(provider={"name": "Orders", "label": "team"}),
            {"provider.label": ["cannot be used together with name"]},
        ),
        (sent(events=[]), {"events": ["must have at least one event"]}),
    ],
)  # fmt: skip
def test_what_cannot_be_a_webhook_is_refused_with_the_field(telling_with: Any, body: Any, errors: Any):
    world = telling_with().participant("Orders")

    response = world.client.post("/webhooks", json=body)

    assert (response.status_code, response.json()) == (400, {"errors": errors})


@pytest.mark.row("PB-227")
def test_unknown_events_are_named_with_their_place(telling_with: Any):
    response = telling_with().client.post(
        "/webhooks", json=sent(events=[{"name": "contract_published"}, {"name": "tea_ready"}])
    )

    assert response.status_code == 400
    (message,) = response.json()["errors"]["events"]
    assert message.startswith("name must be one of: contract_published, ")
    assert message.endswith(" (at index 1)")


@pytest.mark.row("PB-228")
def test_secrets_are_stars_and_stars_keep_the_secret(telling: Any, receiver: Any):
    secret = {
        "url": receiver.url, "username": "bob", "password": "planted-pass",
        "headers": {"X-Auth-Token": "planted-token", "Authorization": "${pactbroker.consumerName}"},
    }  # fmt: skip
    created = telling.client.post("/webhooks", json=sent(request=secret)).json()
    request = created["request"]
    assert request["password"] == "**********"
    assert request["headers"] == {"authorization": "${pactbroker.consumerName}", "x-auth-token": "**********"}

    del request["headers"]["authorization"]
    kept = telling.client.put(f"/webhooks/{created['uuid']}", json={"request": request}).json()
    tried = telling.client.post(f"/webhooks/{created['uuid']}/execute")

    assert kept["request"] == request
    told = receiver.wait_for(1)[0]
    assert told.headers["x-auth-token"] == "planted-token"
    assert told.headers["authorization"] == "Basic Ym9iOnBsYW50ZWQtcGFzcw=="
    assert "planted" not in tried.text
    assert "Ym9iOnBsYW50ZWQtcGFzcw" not in tried.text


def test_secrets_do_not_lie_in_the_database_in_the_clear(broker_with: Any, world_of: Any, tmp_path: Any):
    running = broker_with(database_url=f"sqlite:///{tmp_path / 'b.sqlite3'}", webhook_scheme_whitelist=("https",))
    world = world_of(running)
    request = {
        "method": "POST", "url": "https://example.org", "password": "planted-pass", "username": "u",
        "headers": {"authorization": "planted-token"},
    }  # fmt: skip

    assert world.client.post("/webhooks", json={"request": request}).status_code == 201

    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if not file.name.endswith(".key"))
    assert b"example.org" in stored
    assert b"planted" not in stored
    assert (tmp_path / "b.sqlite3.key").stat().st_mode & 0o777 == 0o600


def test_without_a_key_a_shared_database_takes_no_secrets(broker_with: Any, world_of: Any):
    world = world_of(broker_with(kind="postgresql"))
    request = {"method": "POST", "url": "https://example.org", "headers": {"authorization": "x"}}

    response = world.client.post("/webhooks", json={"request": request})

    assert (response.status_code, response.json()) == (
        400,
        {"errors": {"request": ["holds a secret, and this broker has no key to keep it: set PACT_BROKER_SECRET_KEY"]}},
    )
