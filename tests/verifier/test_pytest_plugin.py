"""The pytest plugin for providers: one item per interaction."""

import json

import pytest

pytest_plugins = ["pytester"]

APP = """
import pytest
from tallystick.verifier.handlers import StateHandlers

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        raise RuntimeError
    status = 200 if scope["path"] == "/orders/1" and ORDERS else 404
    await send({"type": "http.response.start", "status": status, "headers": []})
    await send({"type": "http.response.body", "body": b""})

ORDERS = []
states = StateHandlers()

@states("an order exists")
def order_exists(id, orders):
    orders.append(id)
    yield
    orders.clear()

@pytest.fixture
def orders():
    return ORDERS

@pytest.fixture
def contracts_app():
    return app

@pytest.fixture
def contracts_states():
    return states

@pytest.mark.contracts("pacts", provider="orders")
def test_orders_keeps_its_contracts(contract_interaction):
    contract_interaction.verify()
"""


@pytest.fixture
def project(pytester, tell):
    """A provider's project with two contracts, one of them broken and one interaction pending."""
    state = [{"name": "an order exists", "params": {"id": 1}}]
    pacts = pytester.mkdir("pacts")
    web = tell.contract(tell.interaction("an order", states=state), tell.interaction("no order", status=404))
    billing = tell.contract(tell.interaction("broken", "/nowhere"), consumer="billing")
    billing["metadata"]["pactSpecification"]["version"] = "4.0"
    for entry in (billing["interactions"][0],):
        entry["type"] = "Synchronous/HTTP"
    later = json.loads(json.dumps({**billing["interactions"][0], "description": "later", "pending": True}))
    billing["interactions"].append(later)
    (pacts / "web.json").write_text(json.dumps(web))
    (pacts / "billing.json").write_text(json.dumps(billing))
    pytester.makepyfile(test_contracts=APP)
    return pytester


@pytest.fixture(autouse=True)
def only_our_plugin(monkeypatch):
    """What else is installed here costs seconds in each run and says nothing about us."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


def run(project, *words):
    return project.runpytest_subprocess("-p", "tallystick.verifier.pytest_plugin", "-p", "xdist.plugin", *words)


def test_each_interaction_is_an_item_named_after_consumer_and_description(project):
    result = run(project, "-v")

    result.assert_outcomes(passed=2, failed=1, xfailed=1)
    result.stdout.fnmatch_lines([
        "*test_orders_keeps_its_contracts?billing: broken? FAILED*",
        "*test_orders_keeps_its_contracts?billing: later? XFAIL*",
        "*test_orders_keeps_its_contracts?web-shop: an order? PASSED*",
        "*test_orders_keeps_its_contracts?web-shop: no order? PASSED*",
    ])  # fmt: skip
    result.stdout.fnmatch_lines(["*asked*GET /nowhere*", "*expected 200 but was 404*"])
    assert "replay.py" not in result.stdout.str()


@pytest.mark.parametrize("words", [(), ("-n", "2")], ids=["in one process", "in several"])
def test_the_end_says_who_would_break_on_what(project, words):
    result = run(project, *words)

    result.stdout.fnmatch_lines([
        "*= 1 consumer would break =*", "billing", "  status: expected 200 but was 404 (in broken)",
    ])  # fmt: skip


def test_sources_and_provider_may_stand_in_the_ini_file(project):
    project.makeini("[pytest]\ncontracts_sources = pacts\ncontracts_provider = orders\n")
    text = APP.replace('@pytest.mark.contracts("pacts", provider="orders")', "@pytest.mark.contracts()")
    text = text.replace("(contract_interaction):", "(contract_interaction, contracts_source):")
    project.makepyfile(test_contracts=text + "    assert contracts_source.contract.provider == 'orders'\n")

    run(project, "-k", "web-shop").assert_outcomes(passed=2, deselected=2)


def test_items_are_chosen_with_k_and_spread_with_n(project):
    run(project, "-k", "web-shop").assert_outcomes(passed=2, deselected=2)
    run(project, "-n", "2").assert_outcomes(passed=2, failed=1, xfailed=1)


def test_last_failed_runs_the_failed_interaction_only(project):
    run(project)
    run(project, "--lf").assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("marker", "says"),
    [
        ('"absent"', "*absent*cannot be read*"),
        ('"pacts", provider="nobody"', "*nothing to verify*"),
        ('"pacts", provider="orders", broker_base_url="http://127.0.0.1:9", owed=True', "*could not connect*"),
    ],
)
def test_what_cannot_be_loaded_is_a_failing_item_with_the_reason(project, marker, says):
    project.makepyfile(test_contracts=APP.replace('"pacts", provider="orders"', marker))

    result = run(project)

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([says])


def test_a_misspelt_option_stops_the_collection(project):
    project.makepyfile(test_contracts=APP.replace('provider="orders"', 'providr="orders"'))

    result = run(project)

    assert result.ret != 0
    assert "did you mean 'provider'?" in result.stdout.str() + result.stderr.str()
