"""The pages for consumers are run: every file is written, every command executed, every output compared."""

import importlib.util
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```(\S+)( background)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"^(?:#|//) (\S+\.\S+|Jenkinsfile)\n")


@dataclass
class Place:
    """A folder in which a page is followed, with our commands on its path and its ports made free ones."""

    folder: Path
    ports: dict[str, str]
    running: list[subprocess.Popen]

    @property
    def env(self):
        kept = {k: v for k, v in os.environ.items() if not re.match(r"PACT_|GITHUB_|CI|GITLAB|JENKINS|PYTEST_", k)}
        return kept | {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PACT_DO_NOT_TRACK": "true",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "-p tallystick.client_sdk.pytest_plugin -p no:cacheprovider",
        }

    def text(self, text):
        for port, free in self.ports.items():
            text = text.replace(port, free)
        return text

    def follow(self, page):
        exports = ""
        for language, background, body in FENCE.findall(page):
            body = self.text(body)
            if language == "console":
                for command, shown in commands(body):
                    if background:
                        self.start(exports + command)
                    elif command.startswith("export "):
                        exports += command + "; "
                    else:
                        self.run(exports + command, shown)
            elif (named := FILE.match(body)) is not None:
                path = self.folder / named.group(1)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(body)

    def run(self, command, shown):
        wanted = int(found.group(1)) if (found := re.search(r"# exits with (\d+)$", command)) else 0
        done = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, env=self.env, capture_output=True, text=True, timeout=100
        )
        assert done.returncode == wanted, f"{command}\n{done.stdout}{done.stderr}"
        compare(shown, (done.stdout + done.stderr).splitlines(), command)

    def start(self, command):
        log = self.folder / f"log-{len(self.running)}"
        with log.open("w") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"] if "; " not in command else ["bash", "-c", command],
                cwd=self.folder, env=self.env, stdout=out, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        self.running.append(process)
        port = int(re.search(r"--port (\d+)", command).group(1))
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None, log.read_text()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.05)

    def end(self):
        for process in self.running:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def commands(body):
    """The commands of a console fence, each with the lines shown below it."""
    found = []
    for line in body.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        else:
            found[-1][1].append(line)
    return found


def compare(shown, output, command):
    """Every shown line appears, in order; … stands for anything, a line of it alone for any lines."""
    at = 0
    for line in shown:
        if line == "…":
            continue
        pattern = re.compile(re.escape(line.rstrip()).replace("…", ".*") + r"\s*$")
        while at < len(output) and not pattern.match(output[at]):
            at += 1
        assert at < len(output), f"{command}\ndoes not print: {line}\nbut:\n" + "\n".join(output)
        at += 1


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.fixture
def place(tmp_path):
    made = Place(tmp_path, {port: free_port() for port in ("9292", "8000", "8001", "8070")}, [])
    yield made
    made.end()


@pytest.mark.parametrize(
    "page", ["tutorial/first-contract.md", "how-to/consumer-test.md", "how-to/coming-from-pact-python.md"]
)
def test_a_page_can_be_followed(place, page):
    place.follow((DOCS / page).read_text())


def test_what_a_page_shows_is_what_is_written(place):
    """The runner itself: a line that is not printed is found."""
    with pytest.raises(AssertionError, match="does not print: two"):
        place.follow("```console\n$ echo one\ntwo\n```\n")
    with pytest.raises(AssertionError, match="false"):
        place.follow("```console\n$ false\n```\n")


def mistakes():
    page = (DOCS / "reference" / "consumer-test-mistakes.md").read_text()
    head, *sections = re.split(r"^## ", page, flags=re.MULTILINE)
    start = FENCE.search(head).group(3)
    for section in sections:
        code, message = (body for _, _, body in FENCE.findall(section))
        yield pytest.param(f"{start}\n\n{code}", message, id=section.splitlines()[0])


@pytest.mark.parametrize(("code", "message"), list(mistakes()))
def test_a_typical_mistake_has_this_message_word_by_word(place, code, message):
    (place.folder / "test_mistake.py").write_text(code)

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], cwd=place.folder, env=place.env, capture_output=True, text=True
    )

    said = [line[1:].strip() for line in done.stdout.splitlines() if line[:1] == "E"]
    said = [re.sub(r"^tallystick\.client_sdk\.[a-z_]+\.(?=[A-Z])", "", line) for line in said]
    wanted = [line.strip() for line in message.splitlines()]
    assert done.returncode == 1
    assert any(said[at : at + len(wanted)] == wanted for at in range(len(said))), done.stdout


def test_there_are_ten_typical_mistakes_at_least():
    assert len(list(mistakes())) >= 10


# --- CI -------------------------------------------------------------------------------------------------------------

PIPELINES = {
    "GitHub Actions": ({"GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "main"}, "GITHUB_SHA", r"^\s*- run: (.*)$"),
    "GitLab CI": ({"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main"}, "CI_COMMIT_SHA", r"^ {4}- (.*)$"),
    "Jenkins": ({"JENKINS_URL": "http://j", "GIT_BRANCH": "origin/main"}, "GIT_COMMIT", r"sh '(.*)'$"),
}


@pytest.mark.parametrize("system", PIPELINES)
def test_the_steps_of_a_pipeline_run_in_their_order(place, system):
    tutorial = (DOCS / "tutorial" / "first-contract.md").read_text()
    section = (DOCS / "how-to" / "ci.md").read_text().split(f"## {system}\n")[1].split("\n## ")[0]
    variables, commit, pattern = PIPELINES[system]
    address = f"http://127.0.0.1:{place.ports['9292']}"
    env = place.env | variables | {commit: "abc123", "PACT_BROKER_BASE_URL": address}
    for language, background, body in FENCE.findall(tutorial):
        if language == "python" and "next_" not in body:
            (place.folder / FILE.match(body).group(1)).write_text(body)
        if background and ("broker serve" in body or " provider:app" in body):
            place.start(place.text(commands(body)[0][0]))
    (place.folder / "requirements.txt").write_text("")
    (place.folder / "deploy.sh").write_text("#!/bin/sh\n")
    (place.folder / "deploy.sh").chmod(0o755)

    def run(command, code=0):
        done = subprocess.run(["bash", "-c", command], cwd=place.folder, env=env, capture_output=True, text=True)
        assert done.returncode == code, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    run("tallystick create-environment --name production --production")
    steps = re.findall(pattern, section, re.MULTILINE)
    assert sum("tallystick" in step for step in steps) == 3
    for step in steps:
        if step.startswith("pip install"):
            continue
        if "can-i-deploy" in step:  # in the meantime the provider's build verifies and is deployed
            run(
                f"tallystick verify --provider orders --provider-base-url http://127.0.0.1:{place.ports['8000']} "
                "--provider-version 2.0 --provider-version-branch main --publish"
            )
            run("tallystick record-deployment --pacticipant orders --version 2.0 --environment production")
        said = run(step)
        if "publish" in step:
            assert "web-shop abc123 on branch main" in said
        if "can-i-deploy" in step:
            assert "YES" in said


def test_every_pipeline_file_is_what_its_system_reads():
    import yaml

    page = (DOCS / "how-to" / "ci.md").read_text()
    files = {FILE.match(body).group(1): body for _, _, body in FENCE.findall(page)}

    assert set(files) == {".github/workflows/web-shop.yml", ".gitlab-ci.yml", "Jenkinsfile"}
    assert "jobs" in yaml.safe_load(files[".github/workflows/web-shop.yml"])
    assert yaml.safe_load(files[".gitlab-ci.yml"])["stages"] == ["test", "deploy"]
    assert files["Jenkinsfile"].count("{") == files["Jenkinsfile"].count("}")
    for command in re.findall(r"tallystick [^'\n]*", page):
        assert shlex.split(command.partition("`")[0])[0] == "tallystick"


def test_the_reference_is_what_the_docstrings_say():
    spec = importlib.util.spec_from_file_location("generate_sdk", DOCS / "reference" / "generate_sdk.py")
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    again = "is old: run python docs/reference/generate_sdk.py"

    assert (DOCS / "reference" / "sdk.md").read_text() == generator.sdk(), f"sdk.md {again}"
    assert (DOCS / "reference" / "commands.md").read_text() == generator.commands(), f"commands.md {again}"


def test_every_public_name_of_the_sdk_is_in_the_reference():
    import tallystick

    page = (DOCS / "reference" / "sdk.md").read_text()
    names = [name for name, home in tallystick._HOME.items() if home.startswith("tallystick.client_sdk.")]

    assert [name for name in names if f"### {name}\n" not in page and name != "Matcher"] == []
