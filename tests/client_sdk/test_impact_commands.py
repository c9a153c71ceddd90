"""who-needs, publish-description, impact and plan against a running broker: exit codes, texts, JSON, CSV, Markdown."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import time

import httpx
import pytest
from click.testing import CliRunner

from tallystick.cli import main

PACT = {
    "consumer": {"name": "web"},
    "provider": {"name": "orders"},
    "interactions": [
        {
            "description": "an order | of <b>7</b>",
            "request": {"method": "GET", "path": "/orders/7"},
            "response": {"status": 200, "body": {"id": 7, "total": 5}},
        }
    ],
    "metadata": {"pactSpecification": {"version": "3.0.0"}},
}
OLD = """\
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
                properties:
                  id: {type: integer}
                  note: {type: string}
                  total: {type: integer}
"""
NEW = OLD.replace("                  total: {type: integer}\n", "")


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker of this module's own, on a free port, with a consumer that is live."""
    folder = tmp_path_factory.mktemp("broker")
    log = folder / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "tallystick", "broker", "serve", "--port", "0", "--database-url",
             f"sqlite:///{folder}/broker.sqlite3"],
            stdout=out, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
    try:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"http://127\.0\.0\.1:[1-9]\d*", log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        (folder / "pact.json").write_text(json.dumps(PACT))
        (folder / "api.yaml").write_text(OLD)
        for words in (
            ["publish", folder / "pact.json", "-a", "1", "--branch", "main"],
            ["create-environment", "--name", "production", "--production"],
            ["record-deployment", "-a", "web", "-e", "1", "--environment", "production"],
            ["publish-description", "orders", folder / "api.yaml", "-a", "1", "--branch", "main"],
        ):
            result = CliRunner().invoke(main, [*map(str, words), "-b", found.group()])
            assert result.exit_code == 0, (words, result.output)
        yield found.group()
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


