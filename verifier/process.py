"""A provider that is started for the run and stopped at its end, whatever happens."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import time
from typing import Any, Final

from tallystick.verifier.addresses import split_url
from tallystick.verifier.problems import ReplayFailed
from tallystick.verifier.wire import Connection

STOP_SECONDS: Final = 5.0


class CannotStart(Exception):
    """The provider did not come up: the command, why, and the last it said."""


class Started:
    """A running provider with its own process group, so that its children end with it."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Any):
        self._process, self.port, self._log = process, port, log
        self.base_url = f"http://127.0.0.1:{port}"

    @classmethod
    def start(cls, command: str, ready_url: str | None, timeout_seconds: float) -> Started:
        """Start the command and wait until `ready_url` answers below 500, or until its port takes connections."""
        port = _free_port()
        words = [word.replace("{port}", str(port)) for word in shlex.split(command)]
        if not words:
            raise CannotStart("--start is empty")
        log = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process is
        try:
            process = subprocess.Popen(
                words,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PORT": str(port)},
                start_new_session=True,
            )
        except OSError as error:
            log.close()
            raise CannotStart(f"--start {command!r}: {words[0]}: {error.strerror or error}") from None
        started = cls(process, port, log)
        try:
            started._wait(command, ready_url, timeout_seconds)
        except BaseException:
            started.stop()
            raise
        return started

    def fill(self, options: dict[str, Any]) -> dict[str, Any]:
        """Options with `{port}` replaced in every URL."""
        return {
            name: value.replace("{port}", str(self.port)) if isinstance(value, str) and "{port}" in value else value
            for name, value in options.items()
        }

    def _wait(self, command: str, ready_url: str | None, timeout_seconds: float) -> None:
        url = (ready_url or "").replace("{port}", str(self.port))
        if url.startswith("/") or not url:
            url = self.base_url + url
        try:
            address, target = split_url(url)
        except ValueError as error:
            raise CannotStart(f"--ready-url: {error}") from None
        deadline = time.monotonic() + timeout_seconds
        said = "nothing listens"
        while time.monotonic() < deadline:
            status = self._process.poll()
            if status is not None:
                raise CannotStart(f"--start {command!r} ended with status {status}{self._last_words()}")
            connection = Connection(address)
            try:
                answer = connection.exchange("GET", target, [], b"", timeout_seconds=2)
                if answer.status < 500 or not ready_url:
                    return
                said = f"{url} answers {answer.status}"
            except ReplayFailed as failed:
                if failed.problem.kind not in ("connection-failed", "tls") and not ready_url:
                    return  # something listens there; what it is will show
                said = failed.problem.sentence
            finally:
                connection.close()
            time.sleep(0.03)
        raise CannotStart(f"--start {command!r} is not ready after {timeout_seconds:g} s: {said}{self._last_words()}")

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read()[-2000:].decode("utf-8", "replace").strip().splitlines()[-8:]
        return "; it said:\n  " + "\n  ".join(lines) if lines else ""

    def stop(self) -> None:
        """End the process and its children: asked first, killed after a while."""
        try:
            self._signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        finally:
            self._signal(getattr(signal, "SIGKILL", signal.SIGTERM))
            self._process.wait()
            self._log.close()

    def _signal(self, number: int) -> None:
        try:
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, number)
            elif self._process.poll() is None:
                self._process.send_signal(number)
        except (ProcessLookupError, PermissionError):
            pass


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
