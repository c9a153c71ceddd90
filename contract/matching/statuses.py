"""Classes of status codes, as the statusCode matcher names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Statuses:
    """A set of status codes and the words for it."""

    words: str
    codes: frozenset[int] | range

    def holds(self, status: int) -> bool:
        return status in self.codes


CLASSES: Final = {
    "info": Statuses("Informational response (100–199)", range(100, 200)),
    "success": Statuses("Successful response (200–299)", range(200, 300)),
    "redirect": Statuses("Redirect (300–399)", range(300, 400)),
    "clientError": Statuses("Client error (400–499)", range(400, 500)),
    "serverError": Statuses("Server error (500–599)", range(500, 600)),
    "nonError": Statuses("Non-error response (< 400)", range(0, 400)),
    "error": Statuses("Error response (>= 400)", range(400, 1_000_000)),
}
_NONE: Final = Statuses("status code of no known class", frozenset())


def parse(written: Any) -> Statuses:
    """A class by name, or a list of codes. Anything else holds no status; reading a contract refuses it."""
    if isinstance(written, str):
        return CLASSES.get(written, _NONE)
    if not isinstance(written, list):
        return _NONE
    codes = [int(code) for code in written if isinstance(code, int) or (isinstance(code, str) and code.isdigit())]
    return Statuses(", ".join(map(str, codes)), frozenset(codes))
