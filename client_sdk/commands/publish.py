"""`tallystick publish`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from tallystick.client_sdk.commands import shared
from tallystick.contract import errors, reading


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@click.option("--consumer-app-version", "-a", metavar="V", help="The consumer's version; the commit when left out.")
@click.option("--branch", metavar="B", help="Its branch; asked of the CI system or git when left out.")
@click.option("--build-url", metavar="URL", help="Where the build can be seen; asked of the CI system.")
@click.option("--tag", "-t", multiple=True, help="A tag for the version; may be repeated.")
@click.option("--tag-with-git-branch", "-g", is_flag=True, help="Tag the version with the branch as well.")
@click.option(
    "--auto-detect-version-properties/--no-auto-detect",
    "-r",
    default=True,
    help="Ask the CI system and git for branch, commit and build URL (the default).",
)
@click.option("--merge", is_flag=True, help="Add to what this version has published, for tests split over jobs.")
@shared.json_option
@shared.broker_options
def publish(
    broker: Any,
    as_json: bool,
    paths: tuple[str, ...],
    consumer_app_version: str | None,
    branch: str | None,
    build_url: str | None,
    tag: tuple[str, ...],
    tag_with_git_branch: bool,
    auto_detect_version_properties: bool,
    merge: bool,
) -> None:
    """Publish contract files, or folders of them, to the broker."""
    files = found(paths)
    contents = [content for _, content in files]
    if auto_detect_version_properties and not (consumer_app_version and branch and build_url):
        from tallystick.client_sdk.broker_client import build

        facts = build.detect(os.environ)
        if branch is None and facts.branch:
            branch = facts.branch
            shared.tell(f"branch {branch} (from {facts.found_in})", err=True)
        if consumer_app_version is None and facts.commit:
            consumer_app_version = facts.commit
            shared.tell(f"version {consumer_app_version} (from {facts.found_in})", err=True)
        build_url = build_url or facts.url
    if consumer_app_version is None:
        raise click.UsageError("which version of the consumer? Give --consumer-app-version V, best the commit")
    tags = [*tag, *([branch] if tag_with_git_branch and branch else [])]
    with broker() as client:
        done = client.publish(
            contents, version=consumer_app_version, branch=branch, build_url=build_url, tags=tags, merge=merge
        )
    if as_json:
        shared.print_json([one.document for one in done])
        return
    for one in done:
        at = f" on branch {branch}" if branch else ""
        shared.tell(f"{one.consumer} {one.version}{at}: contract with {one.provider} published", colour="green")
        for notice in one.notices:
            shared.tell(f"  {notice.text}", colour="yellow" if notice.kind in ("warning", "danger") else None)


def found(paths: tuple[str, ...]) -> list[tuple[Path, bytes]]:
    """The contract files that paths mean, each read once and known to be a contract before anything is sent."""
    files: list[Path] = []
    for given in paths:
        path = Path(given)
        if path.is_dir():
            inside = sorted(one for one in path.glob("*.json") if one.is_file())
            if not inside:
                raise shared.Failure(f"{given}: no contract files (*.json) in this folder; run the tests first", 3)
            files += inside
        elif path.is_file():
            files.append(path)
        elif any(sign in given for sign in "*?["):
            matches = sorted(Path().glob(given)) if not path.is_absolute() else sorted(Path("/").glob(given[1:]))
            if not matches:
                raise shared.Failure(f"{given}: no file has such a name", 2)
            files += matches
        else:
            raise shared.Failure(f"{given}: there is no such file or folder", 2)
    read: list[tuple[Path, bytes]] = []
    complaints = []
    for file in dict.fromkeys(files):
        try:
            content = file.read_bytes()
            reading.read(content, name=str(file))
        except OSError as problem:
            complaints.append(f"{file}: cannot be read: {problem.strerror}")
        except errors.ContractInvalid as problem:
            complaints.append(str(problem))
        else:
            read.append((file, content))
    if complaints:
        raise shared.Failure("\n".join([*complaints, "Nothing was published."]), 1)
    return read
