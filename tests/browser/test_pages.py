"""Pages in a real browser, light and dark, wide and narrow: accessible, nothing blocked, nothing from elsewhere."""

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium: apt-get install chromium, or set CHROMIUM")

PAGES = {
    "dashboard": "/",
    "can I deploy": "/can-i-deploy?pacticipant=Orders&version=7&environment=production",
    "matrix form": "/matrix",
    "matrix": "/matrix?q[][pacticipant]=Web&q[][version]=1&q[][pacticipant]=Orders&q[][version]=7"
    "&environment=production",
    "application": "/pacticipants/Orders",
    "pair": "/dashboard/provider/Orders/consumer/Web",
    "contract": "/pacts/provider/Orders/consumer/Web/version/1",
    "network": "/network",
    "usage": "/pacticipants/Shop/usage",
    "usage of an operation": "/pacticipants/Shop/usage?operation=GET+/orders/{id}",
    "who needs a place": "/pacticipants/Shop/usage?operation=GET+/orders/{id}&path=200+$.total",
    "nearest places": "/pacticipants/Shop/usage?operation=GET+/orders/{id}&path=$.totl",
    "what nobody uses": "/pacticipants/Shop/usage/unused",
    "what if": "/pacticipants/Shop/impact",
    "impact": "/pacticipants/Shop/impact?edit=remove+'GET+/orders/{id}+200+$.total'"
    "&edit=remove+'GET+/orders/{id}+200+$.no'",
    "not an edit": "/pacticipants/Shop/impact?edit=forget+it",
    "plans": "/plans",
    "not found": "/pacticipants/Nobody",
}


def _fixtures_of_the_broker():
    name = "tallystick_broker_fixtures"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / "broker" / "conftest.py")
        sys.modules[name] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules[name]


@pytest.fixture(scope="module")
def brokers(tmp_path_factory):
    """(an empty broker's address, the address of one with a past)."""
    tests = _fixtures_of_the_broker()
    urls = [f"sqlite:///{tmp_path_factory.mktemp('browser') / name}.sqlite3" for name in ("empty", "past")]
    with (
        tests.serving(tests.Settings(database_url=urls[0]), "sqlite") as empty,
        tests.serving(tests.Settings(database_url=urls[1]), "sqlite") as past,
        httpx.Client(base_url=past.url, timeout=30) as http,
    ):
        world = tests.World(http)
        world.published("Web 1", to="Orders", branch="main", tags=["prod"]).published("Mobile 3", to="Orders")
        results = [
            {
                "interactionId": world.pact_of("Web 1", "Orders")["interactions"][0]["_id"],
                "success": False,
                "mismatches": [{"attribute": "body", "identifier": "$.total", "description": "Expected 1 but got 2"}],
            }
        ]
        world.on_branch("Orders 7", "main").verified("Orders 6", "Web 1")
        world.verified("Orders 7", "Web 1", success=False, results=results)
        world.deployed("Orders 6", to="production").deployed("Web 1", to="production")
        _shop(world, tests)
        yield empty.url, past.url


def _shop(world, tests):
    """A provider with users of different strictness, and a plan whose gate is shut, one whose gate is open."""

    def order(description, body, rules, path="/orders/7"):
        rules = {at: {"matchers": [rule]} for at, rule in rules.items()}
        response = {"status": 200, "body": body, "matchingRules": {"body": rules}}
        return tests.interaction(description, path=path, response=response)

    a_total = order("a total", {"id": 7, "total": 5}, {"$.total": {"match": "type"}})
    lines = order("lines", {"lines": [{"price": 1}]}, {"$.lines[*].price": {"match": "regex", "regex": "1"}})
    history = order("history", {"at": "x"}, {"$.at": {"match": "type"}}, "/orders/7/history")
    for number, name in enumerate(("Till", "Kiosk", "Ledger", "Scale", "Scanner")):
        world.participant(name, mainBranch="main")
        some = (a_total, lines, history)[: 1 + number % 3]
        contract = tests.pact(name, "Shop", *some, version="3.0.0")
        world.published(f"{name} 1", to="Shop", branch="main", content=contract)
        if name != "Scanner":
            world.deployed(f"{name} 1", to="production")
    described = {"200": {"description": "ok", "content": {"application/json": {"schema": {
        "type": "object", "properties": {"id": {"type": "integer"}, "note": {"type": "string"}}}}}}}  # fmt: skip
    paths = {
        "/orders/{id}": {"get": {"responses": described}, "delete": {"responses": {"204": {"description": "gone"}}}}
    }
    document = {"openapi": "3.0.3", "info": {"title": "Shop", "version": "1"}, "paths": paths}
    world.client.put("/pacticipants/Shop/versions/1/description", json=document).raise_for_status()
    for title, edit in (
        ("the total goes", "remove 'GET /orders/{id} 200 $.total'"),
        ("nobody reads the note", "remove 'GET /orders/{id} 200 $.note'"),
    ):
        sent = {"provider": "Shop", "title": title, "edits": [edit], "sunset": "2099-05-01"}
        world.client.post("/plans", json=sent).raise_for_status()


