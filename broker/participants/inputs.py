"""What clients say about participants and versions, doubted."""

from __future__ import annotations

from typing import Any

from tallystick.broker.environments.names import display_name
from tallystick.broker.http.checks import Fields, text_complaints

MEMBERS = {
    "displayName": "display_name",
    "mainBranch": "main_branch",
    "repositoryUrl": "repository_url",
    "repositoryName": "repository_name",
    "repositoryNamespace": "repository_namespace",
}

STATIC_EVIDENCE = "ts:staticEvidence"


def participant(sent: Any, *, name: str | None, whole: bool) -> tuple[str, dict[str, Any]]:
    """(name, columns) of a participant, or `Invalid`. With a `name` from the path the body's is checked and ignored.

    `whole`: what was not sent becomes null; otherwise it is not among the columns.
    """
    fields = Fields(sent)
    if name is None:
        body_name = fields.text("name", required=True, blank=False)
    elif "name" in fields:
        fields.text("name", required=True, blank=False)
    values: dict[str, Any] = {}
    for member, column in MEMBERS.items():
        value = fields.text(member, blank=member.startswith("repository"), spaces=member != "mainBranch")
        if member in fields or whole:
            values[column] = value
    # Ours, so what an old client leaves out when it replaces a participant stays as it is.
    static = fields.boolean(STATIC_EVIDENCE)
    if static is not None:
        values["static_evidence"] = static
    fields.refuse_if_wrong()
    name = name or body_name
    assert name is not None
    if "display_name" in values and not values["display_name"]:
        values["display_name"] = display_name(name)
    return name, values


def version(sent: Any) -> tuple[dict[str, Any], list[str] | None]:
    """(columns given, tags when given) of a version, or `Invalid`."""
    fields = Fields({} if sent is None else sent)
    values: dict[str, Any] = {}
    build_url = fields.text("buildUrl")
    if "buildUrl" in fields:
        values["build_url"] = build_url
    tags = fields.array("tags")
    names: list[str] = []
    for index, tag in enumerate(tags or []):
        name = tag.get("name") if isinstance(tag, dict) else None
        wrong = (
            ["must be a hash"]
            if not isinstance(tag, dict)
            else [f"name {each}" for each in _name_complaints(tag, name)]
        )
        for message in wrong:
            fields.complain("tags", f"{message} (at index {index})")
        if name is not None:
            names.append(name)
    fields.refuse_if_wrong()
    return values, None if tags is None else names


def _name_complaints(tag: dict[str, Any], name: Any) -> list[str]:
    if "name" not in tag:
        return ["is missing"]
    return ["must be filled"] if name is None else text_complaints(name, filled=True, blank=False)
