"""What a provider offers and no contract that counts uses: its description, or its shape, joined with the usage map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from tallystick.broker.contracts import api_descriptions
from tallystick.broker.impact import descriptions, fields, queries, shape_queries, users

Against: TypeAlias = Literal["description", "shape"]
AGAINST: Final[tuple[Against, ...]] = ("description", "shape")
TITLES: Final[dict[Against, str]] = {"description": "API description", "shape": "Shape of the answers"}

_CAVEAT: Final = "a shape has the operations that contracts asked for, with the fields that were in the answers"
_CUT: Final = "; there were more than a shape holds"
_PUBLISH: Final[dict[Against, str]] = {
    "description": "publish one with `tallystick publish-description`",
    "shape": "verify with `tallystick verify --publish`",
}


@dataclass(frozen=True, slots=True)
class Unused:
    """What nobody uses of a version."""

    version: str
    operations: list[dict[str, Any]]
    """`{"operation", "used", "places"}`: an operation that nobody uses stands without places."""
    against: Against
    unseen: list[str]
    """Operations that are used, and are not in the description or shape."""
    caveat: str | None = None
    """What to keep in mind."""


def ask(
    db: queries.Db, provider_id: int, provider: str, number: str | None = None, against: Against | None = None
) -> Unused | None:
    """Against the description or shape of a version, or the newest one; against what there is when not said.

    None where there is none. Seven statements at most.
    """
    found = None if against == "shape" else _described(db, provider_id, provider, number)
    if found is None and against != "description":
        found = _seen(db, provider_id, provider, number)
    if found is None:
        return None
    known = users.consumers(queries.standings(db, provider_id))
    rows = queries.places_used(db, provider_id, users.contract_ids(known))
    return Unused(
        found.version,
        fields.unused(found.offer, rows),
        found.against,
        fields.unseen(found.offer, rows),
        found.caveat,
    )


def nothing(provider: str, number: str | None, against: Against | None) -> str:
    """Why there is no answer, and what to do."""
    whose = f"version {number} of {provider}" if number is not None else provider
    if against is not None:
        return f"No {against} of {whose}: {_PUBLISH[against]}"
    return (
        f"No API description of {whose}, and no shape of its answers: {_PUBLISH['description']}, or {_PUBLISH['shape']}"
    )


class _Found(NamedTuple):
    """What to compare with."""

    against: Against
    version: str
    offer: fields.Offer
    caveat: str | None = None


def _described(db: queries.Db, provider_id: int, provider: str, number: str | None) -> _Found | None:
    row = queries.newest_description(db, provider_id) if number is None else queries.description(db, provider, number)
    return None if row is None else _Found("description", row.number, fields.described(api_descriptions.parsed(row)))


def _seen(db: queries.Db, provider_id: int, provider: str, number: str | None) -> _Found | None:
    row = shape_queries.newest(db, provider_id) if number is None else shape_queries.of_version(db, provider, number)
    if row is None:
        return None
    shape = shape_queries.stored(row)
    offer = fields.seen(shape, descriptions.templates_of(db, provider_id))
    return _Found("shape", row.number, offer, _CAVEAT if shape.complete else _CAVEAT + _CUT)
