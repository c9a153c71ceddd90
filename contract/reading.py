"""Reading contract documents of every version into one model. Whatever is wrong is reported at once, located.

Refused is what the Pact core refuses; what it loads in spite of a fault is loaded here too, and named by `warnings`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from tallystick.contract import json_text, limits
from tallystick.contract.bodies import as_text
from tallystick.contract.complaints import Notes, pointer
from tallystick.contract.errors import Complaint, ContractInvalid
from tallystick.contract.model import (
    AsyncMessage,
    Contract,
    HttpInteraction,
    Interaction,
    MessageContents,
    ProviderState,
    SpecVersion,
    SyncMessage,
)
from tallystick.contract.reading_parts import (
    CONTENTS,
    as_object,
    kind_of,
    read_contents,
    read_request,
    read_response,
    rest,
    shown,
)

HTTP: Final = "Synchronous/HTTP"
ASYNC: Final = "Asynchronous/Messages"
SYNC: Final = "Synchronous/Messages"


def read(source: bytes | str | Mapping[str, Any], *, name: str = "") -> Contract:
    """The contract in a document, given as text or as a parsed object; `name` is what complaints call it.

    Raises `ContractInvalid` with every complaint.
    """
    notes = Notes()
    contract = _read(source, notes)
    if notes.errors or contract is None:
        raise ContractInvalid(tuple(notes.errors), name)
    return contract


def warnings(source: bytes | str | Mapping[str, Any]) -> tuple[Complaint, ...]:
    """What is odd about a document that loads all the same. Raises `ContractInvalid` for one that doesn't."""
    notes = Notes(thorough=True)
    if _read(source, notes) is None or notes.errors:
        raise ContractInvalid(tuple(notes.errors))
    return tuple(notes.warnings)


def detect_version(metadata: Any) -> SpecVersion | None:
    """The version of the specification that metadata states: "3.0.0" where it states none, None for an unknown one."""
    if not isinstance(metadata, Mapping):
        return "3.0.0"
    stated = metadata.get("pact-specification", metadata.get("pactSpecification"))
    if not isinstance(stated, Mapping) or "version" not in stated:
        return "3.0.0"
    version = stated["version"]
    if not isinstance(version, str):
        return None
    parts = version.strip().removeprefix("v").split(".")
    if not all(part.isascii() and part.isdigit() for part in parts[:2]):
        return None
    major, minor = int(parts[0][:9]), int(parts[1][:9]) if len(parts) > 1 else 0
    if major == 1:
        return "1.1.0" if minor == 1 else "1.0.0"
    return _BY_MAJOR.get(major)


_BY_MAJOR: Final[Mapping[int, SpecVersion]] = {2: "2.0.0", 3: "3.0.0", 4: "4.0"}


def _read(source: bytes | str | Mapping[str, Any], notes: Notes) -> Contract | None:
    try:
        document = _parsed(source)
        if not isinstance(document, Mapping):
            notes.refuse("", "a contract is a JSON object", f"this is {kind_of(document)}")
            return None
        return _contract(document, notes)
    except json_text.JsonInvalid as problem:
        notes.refuse("", str(problem))
    except UnicodeEncodeError:
        notes.refuse("", "a string holds half a surrogate pair")
    except RecursionError:
        notes.refuse("", f"arrays and objects lie more than {limits.MAX_DEPTH} inside one another (MAX_DEPTH)")
    return None


def _parsed(source: bytes | str | Mapping[str, Any]) -> Any:
    if isinstance(source, bytes | bytearray):
        return json_text.loads(source[3:] if source.startswith(b"\xef\xbb\xbf") else source)
    if isinstance(source, str):
        return json_text.loads(source.removeprefix("\ufeff"))
    if isinstance(source, dict):
        json_text.check_depth(source)
    return source


