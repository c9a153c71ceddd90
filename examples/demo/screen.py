"""What the demo shows: numbered steps, the commands it runs, what they said, and how long they took. 80 columns."""

from __future__ import annotations

import itertools
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

WIDTH = 80
INNER_WIDTH = WIDTH - 3  # of what is shown indented


class Screen:
    """Writes to standard output; moves and colours only on a terminal."""

    def __init__(self) -> None:
        self.live = sys.stdout.isatty()
        self._step = itertools.count(1)

    def title(self, text: str) -> None:
        click.secho(text, bold=True)

    def step(self, text: str) -> None:
        click.echo()
        click.secho(f"{next(self._step)}  {text}", bold=True)

    def say(self, text: str) -> None:
        click.echo(textwrap.fill(text, WIDTH, initial_indent="   ", subsequent_indent="   "))

    def command(self, arguments: list[str]) -> None:
        """The command as a person would type it, broken before options where it is long."""
        lines, line = [], "$"
        for word in arguments:
            if " " in word:
                word = f'"{word}"' if "'" in word else f"'{word}'"
            if len(line) + len(word) > WIDTH - 8 and word.startswith("-"):
                lines.append(line + " \\")
                line = "   "
            line += " " + word
        for text in [*lines, line]:
            click.secho(f"   {text}", dim=True)

    def output(self, text: str) -> None:
        """What a command printed, indented, its own colours kept; long sentences wrapped, commands left whole."""
        for line in text.rstrip("\n").splitlines():
            words = line.lstrip()
            if len(click.unstyle(line)) + 3 > WIDTH and not words.startswith(("next", "$")):
                indent = "   " + line[: len(line) - len(words)]
                line = textwrap.fill(words, WIDTH, initial_indent=indent, subsequent_indent=indent + "  ")
                click.echo(line)
            else:
                click.echo(f"   {line}" if line else "")

    def diff(self, text: str) -> None:
        colours = {"+": "green", "-": "red"}
        for line in text.splitlines():
            if not line.startswith(("---", "+++", "@@")):
                click.secho(f"   {line}", fg=colours.get(line[:1]))

    @contextmanager
    def working(self, text: str) -> Iterator[list[str]]:
        """A line that says what is going on; on leaving, what was done (put into the list) and the seconds it took."""
        said: list[str] = []
        started = time.monotonic()
        stop = threading.Event()
        if self.live:
            spinner = threading.Thread(target=self._spin, args=(text, started, stop), daemon=True)
            spinner.start()
        try:
            yield said
        except BaseException:
            mark, colour = "✗", "red"
            raise
        else:
            mark, colour = "✓", "green"
        finally:
            stop.set()
            if self.live:
                spinner.join()
                click.echo("\r\x1b[K", nl=False)
            seconds = f"{time.monotonic() - started:.1f} s"
            body = " ".join([text, *said])
            click.secho(f"   {mark} ", fg=colour, nl=False)
            click.echo(f"{body:<{WIDTH - 6 - len(seconds)}} {seconds}")

    def _spin(self, text: str, started: float, stop: threading.Event) -> None:
        for frame in itertools.cycle("|/-\\"):
            click.echo(f"\r   {frame} {text} … {time.monotonic() - started:.0f} s", nl=False)
            if stop.wait(0.15):
                return
