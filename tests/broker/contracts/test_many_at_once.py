"""Thirty-two publishers at once: no failure, no deadlock, one row where one is due."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from tallystick.broker.tables import (
    Branch,
    BranchHead,
    BranchVersion,
    Contract,
    Integration,
    Interaction,
    Participant,
    Publication,
    Tag,
    Version,
)

PUBLISHERS = 32


def all_at_once(url: str, act: Callable[[httpx.Client, int], httpx.Response]) -> list[httpx.Response]:
    """What each of the publishers was answered; they begin together."""
    together = Barrier(PUBLISHERS)

    def publisher(number: int) -> httpx.Response:
        with httpx.Client(base_url=url, timeout=60) as client:
            together.wait()
            return act(client, number)

    with ThreadPoolExecutor(PUBLISHERS) as pool:
        return list(pool.map(publisher, range(PUBLISHERS)))


def rows(broker: Any, table: Any) -> int:
    with broker.engine.connect() as connection:
        count: int = connection.execute(select(func.count()).select_from(table.__table__)).scalar_one()
        return count


def publication(consumer: str, number: str, providers: list[str], description: str) -> dict[str, Any]:
    import base64
    import json

    content = {
        "interactions": [{"description": description, "request": {"method": "GET"}, "response": {"status": 200}}]
    }
    return {
        "pacticipantName": consumer,
        "pacticipantVersionNumber": number,
        "branch": "main",
        "tags": ["main", "dev"],
        "contracts": [
            {
                "consumerName": consumer,
                "providerName": provider,
                "specification": "pact",
                "contentType": "application/json",
                "content": base64.b64encode(json.dumps(content).encode()).decode(),
            }
            for provider in providers
        ],
    }


def test_the_same_publication_from_all_is_stored_once(broker: Any) -> None:
    answers = all_at_once(
        broker.url,
        lambda client, _: client.post("/contracts/publish", json=publication("Web", "1", ["Orders", "Billing"], "a")),
    )

    assert {answer.status_code for answer in answers} == {200}
    created = [answer for answer in answers if answer.json()["notices"][0]["text"].startswith("Created")]
    assert len(created) == 1
    expected = {
        Participant: 3,
        Version: 1,
        Branch: 1,
        BranchVersion: 1,
        BranchHead: 1,
        Tag: 2,
        Contract: 2,
        Publication: 2,
        Integration: 2,
        Interaction: 1,
    }
    assert {table: rows(broker, table) for table in expected} == expected


def test_different_contents_for_one_version_leave_one_winner(broker: Any) -> None:
    answers = all_at_once(
        broker.url,
        lambda client, number: client.put(
            "/pacts/provider/Orders/consumer/Web/version/1", json={"interactions": [{"description": str(number)}]}
        ),
    )

    assert sorted({answer.status_code for answer in answers}) == [201, 409]
    assert len([answer for answer in answers if answer.status_code == 201]) == 1
    assert (rows(broker, Publication), rows(broker, Contract), rows(broker, Version)) == (1, 1, 1)


def test_versions_of_one_consumer_with_providers_in_any_order_do_not_wait_for_each_other(broker: Any) -> None:
    providers = ["Alpha", "Beta", "Gamma", "Delta"]

    def act(client: httpx.Client, number: int) -> httpx.Response:
        turned = providers[number % 4 :] + providers[: number % 4]
        return client.post("/contracts/publish", json=publication("Web", str(number), turned, "same for all"))

    answers = all_at_once(broker.url, act)

    assert {answer.status_code for answer in answers} == {200}
    assert (rows(broker, Version), rows(broker, Publication), rows(broker, Contract)) == (32, 128, 4)
    assert (rows(broker, BranchVersion), rows(broker, BranchHead), rows(broker, Integration)) == (32, 1, 4)
    with broker.engine.connect() as connection:
        newest = connection.execute(select(func.max(BranchVersion.__table__.c.id))).scalar()  # type: ignore[attr-defined]
        head = connection.execute(select(BranchHead.__table__.c.addition_id)).scalar()  # type: ignore[attr-defined]
    assert head == newest


def test_applications_that_are_each_others_consumers_publish_tag_and_verify_at_once(broker: Any) -> None:
    names = ["Alpha", "Beta", "Gamma", "Delta"]
    with httpx.Client(base_url=broker.url, timeout=60) as client:
        for name in names:
            others = [each for each in names if each != name]
            assert client.post("/contracts/publish", json=publication(name, "0", others, "x")).status_code == 200
        pact = client.get("/pacts/provider/Beta/consumer/Alpha/version/0").json()
        results = pact["_links"]["pb:publish-verification-results"]["href"]

    def act(client: httpx.Client, number: int) -> httpx.Response:
        name = names[number % 4]
        others = [each for each in names if each != name]
        version = f"/pacticipants/{name}/versions/{number // 8}"
        if number % 3 == 0:
            return client.post("/contracts/publish", json=publication(name, f"v{number}", others[::-1], "y"))
        if number % 3 == 1:
            return client.put(f"{version}/tags/prod", json={})
        return client.post(results, json={"success": True, "providerApplicationVersion": str(number % 5)})

    answers = all_at_once(broker.url, act)

    assert {answer.status_code for answer in answers} <= {200, 201}


def test_publishing_while_the_same_applications_are_deleted_never_fails(broker: Any) -> None:
    def act(client: httpx.Client, number: int) -> httpx.Response:
        if number % 4 == 0:
            return client.delete(f"/pacticipants/{'Web' if number % 8 else 'Orders'}")
        if number % 4 == 1:
            return client.put("/pacticipants/Web/branches/main/versions/1", json={})
        return client.post("/contracts/publish", json=publication("Web", str(number), ["Orders", "Billing"], "x"))

    answers = all_at_once(broker.url, act)

    assert {answer.status_code for answer in answers} <= {200, 201, 204, 404}, [each.text for each in answers]


@pytest.mark.parametrize("path", ["branches/main/versions/1", "versions/1/tags/main"])
def test_putting_one_name_from_all_creates_it_once(broker: Any, path: str) -> None:
    answers = all_at_once(broker.url, lambda client, _: client.put(f"/pacticipants/Web/{path}", json={}))

    assert sorted({answer.status_code for answer in answers}) == [200, 201]
    assert len([answer for answer in answers if answer.status_code == 201]) == 1
