"""`tallystick broker clean`: a past is told over HTTP, the command cleans up, and HTTP says what is left."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from tallystick.broker import db
from tallystick.broker.cli import broker as command
from tallystick.broker.contracts import keeping
from tallystick.broker.tables import Branch, Contract, Interaction, InteractionUsage, Publication, Verification, Version


def table(row: Any) -> Any:
    return row.__table__


@pytest.fixture
def clean(broker: Any) -> Callable[..., Any]:
    """Runs the command on the running broker's database; returns what it printed."""

    def run(*arguments: str) -> Any:
        result = invoked(broker, *arguments)
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


def invoked(broker: Any, *arguments: str) -> Result:
    url = broker.engine.url.render_as_string(hide_password=False)
    return CliRunner().invoke(
        command, ["clean", "--database-url", url, *arguments], env={"PACT_BROKER_DATABASE_URL": ""}
    )


def aged(broker: Any, *, days: int, **rows: Any) -> None:
    """Move times of some rows into the past: nobody can wait that long."""
    with db.write(broker.engine) as session:
        past = db.now(session) - timedelta(days=days)
        for name in rows.get("versions", ()):
            session.execute(update(table(Version)).where(table(Version).c.number == name).values(created_at=past))
        for name in rows.get("branches", ()):
            session.execute(update(table(Branch)).where(table(Branch).c.name == name).values(updated_at=past))
        for row in rows.get("everything_of", ()):
            session.execute(update(table(row)).values(created_at=past))


def numbers(client: httpx.Client, name: str = "Web") -> list[str]:
    found = client.get(f"/pacticipants/{name}/versions").json()["_embedded"]["versions"]
    return sorted(each["number"] for each in found)


@pytest.mark.row("PB-255")
def test_what_is_kept_by_default(client: httpx.Client, world: Any, broker: Any, clean: Any) -> None:
    names = [f"v{number}" for number in range(1, 9)]
    for name in names:
        world.published(f"Web {name}", to="Orders", content=name)
    world.tagged("Web v1", "t").tagged("Web v2", "t").on_branch("Web v3", "b").on_branch("Web v4", "b")
    world.deployed("Web v5", to="test").released("Web v6", to="test")
    aged(broker, days=91, versions=[name for name in names if name != "v7"])
    world.verified("Orders 1", "Web v1")

    report = clean()

    assert numbers(client) == ["v2", "v4", "v5", "v6", "v7", "v8"]
    assert report["versions"] == {"deleted": 2, "kept": 7}
    assert report["pactVersions"]["deleted"] == 1
    assert client.get("/pacticipants/Orders/versions/1").status_code == 200
    assert client.get("/pacts/provider/Orders/consumer/Web/version/v1").status_code == 404


@pytest.mark.row("PB-255")
def test_a_dry_run_says_what_would_go_and_deletes_nothing(
    client: httpx.Client, world: Any, broker: Any, clean: Any
) -> None:
    for number in ("1", "2", "3"):
        world.put_pact(f"Web {number}", to="Orders")
    aged(broker, days=100, versions=["1", "2", "3"])

    report = clean("--dry-run")

    assert report == {
        "counts": {"totalVersions": 3, "versionsToDelete": 2, "versionsToKeep": 1, "branchesToDelete": 0},
        "versionSummary": {
            "Web": {
                "toDelete": {"count": 2, "firstVersion": "1", "latestVersion": "2"},
                "toKeep": {"count": 1, "firstVersion": "3", "latestVersion": "3"},
            }
        },
    }
    assert numbers(client) == ["1", "2", "3"]


@pytest.mark.row("PB-255")
def test_the_oldest_go_first_and_no_more_than_the_limit(
    client: httpx.Client, world: Any, broker: Any, clean: Any
) -> None:
    for number in ("1", "2", "3", "4"):
        world.put_pact(f"Web {number}", to="Orders")
    aged(broker, days=100, versions=["1", "2", "3", "4"])

    clean("--limit", "2")

    assert numbers(client) == ["3", "4"]


