"""Two contracts of one consumer and provider made one, as test suites that write one file piece by piece need it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tallystick.contract.errors import MergeConflict
from tallystick.contract.model import Contract, HttpInteraction, Interaction


def merge(old: Contract, new: Contract, *, strict: bool = False) -> Contract:
    """All interactions of both; where both have the same one, the new one. In the version of the new contract.

    An interaction is known by its key when both have one, else by description, names of provider states, and kind.
    `strict` refuses to replace a request or response that is plainly another one: different method, path, query,
    status. Raises `MergeConflict` with every conflict.
    """
    conflicts = [*_names(old, new), *_kinds(old, new)]
    keyed = {one.key: index for index, one in enumerate(new.interactions) if one.key is not None}
    named: dict[tuple[Any, ...], list[int]] = {}
    for index, one in enumerate(new.interactions):
        named.setdefault(identity(one), []).append(index)
    kept: list[Interaction] = []
    for one in old.interactions:
        replacement = _replacement(one, new, keyed, named)
        if replacement is None:
            kept.append(one)
        elif strict:
            conflicts += _differences(one, replacement)
    if conflicts:
        raise MergeConflict(tuple(conflicts))
    return Contract(
        consumer=new.consumer,
        provider=new.provider,
        interactions=tuple(sorted((*kept, *new.interactions), key=_order)),
        version=new.version,
        metadata=_metadata(old.metadata, new.metadata),
        extra={**old.extra, **new.extra},
    )


def identity(interaction: Interaction) -> tuple[Any, ...]:
    """What tells interactions of one contract apart where no keys do: kind, description, names of provider states."""
    return (type(interaction).__name__, interaction.description, tuple(state.name for state in interaction.states))


def same(one: Interaction, other: Interaction) -> bool:
    """Whether two interactions stand for the same thing: by key when both have one, else by `identity`."""
    if one.key is not None and other.key is not None:
        return one.key == other.key
    return identity(one) == identity(other)


def _replacement(
    one: Interaction,
    new: Contract,
    keyed: Mapping[str, int],
    named: Mapping[tuple[Any, ...], list[int]],
) -> Interaction | None:
    if one.key is not None and one.key in keyed:
        return new.interactions[keyed[one.key]]
    for index in reversed(named.get(identity(one), ())):
        if same(one, new.interactions[index]):
            return new.interactions[index]
    return None


def _names(old: Contract, new: Contract) -> Iterator[str]:
    for role, before, after in (
        ("consumer", old.consumer, new.consumer),
        ("provider", old.provider, new.provider),
    ):
        if before != after:
            yield f'the {role} is "{before}" in one contract and "{after}" in the other'


def _kinds(old: Contract, new: Contract) -> Iterator[str]:
    """Before version 4 a file holds HTTP interactions or messages: readers would overlook the one or the other."""
    if new.version == "4.0":
        return
    kinds = {isinstance(one, HttpInteraction) for one in (*old.interactions, *new.interactions)}
    if len(kinds) > 1:
        yield f"a file of version {new.version} holds either HTTP interactions or messages"


def _differences(old: Interaction, new: Interaction) -> Iterator[str]:
    if not isinstance(old, HttpInteraction) or not isinstance(new, HttpInteraction):
        return
    if [(state.name, state.params) for state in old.states] != [(state.name, state.params) for state in new.states]:
        return
    for part, before, after in (
        ("method", old.request.method, new.request.method),
        ("path", old.request.path, new.request.path),
        ("query", dict(old.request.query or {}), dict(new.request.query or {})),
        ("status", old.response.status, new.response.status),
    ):
        if before != after:
            yield f'"{new.description}" has the {part} {before} in one contract and {after} in the other'


def _order(interaction: Interaction) -> tuple[str, list[str]]:
    return interaction.description, [state.name for state in interaction.states]


def _metadata(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    plugins: dict[Any, Any] = {}
    for metadata in (old, new):
        listed = metadata.get("plugins")
        for plugin in listed if isinstance(listed, list) else ():
            if isinstance(plugin, dict):
                plugins[str(plugin.get("name")), str(plugin.get("version"))] = plugin
    return {**new, "plugins": list(plugins.values())} if plugins else dict(new)
