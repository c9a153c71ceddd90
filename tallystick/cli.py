"""The root command: a table of names. A command's module is loaded when the command is run, not before.

`tallystick --help` must be quick, so the one-line helps stand here and a test compares them with the commands' own.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, NamedTuple

import click

from tallystick import __version__


class Entry(NamedTuple):
    """Where a command lives, and the line that `--help` shows for it."""

    target: str
    help: str


COMMANDS: Final[dict[str, Entry]] = {
    "verify": Entry("tallystick.verifier.cli:verify", "Replay contracts against a provider, and say who would break."),
    "broker": Entry("tallystick.broker.cli:broker", "Run the service that keeps contracts and says what may be deployed."),
    "demo": Entry("tallystick._examples.demo.cli:demo", "See Tallystick at work on real services."),
}


class _Root(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        entry = COMMANDS.get(name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        try:
            command: click.Command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as missing:
            if missing.name is None or missing.name.startswith("tallystick"):
                raise
            raise _ExtraMissing(name, missing.name) from None
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


class _ExtraMissing(click.ClickException):
    exit_code = 4

    def __init__(self, command: str, module: str) -> None:
        extra = "demo" if command == "demo" else "broker"
        super().__init__(
            f"'tallystick {command}' needs the package {module!r}, which is not installed. "
            f"Install it with: pip install 'tallystick[{extra}]'"
        )


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tallystick")
def main() -> None:
    """Consumer-driven contract testing: who needs what, and what a change would break.

    Exit codes: 0 yes or passed, 1 no, broken or refused, 2 wrong usage, 3 nothing to verify, unknown or
    unanswerable, 4 could not run.
    """
