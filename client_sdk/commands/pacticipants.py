"""Applications (pacticipants), their versions, branches and tags."""

from __future__ import annotations

from typing import Any

import click

from tallystick.client_sdk.commands import shared

_name = click.option("--name", required=True, metavar="P", help="The application.")
_pacticipant = click.option("--pacticipant", "-a", required=True, metavar="P", help="The application.")
_version = click.option("--version", "-e", required=True, metavar="V", help="Its version.")


@click.command("list-pacticipants")
@shared.json_option
@shared.broker_options
def list_pacticipants(broker: Any, as_json: bool) -> None:
    """List the applications."""
    with broker() as client:
        found = client.pacticipants()
    if as_json:
        shared.print_json([one.document for one in found])
        return
    lines = [(one.name, one.display_name, one.main_branch) for one in found]
    shared.tell(shared.table(("NAME", "DISPLAY NAME", "MAIN BRANCH"), lines) if lines else "no applications")


@click.command("describe-pacticipant")
@_name
@shared.json_option
@shared.broker_options
def describe_pacticipant(broker: Any, as_json: bool, name: str) -> None:
    """Show an application."""
    with broker() as client:
        found = client.pacticipant(name)
    if as_json:
        shared.print_json(found.document)
        return
    shared.tell(
        shared.table(
            ("NAME", "DISPLAY NAME", "MAIN BRANCH", "REPOSITORY", "STATIC EVIDENCE"),
            [
                (
                    found.name,
                    found.display_name,
                    found.main_branch,
                    found.repository_url,
                    "allowed" if found.static_evidence else "no",
                )
            ],
        )
    )


@click.command("create-or-update-pacticipant")
@_name
@click.option("--display-name", metavar="TEXT", help="How people know it.")
@click.option("--main-branch", metavar="B", help="The branch that deployments come from.")
@click.option("--repository-url", metavar="URL", help="Where its source is.")
@click.option(
    "--static-evidence/--no-static-evidence",
    default=None,
    help="As a provider: whether in can-i-deploy its API descriptions may answer where it owes results.",
)
@shared.json_option
@shared.broker_options
def create_or_update_pacticipant(
    broker: Any,
    as_json: bool,
    name: str,
    display_name: str | None,
    main_branch: str | None,
    repository_url: str | None,
    static_evidence: bool | None,
) -> None:
    """Make an application known, or change what is known of it."""
    with broker() as client:
        made = client.create_or_update_pacticipant(
            name,
            display_name=display_name,
            main_branch=main_branch,
            repository_url=repository_url,
            static_evidence=static_evidence,
        )
    if as_json:
        shared.print_json(made.document)
    else:
        shared.tell(f"{made.name} is known", colour="green")


@click.command("delete-pacticipant")
@_name
@shared.json_option
@shared.broker_options
def delete_pacticipant(broker: Any, as_json: bool, name: str) -> None:
    """Delete an application, with its contracts and results."""
    with broker() as client:
        client.delete_pacticipant(name)
    _done(as_json, f"{name} deleted", deleted=name)


@click.command("list-versions")
@_pacticipant
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, metavar="N", help="The newest N.")
@shared.json_option
@shared.broker_options
def list_versions(broker: Any, as_json: bool, pacticipant: str, limit: int) -> None:
    """List the newest versions of an application."""
    with broker() as client:
        found = client.versions(pacticipant, page_size=limit)
    if as_json:
        shared.print_json([one.document for one in found])
        return
    lines = [(one.number, ", ".join(one.branches), ", ".join(one.tags)) for one in found]
    shared.tell(shared.table(("VERSION", "BRANCHES", "TAGS"), lines) if lines else "no versions")


