"""`tallystick broker serve`, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

Run = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Run]:
    """`serve("--port", "0", …)` in an empty folder, without any of the broker's variables set."""
    running: list[subprocess.Popen[str]] = []
    clean = {key: value for key, value in os.environ.items() if not key.startswith("PACT_")}

    def start(*arguments: str, **variables: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tallystick", "broker", "serve", *arguments],
            env={**clean, **variables},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def address(process: subprocess.Popen[str]) -> str:
    """What the broker prints once it is ready to be asked."""
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.search(r"http://\S+", line)
    assert found, line + str(process.communicate())
    return found.group()


def answered(url: str, **more: Any) -> httpx.Response:
    with httpx.Client(transport=httpx.HTTPTransport(retries=5), timeout=30) as client:
        return client.get(url, **more)


def test_it_serves_a_new_database_in_the_current_folder_until_it_is_interrupted(serve: Run, tmp_path: Path) -> None:
    process = serve("--port", "0")
    url = address(process)

    assert not url.endswith(":0")
    assert answered(f"{url}/pacticipants").status_code == 200
    assert (tmp_path / "tallystick.sqlite3").exists()
    process.send_signal(signal.SIGINT)
    assert process.wait(20) in (0, -signal.SIGINT, 130)


def test_what_was_stored_is_there_after_a_restart_even_a_hard_one(serve: Run) -> None:
    first = serve("--port", "0")
    stored = httpx.put(f"{address(first)}/pacticipants/Web/versions/1", json={}, timeout=30)
    assert stored.status_code == 201
    first.kill()
    first.wait(20)

    second = serve("--port", "0")

    assert answered(f"{address(second)}/pacticipants/Web/versions/1").status_code == 200


def refused(process: subprocess.Popen[str]) -> tuple[int, str]:
    _, errors = process.communicate(timeout=60)
    return process.returncode, errors


def test_a_port_in_use_is_told_and_ends_with_4(serve: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        code, errors = refused(serve("--port", str(port)))

    assert code == 4
    assert f"cannot listen on 127.0.0.1:{port}: address already in use" in errors
    assert "--port" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "tallystick.sqlite3").exists()


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_beyond_this_machine_it_listens_only_with_users_or_when_told_that_none_are_needed(
    serve: Run, host: str
) -> None:
    code, errors = refused(serve("--port", "0", "--host", host))

    assert code == 4
    assert f"refusing to listen on {host} without accounts" in errors
    assert "--allow-anonymous" in errors
    assert "Traceback" not in errors


def test_with_the_two_users_it_listens_everywhere(serve: Run) -> None:
    users = {
        "PACT_BROKER_BASIC_AUTH_USERNAME": "writer",
        "PACT_BROKER_BASIC_AUTH_PASSWORD": "w",
        "PACT_BROKER_BASIC_AUTH_READ_ONLY_USERNAME": "reader",
        "PACT_BROKER_BASIC_AUTH_READ_ONLY_PASSWORD": "r",
    }
    port = address(serve("--port", "0", "--host", "0.0.0.0", **users)).rsplit(":", 1)[1]
    url = f"http://127.0.0.1:{port}/pacticipants"

    assert answered(url).status_code == 401
    assert answered(url, auth=("reader", "r")).status_code == 200
    assert httpx.post(url, json={"name": "x"}, auth=("reader", "r")).status_code == 401
    assert httpx.post(url, json={"name": "x"}, auth=("writer", "w")).status_code == 201


def test_anonymous_access_everywhere_must_be_asked_for(serve: Run) -> None:
    port = address(serve("--port", "0", "--host", "0.0.0.0", "--allow-anonymous")).rsplit(":", 1)[1]

    assert answered(f"http://127.0.0.1:{port}/").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--database-url", "mysql://x/y"], 4, "mysql is not supported"),
        (["--database-url", "sqlite:////nowhere/at/all.sqlite3"], 4, "unable to open database file"),
        (["--port", "99999"], 2, "99999 is not in the range"),
        (["--nonsense"], 2, "No such option"),
    ],
)
def test_wrong_arguments_are_one_readable_line(serve: Run, arguments: list[str], code: int, told: str) -> None:
    got, errors = refused(serve("--port", "0", *arguments))

    assert got == code
    assert told in errors
    assert "Traceback" not in errors


@pytest.mark.row("PB-259")
def test_options_come_from_the_incumbents_variables(serve: Run, tmp_path: Path) -> None:
    variables = {
        "PACT_BROKER_DATABASE_URL": f"sqlite:///{tmp_path / 'other.sqlite3'}",
        "PACT_BROKER_BASE_URL": "https://pact.example.org",
        "PACT_BROKER_MAIN_BRANCH_CANDIDATES": "trunk develop",
        "PACT_BROKER_ALLOW_DANGEROUS_CONTRACT_MODIFICATION": "true",
        "PACT_BROKER_USE_FIRST_TAG_AS_BRANCH": "false",
    }
    url = address(serve("--port", "0", **variables))

    assert answered(url).json()["_links"]["self"]["href"] == "https://pact.example.org"
    assert (tmp_path / "other.sqlite3").exists()
    httpx.put(f"{url}/pacticipants/Web/versions/1/tags/trunk", json={})
    assert answered(f"{url}/pacticipants/Web").json()["mainBranch"] == "trunk"
    assert answered(f"{url}/pacticipants/Web/branches").json()["_embedded"]["branches"] == []
    path = f"{url}/pacts/provider/Orders/consumer/Web/version/1"
    assert [httpx.put(path, json={"n": n}).status_code for n in (1, 2)] == [201, 200]


@pytest.mark.row("PB-259")
def test_a_variable_that_cannot_be_read_is_named(serve: Run) -> None:
    code, errors = refused(serve("--port", "0", PACT_BROKER_DATABASE_MAX_CONNECTIONS="many"))

    assert code == 4
    assert "PACT_BROKER_DATABASE_MAX_CONNECTIONS must be a whole number, not 'many'" in errors
