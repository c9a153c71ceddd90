"""Is a message allowed by an AsyncAPI 3 description? The operation is named in the interaction's comments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.contract.openapi import exchanges
from tallystick.contract.openapi.exchanges import ABSENT, Exchange
from tallystick.contract.openapi.findings import Finding
from tallystick.contract.openapi.schema import BudgetExceeded, Validator, pointed


class MessageComparison:
    """Compares message interactions with one description, or says that there is none."""

    def __init__(self, document: Mapping[str, Any] | None) -> None:
        self._document = document or {}
        self._is_there = document is not None
        self._received = Validator(self._document, "response")
        self._sent = Validator(self._document, "request")

    def compare(self, exchange: Exchange) -> Iterator[Finding]:
        if not self._is_there:
            yield _finding(
                exchange, "message.spec.missing", "There is no AsyncAPI description to compare with", "", "[root]"
            )
            return
        at = ".comments.references.AsyncAPI"
        name = _operation_name(exchange.written)
        if name is None:
            yield _finding(
                exchange,
                "message.references.missing",
                "The interaction does not name its AsyncAPI operation",
                at,
                "[root]",
            )
            return
        operation = _map(self._document, "operations").get(name)
        if not isinstance(operation, Mapping):
            yield _finding(
                exchange,
                "message.operation.unknown",
                f"The description has no operation {name}",
                at,
                "[root].operations",
            )
            return
        spec = f"[root].operations.{name}"
        if exchange.kind == "async":
            yield from self._part(exchange, exchange.written, "", self._messages(operation, spec), self._received)
            return
        asked = list(self._part(exchange, exchange.request, ".request", self._messages(operation, spec), self._sent))
        yield from asked
        if any(one.code == "message.no.match" for one in asked):
            return
        answers = exchange.written.get("response")
        answers = answers if isinstance(answers, list) else []
        reply = operation.get("reply")
        if not isinstance(reply, Mapping):
            yield _finding(exchange, "message.reply.missing", f'The operation "{name}" has no reply', at, spec)
            return
        for index, one in enumerate(answers):
            if isinstance(one, Mapping):
                messages = self._messages(reply, f"{spec}.reply")
                yield from self._part(exchange, one, f".response[{index}]", messages, self._received)

    def _messages(self, operation: Mapping[str, Any], spec: str) -> tuple[str, list[tuple[str, Mapping[str, Any]]]]:
        """Where the messages of an operation are listed, and each with its own place; else all of its channel."""
        listed = operation.get("messages")
        found: list[tuple[str, Mapping[str, Any]]] = []
        if isinstance(listed, list):
            for index, one in enumerate(listed):
                found.extend(self._followed(one, f"{spec}.messages[{index}]"))
        else:
            for _, channel in self._followed(operation.get("channel"), spec):
                for name, one in _map(channel, "messages").items():
                    found.extend(self._followed(one, f"{spec}.channel.messages.{name}"))
        return f"{spec}.messages", found

    def _followed(self, written: Any, place: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
        seen: set[str] = set()
        while isinstance(written, Mapping) and isinstance(written.get("$ref"), str) and written["$ref"] not in seen:
            reference = written["$ref"]
            seen.add(reference)
            written, place = pointed(self._document, reference), "[root]" + reference.lstrip("#").replace("/", ".")
        if isinstance(written, Mapping) and "$ref" not in written:
            yield place, written

    def _part(
        self, exchange: Exchange, part: Mapping[str, Any], at: str,
        messages: tuple[str, list[tuple[str, Mapping[str, Any]]]], validator: Validator,
    ) -> Iterator[Finding]:  # fmt: skip
        """The first message that allows contents and metadata is the one meant."""
        spec, candidates = messages
        body = part.get("contents")
        content = exchanges.content_of(body) if isinstance(body, Mapping) else ABSENT
        for place, message in candidates:
            payload = message.get("payload")
            if self._allows(validator, payload, content) and self._allows(
                validator, message.get("headers"), part.get("metadata", ABSENT)
            ):
                if not isinstance(payload, Mapping | bool) and content is not ABSENT:
                    yield _finding(
                        exchange, "message.payload.unknown", "The description has no schema for the payload",
                        f"{at}.contents.content", place,
                    )  # fmt: skip
                yield _finding(exchange, "message.matched", f"This is the message {place}", at, place)
                return
        yield _finding(
            exchange, "message.no.match", "No message of the operation allows contents and metadata", at, spec
        )

    def _allows(self, validator: Validator, schema: Any, value: Any) -> bool:
        if value is ABSENT or not isinstance(schema, Mapping | bool):
            return True
        if isinstance(schema, Mapping) and "schemaFormat" in schema:
            # A schema in a language of its own (Avro, protobuf) is not compared.
            return True
        try:
            return not validator.faults(schema, value)
        except BudgetExceeded:
            return True


def _operation_name(written: Mapping[str, Any]) -> str | None:
    references = _map(_map(_map(written, "comments"), "references"), "AsyncAPI")
    name = references.get("operationId")
    return name if isinstance(name, str) else None


def _finding(exchange: Exchange, code: str, message: str, at: str, spec: str) -> Finding:
    return Finding(code, message, exchange.location + at, spec, exchange.description)


def _map(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = written.get(name)
    return found if isinstance(found, Mapping) else {}
