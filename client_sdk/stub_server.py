"""A local fake provider made of contracts, for front-end work: it answers what the contracts promise.

Unlike the mock of a test it holds nothing against who calls it, and it takes whole folders of contracts, of many
consumers. Files that change are read again.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tallystick.client_sdk.failures import WrongRequest
from tallystick.client_sdk.interactions import HttpReady
from tallystick.client_sdk.mock import Mock, Reply
from tallystick.contract import reading
from tallystick.contract.errors import ContractInvalid
from tallystick.contract.model import ActualRequest, Contract, HttpInteraction


@dataclass(frozen=True, slots=True)
class Trouble:
    """What the stub does to its callers on purpose."""

    latency_ms: float = 0
    jitter_ms: float = 0
    failure_rate: float = 0
    """The share of requests, 0 to 1, that fail."""
    failure_status: int = 503

    def delay_seconds(self, rng: random.Random) -> float:
        """How long this request waits."""
        return max(0.0, self.latency_ms + rng.uniform(-self.jitter_ms, self.jitter_ms)) / 1000

    def fails(self, rng: random.Random) -> bool:
        """Whether this request fails."""
        return self.failure_rate > 0 and rng.random() < self.failure_rate


Log = Callable[[ActualRequest, Reply], None]


@dataclass
class Stub:
    """The interactions on offer; `answer` takes a request. Safe to ask from many threads."""

    contracts: Sequence[Contract]
    states: tuple[str, ...] = ()
    """Prefer, and where any fits keep to, interactions in these provider states; empty takes all."""
    trouble: Trouble = Trouble()
    base_url: str = ""
    rng: random.Random = field(default_factory=random.Random)
    log: Log | None = None

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._mock = self._made(self.contracts)

    def replace(self, contracts: Sequence[Contract]) -> None:
        """Offer these contracts from now on."""
        made = self._made(contracts)
        with self._lock:
            self.contracts, self._mock = contracts, made

    def answer(self, request: ActualRequest) -> Reply:
        """The response of the interaction that fits; 404 and what comes nearest where none does."""
        with self._lock:
            mock, delay, fails = self._mock, self.trouble.delay_seconds(self.rng), self.trouble.fails(self.rng)
        if delay:
            time.sleep(delay)
        if fails:
            reply = Reply(
                self.trouble.failure_status,
                (("Content-Type", "text/plain; charset=utf-8"), ("X-Tallystick", "failure-on-purpose")),
                b"the stub was asked to fail now and then\n",
            )
        else:
            mock.base_url = self.base_url
            reply = mock.answer(request)
            if reply.problem is not None:
                reply = Reply(404, reply.headers, _told(reply.problem))
        if self.log is not None:
            self.log(request, reply)
        return reply

    def __len__(self) -> int:
        return len(self._interactions(self.contracts))

    def _made(self, contracts: Sequence[Contract]) -> Mock:
        ready = [HttpReady(one, one.response) for one in self._interactions(contracts)]
        providers = sorted({one.provider for one in contracts}) or ["the provider"]
        return Mock("the caller", " and ".join(providers), ready, strict_body=False, cors=True, remember=False)

    def _interactions(self, contracts: Sequence[Contract]) -> list[HttpInteraction]:
        found = [one for contract in contracts for one in contract.interactions if isinstance(one, HttpInteraction)]
        if not self.states:
            return found
        return [one for one in found if not one.states or any(state.name in self.states for state in one.states)]


class Files:
    """Contract files and folders of them, watched by their times and sizes."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self._seen: dict[Path, tuple[int, int]] = {}

    def read(self) -> list[Contract]:
        """Every contract, read now. Raises `ContractInvalid`, `OSError`."""
        contracts = []
        self._seen = self._stamps()
        for path in self._seen:
            contracts.append(reading.read(path.read_bytes(), name=str(path)))
        return contracts

    def changed(self) -> bool:
        """Whether a file was changed, added or removed since it was read."""
        return self._stamps() != self._seen

    def _stamps(self) -> dict[Path, tuple[int, int]]:
        found: dict[Path, tuple[int, int]] = {}
        for path in self._paths:
            for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
                try:
                    status = file.stat()
                except OSError:
                    if file in self._paths:
                        raise
                    continue
                found[file] = (status.st_mtime_ns, status.st_size)
        return found


def keep_fresh(stub: Stub, files: Files, stop: threading.Event, tell: Callable[[str], None]) -> None:
    """Look once a second whether files changed, until `stop`; a file that cannot be read keeps the old contracts."""
    while not stop.wait(1):
        try:
            if files.changed():
                stub.replace(files.read())
                tell(f"contracts read again: {len(stub)} interactions")
        except (ContractInvalid, OSError) as problem:
            tell(f"the old contracts stay: {problem}")


def _told(problem: WrongRequest) -> bytes:
    return (str(problem) + "\n").encode()
