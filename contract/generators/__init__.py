"""Values made when an interaction is used: for the mock server's answers and for the verifier's requests.

Pure functions: the same contract, context, random source and time give the same result. What cannot be made stays as
the example has it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import TypeVar

from tallystick.contract import content_types
from tallystick.contract.generators import bodies, kinds
from tallystick.contract.generators.errors import CannotGenerate
from tallystick.contract.generators.kinds import Mode, Source
from tallystick.contract.model import Generator, HttpRequest, HttpResponse, Json, MessageContents

__all__ = [
    "CannotGenerate",
    "Mode",
    "Source",
    "generate_message",
    "generate_request",
    "generate_response",
    "is_random",
]


def generate_request(
    request: HttpRequest, mode: Mode, context: Mapping[str, Json], rng: Random, now: datetime
) -> HttpRequest:
    """The request to send: path, query, headers and body with their generators applied."""
    if not request.generators:
        return request
    source = Source(mode, rng, now, context)
    of = request.generators
    return replace(
        request,
        path=_first(of.get("path"), request.path, source),
        headers=_many(request.headers, of.get("header"), source, ignore_case=True),
        query=_many(request.query, of.get("query"), source, ignore_case=False),
        body=bodies.generate(
            request.body,
            content_types.in_headers(request.headers),
            of.get("body", {}),
            request.rules.get("body", {}),
            source,
        ),
    )


def generate_response(
    response: HttpResponse, mode: Mode, context: Mapping[str, Json], rng: Random, now: datetime
) -> HttpResponse:
    """The response to give: status, headers and body with their generators applied."""
    if not response.generators and not response.rules:
        return response
    source = Source(mode, rng, now, context)
    of = response.generators
    return replace(
        response,
        status=_status(response.status, of.get("status"), source),
        headers=_many(response.headers, of.get("header"), source, ignore_case=True),
        body=bodies.generate(
            response.body,
            content_types.in_headers(response.headers),
            of.get("body", {}),
            response.rules.get("body", {}),
            source,
        ),
    )


def generate_message(
    contents: MessageContents, mode: Mode, context: Mapping[str, Json], rng: Random, now: datetime
) -> MessageContents:
    """The message to hand over: metadata and contents with their generators applied."""
    if not contents.generators and not contents.rules:
        return contents
    source = Source(mode, rng, now, context)
    metadata = dict(contents.metadata)
    for name, generator in contents.generators.get("metadata", {}).items():
        if kinds.active(generator, mode):
            try:
                metadata[name] = kinds.value(generator, metadata.get(name), source)
            except CannotGenerate:
                continue
    return replace(
        contents,
        metadata=metadata,
        body=bodies.generate(
            contents.body,
            content_types.in_metadata(contents.metadata),
            contents.generators.get("body", {}),
            contents.rules.get("body", {}),
            source,
        ),
    )


def is_random(generator: Generator) -> bool:
    """Whether two runs may differ for reasons other than the context: such interactions are never replayed as one."""
    return generator.name not in ("ProviderState", "MockServerURL")


def _first(generators: Mapping[str, Generator] | None, example: str, source: Source) -> str:
    for generator in (generators or {}).values():
        try:
            return kinds.text(generator, example, source)
        except CannotGenerate:
            continue
    return example


def _status(status: int, generators: Mapping[str, Generator] | None, source: Source) -> int:
    for generator in (generators or {}).values():
        if generator.name in ("RandomInt", "ProviderState"):
            try:
                made = kinds.value(generator, status, source)
            except CannotGenerate:
                continue
            text = str(made)
            if len(text) == 3 and text.isascii() and text.isdecimal():
                return int(text)
    return status


_Value = TypeVar("_Value", bound="str | None")


def _many(
    values: Mapping[str, tuple[_Value, ...]] | None,
    generators: Mapping[str, Generator] | None,
    source: Source,
    *,
    ignore_case: bool,
) -> Mapping[str, tuple[_Value | str, ...]] | None:
    """Headers get one value in place of all, query parameters one for each; both are added when absent."""
    if not generators:
        return values
    made: dict[str, tuple[_Value | str, ...]] = dict(values or {})
    for key, generator in generators.items():
        name = _written(made, key) if ignore_case else key
        examples = [example if isinstance(example, str) else "" for example in made.get(name) or ("",)]
        try:
            texts = tuple(kinds.text(generator, text, source) for text in (examples[:1] if ignore_case else examples))
        except CannotGenerate:
            continue
        made[name] = texts
    return made


def _written(values: Mapping[str, object], name: str) -> str:
    return next((known for known in values if known.lower() == name.lower()), name)
