"""What the papers name exists: links of the README, names on the map, the commands that CI runs, helps of commands."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from tallystick.cli import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAP = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#:]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_map_names_only_things_that_exist():
    names = re.findall(r"`((?:broker|verifier|client_sdk|contract)(?:\.\w+)+)`", MAP)
    assert names
    missing = []
    for name in names:
        module, _, attribute = f"tallystick.{name}".rpartition(".")
        try:
            import_module(f"tallystick.{name}")
        except ModuleNotFoundError:
            if not hasattr(import_module(module), attribute):
                missing.append(name)
    assert missing == []


def test_the_map_is_short():
    assert len(MAP.split()) < 400


def test_the_readme_gives_one_command_for_the_demo_and_one_for_the_tests():
    for mark, ending in (("demo command", "tallystick demo"), ("test command", "pytest")):
        block = re.search(rf"<!-- {mark} -->\n```sh\n(.+)\n```", README)
        assert block, mark
        assert ending in block[1]
        assert "\n" not in block[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_the_line_in_the_root_help_is_the_first_of_the_commands_own(name: str):
    entry = COMMANDS[name]
    module, _, attribute = entry.target.partition(":")
    command = getattr(import_module(module), attribute)

    own = " ".join((command.help or "").split("\n\n")[0].split())

    assert own.startswith(entry.help.rstrip(".…")), own
