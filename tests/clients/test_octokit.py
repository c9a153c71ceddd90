"""A large description as its publisher ships it: GitHub's, of npm's `@octokit/openapi`, two releases."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "@octokit/openapi"
OLD, NEW = "22.0.0", "23.0.2"


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The folder with both archives, packed by npm."""
    if shutil.which("npm") is None:
        pytest.skip("Node.js with npm is not installed, and this description is in one of npm's packages")
    folder = tmp_path_factory.mktemp("octokit")
    words = ["npm", "pack", "--silent", f"{PACKAGE}@{OLD}", f"{PACKAGE}@{NEW}"]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    except subprocess.TimeoutExpired:
        pytest.skip("npm could not fetch the descriptions in 120 seconds")
    if done.returncode != 0:
        pytest.skip(f"npm could not fetch the descriptions: {done.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.fixture(scope="module")
def described(archives):
    """Method and path of every operation, parameters without names, of the old and of the new release."""
    found = []
    for version in (OLD, NEW):
        words = ["tar", "-xzOf", f"octokit-openapi-{version}.tgz", "package/generated/api.github.com.json"]
        document = json.loads(subprocess.run(words, cwd=archives, capture_output=True, check=True).stdout)
        found.append(
            {
                (method, re.sub(r"\{[^}]*\}", "{}", path))
                for path, item in document["paths"].items()
                for method in item
                if method in ("get", "put", "post", "delete", "patch", "head", "options")
            }
        )
    return found


def test_two_releases_are_compared_and_asked_what_they_break(archives, described):
    script = ROOT / "benchmarks" / "impact" / "octokit.py"
    words = [sys.executable, script, "--from", archives, "--contracts", "60", "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)

    old, new = described
    assert figures["operations"] == [len(old), len(new)]
    assert figures["changes"]["drop operation"] == len(old - new)
    assert set(figures["changes"]) <= {
        "drop operation", "remove", "rename", "type", "require", "optional", "nullable", "enum",
    }  # fmt: skip
    assert 0 < figures["changes that break somebody"]["drop operation"] < len(old - new)
    assert figures["breaking changes nobody relies on"]["remove"] > 0
    assert figures["broken"]["consumers"] > 0
    assert figures["peak memory in MB"] < 1_000
