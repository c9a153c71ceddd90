"""What an answer costs does not depend on how much has happened: statements and what they touch, at two sizes."""

from __future__ import annotations

import itertools

import pytest

SELECTORS = [
    {"mainBranch": True},
    {"deployedOrReleased": True},
    {"branch": "main"},
    {"latest": True},
    {"tag": "prod", "latest": True},
]
BODY = {
    "consumerVersionSelectors": SELECTORS,
    "providerVersionBranch": "main",
    "includePendingStatus": True,
    "includeWipPactsSince": "2020-01-01",
}
NEW = itertools.count()


def live_through(world, first, last):
    """A round is a day: a version of each, its results, its deployments. What is current stays as much as it was."""
    for number in range(first, last):
        world.published(f"Web {number}", to="Orders", branch="main", tags=["prod"], content=f"c{number % 3}")
        world.on_branch(f"Orders {number}", "main").tagged(f"Orders {number}", "prod")
        world.verified(f"Orders {number}", f"Web {number}", success=number % 4 != 3)
        world.deployed(f"Web {number}", to="production").deployed(f"Orders {number}", to="production")
        if number == first == 1:
            world.released("Web 1", to="store")


@pytest.fixture
def statements(broker, watch_statements):
    def counting(call):
        with watch_statements(broker.engine) as ran:
            response = call()
        assert response.is_success, response.text
        return len(ran), response

    return counting


def calls(client, world):
    """The calls whose cost is looked at, by name."""
    pair = "/pacts/provider/Orders/consumer/Web"
    production = world.environments["production"]

    href = client.get(f"{pair}/latest").json()["_links"]["pb:publish-verification-results"]["href"]
    number = f"made while counting {next(NEW)}"
    result = {"success": True, "providerApplicationVersion": number, "testResults": []}
    return {
        "for-verification": lambda: client.post("/pacts/provider/Orders/for-verification", json=BODY),
        "for-verification, defaults": lambda: client.post("/pacts/provider/Orders/for-verification", json={}),
        "for-verification, tags": lambda: client.post(
            "/pacts/provider/Orders/for-verification",
            json={"providerVersionTags": ["prod"], "includeWipPactsSince": "2020-01-01"},
        ),
        "owed": lambda: client.get("/pacticipants/Orders/owed-verifications"),
        "newest result": lambda: client.get(f"{pair}/latest/verification-results/latest"),
        "summary of a version": lambda: client.get("/verification-results/consumer/Web/version/2/latest"),
        "currently deployed": lambda: client.get(f"/environments/{production}/deployed-versions/currently-deployed"),
        "environments": lambda: client.get("/environments"),
        "publish a result": lambda: client.post(href, json=result),
        "record a deployment": lambda: client.post(
            f"/pacticipants/Orders/versions/1/deployed-versions/environment/{production}", json={}
        ),
    }


def test_statements_do_not_grow_with_history(world, client, statements):
    world.environment("production", production=True)
    live_through(world, 1, 5)
    small = {name: statements(call)[0] for name, call in calls(client, world).items()}
    live_through(world, 5, 25)
    large = {name: statements(call)[0] for name, call in calls(client, world).items()}

    assert large == small
    assert small["for-verification"] <= 15
    assert small["for-verification, defaults"] <= 6
    assert small["owed"] <= 9
    assert small["publish a result"] <= 24
    assert small["record a deployment"] <= 13


def test_answers_do_not_grow_with_history(world, client, statements):
    world.environment("production", production=True)
    live_through(world, 1, 6)
    small = statements(calls(client, world)["for-verification, tags"])[1].json()["_embedded"]["pacts"]
    live_through(world, 6, 30)
    large = statements(calls(client, world)["for-verification, tags"])[1].json()["_embedded"]["pacts"]

    assert len(large) == len(small) == 2  # what Web's main branch and production have, and what was released


@pytest.fixture
def work(broker):
    """`work(call)`: how many steps the machine inside the database took (SQLite only), in tens."""
    from sqlalchemy import event

    def counting(call):
        steps, seen = 0, []

        def step():
            nonlocal steps
            steps += 1

        def begin(connection, *_rest):
            raw = connection.connection.dbapi_connection
            raw.set_progress_handler(step, 10)
            seen.append(raw)

        event.listen(broker.engine, "before_cursor_execute", begin)
        try:
            response = call()
        finally:
            event.remove(broker.engine, "before_cursor_execute", begin)
            for raw in seen:
                raw.set_progress_handler(None, 0)
        assert response.is_success, response.text
        return steps

    return counting


@pytest.mark.parametrize("broker", ["sqlite"], indirect=True)
def test_what_the_database_looks_at_does_not_grow_with_history(world, client, work):
    """Counted in the database's own instructions: an index too wide or a table read through would show."""
    world.environment("production", production=True)
    live_through(world, 1, 7)
    small = {name: work(call) for name, call in calls(client, world).items()}
    live_through(world, 7, 55)
    large = {name: work(call) for name, call in calls(client, world).items()}

    grown = {name: (small[name], large[name]) for name in small if large[name] > small[name] * 1.25 + 3}
    assert grown == {}
