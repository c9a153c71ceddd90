"""The event of a plan whose gate opened, as a receiver gets it."""

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
