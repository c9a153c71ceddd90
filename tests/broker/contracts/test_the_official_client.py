"""The official command line, unmodified, against a running broker: publishing, naming, listing."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest


@pytest.fixture
def pact(broker: Any, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """`pact("publish", …)`: runs `pact broker publish … --broker-base-url URL`."""
    return client_of(broker.url, tmp_path)


def client_of(url: str, folder: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    program = Path(sys.executable).parent / "pact"
    if not program.exists():
        found = shutil.which("pact")
        if found is None:
            if os.environ.get("CI") == "true":
                pytest.fail("the official client is missing: install pact-python-cli")
            pytest.skip("the official client is missing: install pact-python-cli")
        program = Path(found)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(program), "broker", *arguments, "--broker-base-url", url],
            env={**os.environ, "PACT_DO_NOT_TRACK": "true"},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def written(folder: Path, document: dict[str, Any], name: str = "pact.json") -> str:
    path = folder / name
    path.write_text(json.dumps(document))
    return str(path)


@pytest.mark.row("PB-263")
def test_it_publishes_and_prints_what_the_broker_tells(
    pact: Any, client: httpx.Client, tmp_path: Path, pact_document: Any
) -> None:
    file = written(tmp_path, pact_document("Web Shop", "Orders"))

    done = pact(
        "publish",
        file,
        "--consumer-app-version",
        "1",
        "--branch",
        "feat/x",
        "--tag",
        "a,b",
        "--build-url",
        "https://ci/1",
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Created Web Shop version 1 with branch feat/x and tags a, b" in done.stdout
    assert "Pact successfully published for Web Shop version 1 and provider Orders" in done.stdout
    version = client.get("/pacticipants/Web%20Shop/versions/1").json()
    assert version["buildUrl"] == "https://ci/1"
    assert version["_embedded"]["branchVersions"][0]["name"] == "feat/x"

    again = pact("publish", file, "--consumer-app-version", "1", "--branch", "feat/x")
    assert again.returncode == 0
    assert "no content changes" in again.stdout


@pytest.mark.row("PB-263")
def test_it_prints_why_a_changed_contract_is_refused_and_ends_with_1(
    pact: Any, tmp_path: Path, pact_document: Any, an_interaction: Any
) -> None:
    first = written(tmp_path, pact_document("Web", "Orders"))
    second = written(tmp_path, pact_document("Web", "Orders", an_interaction("other")), "other.json")
    pact("publish", first, "--consumer-app-version", "1", "--branch", "main")

    for more in ([], ["--merge"]):
        refused = pact("publish", second, "--consumer-app-version", "1", "--branch", "main", *more)

        assert refused.returncode == 1
        shown = refused.stdout + refused.stderr
        assert "Cannot change the content of the pact for Web version 1 and provider Orders" in shown


@pytest.mark.row("PB-263")
def test_it_merges_where_that_is_allowed(
    broker_with: Callable[..., Any], tmp_path: Path, pact_document: Any, an_interaction: Any, kind: str
) -> None:
    running = broker_with(kind=kind, allow_dangerous_contract_modification=True)
    pact = client_of(running.url, tmp_path)
    for name in ("a", "b"):
        file = written(tmp_path, pact_document("Web", "Orders", an_interaction(name)), f"{name}.json")
        done = pact("publish", file, "--consumer-app-version", "1", "--branch", "main", "--merge")
        assert done.returncode == 0, done.stdout + done.stderr

    document = httpx.get(f"{running.url}/pacts/provider/Orders/consumer/Web/version/1").json()
    assert [each["description"] for each in document["interactions"]] == ["a", "b"]


@pytest.mark.row("PB-263", "PB-032")
def test_it_signs_in_and_says_when_it_may_not(
    broker_with: Callable[..., Any], tmp_path: Path, pact_document: Any
) -> None:
    running = broker_with(basic_auth_username="u", basic_auth_password="p")
    pact = client_of(running.url, tmp_path)
    file = written(tmp_path, pact_document("Web", "Orders"))
    publish = ["publish", file, "--consumer-app-version", "1", "--branch", "main"]

    assert pact(*publish, "--broker-username", "u", "--broker-password", "p").returncode == 0
    refused = pact(*publish, "--broker-username", "u", "--broker-password", "x")
    assert refused.returncode == 1
    assert "401" in refused.stdout + refused.stderr


@pytest.mark.row("PB-268")
def test_it_lists_contracts_and_downloads_them(pact: Any, world: Any, tmp_path: Path, pact_document: Any) -> None:
    world.published("Web 1", to="Orders", branch="main").published("Billing 7", to="Orders", branch="feat/x")

    latest = pact("list-latest-pact-versions")
    assert latest.returncode == 0
    for text in ('"Web"', '"Billing"', '"Orders"', '"7"'):
        assert text in latest.stdout
    for arguments, expected, absent in (
        ([], "Web", "Billing"),
        (["--latest"], "Web", "Billing"),
        (["--branch", "feat/x"], "Billing", "Web"),
        (["--branch", "feat/x", "--latest"], "Billing", "Web"),
    ):
        listed = pact("get-pacts", "--provider", "Orders", *arguments)
        assert listed.returncode == 0, listed.stdout + listed.stderr
        assert expected in listed.stdout
        assert absent not in listed.stdout
    assert pact("get-pacts", "--provider", "Orders", "--download", "--download-dir", "got").returncode == 0
    files = list((tmp_path / "got").glob("*.json"))
    assert len(files) == 1
    assert json.loads(files[0].read_text())["consumer"] == {"name": "Web"}


@pytest.mark.row("PB-268")
def test_it_lists_provider_states(pact: Any, world: Any, pact_document: Any, an_interaction: Any) -> None:
    content = pact_document("Web", "Orders", an_interaction("a", providerStates=[{"name": "order exists"}]))
    world.published("Web 1", to="Orders", branch="main", content=content).deployed("Web 1", to="test")

    for more in ([], ["--branch", "main"], ["--environment", "test"]):
        listed = pact("provider-states", "list", "--provider", "Orders", *more)
        assert listed.returncode == 0, listed.stdout + listed.stderr
        assert "order exists" in listed.stdout


@pytest.mark.row("PB-266")
def test_it_names_applications_and_versions(pact: Any, client: httpx.Client) -> None:
    def ok(*arguments: str) -> str:
        done = pact(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return str(done.stdout)

    ok("create-or-update-pacticipant", "--name", "Web Shop", "--main-branch", "main")
    ok(
        "create-or-update-pacticipant",
        "--name",
        "Web Shop",
        "--display-name",
        "The Shop",
        "--repository-url",
        "https://x",
    )
    assert "The Shop" in ok("list-pacticipants")
    assert "https://x" in ok("describe-pacticipant", "--name", "Web Shop")
    assert client.get("/pacticipants/Web%20Shop").json()["mainBranch"] == "main"

    ok("create-or-update-version", "--pacticipant", "Web Shop", "--version", "1", "--branch", "feat/x", "--tag", "a")
    ok("create-or-update-version", "--pacticipant", "Web Shop", "--version", "2")
    assert "a" in ok("describe-version", "--pacticipant", "Web Shop", "--version", "1")
    assert "2" in ok("describe-version", "--pacticipant", "Web Shop")
    assert "1" in ok("describe-version", "--pacticipant", "Web Shop", "--latest", "a")
    ok("create-version-tag", "--pacticipant", "Web Shop", "--version", "2", "--tag", "b/c")
    assert client.get("/pacticipants/Web%20Shop/latest-version/b%2Fc").json()["number"] == "2"
    ok("delete-version-tag", "--pacticipant", "Web Shop", "--version", "2", "--tag", "b/c")
    assert client.get("/pacticipants/Web%20Shop/latest-version/b%2Fc").status_code == 404
    ok("delete-branch", "--pacticipant", "Web Shop", "--branch", "feat/x")
    assert client.get("/pacticipants/Web%20Shop/branches/feat%2Fx").status_code == 404
    gone = pact("delete-branch", "--pacticipant", "Web Shop", "--branch", "feat/x", "--error-when-not-found", "true")
    assert gone.returncode == 1
