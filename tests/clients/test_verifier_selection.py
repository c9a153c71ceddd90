"""The official verifier as a program and as pact-python's library: selectors, pending, WIP, and publishing results.

A green exit proves little: the verifier logs a failed publication as one line and ends with 0. So each test looks for
the result in the broker.
"""

from __future__ import annotations

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

PACT = Path(sys.executable).parent / "pact"
"""The program that pact-python-cli installs; the fixture `pact_at` has skipped the test where it is missing."""


class Provider(BaseHTTPRequestHandler):
    """Answers every path it knows with 200, and others with 404."""

    def do_GET(self):
        known = self.path in self.server.paths
        self.send_response(200 if known else 404)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_arguments):
        pass


@pytest.fixture
def provider():
    """A provider that answers `/a` and `/b`; add to `provider.paths`."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.paths = {"/a", "/b"}
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def verify(finish, broker, provider, pact_at):
    """`verify("--provider-branch", "main", …)`: the verifier of pact-python-cli, publishing results as version 9."""

    def run(*words, version="9", publish=True):
        publishing = ("--publish", "--provider-version", version) if publish else ()
        port = str(provider.server_address[1])
        return finish(
            str(PACT), "verifier", "--broker-url", broker.url, "--provider-name", "Orders",
            "--hostname", "127.0.0.1", "--port", port, "--no-colour", *publishing, *words,
        )  # fmt: skip

    return run


@pytest.fixture
def contract(world, pact_document, an_interaction):
    """`contract("Web 1", "/a", branch="main")`: a version published a contract that asks for these paths."""

    def publish(version, *paths, **members):
        consumer = version.split()[0]
        asked = [an_interaction(f"a request for {path}", path=path) for path in paths]
        return world.published(version, to="Orders", content=pact_document(consumer, "Orders", *asked), **members)

    return publish


@pytest.fixture
def results(client):
    """`results("Web 1")`: (provider version, success, wip, pending) of the newest result for its contract, or None."""

    def newest(version):
        consumer, number = version.split()
        path = f"/pacts/provider/Orders/consumer/{consumer}/version/{number}/verification-results/latest"
        response = client.get(path)
        if response.status_code == 404:
            return None
        found = response.json()
        return (
            found["providerApplicationVersion"],
            found["success"],
            found.get("ts:wip", False),
            found.get("ts:pending"),
        )

    return newest


@pytest.mark.row("PB-260", "PB-271")
def test_selectors_branch_tags_and_results_with_details(contract, verify, results, client, api):
    contract("Web 1", "/a", branch="main")
    contract("Web 2", "/a", "/nope", branch="feat/x")
    contract("App 1", "/nope", branch="main")

    done = verify(
        "--consumer-version-selectors", '{"mainBranch": true, "consumer": "Web"}',
        "--consumer-version-selectors", '{"branch": "feat/x"}',
        "--provider-branch", "trunk/1", "--provider-tags", "dev,test", "--build-url", "https://ci.example.org/9",
    )  # fmt: skip

    assert done.code == 1, done.text
    assert results("Web 1") == ("9", True, False, None)
    assert results("Web 2") == ("9", False, False, None)
    assert results("App 1") is None
    version = api("/pacticipants/Orders/versions/9")
    assert [branch["name"] for branch in version["_embedded"]["branchVersions"]] == ["trunk/1"]
    assert [tag["name"] for tag in version["_embedded"]["tags"]] == ["dev", "test"]
    found = client.get("/pacts/provider/Orders/consumer/Web/version/2/verification-results/latest").json()
    pact = api("/pacts/provider/Orders/consumer/Web/version/2")
    ids = {each["description"]: each["_id"] for each in pact["interactions"]}
    details = {each["interactionId"]: each for each in found["testResults"]}
    assert found["buildUrl"] == "https://ci.example.org/9"
    assert found["verifiedBy"]["implementation"] == "Pact-Rust"
    assert details[ids["a request for /a"]]["success"] is True
    failed = details[ids["a request for /nope"]]
    assert failed["success"] is False
    assert [mismatch["attribute"] for mismatch in failed["mismatches"]] == ["status"]


@pytest.mark.row("PB-260")
def test_pending_contracts_do_not_fail_the_build_until_they_were_verified_once(contract, verify, results, provider):
    contract("Web 1", "/late", branch="main")
    words = ("--enable-pending", "--provider-branch", "main", "--consumer-version-selectors", '{"mainBranch": true}')

    pending = verify(*words, version="1")
    provider.paths.add("/late")
    verified = verify(*words, version="2")
    provider.paths.remove("/late")
    broken = verify(*words, version="3")

    assert (pending.code, verified.code, broken.code) == (0, 0, 1), pending.text + verified.text + broken.text
    assert "This contract is pending: a version of the provider from branch main has never verified it" in pending.text
    assert "This contract stays pending until a successful verification" in pending.text
    assert "This contract is no longer pending" in verified.text
    assert "A failure fails this build." in broken.text
    assert results("Web 1") == ("3", False, False, False)


@pytest.mark.row("PB-260")
def test_work_in_progress_is_verified_reported_and_stays_work_in_progress(contract, verify, results, world):
    contract("Web 1", "/a", branch="main")
    contract("Web 2", "/nope", branch="feat")
    contract("Web 3", "/b", branch="other")
    world.on_branch("Orders 1", "main")
    words = (
        "--enable-pending", "--include-wip-pacts-since", "2020-01-01", "--provider-branch", "main",
        "--consumer-version-selectors", '{"mainBranch": true}',
    )  # fmt: skip

    first, second = verify(*words, version="1"), verify(*words, version="2")

    for done in (first, second):
        assert done.code == 0, done.text
        assert "is work in progress: it belongs to the newest version of Web on branch feat (2)" in done.text
        assert "is work in progress: it belongs to the newest version of Web on branch other (3)" in done.text
    assert results("Web 1") == ("2", True, False, False)
    assert results("Web 2") == ("2", False, True, None)
    assert results("Web 3") == ("2", True, True, None)


@pytest.mark.row("PB-260")
def test_what_is_deployed_or_released_is_verified(contract, verify, results, world):
    contract("Web 1", "/a", branch="main")
    contract("Web 2", "/nope", branch="main")
    contract("App 1", "/b", branch="x")
    world.deployed("Web 1", to="production").released("App 1", to="store")

    done = verify("--consumer-version-selectors", '{"deployedOrReleased": true}', "--provider-branch", "main")

    assert done.code == 0, done.text
    assert (results("Web 1"), results("Web 2"), results("App 1")) == (
        ("9", True, False, None),
        None,
        ("9", True, False, None),
    )


@pytest.mark.row("PB-260")
def test_nothing_selected_is_a_failure_unless_it_is_allowed(contract, verify):
    contract("Web 1", "/a", branch="main")
    words = ("--consumer-version-selectors", '{"branch": "nope"}')

    assert verify(*words).code == 1
    assert verify(*words, "--ignore-no-pacts-error").code == 0


@pytest.mark.row("PB-260")
def test_a_refused_selector_is_shown_with_the_brokers_reason(contract, verify):
    contract("Web 1", "/a", branch="main")

    done = verify("--consumer-version-selectors", '{"deployed": true, "environment": "nowhere"}')

    assert done.code == 1
    assert "does not exist (at index 0)" in done.text


@pytest.mark.row("PB-261")
def test_without_selectors_the_newest_contracts_are_verified(contract, verify, results):
    contract("Web 1", "/nope", branch="main")
    contract("Web 2", "/a", branch="main")
    contract("App 1", "/b", branch="x")

    done = verify("--provider-branch", "main")

    assert done.code == 0, done.text
    assert results("Web 2")[:2] == ("9", True)
    assert results("App 1")[:2] == ("9", True)
    assert results("Web 1") is None


@pytest.mark.row("PB-262")
def test_one_contract_by_its_url_as_a_webhook_would_ask(contract, verify, results, broker, world):
    contract("Web 1", "/a", branch="main")
    contract("App 1", "/nope", branch="main")
    sha = world.pact_of("Web 1", "Orders")["_links"]["pb:pact-version"]["name"]
    url = f"{broker.url}/pacts/provider/Orders/consumer/Web/pact-version/{sha}/metadata/Y3ZuPTE"

    done = verify("--webhook-callback-url", url, "--provider-branch", "main")

    assert done.code == 0, done.text
    assert results("Web 1")[:2] == ("9", True)
    assert results("App 1") is None


LIBRARY = """
import json, sys
from pact import Verifier

