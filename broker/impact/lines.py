"""The lines of an answer: one for each thing that a contract relies on and would lose, with how that is known. Pure.

Where edits were asked about and a build was replayed too, both meet here: what a replay confirms is told once, with the
replay's evidence; what it does not confirm, and what nobody predicted, says so in its `agreement`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import orjson

from tallystick.broker.impact.replays import WHOLE, Fault, Replayed, each_once, general
from tallystick.contract import identity, paths
from tallystick.contract.errors import PathInvalid
from tallystick.contract.model import Contract, Interaction
from tallystick.contract.openapi.edits import Edit, Part, Target
from tallystick.contract.openapi.findings import Finding
from tallystick.contract.openapi.prediction import Break
from tallystick.contract.usage import UsageRow, usage

if TYPE_CHECKING:
    from tallystick.broker.impact.queries import Held
    from tallystick.broker.impact.what_if import Answer

Agreement: TypeAlias = Literal["predicted", "not predicted", "not confirmed", "fails otherwise", "not replayed"]
"""Of a line: the replay fails where it was predicted; fails, and nobody predicted it; passes what was predicted to fail
(the build still answers as before); fails the interaction in another place only; could not ask the interaction."""
AGREEMENTS: Final[tuple[Agreement, ...]] = get_args(Agreement)
_PLACE: Final = re.compile(r"\.interactions\[([0-9]+)\]")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. Versions of a consumer whose contracts have it share it."""

    told: Mapping[str, Any]
    """As a member of the answer, without `versions`."""
    sha: str | None
    """Of the interaction, where it is one."""
    edit: Edit | None
    """What was changed; without a prediction the removal of the place, which is what the consumer sees."""

    @property
    def key(self) -> tuple[Any, ...]:
        return tuple(self.told.get(name) for name in ("edit", "interaction", "path", "sentence", "agreement"))


def of_contract(answer: Answer, key: int, held: Mapping[tuple[int, int], Held]) -> list[Line]:
    """The lines of one contract: predicted ones in the order of the edits, then what only a replay found.

    `held`: what the usage map has of interactions, by contract and position; what it has not is worked out anew.
    """
    contract = answer.contracts.get(key)
    breaks, findings = answer.breaks.get(key, ()), [one for whose, one in answer.findings if whose == key]
    replay = answer.replay.contracts.get(key) if answer.replay is not None else None
    # Is there a prediction to agree with?
    both = answer.replay is not None and answer.strength != "A"
    found: list[Line] = []
    confirmed: dict[tuple[int, tuple[str, str]], Edit | None] = {}
    for one in breaks:
        interaction = answer.contracts[key].interactions[one.position]
        agreement, faults = _agreement(replay, one.position, one) if both else (None, [])
        if agreement == "predicted":
            confirmed |= {(one.position, _place(fault)): one.edit for fault in faults}
        else:
            found.append(_of_break(one, interaction, held.get((key, one.position)), agreement))
    for finding in findings:
        position = _position(finding, contract)
        agreement, faults = _agreement(replay, position, None) if both else (None, [])
        if agreement == "predicted":
            for fault in faults:
                confirmed.setdefault((position, _place(fault)), None)
        else:
            found.append(_of_finding(finding, contract, position, answer.templates, agreement))
    for position, faults in sorted(replay.failed.items()) if replay is not None else ():
        interaction_ = contract.interactions[position] if contract is not None and position != WHOLE else None
        for fault in each_once(faults):
            known = (position, _place(fault))
            said: Agreement | None = ("predicted" if known in confirmed else "not predicted") if both else None
            found.append(_of_fault(fault, interaction_, answer.templates, confirmed.get(known), said))
    return found


