"""What became of an interaction from one contract to another. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from tallystick.broker.verifications.failures import whole
from tallystick.broker.verifications.past import MOST_PLACES, Place, cut
from tallystick.contract.diff import Changed, diff
from tallystick.contract.errors import ContractInvalid
from tallystick.contract.identity import interaction_sha
from tallystick.contract.reading import read


def forms(old: bytes, old_sha: str, new: bytes, new_sha: str) -> dict[str, tuple[str | None, tuple[Place, ...]]] | None:
    """interaction of the new contract -> the sha of what it was in the old one (None: it is new), and what changed.

    Only what is not in both as it is, and the contract as a whole. None when one of them cannot be read.
    """
    try:
        changed = diff(read(old), read(new))
    except (ContractInvalid, ValueError, RecursionError):
        return None
    found: dict[str, tuple[str | None, tuple[Place, ...]]] = {
        whole(new_sha): (
            whole(old_sha),
            tuple(
                Place("interaction", cut(each.description) or "", word, None, None)
                for word, some in (
                    ("added", changed.added),
                    ("changed", [each.new for each in changed.changed]),
                    ("removed", changed.removed),
                )
                for each in some
            )[:MOST_PLACES],
        )
    }
    found |= {interaction_sha(each): (None, ()) for each in changed.added}
    found |= {interaction_sha(each.new): (interaction_sha(each.old), tuple(_places(each))) for each in changed.changed}
    return found


def _places(changed: Changed) -> Iterator[Place]:
    for each in changed.changes[:MOST_PLACES]:
        yield Place(each.part, cut(each.path) or "", each.direction, cut(each.old), cut(each.new))
