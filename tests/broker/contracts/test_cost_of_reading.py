"""What reading costs does not depend on how much has happened: every table is reached through an index."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

PAIR = "/pacts/provider/Orders/consumer/Web"
GROWING = ("contract_publication", "contract", "version", "tag", "branch_version", "verification", "participant")


@pytest.mark.parametrize(
    "path",
    [
        f"{PAIR}/latest",
        f"{PAIR}/latest/prod",
        f"{PAIR}/latest-untagged",
        f"{PAIR}/branch/main/latest",
        f"{PAIR}/version/1",
        f"{PAIR}/version/3/previous-distinct",
        f"{PAIR}/pact-version/{'0' * 40}",
        "/pacts/provider/Orders/latest",
        "/pacts/provider/Orders/latest/prod",
        "/pacts/provider/Orders/branch/main/latest",
        "/pacts/provider/Orders/branch/latest",
        "/pacts/provider/Orders/provider-states",
        "/pacticipants/Web",
        "/pacticipants/Web/versions/1",
        "/pacticipants/Web/latest-version",
        "/pacticipants/Web/latest-version/prod",
        "/pacticipants/Web/branches/main/latest-version",
        "/pacticipants/Web/branches/main/versions/1",
        "/pacticipants/Web/versions/1/tags/prod",
    ],
)
def test_no_table_that_grows_is_read_from_end_to_end(
    broker_with: Callable[..., Any], world_of: Callable[..., Any], watch_statements: Callable[..., Any], path: str
) -> None:
    running = broker_with()
    world = world_of(running)
    for number in range(4):
        world.published(f"Web {number}", to="Orders", branch="main", content=f"content {number}")
    world.tagged("Web 1", "prod").tagged("Web 2", "prod")

    with watch_statements(running.engine) as ran:
        world.client.get(path)

    scanned = []
    with running.engine.connect() as connection:
        for statement in ran.all:
            if not statement.startswith("SELECT"):
                continue
            values = (None,) * statement.count("?")
            for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values):
                words = row.detail.split()
                aliases = {"consumer": "participant", "provider": "participant"}
                table = aliases.get(words[1], words[1]).rsplit("_1", 1)[0] if len(words) > 1 else ""
                if words[0] == "SCAN" and table in GROWING:
                    scanned.append((row.detail, statement))
    assert ran.all
    assert scanned == []


def test_lists_take_as_many_statements_for_many_as_for_few(
    client: httpx.Client, world: Any, broker: Any, watch_statements: Callable[..., Any]
) -> None:
    paths = [
        "/pacts/latest",
        f"{PAIR}/versions",
        "/pacts/provider/Orders",
        "/pacts/provider/Orders/latest",
        "/pacts/provider/Orders/branch/latest",
        "/pacts/provider/Orders/provider-states",
        "/integrations.json",
        "/metrics",
    ]
    counts = []
    for round_number in range(2):
        for number in range(1 + 12 * round_number):
            world.published(f"Web {round_number}.{number}", to="Orders", branch="main", content=f"{number}")
            world.published(f"Consumer{number} {round_number}", to="Orders", branch="main")
        with watch_statements(broker.engine) as ran:
            for path in paths:
                assert client.get(path).status_code == 200
        counts.append(len(ran))
    assert counts[0] == counts[1]


def test_publishing_takes_as_many_statements_after_many_versions_as_after_few(
    world: Any, broker: Any, watch_statements: Callable[..., Any]
) -> None:
    counts = []
    for number in range(25):
        with watch_statements(broker.engine) as ran:
            world.published(f"Web {number}", to="Orders", branch="main", content=f"content {number}")
        counts.append(len(ran))
    assert len(set(counts[3:])) == 1, counts
    assert counts[-1] <= 24
