"""npm's `@pact-foundation/pact-cli`, unmodified: the official command line as JavaScript teams have it."""

import os
import shutil
import subprocess

import pytest

PACKAGE = "@pact-foundation/pact-cli@18.1.2"


@pytest.fixture(scope="session")
def node_pact(tmp_path_factory):
    """The path of `pact-broker`, installed by npm outside of the repository."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("Node.js with npm is not installed, and this client is one of npm's")
    folder = tmp_path_factory.mktemp("npm")
    words = ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix", str(folder), PACKAGE]
    try:
        done = subprocess.run(words, capture_output=True, text=True, timeout=90, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm could not install the client in 90 seconds")
    if done.returncode != 0:
        pytest.skip(f"npm could not install the client: {done.stderr.strip().splitlines()[-1:]}")
    return folder / "node_modules" / ".bin" / "pact-broker"


@pytest.fixture
def pact(node_pact, broker, finish, tmp_path):
    def command(*words):
        return finish(str(node_pact), *words, "--broker-base-url", broker.url, cwd=tmp_path, PATH=os.environ["PATH"])

    return command


@pytest.mark.row("PB-263", "PB-264", "PB-265", "PB-266", "PB-268")
def test_from_publishing_to_the_end_of_a_deployment(pact, pact_file, world, api):
    pact_file("Web", "Orders")
    done = pact("publish", ".", "--consumer-app-version", "1", "--branch", "main", "--tag", "dev")
    assert done.code == 0, done.text
    assert api("/pacticipants/Web/versions/1")["_embedded"]["branchVersions"][0]["name"] == "main"

    assert pact("create-environment", "--name", "production", "--production").code == 0
    ask = ("can-i-deploy", "--pacticipant", "Web", "--version", "1", "--to-environment", "production")
    waiting = pact(*ask)
    assert waiting.code == 1
    assert "There is no verified pact between version 1 of Web and a version of Orders in production" in waiting.text

    world.verified("Orders 7", "Web 1")
    orders = ("--pacticipant", "Orders", "--environment", "production")
    assert pact("record-deployment", *orders, "--version", "7").code == 0
    ready = pact(*ask)
    assert ready.code == 0, ready.text
    assert "All required verification results are published and successful" in ready.text

    listed = pact("list-latest-pact-versions")
    assert (listed.code, "Orders" in listed.out) == (0, True), listed.text
    described = pact("describe-version", "--pacticipant", "Web", "--version", "1")
    assert described.code == 0, described.text
    assert pact("record-undeployment", *orders).code == 0
    assert pact(*ask).code == 1
