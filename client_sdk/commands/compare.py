"""`tallystick compare`: is what a contract expects allowed by an API description? Nothing is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from tallystick.client_sdk.commands import shared

if TYPE_CHECKING:
    from tallystick.contract.openapi.evidence import Evidence

_EXIT: Final = {"compatible": shared.YES, "incompatible": shared.NO, "incomplete": shared.UNKNOWN, None: shared.UNKNOWN}
_COLOURS: Final = {"compatible": "green", "incompatible": "red", "incomplete": "yellow"}
_LEVELS: Final = {"error": "red", "warning": "yellow", "not compared": "yellow"}
_file = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command("compare")
@click.argument("contract", required=False, type=_file)
@click.argument("description", required=False, type=_file)
@click.option("--provider", metavar="P", help="In the broker: the provider that published the description.")
@click.option("--provider-version", metavar="V", help="In the broker: the version it describes.")
@click.option("--consumer", metavar="C", help="In the broker: only contracts of this consumer.")
@click.option("--consumer-version", "-e", metavar="V", help="In the broker: the contract of this version of it.")
@shared.json_option
@shared.broker_options
@click.pass_context
def compare(
    ctx: click.Context,
    /,
    broker: Any,
    as_json: bool,
    contract: Path | None,
    description: Path | None,
    provider: str | None,
    provider_version: str | None,
    consumer: str | None,
    consumer_version: str | None,
) -> None:
    """Compare a CONTRACT with an API DESCRIPTION, both files; or what the broker holds. Static: nothing is run.

    Exits with 0 when the description allows all that is expected, with 1 when not, and with 3 when there is nothing to
    compare, or the description has no say in some of it.
    """
    in_broker = (provider, provider_version, consumer, consumer_version)
    if contract is not None:
        if description is None or any(in_broker):
            raise click.UsageError("give two files, CONTRACT and DESCRIPTION; or --provider P and --provider-version V")
        found = _of_files(contract, description)
    else:
        if provider is None or provider_version is None:
            raise click.UsageError("compare what? Give CONTRACT and DESCRIPTION, or --provider and --provider-version")
        if consumer_version is not None and consumer is None:
            raise click.UsageError("--consumer-version is a version of --consumer")
        from tallystick.client_sdk.broker_client import impact

        with broker() as client:
            asked = impact.comparisons(provider, provider_version, consumer=consumer, consumer_version=consumer_version)
            found = client.run(asked)
    if as_json:
        shared.print_json(found)
    else:
        _tell(found)
    ctx.exit(_EXIT[found["outcome"]])


def _of_files(contract: Path, description: Path) -> dict[str, Any]:
    """The answer for two files, in the shape of the broker's."""
    from tallystick.contract import json_text
    from tallystick.contract.openapi.evidence import Described

    written = contract.read_bytes()
    try:
        document = json_text.loads(written)
    except json_text.JsonInvalid as wrong:
        raise shared.Failure(f"{contract} {wrong}", 2) from None
    if not isinstance(document, dict):
        raise shared.Failure(f"{contract} is no contract: a contract is an object", 2)
    evidence = Described(_description(description)).evidence(document)
    return {
        "outcome": evidence.outcome,
        "evidence": "static",
        "_embedded": {"comparisons": [_document(evidence, document, description)]},
    }


def _description(file: Path) -> Any:
    from tallystick.contract import json_text
    from tallystick.contract.openapi import yaml_text
    from tallystick.contract.openapi.descriptions import DescriptionInvalid, check

    try:
        text = file.read_bytes().decode("utf-8-sig")
        document: Any = json_text.loads(text) if text.lstrip()[:1] == "{" else yaml_text.loads(text)
        for odd in check(document):
            shared.tell(f"{file}: {odd}", err=True)
    except UnicodeDecodeError as wrong:
        raise shared.Failure(f"{file} is not UTF-8 (at byte {wrong.start})", 2) from None
    except (json_text.JsonInvalid, yaml_text.YamlInvalid) as wrong:
        raise shared.Failure(f"{file} {wrong}", 2) from None
    except DescriptionInvalid as wrong:
        raise shared.Failure(f"{file} is {wrong}", 2) from None
    return document


def _document(evidence: Evidence, contract: dict[str, Any], description: Path) -> dict[str, Any]:
    names = {side: one.get("name") if isinstance(one := contract.get(side), dict) else None
             for side in ("consumer", "provider")}  # fmt: skip
    return {
        "outcome": evidence.outcome,
        "evidence": "static",
        "errors": len(evidence.errors),
        "warnings": len(evidence.findings.warnings),
        "interactions": evidence.interactions,
        "notCompared": evidence.not_compared,
        "consumer": {"name": names["consumer"]},
        "provider": {"name": names["provider"], "description": str(description)},
        "findings": [
            {
                "code": one.code,
                "level": one.level,
                "message": one.message,
                "interaction": one.interaction,
                "contractLocation": one.location,
                "descriptionLocation": one.spec_location,
            }
            for one in evidence.findings.found
        ],
    }


def _tell(found: Any) -> None:
    compared = found["_embedded"]["comparisons"]
    if not compared:
        shared.tell("NOTHING TO COMPARE: no contract that counts.", colour="yellow")
    for one in compared:
        _tell_one(one)
    shared.tell("\nstatic evidence: what the description allows was compared, nothing was run")


def _tell_one(one: Any) -> None:
    from tallystick.contract.openapi.evidence import NOTHING_TO_COMPARE_WITH

    consumer = " ".join([str(one["consumer"]["name"]), *one["consumer"].get("versions", [])[-1:]])
    more = len(one["consumer"].get("versions", [])) - 1
    consumer += f" (and {more} more version{'' if more == 1 else 's'})" if more > 0 else ""
    provider = one["provider"].get("description") or f"{one['provider']['name']} {one['provider']['version']}"
    counts = f"{_counted(one['errors'], 'error')}, {_counted(one['warnings'], 'warning')}"
    sentence = {
        "compatible": f"COMPATIBLE: {provider} allows what {consumer} expects ({counts}).",
        "incompatible": f"INCOMPATIBLE: {provider} does not allow what {consumer} expects ({counts}).",
        "incomplete": f"INCOMPLETE: {provider} has no say in {one['notCompared']} of "
        f"{_counted(one['interactions'], 'interaction')} of {consumer} ({counts}).",
    }[one["outcome"]]
    shared.tell(sentence, colour=_COLOURS[one["outcome"]])
    interaction = None
    for finding in one["findings"]:
        if finding["interaction"] != interaction:
            interaction = finding["interaction"]
            shared.tell(f"  {interaction or 'an interaction without description'}")
        level = "not compared" if finding["code"] in NOTHING_TO_COMPARE_WITH else finding["level"]
        shared.tell(f"  - {level} {finding['code']}: {finding['message']}", colour=_LEVELS.get(level))
        shared.tell(f"      contract     {finding['contractLocation']}")
        shared.tell(f"      description  {finding['descriptionLocation']}")


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
