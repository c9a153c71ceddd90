"""What is found wrong while a document is read: errors that refuse it, warnings that let it pass."""

from __future__ import annotations

from dataclasses import dataclass, field

from tallystick.contract.errors import Complaint


@dataclass(slots=True)
class Notes:
    """Collects complaints. `interaction` is the description of the one being read, and ends each message."""

    errors: list[Complaint] = field(default_factory=list)
    warnings: list[Complaint] = field(default_factory=list)
    interaction: str | None = None
    thorough: bool = False
    """Look at what loads, too; see `contract.checking`."""

    def refuse(self, pointer: str, message: str, fix: str = "") -> None:
        self.errors.append(Complaint(pointer, self._located(message), fix))

    def warn(self, pointer: str, message: str, fix: str = "") -> None:
        self.warnings.append(Complaint(pointer, self._located(message), fix))

    def _located(self, message: str) -> str:
        return message if self.interaction is None else f'{message}, in the interaction "{self.interaction}"'


def pointer(parent: str, *steps: str | int) -> str:
    """A JSON pointer below another, its special characters escaped."""
    return parent + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
