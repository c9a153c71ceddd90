"""A team that comes from PactFlow's bi-directional contracts: the official commands, unmodified."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

TOTAL = {"type": "object", "properties": {"total": {"type": "integer"}}}
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "Orders", "version": "1"},
    "paths": {"/orders/{id}": {"get": {"responses": {"200": {"content": {"application/json": {"schema": TOTAL}}}}}}},
}


@pytest.fixture
def provider_contract(finish, broker, tmp_path):
    """The official command publishes a description of Orders 7, with what the provider's own check gave."""

    def publish(*words, properties=TOTAL):
        document = json.loads(json.dumps(DOCUMENT).replace(json.dumps(TOTAL), json.dumps(properties)))
        (tmp_path / "openapi.json").write_text(json.dumps(document))
        (tmp_path / "report.txt").write_text("all is well")
        program = str(Path(sys.executable).with_name("pact"))
        return finish(
            program, "pactflow", "publish-provider-contract", "openapi.json", "--provider", "Orders",
            "--provider-app-version", "7", "--branch", "main", "--content-type", "application/json",
            "--verification-results", "report.txt", *words, "--broker-base-url", broker.url, cwd=tmp_path,
        )  # fmt: skip

    return publish


@pytest.fixture
def moved(client, pact, pact_file, an_interaction, world):
    """The consumer published with the official command, and Orders is known to want static evidence."""
    response = {"status": 200, "body": {"total": 5}}
    pact_file("Web", "Orders", an_interaction("an order", path="/orders/7", response=response))
    done = pact("publish", ".", "--consumer-app-version", "1", "--branch", "main")
    assert done.code == 0, done.text
    world.on_branch("Orders 7", "main").deployed("Orders 7", to="production")
    assert client.patch("/pacticipants/Orders", json={"ts:staticEvidence": True}).status_code == 200
    return lambda: pact("can-i-deploy", "--pacticipant", "Web", "--version", "1", "--to-environment", "production")


def test_what_fits_may_go_and_the_reason_says_why(moved, provider_contract):
    assert moved().code != 0
    done = provider_contract("--verification-success", "--verifier", "schemathesis")
    assert done.code == 0, done.text

    answer = moved()

    assert answer.code == 0, answer.text
    assert "Computer says yes" in answer.text
    assert "Static evidence only: the pact between version 1 of Web and the version of Orders" in answer.text
    assert "1 of 1 by static evidence only" in answer.text


def test_what_does_not_fit_may_not(moved, provider_contract):
    assert provider_contract("--verification-success", properties={"type": "object", "properties": {}}).code == 0

    answer = moved()

    assert answer.code == 1, answer.text
    assert "Static evidence: the pact between version 1 of Web and the version of Orders" in answer.text


def test_a_description_that_failed_its_own_check_is_no_evidence(moved, provider_contract):
    done = provider_contract("--no-verification-success", "--verifier", "schemathesis")
    assert done.code == 0, done.text
    assert "is not taken as evidence for any contract" in done.text

    answer = moved()

    assert answer.code == 1, answer.text
    assert "is no evidence, since the provider's own check of it failed" in answer.text


def test_the_command_that_shows_what_does_not_fit_is_run_as_it_stands(moved, provider_contract, client, tmp_path):
    provider_contract("--verification-success", properties={"type": "object", "properties": {}})
    query = {"pacticipant": "Web", "version": "1", "environment": "production"}
    (cause,) = client.get("/can-i-deploy", params=query).json()["summary"]["ts:causes"]

    words = shlex.split(cause["nextCommand"])
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 1, done.stderr
    assert "INCOMPATIBLE: Orders 7 does not allow what Web 1 expects (1 error, " in done.stdout


def test_the_how_to_is_followed(broker, world, client, finish, tmp_path, pact_document, an_interaction):
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "descriptions-as-evidence.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    contract = pact_document(
        "web", "orders", an_interaction("an order", path="/orders/7", response={"status": 200, "body": {"total": 5}})
    )
    (tmp_path / "pacts").mkdir()
    (tmp_path / "pacts" / "web-orders.json").write_text(json.dumps(contract))
    (tmp_path / "openapi.yaml").write_text(json.dumps(DOCUMENT))
    (tmp_path / "report.txt").write_text("all is well")
    world.published("web 1", to="orders", branch="main", content=contract).on_branch("orders 7", "main")
    world.deployed("orders 7", to="production")

    def follow(block):
        commands = [line for line in block.replace("\\\n", " ").splitlines() if line]
        bin_ = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        done = [
            finish("/bin/sh", "-c", line, cwd=tmp_path, PATH=bin_, PACT_BROKER_BASE_URL=broker.url) for line in commands
        ]
        return [one.code for one in done], done[-1].text

    files, publishing, stored, question, standing, moving = blocks
    assert follow(files)[0] == [0]
    assert follow(publishing)[0] == [0]
    assert client.get("/pacticipants/orders/versions/7/description/self-verification").json()["success"] is True
    assert follow(stored)[0] == [0, 0]
    assert follow(question)[0] == [0]
    assert follow(standing)[0] == [0, 0, 3]
    client.patch("/pacticipants/orders", json={"ts:staticEvidence": False})
    codes, text = follow(moving)
    assert codes == [0, 0, 0, 0]
    assert "1 of 1 by static evidence only" in text
