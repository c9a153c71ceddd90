"""State changes over HTTP as the Pact reference makes them."""

import json

from tallystick.verifier.api import verify


def bodies(provider, path="/_states"):
    return [json.loads(content) for _, p, _, content in provider.seen if p == path]


def test_each_state_is_set_up_in_order_with_its_parameters(provider, tell):
    provider.on("/_states", body={})
    provider.on("/orders/1")
    states = [{"name": "an order exists", "params": {"id": 1, "price": 1.50}}, "the shop is open"]

    report = verify(
        tell.contract(tell.interaction("an order", states=states)),
        provider_base_url=provider.url,
        state_change_url=f"{provider.url}/_states",
    )

    assert report.exit_code == 0, report.text()
    assert bodies(provider) == [
        {"state": "an order exists", "params": {"id": 1, "price": 1.5}, "action": "setup"},
        {"state": "the shop is open", "params": {}, "action": "setup"},
    ]
    assert provider.asked()[-1] == ("GET", "/orders/1")


def test_an_interaction_without_states_calls_once_with_an_empty_name(provider, tell):
    provider.on("/_states", body={})
    provider.on("/orders/1")

    verify(
        tell.contract(tell.interaction("an order")),
        provider_base_url=provider.url,
        state_change_url=f"{provider.url}/_states",
    )

    assert bodies(provider) == [{"state": "", "params": {}, "action": "setup"}]


def test_teardown_is_called_only_when_asked_for(provider, tell):
    provider.on("/_states", body={})
    provider.on("/orders/1")

    verify(
        tell.contract(tell.interaction("an order", states=["s"])),
        provider_base_url=provider.url,
        state_change_url=f"{provider.url}/_states",
        state_change_teardown=True,
    )

    assert [b["action"] for b in bodies(provider)] == ["setup", "teardown"]
    assert [p for _, p in provider.asked()] == ["/_states", "/orders/1", "/_states"]


def test_as_a_query_strings_stay_and_other_values_are_json(provider, tell):
    provider.on("/_states", body={})
    provider.on("/orders/1")
    state = {"name": "an order exists", "params": {"name": "a b", "count": 2, "deep": {"x": [1]}}}

    verify(
        tell.contract(tell.interaction("an order", states=[state])),
        provider_base_url=provider.url,
        state_change_url=f"{provider.url}/_states?token=1",
        state_change_as_query=True,
    )

    assert provider.asked("/_states") == [
        (
            "POST",
            "/_states?token=1&state=an+order+exists&action=setup&name=a+b&count=2&deep=%7B%22x%22%3A%5B1%5D%7D",
        )
    ]


def test_values_that_the_handler_returns_reach_the_generators(provider, tell):
    provider.on("/_states", body={"id": 77})
    provider.on("/orders/77", body={"id": 1})
    made = tell.interaction(
        "an order",
        path="/orders/1",
        states=[{"name": "an order exists", "params": {"id": 5}}],
        request={
            "generators": {"path": {"type": "ProviderState", "expression": "/orders/${id}"}},
        },
    )

    report = verify(tell.contract(made), provider_base_url=provider.url, state_change_url=f"{provider.url}/_states")

    assert report.exit_code == 0, report.text()
    assert provider.asked("/orders/77") == [("GET", "/orders/77")]


def test_a_failing_set_up_tries_all_states_sends_no_request_and_names_the_state(provider, tell):
    provider.on("/_states", status=400, body={"error": "no such thing"})
    provider.on("/orders/1")

    report = verify(
        tell.contract(tell.interaction("an order", states=["one", "two"])),
        provider_base_url=provider.url,
        state_change_url=f"{provider.url}/_states",
        state_change_teardown=True,
    )

    assert report.exit_code == 1
    assert [b["state"] for b in bodies(provider)] == ["one", "two"]
    assert provider.asked("/orders/1") == []
    problem = report.results[0].replayed.problem
    assert problem.kind == "state-change-failed"
    assert "'one'" in problem.sentence
    assert "no such thing" in problem.sentence


def test_a_busy_handler_is_asked_again(provider, tell):
    answers = iter([(503, {}, b""), (200, {}, {})])
    provider.answers["POST", "/_states"] = lambda *asked: next(answers)
    provider.on("/orders/1")

    report = verify(
        tell.contract(tell.interaction("an order", states=["one"])),
        provider_base_url=provider.url,
        state_change_url=f"{provider.url}/_states",
    )

    assert report.exit_code == 0, report.text()
    assert len(provider.asked("/_states")) == 2


def test_a_failing_teardown_turns_a_pass_into_an_error(provider, tell):
    def answer(path, headers, content):
        return (200 if json.loads(content)["action"] == "setup" else 404, {}, b"")

    provider.answers["POST", "/_states"] = answer
    provider.on("/orders/1")

    report = verify(
        tell.contract(tell.interaction("an order", states=["one"])),
        provider_base_url=provider.url,
        state_change_url=f"{provider.url}/_states",
        state_change_teardown=True,
    )

    assert report.results[0].replayed.problem.kind == "teardown-failed"
    assert report.exit_code == 1


def test_states_that_nobody_sets_up_are_a_warning(provider, tell):
    provider.on("/orders/1")

    report = verify(tell.contract(tell.interaction("an order", states=["one"])), provider_base_url=provider.url)

    assert report.exit_code == 0
    assert "nothing sets them up" in " ".join(report.warnings)
