"""The pytest plugin, in projects of its own: only what passed, nothing stale, the same with many workers."""

import json
import os
import re
import subprocess
import sys
import textwrap

import pytest

HEAD = """
import urllib.request
import pytest
from tallystick import Consumer, like

orders = Consumer("web").has_contract_with("orders")


def use(name, path=None):
    orders.upon_receiving(name).with_request("GET", path or f"/{name}").will_respond_with(200, body={"a": like(1)})
    with orders.serve() as server:
        urllib.request.urlopen(server.url + (path or f"/{name}")).read()
"""


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path / "project")


class Project:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        (folder / "pytest.ini").write_text("[pytest]\ntallystick_consumer = web\n")

    def file(self, name, body, head=HEAD):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(head + textwrap.dedent(body))

    def run(self, *arguments, ok=True, module="pytest"):
        command = [sys.executable, "-m", module, *arguments]
        if module == "pytest":
            command += ["-q", "-p", "no:cacheprovider", "-p", "tallystick.client_sdk.pytest_plugin"]
            command += ["-p", "xdist.plugin"] if "-n" in arguments else []
        # The plugins of this repository's own tests cost a second a run; that ours is found by itself is tested
        # where the wheel is installed.
        env = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        env.pop("PYTEST_XDIST_TESTRUNUID", None)
        done = subprocess.run(command, cwd=self.folder, capture_output=True, text=True, timeout=100, env=env)
        assert (done.returncode == 0) is ok, done.stdout + done.stderr
        return done.stdout + done.stderr

    @property
    def said(self):
        path = self.folder / "pacts" / "web-orders.json"
        return [one["description"] for one in json.loads(path.read_text())["interactions"]] if path.exists() else None


def test_passing_tests_are_written_and_the_summary_says_so(project):
    project.file("test_a.py", "def test_one(): use('one')\ndef test_two(): use('two')\n")

    output = project.run()

    assert project.said == ["one", "two"]
    assert "pacts/web-orders.json: 2 interactions (2 new)" in output


def test_a_test_that_fails_after_its_block_proves_nothing(project):
    project.file(
        "test_a.py",
        """
        def test_one(): use('one')
        def test_two():
            use('two')
            assert False
        @pytest.mark.xfail
        def test_three():
            use('three')
            assert False
        """,
    )

    project.run(ok=False)

    assert project.said == ["one"]


def test_a_run_without_contracts_writes_nothing_and_says_nothing(project):
    project.file("test_a.py", "def test_one(): pass\n")

    assert "contracts" not in project.run()
    assert project.said is None


def test_what_tests_no_longer_say_goes(project):
    project.file("test_a.py", "def test_one(): use('one')\ndef test_two(): use('two')\n")
    project.file("test_b.py", "def test_b(): use('three')\n")
    project.file("test_c.py", "def test_c(): use('four')\n")
    project.run()
    project.file("test_a.py", "def test_one(): use('uno')\n")
    (project.folder / "test_c.py").unlink()

    output = project.run()

    assert project.said == ["three", "uno"]
    assert "2 interactions (1 new, 3 removed)" in output


def test_a_part_of_the_tests_updates_its_part_only(project):
    project.file("test_a.py", "def test_one(): use('one')\ndef test_two(): use('two')\n")
    project.file("test_b.py", "def test_b(): use('three')\n")
    project.run()
    project.file("test_a.py", "def test_one(): use('uno')\ndef test_two(): use('two')\n")

    project.run("-k", "test_one")
    assert project.said == ["three", "two", "uno"]
    project.run("test_a.py::test_two")
    assert project.said == ["three", "two", "uno"]
    project.run("test_b.py")
    assert project.said == ["three", "two", "uno"]


def test_a_failing_test_keeps_what_it_said_before(project):
    project.file("test_a.py", "def test_one(): use('one')\ndef test_two(): use('two')\n")
    project.run()
    project.file("test_a.py", "def test_one(): assert False\ndef test_two(): use('two')\n")

    project.run(ok=False)

    assert project.said == ["one", "two"]


