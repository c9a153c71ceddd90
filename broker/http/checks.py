"""Doubting the members of a JSON object: every complaint is collected, under the classic words, before one refusal.

fields = Fields(call.json())
name = fields.text("name", required=True, spaces=False)
fields.refuse_if_wrong()
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tallystick.broker.errors import Invalid

ABSENT: Any = object()
LONGEST_NAME: Final = 1000
"""Bytes, as UTF-8, of a text that is looked up by: PostgreSQL refuses index entries of more than 2,704 bytes, and some
indexes hold two names."""


class Fields:
    """The members of what was sent, and what is wrong with them so far. Unknown members are ignored."""

    __slots__ = ("errors", "members")

    def __init__(self, sent: Any) -> None:
        self.members: Mapping[str, Any] = sent if isinstance(sent, Mapping) else {}
        self.errors: dict[str, list[str]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.members

    def complain(self, key: str, message: str) -> None:
        self.errors.setdefault(key, []).append(message)

    def refuse_if_wrong(self) -> None:
        if self.errors:
            raise Invalid(self.errors)

    def text(
        self,
        key: str,
        *,
        required: bool = False,
        blank: bool = True,
        lines: bool = False,
        spaces: bool = True,
        longest: int | None = None,
    ) -> str | None:
        """A string, or None when it is absent, null or wrong. `blank`, `lines`, `spaces` say what it may be or hold."""
        value = self._value(key, required)
        if value is None:
            return None
        wrong = text_complaints(value, filled=required, blank=blank, lines=lines, spaces=spaces, longest=longest)
        for message in wrong:
            self.complain(key, message)
        return None if wrong else value

    def boolean(self, key: str, *, required: bool = False) -> bool | None:
        """A strict boolean: neither "true" nor 1."""
        value = self._value(key, required)
        if value is not None and not isinstance(value, bool):
            self.complain(key, "must be boolean")
            return None
        return value

    def array(self, key: str, *, required: bool = False) -> list[Any] | None:
        value = self._value(key, required)
        if value is not None and not isinstance(value, list):
            self.complain(key, "must be an array")
            return None
        return value

    def object(self, key: str) -> Mapping[str, Any] | None:
        value = self._value(key, False)
        if value is not None and not isinstance(value, Mapping):
            self.complain(key, "must be a hash")
            return None
        return value

    def _value(self, key: str, required: bool) -> Any:
        value = self.members.get(key, ABSENT)
        if value is ABSENT:
            if required:
                self.complain(key, "is missing")
            return None
        if value is None and required:
            self.complain(key, "must be filled")
        return value


def text_complaints(
    value: Any,
    *,
    filled: bool = False,
    blank: bool = True,
    lines: bool = False,
    spaces: bool = True,
    longest: int | None = None,
) -> list[str]:
    """What is wrong with a text: several may apply.

    A line that must say something is a name, and no longer than `LONGEST_NAME` bytes unless `longest` says otherwise.
    NUL and half characters are refused everywhere: no database takes them.
    """
    if not isinstance(value, str):
        return ["must be a string"]
    if not value:
        return ["must be filled"] if filled else ([] if blank else ["cannot be blank"])
    wrong = []
    if longest is None and not lines and (filled or not blank):
        longest = LONGEST_NAME
    if longest is not None and len(value.encode("utf-8", "replace")) > longest:
        wrong.append(f"size cannot be greater than {longest} bytes")
    if not blank and not value.strip():
        wrong.append("cannot be blank")
    if not lines and "\n" in value:
        wrong.append("cannot contain multiple lines")
    if not spaces and " " in value:
        wrong.append("cannot contain spaces")
    if "\0" in value:
        wrong.append("cannot contain a NUL character")
    if not _storable(value):
        wrong.append("cannot contain half of a surrogate pair")
    return wrong


def storable(value: str, longest: int | None = None) -> str:
    """The text as a database column takes it: without NUL and half characters, cut to so many bytes.

    For what contracts and reports say of themselves, which is kept whole elsewhere.
    """
    encoded = value.replace("\0", "").encode("utf-8", "replace")
    return encoded[:longest].decode("utf-8", "ignore")


def _storable(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