@pytest.mark.row("PB-255")
@pytest.mark.parametrize(
    ("selector", "kept"),
    [
        ({"latest": True}, ["5"]),
        ({"pacticipant": "Web", "tag": "t"}, ["1", "2"]),
        ({"tag": True, "latest": True}, ["2"]),
        ({"branch": "main"}, ["2", "3"]),
        ({"branch": True, "latest": True}, ["3", "4"]),
        ({"main_branch": True, "latest": True}, ["3"]),
        ({"environment": "test"}, ["1"]),
        ({"maxAge": 10}, ["5"]),
        ({"tag": "t", "branch": "main"}, ["2"]),
        ({"pacticipant": "Other", "latest": True}, []),
    ],
)
def test_selectors_say_what_is_kept(
    client: httpx.Client, world: Any, broker: Any, clean: Any, selector: dict[str, Any], kept: list[str]
) -> None:
    for number in ("1", "2", "3", "4", "5"):
        world.client.put(f"/pacticipants/Web/versions/{number}", json={})
    aged(broker, days=20, versions=["1", "2", "3", "4"])
    world.on_branch("Web 2", "main").on_branch("Web 3", "main").on_branch("Web 4", "feat")
    world.tagged("Web 1", "t").tagged("Web 2", "t").deployed("Web 1", to="test")

    clean("--keep", json.dumps([selector]))

    assert numbers(client) == sorted({*kept, "1"})  # 1 is deployed: always kept


@pytest.mark.parametrize(
    ("keep", "told"),
    [
        ("[]", "at least one"),
        ("{", "Expecting"),
        ('[{"colour": 1}]', "unknown member 'colour'"),
        ('[{"latest": "yes"}]', "latest has the wrong type"),
    ],
)
def test_selectors_that_cannot_be_read_are_refused(broker: Any, keep: str, told: str) -> None:
    result = invoked(broker, "--keep", keep)

    assert result.exit_code == 2
    assert told in result.output


def test_what_is_deployed_or_released_is_always_among_the_kept() -> None:
    kept = keeping.selectors([{"latest": True}])

    assert keeping.Keep(deployed=True) in kept
    assert keeping.Keep(released=True) in kept


@pytest.mark.row("PB-256")
def test_branches_that_nobody_touches_go_but_the_main_one(
    client: httpx.Client, world: Any, broker: Any, clean: Any
) -> None:
    world.on_branch("Web 1", "main").on_branch("Web 1", "old").on_branch("Web 1", "new")
    aged(broker, days=91, branches=["main", "old"])

    assert clean("--keep-branches")["branches"] == {"deleted": 0, "kept": 3}
    assert clean()["branches"] == {"deleted": 1, "kept": 2}
    left = client.get("/pacticipants/Web/branches").json()["_embedded"]["branches"]
    assert sorted(each["name"] for each in left) == ["main", "new"]
    assert numbers(client) == ["1"]


@pytest.mark.row("PB-257")
def test_overwritten_revisions_and_superseded_results_go_after_a_week(
    broker_with: Callable[..., Any], world_of: Callable[..., Any], kind: str
) -> None:
    running = broker_with(kind=kind, allow_dangerous_contract_modification=True)
    world = world_of(running)
    world.put_pact("Web 1", to="Orders", content="first").put_pact("Web 1", to="Orders", content="second")
    world.verified("Orders 7", "Web 1", success=False).verified("Orders 7", "Web 1").verified("Orders 8", "Web 1")

    young = json.loads(invoked(running).stdout)["overwritten"]
    aged(running, days=8, everything_of=[Publication, Verification])
    old = json.loads(invoked(running).stdout)["overwritten"]

    assert young["pactPublications"] == {"deleted": 0, "kept": 2}
    assert old["pactPublications"] == {"deleted": 1, "kept": 1}
    assert old["verificationResults"] == {"deleted": 1, "kept": 2}
    assert old["pactVersions"] == {"deleted": 1, "kept": 1}
    with running.engine.connect() as connection:
        assert len(connection.execute(select(table(Contract).c.id)).all()) == 1
        assert len(connection.execute(select(table(Interaction).c.sha)).all()) == 1
        providers = connection.execute(select(table(InteractionUsage).c.interaction_sha).distinct()).all()
        assert len(providers) == 1
    shown = world.pact_of("Web 1", "Orders")
    assert shown["interactions"][0]["description"] == "second"
    latest = world.client.get(shown["_links"]["pb:latest-verification-results"]["href"]).json()
    assert latest["success"] is True
