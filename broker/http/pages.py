"""Pagination: `page` and `size`, and the links to the neighbours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tallystick.broker.errors import Invalid
from tallystick.broker.http.links import Link, link

FIRST_PAGE: Final = 1
PAGE_SIZE: Final = 100
ALIASES: Final = {"page": "pageNumber", "size": "pageSize"}


@dataclass(frozen=True, slots=True)
class Page:
    """A window on a list: `size` entries, the first page being 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


def asked(
    query: Mapping[str, str], *, always: bool = False, size: int = PAGE_SIZE, largest: int | None = None
) -> Page | None:
    """The page asked for, None when everything is. Raises `Invalid` for what is no integer of at least 1."""
    errors: dict[str, list[str]] = {}
    values: dict[str, int | None] = {}
    for name, alias in ALIASES.items():
        text = query.get(name, query.get(alias))
        values[name] = None
        if text is None:
            continue
        key = name if name in query else alias
        digits = text.strip().removeprefix("+")
        if not digits.removeprefix("-").isdecimal() or not digits.isascii():
            errors[key] = ["must be an integer"]
        elif int(digits[:19]) < 1:
            errors[key] = ["must be greater than or equal to 1"]
        elif len(digits) > 9:
            errors[key] = ["must be less than 1000000000"]
        else:
            values[name] = int(digits)
    if errors:
        raise Invalid(errors)
    if not always and values["page"] is None and values["size"] is None:
        return None
    wanted = values["size"] or size
    return Page(values["page"] or FIRST_PAGE, min(wanted, largest) if largest else wanted)


def members(page: Page | None, total: int) -> dict[str, Any]:
    """`{"page": …}` for the document, or nothing."""
    if page is None:
        return {}
    return {
        "page": {
            "number": page.number,
            "size": page.size,
            "totalElements": total,
            "totalPages": _pages(page, total),
        }
    }


def links(page: Page | None, total: int, url: str) -> dict[str, Link]:
    """`next` and `previous`, where there is one. Other query parameters are not repeated."""
    if page is None:
        return {}
    found: dict[str, Link] = {}
    if page.number < _pages(page, total):
        found["next"] = link(f"{url}?size={page.size}&page={page.number + 1}", "Next page")
    if page.number > FIRST_PAGE:
        found["previous"] = link(f"{url}?size={page.size}&page={page.number - 1}", "Previous page")
    return found


def _pages(page: Page, total: int) -> int:
    return max(1, -(-total // page.size))
