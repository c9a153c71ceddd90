"""A contract that needs a plugin loads, and says which one is missing."""

from collections.abc import Iterator
from importlib import metadata
from typing import Any

import pytest

from tallystick.contract.diff import diff
from tallystick.contract.matching import body
from tallystick.contract.model import Contract
from tallystick.contract.plugins import MissingPlugin, missing
from tallystick.contract.reading import read
from tallystick.contract.writing import write


def contract(content_type: str, plugin: str | None = "protobuf") -> Contract:
    return read(
        {
            "interactions": [
                {
                    "type": "Asynchronous/Messages",
                    "description": "an order",
                    "contents": {"content": "AAE=", "encoded": "base64", "contentType": content_type},
                    "pluginConfiguration": {plugin: {"message": "Order"}} if plugin else {},
                }
            ],
            "metadata": {
                "pactSpecification": {"version": "4.0"},
                "plugins": [{"name": "protobuf", "version": "0.5.1", "configuration": {}}],
            },
        }
    )


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    class Point:
        def __init__(self, name: str) -> None:
            self.name = name

        def load(self) -> object:
            return object()

    def install(*names: str) -> None:
        def entry_points(*, group: str) -> list[Point]:
            return [Point(name) for name in names] if group == body.ENTRY_POINTS else []

        monkeypatch.setattr(metadata, "entry_points", entry_points)
        body.installed.cache_clear()

    yield install
    body.installed.cache_clear()


def test_the_missing_plugin_is_named_with_its_version_and_the_content_type() -> None:
    source = contract("application/protobuf; message=Order")

    (found,) = missing(source.interactions[0], source)

    assert found == MissingPlugin("protobuf", "0.5.1", "application/protobuf;message=Order")
    assert 'the Pact plugin "protobuf" 0.5.1 for application/protobuf;message=Order' in str(found)


def test_such_a_contract_is_written_back_and_compared_all_the_same() -> None:
    source = contract("application/protobuf")

    assert read(write(source)) == source
    assert diff(source, source).empty


@pytest.mark.parametrize(
    ("content_type", "plugin"),
    [("application/json", "protobuf"), ("text/plain", "protobuf"), ("application/protobuf", None)],
)
def test_nothing_is_missing_where_the_core_can_compare_or_no_plugin_is_named(
    content_type: str, plugin: str | None
) -> None:
    assert missing(contract(content_type, plugin).interactions[0]) == ()


def test_an_installed_handler_stands_in_for_the_plugin(installed: Any) -> None:
    installed("text/csv")
    assert missing(contract("application/protobuf").interactions[0])
    assert not missing(contract("text/csv; header=present", "csv").interactions[0])

    installed("application/protobuf")
    assert not missing(contract("application/protobuf;message=Order").interactions[0])