@pytest.fixture
def run(broker, monkeypatch, tmp_path):
    """Runs a command line; returns exit code, standard output and standard error."""
    monkeypatch.setenv("PACT_BROKER_BASE_URL", broker)
    for name in ("USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"PACT_BROKER_{name}", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        result = CliRunner().invoke(main, [str(one) for one in arguments], prog_name="tallystick")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


def test_who_needs_a_field(run):
    code, out, _ = run("who-needs", "orders", "GET /orders/{id}", "$.total")

    assert code == 0
    assert re.search(r"^web +1 +production, main +\d{4}-\d\d-\d\d +200 \$\.total +value +1$", out, re.M), out


def test_nobody_needs_a_field_that_is_not_used(run):
    code, out, _ = run("who-needs", "orders", "GET /orders/{id}", "$.totals")

    assert code == 3
    assert "nobody is known to use GET /orders/{id} $.totals of orders\nnearest: 200 $.total" in out


def test_who_needs_as_json_and_csv(run):
    code, out, _ = run("who-needs", "orders", "GET /orders/{id}", "$.total", "--json")
    assert (code, [one["name"] for one in json.loads(out)["consumers"]]) == (0, ["web"])

    code, out, _ = run("who-needs", "orders", "GET /orders/{id}", "$.total", "--csv")
    lines = list(csv.DictReader(io.StringIO(out)))
    assert [(one["consumer"], one["kind"], one["place"]) for one in lines] == [
        ("web", "deployed", "200 $.total"),
        ("web", "main", "200 $.total"),
    ]


def test_who_needs_lists_operations_and_what_nobody_uses(run):
    code, out, _ = run("who-needs", "orders")
    assert (code, out.splitlines()[2].split()) == (0, ["GET", "/orders/{id}", "web"])

    code, out, _ = run("who-needs", "orders", "--unused")
    assert (code, out.splitlines()[:2]) == (0, ["GET /orders/{id}", "  200 $.note"])


def test_what_nobody_uses_of_answers_that_were_seen(run, broker):
    address = {"name": ["object"], "name.first": ["string"], "name.last": ["string"]}
    order = {
        "method": "GET", "template": "/orders/{id}", "side": "response", "status": "200",
        "body": {"$.id": ["integer"], **{f"$.{path}": types for path, types in address.items()}},
    }  # fmt: skip
    stock = {"side": "message", "template": "=stock", "body": {"$.sku": ["string"]}}
    with httpx.Client(base_url=broker) as client:
        client.put("/pacticipants/orders/versions/2", json={}).raise_for_status()
        sent = {"answers": [order, stock]}
        client.post("/pacticipants/orders/versions/2/shape", json=sent).raise_for_status()

    code, out, _ = run("who-needs", "orders", "--unused", "--against", "shape")
    assert code == 0
    assert out.splitlines()[:-1] == [
        "GET /orders/{id}",
        "  200 $.name  (and 2 places in it)",
        "=stock  (the operation as a whole)",
        "shape: orders 2",
        "note: a shape has the operations that contracts asked for, with the fields that were in the answers",
    ]

    code, out, _ = run("who-needs", "orders", "--unused", "--against", "shape", "--csv")
    assert list(csv.reader(io.StringIO(out))) == [
        ["operation", "operation used", "place", "against", "version"],
        ["GET /orders/{id}", "yes", "200 $.name", "shape", "2"],
        ["GET /orders/{id}", "yes", "200 $.name.first", "shape", "2"],
        ["GET /orders/{id}", "yes", "200 $.name.last", "shape", "2"],
        ["'=stock", "no", "", "shape", "2"],
    ]

    code, out, _ = run("who-needs", "orders", "--unused", "--against", "shape", "--json")
    assert (code, json.loads(out)["against"]) == (0, "shape")


def test_what_is_used_and_was_never_seen_is_told_too(run, broker):
    with httpx.Client(base_url=broker) as client:
        client.put("/pacticipants/orders/versions/3", json={}).raise_for_status()
        client.post("/pacticipants/orders/versions/3/shape", json={"answers": []}).raise_for_status()

    code, out, _ = run("who-needs", "orders", "--unused", "--against", "shape")

    assert code == 3
    assert out.startswith("everything that the shape has is used by somebody\n"
                          "used, and was not seen in the answers: GET /orders/{id}\n")  # fmt: skip


def test_with_nothing_to_compare_with_it_is_told_what_to_run(run, broker):
    with httpx.Client(base_url=broker) as client:
        client.put("/pacticipants/newcomer/versions/1", json={}).raise_for_status()

    code, out, err = run("who-needs", "newcomer", "--unused")

    assert (code, out) == (3, "")
    assert "tallystick publish-description" in err
    assert "tallystick verify --publish" in err
    assert len(err.strip().splitlines()) == 1


def test_an_unknown_provider_is_told_in_one_line(run):
    code, _, err = run("who-needs", "nobody")

    assert code == 1
    assert "No provider with name 'nobody' found" in err or "knows none" in err
    assert len(err.strip().splitlines()) == 1


def test_impact_of_an_edit(run):
    code, out, _ = run("impact", "orders", "--edit", "remove 'GET /orders/{id} 200 $.total'")

    assert code == 1
    assert out.startswith("BREAKS 1 consumer of orders.\n\nweb (relies on it since version 1)\n  1: production since ")
    assert "cost: 16 points = 1 consumer × 5 + 1 interaction × 1 + 1 live version × 2 + 1\n" in out
    assert "not enough history" in out
    assert "- expand and contract" in out


def test_impact_of_a_description_and_of_what_nobody_uses(run, tmp_path):
    (tmp_path / "old.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW)

    assert run("impact", "orders", "--description", "new.yaml")[0] == 1
    assert run("impact", "orders", "--description", "old.yaml")[0] == 0
    assert run("impact", "orders", "--description", "new.yaml", "--from", "new.yaml")[0] == 0
    code, out, _ = run("impact", "orders", "--edit", "remove 'GET /orders/{id} 200 $.note'", "--json")
    assert (code, json.loads(out)["verdict"]) == (0, "safe")
    assert run("impact", "orders", "--edit", "remove 'GET /order/{id} 200 $.note'")[0] == 3


def test_markdown_holds_no_markup_of_strangers(run):
    code, out, _ = run("impact", "orders", "--edit", "drop operation 'GET /orders/{id}'", "--markdown")

    assert (code, out.splitlines()[0]) == (1, "**BREAKS 1 consumer of orders.**")
    assert r"an order \| of \<b\>7\</b\>" in out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["impact", "orders"], 2, "what changes?"),
        (["impact", "orders", "--edit", "delete it"], 2, "expected at position 0"),
        (["who-needs", "orders", "--unused", "GET /orders"], 2, "--unused is about the whole provider"),
        (["who-needs", "orders", "--against", "shape"], 2, "--against says what to compare with"),
        (["plan", "create", "orders"], 2, "Missing option '--edit'"),
    ],
)
def test_what_is_wrong_is_told(run, words, code, said):
    found, _, err = run(*words)

    assert (found, said in err) == (code, True), err