told = json.loads(sys.argv[1])
verifier = Verifier("Orders", host="127.0.0.1").add_transport(protocol="http", port=told["port"])
source = verifier.broker_source(told["url"], selector=True)
for selector in told["selectors"]:
    source = source.consumer_version(**selector)
if told.get("branch"):
    source = source.provider_branch(told["branch"])
if told.get("tags"):
    source = source.provider_tags(*told["tags"])
source = source.include_pending() if told.get("pending") else source.exclude_pending()
if told.get("wip"):
    source = source.include_wip_since(told["wip"])
verifier = source.build().set_publish_options("9", branch=told.get("branch"), tags=told.get("tags"))
try:
    verifier.verify()
except RuntimeError:
    sys.exit(1)
"""


@pytest.fixture
def library(finish, broker, provider):
    """`library({"main_branch": True}, branch="main", pending=True)`: pact-python's Verifier, as version 9."""

    def run(*selectors, **members):
        told = {"url": broker.url, "port": provider.server_address[1], "selectors": selectors, **members}
        return finish(sys.executable, "-c", LIBRARY, json.dumps(told))

    return run


@pytest.mark.row("PB-271")
def test_pact_python_selects_verifies_and_publishes(contract, library, results, world):
    contract("Web 1", "/a", branch="main")
    contract("App 1", "/b", branch="x")
    world.deployed("App 1", to="production")

    done = library({"main_branch": True}, {"deployed_or_released": True}, branch="main")

    assert done.code == 0, done.text
    assert results("Web 1") == ("9", True, False, None)
    assert results("App 1") == ("9", True, False, None)


