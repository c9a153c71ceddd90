"""Environments, applications, versions, branches, contracts, states and webhooks, as operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tallystick.client_sdk.broker_client.errors import NotFound, Refused
from tallystick.client_sdk.broker_client.operations import index
from tallystick.client_sdk.broker_client.results import (
    Branch,
    ContractEntry,
    Environment,
    Pacticipant,
    State,
    Version,
    Webhook,
    WebhookRun,
)
from tallystick.client_sdk.broker_client.wire import Call, Operation, embedded, expand, link, links, segments

PATCH = "application/merge-patch+json"


# --- environments -----------------------------------------------------------------------------------------------------


def environments() -> Operation[list[Environment]]:
    """Every environment."""
    home = yield from index()
    answer = yield Call("GET", link(home, "pb:environments", where="the index"))
    return [_environment(one) for one in embedded(answer.document, "environments")]


def environment(uuid: str) -> Operation[Environment]:
    """One environment, by its uuid."""
    answer = yield Call("GET", segments("environments", uuid))
    return _environment(answer.document)


def environment_named(name: str) -> Operation[Environment]:
    """One environment, by its name. Raises `Refused` with the names there are."""
    known = yield from environments()
    for one in known:
        if one.name == name:
            return one
    names = ", ".join(sorted(one.name for one in known)) or "none"
    raise Refused(name, 404, (f"there is no environment {name!r}; the broker knows {names}",))


def create_environment(
    name: str, *, display_name: str | None = None, production: bool = False, contacts: Sequence[Any] = ()
) -> Operation[Environment]:
    """A new environment."""
    home = yield from index()
    body = {"name": name, "displayName": display_name or name, "production": production}
    answer = yield Call(
        "POST", link(home, "pb:environments", where="the index"), body | ({"contacts": contacts} if contacts else {})
    )
    return _environment(answer.document)


def update_environment(
    uuid: str, *, name: str | None = None, display_name: str | None = None, production: bool | None = None
) -> Operation[Environment]:
    """Change an environment; what is not given stays."""
    before = yield from environment(uuid)
    body: dict[str, Any] = {
        "name": name or before.name,
        "displayName": display_name if display_name is not None else before.display_name,
        "production": before.production if production is None else production,
    }
    answer = yield Call("PUT", segments("environments", uuid), body)
    return _environment(answer.document)


def delete_environment(uuid: str) -> Operation[Environment]:
    """Delete an environment with what is recorded there; returns what it was."""
    before = yield from environment(uuid)
    yield Call("DELETE", segments("environments", uuid))
    return before


def _environment(document: Any) -> Environment:
    return Environment(
        str(document.get("uuid", "")),
        str(document.get("name", "")),
        document.get("displayName"),
        bool(document.get("production")),
        document,
    )


# --- applications, versions, branches ---------------------------------------------------------------------------------


def pacticipants() -> Operation[list[Pacticipant]]:
    """Every application."""
    home = yield from index()
    answer = yield Call("GET", link(home, "pb:pacticipants", where="the index"))
    return [_pacticipant(one) for one in embedded(answer.document, "pacticipants")]


def pacticipant(name: str) -> Operation[Pacticipant]:
    """One application."""
    try:
        answer = yield Call("GET", segments("pacticipants", name))
    except NotFound as missing:
        raise NotFound(missing.url, f"application {name!r}", "See: tallystick list-pacticipants") from None
    return _pacticipant(answer.document)


def create_or_update_pacticipant(
    name: str,
    *,
    display_name: str | None = None,
    main_branch: str | None = None,
    repository_url: str | None = None,
    static_evidence: bool | None = None,
) -> Operation[Pacticipant]:
    """Make an application known, or change what is known of it.

    `static_evidence`: whether its API descriptions may answer in can-i-deploy where it owes results as a provider.
    """
    wishes = {
        "displayName": display_name,
        "mainBranch": main_branch,
        "repositoryUrl": repository_url,
        "ts:staticEvidence": static_evidence,
    }
    body = {"name": name} | {key: value for key, value in wishes.items() if value is not None}
    path = segments("pacticipants", name)
    found = yield Call("GET", path, allow=(404,))
    if found.status == 404:
        home = yield from index()
        answer = yield Call("POST", link(home, "pb:pacticipants", where="the index"), body)
    else:
        answer = yield Call("PATCH", path, body, PATCH)
    return _pacticipant(answer.document)


def delete_pacticipant(name: str) -> Operation[None]:
    """Delete an application with its contracts and results."""
    yield Call("DELETE", segments("pacticipants", name))


def version(name: str, *, number: str | None = None, tag: str | None = None) -> Operation[Version]:
    """A version of an application: by its number, the latest with a tag, or the latest of all."""
    if number is not None:
        url, what = segments("pacticipants", name, "versions", number), f"version {number} of {name}"
    elif tag is not None:
        url, what = segments("pacticipants", name, "latest-version", tag), f"a version of {name} with tag {tag}"
    else:
        url, what = segments("pacticipants", name, "latest-version"), f"a version of {name}"
    try:
        answer = yield Call("GET", url)
    except NotFound as missing:
        raise NotFound(missing.url, what) from None
    return _version(name, answer.document)


def versions(name: str, *, page_size: int = 100) -> Operation[list[Version]]:
    """The newest versions of an application."""
    answer = yield Call(
        "GET",
        segments("pacticipants", name, "versions"),
        query=(("page", "1"), ("size", str(page_size))),
    )
    found = embedded(answer.document, "versions")
    return [_version(name, one) for one in found]


def create_or_update_version(
    name: str, number: str, *, branch: str | None = None, tags: Sequence[str] = ()
) -> Operation[Version]:
    """Make a version known, on a branch, with tags."""
    if branch is not None:
        yield Call("PUT", segments("pacticipants", name, "branches", branch, "versions", number), {})
    for tag in tags:
        yield Call("PUT", segments("pacticipants", name, "versions", number, "tags", tag), {})
    if branch is None and not tags:
        yield Call("PUT", segments("pacticipants", name, "versions", number), {})
    return (yield from version(name, number=number))


def delete_version_tag(name: str, number: str, tag: str) -> Operation[None]:
    """Take a tag off a version."""
    yield Call("DELETE", segments("pacticipants", name, "versions", number, "tags", tag))


def branches(name: str) -> Operation[list[Branch]]:
    """The branches of an application."""
    answer = yield Call("GET", segments("pacticipants", name, "branches"))
    return [Branch(name, str(one.get("name", "")), one) for one in embedded(answer.document, "branches")]


def delete_branch(name: str, branch: str) -> Operation[None]:
    """Delete a branch; its versions stay."""
    yield Call("DELETE", segments("pacticipants", name, "branches", branch))


def _pacticipant(document: Any) -> Pacticipant:
    return Pacticipant(
        str(document.get("name", "")),
        document.get("displayName"),
        document.get("mainBranch"),
        document.get("repositoryUrl"),
        document.get("ts:staticEvidence") is True,
        document,
    )


def _version(name: str, document: Any) -> Version:
    found = [str(one.get("name")) for one in embedded(document, "branchVersions")]
    found = found or [str(one.get("name")) for one in links(document, "pb:branch-versions")]
    tags = [str(one.get("name")) for one in embedded(document, "tags")]
    return Version(name, str(document.get("number", "")), tuple(found), tuple(tags), document)


# --- contracts and provider states ------------------------------------------------------------------------------------


def latest_contracts() -> Operation[list[ContractEntry]]:
    """The latest contract of every pair."""
    home = yield from index()
    answer = yield Call("GET", link(home, "pb:latest-pact-versions", where="the index"))
    document = answer.document if isinstance(answer.document, dict) else {}
    found = document.get("pacts") or embedded(document, "pacts")
    out = []
    for one in found:
        parts = one.get("_embedded", {})
        consumer, provider = parts.get("consumer", {}), parts.get("provider", {})
        number = consumer.get("_embedded", {}).get("version", {}).get("number", "")
        own = next(iter(links(one, "self")), {})
        out.append(
            ContractEntry(
                str(consumer.get("name", "")),
                str(number),
                str(provider.get("name", "")),
                one.get("createdAt"),
                own.get("href"),
            )
        )
    return out


def contract(
    consumer: str, provider: str, *, version: str | None = None, branch: str | None = None, tag: str | None = None
) -> Operation[Any]:
    """The document of a contract: of a version, the latest of a branch or tag, or the latest of all."""
    path = segments("pacts", "provider", provider, "consumer", consumer)
    what = f"contract of {consumer} with {provider}"
    if version is not None:
        path, what = path + segments("version", version), f"{what} from version {version}"
    elif branch is not None:
        path, what = path + segments("branch", branch, "latest"), f"{what} from branch {branch}"
    elif tag is not None:
        path, what = path + segments("latest", tag), f"{what} with tag {tag}"
    else:
        path += "/latest"
    try:
        answer = yield Call("GET", path)
    except NotFound as missing:
        raise NotFound(missing.url, what, "See: tallystick contracts list") from None
    return answer.document


def contract_at(url: str) -> Operation[Any]:
    """The document of the contract at an address."""
    answer = yield Call("GET", url)
    return answer.document


def provider_states(
    provider: str, *, branch: str | None = None, environment: str | None = None
) -> Operation[list[State]]:
    """The states that consumers ask of a provider."""
    path = segments("pacts", "provider", provider, "provider-states")
    if branch is not None:
        path += segments("branch", branch)
    elif environment is not None:
        place = yield from environment_named(environment)
        path += segments("environment", place.uuid)
    answer = yield Call("GET", path)
    document = answer.document if isinstance(answer.document, dict) else {}
    return [
        State(str(one.get("name", "")), tuple(str(c) for c in one.get("consumers") or ()), one.get("params") or {})
        for one in document.get("providerStates") or ()
    ]


# --- webhooks ---------------------------------------------------------------------------------------------------------


def webhooks() -> Operation[list[Webhook]]:
    """Every webhook."""
    home = yield from index()
    answer = yield Call("GET", link(home, "pb:webhooks", where="the index"))
    found = embedded(answer.document, "webhooks")
    if found:
        return [_webhook(one) for one in found]
    return [
        Webhook(str(one.get("href", "")).rsplit("/", 1)[-1], str(one.get("title") or one.get("name") or ""), one)
        for one in links(answer.document, "pb:webhooks")
    ]


def webhook(uuid: str) -> Operation[Webhook]:
    """One webhook."""
    home = yield from index()
    answer = yield Call("GET", expand(link(home, "pb:webhook", where="the index"), uuid=uuid))
    return _webhook(answer.document)


def create_webhook(definition: Mapping[str, Any]) -> Operation[Webhook]:
    """A new webhook, from its definition."""
    home = yield from index()
    answer = yield Call("POST", link(home, "pb:webhooks", where="the index"), dict(definition))
    return _webhook(answer.document)


def create_or_update_webhook(uuid: str, definition: Mapping[str, Any]) -> Operation[Webhook]:
    """The webhook of that uuid, made or replaced."""
    home = yield from index()
    answer = yield Call("PUT", expand(link(home, "pb:webhook", where="the index"), uuid=uuid), dict(definition))
    return _webhook(answer.document)


def test_webhook(uuid: str) -> Operation[WebhookRun]:
    """Call a webhook as if its event had happened."""
    home = yield from index()
    answer = yield Call("GET", expand(link(home, "pb:webhook", where="the index"), uuid=uuid))
    answer = yield Call("POST", link(answer.document, "pb:execute", where="the webhook"), {})
    document = answer.document if isinstance(answer.document, dict) else {}
    return WebhookRun(bool(document.get("success")), str(document.get("logs") or ""), document)


def delete_webhook(uuid: str) -> Operation[None]:
    """Delete a webhook."""
    home = yield from index()
    yield Call("DELETE", expand(link(home, "pb:webhook", where="the index"), uuid=uuid))


def _webhook(document: Any) -> Webhook:
    own = next(iter(links(document, "self")), {})
    uuid = document.get("uuid") or str(own.get("href", "")).rsplit("/", 1)[-1]
    return Webhook(str(uuid), str(document.get("description") or ""), document)
