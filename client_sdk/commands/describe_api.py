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
@click.option(
    "--verification-success/--no-verification-success",
    default=None,
    help="Whether the provider's own check that it does what is described passed.",
)
@click.option("--verification-exit-code", type=int, metavar="N", help="The same, by the exit code of that check.")
@click.option(
    "--verification-results",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="What that check printed.",
)
@click.option("--verification-results-content-type", metavar="TYPE", help="Of that, such as text/plain.")
@click.option("--verification-results-format", metavar="FORMAT", help="Of that, such as junit.")
@click.option("--verifier", metavar="NAME", help="The tool that checked, such as schemathesis.")
@click.option("--verifier-version", metavar="V", help="Its version.")
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
    verification_success: bool | None,
    verification_exit_code: int | None,
    verification_results: Path | None,
    verification_results_content_type: str | None,
    verification_results_format: str | None,
    verifier: str | None,
    verifier_version: str | None,
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
    if verification_success is not None and verification_exit_code is not None:
        raise click.UsageError(
            "--verification-exit-code says whether the check passed: give it, or the other, not both"
        )
    if verification_exit_code is not None:
        verification_success = verification_exit_code == 0
    facts_of_check = {
        "verifier": verifier,
        "verifierVersion": verifier_version,
        "contentType": verification_results_content_type,
        "format": verification_results_format,
    }
    if verification_success is None and (verification_results is not None or any(facts_of_check.values())):
        raise click.UsageError(
            "did the check pass? Give --verification-success, --no-verification-success or --verification-exit-code N"
        )
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
                verified=verification_success,
                facts={name: value for name, value in facts_of_check.items() if value},
                report=verification_results.read_bytes() if verification_results is not None else None,
            )
        )
    if as_json:
        shared.print_json(document)
        return
    colours = {"success": "green", "warning": "yellow"}
    for notice in document.get("notices", []):
        shared.tell(notice["text"], colour=colours.get(notice["type"]))