def _contract(document: Mapping[str, Any], notes: Notes) -> Contract:
    written_metadata = document.get("metadata")
    version = detect_version(written_metadata)
    if version is None:
        notes.warn("/metadata", "the version of the specification is not known; the file is read as version 2")
        version = "2.0.0"
    extra = {key: value for key, value in document.items() if key not in _TOP}
    interactions: list[Interaction] = []
    places: list[str] = []
    written = _array(document, "interactions", notes)
    messages = _array(document, "messages", notes) if version != "4.0" else []
    if version == "4.0":
        if "messages" in document:
            extra["messages"] = document["messages"]
    elif messages and version != "3.0.0":
        notes.refuse("/messages", f"version {version} has no messages", "state version 3.0.0 in the metadata")
        messages = []
    if len(written) + len(messages) > limits.MAX_INTERACTIONS:
        notes.refuse(
            "/interactions",
            f"{len(written) + len(messages)} interactions are more than the "
            f"{limits.MAX_INTERACTIONS} allowed (MAX_INTERACTIONS)",
        )
        written = messages = []
    read_one = _v4_interaction if version == "4.0" else _http_reader(version)
    for place, label, items, reader in (
        ("/interactions", "Interaction", written, read_one),
        ("/messages", "Message", messages, _v3_message),
    ):
        for index, item in enumerate(items):
            interaction = _one(item, f"{place}/{index}", f"{label} {index}", reader, notes)
            if interaction is not None:
                interactions.append(interaction)
                places.append(f"{place}/{index}")
    if notes.thorough:
        from tallystick.contract import checking

        checking.check_interactions(zip(places, interactions, strict=True), notes)
    metadata = _metadata(written_metadata, version, notes)
    return Contract(
        consumer=_participant(document, "consumer", extra, notes),
        provider=_participant(document, "provider", extra, notes),
        interactions=tuple(interactions),
        version=version,
        metadata=metadata,
        extra=extra,
    )


_TOP: Final = frozenset({"consumer", "provider", "interactions", "messages", "metadata"})
_Reader = Callable[[Mapping[str, Any], str, dict[str, Any], Notes], Interaction | None]


def _array(document: Mapping[str, Any], member: str, notes: Notes) -> list[Any]:
    value = document.get(member, [])
    if value is None and member == "interactions":
        return []
    if not isinstance(value, list):
        notes.refuse("/" + member, f"`{member}` is an array", f"this is {kind_of(value)}")
        return []
    return value


def _participant(document: Mapping[str, Any], role: str, extra: dict[str, Any], notes: Notes) -> str:
    written = document.get(role)
    others = rest(written, _NAME) if isinstance(written, Mapping) else {}
    if others:
        extra[role] = others
    name = written.get("name") if isinstance(written, Mapping) else None
    if name is None:
        notes.warn("/" + role, f"the {role} has no name; it is called {role}", f'add "{role}": {{"name": "…"}}')
        return role
    return as_text(name)


_NAME: Final = frozenset({"name"})


def _metadata(written: Any, version: SpecVersion, notes: Notes) -> dict[str, Any]:
    if written is not None and not isinstance(written, Mapping):
        notes.warn("/metadata", "metadata is an object; this is ignored")
    metadata = dict(written) if isinstance(written, Mapping) else {}
    for old, new in (("pact-specification", "pactSpecification"), ("pact-rust", "pactRust")):
        if old in metadata:
            metadata[new] = metadata.pop(old)
    stated = metadata.get("pactSpecification")
    if not isinstance(stated, Mapping) or "version" not in stated:
        metadata["pactSpecification"] = {**(stated if isinstance(stated, Mapping) else {}), "version": version}
    return metadata


def _one(item: Any, at: str, default: str, reader: _Reader, notes: Notes) -> Interaction | None:
    if not isinstance(item, Mapping):
        notes.refuse(at, "an interaction is an object", f"this is {kind_of(item)}")
        return None
    written = item.get("description")
    if written is None:
        notes.warn(at, f'there is no description; it is called "{default}"')
    description = default if written is None else as_text(written)
    notes.interaction = description
    own = item.get("_id")
    common: dict[str, Any] = {
        "description": description,
        "states": _states(item, at, notes),
        "id": own if isinstance(own, str) else None,
    }
    interaction = reader(item, at, common, notes)
    notes.interaction = None
    return interaction


def _states(item: Mapping[str, Any], at: str, notes: Notes) -> tuple[ProviderState, ...]:
    if "providerStates" not in item:
        for member in ("providerState", "provider_state"):
            written = item.get(member)
            if written is not None and written != "":
                return (ProviderState(as_text(written)),)
        return ()
    states = item["providerStates"]
    if not isinstance(states, list):
        if states is not None:
            notes.warn(at + "/providerStates", "provider states are an array; these are ignored")
        return ()
    return tuple(_state(state, pointer(at, "providerStates", index), notes) for index, state in enumerate(states))


def _state(written: Any, at: str, notes: Notes) -> ProviderState:
    if not isinstance(written, Mapping):
        notes.warn(at, "a provider state is an object with a `name`; this is taken for the name")
        return ProviderState(as_text(written))
    name = written.get("name")
    if name is None:
        notes.warn(at, "the provider state has no name")
    params = written.get("params")
    extra = {key: value for key, value in written.items() if key not in ("name", "params")}
    if params is not None and not isinstance(params, Mapping):
        notes.warn(at + "/params", "the parameters of a provider state are an object; these are ignored")
        extra["params"] = params
        params = None
    return ProviderState("unknown provider states" if name is None else as_text(name), params or {}, extra)


