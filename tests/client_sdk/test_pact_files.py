"""Contract files: merged on disk, whole at every moment, free of what no test says any more."""

import json
import subprocess
import sys

import pytest

from tallystick.client_sdk import pact_files
from tallystick.client_sdk.pact_files import NotOurFile, Recorded, SaidTwice
from tallystick.contract.model import Contract, HttpInteraction, HttpRequest, ProviderState

WEB = Contract(consumer="web", provider="orders", version="4.0")


def interaction(description, path="/", states=()):
    return HttpInteraction(
        description=description,
        states=tuple(ProviderState(name) for name in states),
        request=HttpRequest("GET", path),
    )


def write(path, *said, run="1", stale=None, contract=WEB):
    return pact_files.write(path, contract, [Recorded(one, origin) for one, origin in said], run=run, stale=stale)


def descriptions(path):
    return [one["description"] for one in json.loads(path.read_text())["interactions"]]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "pacts" / pact_files.file_name("web", "orders")


def test_a_name_that_no_file_may_have_is_made_one():
    assert pact_files.file_name("a/b", "c:d") == "a_b-c_d.json"


def test_interactions_are_kept_in_order_whatever_the_order_of_the_tests(path):
    first = write(path, (interaction("b"), "t1"), (interaction("a"), "t2"))
    content = path.read_bytes()
    path.unlink()
    write(path, (interaction("a"), "t2"), (interaction("b"), "t1"), run="2")

    assert first.added == ("b", "a")
    assert descriptions(path) == ["a", "b"]
    assert path.read_bytes() == content


def test_another_writer_of_the_run_adds_its_share(path):
    write(path, (interaction("a"), "t1"))
    second = write(path, (interaction("b"), "t2"))

    assert descriptions(path) == ["a", "b"]
    assert (second.interactions, second.added, second.changed) == (2, ("b",), ())


def test_what_is_said_again_replaces_what_was_said(path):
    write(path, (interaction("a", "/old"), "t1"))
    second = write(path, (interaction("a", "/new"), "t1"), run="2")

    assert second.changed == ("a",)
    assert json.loads(path.read_text())["interactions"][0]["request"]["path"] == "/new"


def test_a_file_that_says_the_same_already_is_not_touched(path):
    write(path, (interaction("a"), "t1"))
    before = path.stat().st_mtime_ns

    assert not write(path, (interaction("a"), "t1"), run="2").modified
    assert path.stat().st_mtime_ns == before


def test_one_description_in_two_states_is_two_interactions(path):
    write(path, (interaction("a", states=["x"]), "t1"), (interaction("a", states=["y"]), "t2"))

    assert descriptions(path) == ["a", "a"]


def test_two_tests_of_a_run_cannot_say_different_things_by_one_name(path):
    write(path, (interaction("a", "/1"), "t1"))

    with pytest.raises(SaidTwice, match=r'two different interactions are called "a".*t1 and t2'):
        write(path, (interaction("a", "/2"), "t2"))

    assert json.loads(path.read_text())["interactions"][0]["request"]["path"] == "/1"


def test_what_is_stale_goes_and_what_is_not_stays(path):
    write(path, (interaction("a"), "t1"), (interaction("b"), "t2"), (interaction("c"), "t3"))

    second = write(path, (interaction("a"), "t1"), run="2", stale=lambda origin: origin == "t2")

    assert second.removed == ("b",)
    assert descriptions(path) == ["a", "c"]


def test_what_this_run_wrote_is_never_stale(path):
    write(path, (interaction("a"), "t1"), stale=lambda origin: True)

    assert descriptions(path) == ["a"]


def test_without_notes_an_interaction_has_no_origin(path):
    write(path, (interaction("a"), "t1"))
    (path.parent / ".tallystick" / "web-orders.json").write_text("no json")
    asked = []

    write(path, (interaction("b"), "t2"), run="2", stale=lambda origin: asked.append(origin) or False)

    assert asked == [None]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"{", "it is not a contract"),
        (b"[]", "it is not a contract"),
        (b'{"consumer":{"name":"other"},"provider":{"name":"orders"},"interactions":[]}', "the contract of other"),
    ],
)
def test_a_file_that_is_not_ours_is_left_alone(path, content, reason):
    path.parent.mkdir()
    path.write_bytes(content)

    with pytest.raises(NotOurFile, match=reason):
        write(path, (interaction("a"), "t1"))

    assert path.read_bytes() == content


def test_a_failing_write_leaves_the_old_file_and_no_other(path, monkeypatch):
    write(path, (interaction("a"), "t1"))
    content = path.read_bytes()
    monkeypatch.setattr(pact_files.os, "replace", lambda *a: (_ for _ in ()).throw(OSError("disk full")))

    with pytest.raises(OSError, match="disk full"):
        write(path, (interaction("b"), "t2"), run="2")

    assert path.read_bytes() == content
    assert sorted(one.name for one in path.parent.iterdir()) == [".tallystick", "web-orders.json"]


def test_notes_are_kept_out_of_version_control(path):
    write(path, (interaction("a"), "t1"))

    assert (path.parent / ".tallystick" / ".gitignore").read_text() == "*\n"


ENDLESS_WRITER = """
import sys, itertools
from pathlib import Path
from tallystick.client_sdk import pact_files
from tallystick.client_sdk.pact_files import Recorded
from tallystick.contract.model import Contract, HttpInteraction, HttpRequest
for number in itertools.count():
    one = HttpInteraction(description="a", request=HttpRequest("GET", f"/{number}" * 500))
    contract = Contract(consumer="web", provider="orders")
    pact_files.write(Path(sys.argv[1]), contract, [Recorded(one, "t")], run=str(number))
    print(number, flush=True)
"""


def test_a_writer_killed_at_any_moment_leaves_a_whole_file_and_no_lock(path):
    for _ in range(5):
        writer = subprocess.Popen([sys.executable, "-c", ENDLESS_WRITER, str(path)], stdout=subprocess.PIPE)
        for _ in range(3):
            writer.stdout.readline()
        writer.kill()
        writer.communicate()
        assert descriptions(path) == ["a"]
    (path.parent / f".{path.name}.1-2.tmp").write_text("half")

    write(path, (interaction("b"), "t2"), run="last")

    assert descriptions(path) == ["a", "b"]
    assert sorted(one.name for one in path.parent.iterdir()) == [".tallystick", "web-orders.json"]


WRITER = """
import sys
from pathlib import Path
from tallystick.client_sdk import pact_files
from tallystick.client_sdk.pact_files import Recorded
from tallystick.contract.model import Contract, HttpInteraction, HttpRequest
path, worker = Path(sys.argv[1]), sys.argv[2]
for number in range(10):
    one = HttpInteraction(description=f"{worker}-{number}", request=HttpRequest("GET", f"/{worker}/{number}"))
    pact_files.write(path, Contract(consumer="web", provider="orders"), [Recorded(one, worker)], run="same")
"""


def test_many_processes_lose_nothing_and_a_reader_never_sees_half_a_file(path):
    workers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path), str(n)]) for n in range(4)]
    looks = 0
    while any(worker.poll() is None for worker in workers):
        if path.exists():
            json.loads(path.read_bytes())
            looks += 1

    assert [worker.returncode for worker in workers] == [0, 0, 0, 0]
    assert sorted(descriptions(path)) == sorted(f"{w}-{n}" for w in range(4) for n in range(10))
    assert looks > 0
