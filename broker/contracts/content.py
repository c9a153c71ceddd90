"""What a published contract is: its identity, the bytes that are stored and served, merging. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tallystick.broker.errors import BrokerError, Invalid, Malformed
from tallystick.broker.http import bodies
from tallystick.contract import identity, json_text
from tallystick.contract.errors import ContractInvalid
from tallystick.contract.model import AsyncMessage, HttpInteraction, Interaction
from tallystick.contract.reading import read

# Members that the broker itself writes when it serves a contract; a client's own would be overwritten.
SERVED: Final = ("createdAt", "_links")


@dataclass(frozen=True, slots=True)
class Content:
    """A contract's content: its digest, and its bytes with ids in."""

    sha: str
    stored: bytes
    document: Any  # as it was sent
    ids: tuple[str, ...] = ()  # of its interactions, then of its messages


@dataclass(frozen=True, slots=True)
class Known:
    """An interaction of a contract, as far as the broker's tables know it."""

    sha: str
    kind: str
    interaction_id: str | None
    description: str
    model: Interaction


class CannotMerge(BrokerError):
    """The two documents contradict each other, or have nothing that could be merged."""


def parse(body: bytes) -> Any:
    """The document of a body, numbers kept as they were written. Raises `Malformed`."""
    bodies.text(body)
    try:
        document = json_text.loads(body)
    except ValueError as error:
        raise Malformed(f"JSON::ParserError - {error}") from None
    if body.count(b"{") + body.count(b"[") > bodies.DEEPEST or not isinstance(document, dict | list):
        bodies.check(document)
    return document


def content_of(document: Any) -> Content:
    """What is stored of a document. What is no object is stored as it is."""
    sha = identity.contract_sha(document)
    if not isinstance(document, Mapping):
        return Content(sha, json_text.dumps(document), document)
    kept = {key: value for key, value in document.items() if key not in SERVED}
    numbered = identity.with_interaction_ids(kept)
    members = [*_array(numbered.get("interactions")), *_array(numbered.get("messages"))]
    ids = tuple(str(each["_id"]) if isinstance(each, dict) and "_id" in each else "" for each in members)
    return Content(sha, json_text.dumps(numbered), document, ids)


def _array(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def named(document: Any, role: str) -> Any:
    """`consumer.name` or `provider.name` of a document; None when it has none."""
    party = document.get(role) if isinstance(document, Mapping) else None
    return party.get("name") if isinstance(party, Mapping) else None


def refuse_other_names(document: Any, *, consumer: str, provider: str) -> None:
    """The names inside a contract, where there are any, are those it is published under. Raises `Invalid`."""
    errors = {
        f"{role}.name": [f"does not match {role} name in path ('{name}')"]
        for role, name in (("consumer", consumer), ("provider", provider))
        if (inside := named(document, role)) is not None and inside != name
    }
    if errors:
        raise Invalid(errors)


def interactions(document: Any) -> Sequence[Known]:
    """The interactions of a document that is a contract of a known kind; () for any other."""
    try:
        contract = read(document)
    except (ContractInvalid, ValueError, RecursionError):
        return ()
    return [
        Known(
            sha=identity.interaction_sha(each),
            kind="http" if isinstance(each, HttpInteraction) else "async" if isinstance(each, AsyncMessage) else "sync",
            interaction_id=each.id,
            description=each.description,
            model=each,
        )
        for each in contract.interactions
    ]


# --- merging ------------------------------------------------------------------------------------------------------


STATES: Final = ("provider_state", "providerState", "providerStates")
COMPARED: Final = ("method", "path", "query", "body", "headers")


def merged(stored: bytes, sent: Any, *, refuse_differences: bool) -> Any:
    """The stored contract with the interactions of another put in, by description and provider state.

    An equal one is replaced, others are appended; the other members stay. Raises `CannotMerge` when one of the two
    has no `interactions`, or (if asked) when an equal one differs in its request.
    """
    old: Any = json_text.loads(stored)
    if not _mergeable(old) or not _mergeable(sent):
        raise CannotMerge("only contracts with an array of interactions can be merged")
    result = [_without_our_id(each) for each in old["interactions"]]
    for new in sent["interactions"]:
        place = next((at for at, each in enumerate(result) if _key(each) == _key(new)), None)
        if place is None:
            result.append(new)
            continue
        if refuse_differences and _request(result[place]) != _request(new):
            raise CannotMerge(f"the request of the interaction {_key(new)[0]!r} differs")
        result[place] = new
    return {**old, "interactions": result}


def _mergeable(document: Any) -> bool:
    return isinstance(document, Mapping) and isinstance(document.get("interactions"), list)


def _key(interaction: Any) -> tuple[Any, Any]:
    if not isinstance(interaction, Mapping):
        return (interaction, None)
    state = next((interaction[name] for name in STATES if interaction.get(name) is not None), None)
    return (interaction.get("description"), state)


def _request(interaction: Any) -> list[Any]:
    request = interaction.get("request") if isinstance(interaction, Mapping) else None
    return [request.get(name) for name in COMPARED] if isinstance(request, Mapping) else [request]


def _without_our_id(interaction: Any) -> Any:
    """An id that the broker put in is taken out again, or the merged whole would have another digest than when sent."""
    if not isinstance(interaction, dict) or "_id" not in interaction:
        return interaction
    rest = {key: value for key, value in interaction.items() if key != "_id"}
    return rest if identity.interaction_id(rest) == interaction["_id"] else interaction
