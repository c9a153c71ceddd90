"""Files that the SDK writes are taken by the Rust verifier and the Rust stub server as they are, matcher by matcher."""

import base64
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

import tallystick as t
from tallystick.client_sdk import pact_files
from tallystick.client_sdk.mock import Mock, Reply
from tallystick.client_sdk.pact_files import Recorded
from tallystick.client_sdk.socket_server import SocketServer
from tallystick.contract import reading
from tallystick.contract.matching import match_response
from tallystick.contract.model import ActualResponse, Contract

PACT = shutil.which("pact", path=str(Path(sys.executable).parent)) or shutil.which("pact")

# name -> the matcher, another value that it accepts, a value that it refuses (None: it refuses nothing of JSON)
MATCHERS = {
    "equal": (t.equal_to(7), 7, 8),
    "literal": ("exact", "exact", "other"),
    "like": (t.like({"a": [1]}), {"a": [2, 3]}, {"a": "no list"}),
    "like_min": (t.like([1, 2], min=2), [5, 6], [5]),
    "like_max": (t.like([1], max=2), [5], [5, 6, 7]),
    "each_like": (t.each_like({"id": t.integer(1)}), [{"id": 4}, {"id": 5}], [{"id": "4"}]),
    "each_like_min_max": (t.each_like(t.string("a"), min=2, max=3), ["x", "y"], ["x"]),
    "each_like_or_none": (t.each_like({"id": t.integer(1)}, min=0), [], [{"id": "x"}]),
    "regex": (t.regex(r"\d{3}", example="123"), "987", "98"),
    "one_of": (t.one_of("open", "paid", "a.b"), "a.b", "axb"),
    "one_of_numbers": (t.one_of(1, 2, None), None, 3),
    "string": (t.string("x"), "y", 1),
    "integer": (t.integer(1), 9, 9.5),
    "decimal": (t.decimal(1.5), 9.25, 9),
    "number": (t.number(1), 9.5, "9"),
    "boolean": (t.boolean(True), False, 1),
    "null": (t.null(), None, 0),
    "nullable": (t.nullable(t.integer(7)), None, "x"),
    "includes": (t.includes("ell", example="hello"), "bell", "ball"),
    "not_empty": (t.not_empty("x"), "y", ""),
    "semver": (t.semver("1.2.3"), "2.0.0-rc.1", "2.0"),
    "uuid": (t.uuid(), "00000000-0000-4000-8000-00000000000a", "00000000"),
    "uuid_upper": (t.uuid(format="upper-case-hyphenated"), "00000000-0000-4000-8000-00000000000A", "x"),
    "uuid_simple": (t.uuid(format="simple"), "0" * 32, "x"),
    "uuid_urn": (t.uuid(format="URN"), "urn:uuid:00000000-0000-4000-8000-00000000000a", "x"),
    "hexadecimal": (t.hexadecimal("3F"), "ff00", "xyz"),
    "date": (t.date(), "2020-02-29", "2021-02-29"),
    "date_format": (t.date("dd.MM.yyyy"), "29.02.2020", "2020-02-29"),
    "time": (t.time(), "23:59:59", "24:00:00"),
    "datetime": (t.datetime(), "2020-02-29T10:00:00+01:00", "yesterday"),
    "datetime_format": (t.datetime("yyyy-MM-dd'T'HH:mm:ss'Z'"), "2020-02-29T10:00:00Z", "2020-02-29"),
    "array_containing": (t.array_containing(t.integer(1), {"id": t.string("a")}), [{"id": "z"}, 5, None], [5]),
    "mapping_of": (t.mapping_of({"n": t.integer(1)}), {"b": {"n": 2}, "c": {"n": 3}}, {"b": {"n": "x"}}),
    "mapping_of_keys": (t.mapping_of(t.integer(1), key=t.regex(r"k\d", example="k1")), {"k2": 5}, {"x": 5}),
    "each_key": (t.each_key(t.regex(r"k\d", example="k1"), {"k1": 1}), {"k9": "free"}, {"x": 1}),
    "each_value": (t.each_value(t.regex(r"v\d", example="v1"), {"a": "v1"}), {"z": "v2"}, {"z": "x"}),
    "each_value_list": (t.each_value(t.integer(1), [1]), [5, 6], ["x"]),
    "all_of": (t.all_of(t.regex("a.*", example="ab"), t.includes("b")), "axb", "ax"),
    "any_of": (t.any_of(t.integer(1), t.null()), None, "x"),
    "from_provider_state": (t.from_provider_state("id", 7), 8, "x"),
    "mock_server_url": (
        t.mock_server_url("http://orders/orders/7", regex=r".*(/orders/\d+)$"),
        "http://other/orders/8",
        "http://other/items",
    ),
    "odd_names": (
        {"a-b": t.integer(1), "x.y": {"z z": t.integer(2)}, "ü": t.integer(3), "1": t.integer(4)},
        {"a-b": 5, "x.y": {"z z": 6}, "ü": 7, "1": 8},
        {"a-b": 5, "x.y": {"z z": "no"}, "ü": 7, "1": 8},
    ),
}

