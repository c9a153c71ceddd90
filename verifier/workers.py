"""Spreading replays over processes, for runs that one Python cannot keep up with."""

from __future__ import annotations

import os
import pickle
import signal
import struct
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING

from tallystick.contract.model import Json
from tallystick.verifier.plan import Group, Job
from tallystick.verifier.problems import Problem
from tallystick.verifier.results import Replayed

if TYPE_CHECKING:
    from tallystick.contract.shape import Shape
    from tallystick.contract.shape_seen import Seen
    from tallystick.verifier.replay import Done, Settings


def spread(group: Group, settings: Settings, done: Done, context: Mapping[str, Json] | None) -> None:
    """Replay a group's jobs in forked processes, a share each, and report them here as they come in.

    Where the system cannot fork, this process does it all. A process that dies leaves its jobs as errors, and none
    outlives this call.
    """
    count = min(settings.workers, len(group.jobs))
    alone = settings._replace(workers=1)
    if not hasattr(os, "fork") or count < 2:
        from tallystick.verifier.replay import run_jobs, sender_for

        run_jobs(group, alone, sender_for(alone), done, context)
        return
    shares = [group.jobs[number::count] for number in range(count)]
    children = [_fork(share, group, alone, context) for share in shares]
    try:
        _collect([(pipe, share) for (_, pipe), share in zip(children, shares, strict=True)], done, settings.seen)
    finally:
        for process, pipe in children:
            pipe.close()
            _end(process)


def _fork(
    share: tuple[Job, ...], group: Group, settings: Settings, context: Mapping[str, Json] | None
) -> tuple[int, IO[bytes]]:
    here, there = os.pipe()
    process = os.fork()
    if process:
        os.close(there)
        return process, os.fdopen(here, "rb")
    try:
        os.close(here)
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches every process; the parent reports it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with os.fdopen(there, "wb") as pipe:
            _work(share, group, settings, context, pipe)
    finally:
        os._exit(0)  # nothing of the parent's may run a second time


def _work(
    share: tuple[Job, ...], group: Group, settings: Settings, context: Mapping[str, Json] | None, pipe: IO[bytes]
) -> None:
    from threading import Lock

    from tallystick.verifier.replay import Stop, run_jobs, sender_for

    places = {id(job): place for place, job in enumerate(share)}
    lock = Lock()

    def done(job: Job, replayed: Replayed) -> None:
        send(places[id(job)], replayed)

    def send(place: int | None, found: Replayed | Shape) -> None:
        content = pickle.dumps((place, found))
        with lock:
            pipe.write(struct.pack("!I", len(content)) + content)
            pipe.flush()

    try:
        run_jobs(group._replace(jobs=share), settings, sender_for(settings), done, context)
        if settings.seen is not None:
            send(None, settings.seen.shape())
    except Stop:
        pipe.write(struct.pack("!I", 0))


def _collect(pipes: list[tuple[IO[bytes], tuple[Job, ...]]], done: Done, seen: Seen | None) -> None:
    import selectors

    from tallystick.verifier.replay import Stop

    waiting = selectors.DefaultSelector()
    left = {}
    for pipe, share in pipes:
        waiting.register(pipe, selectors.EVENT_READ, (pipe, share))
        left[pipe] = dict(enumerate(share))
    while left:
        for key, _ in waiting.select():
            pipe, share = key.data
            head = pipe.read(4)
            if len(head) == 4:
                size = struct.unpack("!I", head)[0]
                if size == 0:
                    raise Stop
                place, found = pickle.loads(pipe.read(size))
                if place is None:
                    assert seen is not None
                    seen.join(found)
                    continue
                left[pipe].pop(place, None)
                done(share[place], found)
                continue
            waiting.unregister(pipe)
            for job in left.pop(pipe).values():
                problem = Problem("application-error", "the worker process that was to replay it died")
                done(job, Replayed(problem=problem))


def _end(process: int) -> None:
    import contextlib

    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process, 0)
