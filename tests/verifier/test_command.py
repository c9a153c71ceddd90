"""The command line: exit codes, one readable line for bad input, and two ways of parsing that agree."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from tallystick.verifier import quick
from tallystick.verifier.cli import verify as command
from tallystick.verifier.options import DEFAULTS


def run(*words, **more):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PACT_")}
    return subprocess.run(
        [sys.executable, "-m", "tallystick", "verify", *words],
        capture_output=True, text=True, timeout=60, env={**environment, **more.pop("env", {})}, **more,
    )  # fmt: skip


def test_a_kept_contract_exits_0(provider, tell, write):
    provider.on("/orders/1")

    done = run(write(tell.contract(tell.interaction("an order"))), "--provider-base-url", provider.url)

    assert (done.returncode, done.stderr) == (0, "")
    assert "Every contract is kept." in done.stdout


def test_a_broken_contract_exits_1_and_says_what_where_and_for_whom(provider, tell, write):
    provider.on("/orders/1", body={"id": "1"})
    path = write(tell.contract(tell.interaction("an order", states=["s"], response={"body": {"id": 1}})))

    done = run(path, "--provider-base-url", provider.url)

    assert done.returncode == 1
    for said in ("FAILED  web-shop: an order", "given  s", "GET /orders/1", "body $.id", "BROKEN: 1 interaction of 1"):
        assert said in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), 2, "where is the provider?"),
        (("--provider-base-url", "http://127.0.0.1:9"), 2, "nothing to verify was named"),
        (("{file}",), 2, "where is the provider?"),
        (("{file}", "--provider-base-url", "localhost:80"), 2, "not an http or https URL"),
        (("{file}", "--provider-base-url", "http://x:99999"), 2, "not a number from 1 to 65535"),
        (("{file}", "--app", "nothing"), 2, "an import string like"),
        (("{file}", "--app", "no_such_module:app"), 2, "there is no module 'no_such_module'"),
        (("{file}", "--app", "json:nothing"), 2, "json has no 'nothing'"),
        (("{file}", "--app", "json:__name__"), 2, "not an application"),
        (("{file}", "--provider-base-url", "http://127.0.0.1:9", "--description", "("), 2, "not a regular expression"),
        (("{file}", "--provider-base-url", "http://127.0.0.1:9", "--operation", "orders"), 2, "GET /orders/{id}"),
        (("{file}", "--provider-base-url", "http://127.0.0.1:9", "--header", "x"), 2, "Name: value"),
        (("{file}", "--provider-base-url", "http://127.0.0.1:9", "--publish"), 2, "--publish needs a broker"),
        (("{file}", "--provider-base-url", "http://127.0.0.1:9", "--owed"), 2, "give --broker-base-url"),
        (("{file}", "--provider-base-url", "http://127.0.0.1:9"), 4, "could not connect to http://127.0.0.1:9"),
        (("absent.json", "--provider-base-url", "http://127.0.0.1:9"), 4, "cannot be read"),
        (("--provider", "p", "--broker-base-url", "http://127.0.0.1:9", "--app", "json:loads"), 4, "is a broker"),
        (("{file}", "--nonsense"), 2, "No such option"),
        (("{file}", "--concurrency", "0"), 2, "--concurrency"),
        (("{file}", "--start", "no-such-program-anywhere"), 4, "No such file"),
        (("{file}", "--start", "false"), 4, "ended with status 1"),
        (("{file}", "--provider-base-url", "http://127.0.0.1:9", "--consumer", "nobody"), 3, "the filters leave none"),
        (("{file}", "--provider", "other", "--provider-base-url", "http://127.0.0.1:9"), 1, "not with 'other'"),
    ],
)
def test_bad_input_is_one_readable_line_and_a_code(tell, write, words, code, says):
    path = write(tell.contract(tell.interaction("an order")))

    done = run(*[word.replace("{file}", path) for word in words])

    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert says in " ".join(said.split())
    assert "Traceback" not in said


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"interactions": [1]}', "\x00\x01"])
def test_a_file_that_is_no_contract_is_named_and_the_others_are_still_verified(provider, tell, write, content):
    provider.on("/orders/1")
    good = write(tell.contract(tell.interaction("an order")), "good.json")
    bad = write(content, "bad.json")

    done = run(bad, good, "--provider-base-url", provider.url)

    assert done.returncode == 1
    assert "bad.json" in done.stdout
    assert "web-shop  1 passed" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_a_folder_gives_the_contracts_of_this_provider(provider, tell, write, tmp_path):
    provider.on("/orders/1")
    write(tell.contract(tell.interaction("an order")), "pacts/a.json")
    write(tell.contract(tell.interaction("an order"), provider="someone else"), "pacts/b.json")

    done = run(str(tmp_path / "pacts"), "--provider", "orders", "--provider-base-url", provider.url)

    assert done.returncode == 0
    assert "1 interaction of 1 contract" in done.stdout


def test_contracts_with_several_providers_need_a_name(tell, write, tmp_path):
    write(tell.contract(tell.interaction("an order")), "pacts/a.json")
    write(tell.contract(tell.interaction("an order"), provider="stock"), "pacts/b.json")

    done = run(str(tmp_path / "pacts"), "--provider-base-url", "http://127.0.0.1:9")

    assert done.returncode == 2
    assert "several providers ('orders', 'stock')" in done.stderr


def test_every_option_is_in_the_command_and_has_a_default():
    names = {p.name for p in command.params}

    assert names == set(DEFAULTS)


def test_the_short_way_knows_each_option_as_the_command_does():
    by_word = {word: p for p in command.params if isinstance(p, click.Option) for word in p.opts}
    for name, kind in quick.OPTIONS.items():
        option = by_word[f"--{name}"]
        expected = (
            quick.FLAG if option.is_flag
            else quick.MANY if option.multiple
            else quick.NUMBER if option.type is click.FLOAT
            else quick.TEXT
        )  # fmt: skip
        assert kind == expected, name
    variables = {p.envvar: p.name for p in by_word.values() if p.envvar and not p.is_flag}
    assert variables == quick.ENVIRONMENT


@pytest.mark.parametrize(
    "line",
    [
        "a.json b.json --provider-base-url http://x",
        "--provider=orders --publish --provider-version 1 --provider-version-tag a --provider-version-tag b a.json",
        "a.json --timeout 2.5 --header A:b --header=C:d --quiet",
        "--state s a.json",
    ],
)
def test_the_short_way_and_the_command_read_a_line_alike(line, monkeypatch):
    environment = {"PACT_BROKER_TOKEN": "t", "PACT_PROVIDER_STATE": "from the environment"}
    got = {}
    monkeypatch.setattr("tallystick.verifier.command.verify", lambda options: got.update(options) or 0)

    CliRunner().invoke(command, line.split(), env=environment, catch_exceptions=False)

    short = quick.understood(line.split(), environment)
    assert {**DEFAULTS, **got} == {**DEFAULTS, **short}


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "-v a.json",
        "--nonsense",
        "--timeout soon",
        "--provider",
        "--provider --publish",
        "--publish=1",
    ],
)
def test_what_the_short_way_does_not_understand_is_left_to_the_command(line):
    assert quick.understood(line.split(), {}) is None


def test_every_report_is_written(provider, tell, write, tmp_path):
    provider.on("/orders/1", status=500)
    path = write(tell.contract(tell.interaction("an order")))

    done = run(
        path, "--provider-base-url", provider.url, "--json", "r.json", "--junit", "r.xml", "--markdown", "r.md",
        "--html", "r.html", cwd=tmp_path, env={"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "s.md")},
    )  # fmt: skip

    assert done.returncode == 1
    assert json.loads((tmp_path / "r.json").read_text())["verdict"] == "broken"
    for name in ("r.xml", "r.md", "r.html", "s.md"):
        assert "an order" in (tmp_path / name).read_text(), name
    assert "::error title=web-shop%3A an order::" in done.stdout


def test_a_report_that_cannot_be_written_is_an_error(provider, tell, write):
    provider.on("/orders/1")
    path = write(tell.contract(tell.interaction("an order")))

    done = run(path, "--provider-base-url", provider.url, "--json", "/no/such/folder/r.json")

    assert done.returncode == 4
    assert "cannot be written" in done.stderr


def test_publishing_from_a_dirty_tree_is_refused(provider, tell, write, tmp_path):
    def git(*words):
        subprocess.run(["git", "-c", "user.name=n", "-c", "user.email=e", *words], cwd=tmp_path, check=True,
                       capture_output=True)  # fmt: skip

    path = write(tell.contract(tell.interaction("an order")))
    git("init")
    (tmp_path / "app.py").write_text("1")
    git("add", "app.py")
    git("commit", "-m", "one")
    (tmp_path / "app.py").write_text("2")

    done = run(
        path, "--provider-base-url", provider.url, "--broker-base-url", "http://127.0.0.1:9", "--publish",
        "--provider-version", "1", cwd=tmp_path,
    )  # fmt: skip

    assert done.returncode == 2
    assert "uncommitted changes (app.py)" in done.stderr
    assert "--allow-dirty" in done.stderr


APP = """
import http.server, os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[2], "w").write(f"{os.getpid()} {child.pid}")
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        if self.path == "/slow":
            time.sleep(30)
        self.send_response(200); self.send_header("Content-Length", "0"); self.end_headers()
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def gone(pids) -> bool:
    deadline = time.monotonic() + 5
    while any(alive(p) for p in pids) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(alive(p) for p in pids)