def agreement(lines: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """How many lines each agreement has; those that there are none of are 0."""
    said = [line.get("agreement") for line in lines]
    return {word: said.count(word) for word in AGREEMENTS}


def not_asked(answer: Answer, key: int) -> list[dict[str, Any]]:
    """What of a contract a build was not asked, by reason: all of it, or the interactions named."""
    if answer.replay is None:
        return []
    replay = answer.replay.contracts.get(key)
    if replay is None:
        return [{"reason": answer.replay.why_not(key)}]
    contract, reasons = answer.contracts.get(key), dict[str, list[str]]()
    for position, reason in sorted(replay.not_asked.items()):
        names = reasons.setdefault(reason, [])
        if contract is not None and position != WHOLE:
            names.append(contract.interactions[position].description)
    return [{"reason": reason, **({"interactions": names} if names else {})} for reason, names in reasons.items()]


# --- whether both say the same ------------------------------------------------------------------------------------


def _agreement(
    replay: Replayed | None, position: int, predicted: Break[int] | None
) -> tuple[Agreement, Sequence[Fault]]:
    """What the replay of an interaction says of a prediction, and the faults that confirm it."""
    if replay is None or position in replay.not_asked:
        return "not replayed", ()
    faults = replay.failed.get(position, ())
    if not faults:
        # Where something is said of the contract as a whole only, nothing is known of this interaction.
        silent = WHOLE in replay.not_asked or WHOLE in replay.failed
        return "not replayed" if silent else "not confirmed", ()
    covered = [one for one in faults if predicted is None or _covers(predicted, one)]
    return ("predicted", covered) if covered else ("fails otherwise", ())


def _covers(predicted: Break[int], fault: Fault) -> bool:
    """Whether a fault is what a prediction means: what goes as a whole, or is wrong with a request, shows anywhere."""
    target = predicted.edit.target
    if not target.part or target.part.startswith("request") or not fault.part:
        return True
    if target.part == "response header":
        return fault.part == "header" and fault.path.lower() == target.path.lower()
    # Without a path the body as a whole is wrong: its type, or that it is none.
    return fault.part == "body" and fault.path != "" and _related(fault.path, predicted.field)


def _related(one: str, other: str) -> bool:
    """Whether a path is another, or leads there; indexes do not matter."""
    try:
        steps, others = paths.parse(one), paths.parse(other)
    except PathInvalid:
        return one == other
    return all(map(_same_step, steps, others))


def _same_step(one: paths.Token, other: paths.Token) -> bool:
    indexes = all(isinstance(step, int) or step is paths.ANY_INDEX for step in (one, other))
    return one == other or indexes or paths.ANY in (one, other)


def _place(fault: Fault) -> tuple[str, str]:
    return fault.part, fault.field


def _position(finding: Finding, contract: Contract | None) -> int:
    place = _PLACE.search(finding.location)
    position = int(place[1]) if place else WHOLE
    return position if contract is not None and position < len(contract.interactions) else WHOLE


# --- each kind of line --------------------------------------------------------------------------------------------


def _of_break(one: Break[int], interaction: Interaction, held: Held | None, agreement: Agreement | None) -> Line:
    if held is not None:
        sha, rows = held.sha, orjson.loads(held.places)
    else:
        sha, rows = identity.interaction_sha(interaction), _places(usage(interaction))
    return Line(
        {
            "edit": str(one.edit),
            "interaction": one.interaction,
            "field": one.field,
            "path": one.path,
            "contractPath": one.contract_path,
            "rule": one.rule,
            "sentence": one.sentence,
            "strictness": _strictness(rows, one.edit.target),
            # A build that still answers as before breaks nobody today.
            "certain": one.certain and agreement != "not confirmed",
            "strength": one.strength,
            **_said(agreement),
        },
        sha,
        one.edit,
    )


def _of_finding(
    finding: Finding,
    contract: Contract | None,
    position: int,
    templates: Sequence[str],
    agreement: Agreement | None,
) -> Line:
    interaction = contract.interactions[position] if contract is not None and position != WHOLE else None
    return Line(
        {
            "edit": None,
            "code": finding.code,
            "interaction": finding.interaction,
            "field": finding.location,
            "specLocation": finding.spec_location,
            "sentence": finding.message,
            "certain": agreement != "not confirmed",
            "strength": "B",
            **_said(agreement),
        },
        identity.interaction_sha(interaction) if interaction is not None else None,
        _seen(interaction, templates, Fault("", "", "")),
    )


def _of_fault(
    fault: Fault,
    interaction: Interaction | None,
    templates: Sequence[str],
    edit: Edit | None,
    agreement: Agreement | None,
) -> Line:
    seen = edit or _seen(interaction, templates, fault)
    rows = usage(interaction, templates) if interaction is not None else ()
    return Line(
        {
            "edit": str(edit) if edit is not None else None,
            "interaction": interaction.description if interaction is not None else "the contract as a whole",
            "field": fault.field,
            "path": fault.path,
            "rule": fault.rule,
            "sentence": fault.sentence,
            "strictness": _strictness(_places(rows), seen.target) if seen is not None else "presence",
            # The contract itself says that its provider is not there yet.
            "certain": interaction is None or not interaction.pending,
            "strength": "A",
            **_said(agreement),
        },
        identity.interaction_sha(interaction) if interaction is not None else None,
        seen,
    )


def _said(agreement: Agreement | None) -> dict[str, str]:
    return {} if agreement is None else {"agreement": agreement}


def _seen(interaction: Interaction | None, templates: Sequence[str], fault: Fault) -> Edit | None:
    """A fault as its consumer sees it: the place that it relies on is gone."""
    rows = usage(interaction, templates) if interaction is not None else ()
    if not rows:
        return None
    status = next((row.status for row in rows if row.status), "")
    parts: dict[str, Part] = {"body": "response body", "header": "response header"}
    part = parts.get(fault.part, "")
    path = (general(fault.path) if part == "response body" else fault.path) if part else ""
    return Edit("remove", Target(rows[0].method, rows[0].template, status, part, path))


def _places(rows: Iterable[UsageRow]) -> list[tuple[str, str, str]]:
    return [(row.part, row.path, row.strictness) for row in rows]


def _strictness(places: Iterable[Sequence[str]], target: Target) -> str:
    """How strictly an interaction holds a place (each is part, path, strictness …); presence for it as a whole."""
    word = target.part.rpartition(" ")[2]
    return next(
        (one[2] for one in places if one[1] == target.path and one[0].rpartition(" ")[2] == word),
        "presence",
    )
