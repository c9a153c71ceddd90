"""Agreement with the reference verifier: on the differential corpus through real HTTP, and side by side with its
command on contracts whose provider misbehaves in all kinds of ways.
"""

import base64
import json
import os
import shutil
import socketserver
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tallystick.verifier.api import verify

PACT = shutil.which("pact", path=str(Path(sys.executable).parent))
ROOT = Path(__file__).parents[2]


class RawAnswers(socketserver.ThreadingTCPServer):
    """Answers each path with exactly the bytes it was told."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.answers = {}
        super().__init__(("127.0.0.1", 0), RawHandler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class RawHandler(socketserver.StreamRequestHandler):
    def handle(self):
        while True:
            line = self.rfile.readline()
            if not line:
                return
            length = 0
            while (header := self.rfile.readline()) not in (b"\r\n", b""):
                name, _, value = header.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            self.rfile.read(length)
            path = line.split(b" ")[1].decode().partition("?")[0]
            self.wfile.write(self.server.answers.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))


@pytest.fixture
def raw():
    server = RawAnswers()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def answer_of(actual) -> bytes:
    body = base64.b64decode(actual["body_base64"]) if "body_base64" in actual else actual.get("body", "").encode()
    lines = [f"HTTP/1.1 {actual['status']} X"]
    lines += [f"{name}: {value}" for name, values in actual["headers"].items() for value in values]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def test_verdicts_over_http_are_those_of_the_reference(raw, shared):
    cases = [json.loads(line) for line in (shared / "differential/response_cases.jsonl").open(encoding="utf-8")]
    for case in cases:
        raw.answers[case["pact"]["interactions"][0]["request"]["path"]] = answer_of(case["actual"])

    report = verify(*(case["pact"] for case in cases), provider_base_url=raw.url, timeout=30)

    assert report.unreadable == ()
    verdicts = [contract.results[0].ok for contract in report.contracts]
    strange = [r for r in report.results if r.replayed.problem is not None]
    assert [(r.title, r.replayed.problem) for r in strange] == []
    differ = [c["id"] for c, ok in zip(cases, verdicts, strict=True) if ok != c["reference"]["ok"]]
    assert differ == []


@pytest.fixture
def reference(tmp_path):
    """Run the reference verifier on a contract; gives the verdict of each interaction by its description."""
    if PACT is None:
        if os.environ.get("CI") == "true":
            pytest.fail("the reference verifier is not installed: pip install pact-python-cli")
        pytest.skip("the reference verifier is not installed: pip install pact-python-cli")

    def run(document, url, *words):
        path, report = tmp_path / "reference.json", tmp_path / "report.json"
        path.write_text(json.dumps(document))
        host, _, port = url.removeprefix("http://").partition(":")
        subprocess.run(
            [PACT, "verifier", "--file", path, "--hostname", host, "--port", port, "--provider-name", "orders",
             "--json", report, *words],
            capture_output=True, timeout=110, env={**os.environ, "PACT_DO_NOT_TRACK": "true"},
        )  # fmt: skip
        results = json.loads(report.read_text())["interactionResults"]
        return {r["description"]: r["result"] == "OK" for r in results}

    return run


def test_requests_states_and_odd_answers_are_judged_alike(provider, tell, reference):
    """The provider answers 200 only to requests that arrive exactly as they should, so each request is compared too."""
    asked = []

    def exact(path, headers, content):
        asked.append((path, content, {k.lower(): v for k, v in headers.items() if k.lower() in KEPT}))
        return 200, {"Content-Type": "application/json", "X-Two": "a, b"}, b'{"id": 1, "name": "n", "more": null}'

    for path in ("/plain", "/a%20b/c%2Fd", "/query", "/body", "/json-null", "/empty", "/form"):
        provider.answers["*", path] = exact
    provider.on("/redirected", 302, Location="/plain")
    provider.on("/nothing", 204)
    provider.on("/_states", body={"id": 5})
    json_type = {"Content-Type": "application/json"}
    document = tell.contract(
        tell.interaction("plain", "/plain", response={"body": {"id": 1}}),
        tell.interaction("escapes", "/a%20b/c%2Fd", response={"body": {"id": 1}}),
        tell.interaction("a query", "/query", request={"query": {"z": ["1"], "a": ["x y", "ü&="]}}),
        tell.interaction("a body", "/body", method="POST", request={"headers": json_type, "body": {"a": [1, 2.50]}}),
        tell.interaction("a null body", "/json-null", method="PUT", request={"headers": json_type, "body": None}),
        tell.interaction("an empty body", "/empty", method="POST", request={"body": ""}),
        tell.interaction("many headers", "/plain", request={"headers": {"X-A": "1, 2", "Accept": "text/plain"}}),
        tell.interaction("two values", "/plain", response={"headers": {"X-Two": "a,b"}}),
        tell.interaction("a header that is missing", "/plain", response={"headers": {"X-Three": "a"}}),
        tell.interaction("a redirect", "/redirected"),
        tell.interaction("a redirect that should be seen", "/redirected", status=302),
        tell.interaction("no content", "/nothing", status=204),
        tell.interaction("a status", "/absent", status=200),
        tell.interaction("head", "/plain", method="HEAD"),
        tell.interaction("a missing field", "/plain", response={"body": {"id": 1, "gone": 2}}),
        tell.interaction(
            "from a state",
            "/plain",
            states=["s"],
            request={
                "query": {"id": ["0"]},
                "generators": {"query": {"id": {"type": "ProviderState", "expression": "${id}"}}},
            },
        ),
    )

    theirs = reference(document, provider.url, "--state-change-url", f"{provider.url}/_states")
    asked_theirs, states_theirs = sorted(asked, key=repr), provider.asked("/_states")
    asked.clear()
    provider.seen.clear()
    report = verify(
        document, provider_base_url=provider.url, state_change_url=f"{provider.url}/_states", no_dedupe=True
    )

    assert {r.title: r.ok for r in report.results} == theirs
    assert sorted(asked, key=repr) == asked_theirs
    assert provider.asked("/_states") == states_theirs


KEPT = {"accept", "accept-encoding", "content-type", "x-a"}


def test_messages_are_judged_alike(provider, reference):
    def message(description, contents, **more):
        return {
            "type": "Asynchronous/Messages",
            "description": description,
            "contents": {"content": contents, "contentType": "application/json", "encoded": False},
            **more,
        }

    def answered(description, contents):
        body = {"content": contents, "contentType": "application/json", "encoded": False}
        request = {"contents": {**body, "content": {"sku": "TS-1"}}, "metadata": {"key": "v"}}
        return {
            "type": "Synchronous/Messages",
            "description": description,
            "request": request,
            "response": [{"contents": body}],
        }

    document = {
        "consumer": {"name": "billing"},
        "provider": {"name": "orders"},
        "metadata": {"pactSpecification": {"version": "4.0"}},
        "interactions": [
            message("kept", {"id": 1}),
            message("another value", {"id": 2}),
            message("a type", {"id": 2}, matchingRules={"body": {"$.id": {"matchers": [{"match": "type"}]}}}),
            message("a missing field", {"id": 1, "total": 3}),
            message("metadata", {"id": 1}, metadata={"topic": "orders"}),
            message("other metadata", {"id": 1}, metadata={"topic": "else"}),
            message("with a status of 500", {"id": 1}),
            answered("an answer", {"id": 1}),
            answered("another answer", {"id": 2}),
        ],
    }
    asked = []

    def answer(path, headers, content):
        asked.append(json.loads(content))
        status = 500 if "500" in asked[-1]["description"] else 200
        metadata = base64.b64encode(b'{"topic": "orders"}').decode()
        return status, {"Content-Type": "application/json", "Pact-Message-Metadata": metadata}, b'{"id": 1}'

    provider.answers["POST", "/"] = answer

    theirs = reference(document, provider.url)
    asked_theirs = list(asked)
    asked.clear()
    report = verify(document, provider_base_url=provider.url)

    assert {r.title: r.ok for r in report.results} == theirs
    assert asked == asked_theirs


@pytest.mark.parametrize("changed", [False, True], ids=["the provider as it is", "a provider that broke its promise"])
def test_the_example_contracts_are_judged_alike(reference, tmp_path, example_contracts, changed):
    """Every contract of the examples, against their real provider: as it is, and with a renamed field."""
    pacts = example_contracts
    source = tmp_path / "orders"
    shutil.copytree(ROOT / "examples/orders", source)
    if changed:
        wire = source / "orders/wire.py"
        text = wire.read_text()
        assert '"sku"' in text
        wire.write_text(text.replace('"sku"', '"article"'))
    port_file = tmp_path / "port"
    program = (
        "import socket, sys, uvicorn\n"
        "sock = socket.socket(); sock.bind(('127.0.0.1', 0))\n"
        f"open({str(port_file)!r}, 'w').write(str(sock.getsockname()[1]))\n"
        "uvicorn.Server(uvicorn.Config('provider_states:app', log_level='error')).run([sock])\n"
    )
    running = subprocess.Popen([sys.executable, "-c", program], cwd=source)
    try:
        url = wait_for(port_file)
        verdicts, theirs = [], []
        for pact in pacts:
            report = verify(pact, provider_base_url=url, state_change_url=f"{url}/_states")
            document = json.loads(Path(pact).read_text())
            verdicts.append({r.title: r.ok for r in report.results})
            theirs.append(reference(document, url, "--state-change-url", f"{url}/_states"))
    finally:
        running.terminate()
        running.wait(10)

    assert verdicts == theirs
    assert len(pacts) == 3
    assert all(ok for one in verdicts for ok in one.values()) is not changed


def wait_for(port_file):
    import time
    import urllib.error
    import urllib.request

    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if port_file.exists() and port_file.read_text():
            url = f"http://127.0.0.1:{port_file.read_text()}"
            try:
                urllib.request.urlopen(f"{url}/orders/1", timeout=1)
            except urllib.error.HTTPError:
                return url
            except OSError:
                pass
            else:
                return url
        time.sleep(0.05)
    raise TimeoutError("the example provider did not start")


@pytest.fixture(scope="module")
def example_contracts(tmp_path_factory):
    """Run the consumers' own tests, which write their contracts."""
    folder = tmp_path_factory.mktemp("consumers")
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for name in ("web-shop", "billing", "mobile-backend"):
        place = folder / name
        shutil.copytree(ROOT / "examples" / name, place)
        words = [sys.executable, "-m", "pytest", "-q", "-p", "tallystick.client_sdk.pytest_plugin"]
        done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout
    return sorted(str(p) for p in folder.glob("*/pacts/*.json"))
