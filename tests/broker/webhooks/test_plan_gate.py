"""The events of a plan whose gate opens and closes, as a receiver gets them."""

from __future__ import annotations

from typing import Any


def test_the_opened_gate_reaches_the_receiver(telling: Any, receiver: Any, add_webhook: Any) -> None:
    world = telling[0] if isinstance(telling, tuple) else telling
    world.published("web 1", to="orders", branch="main").deployed("web 1", to="production")
    plan = world.client.post("/plans", json={"provider": "orders", "edits": ["drop operation 'GET /'"]}).json()
    body = {"plan": "${pactbroker.planTitle}", "at": "${pactbroker.planUrl}"}
    request = {"method": "POST", "url": receiver.url, "headers": {"content-type": "application/json"}, "body": body}
    add_webhook(world, receiver.url, "plan_gate_opened", request=request)

    world.published("web 2", to="other", branch="main").deployed("web 2", to="production")

    [told] = receiver.wait_for(1)
    assert told.json == {"plan": "drop operation 'GET /'", "at": plan["_links"]["self"]["href"]}


def test_every_variable_of_a_plan_reaches_the_receiver_of_a_gate_that_closes(
    telling: Any, receiver: Any, add_webhook: Any
) -> None:
    world = telling[0] if isinstance(telling, tuple) else telling
    world.published("web 1", to="orders", branch="main").deployed("web 1", to="production")
    edits = {"provider": "orders", "edits": ["drop operation 'GET /'"], "title": "no root"}
    plan = world.client.post("/plans", json=edits).json()
    world.published("web 2", to="other", branch="main").deployed("web 2", to="production")
    names = ("planTitle", "planUrl", "planUuid", "planReason", "providerName", "consumerName", "eventName")
    body = {name: f"${{pactbroker.{name}}}" for name in (*names, "dashboardUrl")}
    request = {"method": "POST", "url": receiver.url, "headers": {"content-type": "application/json"}, "body": body}
    add_webhook(world, receiver.url, "plan_gate_closed", request=request)

    world.deployed("web 1", to="production")

    [told] = receiver.wait_for(1)
    own = plan["_links"]["self"]["href"]
    assert told.json == {
        "planTitle": "no root",
        "planUrl": own,
        "planUuid": plan["uuid"],
        "planReason": "web 1 is live in production, and relies on it",
        "providerName": "orders",
        "consumerName": "web",
        "eventName": "plan_gate_closed",
        "dashboardUrl": own.partition("plans/")[0],
    }