@pytest.fixture(scope="module")
def chromium():
    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=CHROMIUM, args=[*flags, "--disable-sync"])
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium):
    """`visit(url, 1200)`: the page; what it asked for and what was refused is noted."""
    contexts = []

    def get(url, width=1200, *, bypass_csp=False):
        context = chromium.new_context(viewport={"width": width, "height": 900}, bypass_csp=bypass_csp)
        contexts.append(context)
        page = context.new_page()
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.goto(url)
        return page

    yield get
    for context in contexts:
        context.close()


def violations(page):
    """What axe finds, in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for each in axe.Axe().run(page).response["violations"]:
            found.append((scheme, each["id"], [node["html"][:120] for node in each["nodes"]][:3]))
    return found


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_to_mend(visit, brokers, name):
    assert violations(visit(brokers[1] + PAGES[name], bypass_csp=True)) == []  # the policy would keep axe itself out


def test_a_result_is_reached_from_its_row_and_is_accessible_too(visit, brokers):
    page = visit(brokers[1] + "/matrix/provider/Orders/consumer/Web", bypass_csp=True)
    page.get_by_role("link", name="Failed").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Orders does not keep its contract with Web"
    assert page.get_by_text("Expected 1 but got 2").is_visible()
    assert violations(page) == []


@pytest.mark.parametrize("title", ["the total goes", "nobody reads the note"])
def test_a_plan_is_reached_from_the_list_and_is_accessible_and_narrow_enough(visit, brokers, title):
    page = visit(brokers[1] + "/plans", width=390, bypass_csp=True)
    page.get_by_role("link", name=title).click()
    assert page.get_by_role("heading", level=1).inner_text() == title
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []


@pytest.mark.parametrize("path", ["/", "/network", "/can-i-deploy", "/plans"])
def test_an_empty_broker_is_accessible_too(visit, brokers, path):
    assert violations(visit(brokers[0] + path, bypass_csp=True)) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_its_style_and_nothing_else_and_fits_a_narrow_screen(visit, brokers, name):
    page = visit(brokers[1] + PAGES[name], width=390)
    asked = [url for url in page.asked if not url.startswith("data:")]
    assert all(url.startswith(brokers[1]) for url in asked)
    assert len(asked) == 2
    assert [text for text in page.complaints if "status of 4" not in text] == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_from_the_dashboard_to_the_reason_by_keyboard_and_form(visit, brokers):
    page = visit(brokers[1] + "/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.get_by_role("link", name="Orders", exact=True).first.click()
    page.get_by_label("Version").fill("7")
    page.get_by_role("button", name="Ask").click()
    assert "No: Orders 7 must not go to Production".lower() in page.get_by_role("status").inner_text().lower()
    assert page.get_by_text("Expected 1 but got 2").is_visible()
    page.get_by_role("link", name="Web", exact=True).first.click()
    assert page.get_by_role("heading", level=1).inner_text() == "Web"


def test_from_a_field_to_what_its_removal_breaks_and_to_the_command_that_plans_it(visit, brokers):
    page = visit(brokers[1] + "/pacticipants/Shop")
    page.get_by_role("link", name="Who uses what").click()
    page.get_by_role("link", name="GET /orders/{id}", exact=True).click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="total", exact=True))
    row.get_by_role("link", name="What if it went?").click()
    assert "This breaks 5 consumers of Shop" in page.get_by_role("status").inner_text()
    assert page.get_by_text("tallystick plan create Shop").is_visible()


def test_an_edit_is_put_together_in_the_form_and_a_changed_description_is_sent_by_it(visit, brokers, tmp_path):
    page = visit(brokers[1] + "/pacticipants/Shop/impact")
    page.get_by_label("Add an edit").select_option("rename")
    page.get_by_label("of this operation or place").fill("GET /orders/{id} 200 $.total")
    page.get_by_label("new name or type").fill("sum")
    page.get_by_role("button", name="Ask").click()
    assert "This breaks 5 consumers of Shop" in page.get_by_role("status").inner_text()
    assert page.locator(".edits").inner_text() == "rename 'GET /orders/{id} 200 $.total' to sum"

    changed = httpx.get(brokers[1] + "/pacticipants/Shop/versions/1/description", timeout=30).json()
    shape = changed["paths"]["/orders/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    shape["properties"]["id"] = {"type": "string"}
    file = tmp_path / "changed.json"
    file.write_text(json.dumps(changed))
    page.goto(brokers[1] + "/pacticipants/Shop/impact")
    page.get_by_text("Or ask with a changed OpenAPI description").click()
    page.get_by_label("Changed description, JSON or YAML").set_input_files(file)
    page.get_by_role("button", name="Compare").click()
    assert "This breaks" in page.get_by_role("status").inner_text()
    assert page.complaints == []