GENERATED = {
    "RandomInt": t.integer(1, generate=True, at_least=5, at_most=9),
    "RandomDecimal": t.decimal(1.5, generate=True),
    "RandomHexadecimal": t.hexadecimal("3F", generate=True),
    "RandomString": t.string("x", generate=True),
    "Regex": t.regex(r"\d{3}-[a-z]+", example="123-a", generate=True),
    "Uuid": t.uuid(generate=True),
    "Date": t.date(generate="+ 1 day"),
    "Time": t.time(generate=True),
    "DateTime": t.datetime(generate="tomorrow"),
    "RandomBoolean": t.boolean(True, generate=True),
    "ProviderState": t.from_provider_state("${id}", 7),
    "MockServerURL": t.mock_server_url("http://orders/orders/7", regex=r".*(/orders/\d+)$"),
}


@pytest.fixture
def environment():
    return {**os.environ, "PACT_DO_NOT_TRACK": "true", "NO_COLOR": "1"}


def written(folder: Path, templates: dict, specification: str = "4.0") -> Path:
    """A contract with one interaction for each template, as the SDK writes it."""
    contract = t.Consumer("the-sdk").has_contract_with("the-provider", specification=specification)
    for name, template in templates.items():
        (
            contract.upon_receiving(f"a request for {name}")
            .with_request("GET", f"/values/{name}")
            .will_respond_with(200, body={"value": template})
        )
    interactions = [draft.ready().interaction for draft in contract.described()]
    version = {"4.0": "4.0", "3": "3.0.0"}[specification]
    path = folder / "the-sdk-the-provider.json"
    pact_files.write(
        path,
        Contract(consumer="the-sdk", provider="the-provider", version=version),
        [Recorded(one, "here") for one in interactions],
        run="1",
    )
    return path


def verified(path: Path, port: int, env: dict) -> set[str]:
    """The names of the interactions that the Rust verifier refuses."""
    report = path.with_suffix(".report")
    command = [PACT, "verifier", "--file", path, "--hostname", "127.0.0.1", "--port", str(port), "--json", report]
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    assert report.exists(), done.stdout + done.stderr
    errors = json.loads(report.read_text())["errors"]
    assert (done.returncode == 0) == (errors == []), done.stdout + done.stderr
    return {re.search(r"a request for (\w+)", json.dumps(error)).group(1) for error in errors}


def serving(values: dict) -> SocketServer:
    def answer(request):
        body = json.dumps({"value": values[request.path.rpartition("/")[2]]}).encode()
        return Reply(200, (("Content-Type", "application/json"),), body)

    return SocketServer(answer)


def test_the_rust_verifier_accepts_what_each_matcher_accepts_and_refuses_the_rest(tmp_path, environment):
    path = written(tmp_path, {name: matcher for name, (matcher, _, _) in MATCHERS.items()})
    good = serving({name: accepted for name, (_, accepted, _) in MATCHERS.items()})
    bad = serving({name: refused for name, (_, _, refused) in MATCHERS.items()})
    try:
        assert verified(path, good.port, environment) == set()
        assert verified(path, bad.port, environment) == set(MATCHERS)
    finally:
        good.close()
        bad.close()


