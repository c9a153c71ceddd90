"""A contract that needs a plugin nobody installed is neither passed nor crashed on: the plugin is named."""

from typing import Any

from tallystick.contract.reading import read
from tallystick.verifier.replay import Settings, replay


class Untouched:
    note = ""

    def send(self, request: Any, timeout_seconds: float) -> Any:
        raise AssertionError("nothing is sent for what cannot be checked")

    def close(self) -> None: ...


def test_the_plugin_is_named_and_nothing_is_sent() -> None:
    contract = read(
        {
            "interactions": [
                {
                    "type": "Synchronous/HTTP",
                    "description": "a report",
                    "request": {"method": "GET", "path": "/report.csv"},
                    "response": {"body": {"content": "a,b", "contentType": "text/csv"}},
                    "pluginConfiguration": {"csv": {}},
                }
            ],
            "metadata": {"pactSpecification": {"version": "4.0"}},
        }
    )

    replayed = replay(contract.interactions[0], Settings(target=None), Untouched())

    assert replayed.status == "failed"
    (undecided,) = replayed.undecided
    assert undecided.reason == "missing-plugin"
    assert 'the Pact plugin "csv" for text/csv' in undecided.sentence
