"""Ready webhooks, made by the command, told to a stand-in for the service."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import Any


def create(world: Any, *arguments: str, token: str | None = "planted-token") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PACT_BROKER_BASE_URL": str(world.client.base_url).rstrip("/")}
    if token:
        environment["TALLYSTICK_WEBHOOK_TOKEN"] = token
    return subprocess.run(
        [sys.executable, "-m", "tallystick", "create-status-webhook", *arguments],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip


def wait_for_state(receiver: Any, state: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 20
    while not receiver.received or receiver.received[-1].json["state"] != state:
        assert time.monotonic() < deadline, [told.text for told in receiver.received]
        time.sleep(0.05)
    return [told.json for told in receiver.received]


def test_a_commit_on_github_has_one_status_that_is_updated(telling_with: Any, receiver: Any):
    world = telling_with()
    done = create(world, "github", "--repository", "acme/web", "--api-url", receiver.url)
    assert done.returncode == 0, done.stderr
    assert "planted" not in done.stdout

    world.published("Web 9f2c", to=["Orders", "Stock"])
    wait_for_state(receiver, "pending")
    world.verified("Orders 7", "Web 9f2c").verified("Stock 3", "Web 9f2c")

    told = wait_for_state(receiver, "success")
    assert {each.path for each in receiver.received} == {"/repos/acme/web/statuses/9f2c"}
    assert {each["context"] for each in told} == {"tallystick/contracts"}
    assert told[-1]["description"] == "2 of 2 verified: verified by Orders, Stock"
    assert receiver.received[0].headers["authorization"] == "Bearer planted-token"


def test_gitlab_has_its_own_words(telling_with: Any, receiver: Any):
    world = telling_with()
    assert create(world, "gitlab", "--repository", "acme/web", "--api-url", receiver.url).returncode == 0

    world.published("Web 9f2c", to="Orders").verified("Orders 7", "Web 9f2c", success=False)

    told = wait_for_state(receiver, "failed")
    assert receiver.received[0].path == "/projects/acme%2Fweb/statuses/9f2c"
    assert receiver.received[0].headers["private-token"] == "planted-token"
    assert told[-1]["description"] == "0 of 1 verified: broken by Orders"


def test_a_chat_hears_of_broken_contracts_only(telling_with: Any, receiver: Any):
    world = telling_with()
    assert create(world, "chat", "--api-url", receiver.url, token=None).returncode == 0

    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").verified("Orders 8", "Web 1", success=False)

    assert receiver.wait_for(1)[0].json["text"].startswith("Orders 8 breaks Web 1: http://")


def test_what_is_missing_is_said(telling_with: Any):
    done = create(telling_with(), "github", "--repository", "acme/web", token=None)

    assert done.returncode == 2
    assert "github needs an access token in the environment variable TALLYSTICK_WEBHOOK_TOKEN" in done.stderr