def test_a_file_of_unknown_origin_is_replaced_by_a_whole_run(project):
    project.file("test_a.py", "def test_one(): use('one')\ndef test_two(): use('two')\n")
    project.run()
    for note in (project.folder / "pacts" / ".tallystick").iterdir():
        note.unlink()
    project.file("test_a.py", "def test_one(): use('one')\n")

    project.run()

    assert project.said == ["one"]


def test_a_file_of_unknown_origin_keeps_the_rest_when_one_test_file_is_run(project):
    project.file("test_a.py", "def test_one(): use('one')\n")
    project.file("test_b.py", "def test_two(): use('two')\n")
    project.run()
    for note in (project.folder / "pacts" / ".tallystick").iterdir():
        note.unlink()

    project.run("test_a.py")

    assert project.said == ["one", "two"]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_a_plugin_deselects_is_kept(project, workers):
    project.file("test_a.py", "def test_one(): use('one')\ndef test_two(): use('two')\n")
    project.run()
    shard = """
        def pytest_collection_modifyitems(config, items):
            config.hook.pytest_deselected(items=items[1:])
            items[:] = items[:1]
        """
    project.file("conftest.py", shard, head="")

    project.run(*workers)

    assert project.said == ["one", "two"]


def test_two_tests_with_one_description_fail_and_say_why(project):
    project.file("test_a.py", "def test_one(): use('one')\ndef test_two(): use('one', '/other')\n")

    output = project.run(ok=False)

    assert 'two different interactions are called "one"' in output
    assert "test_a.py::test_one and test_a.py::test_two" in output
    assert project.said == ["one"]


def test_many_workers_write_one_file(project):
    project.file(
        "test_a.py",
        """
        @pytest.mark.parametrize("n", range(12))
        def test_many(n): use(f"one {n:02}", f"/{n}")
        def test_gone(): use("gone")
        """,
    )
    output = project.run("-n", "2")
    assert project.said == ["gone", *(f"one {n:02}" for n in range(12))]
    assert "13 interactions (13 new)" in output
    project.file(
        "test_a.py",
        """
        @pytest.mark.parametrize("n", range(12))
        def test_many(n): use(f"one {n:02}", f"/{n}")
        """,
    )

    output = project.run("-n", "2")

    assert project.said == [f"one {n:02}" for n in range(12)]
    assert "12 interactions (1 removed)" in output


def test_workers_that_disagree_fail_the_run(project):
    project.file("test_a.py", "def test_one(): use('one')\n")
    project.file("test_b.py", "def test_two(): use('one', '/other')\n")

    output = project.run("-n", "2", "--dist", "loadfile", ok=False)

    assert 'two different interactions are called "one"' in output


def test_the_fixture_gives_a_contract_with_the_projects_consumer(project):
    project.file(
        "test_a.py",
        """
        def test_fixture(contract_with):
            contract = contract_with("orders")
            contract.upon_receiving("one").with_request("GET", "/").will_respond_with(200)
            with contract.serve() as server:
                urllib.request.urlopen(server.url).read()
        """,
    )

    project.run()

    assert project.said == ["one"]


def test_a_wrong_request_is_shown_in_the_tests_own_traceback(project):
    project.file(
        "test_a.py",
        """
        def test_one():
            orders.upon_receiving("one").with_request("GET", "/one").will_respond_with(200)
            with orders.serve() as server:
                urllib.request.urlopen(server.url + "/two").read()
        """,
    )

    output = project.run(ok=False)

    assert ">       with orders.serve() as server:" in output
    assert "E           path: expected /one, got /two" in output
    assert re.search(r"test_a.py:\d+: ContractNotKept", output)
    assert "socket_server.py" not in output


def test_unittest_and_plain_python_write_when_they_exit(project):
    project.file(
        "test_u.py",
        """
        import unittest
        class Orders(unittest.TestCase):
            def test_one(self): use("one")
            def test_two(self): use("two")
        """,
    )
    project.file("script.py", "use('three')\n")
    project.run("-q", module="unittest")
    assert project.said == ["one", "two"]
    project.run(module="script")
    assert project.said == ["one", "three", "two"]
    project.file("script.py", "use('four')\n")

    project.run(module="script")

    assert project.said == ["four", "one", "two"]
