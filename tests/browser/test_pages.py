"""Pages in a real browser, light and dark, wide and narrow: accessible, nothing blocked, nothing from elsewhere."""

import importlib.util
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
        yield empty.url, past.url


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


@pytest.mark.parametrize("path", ["/", "/network", "/can-i-deploy"])
def test_an_empty_broker_is_accessible_too(visit, brokers, path):
    assert violations(visit(brokers[0] + path, bypass_csp=True)) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_its_style_and_nothing_else_and_fits_a_narrow_screen(visit, brokers, name):
    page = visit(brokers[1] + PAGES[name], width=390)
    asked = [url for url in page.asked if not url.startswith("data:")]
    assert all(url.startswith(brokers[1]) for url in asked)
    assert len(asked) == 2
    assert [text for text in page.complaints if "404" not in text] == []
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
