"""The pages about the broker speak of what exists."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import pytest

from tallystick.broker.cli import broker as command

HOW_TO = "docs/how-to/look-after-the-broker.md"
LIFE = "docs/explanation/life-of-a-publish.md"
MODULES = {
    "inputs": "contracts.inputs",
    "content": "contracts.content",
    "documents": "contracts.documents",
    "service": "contracts.service",
    "summaries": "summaries",
    "db": "db",
}


def test_every_symbol_in_the_life_of_a_publication_exists(root: Path) -> None:
    text = (root / LIFE).read_text()
    named = re.findall(r"`([a-z]+)\.([a-z_]+)`", text)
    classes = {"RawRouter": "http.routing", "Fields": "http.checks", "Call": "http.calls"}

    assert len(named) >= 6
    for module, symbol in named:
        assert hasattr(import_module(f"tallystick.broker.{MODULES[module]}"), symbol), f"{module}.{symbol}"
    for symbol, module in classes.items():
        assert f"`{symbol}" in text
        assert hasattr(import_module(f"tallystick.broker.{module}"), symbol)
    assert hasattr(import_module("tallystick.broker.webhooks.service"), "announce_publication")
    for path in re.findall(r"`(broker/[a-z_/]+\.py)`", text):
        assert (root / path).exists(), path


def test_every_command_of_the_how_to_is_one_that_the_broker_has(root: Path) -> None:
    text = (root / HOW_TO).read_text()
    lines = [line for line in text.splitlines() if line.startswith("tallystick broker ")]

    assert len(lines) >= 3
    for line in lines:
        _, _, name, *arguments = shlex.split(line)
        known = {option for parameter in command.commands[name].params for option in parameter.opts}
        assert {each for each in arguments if each.startswith("--")} <= known, line
    for option in re.findall(r"`(--[a-z-]+)`", text):
        assert any(option in parameter.opts for each in command.commands.values() for parameter in each.params), option


@pytest.mark.parametrize("path", ["/diagnostic/status/heartbeat", "/metrics", "/openapi.json", "/api-docs"])
def test_the_addresses_of_the_how_to_answer(client: object, root: Path, path: str) -> None:
    assert f"`{path}`" in (root / HOW_TO).read_text()
    assert client.get(path, headers={"accept": "*/*"}).status_code == 200  # type: ignore[attr-defined]
