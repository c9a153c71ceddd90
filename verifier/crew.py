"""Threads that work through jobs together, as many at once as the provider bears."""

from __future__ import annotations

import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Final, Generic, TypeVar

J = TypeVar("J")
S = TypeVar("S")

START: Final = 8
FEW: Final = 2
MOST: Final = 48
_SLOW_SECONDS: Final = 0.008
"""Answers that take longer than this are worth more requests at once: the time goes into waiting."""
_STARVED_SECONDS: Final = 0.25
_SWITCH_SECONDS: Final = 0.0005


def size_after(seconds: Sequence[float]) -> int:
    """How many to be, after the first round of answers took so long."""
    quickest, slowest = min(seconds), max(seconds)
    if quickest < _SLOW_SECONDS:
        return FEW  # two keep this process busy; more would only take turns
    # A server that works off its requests one by one gives a staircase of times.
    return MOST if slowest < 2 * quickest else START


class Crew(Generic[J, S]):
    """Runs jobs on threads, each with its own tool (a sender).

    It starts with eight, and after their first answers goes on with two when these were quick, with forty-eight when
    they were slow and came together, and else with eight. A fixed `size` never changes.

    Some development servers serve one connection until it is closed: when a request gets no answer while others are
    served, connections are closed after each answer, so that all get a turn.
    """

    def __init__(
        self,
        make_tool: Callable[[], S],
        close_tool: Callable[[S], None],
        work: Callable[[J, S], float],
        *,
        size: int | None = None,
    ):
        """`work` returns how many of its seconds were spent waiting for the answer."""
        self._make, self._close, self._work = make_tool, close_tool, work
        self._size = size or START
        self._undecided = size is None
        self._live = 0
        self._lock = threading.Lock()
        self._jobs: deque[J] = deque()
        self._under_way: dict[int, float] = {}
        self._took: list[float] = []
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        self._stopped = False

    def run(self, jobs: Iterable[J], meanwhile: Callable[[], None] | None = None) -> None:
        """Return when every job is done. The first exception of a job stops the rest and is raised here.

        `meanwhile` is called once the first jobs are under way: what can be got ready while they wait.
        """
        self._jobs.extend(jobs)
        with self._lock:
            self._add(self._size)
        try:
            if meanwhile is not None:
                # Let go of the interpreter often, so that what was got ready does not hold up the first requests.
                before = sys.getswitchinterval()
                sys.setswitchinterval(_SWITCH_SECONDS)
                try:
                    meanwhile()
                finally:
                    sys.setswitchinterval(before)
            for thread in self._threads:  # grows while it is walked
                while thread.is_alive():
                    thread.join(0.5)  # a bare join could not be interrupted on every platform
        except BaseException:
            self._stopped = True
            self._jobs.clear()
            raise
        if self._error is not None:
            raise self._error

    def _add(self, count: int) -> None:
        """Start threads, no more than there are jobs for; the lock is held."""
        for _ in range(min(count, len(self._jobs))):
            thread = threading.Thread(target=self._serve, daemon=True)
            self._threads.append(thread)
            self._live += 1
            thread.start()

    def _serve(self) -> None:
        me = threading.get_ident()
        try:
            tool = self._make()
            try:
                while not self._stopped and self._needed():
                    try:
                        job = self._jobs.popleft()
                    except IndexError:
                        return
                    self._under_way[me] = monotonic()
                    waited = self._work(job, tool)
                    del self._under_way[me]
                    if self._undecided:
                        self._decide(waited)
                    if self._starving(monotonic()):
                        self._close(tool)
            finally:
                self._close(tool)
        except BaseException as error:
            self._error = self._error or error
            self._jobs.clear()

    def _needed(self) -> bool:
        """Is this thread one of those that go on?"""
        if self._live <= self._size:
            return True
        with self._lock:
            if self._live <= self._size:
                return True
            self._live -= 1
            return False

    def _decide(self, waited: float) -> None:
        with self._lock:
            self._took.append(waited)
            if self._undecided and len(self._took) == START:
                self._undecided = False
                self._size = size_after(self._took)
                self._add(max(self._size - self._live, 0))

    def _starving(self, now: float) -> bool:
        return any(now - start > _STARVED_SECONDS for start in tuple(self._under_way.values()))
