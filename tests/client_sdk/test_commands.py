"""The commands against a running broker, as a build uses them: exit codes, texts, JSON."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request

import pytest
from click.testing import CliRunner

from tallystick.cli import COMMANDS, main

PUBLISHED = {
    "consumer": {"name": "web"},
    "provider": {"name": "orders"},
    "interactions": [
        {
            "description": "an order",
            "providerStates": [{"name": "order 1 exists"}],
            "request": {"method": "GET", "path": "/orders/1"},
            "response": {"status": 200, "body": {"id": 1}},
        }
    ],
    "metadata": {"pactSpecification": {"version": "3.0.0"}},
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A broker of this module's own, on a free port."""
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
        while True:
            try:
                urllib.request.urlopen(found.group()).read()
                break
            except OSError:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)
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
    for name in [one for one in os.environ if one.startswith(("GITHUB_", "GITLAB_", "CI_", "JENKINS"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        result = CliRunner().invoke(main, [str(one) for one in arguments], prog_name="tallystick")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def contract(tmp_path):
    def make(consumer="web", path="/orders/1", provider="orders"):
        document = json.loads(json.dumps(PUBLISHED).replace("/orders/1", path))
        document["consumer"]["name"], document["provider"]["name"] = consumer, provider
        file = tmp_path / f"{consumer}-{provider}.json"
        file.write_text(json.dumps(document))
        return file

    return make


def test_the_whole_way_of_a_consumer_version(run, contract):
    file = contract("shop")
    assert run("create-environment", "--name", "prod", "--production")[0] == 0
    code, out, _ = run("publish", file, "--consumer-app-version", "1", "--branch", "main", "--build-url", "http://ci/1")
    assert (code, out.splitlines()[0]) == (0, "shop 1 on branch main: contract with orders published")

    code, out, _ = run("can-i-deploy", "-a", "shop", "-e", "1", "--to-environment", "prod")
    assert code == 3
    assert out.startswith("UNKNOWN whether shop 1 can go to prod: results are missing.\n")
    assert re.search(r"^shop +1 +orders +\? +not verified$", out, re.MULTILINE)
    assert run("can-i-deploy", "-a", "shop", "-e", "1", "--to-environment", "prod", "--dry-run")[0] == 0
    assert run("can-i-deploy", "-a", "shop", "-e", "1", "--to-environment", "prod", "--ignore", "orders")[0] == 0
    code, out, _ = run("can-i-deploy", "-a", "shop", "-e", "1", "--to-environment", "prod", "--json")
    assert (code, json.loads(out)["summary"]["deployable"]) == (3, None)
    assert run("can-i-merge", "-a", "shop", "-e", "1")[0] == 3
    assert run("can-i-deploy", "-a", "shop", "-e", "nosuch", "--to-environment", "prod")[0] == 3

    code, out, _ = run("record-deployment", "--pacticipant", "shop", "--version", "1", "--environment", "prod")
    assert (code, out) == (0, "shop 1 is recorded as deployed in prod\n")
    code, out, _ = run("record-undeployment", "--pacticipant", "shop", "--environment", "prod")
    assert (code, out) == (0, "shop 1 is no longer deployed in prod\n")
    code, _, err = run("record-undeployment", "--pacticipant", "shop", "--environment", "prod")
    assert (code, err) == (1, "Error: shop is not recorded as deployed in prod\n")
    assert run("record-release", "-a", "shop", "-e", "1", "--environment", "prod")[0] == 0
    assert run("record-support-ended", "-a", "shop", "-e", "1", "--environment", "prod")[0] == 0


def test_instances_are_told_apart(run, contract):
    run("create-environment", "--name", "phones")
    run("publish", contract("app"), "--consumer-app-version", "1", "--branch", "main")
    for instance in ("blue", "green"):
        assert run("record-deployment", "-a", "app", "-e", "1", "--environment", "phones",
                   "--application-instance", instance)[0] == 0  # fmt: skip

    code, _, err = run("record-undeployment", "-a", "app", "--environment", "phones")
    assert code == 1
    assert err.startswith("Error: app is not deployed in phones without an instance; its instances there: ")
    assert run("record-undeployment", "-a", "app", "--environment", "phones", "--application-instance", "blue")[0] == 0


def test_other_content_for_a_published_version_is_refused_with_the_brokers_words(run, contract):
    assert run("publish", contract("twice"), "--consumer-app-version", "1", "--branch", "main")[0] == 0
    assert run("publish", contract("twice"), "--consumer-app-version", "1", "--branch", "main")[0] == 0

    code, _, err = run("publish", contract("twice", "/other"), "--consumer-app-version", "1", "--branch", "main")

    assert code == 1
    assert "Cannot change the content of the pact" in err


def test_files_of_one_pair_are_joined_before_they_are_sent(run, contract, tmp_path):
    first = contract("joined")
    document = json.loads(first.read_text())
    document["interactions"][0] |= {"description": "another"}
    (tmp_path / "second.json").write_text(json.dumps(document))

    code, out, err = run("publish", tmp_path, "--consumer-app-version", "1", "--json")

    assert (code, len(json.loads(out))) == (0, 1), err
    shown = run("contracts", "show", "--consumer", "joined", "--provider", "orders")[1]
    assert shown.count("GET /orders/1 -> 200") == 2


def test_publishing_is_all_or_nothing(run, contract, tmp_path):
    contract("none")
    (tmp_path / "broken.json").write_text("{")

    code, _, err = run("publish", tmp_path, "--consumer-app-version", "1")

    assert code == 1
    assert "broken.json" in err
    assert err.endswith("Nothing was published.\n")
    assert run("describe-pacticipant", "--name", "none")[0] == 1


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("publish", "nowhere", "--consumer-app-version", "1"), 2, "nowhere: there is no such file or folder"),
        (("publish", ".", "--consumer-app-version", "1"), 3, "no contract files"),
        (("publish", "*.none", "--consumer-app-version", "1"), 2, "no file has such a name"),
        (("can-i-deploy", "--to-environment", "prod"), 2, "which application?"),
        (("can-i-deploy", "-e", "1"), 2, "belongs after the --pacticipant"),
        (("can-i-deploy", "-a", "a", "-e", "1", "--latest"), 2, "give a version, or --latest"),
        (("can-i-deploy", "-a", "a", "-e", "1", "--to", "t", "--to-environment", "e"), 2, "exclude one another"),
        (("can-i-deploy", "-a", "nosuch", "-e", "1", "--to-environment", "moon"), 1, "moon"),
        (("record-deployment", "-a", "no", "-e", "1", "--environment", "prod"), 1, "version 1 of no: the broker knows"),
        (("delete-environment", "--uuid", "nosuch"), 1, "the broker knows none"),
        (("contracts", "show"), 2, "give a FILE"),
        (("create-webhook", "http://x"), 2, "on which events?"),
        (("stub", "--provider", "nosuch"), 3, "the broker has no contract with nosuch"),
        (("stub", "x.json", "--provider", "p"), 2, "not for FILES"),
        (("stub", "x.json"), 2, "x.json: No such file"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_one_readable_message(run, arguments, code, message):
    found, _, err = run(*arguments)
    assert (found, message in err) == (code, True), err
    assert "Traceback" not in err


def test_a_broker_that_is_not_there_is_told_from_one_that_says_no(run, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    code, _, err = run("list-environments", "--broker-base-url", "http://127.0.0.1:9")
    assert code == 4
    assert "the broker at http://127.0.0.1:9 cannot be reached" in err
    assert run("list-environments", "--broker-base-url", "nonsense")[0] == 2
    assert run("list-environments", "--broker-token", "t", "--broker-username", "u")[0] == 2


def test_the_order_of_options_says_whose_version_is_whose():
    import click

    from tallystick.client_sdk.commands import can_i_deploy, shared

    seen = []

    @click.command()
    @can_i_deploy._selectors
    @click.pass_context
    def probe(ctx, **_):
        seen.append(can_i_deploy.selected(shared.occurrences(ctx)))

    result = CliRunner().invoke(
        probe,
        ["-a", "A", "-e", "1", "--pacticipant=B", "--latest", "main", "-a", "C", "-l", "-a", "D", "--branch", "feat/x",
         "-a", "E", "--main-branch", "--ignore", "F", "-e", "2", "--ignore", "G"],
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    from tallystick import Selector

    assert seen == [
        (
            [
                Selector("A", version="1"),
                Selector("B", latest=True, tag="main"),
                Selector("C", latest=True),
                Selector("D", branch="feat/x", latest=True),
                Selector("E", main_branch=True),
            ],
            [Selector("F", version="2"), Selector("G")],
        )
    ]


def test_asking_again_while_results_are_missing(run, contract, monkeypatch):
    run("publish", contract("patient"), "--consumer-app-version", "1", "--branch", "main")
    run("create-environment", "--name", "later")

    waits = []
    monkeypatch.setattr("tallystick.client_sdk.commands.can_i_deploy.wait", waits.append)
    code, _, err = run("can-i-deploy", "-a", "patient", "-e", "1", "--to-environment", "later",
                       "--retry-while-unknown", "2", "--retry-interval", "7")  # fmt: skip

    assert (code, waits) == (3, [7, 7])
    assert err.count("asking again in 7 s") == 2


def test_applications_versions_tags_and_branches(run, contract):
    run("publish", contract("kiosk"), "--consumer-app-version", "1", "--branch", "main")
    assert run("create-or-update-pacticipant", "--name", "kiosk", "--main-branch", "main")[0] == 0
    assert "main" in run("describe-pacticipant", "--name", "kiosk")[1]
    assert "kiosk" in run("list-pacticipants")[1]
    assert run("create-or-update-version", "-a", "kiosk", "-e", "2", "--branch", "feat/x", "--tag", "t")[0] == 0
    assert run("create-version-tag", "-a", "kiosk", "-e", "nosuch", "--tag", "t")[0] == 1
    assert run("create-version-tag", "-a", "kiosk", "-e", "1", "--tag", "prod")[0] == 0
    assert json.loads(run("describe-version", "-a", "kiosk", "--latest", "prod", "--json")[1])["number"] == "1"
    assert json.loads(run("describe-version", "-a", "kiosk", "--json")[1])["number"] == "2"
    assert [one["number"] for one in json.loads(run("list-versions", "-a", "kiosk", "--json")[1])] == ["2", "1"]
    assert set(run("list-branches", "-a", "kiosk")[1].split()) == {"feat/x", "main"}
    assert run("delete-version-tag", "-a", "kiosk", "-e", "1", "--tag", "prod")[0] == 0
    assert run("delete-branch", "-a", "kiosk", "--branch", "feat/x")[0] == 0
    assert run("delete-branch", "-a", "kiosk", "--branch", "feat/x")[0] == 1
    assert run("delete-branch", "-a", "kiosk", "--branch", "feat/x", "--no-error-when-not-found")[0] == 0


def test_environments_from_making_to_deleting(run):
    made = json.loads(run("create-environment", "--name", "tmp", "--display-name", "Temporary", "--json")[1])
    assert run("create-environment", "--name", "tmp")[0] == 1
    assert run("update-environment", "--uuid", made["uuid"], "--production")[0] == 0
    assert run("describe-environment", "--uuid", made["uuid"])[1] == "tmp (Temporary), production: yes\n"
    assert "Temporary" in run("list-environments")[1]
    assert run("delete-environment", "--uuid", made["uuid"])[1] == "environment tmp deleted\n"


def test_contracts_can_be_listed_shown_and_compared(run, contract):
    run("publish", contract("lens"), "--consumer-app-version", "1", "--branch", "main")
    second = contract("lens", "/orders/2")
    run("publish", second, "--consumer-app-version", "2", "--branch", "main")

    assert re.search(r"^lens +2 +orders", run("contracts", "list", "--consumer", "lens")[1], re.MULTILINE)
    assert "GET /orders/2 -> 200" in run("contracts", "show", "--consumer", "lens", "--provider", "orders")[1]
    assert (
        "GET /orders/1 -> 200" in run("contracts", "show", "--consumer", "lens", "--provider", "orders", "-e", "1")[1]
    )
    assert "GET /orders/2 -> 200" in run("contracts", "show", second)[1]
    code, out, _ = run("contracts", "diff", "1", "2", "--consumer", "lens", "--provider", "orders")
    assert (code, "request path" in out) == (1, True)
    assert run("contracts", "diff", second, second)[:2] == (0, "nothing that is sent or checked differs\n")
    assert json.loads(run("contracts", "diff", second, second, "--json")[1]) == {
        "added": [],
        "removed": [],
        "changed": [],
    }
    assert "order 1 exists" in run("states", "--provider", "orders")[1]


def test_webhooks_from_making_to_deleting(run):
    code, out, err = run(
        "create-webhook", "https://example.org/hook", "-X", "POST", "-H", "A: b", "-d", '{"a":1}',
        "--description", "tells", "--contract-content-changed", "--json",
    )  # fmt: skip
    assert code == 0, err
    uuid = json.loads(out).get("uuid") or json.loads(out)["_links"]["self"]["href"].rsplit("/", 1)[-1]
    assert uuid in run("list-webhooks")[1]
    assert "POST https://example.org/hook" in run("describe-webhook", "--uuid", uuid)[1]
    assert run("create-or-update-webhook", "https://example.org/2", "--uuid", uuid, "--contract-published")[0] == 0
    assert run("delete-webhook", "--uuid", uuid)[0] == 0


def test_the_stub_serves_and_reads_again_what_changes(contract, tmp_path):
    file = contract("stubbed")
    stub = subprocess.Popen(
        [sys.executable, "-m", "tallystick", "stub", str(file), "--json", "--latency", "1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        first = json.loads(stub.stdout.readline())
        assert first["interactions"] == 1
        with urllib.request.urlopen(f"{first['url']}/orders/1") as response:
            assert json.loads(response.read()) == {"id": 1}
            assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert json.loads(stub.stdout.readline()) == {"method": "GET", "path": "/orders/1", "status": 200}
        contract("stubbed", "/orders/two")
        deadline = time.monotonic() + 20
        refusals = []
        while True:
            try:
                urllib.request.urlopen(f"{first['url']}/orders/two").read()
                break
            except urllib.error.HTTPError as refused:
                refusals.append((refused.code, refused.read().decode()))
                assert time.monotonic() < deadline
                time.sleep(0.2)
    finally:
        stub.send_signal(signal.SIGINT)
        stub.communicate(timeout=20)
    assert stub.returncode == 0
    assert [(code, "the nearest interaction is" in told) for code, told in refusals] == [(404, True)] * len(refusals)


def test_every_command_has_help_and_the_root_lists_its_first_sentence():
    for name, entry in COMMANDS.items():
        if "client_sdk" in entry.target:
            result = CliRunner().invoke(main, [name, "--help"])
            assert result.exit_code == 0, name
            assert " ".join(entry.help.split()) in " ".join(result.output.split()), name


def test_every_command_that_asks_the_broker_has_json():
    import importlib

    without = []
    for name, entry in COMMANDS.items():
        if "client_sdk.commands" not in entry.target or name == "completion":
            continue
        module, _, attribute = entry.target.partition(":")
        command = getattr(importlib.import_module(module), attribute)
        for one in getattr(command, "commands", {name: command}).values():
            if not any("--json" in parameter.opts for parameter in one.params):
                without.append(name)
    assert without == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_commands(shell, run):
    code, out, _ = run("completion", shell)
    assert (code, "_TALLYSTICK_COMPLETE" in out) == (0, True)
