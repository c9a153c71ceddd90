"""Writing contracts in any version of the specification, or saying why one cannot be written.

In its own version every contract can be written, and reads back equal. In an older one it is refused where a reader
of that version would expect something else; what only informs (key, comments, markup) is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.contract import bodies, content_types, http_text, json_text, rules
from tallystick.contract.complaints import Notes
from tallystick.contract.errors import CannotWrite
from tallystick.contract.model import (
    AsyncMessage,
    Body,
    Contract,
    Headers,
    HttpInteraction,
    HttpRequest,
    HttpResponse,
    Interaction,
    MessageContents,
    ProviderState,
    Query,
    SpecVersion,
    SyncMessage,
)
from tallystick.contract.reading import ASYNC, HTTP, SYNC, V4_MEMBERS, detect_version

VERSIONS: Final[tuple[SpecVersion, ...]] = ("1.0.0", "1.1.0", "2.0.0", "3.0.0", "4.0")


def write(contract: Contract, version: SpecVersion | None = None) -> bytes:
    """The text of `to_document`, two spaces to a level. Bodies keep the order of their keys."""
    return json_text.dumps(to_document(contract, version), indent=2)


def to_document(contract: Contract, version: SpecVersion | None = None) -> dict[str, Any]:
    """The contract as a document of a version, its own by default. Raises `CannotWrite` with every obstacle."""
    target = version or contract.version
    if target not in VERSIONS:
        raise CannotWrite(target, "there is no such version", f"known are {', '.join(VERSIONS)}")
    writer = _Writer(target, own=target == contract.version)
    document = writer.contract(contract)
    if writer.obstacles:
        newer = next((known for known in VERSIONS[VERSIONS.index(target) + 1 :] if _takes(contract, known)), None)
        raise CannotWrite(target, "; ".join(writer.obstacles), f"write it as version {newer}" if newer else "")
    return document


def _takes(contract: Contract, version: SpecVersion) -> bool:
    writer = _Writer(version, own=version == contract.version)
    writer.contract(contract)
    return not writer.obstacles


class _Writer:
    """One pass over a contract for one version. Obstacles are collected; the document is of use when there is none."""

    def __init__(self, version: SpecVersion, *, own: bool) -> None:
        self.version = version
        self.own = own
        """Whether the contract was read in this version: then its oddities may be written as they came."""
        self.obstacles: list[str] = []
        self.v4 = version == "4.0"
        self.v3 = version == "3.0.0"
        self.v2 = not (self.v4 or self.v3)

    def contract(self, contract: Contract) -> dict[str, Any]:
        document: dict[str, Any] = self._known(contract.extra, frozenset({"messages", "interactions"}))
        for role, name in (("consumer", contract.consumer), ("provider", contract.provider)):
            others = contract.extra.get(role)
            document[role] = {"name": name, **(others if isinstance(others, dict) else {})}
        plain: list[Any] = []
        messages: list[Any] = []
        for interaction in contract.interactions:
            written = self._interaction(interaction)
            (messages if isinstance(interaction, AsyncMessage) and not self.v4 else plain).append(written)
        if messages and plain and not (self.own and self.v3):
            self.obstacles.append(f"version {self.version} has no file of both HTTP interactions and messages")
        if messages and self.v2:
            self.obstacles.append(f"version {self.version} has no messages")
        if messages:
            document["messages"] = messages
        if plain or not messages:
            document["interactions"] = plain
        metadata = dict(contract.metadata)
        stated_version = detect_version(metadata)
        # A version that nobody knows stays as it was stated: such a file is read as one of version 2.
        unknown = stated_version is None and self.own and self.version == "2.0.0"
        if "pactSpecification" not in metadata or (stated_version != self.version and not unknown):
            stated = metadata.get("pactSpecification")
            others = stated if isinstance(stated, dict) else {}
            metadata["pactSpecification"] = {**others, "version": self.version}
        document["metadata"] = metadata
        return document

    def _interaction(self, interaction: Interaction) -> dict[str, Any]:
        written: dict[str, Any] = self._known(interaction.extra, _INTERACTION_MEMBERS)
        if self.v4:
            kind = SYNC if isinstance(interaction, SyncMessage) else HTTP
            written["type"] = ASYNC if isinstance(interaction, AsyncMessage) else kind
        written["description"] = interaction.description
        written |= self._states(interaction)
        if self.v4:
            written |= _v4_members(interaction)
        else:
            self._check_older(interaction)
        where = f'"{interaction.description}"'
        if isinstance(interaction, HttpInteraction):
            written["request"] = self._request(interaction.request, where)
            written["response"] = self._response(interaction.response, where)
        elif isinstance(interaction, AsyncMessage):
            for member, value in self._contents(interaction.contents, where).items():
                written[member] = self._merged(value, written[member]) if member in written else value
        else:
            written["request"] = self._contents(interaction.request, where)
            written["response"] = [self._contents(response, where) for response in interaction.responses]
        return written

    def _check_older(self, interaction: Interaction) -> None:
        where = f'"{interaction.description}"'
        if isinstance(interaction, SyncMessage):
            self.obstacles.append(f"{where} is a synchronous message")
        if interaction.pending:
            self.obstacles.append(f"{where} is pending, and would no longer be")
        if interaction.plugin_configuration:
            self.obstacles.append(f"{where} needs a plugin: {', '.join(interaction.plugin_configuration)}")
        if interaction.transport not in (None, "http", "https"):
            self.obstacles.append(f"{where} names the transport {interaction.transport}")

    def _known(self, extra: Mapping[str, Any], meaningful: frozenset[str]) -> dict[str, Any]:
        # What an older version ignored must not come to mean something in a newer one.
        if self.own:
            return dict(extra)
        return {member: value for member, value in extra.items() if member not in meaningful}

    def _states(self, interaction: Interaction) -> dict[str, Any]:
        states = interaction.states
        if not states:
            return {}
        if self.v2:
            first = states[0]
            if len(states) == 1 and first.name and not first.params and not first.extra:
                return {"providerState": first.name}
            if not self.own:
                reason = "several provider states" if len(states) > 1 else "a provider state with parameters"
                self.obstacles.append(f'"{interaction.description}" has {reason}')
        return {"providerStates": [_state(state) for state in states]}

    def _request(self, request: HttpRequest, where: str) -> dict[str, Any]:
        written: dict[str, Any] = self._known(request.extra, _OVERRIDDEN)
        written |= {"method": request.method, "path": request.path}
        if request.query is not None:
            written["query"] = self._query(request.query, where)
        self._add_headers(written, request.headers)
        self._add_body(written, "body", request.body, content_types.in_headers(request.headers), where)
        self._add_rules(written, request, f"{where}, request")
        return written

    def _response(self, response: HttpResponse, where: str) -> dict[str, Any]:
        written: dict[str, Any] = self._known(response.extra, _OVERRIDDEN)
        written["status"] = response.status
        self._add_headers(written, response.headers)
        self._add_body(written, "body", response.body, content_types.in_headers(response.headers), where)
        self._add_rules(written, response, f"{where}, response")
        return written

    def _contents(self, contents: MessageContents, where: str) -> dict[str, Any]:
        written: dict[str, Any] = self._known(contents.extra, _OVERRIDDEN)
        self._add_body(written, "contents", contents.body, content_types.in_metadata(contents.metadata), where)
        if contents.metadata:
            written["metadata"] = dict(contents.metadata)
        self._add_rules(written, contents, where)
        return written

    def _query(self, query: Query, where: str) -> Any:
        if self.v2:
            text = http_text.render_query(query)
            if http_text.parse_query(text) != query:
                self.obstacles.append(f"{where} has a query parameter without any value")
            return text
        return {name: list(values) for name, values in query.items()}

    def _add_headers(self, written: dict[str, Any], headers: Headers | None) -> None:
        if headers is None:
            return
        if self.v4:
            written["headers"] = {name: list(values) for name, values in headers.items()}
            return
        written["headers"] = {}
        for name, values in headers.items():
            joined = ", ".join(values)
            # Read back, the text must give these values; where it wouldn't, an array is read in every version too.
            split = http_text.split_header(name, joined)
            written["headers"][name] = joined if split == values else list(values)

    def _add_body(
        self, written: dict[str, Any], member: str, body: Body, stated: content_types.ContentType | None, where: str
    ) -> None:
        if self.v4:
            value = bodies.write_v4(body, stated)
        else:
            value = bodies.write_plain(body, stated)
            self._check_plain_body(value, body, stated, where)
        if value is not bodies.ABSENT:
            written[member] = value

    def _check_plain_body(self, value: Any, body: Body, stated: content_types.ContentType | None, where: str) -> None:
        if body.state == "missing":
            return
        read_back = bodies.read_plain(value, stated)
        if read_back.content != body.content:
            self.obstacles.append(f"{where} has a body that version {self.version} cannot express")
        elif body.content_type is not None:
            kind = content_types.of_body(body, stated)
            if kind != content_types.of_body(read_back, stated):
                self.obstacles.append(f"{where} has a body of {kind} that no header says the type of")

    def _add_rules(
        self, written: dict[str, Any], part: HttpRequest | HttpResponse | MessageContents, where: str
    ) -> None:
        if part.rules:
            written["matchingRules"] = self._merged(self._rules(part, where), part.extra.get("matchingRules"))
        if part.generators:
            if self.v2 and not self.own:
                self.obstacles.append(f"{where} has generators, and version {self.version} has none")
            written["generators"] = self._merged(rules.write_generators(part.generators), part.extra.get("generators"))

    def _rules(self, part: HttpRequest | HttpResponse | MessageContents, where: str) -> dict[str, Any]:
        if not self.v2:
            return rules.write_by_category(part.rules)
        try:
            flat = rules.write_flat(part.rules)
        except rules.RuleInvalid as problem:
            if not self.own:
                self.obstacles.append(f"{where}: {problem}")
            return rules.write_by_category(part.rules)
        if self.own and rules.read_rules(flat, "", Notes())[0] != part.rules:
            return rules.write_by_category(part.rules)
        return flat

    def _merged(self, written: Any, ignored: Any) -> Any:
        """What is meant, and beside it what was found in the same place and means nothing, if both fit."""
        if not self.own or not isinstance(written, dict) or not isinstance(ignored, dict):
            return written
        if any(key.startswith("$") for key in written):
            return written
        out = dict(written)
        for key, value in ignored.items():
            if key not in out:
                out[key] = value
            elif isinstance(out[key], dict) and isinstance(value, dict) and "matchers" not in out[key]:
                out[key] = {**value, **out[key]}
        return out


_INTERACTION_MEMBERS: Final = V4_MEMBERS | {"contents", "metadata", "metaData", "matchingRules", "generators"}
_OVERRIDDEN: Final = frozenset({"query", "matchingRules", "generators"})


def _state(state: ProviderState) -> dict[str, Any]:
    written: dict[str, Any] = {"name": state.name}
    if state.params:
        written["params"] = dict(state.params)
    return {**written, **state.extra}


def _v4_members(interaction: Interaction) -> dict[str, Any]:
    written: dict[str, Any] = {"pending": interaction.pending}
    for member, value in (
        ("key", interaction.key),
        ("comments", interaction.comments or None),
        ("pluginConfiguration", interaction.plugin_configuration or None),
        ("interactionMarkup", interaction.markup or None),
        ("transport", interaction.transport),
    ):
        if value is not None:
            written[member] = dict(value) if isinstance(value, Mapping) else value
    return written
