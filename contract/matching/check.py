"""What every matcher answers: the questions that the walks ask, and the sentences after a no."""

from __future__ import annotations

from typing import Any

from tallystick.contract.matching.values import json_text_of
from tallystick.contract.mismatch import MATCHER_KINDS
from tallystick.contract.model import Json, Matcher


class Check:
    """A matcher made ready. Subclasses answer for the kinds of value that they know; all else is refused.

    Every question has a twin ending in `_why`, asked only after a no, for the sentence.
    """

    frees_keys = False
    """Whether an object right at this matcher's path may have other keys."""
    is_type = False
    """Whether it belongs to the type family, which XML children look for."""

    def __init__(self, matcher: Matcher) -> None:
        self.matcher = matcher
        self.kind = matcher.name if matcher.name in MATCHER_KINDS else "extension"
        """The kind of mismatch that a no of this matcher is."""

    def json(self, expected: Json, actual: Json) -> bool:
        """An expected JSON scalar and anything."""
        return False

    def json_why(self, expected: Json, actual: Json) -> str:
        return self.unable(json_text_of(actual))

    def text(self, expected: str, actual: str, cascaded: bool = False) -> bool:
        return False

    def text_why(self, expected: str, actual: str) -> str:
        return self.unable(f"'{actual}'")

    def data(self, expected: bytes, actual: bytes) -> bool:
        return False

    def data_why(self, expected: bytes, actual: bytes) -> str:
        return self.unable(f"[{actual[:32].hex()}] ({len(actual)} bytes)")

    def status(self, expected: int, actual: int) -> bool:
        return False

    def status_why(self, expected: int, actual: int) -> str:
        return self.unable(str(actual))

    def array(self, expected: list[Any], actual: list[Any], cascaded: bool) -> bool:
        return True

    def array_why(self, expected: list[Any], actual: list[Any]) -> str:
        return self.unable(json_text_of(actual))

    def object(self, expected: dict[str, Any], actual: dict[str, Any], cascaded: bool) -> bool:
        return False

    def object_why(self, expected: dict[str, Any], actual: dict[str, Any]) -> str:
        return self.unable(json_text_of(actual))

    def takes_any_array(self, cascaded: bool) -> bool:
        """Whether `array` says yes to everything, and the items are then compared under the same rule."""
        return type(self).array is Check.array

    def takes_any_object(self, cascaded: bool) -> bool:
        """Whether `object` says yes to everything, and the members are then compared as usual."""
        return False

    def unable(self, what: str) -> str:
        return f"Unable to match {what} using {self.matcher.name}"
