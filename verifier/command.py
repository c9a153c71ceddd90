"""What `tallystick verify` does with its options, apart from parsing them: run a verification, print its report."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tallystick.verifier.assembly import build
from tallystick.verifier.options import DEFAULTS, CannotVerify
from tallystick.verifier.results import COULD_NOT_RUN, Replayed, Report
from tallystick.verifier.verification import Load, Verification


def verify(given: Mapping[str, Any]) -> int:
    """Run a verification with these options, print its report, write the files asked for; the exit code."""
    options = {**DEFAULTS, **given}
    report = watched(options)
    show(report, options)
    return report.exit_code


def watched(options: Mapping[str, Any], load: Load | None = None) -> Report:
    """`run` with its progress on the terminal; an interruption before anything was replayed is a refusal."""
    bar = _progress(options)
    try:
        with _terminable():
            return run(options, bar, load)
    except KeyboardInterrupt:
        raise CannotVerify("interrupted before there was anything to report", COULD_NOT_RUN) from None
    finally:
        if bar is not None:
            bar.clear()


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """Within the block a request to terminate is an interruption: children are stopped and a report is made."""
    import signal

    def stop(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, stop)
    except ValueError:  # not in the main thread: whoever started it decides
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def run(
    options: Mapping[str, Any],
    progress: Callable[[int, int, Replayed], None] | None = None,
    load: Load | None = None,
) -> Report:
    """Start what is to be started, verify, and let go of everything whatever happens. Raises CannotVerify.

    `load` gives the contracts in place of what the options name.
    """
    process = verification = None
    try:
        if options["start"]:
            from tallystick.verifier.process import CannotStart, Started

            try:
                process = Started.start(options["start"], options["ready_url"], options["start_timeout"])
            except CannotStart as cannot:
                raise CannotVerify(str(cannot), COULD_NOT_RUN) from None
            options = process.fill({**options, "provider_base_url": options["provider_base_url"] or process.base_url})
        verification = build(options, load=load)
        verification.progress = progress
        return _run(verification)
    finally:
        if verification is not None and verification.broker is not None:
            verification.broker.close()
        if process is not None:
            process.stop()


def _run(verification: Verification) -> Report:
    from tallystick.verifier.broker import BrokerFailed

    try:
        return verification.run()
    except BrokerFailed as failed:
        raise CannotVerify(str(failed), COULD_NOT_RUN) from None


# -- showing -------------------------------------------------------------------------------------------------------


def show(report: Report, options: Mapping[str, Any]) -> None:
    """Print the report, and write the files that were asked for. Raises CannotVerify when one cannot be written."""
    from tallystick.verifier.reports import console

    if not options["quiet"]:
        colour, width = terminal(options["colour"])
        _print(console.text(report, colour=colour, width=width, verbose=options["verbose"]))
    if options["github"] or (os.environ.get("GITHUB_ACTIONS") == "true" and options["github"] is not None):
        from tallystick.verifier.reports import github

        _print(github.text(report))
        summary = os.environ.get("GITHUB_STEP_SUMMARY")
        if summary:
            from tallystick.verifier.reports import markdown

            _write(summary, markdown.text(report), "a")
    for name, module in (("json", "json_report"), ("junit", "junit"), ("markdown", "markdown"), ("html", "html")):
        if options[name]:
            from importlib import import_module

            content = import_module(f"tallystick.verifier.reports.{module}").text(report)
            if options[name] == "-":
                _print(content)
            else:
                _write(options[name], content, "w")


def _print(text: str) -> None:
    """Write to the standard output, whatever it can show; a reader that went away is no error of ours."""
    if hasattr(sys.stdout, "reconfigure") and (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8"):
        sys.stdout.reconfigure(errors="replace")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _write(path: str, content: str, mode: str) -> None:
    try:
        with open(path, mode, encoding="utf-8") as file:
            file.write(content)
    except OSError as error:
        raise CannotVerify(
            f"the report cannot be written to {path}: {error.strerror or error}", COULD_NOT_RUN
        ) from None


def terminal(colour: bool | None) -> tuple[bool, int]:
    """Are colours wanted, and how wide is it? Asked of the environment only as far as needed."""
    tty = sys.stdout.isatty()
    if colour is None:
        colour = not os.environ.get("NO_COLOR") and (tty or bool(os.environ.get("FORCE_COLOR")))
    width = int(columns) if (columns := os.environ.get("COLUMNS", "")).isdecimal() else 0
    if tty and not width:
        with contextlib.suppress(OSError):
            width = os.get_terminal_size(sys.stdout.fileno()).columns
    return colour, min(width or 80, 120)


class _Progress:
    """A bar on the terminal's last line, redrawn at most twenty times a second."""

    def __init__(self, clock: Callable[[], float]):
        self._clock, self._next, self._failed = clock, 0.0, 0

    def __call__(self, done: int, total: int, newest: Replayed) -> None:
        self._failed += newest.status != "passed"
        now = self._clock()
        if now < self._next and done < total:
            return
        self._next = now + 0.05
        filled = 24 * done // max(total, 1)
        failed = f", {self._failed} failed" if self._failed else ""
        sys.stderr.write(f"\r\x1b[K[{'█' * filled}{'·' * (24 - filled)}] {done} of {total}{failed}")
        sys.stderr.flush()

    def clear(self) -> None:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _progress(options: Mapping[str, Any]) -> _Progress | None:
    if options["quiet"] or not sys.stderr.isatty():
        return None
    from time import monotonic

    return _Progress(monotonic)
