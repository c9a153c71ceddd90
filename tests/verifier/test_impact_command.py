"""`tallystick impact` of a build: a real broker, a real small provider, nothing published."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from tallystick.cli import main

DOCS = Path(__file__).parents[2] / "docs"
HOW_TO, REFERENCE = DOCS / "how-to/plan-a-change.md", DOCS / "reference/impact.md"
ORDER = {"id": 7, "total": 5}
REMOVE = "remove 'GET /orders/{id} 200 $.total'"
APPLICATION = """
import json, os

ORDER = {"id": 7} if os.environ.get("ORDERS_WITHOUT_TOTAL") else {"id": 7, "total": 5}

async def asgi(scope, receive, send):
    if scope["type"] == "http":
        content = json.dumps(ORDER if scope["path"] == "/orders/7" else [{"id": 7}]).encode()
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

def wsgi(environ, start_response):
    start_response("200 OK", [("content-type", "application/json")])
    return [json.dumps(ORDER if environ["PATH_INFO"] == "/orders/7" else [{"id": 7}]).encode()]

def broken():
    raise RuntimeError("no database")

states = {"an order": broken}
"""
DESCRIPTION = """\
openapi: 3.0.3
info: {title: Orders, version: "1"}
paths:
  /orders/{id}:
    get:
      responses:
        200:
          description: an order
          content:
            application/json:
              schema:
                type: object
                required: [id, total]
                properties:
                  id: {type: integer}
                  total: {type: integer}
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broker")
    words = ["broker", "serve", "--port", "0", "--database-url", f"sqlite:///{folder / 'broker.sqlite3'}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PACT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tallystick", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    url = next(found[0] for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
    with httpx.Client(base_url=url, timeout=30, transport=httpx.HTTPTransport(retries=20)) as client:
        yield client
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def orders(broker):
    """web relies on an order's total and is live; billing relies on the list, on its main branch."""

    def publish(consumer, *interactions):
        broker.post("/pacticipants", json={"name": consumer, "mainBranch": "main"})
        document = {
            "consumer": {"name": consumer}, "provider": {"name": "orders"}, "interactions": list(interactions),
            "metadata": {"pactSpecification": {"version": "3.0.0"}},
        }  # fmt: skip
        assert broker.put(f"/pacts/provider/orders/consumer/{consumer}/version/1", json=document).status_code == 201
        assert broker.put(f"/pacticipants/{consumer}/branches/main/versions/1", json={}).is_success

    def get(description, path, body, *states):
        return {
            "description": description, "request": {"method": "GET", "path": path},
            "response": {"status": 200, "body": body}, "providerStates": [{"name": one} for one in states],
        }  # fmt: skip

    publish("web", get("an order | of <b>7</b>\x1b[31m", "/orders/7", ORDER, "an order"))
    publish("billing", get("all orders", "/orders", [{"id": 7}]))
    made = broker.post("/environments", json={"name": "production", "production": True, "contacts": [
        {"name": "Team Web", "details": {"emailAddress": "web@example.org"}}
    ]})  # fmt: skip
    uuid = made.json()["uuid"]
    deployed = broker.post(f"/pacticipants/web/versions/1/deployed-versions/environment/{uuid}", json={})
    assert deployed.status_code == 201
    return broker


@pytest.fixture
def run(orders, monkeypatch, tmp_path):
    """Runs a command line in a folder that has an application; exit code, standard output, standard error."""
    (tmp_path / "orders_app.py").write_text(APPLICATION)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PACT_BROKER_BASE_URL", str(orders.base_url))
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.delitem(sys.modules, "orders_app", raising=False)

    def run(*arguments):
        result = CliRunner().invoke(main, ["impact", *map(str, arguments)], prog_name="tallystick")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    yield run
    sys.modules.pop("orders_app", None)


@pytest.fixture
def breaking(provider):
    provider.on("/orders/7", body={"id": 7})
    provider.on("/orders", body=[{"id": 7}])
    return provider.url


def test_a_breaking_build_at_an_address(run, breaking):
    code, out, err = run("orders", "--provider-base-url", breaking)

    assert code == 1
    assert out.startswith("BREAKS 1 consumer of orders.\n\nweb (relies on it since version 1)\n  1: production since ")
    assert "  contact for production: Team Web, emailAddress web@example.org\n" in out
    assert "- [A] an order | of <b>7</b>\\x1b[31m: Actual map is missing the following" in out
    assert "      $.total; version 1\n" in out
    assert "1 consumer is not touched: billing.\n" in out
    assert "cost: 16 points = 1 consumer × 5 + 1 interaction × 1 + 1 live version × 2 + 1\n" in out
    assert "- expand and contract: not enough history of web, 1 interaction to rewrite" in out
    assert f"The build: {breaking}." in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    assert "nothing sets them up: give --state-change-url or --states" in err


@pytest.mark.parametrize("name", ["asgi", "wsgi"])
def test_a_compatible_build_in_this_process(run, name):
    code, out, _ = run("orders", "--app", f"orders_app:{name}")

    assert (code, out.split("\n\n")[:2]) == (
        0,
        ["SAFE: no counted contract with orders would break.", "2 consumers are not touched: billing, web."],
    )


@pytest.mark.parametrize("name", ["asgi", "wsgi"])
def test_a_breaking_build_in_this_process(run, monkeypatch, name):
    monkeypatch.setenv("ORDERS_WITHOUT_TOTAL", "1")

    code, out, _ = run("orders", "--app", f"orders_app:{name}", "--json")

    found = json.loads(out)
    assert (code, found["verdict"], found["strength"]) == (1, "breaks", "A")
    assert found["build"] == f"orders_app:{name}, in this process"
    [line] = found["consumers"][0]["breaks"]
    assert (line["field"], line["strength"], line["versions"]) == ("$.total", "A", ["1"])


def test_a_provider_that_nobody_answers_for_could_not_be_asked(run):
    code, out, err = run("orders", "--provider-base-url", "http://127.0.0.1:1")

    assert (code, out) == (4, "")
    assert [line for line in err.splitlines() if not line.startswith("!")] == [
        "Error: Could not run: could not connect to http://127.0.0.1:1: Connection refused (is it running, and is the "
        "address right?)"
    ]


def test_a_state_that_cannot_be_set_up_leaves_its_interaction_unknown(run):
    code, out, _ = run("orders", "--app", "orders_app:asgi", "--states", "orders_app:states")

    assert code == 3
    assert out.startswith("UNKNOWN: not everything that counts was asked.\n\n1 consumer is not touched: billing.\n")
    said = " ".join(out.split())
    assert "not asked: web 1, an order | of <b>7</b>\\x1b[31m: state 'an order' could not be set up: " in said


def test_a_failure_outweighs_what_could_not_be_asked(run, provider):
    provider.on("/orders", status=500)

    code, out, _ = run("orders", "--provider-base-url", provider.url, "--states", "orders_app:states")

    assert code == 1
    assert out.startswith("BREAKS 1 consumer of orders.\n\nbilling ")
    assert "\nnot asked: web 1, an order" in out


def test_options_of_verify_are_taken(run, provider):
    provider.on("/orders/7", body=ORDER)
    provider.on("/orders", body=[{"id": 7}])
    provider.on("/_states", body={})

    code, _, err = run(
        "orders", "--provider-base-url", provider.url, "--header", "Authorization: Bearer x", "--timeout", "20",
        "--state-change-url", "/_states", "--concurrency", "3", "--workers", "2",
    )  # fmt: skip

    assert (code, err) == (0, "")
    asked = {path: headers for _, path, headers, _ in provider.seen}
    assert asked.keys() == {"/orders/7", "/orders", "/_states"}
    assert asked["/orders/7"]["Authorization"] == "Bearer x"


def test_nothing_is_published(run, orders, breaking):
    assert run("orders", "--provider-base-url", breaking)[0] == 1

    for consumer in ("web", "billing"):
        address = f"/pacts/provider/orders/consumer/{consumer}/latest/verification-results/latest"
        assert orders.get(address).status_code == 404
    assert orders.get("/pacticipants/orders/versions").json()["_embedded"]["versions"] == []


def test_edits_and_a_build_say_where_they_agree(run, breaking):
    code, out, _ = run("orders", "--provider-base-url", breaking, "--edit", REMOVE,
                       "--edit", "remove 'GET /orders 200 $[*].id'")  # fmt: skip

    said = " ".join(out.split())
    assert code == 1
    assert "- [A, as predicted] an order" in said
    assert f"edit: {REMOVE}" in said
    assert "- [C, predicted, but the replay passes] all orders: " in said
    assert "prediction and replay: 1 as predicted; 1 predicted, but the replay passes" in said


def test_a_description_and_a_build_say_where_they_agree(run, breaking, tmp_path):
    old, new = tmp_path / "old.yaml", tmp_path / "new.yaml"
    old.write_text(DESCRIPTION)
    new.write_text(DESCRIPTION.replace("id, total]", "id]").replace("total: {type: integer}", "sum: {type: integer}"))
    options = ("--description", new, "--from", old, "--json")

    code, out, _ = run("orders", "--provider-base-url", breaking, *options)
    assert code == 1
    [line] = json.loads(out)["consumers"][0]["breaks"]
    assert (line["strength"], line["agreement"], line["field"]) == ("A", "predicted", "$.total")

    code, out, _ = run("orders", "--app", "orders_app:asgi", *options)
    assert (code, json.loads(out)["verdict"]) == (1, "may break")
    [line] = json.loads(out)["consumers"][0]["breaks"]
    assert (line["strength"], line["agreement"], line["certain"]) == ("B", "not confirmed", False)

    _, out, _ = run("orders", "--app", "orders_app:asgi", *options[:-1])
    assert out.startswith("MAY BREAK 1 consumer of orders: that is predicted, and the build still answers\nas before.")


def documented(title, below="| member | what it says |"):
    """The members in the first table below a text of the reference; those that may be absent end with ?."""
    table = REFERENCE.read_text().partition(title)[2].partition(below)[2].partition("\n\n")[0]
    cells = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| `")]
    return {name.replace("`", "") for cell in cells for name in cell.split(", ")}


@pytest.mark.parametrize(
    "words", [("--edit", REMOVE), ("--app", "orders_app:asgi"), ("--app", "orders_app:asgi", "--edit", REMOVE)]
)
def test_the_json_has_the_documented_members(run, monkeypatch, words):
    monkeypatch.setenv("ORDERS_WITHOUT_TOTAL", "1")

    found = json.loads(run("orders", *words, "--json")[1])

    for shown, members in (
        ({name for name in found if name != "_links"}, documented("# The answer")),
        (found["consumers"][0]["breaks"][0].keys(), documented("its lines, `breaks`")),
    ):
        optional = {name.removesuffix("?") for name in members if name.endswith("?")}
        assert members - {f"{name}?" for name in optional} <= shown <= {name.removesuffix("?") for name in members}


def test_the_commands_of_the_how_to_run(run, breaking, provider, tmp_path):
    provider.on("/_states", body={})
    (tmp_path / "orders").mkdir()
    (tmp_path / "orders/app.py").write_text(
        APPLICATION.replace("def asgi", "def app").replace("broken}", "lambda: None}")
    )
    (tmp_path / "openapi.yaml").write_text(DESCRIPTION)
    (tmp_path / "openapi-changed.yaml").write_text(DESCRIPTION.replace("id, total]", "id]"))
    section = HOW_TO.read_text().partition("## 2.")[2].partition("## 3.")[0]
    lines = [line for fence in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in fence.splitlines()]
    assert len(lines) > 5

    codes = {}
    for line in lines:
        words = shlex.split(line.replace("http://127.0.0.1:8080", breaking))
        codes[line] = CliRunner().invoke(main, words[1:], prog_name="tallystick").exit_code
        for name in ("orders", "orders.app"):
            sys.modules.pop(name, None)

    assert codes == dict(zip(lines, [1, 0, 1, 1, 0, 3, 1], strict=True))


def test_what_only_the_rulebook_calls_breaking_is_told_with_the_reason(run, tmp_path):
    noted = DESCRIPTION + "                  note: {type: string}\n"
    dropped = "  /gone:\n    get: {responses: {200: {description: gone}}}\n"
    (tmp_path / "old.yaml").write_text(noted + dropped)
    (tmp_path / "new.yaml").write_text(DESCRIPTION)
    words = ("orders", "--description", "new.yaml", "--from", "old.yaml")
    place, operation = "remove 'GET /orders/{id} 200 $.note'", "drop operation 'GET /gone'"
    why = "contracts use the operation, and none relies on this place"

    code, out, _ = run(*words)
    assert (code, out.splitlines()[0]) == (0, "SAFE: no counted contract with orders would break.")
    said = " ".join(out.split())
    assert f"nobody relies on: {place} ({why}) " in said
    assert f"nobody relies on: {operation} (no counted contract uses the operation) " in said
    assert "2 consumers are not touched: billing, web." in said

    found = json.loads(run(*words, "--json")[1])
    assert {one["edit"]: (one["operationUsed"], one["reason"]) for one in found["unused"]} == {
        place: (True, why),
        operation: (False, "no counted contract uses the operation"),
    }
    markdown = run(*words, "--markdown")[1].splitlines()
    assert markdown[markdown.index("Nobody relies on:") + 2].endswith(f"({why})")

    code, out, _ = run("orders", "--edit", place)  # C
    assert (code, f"nobody relies on: {place} ({why}); nearest: " in " ".join(out.split())) == (0, True)


def test_messages_of_a_build_are_asked_too(run, orders, tmp_path):
    orders.post("/pacticipants", json={"name": "events"})
    document = {
        "consumer": {"name": "ledger"}, "provider": {"name": "events"},
        "messages": [{"description": "an order was placed", "contents": {"id": 7, "total": 5}}],
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
    }  # fmt: skip
    assert orders.put("/pacts/provider/events/consumer/ledger/version/1", json=document).status_code == 201
    (tmp_path / "events_app.py").write_text("messages = {'an order was placed': lambda: {'id': 7}}\n")

    code, out, _ = run("events", "--messages", "events_app:messages")

    assert code == 1
    assert "- [A] an order was placed: Actual map is missing the following keys: total\n" in out
    assert (
        "- tolerant addition: 0 days, 0 interactions to rewrite\n    events keeps an order was placed $.total\n" in out
    )


def test_markdown_holds_no_markup_of_strangers(run, breaking):
    code, out, _ = run("orders", "--provider-base-url", breaking, "--markdown")

    assert (code, out.splitlines()[0]) == (1, "**BREAKS 1 consumer of orders.**")
    assert r"an order \| of \<b\>7\</b\>\\x1b\[31m" in out
    assert "- web: production: Team Web, emailAddress web@\u200bexample.org" in out
    assert "\n1 consumer is not touched: billing.\n" in out
    assert "\x1b" not in out


def test_a_provider_that_nobody_published_a_contract_with(run, orders):
    orders.post("/pacticipants", json={"name": "lonely"})

    code, out, _ = run("lonely", "--app", "orders_app:asgi")
    assert code == 3
    assert out.startswith(
        "UNKNOWN: no contract with lonely is published.\n"
        "Nobody is known to use lonely. Consumers publish what they rely on with\n`tallystick publish`;"
    )
    code, out, _ = run("lonely", "--edit", REMOVE)
    assert (code, "Nobody is known to use lonely." in out) == (3, True)
    code, out, _ = run("lonely", "--edit", REMOVE, "--markdown")
    assert (code, out.splitlines()[0]) == (3, "**UNKNOWN: no contract with lonely is published.**")

    code, out, err = run("nobody", "--app", "orders_app:asgi")
    assert (code, out) == (3, "")
    assert err == (
        "Error: No provider with name 'nobody' found; the names that are known: tallystick list-pacticipants\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "or a build: --provider-base-url URL, --app MODULE:NAME, or --provider-version VERSION"),
        (("--app", "orders_app:asgi", "--provider-version", "1"), "which build?"),
        (("--edit", REMOVE, "--description", "orders_app.py"), "and not both"),
        (("--app", "orders_app:asgi", "--provider-base-url", "http://localhost:1"), "not both"),
        (("--app", "orders_app:none"), "orders_app has no 'none'"),
        (("--app", "orders_app"), "an import string like package.module:name is needed"),
    ],
)
def test_what_is_wrong_is_told(run, words, said):
    code, out, err = run("orders", *words)

    assert (code, out, said in err) == (2, "", True), err


def test_results_that_are_published_are_told_without_a_run(run, orders, breaking):
    orders.post("/pacticipants", json={"name": "stock"})
    document = {
        "consumer": {"name": "shop"}, "provider": {"name": "stock"},
        "metadata": {"pactSpecification": {"version": "3.0.0"}},
        "interactions": [{
            "description": "items", "request": {"method": "GET", "path": "/orders/7"},
            "response": {"status": 200, "body": {"total": 5}, "matchingRules": {
                "body": {"$.total": {"matchers": [{"match": "integer"}]}}
            }},
        }],
    }  # fmt: skip
    assert orders.put("/pacts/provider/stock/consumer/shop/version/1", json=document).status_code == 201
    code, _, err = run("stock", "--provider-version", "2.0")
    assert (code, err) == (3, "Error: No version 2.0 of stock found (no version of it has results)\n")

    verified = CliRunner().invoke(main, [
        "verify", "--provider", "stock", "--provider-base-url", breaking, "--publish", "--provider-version", "2.0",
        "--allow-dirty", "-q",
    ])  # fmt: skip
    assert verified.exit_code == 1, verified.output
    code, out, _ = run("stock", "--provider-version", "2.0", "--json")

    found = json.loads(out)
    assert (code, found["verdict"], found["strength"], found["build"]) == (1, "breaks", "A", "stock 2.0")
    [line] = found["consumers"][0]["breaks"]
    assert (line["field"], line["sentence"]) == ("$.total", "Actual map is missing the following keys: total")
