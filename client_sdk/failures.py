"""What a consumer test fails with: the wrong request, what comes nearest to it, and the difference."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tallystick.contract import model
from tallystick.contract.mismatch import Mismatch

_BODY_SHOWN = 1000


@dataclass(frozen=True, slots=True)
class WrongRequest:
    """A request that no interaction of the contract covers."""

    consumer: str
    provider: str
    request: model.ActualRequest
    nearest: model.HttpInteraction | None
    mismatches: tuple[Mismatch, ...] = ()
    remarks: tuple[str, ...] = ()
    """Sentences beside the mismatches: what could not be checked, what the contract says nothing about."""
    others: tuple[str, ...] = ()
    """The descriptions of the other interactions that were offered."""

    @property
    def kind(self) -> str:
        """`unexpected` when nothing has this method and path, `mismatch` when something does."""
        if self.nearest is None or any(m.part in ("method", "path") for m in self.mismatches):
            return "unexpected"
        return "mismatch"

    def __str__(self) -> str:
        lines = [f"{self.consumer} sent {self.provider} a request that the contract does not have:", ""]
        lines += [f"    {line}" for line in _request_lines(self.request)]
        if self.nearest is None:
            lines += ["", "no interaction was described: begin with .upon_receiving(…)"]
            return "\n".join(lines)
        lines += ["", f"the nearest interaction is {named(self.nearest)}:", ""]
        lines += [f"    {line}" for m in self.mismatches for line in mismatch_lines(m)]
        lines += [f"    {remark}" for remark in self.remarks]
        if self.others:
            lines += ["", "other interactions of this test: " + ", ".join(f'"{name}"' for name in self.others)]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class MissingRequest:
    """An interaction that the test described and the code never asked for."""

    consumer: str
    provider: str
    interaction: model.HttpInteraction

    def __str__(self) -> str:
        request = self.interaction.request
        return (
            f"{self.consumer} never sent {self.provider} the request of {named(self.interaction)}:\n\n"
            f"    {request.method} {request.path}{_query_text(request.query)}"
        )


Problem: TypeAlias = "WrongRequest | MissingRequest"


class ContractNotKept(AssertionError):
    """The code under test did not behave as the described interactions say. `problems` holds each as a value."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n\n".join(str(problem) for problem in problems))


class MessageNotKept(AssertionError):
    """A message that the code sent differs from the described one."""


def named(interaction: model.Interaction) -> str:
    """An interaction as people know it: its description and provider states."""
    states = " and ".join(f'"{state.name}"{_parameters(state)}' for state in interaction.states)
    return f'"{interaction.description}"' + (f" (given {states})" if states else "")


def mismatch_lines(mismatch: Mismatch) -> Iterable[str]:
    """A mismatch in a line: the place, then the sentence."""
    place = mismatch.part if not mismatch.path or mismatch.path == "$" else f"{mismatch.part} {mismatch.path}"
    if mismatch.part in ("method", "path"):
        yield f"{place}: expected {mismatch.expected!s}, got {mismatch.actual!s}"
    else:
        first, *rest = mismatch.sentence.splitlines() or [""]
        yield f"{place}: {first}"
        yield from (f"    {line}" for line in rest)


def _request_lines(request: model.ActualRequest) -> list[str]:
    lines = [f"{request.method} {request.path}" + (f"?{request.query}" if request.query else "")]
    if request.content:
        shown = request.content[:_BODY_SHOWN].decode("utf-8", "replace")
        cut = len(request.content) - _BODY_SHOWN
        lines += (shown + (f" … ({cut} bytes more)" if cut > 0 else "")).splitlines()
    return lines


def _query_text(query: model.Query | None) -> str:
    if not query:
        return ""
    return "?" + "&".join(
        name if value is None else f"{name}={value}" for name, values in query.items() for value in values
    )


def _parameters(state: model.ProviderState) -> str:
    if not state.params:
        return ""
    return " with " + ", ".join(f"{name}={value!r}" for name, value in state.params.items())
