"""Which operation an interaction is about: `GET /orders/{id}`, or the topic of a message.

Path values are generalised, so that the same operation reads the same whoever calls it for whichever order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from tallystick.contract.model import AsyncMessage, HttpInteraction, HttpRequest, Interaction, MessageContents

if TYPE_CHECKING:
    from tallystick.contract.templates import Templates

_PARAMETER: Final = re.compile(r"\{[^{}]*\}")
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_UUID_CHARACTERS: Final = 36
_TOPICS: Final = ("topic", "kafka_topic", "queue", "channel", "destination", "routingkey", "routing_key", "subject")


def operation_of(interaction: Interaction, templates: Sequence[str] = ()) -> tuple[str, str]:
    """Method and path template; for a message "" and its topic, else its description."""
    if isinstance(interaction, HttpInteraction):
        return interaction.request.method.upper(), template_of(interaction.request, templates)
    contents = interaction.contents if isinstance(interaction, AsyncMessage) else interaction.request
    return "", _topic(contents, interaction.description)


def same_operation(one: str, other: str) -> bool:
    """Whether two operations differ at most in the names of their path parameters and in the case of the method."""
    return normal_operation(one) == normal_operation(other)


def normal_operation(operation: str) -> str:
    """An operation to compare by: method in capitals, `{}` for every parameter, no slash at the end."""
    method, space, path = operation.strip().partition(" ")
    if not space:
        return operation.strip()
    return f"{method.upper()} {_PARAMETER.sub('{}', path.strip()).rstrip('/') or '/'}"


def template_of(request: HttpRequest, templates: Sequence[str] = ()) -> str:
    """The path with its values generalised: by a known template, else by rule or generator, else digits and UUIDs."""
    known = best_template(request.path, templates) if templates else None
    if known is not None:
        return known
    segments = request.path.split("/")
    varying = _varying_by_rule(request, segments)
    if varying is None or not any(varying):
        varying = [_is_value(segment) for segment in segments]
    names = (f"{{id{count if count > 1 else ''}}}" for count in range(1, len(segments) + 1))
    return "/".join(next(names) if varies else segment for varies, segment in zip(varying, segments, strict=True))


def best_template(path: str, templates: Iterable[str]) -> str | None:
    """The template that the path fits, the most literal first; None when none fits."""
    found = _index(tuple(templates)).find(path.rstrip("/") or "/")
    return found[0] if found else None


@lru_cache(maxsize=16)
def _index(templates: tuple[str, ...]) -> Templates[str]:
    from tallystick.contract.templates import Templates

    index: Templates[str] = Templates()
    for template in templates:
        index.add(template.rstrip("/") or "/", template)
    return index


def _is_value(segment: str) -> bool:
    if segment.isascii() and segment.isdecimal():
        return True
    return len(segment) == _UUID_CHARACTERS and _UUID.fullmatch(segment) is not None


def _varying_by_rule(request: HttpRequest, segments: Sequence[str]) -> list[bool] | None:
    """Which segments a regex on the path, or a provider-state expression for it, leaves open."""
    for rule in request.rules.get("path", {}).values():
        for matcher in rule.matchers:
            pattern = matcher.config.get("regex")
            if matcher.name == "regex" and isinstance(pattern, str):
                parts = pattern.removeprefix("^").removesuffix("$").replace("\\/", "/").split("/")
                if len(parts) == len(segments):
                    return [
                        re.sub(r"\\([^\w])", r"\1", part) != segment
                        for part, segment in zip(parts, segments, strict=True)
                    ]
    for generator in request.generators.get("path", {}).values():
        expression = generator.config.get("expression")
        if generator.name == "ProviderState" and isinstance(expression, str):
            parts = expression.split("/")
            if len(parts) == len(segments):
                return ["${" in part for part in parts]
    return None


def _topic(contents: MessageContents, description: str) -> str:
    lowered = {name.lower(): value for name, value in contents.metadata.items()}
    return next((str(lowered[name]) for name in _TOPICS if isinstance(lowered.get(name), str)), description)
