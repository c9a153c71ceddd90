"""What the core refuses, and why: each a value with facts, its message computed in `__str__`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Complaint:
    """One thing wrong with a document: where (a JSON pointer, "" for the whole), what, and how to mend it."""

    pointer: str
    message: str
    fix: str = ""

    def __str__(self) -> str:
        place = self.pointer or "the document"
        return f"{place}: {self.message}" + (f" ({self.fix})" if self.fix else "")


class ContractError(Exception):
    """Base of everything the core raises on purpose."""


@dataclass(eq=False)
class ContractInvalid(ContractError):
    """The document is not a contract. All complaints are listed, not only the first."""

    complaints: tuple[Complaint, ...]
    source: str = ""

    def __str__(self) -> str:
        lines = "; ".join(str(c) for c in self.complaints)
        return f"{self.source or 'contract'} is not a valid contract: {lines}"


@dataclass(eq=False)
class CannotWrite(ContractError):
    """The contract cannot be expressed in the version asked for."""

    version: str
    reason: str
    fix: str = ""

    def __str__(self) -> str:
        return f"cannot write this contract as version {self.version}: {self.reason}" + (
            f" ({self.fix})" if self.fix else ""
        )


@dataclass(eq=False)
class PathInvalid(ContractError, ValueError):
    """The text is not a path expression."""

    text: str
    position: int
    reason: str

    def __str__(self) -> str:
        return f"{self.text!r} is not a path: {self.reason} at character {self.position + 1}"


@dataclass(eq=False)
class MergeConflict(ContractError):
    """Two contracts cannot become one: each conflict is one sentence."""

    conflicts: tuple[str, ...]

    def __str__(self) -> str:
        return "cannot merge: " + "; ".join(self.conflicts)
