"""Where contracts come from: files, folders, URLs, and a broker's selection for this provider and build."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from tallystick.contract import json_text, reading
from tallystick.contract.errors import ContractError
from tallystick.verifier.addresses import Tls, split_url
from tallystick.verifier.problems import ReplayFailed
from tallystick.verifier.results import Notice, Source, Unreadable
from tallystick.verifier.wire import Connection

if TYPE_CHECKING:
    from tallystick.verifier.broker import Broker, Document


def from_path(path: str, provider: str | None) -> tuple[list[Source], list[Unreadable]]:
    """The contracts in a file or directly in a folder.

    A file of another provider is an error when it was named itself, and left out when it was found in a folder; a
    file in a folder that is no contract is an error either way.
    """
    if os.path.isdir(path):
        sources: list[Source] = []
        wrong: list[Unreadable] = []
        for name in sorted(os.listdir(path)):
            if name.endswith(".json"):
                found, bad = _from_file(os.path.join(path, name), provider, named=False)
                sources += found
                wrong += bad
        return sources, wrong
    return _from_file(path, provider, named=True)


def _from_file(path: str, provider: str | None, *, named: bool) -> tuple[list[Source], list[Unreadable]]:
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        return [], [Unreadable(path, f"cannot be read: {error.strerror or error}", could_not_run=True)]
    return _parsed(content, path, provider, named=named)


def _parsed(
    content: bytes, origin: str, provider: str | None, *, named: bool, **facts: Any
) -> tuple[list[Source], list[Unreadable]]:
    try:
        contract = reading.read(content, name=origin)
    except (ContractError, ValueError) as error:
        return [], [Unreadable(origin, _without(str(error), origin))]
    if provider is not None and contract.provider != provider:
        if not named:
            return [], []
        return [], [Unreadable(origin, f"is a contract with {contract.provider!r}, not with {provider!r}")]
    return [Source(contract=contract, origin=origin, **facts)], []


def _without(text: str, origin: str) -> str:
    return text.removeprefix(f"{origin} ").removeprefix(f"{origin}: ")


def from_url(
    url: str, provider: str | None, broker: Broker | None = None, tls: Tls | None = None
) -> tuple[list[Source], list[Unreadable]]:
    """The contract at a URL: a broker's, as webhooks pass it, or a plain file of a web server."""
    if broker is not None and url.startswith(broker.base_url.rstrip("/") + "/"):
        from tallystick.verifier.broker import BrokerFailed

        try:
            document = broker.get(url)
        except BrokerFailed as failed:
            return [], [Unreadable(url, failed.why, could_not_run=True)]
        return _from_document(document, url, provider, named=True)
    try:
        address, target = split_url(url)
        connection = Connection(address, tls=tls, limit_bytes=1 << 28)
        headers = [("Accept", "application/hal+json, application/json, */*")]
        if address.user:
            from tallystick.verifier.addresses import basic

            headers.append(("Authorization", basic(address.user, address.password)))
        try:
            answer = connection.exchange("GET", target, headers, b"", timeout_seconds=30)
        finally:
            connection.close()
    except ValueError as error:
        return [], [Unreadable(url, str(error))]
    except ReplayFailed as failed:
        return [], [Unreadable(url, failed.problem.sentence, could_not_run=True)]
    if answer.status != 200:
        return [], [Unreadable(url, f"answered {answer.status}", could_not_run=True)]
    try:
        read: object = json_text.loads(answer.content)
    except ValueError as error:
        return [], [Unreadable(url, f"is not JSON: {error}")]
    if isinstance(read, dict):
        return _from_document(read, url, provider, named=True)
    return [], [Unreadable(url, "is not a contract: a JSON object is expected")]


def from_broker(
    broker: Broker, provider: str, query: Document, consumers: Sequence[str] = ()
) -> tuple[list[Source], list[Unreadable]]:
    """What the broker selects for this provider. Raises BrokerFailed when it cannot be asked."""
    from tallystick.verifier.broker import link

    sources: list[Source] = []
    wrong: list[Unreadable] = []
    for entry in broker.contracts_for(provider, query):
        self_link = link(entry, "self")
        if self_link is None:
            wrong.append(Unreadable(broker.base_url, "lists a contract without a link to it", could_not_run=True))
            continue
        href = str(self_link["href"])
        document = broker.get(href)
        if consumers and _name(document, "consumer") not in consumers:
            continue
        properties = entry.get("verificationProperties") or {}
        found, bad = _from_document(
            document,
            href,
            None,
            named=False,
            reason=str(entry.get("shortDescription") or ""),
            pending=properties.get("pending") is True,
            wip=properties.get("wip") is True,
            notices=tuple(
                Notice(str(n.get("when", "")), str(n.get("text", "")))
                for n in properties.get("notices") or ()
                if isinstance(n, dict)
            ),
        )
        sources += found
        wrong += bad
    return sources, wrong


