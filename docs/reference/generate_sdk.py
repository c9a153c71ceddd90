"""Writes `sdk.md` and `commands.md` from the docstrings and the commands' own help.

    python docs/reference/generate_sdk.py

A test compares the pages with what this makes, so they cannot grow old.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

import tallystick
from tallystick.cli import COMMANDS

HERE: Final = Path(__file__).parent
SECTIONS: Final = (
    ("Contracts", ("Consumer", "ConsumerContract", "MockServer", "Message")),
    (
        "Interactions",
        (
            "tallystick.client_sdk.interactions:HttpDraft",
            "tallystick.client_sdk.interactions:MessageDraft",
            "tallystick.client_sdk.interactions:ExchangeDraft",
            "tallystick.client_sdk.messages:Delivery",
            "tallystick.client_sdk.messages:Exchanges",
        ),
    ),
    (
        "Matchers",
        (
            *("like", "each_like", "equal_to", "string", "integer", "decimal", "number", "boolean", "null", "nullable"),
            *("optional", "regex", "one_of", "includes", "not_empty", "uuid", "hexadecimal", "semver", "date", "time"),
            *("datetime", "array_containing", "mapping_of", "each_key", "each_value", "all_of", "any_of"),
            *("from_provider_state", "mock_server_url", "status_class", "content_type"),
        ),
    ),
    ("Bodies", ("json", "text", "binary", "form", "xml")),
    ("Models", ("expects",)),
    ("Failures", ("ContractNotKept", "WrongRequest", "MissingRequest", "MessageNotKept", "MatcherMisuse")),
    ("The broker", ("BrokerClient", "AsyncBrokerClient", "Selector", "BrokerError")),
)
SHORTER: Final = (
    (re.compile(r"(: |-> )'([^']*)'"), r"\1\2"),
    (re.compile(r"tallystick\.[a-z_.]*\.(?=[A-Z])"), ""),
    (re.compile(r"(?:collections\.abc|typing|pathlib|types)\.(?=[A-Z])"), ""),
)


def sdk() -> str:
    """The page of the public names."""
    lines = [
        "# The SDK, name by name",
        "",
        "All of these are imported from `tallystick`, but where a name is longer.",
        "",
    ]
    for title, names in SECTIONS:
        lines += [f"## {title}", ""]
        for name in names:
            lines += _entry(name)
    lines += ["## What `expects` makes of a schema", "", *_module_notes("tallystick.client_sdk.expecting"), ""]
    lines += ["## What `--tallystick-reads` sees", "", *_module_notes("tallystick.client_sdk.reads"), ""]
    return "\n".join(lines).rstrip() + "\n"


def commands() -> str:
    """The page of the commands for consumers and callers of the broker."""
    lines = [
        "# The commands for consumers, and for every caller of the broker",
        "",
        "Exit codes: 0 yes or done, 1 no or refused, 2 wrong usage, 3 unknown or unanswerable, 4 could not run.",
        "",
    ]
    for name, entry in COMMANDS.items():
        if not entry.target.startswith(("tallystick.client_sdk.", "tallystick.verifier.commands.")):
            continue
        module, _, attribute = entry.target.partition(":")
        for title, command in _with_subcommands(name, getattr(importlib.import_module(module), attribute)):
            context = click.Context(
                command, info_name=f"tallystick {title}", terminal_width=100, help_option_names=["-h", "--help"]
            )
            lines += [f"## tallystick {title}", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(lines).rstrip() + "\n"


def _with_subcommands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for below, one in command.commands.items():
            yield f"{name} {below}", one
    else:
        yield name, command


def _entry(name: str) -> list[str]:
    found, shown = _object(name)
    lines = [f"### {shown}", "", "```text", f"{shown}{_signature(found)}", "```", "", *_doc(found), ""]
    if inspect.isclass(found):
        for member, value in _members(found):
            plain = value.fget if isinstance(value, property) else value
            called = "" if isinstance(value, property) else _signature(plain, bound=True)
            doc = " ".join(_doc(plain))
            lines.append(f"- `.{member}{called}`: {doc}")
        lines.append("")
    return lines


def _object(name: str) -> tuple[Any, str]:
    if ":" in name:
        module, _, attribute = name.partition(":")
        return getattr(importlib.import_module(module), attribute), attribute
    return getattr(tallystick, name), name


def _members(cls: type) -> list[tuple[str, Any]]:
    inherited = [one for one in reversed(cls.__mro__) if one.__module__.startswith("tallystick.")]
    members = {name: value for one in inherited for name, value in vars(one).items()}
    return [
        (name, value)
        for name, value in members.items()
        if not name.startswith("_") and (callable(value) or isinstance(value, property)) and _doc(value) != [""]
    ]


def _signature(found: Any, *, bound: bool = False) -> str:
    try:
        signature = inspect.signature(found)
    except (TypeError, ValueError):
        return ""
    if inspect.isclass(found):
        signature = signature.replace(return_annotation=inspect.Signature.empty)
    if bound:
        signature = signature.replace(parameters=list(signature.parameters.values())[1:])
    text = str(signature)
    for pattern, short in SHORTER:
        text = pattern.sub(short, text)
    return text


def _doc(found: Any) -> list[str]:
    plain = found.fget if isinstance(found, property) else found
    return inspect.cleandoc(getattr(plain, "__doc__", None) or "").splitlines() or [""]


def _module_notes(name: str) -> list[str]:
    return inspect.cleandoc(importlib.import_module(name).__doc__ or "").splitlines()


if __name__ == "__main__":
    (HERE / "sdk.md").write_text(sdk())
    (HERE / "commands.md").write_text(commands())
