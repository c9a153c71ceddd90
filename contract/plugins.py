"""What other distributions add to the core by entry point, and what is missing.

    [project.entry-points."tallystick.content_types"]
    "application/protobuf" = "my_package.protobuf:HANDLER"

Matchers come the same way, see `contract.matching.matchers.ENTRY_POINTS`. A contract that needs what nobody added is
read, stored and compared with others all the same; checking it says which plugin is missing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Protocol

from tallystick.contract import content_types
from tallystick.contract.content_types import ContentType
from tallystick.contract.mismatch import Mismatch
from tallystick.contract.model import (
    AsyncMessage,
    Contract,
    HttpInteraction,
    Interaction,
    Rule,
)

CONTENT_TYPES: Final = "tallystick.content_types"
"""Entry point group: media type, `application/*+suffix` included, to an object like `ContentHandler`."""


class ContentHandler(Protocol):
    """Compares bodies of one content type, and yields what differs. Called for a body that is present on both sides.

    `rules` are those of the body by path expression; `configuration` is the interaction's for this plugin. What it
    raises is caught, and shown as a fault of the plugin.
    """

    def compare(
        self,
        expected: bytes,
        actual: bytes,
        rules: Mapping[str, Rule],
        *,
        allow_unexpected: bool,
        configuration: Mapping[str, Any],
    ) -> Iterator[Mismatch]: ...


@dataclass(frozen=True, slots=True)
class MissingPlugin:
    """A plugin that an interaction needs and nothing installed stands in for."""

    name: str
    version: str | None = None
    content_type: str | None = None

    def __str__(self) -> str:
        version = f" {self.version}" if self.version else ""
        kind = f" for {self.content_type}" if self.content_type else ""
        return (
            f'this needs the Pact plugin "{self.name}"{version}{kind}, and nothing installed handles it; '
            f"install a distribution with the entry point {CONTENT_TYPES}"
        )


def content_handler(content_type: ContentType) -> ContentHandler | None:
    """The installed handler of a content type, found by its name without parameters, then by `*+suffix`."""
    table = _content_handlers()
    full = f"{content_type.type}/{content_type.subtype}"
    if content_type.suffix:
        return table.get(f"{full}+{content_type.suffix}") or table.get(f"{content_type.type}/*+{content_type.suffix}")
    return table.get(full)


def missing(interaction: Interaction, contract: Contract | None = None) -> tuple[MissingPlugin, ...]:
    """The plugins that an interaction names and nothing stands in for. `contract` tells their versions.

    An interaction needs a plugin for each of its contents whose type the core cannot compare; where all of them have
    a handler, whatever plugin made the contract is not needed.
    """
    if not interaction.plugin_configuration:
        return ()
    unhandled = [kind for kind in _kinds(interaction) if _needs_handler(kind) and content_handler(kind) is None]
    if not unhandled:
        return ()
    versions = _versions(contract)
    return tuple(
        MissingPlugin(name, versions.get(name), str(unhandled[0])) for name in interaction.plugin_configuration
    )


def _needs_handler(kind: ContentType) -> bool:
    """Whether the core can do no better than compare such bodies byte by byte, as with CSV or protobuf."""
    plain = kind.type == "text" and kind.subtype in ("plain", "html")
    return not (kind.is_unknown or kind.is_json or kind.is_xml or kind.is_form or kind.is_multipart or plain)


def _kinds(interaction: Interaction) -> Iterator[ContentType]:
    if isinstance(interaction, HttpInteraction):
        for part in (interaction.request, interaction.response):
            yield content_types.of_body(part.body, content_types.in_headers(part.headers))
        return
    contents = (
        (interaction.contents,)
        if isinstance(interaction, AsyncMessage)
        else (interaction.request, *interaction.responses)
    )
    for one in contents:
        yield content_types.of_body(one.body, content_types.in_metadata(one.metadata))


def _versions(contract: Contract | None) -> dict[str, str]:
    listed = contract.metadata.get("plugins") if contract is not None else None
    if not isinstance(listed, list):
        return {}
    return {
        str(plugin["name"]): str(plugin["version"])
        for plugin in listed
        if isinstance(plugin, dict) and "name" in plugin and "version" in plugin
    }


@cache
def _content_handlers() -> Mapping[str, ContentHandler]:
    # Imported here: most programs never meet an unknown type, and this import is a slow one.
    from importlib.metadata import entry_points

    return {point.name.lower(): point.load() for point in entry_points(group=CONTENT_TYPES)}
