"""The two static users of the incumbent, and what is open to everyone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

USERS = {
    "basic_auth_username": "writer",
    "basic_auth_password": "w:secret",
    "basic_auth_read_only_username": "reader",
    "basic_auth_read_only_password": "r",
}
WRITER, READER = ("writer", "w:secret"), ("reader", "r")
HEARTBEAT = "/diagnostic/status/heartbeat"


def ask(running: Any, method: str, path: str, user: tuple[str, str] | None = None, **more: Any) -> httpx.Response:
    return httpx.request(method, running.url + path, auth=user, **more)


@pytest.mark.row("PB-032")
def test_the_writing_user_may_do_everything_and_nobody_else(broker_with: Callable[..., Any]) -> None:
    running = broker_with(**USERS)

    assert ask(running, "PUT", "/pacticipants/Web/versions/1", WRITER, json={}).status_code == 201
    assert ask(running, "GET", "/pacticipants/Web", WRITER).status_code == 200
    for user in (None, ("writer", "wrong"), ("nobody", "w:secret"), ("", "")):
        refused = ask(running, "GET", "/", user)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'Basic realm="Restricted area"'
        assert "x-pact-broker-version" not in refused.headers
    bearer = httpx.get(running.url, headers={"authorization": "Bearer writer"})
    assert bearer.status_code == 401


@pytest.mark.row("PB-033")
def test_the_reading_user_may_read_and_ask_what_to_verify(broker_with: Callable[..., Any]) -> None:
    running = broker_with(**USERS)
    ask(running, "PUT", "/pacticipants/Orders/versions/1", WRITER, json={})

    for_verification = "/pacts/provider/Orders/for-verification"
    assert ask(running, "GET", "/pacticipants", READER).status_code == 200
    assert ask(running, "OPTIONS", "/pacticipants", READER).status_code == 200
    assert ask(running, "HEAD", "/pacticipants", READER).status_code == 405
    assert ask(running, "POST", for_verification, READER, json={}).status_code == 200
    for method, path in (
        ("PUT", "/pacticipants/Web/versions/1"),
        ("POST", "/contracts/publish"),
        ("DELETE", "/labels"),
    ):
        assert ask(running, method, path, READER).status_code == 401


@pytest.mark.row("PB-034")
def test_reading_can_be_opened_to_everyone(broker_with: Callable[..., Any]) -> None:
    running = broker_with(**USERS, allow_public_read=True)
    ask(running, "PUT", "/pacticipants/Orders/versions/1", WRITER, json={})

    assert ask(running, "GET", "/pacticipants").status_code == 200
    assert ask(running, "POST", "/pacts/provider/Orders/for-verification", json={}).status_code == 200
    assert ask(running, "PUT", "/pacticipants/Web/versions/1", json={}).status_code == 401


@pytest.mark.row("PB-035")
def test_the_heartbeat_can_be_opened_alone(broker_with: Callable[..., Any]) -> None:
    closed, opened = broker_with(**USERS), broker_with(**USERS, public_heartbeat=True)

    assert ask(closed, "GET", HEARTBEAT).status_code == 401
    assert ask(opened, "GET", HEARTBEAT).status_code == 200
    assert ask(opened, "GET", "/diagnostic/status/dependencies").status_code == 401


@pytest.mark.row("PB-036")
@pytest.mark.parametrize(
    "path",
    [
        "/pacts/provider/Orders/consumer/Web/latest/badge.svg",
        "/pacts/provider/Orders/consumer/Web/latest/main/badge",
        "/matrix/provider/Orders/latest/main/consumer/Web/latest/main/badge.svg",
        "/pacticipants/Web/main-branch/can-i-merge/badge",
        "/pacticipants/Web/latest-version/dev/can-i-deploy/to/prod/badge",
        "/pacticipants/Web/branches/main/latest-version/can-i-deploy/to-environment/prod/badge.svg",
    ],
)
def test_badges_are_public_unless_they_are_closed(broker_with: Callable[..., Any], path: str) -> None:
    accept = {"accept": "image/svg+xml"}

    assert ask(broker_with(**USERS), "GET", path, headers=accept).status_code != 401
    closed = broker_with(**USERS, enable_public_badge_access=False)
    assert ask(closed, "GET", path, headers=accept).status_code == 401


def test_what_only_looks_like_a_badge_is_not_public(broker_with: Callable[..., Any]) -> None:
    running = broker_with(**USERS)

    assert ask(running, "GET", "/pacticipants/badge").status_code == 401
    assert ask(running, "DELETE", "/pacts/provider/Orders/consumer/Web/latest/badge").status_code == 401
