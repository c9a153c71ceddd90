"""Where the shared data lies: conformance cases, differential corpora, real contract files."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

# Where one run decides, the same code gives the same verdict; everywhere else each run looks at new examples.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared data; a missing one is a skip on a developer's machine and a failure in CI."""
    folder = Path(os.environ.get("TALLYSTICK_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        message = f"no shared test data at {folder}; set TALLYSTICK_SHARED to where it is"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder
