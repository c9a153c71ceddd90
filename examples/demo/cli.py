"""`tallystick demo`: the whole story on this machine, told by the installed commands.

Everything happens through commands run as subprocesses and over HTTP, as a user would do it. The work lies in a
temporary folder that goes with the demo, unless `--keep`.
"""

from __future__ import annotations

import shutil
import signal
import tempfile
from pathlib import Path
from types import FrameType

import click

from tallystick._examples.demo import second_act
from tallystick._examples.demo.screen import Screen
from tallystick._examples.demo.story import CannotShow, Story


@click.command()
@click.option("--wait/--no-wait", default=True, help="Keep the broker running at the end, until Ctrl-C.")
@click.option("--port", default=9292, show_default=True, help="Port of the broker; 0 takes a free one.")
@click.option("--keep", is_flag=True, help="Leave the folder with the contracts and the database behind.")
def demo(wait: bool, port: int, keep: bool) -> None:
    """See Tallystick at work on real services.

    Starts a broker, runs the tests of three consumers, verifies the provider they depend on, then breaks it on purpose
    and shows who would be hurt, where, and since when; and how the same change is made without hurting anyone.
    """

    def interrupted(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupted)
    folder = Path(tempfile.mkdtemp(prefix="tallystick-demo-"))
    screen = Screen()
    try:
        with Story(folder, screen, port) as story:
            story.tell()
            second_act.tell(story)
            story.ending()
            if wait:
                story.wait()
    except KeyboardInterrupt:
        click.echo("\nStopped. Nothing is left running.")
    except CannotShow as problem:
        raise _Failed(str(problem)) from None
    finally:
        if keep:
            click.echo(f"The demo's files are in {folder}")
        else:
            shutil.rmtree(folder, ignore_errors=True)


class _Failed(click.ClickException):
    exit_code = 4
