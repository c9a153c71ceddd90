"""Thirty-two clients at once: nothing fails, one row where one is due, and the summaries are right afterwards."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from tallystick.broker import summaries

CLIENTS = 32
MERGE_PATCH = {"content-type": "application/merge-patch+json"}


@pytest.fixture
def at_once(broker):
    """`at_once(call, arguments)`: a connection per argument, all at the same time; the answers' statuses, counted."""

    def run(call, arguments):
        limits = httpx.Limits(max_connections=len(arguments), max_keepalive_connections=len(arguments))
        with (
            httpx.Client(base_url=broker.url, timeout=60, verify=False, limits=limits) as client,
            ThreadPoolExecutor(len(arguments)) as pool,
        ):
            return Counter(answer.status_code for answer in pool.map(lambda each: call(client, each), arguments))

    return run


def rows(broker, query):
    with broker.engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def check_summaries(broker):
    """The tables hold what the definitions in `broker.summaries` compute from all results."""
    heads = "SELECT contract_id, provider_version_id, MAX(id) FROM verification GROUP BY 1, 2 ORDER BY 1, 2"
    stored = "SELECT contract_id, provider_version_id, verification_id FROM verification_head ORDER BY 1, 2"
    assert rows(broker, stored) == rows(broker, heads)
    with Session(broker.engine) as session:
        for table, computed in (
            (summaries.BRANCH_SUCCESS, summaries.branch_successes()),
            (summaries.TAG_SUCCESS, summaries.tag_successes()),
        ):
            assert sorted(map(tuple, session.execute(select(table)))) == sorted(map(tuple, session.execute(computed)))


def test_results_for_one_version_and_for_many_at_once(world, broker, at_once):
    world.published("Web 1", to="Orders", branch="main").published("App 1", to="Orders", branch="main", content="b")
    urls = [
        world.pact_of(version, "Orders")["_links"]["pb:publish-verification-results"]["href"]
        for version in ("Web 1", "App 1")
    ]

    def post(client, number):
        version = "same" if number % 2 else f"own {number}"
        body = {
            "success": number % 3 > 0,
            "providerApplicationVersion": version,
            "buildUrl": f"https://ci/{number}",
            "testResults": [{"interactionDescription": "a request", "success": number % 3 > 0}],
        }
        return client.post(urls[number // 2 % 2], json=body)

    statuses = at_once(post, range(CLIENTS))

    assert statuses == {201: CLIENTS}
    assert rows(broker, "SELECT COUNT(*), COUNT(DISTINCT number) FROM verification") == [(CLIENTS, CLIENTS)]
    assert rows(broker, "SELECT COUNT(*) FROM version WHERE number = 'same'") == [(1,)]
    open_twice = (
        "SELECT COUNT(*) FROM failure_interval WHERE until_at IS NULL GROUP BY branch, consumer, interaction_sha"
    )
    assert all(count == (1,) for count in rows(broker, open_twice))
    check_summaries(broker)


def test_branches_tags_and_results_of_one_version_do_not_miss_each_other(world, broker, at_once):
    world.published("Web 1", to="Orders", branch="main")
    url = world.pact_of("Web 1", "Orders")["_links"]["pb:publish-verification-results"]["href"]

    def call(client, number):
        version = f"v{number // 8}"
        path = f"/pacticipants/Orders/{{}}/versions/{version}"
        match number % 4:
            case 0:
                return client.put(path.format(f"branches/b{number % 8}"), json={})
            case 1:
                return client.put(f"/pacticipants/Orders/versions/{version}/tags/t{number % 8}", json={})
            case _:
                body = {"success": True, "providerApplicationVersion": version, "buildUrl": str(number)}
                return client.post(url, json=body)

    statuses = at_once(call, range(CLIENTS))

    assert set(statuses) <= {200, 201}
    assert rows(broker, "SELECT COUNT(*) FROM branch_success") != [(0,)]
    assert rows(broker, "SELECT COUNT(*) FROM tag_success") != [(0,)]
    check_summaries(broker)


def test_deployments_to_one_place_leave_one_version_there(world, broker, at_once):
    for number in range(8):
        world.on_branch(f"Orders {number}", "main")
    environment = world.environment("production", production=True).environments["production"]

    def deploy(client, number):
        path = f"/pacticipants/Orders/versions/{number % 8}/deployed-versions/environment/{environment}"
        return client.post(path, json={"applicationInstance": "blue"} if number % 4 == 0 else {})

    statuses = at_once(deploy, range(CLIENTS))

    assert statuses == {201: CLIENTS}
    live = "SELECT application_instance, COUNT(*) FROM deployed_version WHERE currently_deployed GROUP BY 1 ORDER BY 1"
    assert rows(broker, live) == [("", 1), ("blue", 1)]
    [[deployed]] = rows(broker, "SELECT COUNT(*) FROM deployment_event WHERE kind = 'deployed'")
    [[undeployed]] = rows(broker, "SELECT COUNT(*) FROM deployment_event WHERE kind = 'undeployed'")
    assert deployed - undeployed == 2
    assert rows(broker, "SELECT COUNT(*) FROM deployed_version") == [(deployed,)]


def test_one_release_and_one_environment_come_of_many_requests(world, broker, at_once):
    environment = world.on_branch("App 1", "main").environment("store").environments["store"]

    released = at_once(
        lambda client, _: client.post(
            f"/pacticipants/App/versions/1/released-versions/environment/{environment}", json={}
        ),
        range(CLIENTS),
    )
    created = at_once(
        lambda client, _: client.post("/environments", json={"name": "uat", "production": False}), range(CLIENTS)
    )

    assert released == {201: 1, 200: CLIENTS - 1}
    assert created == {201: 1, 400: CLIENTS - 1}


def test_an_undeployment_is_recorded_once_however_often_it_is_told(world, broker, at_once):
    world.on_branch("Orders 1", "main").deployed("Orders 1", to="production")
    uuid = world.last.json()["uuid"]

    statuses = at_once(
        lambda client, _: client.patch(
            f"/deployed-versions/{uuid}", json={"currentlyDeployed": False}, headers=MERGE_PATCH
        ),
        range(CLIENTS),
    )

    assert statuses == {200: CLIENTS}
    assert rows(broker, "SELECT COUNT(*) FROM deployment_event WHERE kind = 'undeployed'") == [(1,)]


def test_deleting_results_while_others_arrive_leaves_the_summaries_right(world, broker, client, at_once):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "main")
    links = []
    for number in range(CLIENTS // 2):
        world.verified("Orders 1", "Web 1", success=number % 2 == 0, buildUrl=str(number))
        links.append(httpx.URL(world.last.json()["_links"]["self"]["href"]).path)
    url = world.pact_of("Web 1", "Orders")["_links"]["pb:publish-verification-results"]["href"]

    def call(http, number):
        if number % 2:
            return http.delete(links[number // 2])
        return http.post(url, json={"success": True, "providerApplicationVersion": "1", "buildUrl": f"new-{number}"})

    statuses = at_once(call, range(CLIENTS))

    assert statuses == {201: CLIENTS // 2, 204: CLIENTS // 2}
    check_summaries(broker)