def test_a_plan_from_beginning_to_end(run):
    code, out, _ = run("plan", "create", "orders", "--edit", "remove 'GET /orders/{id} 200 $.total'", "--json")
    assert code == 0
    uuid = json.loads(out)["uuid"]

    code, out, _ = run("plan", "can-i-remove", uuid)
    assert (code, out) == (1, "NO: web still relies on it.\n  left in production: web 1\n")
    code, out, _ = run("plan", "list")
    assert (code, uuid in out, "migrate" in out) == (0, True, True)
    code, out, _ = run("plan", "show", uuid)
    assert "Deprecation: @" in out

    code, _, err = run("plan", "close", uuid)
    assert (code, "its gate is shut" in err) == (1, True), err
    code, out, _ = run("plan", "close", uuid, "--as", "given-up")
    assert (code, out.startswith("remove 'GET /orders/{id} 200 $.total': closed as given-up")) == (0, True), out
    code, out, _ = run("plan", "can-i-remove", uuid)
    assert (code, out.startswith("NO: the plan was given up at ")) == (1, True), out


def test_a_build_names_a_plan_by_provider_and_title(run):
    assert run("plan", "can-i-remove", "--provider", "orders")[0] == 3
    edit = ("--edit", "remove 'GET /orders/{id} 200 $.id'", "--json")
    first = json.loads(run("plan", "create", "orders", *edit, "--title", "no ids")[1])["uuid"]
    assert run("plan", "can-i-remove", "--provider", "orders")[0] == 1
    second = json.loads(run("plan", "create", "orders", *edit, "--title", "no ids at all")[1])["uuid"]

    code, _, err = run("plan", "show", "--provider", "orders")
    assert (code, first in err, second in err) == (2, True, True), err
    code, out, _ = run("plan", "update", "--provider", "orders", "--named", "no ids", "--sunset", "2999-05-01",
                       "--url", "https://example.org/ids")  # fmt: skip
    assert (code, f"uuid {first}" in out) == (0, True), out
    assert "  Sunset: Wed, 01 May 2999 00:00:00 GMT\n" in out
    assert '  Link: <https://example.org/ids>; rel="deprecation", <https://example.org/ids>; rel="sunset"\n' in out
    code, out, _ = run("plan", "update", first, "--sunset", "", "--json")
    assert (code, "sunset" in json.loads(out)) == (0, False)
    for uuid in (first, second):
        assert run("plan", "close", uuid, "--as", "done")[0] == 0
    assert run("plan", "can-i-remove", "--provider", "orders", "--named", "no ids")[0] == 1  # closed, and still used
    assert run("plan", "list", "--open")[1] == "no plans\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show"], 2, "which plan?"),
        (["show", "some-uuid", "--provider", "orders"], 2, "which plan?"),
        (["close", "--named", "x"], 2, "which plan?"),
        (["can-i-remove", "0d5ab2f3-3f4a-4a3e-8f0e-5a3d1f6f9a11"], 3, "No plan with uuid '0d5ab2f3-3f4a"),
        (["can-i-remove", "--provider", "orders", "--named", "x"], 3, "there is no plan of orders named 'x'"),
        (["update", "some-uuid"], 2, "what changes?"),
        (["create", "orders", "--edit", "remove 'GET /a'", "--sunset", "2001-01-01"], 1, "sunset: must not be before"),
        (["create", "orders", "--edit", "remove 'GET /a'", "--url", "ftp://x"], 1, "url: must be the http or https"),
    ],
)
def test_a_plan_that_cannot_be_meant_is_told(run, words, code, said):
    found, _, err = run("plan", *words)

    assert (found, said in err) == (code, True), err


def test_a_plan_whose_operation_nobody_knows_is_not_answered(run):
    uuid = json.loads(run("plan", "create", "orders", "--edit", "drop operation 'GET /ordres'", "--json")[1])["uuid"]

    code, out, _ = run("plan", "can-i-remove", uuid)

    assert (code, out.startswith("UNKNOWN: neither a contract nor a description of orders has the operation")) == (
        3,
        True,
    )
    assert run("plan", "close", uuid, "--as", "given-up")[0] == 0
