"""The fluent description of interactions, and what becomes of it: values of the contract model."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

from tallystick.client_sdk import content, templates
from tallystick.client_sdk.content import Content
from tallystick.client_sdk.matchers import Matcher, MatcherMisuse, Template
from tallystick.contract import model

_PLAIN_PATH: Final = re.compile(r"[A-Za-z0-9/_.-]+")

Body: TypeAlias = "Template | bytes | Content"
Words: TypeAlias = "Mapping[str, str | int | float | bool | Matcher[Any] | Sequence[str | int | float]]"


class InteractionIncomplete(ValueError):
    """An interaction lacks a part; the message says which call is missing."""


@dataclass(frozen=True, slots=True)
class HttpReady:
    """An HTTP interaction as the contract holds it, and the response that the mock gives (with optional fields)."""

    interaction: model.HttpInteraction
    served: model.HttpResponse
    origin: str = ""
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MessageReady:
    """A message interaction, and the contents that are handed to the handler (with optional fields)."""

    interaction: model.AsyncMessage | model.SyncMessage
    served: tuple[model.MessageContents, ...]
    origin: str = ""


class _Draft:
    def __init__(self, description: str, origin: str) -> None:
        if not isinstance(description, str) or not description.strip():
            raise InteractionIncomplete("an interaction needs a description, by which people will know it")
        self.description = description
        self.origin = origin
        self._states: list[model.ProviderState] = []
        self._comments: list[str] = []
        self._pending = False
        self._key: str | None = None

    def given(self, state: str, parameters: Mapping[str, model.Json] | None = None, /, **more: model.Json) -> Self:
        """What must be true at the provider: `given("an order exists", id=7)`. May be repeated."""
        said = templates.expand({**(parameters or {}), **more}, place=f'parameters of the state "{state}",')
        if said.rules or said.optional:
            raise MatcherMisuse(f'the state "{state}" has a matcher in its parameters; they are plain values')
        self._states.append(model.ProviderState(state, said.example))
        return self

    def pending(self) -> Self:
        """The provider's build does not fail for this interaction yet (specification 4)."""
        self._pending = True
        return self

    def with_comment(self, text: str) -> Self:
        """A remark that travels with the interaction (specification 4)."""
        self._comments.append(text)
        return self

    def with_key(self, key: str) -> Self:
        """A name by which the interaction stays the same when its description changes (specification 4)."""
        self._key = key
        return self

    def _common(self) -> dict[str, Any]:
        return {
            "description": self.description,
            "states": tuple(self._states),
            "pending": self._pending,
            "comments": {"text": list(self._comments)} if self._comments else {},
            "key": self._key,
        }


class HttpDraft(_Draft):
    """A request and its response, as they are being described."""

    def __init__(self, description: str, origin: str) -> None:
        super().__init__(description, origin)
        self._request: model.HttpRequest | None = None
        self._response: model.HttpResponse | None = None
        self._served: model.HttpResponse | None = None
        self._optional: tuple[str, ...] = ()

    def with_request(
        self,
        method: str,
        path: str | Matcher[str],
        *,
        query: Words | None = None,
        headers: Words | None = None,
        body: Body = None,
    ) -> Self:
        """What your code must send, strictly: no other query parameter, no other body field. Other headers are free."""
        rules: dict[str, dict[str, model.Rule]] = {}
        generators: dict[str, dict[str, model.Generator]] = {}
        example, rule, generator = templates.scalar_text(path, place="path")
        if not example.startswith("/"):
            raise MatcherMisuse(f"path {example!r} must begin with a slash, without the server's address")
        if "?" in example:
            raise MatcherMisuse(f"path {example!r} holds a query; say with_request(…, query={{…}}) instead")
        if rule is None and not _PLAIN_PATH.fullmatch(example):
            from urllib.parse import quote

            example = quote(example, safe="/%:@!$&'()*+,;=~-._")
        if rule is not None:
            rules["path"] = {"": rule}
        if generator is not None:
            generators["path"] = {"": generator}
        asked = _named(query, "query", rules, generators)
        sent = _named(headers, "header", rules, generators)
        said = content.said(body, _media_type(sent), place="request body")
        if said.optional:
            raise MatcherMisuse(
                f"optional() at {said.optional[0]} of a request: the request is what your code sends, nothing in it "
                "is optional; describe two interactions if it sends both"
            )
        _body(said, rules, generators)
        self._request = model.HttpRequest(
            method.upper(),
            example,
            asked,
            _with_type(sent, said),
            said.body,
            rules,
            generators,
        )
        return self

    def will_respond_with(
        self, status: int | Matcher[int] = 200, *, headers: Words | None = None, body: Body = None
    ) -> Self:
        """What the provider must answer, and what the mock does answer."""
        rules: dict[str, dict[str, model.Rule]] = {}
        generators: dict[str, dict[str, model.Generator]] = {}
        code = status
        if isinstance(status, Matcher):
            rules["status"] = {"": model.Rule(status.rules, status.combine)}
            code = status.example
        if not isinstance(code, int) or isinstance(code, bool) or not 100 <= code <= 599:
            raise MatcherMisuse(f"status {code!r} is not an HTTP status")
        sent = _named(headers, "header", rules, generators)
        said = content.said(body, _media_type(sent), place="response body")
        _body(said, rules, generators)
        all_headers = _with_type(sent, said)
        self._response = model.HttpResponse(code, all_headers, said.body, rules, generators)
        self._served = model.HttpResponse(code, all_headers, said.served, rules, generators)
        self._optional = said.optional
        return self

    def ready(self) -> HttpReady:
        """The interaction as values; raises `InteractionIncomplete` when a part is missing."""
        if self._request is None:
            raise InteractionIncomplete(
                f'the interaction "{self.description}" has no request: add .with_request("GET", "/…")'
            )
        if self._response is None or self._served is None:
            raise InteractionIncomplete(
                f'the interaction "{self.description}" has no response: add .will_respond_with(200, body=…)'
            )
        interaction = model.HttpInteraction(**self._common(), request=self._request, response=self._response)
        return HttpReady(interaction, self._served, self.origin, self._optional)


