"""The demo's steps. Every number and name that it prints comes from the commands and pages it asks."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

from tallystick._examples.demo import changes
from tallystick._examples.demo.screen import INNER_WIDTH, Screen

EXAMPLES: Final = Path(__file__).parents[1]
ENVIRONMENT: Final = "production"
CONSUMERS: Final = {"web-shop": "4.2.0", "billing": "2.7.1", "mobile-backend": "1.9.3"}
PROVIDER: Final = "orders"
START_SECONDS: Final = 30


class CannotShow(Exception):
    """A step did not go as it must; says which command, what it answered, and what to do."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command."""

    status: int
    output: str


@dataclass
class Story:
    """The demo on one machine; as a context manager it ends whatever it has started."""

    folder: Path
    screen: Screen
    port: int
    base_url: str = ""
    _running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Story:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in reversed(self._running):
            _end(process)

    def tell(self) -> None:
        self.screen.title("Tallystick demo: four services, one change, and who it would have hurt")
        self.start_broker()
        self.consumers_publish()
        self.provider_is_verified()
        self.everything_is_deployed()
        self.provider_changes()
        self.may_it_be_deployed()

    # The steps

    def start_broker(self) -> None:
        self.screen.step("A broker on this machine, with an embedded database")
        database = f"sqlite:///{self.folder / 'broker.sqlite3'}"
        arguments = ["broker", "serve", "--port", str(self.port), "--database-url", database]
        self.screen.command(["tallystick", "broker", "serve", "--port", str(self.port)])
        with self.screen.working("broker") as said:
            log = self.folder / "broker.log"
            process = self._start([*_tallystick(), *arguments], self.folder, log)
            self.base_url = self._address(process, log)
            said.append(f"is listening on {self.base_url}")
        self.run_quietly("create-environment", "--name", ENVIRONMENT, "--display-name", "Production", "--production")

    def consumers_publish(self) -> None:
        self.screen.step("Three consumers test their own client code, and publish what it relies on")
        for name, version in CONSUMERS.items():
            with self.screen.working(f"{name:<15}") as said:
                place = self.folder / name
                shutil.copytree(EXAMPLES / name, place, ignore=shutil.ignore_patterns("__pycache__", "pacts"))
                passed = self.run_tests(place)
                pact = json.loads((place / "pacts" / f"{name}-{PROVIDER}.json").read_text(encoding="utf-8"))
                build = f"https://ci.example.com/{name}/builds/{version}"
                self.run_quietly(
                    "publish", str(place / "pacts"), "--consumer-app-version", version, "--branch", "main",
                    "--build-url", build,
                )  # fmt: skip
                said.append(f"{passed} tests passed, {len(pact['interactions'])} interactions published as {version}")
        self.screen.say("Each publishes with a command like:")
        self.screen.command(
            ["tallystick", "publish", "pacts", "--consumer-app-version", CONSUMERS["billing"], "--branch", "main"]
        )

    def provider_is_verified(self) -> None:
        self.screen.step(f"The provider, {PROVIDER}, replays what its consumers rely on")
        result = self._verify("1.0.0", "main", EXAMPLES / PROVIDER)
        self.screen.output(result.output)
        if result.status:
            raise CannotShow(f"{PROVIDER} 1.0.0 should keep every contract, and did not")

    def everything_is_deployed(self) -> None:
        self.screen.step(f"All four go to {ENVIRONMENT}")
        for name, version in {**CONSUMERS, PROVIDER: "1.0.0"}.items():
            with self.screen.working(f"{name:<15}") as said:
                self.run_quietly(
                    "record-deployment", "--pacticipant", name, "--version", version, "--environment", ENVIRONMENT
                )
                said.append(f"{version} is live in {ENVIRONMENT}")

    def provider_changes(self) -> None:
        self.screen.step(f"The next build of {PROVIDER} changes its interface")
        build = self.folder / "orders-2.0.0"
        self.screen.diff(changes.build(EXAMPLES / PROVIDER, build, changes.BREAKING))
        result = self._verify("2.0.0", "cleaner-names", build)
        self.screen.output(result.output)
        if result.status != 1:
            raise CannotShow(f"{PROVIDER} 2.0.0 should break its consumers, but verify ended with {result.status}")

    def may_it_be_deployed(self) -> None:
        self.screen.step("May that build be deployed?")
        self._ask("2.0.0", expected_status=1)
        self.screen.step("And a build that adds the new name beside the old one?")
        build = self.folder / "orders-1.1.0"
        self.screen.diff(changes.build(EXAMPLES / PROVIDER, build, changes.COMPATIBLE))
        result = self._verify("1.1.0", "add-total-amount", build)
        if result.status:
            raise CannotShow(f"{PROVIDER} 1.1.0 should keep every contract:\n{result.output}")
        self.screen.say(result.output.rstrip().splitlines()[-2].strip())
        self._ask("1.1.0", expected_status=0)

    def ending(self) -> None:
        self.screen.step("Look around")
        self.screen.say(f"The dashboard: {self.base_url}/")

    def wait(self) -> None:
        self.screen.say("The broker runs on until you press Ctrl-C.")
        while self._running and self._running[0].poll() is None:
            time.sleep(0.2)

    # What the steps are made of

    def _ask(self, version: str, expected_status: int) -> None:
        self.show(
            "can-i-deploy", "--pacticipant", PROVIDER, "--version", version, "--to-environment", ENVIRONMENT,
            expected_status=expected_status,
        )  # fmt: skip

    def _verify(self, version: str, branch: str, source: Path) -> Ran:
        """Start that build of the provider, verify it against what the broker selects, publish, stop it."""
        log = self.folder / f"orders-{version}.log"
        command = [sys.executable, "-m", "uvicorn", "provider_states:app", "--port", "0"]
        process = self._start(command, source, log)
        try:
            url = self._address(process, log)
            arguments = [
                "verify", "--provider", PROVIDER, "--provider-base-url", url, "--state-change-url", f"{url}/_states",
                "--provider-version", version, "--provider-version-branch", branch, "--publish",
            ]  # fmt: skip
            self.screen.command(["tallystick", *arguments])
            return self._run([*_tallystick(), *arguments], self.folder)
        finally:
            _end(process)
            self._running.remove(process)

    def show(self, *arguments: str, expected_status: int, quiet: bool = False) -> str:
        """Run a command as a person would, show it with what it says, and give its output."""
        if not quiet:
            self.screen.command(["tallystick", *arguments])
        result = self._run([*_tallystick(), *arguments], self.folder)
        if not quiet:
            self.screen.output(result.output)
        if result.status != expected_status:
            told = " ".join(arguments)
            raise CannotShow(f"`tallystick {told}` ended with {result.status}, not {expected_status}:\n{result.output}")
        return result.output

    def run_tests(self, place: Path) -> str:
        """Run a consumer's own tests in its folder; how many passed."""
        tests = self._run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], place)
        if tests.status:
            raise CannotShow(f"the tests of {place.name} failed:\n{tests.output}")
        return _first(r"(\d+) passed", tests.output)

    def run_quietly(self, *arguments: str) -> None:
        result = self._run([*_tallystick(), *arguments], self.folder)
        if result.status:
            raise CannotShow(f"`tallystick {' '.join(arguments)}` ended with {result.status}:\n{result.output}")

    def _run(self, command: list[str], place: Path) -> Ran:
        done = subprocess.run(
            command, cwd=place, env=self._environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        return Ran(done.returncode, done.stdout.decode("utf-8", "replace"))

    def _start(self, command: list[str], place: Path, log: Path) -> subprocess.Popen[bytes]:
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command, cwd=place, env=self._environment(), stdout=sink, stderr=subprocess.STDOUT
            )
        self._running.append(process)
        return process

    def _environment(self) -> dict[str, str]:
        """The caller's environment without its broker settings, so that nothing is sent anywhere but to the demo's."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(("PACT_", "TALLYSTICK_"))}
        colour = {"FORCE_COLOR": "1"} if self.screen.live else {}
        ours.update(PYTHONUNBUFFERED="1", PYTHONDONTWRITEBYTECODE="1", PACT_BROKER_BASE_URL=self.base_url, **colour)
        ours["COLUMNS"] = str(INNER_WIDTH)  # what is shown indented was not made for the whole line
        return ours

    def _address(self, process: subprocess.Popen[bytes], log: Path) -> str:
        """Wait until the server says where it listens, and until it answers there."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            said = log.read_text(encoding="utf-8", errors="replace")
            if process.poll() is not None:
                raise CannotShow(said.strip() or f"{process.args} ended with {process.returncode}")
            found = re.search(r"http://127\.0\.0\.1:\d+", said)
            if found and _answers(found[0]):
                return found[0]
            time.sleep(0.02)
        raise CannotShow(f"nothing listens after {START_SECONDS} seconds; it said:\n{log.read_text()}")


def _tallystick() -> list[str]:
    return [sys.executable, "-m", "tallystick"]


def _answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if not found:
        raise CannotShow(f"expected {pattern!r} in:\n{text}")
    return found[1]
