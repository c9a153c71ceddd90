"""Messages: handlers are given what the contract promises, senders are held to what it says."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tallystick.client_sdk import content as contents_of
from tallystick.client_sdk.failures import MessageNotKept, mismatch_lines, named
from tallystick.client_sdk.interactions import MessageReady
from tallystick.contract import model

if TYPE_CHECKING:
    from tallystick.client_sdk.consumer import ConsumerContract


@dataclass(frozen=True, slots=True)
class Message:
    """A message as a handler gets it."""

    description: str
    content: bytes
    metadata: Mapping[str, Any]
    content_type: str | None = None

    def json(self) -> Any:
        """The contents read as JSON, with Python's own numbers."""
        import json

        return json.loads(self.content)

    def text(self) -> str:
        """The contents as UTF-8 text."""
        return self.content.decode()

    def headers(self) -> list[tuple[str, bytes]]:
        """The metadata as Kafka clients hand it over: pairs of name and bytes, the content type among them."""
        import json

        return [
            (name, value.encode() if isinstance(value, str) else json.dumps(value, default=str).encode())
            for name, value in self.metadata.items()
        ]


class Delivery:
    """The described messages, inside their block. Iterate over them, or take the only one with `message`."""

    def __init__(self, contract: ConsumerContract, ready: Sequence[MessageReady]) -> None:
        self._contract = contract
        self._ready = ready
        self._messages: list[Message] = []
        self._handed_out: set[int] = set()

    @property
    def message(self) -> Message:
        """The message, when one was described."""
        if len(self._messages) != 1:
            raise ValueError(f"{len(self._messages)} messages were described; iterate over them")
        self._handed_out.add(0)
        return self._messages[0]

    def __iter__(self) -> Iterator[Message]:
        for index, message in enumerate(self._messages):
            self._handed_out.add(index)
            yield message

    def __len__(self) -> int:
        return len(self._messages)

    def __enter__(self) -> Delivery:
        self._messages = [_message(one.interaction.description, one.served[0]) for one in self._ready]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if raised is not None:
            return
        for index, one in enumerate(self._ready):
            if index not in self._handed_out:
                raise MessageNotKept(
                    f"no handler was given {named(one.interaction)}: take it from the block with .message, "
                    "or iterate over the block's messages"
                )
        for one in self._ready:
            self._contract.record([one.interaction], one.origin)

    async def __aenter__(self) -> Delivery:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self.__exit__(kind, raised, traceback)


class Exchanges:
    """The described exchanges, inside their block: `send` what your code sends and get the answer."""

    def __init__(self, contract: ConsumerContract, ready: Sequence[MessageReady]) -> None:
        self._contract = contract
        self._ready = ready
        self._sent: set[int] = set()

    def send(self, body: Any, *, metadata: Mapping[str, Any] | None = None) -> list[Message]:
        """The messages that answer this one. Raises `MessageNotKept` when it is none of the described ones."""
        __tracebackhide__ = True
        from tallystick.contract.matching import match_request

        said = contents_of.said(body, None, place="message")
        reports = []
        for index, one in enumerate(self._ready):
            interaction = one.interaction
            assert isinstance(interaction, model.SyncMessage)
            expected = interaction.request
            # A message that our own code sends is held to the letter, as requests are: nothing more than described.
            outcome = match_request(
                model.HttpRequest("POST", "/", None, _type_header(expected.body), expected.body, _body_rules(expected)),
                model.ActualRequest("POST", "/", None, tuple(_lines(_type_header(said.body))), said.body.content),
            )
            missing = _metadata_mismatches(expected, metadata or {})
            if outcome.ok and not missing:
                self._sent.add(index)
                return [_message(interaction.description, served) for served in one.served]
            lines = [line for m in outcome.mismatches for line in mismatch_lines(m)] + missing
            reports.append(f"{named(interaction)}:\n" + "\n".join(f"    {line}" for line in lines))
        raise MessageNotKept(
            f"{self._contract.consumer} sent {self._contract.provider} a message that the contract does not have:\n\n"
            f"    {said.body.content[:1000].decode('utf-8', 'replace')}\n\n" + "\n\n".join(reports)
        )

    def __enter__(self) -> Exchanges:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        if raised is not None:
            return
        for index, one in enumerate(self._ready):
            if index not in self._sent:
                raise MessageNotKept(f"{self._contract.consumer} never sent the request of {named(one.interaction)}")
        for one in self._ready:
            self._contract.record([one.interaction], one.origin)

    async def __aenter__(self) -> Exchanges:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, traceback: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        self.__exit__(kind, raised, traceback)


def _message(description: str, contents: model.MessageContents) -> Message:
    if contents.generators:
        from datetime import datetime

        from tallystick.contract.generators import generate_message

        contents = generate_message(contents, "consumer", {}, random.Random(), now=datetime.now().astimezone())
    return Message(description, contents.body.content, dict(contents.metadata), contents.body.content_type)


def _type_header(body: model.Body) -> dict[str, tuple[str, ...]] | None:
    return {"Content-Type": (body.content_type,)} if body.content_type else None


def _lines(headers: Mapping[str, tuple[str, ...]] | None) -> list[tuple[str, str]]:
    return [(name, value) for name, values in (headers or {}).items() for value in values]


def _body_rules(contents: model.MessageContents) -> dict[str, Mapping[str, model.Rule]]:
    return {"body": contents.rules["body"]} if "body" in contents.rules else {}


def _metadata_mismatches(expected: model.MessageContents, metadata: Mapping[str, Any]) -> list[str]:
    from tallystick.contract.matching import match_message

    stated = {name: value for name, value in expected.metadata.items() if name.lower() != "contenttype"}
    outcome = match_message(
        replace(expected, body=model.MISSING, metadata=stated), model.ActualMessage(b"", dict(metadata))
    )
    return [line for m in outcome.mismatches if m.part == "metadata" for line in mismatch_lines(m)]