class MessageDraft(_Draft):
    """A message that your code handles, as it is being described."""

    def __init__(self, description: str, origin: str) -> None:
        super().__init__(description, origin)
        self._contents: model.MessageContents | None = None
        self._served: model.MessageContents | None = None

    def with_contents(self, body: Body, *, metadata: Mapping[str, Template] | None = None) -> Self:
        """What the message holds, and its metadata: topic, key, headers, content type."""
        self._contents, self._served = _contents(body, metadata, "message")
        return self

    def ready(self) -> MessageReady:
        """The message as values; raises `InteractionIncomplete` when it has no contents."""
        if self._contents is None or self._served is None:
            raise InteractionIncomplete(f'the message "{self.description}" has no contents: add .with_contents(…)')
        return MessageReady(model.AsyncMessage(**self._common(), contents=self._contents), (self._served,), self.origin)


class ExchangeDraft(_Draft):
    """A message that your code sends and the messages that answer it, as they are being described."""

    def __init__(self, description: str, origin: str) -> None:
        super().__init__(description, origin)
        self._request: model.MessageContents | None = None
        self._responses: list[tuple[model.MessageContents, model.MessageContents]] = []

    def with_request(self, body: Body, *, metadata: Mapping[str, Template] | None = None) -> Self:
        """The message that your code must send."""
        self._request, _ = _contents(body, metadata, "request message")
        return self

    def will_respond_with(self, body: Body, *, metadata: Mapping[str, Template] | None = None) -> Self:
        """A message of the answer; repeat it for several."""
        self._responses.append(_contents(body, metadata, "response message"))
        return self

    def ready(self) -> MessageReady:
        """The exchange as values; raises `InteractionIncomplete` when a part is missing."""
        if self._request is None:
            raise InteractionIncomplete(f'the exchange "{self.description}" has no request: add .with_request(…)')
        if not self._responses:
            raise InteractionIncomplete(f'the exchange "{self.description}" has no answer: add .will_respond_with(…)')
        interaction = model.SyncMessage(
            **self._common(), request=self._request, responses=tuple(expected for expected, _ in self._responses)
        )
        return MessageReady(interaction, tuple(served for _, served in self._responses), self.origin)


Draft: TypeAlias = "HttpDraft | MessageDraft | ExchangeDraft"


def _named(
    named: Words | None,
    category: str,
    rules: dict[str, dict[str, model.Rule]],
    generators: dict[str, dict[str, model.Generator]],
) -> dict[str, tuple[str, ...]] | None:
    if named is None:
        return None
    out = templates.texts(named, place=category)
    if out.rules:
        rules[category] = out.rules
    if out.generators:
        generators[category] = out.generators
    return out.values or None


def _media_type(headers: Mapping[str, tuple[str, ...]] | None) -> str | None:
    for name, values in (headers or {}).items():
        if name.lower() == "content-type" and values:
            return values[0]
    return None


def _with_type(headers: dict[str, tuple[str, ...]] | None, said: content.Said) -> dict[str, tuple[str, ...]] | None:
    if said.media_type is None or _media_type(headers) is not None:
        return headers
    return {**(headers or {}), "Content-Type": (said.media_type,)}


def _body(
    said: content.Said, rules: dict[str, dict[str, model.Rule]], generators: dict[str, dict[str, model.Generator]]
) -> None:
    if said.rules:
        rules["body"] = dict(said.rules)
    if said.generators:
        generators["body"] = dict(said.generators)


def _contents(
    body: Body, metadata: Mapping[str, Template] | None, place: str
) -> tuple[model.MessageContents, model.MessageContents]:
    rules: dict[str, dict[str, model.Rule]] = {}
    generators: dict[str, dict[str, model.Generator]] = {}
    meta = templates.expand(dict(metadata or {}), place=f"{place} metadata")
    if meta.rules:
        rules["metadata"] = {path.removeprefix("$."): rule for path, rule in meta.rules.items()}
    if meta.generators:
        generators["metadata"] = {path.removeprefix("$."): made for path, made in meta.generators.items()}
    values: dict[str, model.Json] = dict(meta.example)
    stated = next((v for k, v in values.items() if k.lower() in ("contenttype", "content-type")), None)
    said = content.said(body, stated if isinstance(stated, str) else None, place=place)
    if said.media_type is not None and stated is None:
        values["contentType"] = said.media_type
    _body(said, rules, generators)
    expected = model.MessageContents(said.body, values, rules, generators)
    served = model.MessageContents(said.served, values, rules, generators)
    return expected, served