def test_our_own_matching_says_the_same_of_each_matcher(tmp_path):
    contract = reading.read(
        written(tmp_path, {name: matcher for name, (matcher, _, _) in MATCHERS.items()}).read_bytes()
    )
    for interaction in contract.interactions:
        name = interaction.request.path.rpartition("/")[2]
        _, accepted, refused = MATCHERS[name]
        assert answers(interaction, accepted) is True, name
        assert answers(interaction, refused) is False, name


def answers(interaction, value) -> bool:
    body = json.dumps({"value": value}).encode()
    return match_response(interaction.response, ActualResponse(200, (("Content-Type", "application/json"),), body)).ok


def test_the_rust_stub_server_serves_each_matcher_and_generator(tmp_path, environment):
    templates = {name: matcher for name, (matcher, _, _) in MATCHERS.items()} | GENERATED
    path = written(tmp_path, templates)
    contract = reading.read(path.read_bytes())
    by_name = {one.request.path.rpartition("/")[2]: one for one in contract.interactions}
    with subprocess.Popen(
        [PACT, "stub", "--file", path, "--loglevel", "info"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    ) as stub:
        try:
            port = listening(stub)
            for name in templates:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/values/{name}", timeout=10) as response:
                    content = response.read()
                    headers = (("Content-Type", response.headers["Content-Type"]),)
                assert match_response(by_name[name].response, ActualResponse(200, headers, content)).ok, (name, content)
        finally:
            stub.kill()


def test_the_rust_stub_server_reads_our_requests_as_our_mock_does(tmp_path, environment):
    contract = t.Consumer("the-sdk").has_contract_with("the-provider")
    contract.upon_receiving("everything in a request").with_request(
        "POST",
        t.regex(r"/orders/\d+", example="/orders/7"),
        query={"page": t.integer(1), "tag": t.each_like(t.regex("[a-z]", example="a")), "fixed": "x y&z"},
        headers={"X-Trace": t.regex("[0-9a-f]+", example="ff"), "Accept": "application/json, text/plain"},
        body={"lines": t.each_like({"sku": t.string("A"), "n": t.integer(1)}, min=2), "kind": t.one_of("a", "b")},
    ).will_respond_with(201, body={"ok": True})
    contract.upon_receiving("a form").with_request(
        "POST", "/form", body=t.form({"a": t.regex("x+", example="x")})
    ).will_respond_with(202)
    contract.upon_receiving("xml").with_request(
        "POST", "/xml", body=t.xml("<o><n>1</n></o>", matching={"$.o.n.#text": t.integer(1)})
    ).will_respond_with(203)
    contract.upon_receiving("text").with_request(
        "POST", "/text", body=t.text("a1", matching=t.regex(r"a\d", example="a1"))
    ).will_respond_with(200)
    ready = [draft.ready() for draft in contract.described()]
    path = tmp_path / "the-sdk-the-provider.json"
    made = Contract(consumer="the-sdk", provider="the-provider")
    pact_files.write(path, made, [Recorded(one.interaction, "here") for one in ready], run="1")
    fine = {"lines": [{"sku": "x", "n": 5}, {"sku": "y", "n": 6}, {"sku": "z", "n": 7}], "kind": "b"}
    headers = {"X-Trace": "0a", "Accept": "application/json,text/plain", "Content-Type": "application/json"}
    query = "page=3&tag=b&tag=c&fixed=x%20y%26z"
    asked = [
        (201, "/orders/12", query, headers, json.dumps(fine)),
        (500, "/orders/x", query, headers, json.dumps(fine)),
        (500, "/orders/12", query + "&more=1", headers, json.dumps(fine)),
        (500, "/orders/12", query, headers | {"X-Trace": "zz"}, json.dumps(fine)),
        (500, "/orders/12", query, headers, json.dumps(fine | {"kind": "c"})),
        (500, "/orders/12", query, headers, json.dumps(fine | {"lines": fine["lines"][:1]})),
        (202, "/form", "", {"Content-Type": "application/x-www-form-urlencoded"}, "a=xxx"),
        (500, "/form", "", {"Content-Type": "application/x-www-form-urlencoded"}, "a=y"),
        (203, "/xml", "", {"Content-Type": "application/xml"}, "<o><n>22</n></o>"),
        (500, "/xml", "", {"Content-Type": "application/xml"}, "<o><n>x</n></o>"),
        (200, "/text", "", {"Content-Type": "text/plain"}, "a7"),
        (500, "/text", "", {"Content-Type": "text/plain"}, "b7"),
    ]
    wanted = [status for status, *_ in asked]
    ours = SocketServer(Mock("c", "p", ready).answer)
    with subprocess.Popen(
        [PACT, "stub", "--file", path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    ) as stub:
        try:
            theirs = listening(stub)
            assert [ask(ours.port, *one) for _, *one in asked] == wanted
            # Where our mock answers 500 the stub server answers 404 or 500; it does not look at headers at all.
            found = [status if status < 400 else 500 for status in (ask(theirs, *one) for _, *one in asked)]
            assert [found[at] for at in range(len(asked)) if at != 3] == wanted[:3] + wanted[4:]
        finally:
            stub.kill()
            ours.close()


def ask(port, path, query, headers, body) -> int:
    url = f"http://127.0.0.1:{port}{path}" + (f"?{query}" if query else "")
    request = urllib.request.Request(url, data=body.encode(), headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status
    except urllib.error.HTTPError as refused:
        return refused.code


def test_the_rust_verifier_verifies_our_messages(tmp_path, environment):
    contract = t.Consumer("the-sdk").has_contract_with("the-provider")
    contract.expects_message("an order was paid").with_contents(
        {"id": t.integer(7), "at": t.datetime()}, metadata={"topic": t.regex("[a-z]+", example="orders")}
    )
    [ready] = [draft.ready() for draft in contract.described()]
    path = tmp_path / "the-sdk-the-provider.json"
    made = Contract(consumer="the-sdk", provider="the-provider")
    pact_files.write(path, made, [Recorded(ready.interaction, "here")], run="1")

    def sending(document, topic):
        metadata = base64.b64encode(json.dumps({"topic": topic, "contentType": "application/json"}).encode()).decode()
        headers = (("Content-Type", "application/json"), ("Pact-Message-Metadata", metadata))
        return SocketServer(lambda request: Reply(200, headers, json.dumps(document).encode()))

    good = sending({"id": 8, "at": "2026-01-01T00:00:00Z", "more": 1}, "payments")
    bad = sending({"id": "8", "at": "2026-01-01T00:00:00Z"}, "payments")
    try:
        for port, code in ((good.port, 0), (bad.port, 1)):
            done = subprocess.run(
                [PACT, "verifier", "--file", path, "--hostname", "127.0.0.1", "--port", str(port)],
                capture_output=True, text=True, env=environment, timeout=60,
            )  # fmt: skip
            assert done.returncode == code, done.stdout
    finally:
        good.close()
        bad.close()


def listening(stub: subprocess.Popen) -> int:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        line = stub.stdout.readline()
        found = re.search(r"port (\d+)", line)
        if found:
            return int(found.group(1))
    raise AssertionError("the stub server did not say its port")


def test_the_rust_verifier_reads_specification_3_as_well(tmp_path, environment):
    names = ["like", "each_like", "regex", "integer", "decimal", "date", "uuid", "includes", "null"]
    path = written(tmp_path, {name: MATCHERS[name][0] for name in names}, "3")
    good = serving({name: MATCHERS[name][1] for name in names})
    bad = serving({name: MATCHERS[name][2] for name in names})
    try:
        assert json.loads(path.read_text())["metadata"]["pactSpecification"]["version"] == "3.0.0"
        assert verified(path, good.port, environment) == set()
        assert verified(path, bad.port, environment) == set(names)
    finally:
        good.close()
        bad.close()