def _name(document: Document, who: str) -> object:
    party = document.get(who)
    return party.get("name") if isinstance(party, dict) else None


def _from_document(
    document: Document, origin: str, provider: str | None, *, named: bool, **facts: Any
) -> tuple[list[Source], list[Unreadable]]:
    """A source from a broker's document: the contract, with its links and the versions that publish it."""
    from tallystick.verifier.broker import link

    versions: list[str] = []
    relations = document.get("_links")
    relations = relations if isinstance(relations, dict) else {}
    for relation in ("pb:consumer-versions", "pb:consumer-version"):
        found = relations.get(relation)
        for entry in found if isinstance(found, list) else [found]:
            if isinstance(entry, dict) and isinstance(entry.get("name"), str):
                versions.append(entry["name"])
    links = {r: str(entry["href"]) for r in relations if (entry := link(document, r)) is not None}
    content = {k: v for k, v in document.items() if k not in ("_links", "createdAt")}
    try:
        contract = reading.read(content, name=origin)
    except (ContractError, ValueError) as error:
        return [], [Unreadable(origin, _without(str(error), origin))]
    if provider is not None and contract.provider != provider:
        if not named:
            return [], []
        return [], [Unreadable(origin, f"is a contract with {contract.provider!r}, not with {provider!r}")]
    return [
        Source(contract=contract, origin=origin, consumer_versions=tuple(dict.fromkeys(versions)), links=links, **facts)
    ], []


def from_value(
    value: Any, provider: str | None, origin: str = "the contract given"
) -> tuple[list[Source], list[Unreadable]]:
    """A contract given as a value: a `Contract`, its document (as a broker sends it, too), or a path object."""
    from tallystick.contract.model import Contract

    if isinstance(value, os.PathLike):
        return from_path(os.fspath(value), provider)
    if isinstance(value, Contract):
        return [Source(contract=value, origin=f"{value.consumer} and {value.provider}")], []
    return _from_document(value, origin, provider, named=True)


def owed(
    broker: Broker, provider: str, query: Document, version: str | None, consumers: Sequence[str] = ()
) -> tuple[list[Source], list[Unreadable]]:
    """What the broker selects and this provider version has published no result for yet.

    A broker that keeps the list is asked for it; with any other, the newest result of each selected contract tells.
    """
    listed = _listed_as_owed(broker, provider, version)
    sources, wrong = from_broker(broker, provider, query, consumers) if listed is None else ([], [])
    if listed is None:
        return [s for s in sources if not _has_result(broker, s, version)], wrong
    for entry in listed:
        if consumers and entry.get("consumer") not in consumers:
            continue
        from tallystick.verifier.broker import link

        place = link(entry, "pb:pact-version")
        if place is None:
            continue
        href = str(place["href"])
        found, bad = _from_document(broker.get(href), href, None, named=False, reason="owed")
        sources += found
        wrong += bad
    return sources, wrong


def _listed_as_owed(broker: Broker, provider: str, version: str | None) -> list[Document] | None:
    """The broker's own list of what is owed, each contract once; None when it keeps none."""
    from tallystick.verifier.broker import expand, link

    entry = link(broker.index(), "ts:owed-verifications")
    if entry is None:
        return None
    from urllib.parse import quote

    href = expand(entry, {"provider": provider})
    document = broker.get(href + (f"?providerVersion={quote(version, safe='')}" if version else ""))
    found = document.get("_embedded", {}).get("ts:owed", [])
    seen: dict[object, Document] = {}
    for one in found if isinstance(found, list) else []:
        if isinstance(one, dict):
            seen.setdefault((one.get("consumer"), one.get("contractSha")), one)
    return list(seen.values())


def _has_result(broker: Broker, source: Source, version: str | None) -> bool:
    href = source.links.get("pb:latest-verification-results")
    if href is None:
        return False
    from tallystick.verifier.broker import BrokerFailed

    try:
        newest = broker.get(href)
    except BrokerFailed as failed:
        if failed.status == 404:
            return False
        raise
    return version is None or newest.get("providerApplicationVersion") == version
