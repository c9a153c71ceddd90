"""What a provider build asks for, as it was sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from starlette.datastructures import QueryParams

from tallystick.broker.http.checks import Fields, text_complaints


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for contracts to verify. Selectors are still as sent: doubting them needs the database's help."""

    branch: str | None
    tags: tuple[str, ...]
    selectors: tuple[Any, ...]
    pending: bool
    wip_since: datetime | None
    fields: Fields
    """Where complaints about the selectors go."""
    deprecated: bool = False
    """Asked with GET."""


def asked(sent: Any) -> Asked:
    """The request as POSTed. Complaints are collected in `fields`; nothing is refused yet."""
    fields = Fields(sent)
    tags = _tags(fields)
    pending = fields.boolean("includePendingStatus")
    since = _since(fields, "includeWipPactsSince")
    branch = fields.text("providerVersionBranch")
    wanted = "includePendingStatus" not in fields or pending or "includeWipPactsSince" in fields
    if branch is not None and not branch.strip() and (branch or (not tags and wanted)):
        fields.complain("providerVersionBranch", "cannot be blank")
    return Asked(
        branch=branch or None,
        tags=tags,
        selectors=tuple(fields.array("consumerVersionSelectors") or ()),
        pending=True if pending is None else pending,
        wip_since=since,
        fields=fields,
    )


def asked_by_query(query: QueryParams) -> Asked:
    """The request as the deprecated GET has it, in the nested notation of its query."""
    fields = Fields({"includeWipPactsSince": query.get("include_wip_pacts_since")})
    selectors: list[dict[str, Any]] = []
    for key, value in query.multi_items():
        if key.startswith("consumer_version_selectors[][") and key.endswith("]"):
            name = key[len("consumer_version_selectors[][") : -1]
            if not selectors or name in selectors[-1]:  # a repeated key begins the next one
                selectors.append({})
            selectors[-1][name] = value == "true" if name == "latest" else value
    for index, selector in enumerate(selectors):
        if not selector.get("tag"):
            fields.complain("consumer_version_selectors", f"tag is missing (at index {index})")
    return Asked(
        branch=query.get("provider_version_branch") or None,
        tags=tuple(query.getlist("provider_version_tags[]")),
        selectors=tuple(selectors),
        pending=query.get("include_pending_status") == "true",
        wip_since=_since(fields, "includeWipPactsSince"),
        fields=fields,
        deprecated=True,
    )


def _tags(fields: Fields) -> tuple[str, ...]:
    tags: Sequence[Any] = fields.array("providerVersionTags") or ()
    for index, tag in enumerate(tags):
        for message in text_complaints(tag, filled=True, blank=False):
            fields.complain("providerVersionTags", f"{message} (at index {index})")
    return tuple(tag for tag in tags if isinstance(tag, str))


def _since(fields: Fields, key: str) -> datetime | None:
    text = fields.text(key)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        fields.complain(key, "must be a date")
        return None


def as_sent(selectors: Sequence[Any]) -> list[Mapping[str, Any]]:
    """The selectors that are objects: all of them, once they were doubted."""
    return [selector for selector in selectors if isinstance(selector, Mapping)]
