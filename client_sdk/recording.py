"""What the tests of this process have proved, until it is written to the contract files when the run ends.

Under pytest the plugin says which test runs and whether it passed. Elsewhere an interaction counts as soon as its
block ends without a failure, and the files are written when the interpreter exits.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tallystick.client_sdk import pact_files
from tallystick.client_sdk.pact_files import Recorded, SaidTwice, Stale, Written
from tallystick.contract import model

if TYPE_CHECKING:
    from pathlib import Path

_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep


@dataclass(slots=True)
class _File:
    contract: model.Contract
    recorded: dict[pact_files.Identity, Recorded] = field(default_factory=dict)


@dataclass(slots=True)
class Recording:
    """The interactions of one run in one process."""

    run: str = field(default_factory=lambda: os.environ.get("PYTEST_XDIST_TESTRUNUID") or os.urandom(8).hex())
    directory: Path | None = None
    """Where contracts go unless the contract says otherwise; None: `pacts` below the working directory."""
    current_test: str | None = None
    """The test that runs now, when a plugin says so: what it proves waits for its end."""
    managed: bool = False
    """A plugin writes the files; without one they are written at exit."""
    written: list[Written] = field(default_factory=list)
    _files: dict[Path, _File] = field(default_factory=dict)
    _staged: list[tuple[Path, model.Contract, Recorded]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _at_exit: bool = False

    def origin(self) -> str:
        """The name of the running test, else the file whose code calls us."""
        if self.current_test is not None:
            return self.current_test
        frame = sys._getframe(1)
        while frame is not None and frame.f_code.co_filename.startswith(_OWN):
            frame = frame.f_back  # type: ignore[assignment]
        return _relative(frame.f_code.co_filename) if frame is not None else ""

    def default_directory(self) -> Path:
        """Where contracts go unless told otherwise."""
        from pathlib import Path

        named = os.environ.get("TALLYSTICK_PACT_DIR")
        return Path(named) if named else self.directory or Path.cwd() / "pacts"

    def record(self, path: Path, contract: model.Contract, proved: Recorded) -> None:
        """Keep an interaction that its test has proved. Raises `SaidTwice`."""
        with self._lock:
            if self.current_test is not None:
                self._conflict(path, proved)
                self._staged.append((path, contract, proved))
                return
            self._keep(path, contract, proved)
            if not self.managed and not self._at_exit:
                self._at_exit = True
                atexit.register(self._exit, os.getpid())

    def commit(self) -> None:
        """The running test has passed: what it proved counts."""
        with self._lock:
            staged, self._staged = self._staged, []
            for path, contract, proved in staged:
                self._keep(path, contract, self._read_only(proved))
            self._forget_reads()

    def discard(self) -> None:
        """The running test has failed: what it seemed to prove does not count."""
        with self._lock:
            self._staged.clear()
            self._forget_reads()

    def write(self, stale: Stale | None = None) -> list[Written]:
        """Write every file that this process has interactions for."""
        with self._lock:
            files, self._files = self._files, {}
        done = [
            pact_files.write(path, file.contract, list(file.recorded.values()), run=self.run, stale=stale)
            for path, file in files.items()
        ]
        self.written += done
        return done

    def _read_only(self, proved: Recorded) -> Recorded:
        """The interaction without what the code did not read, when the user asked for that."""
        reads = sys.modules.get("tallystick.client_sdk.reads")
        if reads is None or not proved.served or not isinstance(proved.interaction, model.HttpInteraction):
            return proved
        return replace(proved, interaction=reads.concluded(proved.interaction, proved.served))

    def _forget_reads(self) -> None:
        reads = sys.modules.get("tallystick.client_sdk.reads")
        if reads is not None:
            reads.forget()

    def _keep(self, path: Path, contract: model.Contract, proved: Recorded) -> None:
        self._conflict(path, proved)
        file = self._files.setdefault(path, _File(contract))
        file.recorded[pact_files.identity(proved.interaction)] = proved

    def _conflict(self, path: Path, proved: Recorded) -> None:
        key = pact_files.identity(proved.interaction)
        for staged_path, _, staged in self._staged:
            if staged_path == path and pact_files.identity(staged.interaction) == key and staged != proved:
                raise SaidTwice(proved.interaction.description, staged.origin, proved.origin)
        file = self._files.get(path)
        known = file.recorded.get(key) if file is not None else None
        if known is not None and known.interaction != proved.interaction:
            # The same test may say it anew: it was run again.
            if self.current_test is not None and known.origin == proved.origin:
                return
            raise SaidTwice(proved.interaction.description, known.origin, proved.origin)

    def _exit(self, pid: int) -> None:
        if os.getpid() != pid:  # a fork inherits the hook, not the duty
            return
        try:
            self.write(stale_outside_pytest(set(self._origins())))
        except Exception as problem:
            print(f"tallystick: the contract was not written: {problem}", file=sys.stderr)

    def _origins(self) -> list[str]:
        return [one.origin for file in self._files.values() for one in file.recorded.values()]


def stale_outside_pytest(origins: set[str]) -> Callable[[str | None], bool]:
    """Out of date is what these files said before and do not say now, and what files said that are gone."""

    def stale(origin: str | None) -> bool:
        if origin is None or origin in origins:
            return True
        return not os.path.exists(origin.partition("::")[0])

    return stale


def _relative(file: str) -> str:
    try:
        return os.path.relpath(file)
    except ValueError:  # another drive
        return file


_CURRENT = Recording()


def current() -> Recording:
    """The recording of this process."""
    return _CURRENT
