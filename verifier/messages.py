"""Messages: asked for over HTTP as Pact does it, or made by Python functions, then compared with the contract."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias

from tallystick.contract import json_text
from tallystick.contract.model import (
    ActualMessage,
    ActualRequest,
    AsyncMessage,
    Interaction,
    Json,
    MessageContents,
    SyncMessage,
)
from tallystick.verifier.calling import CannotCall, Loop, call, run_alone, where
from tallystick.verifier.problems import Problem, ReplayFailed
from tallystick.verifier.results import Replayed
from tallystick.verifier.states import Send

if TYPE_CHECKING:
    from tallystick.contract.shape_seen import Seen

Producer: TypeAlias = Callable[..., Any]


class MessageSource(Protocol):
    """Makes the provider's messages. Raises ReplayFailed when it cannot."""

    def asynchronous(self, interaction: AsyncMessage, values: Mapping[str, Json]) -> ActualMessage: ...

    def replies(self, interaction: SyncMessage, values: Mapping[str, Json]) -> Sequence[ActualMessage]: ...


class ProducedMessage(NamedTuple):
    """What a producer may return to say more than contents: metadata and a content type.

    `contents` may be bytes, text, or any value that JSON can hold.
    """

    contents: Any
    metadata: Mapping[str, Any] = {}
    content_type: str | None = None


class MessageProducers:
    """Which function makes which message, by the description in the contract.

    @messages("an order was placed")
    def order_placed():
        return event_for(Order(...))        # the code that makes the real event
    """

    def __init__(self, producers: Mapping[str, Producer] | None = None):
        self.producers: dict[str, Producer] = dict(producers or {})

    def __call__(self, description: str) -> Callable[[Producer], Producer]:
        def register(function: Producer) -> Producer:
            if description in self.producers:
                first = where(self.producers[description])
                raise ValueError(f"message {description!r} has two producers: {first} and {where(function)}")
            self.producers[description] = function
            return function

        return register


def as_producers(value: object, name: str = "the message producers") -> MessageProducers:
    if isinstance(value, MessageProducers):
        return value
    if isinstance(value, Mapping) and all(isinstance(k, str) and callable(v) for k, v in value.items()):
        return MessageProducers(value)
    raise TypeError(f"{name} must be MessageProducers or a mapping from descriptions to functions, not {value!r:.80}")


def ask(
    interaction: Interaction, source: MessageSource | None, values: Mapping[str, Json], seen: Seen | None = None
) -> Replayed:
    """Have a message made and compare it. What fits is shown to `seen`."""
    from tallystick.contract import matching

    if source is None:
        raise ReplayFailed(
            Problem("message-missing", "nobody produces messages", "give --messages module:name or --message-url URL")
        )
    if isinstance(interaction, AsyncMessage):
        actual = source.asynchronous(interaction, values)
        outcome = matching.match_message(interaction.contents, actual)
        if outcome.ok:
            if seen is not None:
                seen.message(interaction, "message", interaction.contents.rules, actual)
            return Replayed()
        return Replayed(tuple(outcome.mismatches), tuple(outcome.undecided), received=actual)
    assert isinstance(interaction, SyncMessage)
    actuals = source.replies(interaction, values)
    expected = interaction.responses
    if len(actuals) != len(expected):
        raise ReplayFailed(Problem("message-failed", f"{len(expected)} replies were expected and {len(actuals)} came"))
    mismatches: list[Any] = []
    undecided: list[Any] = []
    for want, got in zip(expected, actuals, strict=True):
        outcome = matching.match_message(want, got)
        if outcome.ok and seen is not None:
            seen.message(interaction, "response message", want.rules, got)
        mismatches += outcome.mismatches
        undecided += outcome.undecided
    if not mismatches and not undecided:
        return Replayed()
    return Replayed(tuple(mismatches), tuple(undecided), received=actuals[0] if actuals else None)


# -- functions -------------------------------------------------------------------------------------------------------


class FunctionMessages:
    """Messages made by functions in this process."""

    def __init__(self, producers: MessageProducers, loop: Loop = run_alone):
        self._producers, self._loop = producers.producers, loop

    def asynchronous(self, interaction: AsyncMessage, values: Mapping[str, Json]) -> ActualMessage:
        return _message(self._produce(interaction, values, {}))

    def replies(self, interaction: SyncMessage, values: Mapping[str, Json]) -> Sequence[ActualMessage]:
        made = self._produce(interaction, values, {"request": _contents(interaction.request)})
        if isinstance(made, list) and len(interaction.responses) != 1:
            return [_message(one) for one in made]
        return [_message(made)]

    def _produce(
        self, interaction: AsyncMessage | SyncMessage, values: Mapping[str, Json], more: dict[str, Any]
    ) -> Any:
        function = self._producers.get(interaction.description)
        if function is None:
            raise ReplayFailed(_missing(interaction.description, self._producers))
        offered = {
            "description": interaction.description,
            "states": [s.name for s in interaction.states],
            "params": dict(values),
            **more,
        }
        try:
            return call(function, offered, values, self._loop)
        except CannotCall as cannot:
            why = str(cannot)
        except Exception as error:
            why = f"it raised {type(error).__name__}: {error}".splitlines()[0]
        raise ReplayFailed(
            Problem("message-failed", f"no message {interaction.description!r}: {why}", f"mend {where(function)}")
        )


