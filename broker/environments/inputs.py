"""An environment as clients describe it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tallystick.broker.environments.names import display_name
from tallystick.broker.http.checks import Fields, text_complaints


@dataclass(frozen=True, slots=True)
class Described:
    """What was sent, doubted."""

    name: str
    display_name: str
    production: bool
    contacts: str | None
    """JSON text of a list of `{"name", "details"?}`; None when there is none."""


def described(sent: Any) -> Described:
    """The environment, or `Invalid` with every complaint."""
    fields = Fields(sent)
    name = fields.text("name", required=True, spaces=False)
    shown = fields.text("displayName")
    production = fields.boolean("production", required=True)
    contacts = _contacts(fields)
    fields.refuse_if_wrong()
    assert name is not None
    assert production is not None
    shown = shown if shown and shown.strip() else display_name(name)
    return Described(name, shown, production, json.dumps(contacts) if contacts else None)


def _contacts(fields: Fields) -> list[dict[str, Any]]:
    contacts = []
    for index, contact in enumerate(fields.array("contacts") or []):
        if not isinstance(contact, Mapping):
            fields.complain("contacts", f"must be a hash (at index {index})")
            continue
        wrong = ["is missing"] if "name" not in contact else []
        if not wrong:
            name = contact["name"]
            wrong = ["must be filled"] if name is None else text_complaints(name, filled=True, blank=False)
        for message in wrong:
            fields.complain("contacts", f"name {message} (at index {index})")
        details = contact.get("details")
        if details is not None and not isinstance(details, Mapping):
            fields.complain("contacts", f"details must be a hash (at index {index})")
        elif not wrong:
            kept = {"name": contact["name"]}
            contacts.append(kept if details is None else {**kept, "details": details})
    return contacts
