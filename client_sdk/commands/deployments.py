"""Recording what is live where: deployments, releases and their ends."""

from __future__ import annotations

from typing import Any

import click

from tallystick.client_sdk.commands import shared

_pacticipant = click.option("--pacticipant", "-a", required=True, metavar="P", help="The application.")
_environment = click.option("--environment", required=True, metavar="E", help="The environment, by its name.")
_instance = click.option(
    "--application-instance", "--target", metavar="I", help="Which of several instances in that environment."
)


@click.command("record-deployment")
@_pacticipant
@click.option("--version", "-e", required=True, metavar="V", help="The version that is live there now.")
@_environment
@_instance
@shared.json_option
@shared.broker_options
def record_deployment(
    broker: Any, as_json: bool, pacticipant: str, version: str, environment: str, application_instance: str | None
) -> None:
    """Record that a version is live in an environment, in place of the one before."""
    with broker() as client:
        done = client.record("deployment", pacticipant, version, environment, application_instance)
    if as_json:
        shared.print_json(done.document)
        return
    at = f" as instance {application_instance}" if application_instance else ""
    shared.tell(f"{pacticipant} {version} is recorded as deployed in {environment}{at}", colour="green")


@click.command("record-undeployment")
@_pacticipant
@_environment
@_instance
@shared.json_option
@shared.broker_options
def record_undeployment(
    broker: Any, as_json: bool, pacticipant: str, environment: str, application_instance: str | None
) -> None:
    """Record that an application is no longer live in an environment."""
    with broker() as client:
        ended = client.end("deployment", pacticipant, environment, instance=application_instance)
    _tell_ended(ended, as_json, "is no longer deployed in")


@click.command("record-release")
@_pacticipant
@click.option("--version", "-e", required=True, metavar="V", help="The version that has been released.")
@_environment
@shared.json_option
@shared.broker_options
def record_release(broker: Any, as_json: bool, pacticipant: str, version: str, environment: str) -> None:
    """Record that a version is supported in an environment, beside those that are."""
    with broker() as client:
        done = client.record("release", pacticipant, version, environment)
    if as_json:
        shared.print_json(done.document)
        return
    shared.tell(f"{pacticipant} {version} is recorded as released in {environment}", colour="green")


@click.command("record-support-ended")
@_pacticipant
@click.option("--version", "-e", required=True, metavar="V", help="The version that is supported no longer.")
@_environment
@shared.json_option
@shared.broker_options
def record_support_ended(broker: Any, as_json: bool, pacticipant: str, version: str, environment: str) -> None:
    """Record that a released version is no longer supported in an environment."""
    with broker() as client:
        ended = client.end("release", pacticipant, environment, version=version)
    _tell_ended(ended, as_json, "is no longer supported in")


def _tell_ended(ended: Any, as_json: bool, words: str) -> None:
    if as_json:
        shared.print_json([one.document for one in ended])
        return
    for one in ended:
        at = f" (instance {one.instance})" if one.instance else ""
        shared.tell(f"{one.pacticipant} {one.version} {words} {one.environment}{at}", colour="green")
