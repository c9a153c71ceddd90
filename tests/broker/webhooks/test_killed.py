"""The broker dies in the middle of telling: nothing is lost, and what comes twice comes under the same id."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

COUNT = 12


class Replicas:
    """Brokers as processes of their own, on one database."""

    def __init__(self, database_url: str) -> None:
        self.environment = {
            **os.environ,
            "PACT_BROKER_DATABASE_URL": database_url,
            "PACT_BROKER_WEBHOOK_SCHEME_WHITELIST": "http",
            "PACT_BROKER_WEBHOOK_HOST_WHITELIST": "127.0.0.0/8",
            "PACT_BROKER_WEBHOOK_FIRST_ATTEMPT_SECONDS": "0",
            "PACT_BROKER_WEBHOOK_RETRY_SCHEDULE": "1 1 1 1",
            "PACT_BROKER_WEBHOOK_TIMEOUT_SECONDS": "1",
        }
        self.running: list[subprocess.Popen[str]] = []

    def start(self) -> str:
        process = subprocess.Popen(
            [sys.executable, "-m", "tallystick", "broker", "serve", "--port", "0"],
            env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip
        self.running.append(process)
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{url}/diagnostic/status/heartbeat").raise_for_status()
                return url
            except httpx.TransportError:
                time.sleep(0.05)
        pytest.fail("the broker did not start")

    def kill(self, which: int) -> None:
        self.running[which].send_signal(signal.SIGKILL)
        self.running[which].wait()


@pytest.fixture
def replicas() -> Iterator[Callable[[str], Replicas]]:
    made: list[Replicas] = []

    def make(url: str) -> Replicas:
        made.append(Replicas(url))
        return made[-1]

    yield make
    for process in (process for each in made for process in each.running):
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.mark.parametrize(("kind", "count"), [("sqlite", 1), ("postgresql", 2)])
def test_a_broker_killed_while_telling_loses_nothing(
    kind: str, count: int, replicas: Callable[[str], Replicas], new_database: Callable[[str], str], receiver: Any
):
    group = replicas(new_database(kind))
    urls = [group.start() for _ in range(count)]
    client = httpx.Client(base_url=urls[0], timeout=30)
    body = {
        "events": [{"name": "contract_published"}],
        "request": {"method": "POST", "url": receiver.url, "body": "${pactbroker.consumerVersionNumber}"},
    }
    client.post("/webhooks", json=body).raise_for_status()
    receiver.answers = ["hang", 200, "reset", 500, "hang", "hang"]

    for number in range(COUNT):
        document = {"consumer": {"name": "Web"}, "provider": {"name": "Orders"}, "interactions": []}
        client.put(f"/pacts/provider/Orders/consumer/Web/version/{number}", json=document).raise_for_status()
    receiver.wait_for(2)
    group.kill(0)
    if count == 1:
        group.start()

    deadline = time.monotonic() + 60
    while {told.text for told in receiver.received} != {str(number) for number in range(COUNT)}:
        assert time.monotonic() < deadline, sorted(told.text for told in receiver.received)
        time.sleep(0.1)
    ids = {(told.text, told.headers["x-tallystick-delivery"]) for told in receiver.received}
    assert Counter(version for version, _ in ids) == Counter(str(number) for number in range(COUNT))
