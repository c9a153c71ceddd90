"""Looking at contracts: `tallystick contracts list`, `show`, `diff`, and `tallystick states`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tallystick.client_sdk.commands import shared

if TYPE_CHECKING:
    from tallystick.contract.diff import ContractDiff
    from tallystick.contract.model import Interaction


@click.group("contracts")
def contracts() -> None:
    """Look at contracts: in files, or in the broker."""


@contracts.command("list")
@click.option("--provider", metavar="P", help="Only with this provider.")
@click.option("--consumer", metavar="C", help="Only of this consumer.")
@shared.json_option
@shared.broker_options
def list_contracts(broker: Any, as_json: bool, provider: str | None, consumer: str | None) -> None:
    """List the latest contract of each pair in the broker."""
    with broker() as client:
        found = [
            one
            for one in client.latest_contracts()
            if (provider is None or one.provider == provider) and (consumer is None or one.consumer == consumer)
        ]
    if as_json:
        shared.print_json(
            [
                {
                    "consumer": one.consumer,
                    "consumerVersion": one.consumer_version,
                    "provider": one.provider,
                    "publishedAt": one.published_at,
                    "url": one.url,
                }
                for one in found
            ]
        )
        return
    lines = [(one.consumer, one.consumer_version, one.provider, one.published_at) for one in found]
    shared.tell(shared.table(("CONSUMER", "VERSION", "PROVIDER", "PUBLISHED"), lines) if lines else "no contracts")


def _which(command: shared.F) -> shared.F:
    for option in (
        click.option("--tag", metavar="T", help="The latest with this tag."),
        click.option("--branch", metavar="B", help="The latest of this branch."),
        click.option("--version", "-e", metavar="V", help="Of this consumer version."),
        click.option("--provider", metavar="P", help="In the broker: the provider."),
        click.option("--consumer", metavar="C", help="In the broker: the consumer."),
    ):
        command = option(command)
    return command


@contracts.command("show")
@click.argument("file", required=False)
@_which
@shared.json_option
@shared.broker_options
def show(
    broker: Any,
    as_json: bool,
    file: str | None,
    consumer: str | None,
    provider: str | None,
    version: str | None,
    branch: str | None,
    tag: str | None,
) -> None:
    """Show a contract: a FILE, or the broker's (--consumer, --provider; the latest unless told otherwise)."""
    from tallystick.contract import reading

    if (file is None) == (consumer is None or provider is None):
        raise click.UsageError("give a FILE, or both --consumer C and --provider P")
    with shared.readable():
        if file is not None:
            content = _read(file)
            contract = reading.read(content, name=file)
            document: Any = json.loads(content)
        else:
            with broker() as client:
                document = client.contract(consumer, provider, version=version, branch=branch, tag=tag)
            contract = reading.read(document)
    if as_json:
        shared.print_json(document)
        return
    shared.tell(f"{contract.consumer} relies on {contract.provider} (specification {contract.version})")
    for one in contract.interactions:
        shared.tell(f"\n{one.description}")
        for state in one.states:
            shared.tell(f"  given {state.name}" + (f" {json.dumps(state.params, default=str)}" if state.params else ""))
        shared.tell(f"  {_summary(one)}")


@contracts.command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--provider", metavar="P", help="In the broker: the provider; OLD and NEW are versions of --consumer.")
@click.option("--consumer", metavar="C", help="In the broker: the consumer.")
@shared.json_option
@shared.broker_options
@click.pass_context
def diff(
    ctx: click.Context,
    broker: Any,
    as_json: bool,
    old: str,
    new: str,
    consumer: str | None,
    provider: str | None,
) -> None:
    """What changed between two contracts: files OLD and NEW, or two versions in the broker. Exits with 1 if any."""
    from tallystick.contract import diff as differences
    from tallystick.contract import reading

    if (consumer is None) != (provider is None):
        raise click.UsageError("for contracts in the broker give both --consumer C and --provider P")
    with shared.readable():
        if consumer is None:
            sides = [reading.read(_read(name), name=name) for name in (old, new)]
        else:
            with broker() as client:
                sides = [reading.read(client.contract(consumer, provider, version=number)) for number in (old, new)]
    found = differences.diff(sides[0], sides[1])
    if as_json:
        shared.print_json(_as_json(found))
    else:
        _print(found)
    ctx.exit(shared.YES if found.empty else shared.NO)


@click.command("states")
@click.option("--provider", required=True, metavar="P", help="The provider.")
@click.option("--branch", metavar="B", help="As contracts of this branch ask.")
@click.option("--environment", metavar="E", help="As contracts of what is in this environment ask.")
@shared.json_option
@shared.broker_options
def states(broker: Any, as_json: bool, provider: str, branch: str | None, environment: str | None) -> None:
    """List the states that consumers ask of a provider."""
    if branch and environment:
        raise click.UsageError("--branch and --environment exclude one another")
    with broker() as client:
        found = client.provider_states(provider, branch=branch, environment=environment)
    if as_json:
        shared.print_json([{"name": one.name, "params": one.params, "consumers": list(one.consumers)} for one in found])
        return
    lines = [(one.name, json.dumps(one.params) if one.params else "", ", ".join(one.consumers)) for one in found]
    shared.tell(shared.table(("STATE", "PARAMETERS", "CONSUMERS"), lines) if lines else "no states")


def _read(file: str) -> bytes:
    try:
        return Path(file).read_bytes()
    except OSError as problem:
        raise shared.Failure(f"{file}: cannot be read: {problem.strerror}", 2) from None


def _summary(one: Interaction) -> str:
    from tallystick.contract.model import AsyncMessage, HttpInteraction

    if isinstance(one, HttpInteraction):
        return f"{one.request.method} {one.request.path} -> {one.response.status}"
    if isinstance(one, AsyncMessage):
        return f"message, {len(one.contents.body.content)} bytes"
    return f"exchange of messages, {len(one.responses)} in answer"


def _as_json(found: ContractDiff) -> dict[str, Any]:
    return {
        "added": [one.description for one in found.added],
        "removed": [one.description for one in found.removed],
        "changed": [
            {
                "description": one.new.description,
                "changes": [
                    {"part": c.part, "path": c.path, "direction": c.direction, "old": c.old, "new": c.new}
                    for c in one.changes
                ],
            }
            for one in found.changed
        ],
    }


def _print(found: ContractDiff) -> None:
    if found.empty:
        shared.tell("nothing that is sent or checked differs")
    for one in found.added:
        shared.tell(f"+ {one.description}", colour="green")
    for one in found.removed:
        shared.tell(f"- {one.description}", colour="red")
    for changed in found.changed:
        shared.tell(f"~ {changed.new.description}", colour="yellow")
        for change in changed.changes:
            shared.tell(f"    {change}")