@click.command("describe-version")
@_pacticipant
@click.option("--version", "-e", metavar="V", help="Its version; the latest when left out.")
@click.option(
    "--latest", "-l", is_flag=False, flag_value="", metavar="[TAG]", help="The latest, or the latest so tagged."
)
@shared.json_option
@shared.broker_options
def describe_version(broker: Any, as_json: bool, pacticipant: str, version: str | None, latest: str | None) -> None:
    """Show a version of an application."""
    if version and latest is not None:
        raise click.UsageError("--version and --latest exclude one another")
    with broker() as client:
        found = client.version(pacticipant, number=version, tag=latest or None)
    if as_json:
        shared.print_json(found.document)
        return
    shared.tell(
        shared.table(
            ("APPLICATION", "VERSION", "BRANCHES", "TAGS"),
            [(found.pacticipant, found.number, ", ".join(found.branches), ", ".join(found.tags))],
        )
    )


@click.command("create-or-update-version")
@_pacticipant
@_version
@click.option("--branch", metavar="B", help="Its branch.")
@click.option("--tag", "-t", multiple=True, help="A tag for it; may be repeated.")
@shared.json_option
@shared.broker_options
def create_or_update_version(
    broker: Any, as_json: bool, pacticipant: str, version: str, branch: str | None, tag: tuple[str, ...]
) -> None:
    """Make a version known, on a branch, with tags."""
    with broker() as client:
        made = client.create_or_update_version(pacticipant, version, branch=branch, tags=tag)
    if as_json:
        shared.print_json(made.document)
    else:
        shared.tell(f"{pacticipant} {version} is known", colour="green")


@click.command("create-version-tag")
@_pacticipant
@_version
@click.option("--tag", "-t", multiple=True, required=True, help="The tag; may be repeated.")
@click.option("--auto-create-version", is_flag=True, help="Make the version known when it is not.")
@shared.json_option
@shared.broker_options
def create_version_tag(
    broker: Any, as_json: bool, pacticipant: str, version: str, tag: tuple[str, ...], auto_create_version: bool
) -> None:
    """Tag a version."""
    with broker() as client:
        if not auto_create_version:
            client.version(pacticipant, number=version)
        made = client.create_or_update_version(pacticipant, version, tags=tag)
    if as_json:
        shared.print_json(made.document)
    else:
        shared.tell(f"{pacticipant} {version} is tagged {', '.join(tag)}", colour="green")


@click.command("delete-version-tag")
@_pacticipant
@_version
@click.option("--tag", "-t", required=True, help="The tag.")
@shared.json_option
@shared.broker_options
def delete_version_tag(broker: Any, as_json: bool, pacticipant: str, version: str, tag: str) -> None:
    """Take a tag off a version."""
    with broker() as client:
        client.delete_version_tag(pacticipant, version, tag)
    _done(as_json, f"{pacticipant} {version} is no longer tagged {tag}", deleted=tag)


@click.command("list-branches")
@_pacticipant
@shared.json_option
@shared.broker_options
def list_branches(broker: Any, as_json: bool, pacticipant: str) -> None:
    """List the branches of an application."""
    with broker() as client:
        found = client.branches(pacticipant)
    if as_json:
        shared.print_json([one.document for one in found])
        return
    for one in found:
        shared.tell(one.name)


@click.command("delete-branch")
@_pacticipant
@click.option("--branch", required=True, metavar="B", help="The branch.")
@click.option("--error-when-not-found/--no-error-when-not-found", default=True, show_default=True, help="Exit with 1.")
@shared.json_option
@shared.broker_options
def delete_branch(broker: Any, as_json: bool, pacticipant: str, branch: str, error_when_not_found: bool) -> None:
    """Delete a branch of an application; its versions stay."""
    from tallystick.client_sdk.broker_client.errors import NotFound

    with broker() as client:
        try:
            client.delete_branch(pacticipant, branch)
        except NotFound:
            if error_when_not_found:
                raise
            shared.tell(f"{pacticipant} has no branch {branch}", err=True)
            return
    _done(as_json, f"branch {branch} of {pacticipant} deleted", deleted=branch)


def _done(as_json: bool, sentence: str, **facts: str) -> None:
    if as_json:
        shared.print_json(facts)
    else:
        shared.tell(sentence, colour="green")
