"""A limit on code that runs in this thread and may never come back."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any


class OutOfTime(BaseException):
    """Raised in the middle of whatever runs. Not an Exception, so that an application does not swallow it."""


@contextmanager
def watchdog(seconds: float) -> Iterator[None]:
    """Raise OutOfTime when the block takes longer.

    Works in the main thread where the system has an interval timer; somebody else's timer that would go off later is
    put aside meanwhile. Elsewhere there is no limit, since a thread cannot be stopped from outside.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return
    others = signal.getitimer(signal.ITIMER_REAL)[0]
    if 0 < others <= seconds:
        yield
        return

    def out_of_time(number: int, frame: Any) -> None:
        raise OutOfTime

    start = monotonic()
    before = signal.signal(signal.SIGALRM, out_of_time)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if others:
            signal.setitimer(signal.ITIMER_REAL, max(others - (monotonic() - start), 0.001))
