"""Environments: the places that versions are deployed to."""

from __future__ import annotations

from typing import Any

import click

from tallystick.client_sdk.commands import shared

_production = click.option("--production/--no-production", default=None, help="Whether customers depend on it.")
_display = click.option("--display-name", metavar="TEXT", help="How people know it.")
_uuid = click.option("--uuid", required=True, help="The environment, by its uuid (see list-environments).")


@click.command("list-environments")
@shared.json_option
@shared.broker_options
def list_environments(broker: Any, as_json: bool) -> None:
    """List the environments."""
    with broker() as client:
        found = client.environments()
    if as_json:
        shared.print_json([one.document for one in found])
        return
    lines = [(one.uuid, one.name, one.display_name, "yes" if one.production else "no") for one in found]
    shared.tell(shared.table(("UUID", "NAME", "DISPLAY NAME", "PRODUCTION"), lines) if lines else "no environments")


@click.command("create-environment")
@click.option("--name", required=True, metavar="E", help="Its name, as commands use it.")
@_display
@_production
@click.option("--contact-name", metavar="TEXT", help="Who looks after it.")
@click.option("--contact-email-address", metavar="TEXT", help="How to reach them.")
@shared.json_option
@shared.broker_options
def create_environment(
    broker: Any,
    as_json: bool,
    name: str,
    display_name: str | None,
    production: bool | None,
    contact_name: str | None,
    contact_email_address: str | None,
) -> None:
    """Make a new environment known."""
    contacts = []
    if contact_name or contact_email_address:
        contacts.append({"name": contact_name or "", "details": {"emailAddress": contact_email_address or ""}})
    with broker() as client:
        made = client.create_environment(
            name, display_name=display_name, production=bool(production), contacts=contacts
        )
    _tell(made, as_json, f"environment {made.name} created, uuid {made.uuid}")


@click.command("update-environment")
@_uuid
@click.option("--name", metavar="E", help="Its new name.")
@_display
@_production
@shared.json_option
@shared.broker_options
def update_environment(
    broker: Any, as_json: bool, uuid: str, name: str | None, display_name: str | None, production: bool | None
) -> None:
    """Change an environment."""
    with broker() as client:
        made = client.update_environment(uuid, name=name, display_name=display_name, production=production)
    _tell(made, as_json, f"environment {made.name} updated")


@click.command("describe-environment")
@_uuid
@shared.json_option
@shared.broker_options
def describe_environment(broker: Any, as_json: bool, uuid: str) -> None:
    """Show an environment."""
    with broker() as client:
        found = client.environment(uuid)
    _tell(found, as_json, f"{found.name} ({found.display_name}), production: {'yes' if found.production else 'no'}")


@click.command("delete-environment")
@_uuid
@shared.json_option
@shared.broker_options
def delete_environment(broker: Any, as_json: bool, uuid: str) -> None:
    """Delete an environment, with what is recorded as deployed there."""
    with broker() as client:
        gone = client.delete_environment(uuid)
    _tell(gone, as_json, f"environment {gone.name} deleted")


def _tell(one: Any, as_json: bool, sentence: str) -> None:
    if as_json:
        shared.print_json(one.document)
    else:
        shared.tell(sentence, colour="green")