def test_a_started_provider_is_stopped_with_its_children(tell, write, tmp_path):
    app, pids = write(APP, "app.py"), tmp_path / "pids"
    path = write(tell.contract(tell.interaction("an order")))

    done = run(path, "--start", f"{sys.executable} {app} {{port}} {pids}", "--ready-url", "/health")

    assert done.returncode == 0, done.stdout + done.stderr
    assert gone(map(int, pids.read_text().split()))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_leaves_no_child_and_says_what_was_done(tell, write, tmp_path, number):
    app, pids = write(APP, "app.py"), tmp_path / "pids"
    path = write(
        tell.contract(
            tell.interaction("quick", "/quick", states=["a"]), tell.interaction("slow", "/slow", states=["b"])
        )
    )
    words = [path, "--start", f"{sys.executable} {app} {{port}} {pids}", "--timeout", "30"]
    program = [sys.executable, "-m", "tallystick", "verify", *words]
    running = subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not pids.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(1)

    running.send_signal(number)
    said, errors = running.communicate(timeout=20)

    assert running.returncode == 4, said + errors
    assert "1 passed, 1 not run" in said
    assert "Interrupted: 1 of 2 interactions were not replayed." in said
    assert "Traceback" not in said + errors
    assert gone(map(int, pids.read_text().split()))


def test_a_terminal_without_our_signs_and_a_reader_that_leaves_are_no_errors(provider, tell, write):
    provider.on("/orders/1")
    path = write(tell.contract(tell.interaction("an order")))

    narrow = run(path, "--provider-base-url", provider.url, env={"PYTHONIOENCODING": "ascii"})
    assert (narrow.returncode, narrow.stderr) == (0, "")
    assert "? web-shop  1 passed" in narrow.stdout

    reader, writer = os.pipe()
    os.close(reader)
    program = [sys.executable, "-m", "tallystick", "verify", path, "--provider-base-url", provider.url]
    left = subprocess.run(program, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (left.returncode, left.stderr) == (0, "")
