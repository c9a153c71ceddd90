"""Participants of which something else counts than before: noted where it changes, settled once before the commit.

Whoever changes what runs of a participant, what its versions publish or describe, or which of them is the head of its
main branch, says so here, with the participant's row locked. Those who count what others rely on are registered by the
assembly (`broker.app`): they are features further to the right.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy.orm import Session

_NOTED: Final = "tallystick.moved"


def moved(session: Session, participant_ids: Iterable[int]) -> None:
    """Something else counts of these, as consumers or as providers. No statement."""
    session.info.setdefault(_NOTED, set()).update(participant_ids)


def taken(session: Session) -> frozenset[int]:
    """Those noted since this was last asked in the transaction."""
    return frozenset(session.info.pop(_NOTED, ()))
