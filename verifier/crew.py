"""Threads that work through jobs together, as many at once as the provider bears."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from time import monotonic
from typing import Final, Generic, TypeVar

J = TypeVar("J")
S = TypeVar("S")

START: Final = 2
MIDDLE: Final = 8
MOST: Final = 48
_SLOW_SECONDS: Final = 0.008
"""Answers that take longer than this are worth more requests at once: the time goes into waiting."""
_STARVED_SECONDS: Final = 0.25


def grown(size: int, seconds: Sequence[float]) -> int | None:
    """How many to be after a round of `size` answers that took so long; None: as many as now, and for good."""
    quickest, slowest = min(seconds), max(seconds)
    if quickest < _SLOW_SECONDS:
        return START if size == START else None
    if size == START:
        return MIDDLE
    # A server that works off eight requests one by one gives a staircase of times.
    return MOST if size == MIDDLE and slowest < 2 * quickest else None


class Crew(Generic[J, S]):
    """Runs jobs on threads, each with its own tool (a sender).

    It starts with two, which keep this process busy as long as answers are quick. When they are slow it grows to
    eight, and when eight at once are answered as quickly as two, to forty-eight. A fixed `size` never grows.

    Some development servers serve one connection until it is closed: when a request gets no answer while others are
    served, connections are closed after each answer, so that all get a turn.
    """

    def __init__(
        self,
        make_tool: Callable[[], S],
        close_tool: Callable[[S], None],
        work: Callable[[J, S], None],
        *,
        size: int | None = None,
    ):
        self._make, self._close, self._work = make_tool, close_tool, work
        self._size = size or START
        self._may_grow = size is None
        self._lock = threading.Lock()
        self._jobs: deque[J] = deque()
        self._under_way: dict[int, float] = {}
        self._took: list[float] = []
        self._threads: list[threading.Thread] = []
        self._error: BaseException | None = None
        self._stopped = False

    def run(self, jobs: Iterable[J]) -> None:
        """Return when every job is done. The first exception of a job stops the rest and is raised here."""
        self._jobs.extend(jobs)
        self._add(min(self._size, len(self._jobs)))
        try:
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
        for _ in range(count):
            thread = threading.Thread(target=self._serve, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self) -> None:
        me = threading.get_ident()
        try:
            tool = self._make()
            try:
                while not self._stopped:
                    try:
                        job = self._jobs.popleft()
                    except IndexError:
                        return
                    start = self._under_way[me] = monotonic()
                    self._work(job, tool)
                    del self._under_way[me]
                    now = monotonic()
                    if self._may_grow:
                        self._consider_growing(now - start)
                    if self._starving(now):
                        self._close(tool)
            finally:
                self._close(tool)
        except BaseException as error:
            self._error = self._error or error
            self._jobs.clear()

    def _consider_growing(self, seconds: float) -> None:
        with self._lock:
            if not self._may_grow:
                return
            self._took.append(seconds)
            if len(self._took) < self._size:
                return
            size = grown(self._size, self._took)
            self._took.clear()
            self._may_grow = size is not None
            if size is not None and size > self._size:
                self._grow(size)

    def _grow(self, size: int) -> None:
        self._add(min(size - self._size, len(self._jobs)))
        self._size = size

    def _starving(self, now: float) -> bool:
        return any(now - start > _STARVED_SECONDS for start in tuple(self._under_way.values()))
