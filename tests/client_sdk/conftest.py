"""A recording of its own for each test, so that tests of the SDK leave nothing in this run's contracts."""

import pytest

from tallystick.client_sdk import recording


@pytest.fixture(autouse=True)
def recordings(tmp_path, monkeypatch):
    """What the test records, written nowhere until the test says so; contracts go to its own folder."""
    fresh = recording.Recording(run="this-run", directory=tmp_path / "pacts", managed=True)
    monkeypatch.setattr(recording, "_CURRENT", fresh)
    monkeypatch.delenv("TALLYSTICK_PACT_DIR", raising=False)
    return fresh
