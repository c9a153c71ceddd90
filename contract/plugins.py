"""Which Pact plugin an interaction needs, and whether something installed stands in for it.

Content types come to the core by the entry points of `contract.matching.body.ENTRY_POINTS`, matchers by those of
`contract.matching.matchers.ENTRY_POINTS`. A contract that needs what nobody added is read, stored and compared with
others all the same; whoever checks it asks `missing` first, and says which plugin that takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tallystick.contract import content_types
from tallystick.contract.content_types import ContentType
from tallystick.contract.model import AsyncMessage, Contract, HttpInteraction, Interaction


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
            f'this needs the Pact plugin "{self.name}"{version}{kind}, and nothing installed handles that; '
            f"install a distribution that has an entry point in tallystick.content_handlers for it"
        )


def missing(interaction: Interaction, contract: Contract | None = None) -> tuple[MissingPlugin, ...]:
    """The plugins that an interaction names and nothing stands in for. `contract` tells their versions.

    An interaction needs a plugin for each of its contents whose type the core cannot compare; where all of them have
    a handler, whatever plugin made the contract is not needed.
    """
    if not interaction.plugin_configuration:
        return ()
    unhandled = [kind for kind in _kinds(interaction) if _needs_handler(kind) and not _is_handled(kind)]
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


def _is_handled(kind: ContentType) -> bool:
    # Imported here: most interactions name no plugin, and those who read them need no matching.
    from tallystick.contract.matching import body

    return f"{kind.type}/{kind.subtype}" in body.installed()


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