def _http_reader(version: SpecVersion) -> _Reader:
    query_as_text = version != "3.0.0"

    def read_interaction(item: Mapping[str, Any], at: str, common: dict[str, Any], notes: Notes) -> Interaction:
        request, response = item.get("request"), item.get("response")
        return HttpInteraction(
            **common,
            request=read_request(request, at + "/request", notes, query_as_text, False),
            response=read_response(response, at + "/response", notes, False),
            extra=rest(item, _V3_HTTP),
        )

    return read_interaction


_STATES: Final = frozenset({"description", "providerState", "provider_state", "providerStates", "_id"})
_V3_HTTP: Final = _STATES | {"request", "response"}
_V3_MESSAGE: Final = _STATES | {"contents", "metaData", "metadata", "matchingRules", "generators"}
_V4_COMMON: Final = _STATES | {
    "type",
    "key",
    "pending",
    "comments",
    "pluginConfiguration",
    "interactionMarkup",
    "transport",
}
V4_MEMBERS: Final = _V4_COMMON | {"request", "response"}
_V4_ASYNC: Final = _V4_COMMON | CONTENTS


def _v3_message(item: Mapping[str, Any], at: str, common: dict[str, Any], notes: Notes) -> Interaction:
    written = item.get("metaData", item.get("metadata"))
    contents = {key: item[key] for key in ("contents", "matchingRules", "generators") if key in item}
    extra = rest(item, _V3_MESSAGE)
    message = read_contents({**contents, "metadata": written}, at, notes, v4=False)
    for member, value in message.extra.items():
        extra[member] = value
    return AsyncMessage(
        **common,
        contents=MessageContents(message.body, message.metadata, message.rules, message.generators),
        extra=extra,
    )


def _v4_interaction(item: Mapping[str, Any], at: str, common: dict[str, Any], notes: Notes) -> Interaction | None:
    kind = item.get("type")
    if kind not in (HTTP, ASYNC, SYNC):
        found = f"{shown(kind)} is none of them" if "type" in item else "there is none"
        notes.refuse(at + "/type", f"an interaction of version 4 has a type, {HTTP}, {ASYNC} or {SYNC}; {found}")
        return None
    extra = rest(item, _V4_ASYNC if kind == ASYNC else V4_MEMBERS)
    common |= _v4_common(item, at, extra, notes)
    if kind == HTTP:
        return HttpInteraction(
            **common,
            request=read_request(item.get("request"), at + "/request", notes, False, True),
            response=read_response(item.get("response"), at + "/response", notes, True),
            extra=extra,
        )
    if kind == ASYNC:
        contents = read_contents({key: item[key] for key in CONTENTS if key in item}, at, notes, v4=True)
        extra |= contents.extra
        plain = MessageContents(contents.body, contents.metadata, contents.rules, contents.generators)
        return AsyncMessage(**common, contents=plain, extra=extra)
    return _sync_message(item, at, common, extra, notes)


def _sync_message(
    item: Mapping[str, Any], at: str, common: dict[str, Any], extra: dict[str, Any], notes: Notes
) -> Interaction | None:
    request, responses = item.get("request"), item.get("response")
    if not isinstance(request, Mapping):
        notes.refuse(at + "/request", "a synchronous message has a request, an object")
    if not isinstance(responses, list):
        notes.refuse(at + "/response", "the responses of a synchronous message are an array")
    if not isinstance(request, Mapping) or not isinstance(responses, list):
        return None
    read_responses = []
    for index, written in enumerate(responses):
        place = f"{at}/response/{index}"
        read_responses.append(read_contents(as_object(written, place, notes), place, notes, v4=True))
    return SyncMessage(
        **common,
        request=read_contents(request, at + "/request", notes, v4=True),
        responses=tuple(read_responses),
        extra=extra,
    )


def _v4_common(item: Mapping[str, Any], at: str, extra: dict[str, Any], notes: Notes) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for member, attribute, kind, words in (
        ("key", "key", str, "a string"),
        ("pending", "pending", bool, "true or false"),
        ("comments", "comments", Mapping, "an object"),
        ("pluginConfiguration", "plugin_configuration", Mapping, "an object"),
        ("interactionMarkup", "markup", Mapping, "an object"),
        ("transport", "transport", str, "a string"),
    ):
        value = item.get(member)
        if isinstance(value, kind):
            found[attribute] = value
        elif value is not None:
            notes.warn(f"{at}/{member}", f"`{member}` is {words}; this is ignored")
            if member != "pending":
                # Kept as it came, since nothing is written in its place; `pending` is always written.
                extra[member] = value
    return found