def _missing(description: str, known: Mapping[str, Producer]) -> Problem:
    from tallystick.verifier.handlers import nearest

    near = nearest(description, known)
    words = "".join(c if c.isalnum() and c.isascii() else " " for c in description.lower()).split()
    code = f"@messages({description!r})\ndef {'_'.join(words) or 'message'}():\n    return ..."
    fix = f"did you mean {near!r}? Otherwise add:\n{code}" if near else f"add:\n{code}"
    return Problem("message-missing", f"nobody produces the message {description!r}", fix)


def _message(made: Any) -> ActualMessage:
    if isinstance(made, ActualMessage):
        return made
    if not isinstance(made, ProducedMessage):
        made = ProducedMessage(made)
    contents, content_type = made.contents, made.content_type
    if isinstance(contents, str):
        contents = contents.encode()
    elif contents is not None and not isinstance(contents, bytes):
        contents = json_text.dumps(contents)
        content_type = content_type or (None if _has_type(made.metadata) else "application/json")
    return ActualMessage(contents, dict(made.metadata), content_type)


def _has_type(metadata: Mapping[str, Any]) -> bool:
    return any(name.lower() in ("contenttype", "content-type") for name in metadata)


def _contents(contents: MessageContents) -> Any:
    """A request's contents as a producer wants them: JSON read, text as text, the rest as bytes."""
    body = contents.body
    if body.state != "present":
        return None
    if "json" in (body.content_type or "json"):
        try:
            return json_text.loads(body.content)
        except ValueError:
            pass
    try:
        return body.content.decode("utf-8")
    except UnicodeDecodeError:
        return body.content


# -- over HTTP -----------------------------------------------------------------------------------------------------


class HttpMessages:
    """POSTs a message's description to the provider, which answers with the message, as the Pact reference does."""

    def __init__(self, send: Send, target: str, headers: Sequence[tuple[str, str]], timeout_seconds: float):
        self._send, self._timeout = send, timeout_seconds
        path, found, query = target.partition("?")
        self._path, self._query = path, query if found else None
        self._headers = (("Content-Type", "application/json"), *(h for h in headers if h[0].lower() != "content-type"))

    def asynchronous(self, interaction: AsyncMessage, values: Mapping[str, Json]) -> ActualMessage:
        # The status is not looked at, as in the reference: what counts is the message.
        return self._ask(interaction, {})[1]

    def replies(self, interaction: SyncMessage, values: Mapping[str, Json]) -> Sequence[ActualMessage]:
        from tallystick.contract.model import Contract
        from tallystick.contract.writing import to_document

        one = Contract(consumer="c", provider="p", interactions=(interaction,), version="4.0")
        document: Any = to_document(one, "4.0")
        status, message = self._ask(interaction, {"request": document["interactions"][0]["request"]})
        if not 200 <= status < 300:
            raise ReplayFailed(Problem("unexpected-status", f"the provider answered {status} for the message"))
        return [message]

    def _ask(self, interaction: AsyncMessage | SyncMessage, more: dict[str, Any]) -> tuple[int, ActualMessage]:
        document: dict[str, Any] = {"description": interaction.description}
        if interaction.states:
            document["providerStates"] = [
                {"name": s.name, **({"params": dict(s.params)} if s.params else {})} for s in interaction.states
            ]
        content = json_text.dumps({**document, **more})
        answer = self._send(ActualRequest("POST", self._path, self._query, self._headers, content), self._timeout)
        kind = next((v for n, v in answer.headers if n.lower() == "content-type"), "")
        metadata: dict[str, Json] = {"contentType": kind}
        encoded = next((v for n, v in answer.headers if n.lower() == "pact-message-metadata"), None)
        if encoded is not None:
            metadata.update(_decoded(encoded))
        return answer.status, ActualMessage(answer.content, metadata, kind or None)


def _decoded(encoded: str) -> Mapping[str, Json]:
    from base64 import b64decode

    try:
        value = json_text.loads(b64decode(encoded, validate=True))
    except (ValueError, json.JSONDecodeError):
        return {}
    return value if isinstance(value, dict) else {}
