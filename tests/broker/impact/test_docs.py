"""The pages about planned changes are followed: every command of the how-to runs, and its middleware answers."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from tallystick.broker.webhooks.inputs import EVENTS
from tallystick.broker.webhooks.templates import NAMES
from tallystick.cli import main

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def lines(section: str) -> list[str]:
    """The commands of a section, continued lines joined."""
    found = [body for language, body in FENCE.findall(section) if language == "sh"]
    return [line for body in found for line in body.replace("\\\n", " ").splitlines() if line]


@pytest.fixture
def sections(root: Path) -> dict[str, str]:
    parts = re.split(r"^## \d\. (.*)\n", (root / "docs/how-to/plan-a-change.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.fixture
def follow(broker: Any, tmp_path: Path) -> Any:
    """`follow("tallystick plan list")`: runs it against the broker; gives the exit code."""

    def run(line: str) -> int:
        words, _, file = line.partition(" > ")
        command, *arguments = shlex.split(words)
        assert command == "tallystick"
        done = CliRunner().invoke(main, arguments, env={"PACT_BROKER_BASE_URL": broker.url}, catch_exceptions=False)
        if file:
            (tmp_path / file).write_text(done.stdout)
        print(line, done.output)
        return done.exit_code

    return run


def test_the_how_to_is_followed_from_the_plan_to_its_end(
    orders, client, pact_document, an_order, sections, follow, tmp_path
):
    total = pact_document("web", "orders", an_order("a total", {"total": 7}), version="3.0.0")
    orders.published("web 3", to="orders", branch="main", content=total).deployed("web 3", to="production")
    orders.deployed("web 3", to="test")

    assert [follow(line) for line in lines(sections["Plan it"])] == [0, 0, 0]
    assert [follow(line) for line in lines(sections["Tell those who call"])] == [0]
    *webhook, may = lines(sections["Wait for the gate"])
    assert [follow(line) for line in webhook] == [0]
    assert follow(may) == 1
    middleware_sends(sections["Tell those who call"], tmp_path)

    summed = pact_document("web", "orders", an_order("a sum", {"sum": 7}), version="3.0.0")
    orders.published("web 4", to="orders", branch="main", content=summed)
    less = pact_document("mail", "orders", an_order("no total", {"id": 7}), version="3.0.0")
    orders.published("mail 2", to="orders", branch="main", content=less)
    assert client.get("/plans").json()["_embedded"]["plans"][0]["stage"] == "migrate"
    orders.deployed("web 4", to="production").deployed("web 4", to="test")
    assert follow(may) == 0
    assert [follow(line) for line in lines(sections["Take the old shape away"])] == [0]
    [plan] = client.get("/plans").json()["_embedded"]["plans"]
    assert (plan["stage"], plan["outcome"], plan["title"]) == ("closed", "done", "total becomes sum")
    assert follow(may) == 0


def middleware_sends(section: str, folder: Path) -> None:
    """The middleware of the how-to, around an application with two paths."""
    [source] = [body for language, body in FENCE.findall(section) if language == "python"]
    names: dict[str, Any] = {}
    exec(source, names)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async def answers() -> list[httpx.Response]:
        wrapped = names["Deprecation"](app, folder / "plan.json", ("/orders/",))
        async with httpx.AsyncClient(transport=httpx.ASGITransport(wrapped), base_url="http://orders") as client:
            return [await client.get("/orders/7"), await client.get("/health")]

    import asyncio

    about, other = asyncio.run(answers())
    wanted = json.loads((folder / "plan.json").read_text())["headers"]
    assert wanted.keys() == {"Deprecation", "Sunset", "Link"}
    assert {name: about.headers[name] for name in wanted} == wanted
    assert about.headers["x-own"] == "1"
    assert not {name.lower() for name in wanted} & set(other.headers)


def test_the_events_and_variables_of_plans_are_those_that_there_are(root: Path):
    text = (root / "docs/how-to/webhooks.md").read_text()
    section = text.split("## Plans\n")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", section))

    assert {one for one in named if one.startswith("plan_")} == {one for one in EVENTS if one.startswith("plan_")}
    assert {one for one in named if not one.startswith("plan_")} <= NAMES
    assert {one for one in NAMES if one.startswith("plan")} <= named


def test_the_explanation_names_tests_and_addresses_that_exist(root: Path, client):
    text = (root / "docs/explanation/cost-of-change.md").read_text()

    assert [path for path in re.findall(r"`(tests/[\w/]+\.py)`", text) if not (root / path).exists()] == []
    for _, path in re.findall(r"`(GET|POST) (/\S+)`", text):
        asked = path.replace("{provider}", "orders").replace("{uuid}", "none")
        assert client.get(asked).status_code == 404
        assert "requested document was not found" not in client.get(asked).text  # the resource, not the route
