"""`tallystick completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from tallystick.client_sdk.commands import shared


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script of a shell: eval "$(tallystick completion bash)"."""
    made = get_completion_class(shell)
    if made is None:
        raise shared.Failure(f"click knows no completion for {shell}", 4)
    click.echo(made(ctx.find_root().command, {}, "tallystick", "_TALLYSTICK_COMPLETE").source())
