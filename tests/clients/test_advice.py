"""The commands that a verdict names are run as they stand in a shell: each takes its cause away."""

import http.server
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest


class Provider(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def provider():
    """The address of a provider that says 200 to everything."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def in_shell(tmp_path, provider):
    """`in_shell(command)`: run by a shell, with `tallystick` found and `$PROVIDER_URL` set."""

    def run(command):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "PROVIDER_URL": provider, "VERSION": "9"}
        return subprocess.run(
            ["/bin/sh", "-c", command], cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
        )

    return run


@pytest.fixture
def summary(client):
    def ask(name, version):
        query = {"pacticipant": name, "version": version, "environment": "production"}
        return client.get("/can-i-deploy", params=query).json()["summary"]

    return ask


def only_cause(summary, kind):
    (cause,) = summary["ts:causes"]
    assert cause["kind"] == kind
    return cause["nextCommand"]


def test_what_was_not_verified_is_verified_by_the_command(world, summary, in_shell):
    world.published("Web 1", to="Orders", branch="feat/x").on_branch("Orders 7", "main")
    world.deployed("Orders 7", to="production")
    done = in_shell(only_cause(summary("Web", "1"), "not-verified"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary("Web", "1")["ts:verdict"] == "yes"


def test_a_provider_that_is_not_there_is_recorded_by_the_command(world, summary, in_shell):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").environment("production", production=True)
    done = in_shell(only_cause(summary("Web", "1"), "partner-absent"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary("Web", "1")["ts:verdict"] == "yes"


def test_a_live_version_that_never_published_publishes_by_the_command(world, summary, in_shell, pact_file, tmp_path):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").on_branch("Web 2", "main")
    world.deployed("Web 2", to="production")
    (tmp_path / "pacts").mkdir()
    pact_file("Web", "Orders", name="pacts/Web-Orders.json")
    done = in_shell(only_cause(summary("Orders", "7"), "never-published"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary("Orders", "7")["ts:verdict"] == "yes"


def test_a_version_nobody_knows_publishes_by_the_command(world, summary, in_shell, pact_file, tmp_path):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").deployed("Orders 7", to="production")
    (tmp_path / "pacts").mkdir()
    pact_file("Web", "Orders", name="pacts/Web-Orders.json")
    done = in_shell(only_cause(summary("Web", "2"), "no-such-version"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary("Web", "2")["ts:verdict"] == "yes"


def test_a_failure_is_seen_again_by_the_command_and_the_version_that_would_do_may_go(world, summary, in_shell):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1", success=False)
    world.deployed("Orders 7", to="production").deployed("Web 1", to="production")
    again = in_shell(only_cause(summary("Orders", "7"), "verification-failed"))
    assert again.returncode == 0, again.stdout + again.stderr  # this provider is mended
    world.verified("Orders 8", "Web 1")
    ready = in_shell(only_cause(summary("Web", "1"), "verification-failed"))
    assert ready.returncode == 0, ready.stdout + ready.stderr
    assert "yes" in ready.stdout.lower()


def test_our_own_client_reads_verdict_and_causes(world, in_shell, broker):
    world.published("Web 1", to="Orders").on_branch("Orders 7", "main").deployed("Orders 7", to="production")
    ask = f"tallystick can-i-deploy -a Web -e 1 --to-environment production --broker-base-url {broker.url}"
    done = in_shell(ask)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "Orders 7 has not verified the contract of Web 1." in done.stdout
    assert "tallystick verify" in done.stdout


def test_our_own_client_prints_a_safe_order_and_what_was_not_covered(world, in_shell, broker):
    world.published("Web 1", to="Orders", content="old").verified("Orders 1", "Web 1").verified("Orders 2", "Web 1")
    world.published("Web 2", to="Orders", content="new").verified("Orders 2", "Web 2")
    world.deployed("Web 1", to="production").deployed("Orders 1", to="production")
    world.on_branch("Mobile 4", "main").deployed("Mobile 4", to="production")
    ask = f"tallystick can-i-deploy -a Web -e 2 -a Orders -e 2 --to-environment production -b {broker.url}"
    done = in_shell(ask)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "A safe order of deployment:\n  1. Orders 2\n  2. Web 2\n" in done.stdout
    assert "- Live in production but in no contract: Mobile 4. This answer says nothing about them." in done.stdout