@pytest.mark.row("PB-271")
def test_pact_python_knows_pending_and_work_in_progress(contract, library, results, world):
    contract("Web 1", "/nope", branch="main")
    contract("Web 2", "/nope2", branch="feat")
    world.on_branch("Orders 1", "main")

    strict = library({"main_branch": True}, branch="main")
    lenient = library({"main_branch": True}, branch="main", pending=True, wip="2020-01-01")

    assert (strict.code, lenient.code) == (1, 0), strict.text + lenient.text
    assert results("Web 1") == ("9", False, False, True)
    assert results("Web 2") == ("9", False, True, None)


@pytest.mark.row("PB-271")
def test_pact_python_without_selectors_takes_the_brokers_default(contract, library, results):
    contract("Web 1", "/nope", branch="main")
    contract("Web 2", "/a", branch="main")
    contract("Web 3", "/nope", branch="feat")

    done = library(tags=["dev"])

    assert done.code == 0, done.text
    assert results("Web 2")[:2] == ("9", True)
    assert results("Web 3") is None


def test_our_own_verifier_works_through_what_is_owed(contract, finish, broker, provider, tmp_path, api, results, world):
    contract("Web 1", "/a", branch="main").deployed("Web 1", to="production")
    contract("App 1", "/b", branch="main")
    world.on_branch("Orders 9", "main").verified("Orders 9", "App 1")
    words = (
        str(PACT.with_name("tallystick")), "verify", "--owed", "--provider", "Orders", "--broker-base-url", broker.url,
        "--provider-base-url", f"http://127.0.0.1:{provider.server_address[1]}", "--provider-version", "9",
        "--provider-version-branch", "main", "--publish",
    )  # fmt: skip
    before = api("/pacticipants/Orders/owed-verifications")["ts:count"]

    done = finish(*words, cwd=tmp_path)
    again = finish(*words, cwd=tmp_path)

    assert before == 1
    assert done.code == 0, done.text
    assert results("Web 1")[:2] == ("9", True)
    assert api("/pacticipants/Orders/owed-verifications")["ts:count"] == 0
    assert again.code == 3, again.text
