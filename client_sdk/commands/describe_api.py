"""`tallystick publish-description`: the API description of a provider version goes to the broker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from tallystick.client_sdk.commands import shared


@click.command("publish-description")
@click.argument("provider")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--provider-app-version", "-a", metavar="V", help="The version it describes; the commit when left out.")
@click.option("--branch", metavar="B", help="The branch of that version.")
@click.option("--tag", "-t", multiple=True, metavar="T", help="A tag for that version. May be repeated.")
@click.option("--build-url", metavar="URL", help="The build that publishes it.")
@shared.json_option
@shared.broker_options
def publish_description(
    broker: Any,
    as_json: bool,
    provider: str,
    file: Path,
    provider_app_version: str | None,
    branch: str | None,
    tag: tuple[str, ...],
    build_url: str | None,
) -> None:
    """Publish the API description (OpenAPI 3, JSON or YAML) of a version of PROVIDER."""
    from tallystick.client_sdk.broker_client import build, impact

    if not (provider_app_version and branch):
        facts = build.detect(os.environ)
        branch = branch or facts.branch
        build_url = build_url or facts.url
        provider_app_version = provider_app_version or facts.commit
    if provider_app_version is None:
        raise click.UsageError("which version of the provider? Give --provider-app-version V, best the commit")
    content = file.read_bytes()
    kind = "application/json" if content.lstrip()[:1] == b"{" else "application/yaml"
    with broker() as client:
        document = client.run(
            impact.publish_description(
                provider,
                provider_app_version,
                content,
                content_type=kind,
                branch=branch,
                tags=tag,
                build_url=build_url,
            )
        )
    if as_json:
        shared.print_json(document)
        return
    colours = {"success": "green", "warning": "yellow"}
    for notice in document.get("notices", []):
        shared.tell(notice["text"], colour=colours.get(notice["type"]))
