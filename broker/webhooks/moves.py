"""Telling later features that a consumer moved: something of it was deployed, undeployed, released or ended.

Features to the left cannot import those to the right; the assembly connects them (`broker.app`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, TypeAlias

from sqlalchemy.orm import Session

from tallystick.broker.http.links import Links
from tallystick.broker.settings import Settings

Listener: TypeAlias = Callable[[Session, int, Links, Settings, datetime], None]

_LISTENERS: Final[list[Listener]] = []


def listen(listener: Listener) -> None:
    """Call it in the transaction of every move, after the move."""
    if listener not in _LISTENERS:
        _LISTENERS.append(listener)


def moved(session: Session, consumer_id: int, links: Links, settings: Settings, now: datetime) -> None:
    """What runs of this participant is another than before."""
    for listener in _LISTENERS:
        listener(session, consumer_id, links, settings, now)
