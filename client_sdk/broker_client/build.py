"""What a build says of itself: branch, commit and address, from the CI system's variables or from git."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Build:
    """The facts, each with where it was found; None where it was not."""

    branch: str | None = None
    commit: str | None = None
    url: str | None = None
    found_in: str = ""


_SYSTEMS: Final[tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...]] = (
    # name, its mark, branch, commit, build URL
    ("GitHub Actions", "GITHUB_ACTIONS", ("GITHUB_HEAD_REF", "GITHUB_REF_NAME"), ("GITHUB_SHA",), ()),
    (
        "GitLab CI",
        "GITLAB_CI",
        ("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", "CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME"),
        ("CI_COMMIT_SHA",),
        ("CI_JOB_URL", "CI_PIPELINE_URL"),
    ),
    (
        "Jenkins",
        "JENKINS_URL",
        ("CHANGE_BRANCH", "BRANCH_NAME", "GIT_LOCAL_BRANCH", "GIT_BRANCH"),
        ("GIT_COMMIT",),
        ("BUILD_URL",),
    ),
    ("CircleCI", "CIRCLECI", ("CIRCLE_BRANCH",), ("CIRCLE_SHA1",), ("CIRCLE_BUILD_URL",)),
    (
        "Azure Pipelines",
        "TF_BUILD",
        ("SYSTEM_PULLREQUEST_SOURCEBRANCH", "BUILD_SOURCEBRANCH"),
        ("BUILD_SOURCEVERSION",),
        (),
    ),
    ("Bitbucket Pipelines", "BITBUCKET_BUILD_NUMBER", ("BITBUCKET_BRANCH",), ("BITBUCKET_COMMIT",), ()),
    ("Buildkite", "BUILDKITE", ("BUILDKITE_BRANCH",), ("BUILDKITE_COMMIT",), ("BUILDKITE_BUILD_URL",)),
    (
        "Travis CI",
        "TRAVIS",
        ("TRAVIS_PULL_REQUEST_BRANCH", "TRAVIS_BRANCH"),
        ("TRAVIS_COMMIT",),
        ("TRAVIS_BUILD_WEB_URL",),
    ),
    ("TeamCity", "TEAMCITY_VERSION", ("BUILD_BRANCH",), ("BUILD_VCS_NUMBER",), ("BUILD_URL",)),
    ("Drone", "DRONE", ("DRONE_SOURCE_BRANCH", "DRONE_BRANCH"), ("DRONE_COMMIT_SHA",), ("DRONE_BUILD_LINK",)),
)


def detect(environment: Mapping[str, str], *, ask_git: bool = True) -> Build:
    """What the CI system says, and git where it is silent. A detached checkout has no branch."""
    found = Build()
    for name, mark, branches, commits, urls in _SYSTEMS:
        if environment.get(mark):
            found = Build(
                _branch(_first(environment, branches)), _first(environment, commits), _first(environment, urls), name
            )
            if name == "GitHub Actions":
                found = _github(environment, found)
            elif name == "Azure Pipelines":
                found = _azure(environment, found)
            break
    if ask_git and (found.branch is None or found.commit is None):
        branch = found.branch or _git("rev-parse", "--abbrev-ref", "HEAD")
        found = Build(
            branch if branch != "HEAD" else None,
            found.commit or _git("rev-parse", "HEAD"),
            found.url,
            found.found_in or "git",
        )
    return found


def _github(environment: Mapping[str, str], found: Build) -> Build:
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    run = environment.get("GITHUB_RUN_ID")
    branch = None if environment.get("GITHUB_REF_TYPE") == "tag" else found.branch
    url = f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
    return Build(branch, found.commit, url, found.found_in)


def _azure(environment: Mapping[str, str], found: Build) -> Build:
    server, project = environment.get("SYSTEM_TEAMFOUNDATIONSERVERURI"), environment.get("SYSTEM_TEAMPROJECT")
    build = environment.get("BUILD_BUILDID")
    url = f"{server.rstrip('/')}/{project}/_build/results?buildId={build}" if server and project and build else None
    return Build(found.branch, found.commit, url, found.found_in)


def _first(environment: Mapping[str, str], names: tuple[str, ...]) -> str | None:
    return next((environment[name] for name in names if environment.get(name)), None)


def _branch(ref: str | None) -> str | None:
    return None if ref is None else ref.removeprefix("refs/heads/").removeprefix("origin/")


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip() or None
