"""Webhooks: what the broker calls when something happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import click

from tallystick.client_sdk.commands import shared

_uuid = click.option("--uuid", required=True, help="The webhook, by its uuid (see list-webhooks).")
_EVENTS: Final = {
    "contract_content_changed": "contract_content_changed",
    "contract_published": "contract_published",
    "provider_verification_published": "provider_verification_published",
    "provider_verification_failed": "provider_verification_failed",
    "provider_verification_succeeded": "provider_verification_succeeded",
    "contract_requiring_verification_published": "contract_requiring_verification_published",
    "plan_gate_opened": "plan_gate_opened",
    "plan_gate_closed": "plan_gate_closed",
}


def _definition(command: shared.F) -> shared.F:
    for option in (
        *(
            click.option("--" + flag.replace("_", "-"), flag, is_flag=True, help=f"On the event {event}.")
            for flag, event in reversed(_EVENTS.items())
        ),
        click.option("--description", metavar="TEXT", help="What it is for."),
        click.option("--provider-label", metavar="L", help="Only for providers with this label."),
        click.option("--provider", metavar="P", help="Only for this provider."),
        click.option("--consumer-label", metavar="L", help="Only for consumers with this label."),
        click.option("--consumer", metavar="P", help="Only for this consumer."),
        click.option("--user", "user", metavar="NAME:PASSWORD", help="Basic authentication for the call."),
        click.option("--data", "-d", metavar="BODY", help="The body, or @FILE."),
        click.option("--header", "-H", multiple=True, metavar="'N: V'", help="A header; may be repeated."),
        click.option("--request", "-X", "method", default="POST", show_default=True, metavar="METHOD", help="Method."),
    ):
        command = option(command)
    return command


@click.command("create-webhook")
@click.argument("url")
@_definition
@shared.json_option
@shared.broker_options
def create_webhook(broker: Any, as_json: bool, **given: Any) -> None:
    """Have the broker call URL when an event happens."""
    body = definition(**given)
    with broker() as client:
        made = client.create_webhook(body)
    _tell(made, as_json, f"webhook {made.uuid} created")


@click.command("create-or-update-webhook")
@click.argument("url")
@_uuid
@_definition
@shared.json_option
@shared.broker_options
def create_or_update_webhook(broker: Any, as_json: bool, uuid: str, **given: Any) -> None:
    """Make or replace the webhook of a uuid."""
    body = definition(**given)
    with broker() as client:
        made = client.create_or_update_webhook(uuid, body)
    _tell(made, as_json, f"webhook {uuid} is set")


@click.command("list-webhooks")
@shared.json_option
@shared.broker_options
def list_webhooks(broker: Any, as_json: bool) -> None:
    """List the webhooks."""
    with broker() as client:
        found = client.webhooks()
    if as_json:
        shared.print_json([one.document for one in found])
        return
    lines = [(one.uuid, one.description) for one in found]
    shared.tell(shared.table(("UUID", "DESCRIPTION"), lines) if lines else "no webhooks")


@click.command("describe-webhook")
@_uuid
@shared.json_option
@shared.broker_options
def describe_webhook(broker: Any, as_json: bool, uuid: str) -> None:
    """Show a webhook."""
    with broker() as client:
        found = client.webhook(uuid)
    if as_json:
        shared.print_json(found.document)
        return
    request = found.document.get("request") or {}
    events = ", ".join(str(one.get("name")) for one in found.document.get("events") or ())
    shared.tell(f"{found.uuid}  {found.description}\n{request.get('method')} {request.get('url')}\non {events}")


@click.command("test-webhook")
@_uuid
@shared.json_option
@shared.broker_options
@click.pass_context
def test_webhook(ctx: click.Context, broker: Any, as_json: bool, uuid: str) -> None:
    """Call a webhook now. Exits with 1 when the call fails."""
    with broker() as client:
        run = client.test_webhook(uuid)
    if as_json:
        shared.print_json(run.document)
    else:
        shared.tell(run.logs.rstrip() or ("the call succeeded" if run.success else "the call failed"))
    ctx.exit(shared.YES if run.success else shared.NO)


@click.command("delete-webhook")
@_uuid
@shared.json_option
@shared.broker_options
def delete_webhook(broker: Any, as_json: bool, uuid: str) -> None:
    """Delete a webhook."""
    with broker() as client:
        client.delete_webhook(uuid)
    if as_json:
        shared.print_json({"deleted": uuid})
    else:
        shared.tell(f"webhook {uuid} deleted", colour="green")


def definition(
    url: str,
    method: str,
    header: tuple[str, ...],
    data: str | None,
    user: str | None,
    consumer: str | None,
    consumer_label: str | None,
    provider: str | None,
    provider_label: str | None,
    description: str | None,
    **flags: bool,
) -> dict[str, Any]:
    """The webhook's document, from the options of the command line."""
    events = [{"name": event} for flag, event in _EVENTS.items() if flags.get(flag)]
    if not events:
        raise click.UsageError("on which events? Give one or more of --" + ", --".join(_EVENTS).replace("_", "-"))
    headers: dict[str, str] = {}
    for line in header:
        name, colon, value = line.partition(":")
        if not colon:
            raise click.UsageError(f"--header {line!r}: write it as 'Name: value'")
        headers[name.strip()] = value.strip()
    request: dict[str, Any] = {"method": method.upper(), "url": url, "headers": headers, "body": _body(data)}
    if user:
        request["username"], _, request["password"] = user.partition(":")
    made: dict[str, Any] = {"events": events, "request": request}
    if description:
        made["description"] = description
    for side, named, label in (("consumer", consumer, consumer_label), ("provider", provider, provider_label)):
        if named and label:
            raise click.UsageError(f"--{side} and --{side}-label exclude one another")
        if named or label:
            made[side] = {"name": named} if named else {"label": label}
    return made


def _body(data: str | None) -> Any:
    if data is None:
        return None
    if data.startswith("@"):
        try:
            data = Path(data[1:]).read_text(encoding="utf-8")
        except OSError as problem:
            raise click.UsageError(f"--data {data}: cannot be read: {problem.strerror}") from None
    try:
        return json.loads(data)
    except ValueError:
        return data


def _tell(one: Any, as_json: bool, sentence: str) -> None:
    if as_json:
        shared.print_json(one.document)
    else:
        shared.tell(sentence, colour="green")
