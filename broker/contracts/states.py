"""The provider states that contracts ask for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from tallystick.contract import json_text


def provider_states(contracts: Iterable[Any]) -> list[dict[str, Any]]:
    """States by name, equal ones merged with their consumers. `contracts` have `consumer` and `content`."""
    found: dict[tuple[str, bytes], dict[str, Any]] = {}
    for contract in contracts:
        for name, params in _states(json_text.loads(contract.content)):
            key = (name, json_text.dumps(params, sort_keys=True))
            state = found.setdefault(
                key, {"name": name, **({"params": _plain(params)} if params else {}), "consumers": []}
            )
            if contract.consumer not in state["consumers"]:
                state["consumers"].append(contract.consumer)
    for state in found.values():
        state["consumers"].sort()
    return [found[key] for key in sorted(found)]


def _states(document: Any) -> Iterator[tuple[str, Any]]:
    if not isinstance(document, dict):
        return
    for member in ("interactions", "messages"):
        listed = document.get(member)
        for interaction in listed if isinstance(listed, list) else ():
            if not isinstance(interaction, dict):
                continue
            single, several = interaction.get("providerState"), interaction.get("providerStates")
            if isinstance(single, str):
                yield single, {}
            elif isinstance(several, list):
                for state in several:
                    if isinstance(state, dict) and isinstance(state.get("name"), str):
                        yield state["name"], state.get("params") or {}


def _plain(params: Any) -> Any:
    """Numbers as the answer's encoder takes them."""
    import json

    return json.loads(json_text.dumps(params))
