"""The SDK beside pact-python, in one run: cost of a consumer test, import time, installed size.

    python benchmarks/sdk/bench.py [--rounds 5] [--counts 1,10,50,200]

Runs of both tools take turns, so that a busy machine slows both; the median of the rounds is shown.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOOLS = (
    "tallystick, an object a test",
    "tallystick, one object",
    "tallystick, no socket",
    "tallystick, no socket, httpx",
    "pact-python, an object a test",
    "pact-python, one object",
)
IMPORTS = {
    "bare interpreter": "pass",
    "from tallystick import Consumer": "from tallystick import Consumer",
    "all of Tallystick that a test loads": "import tallystick.client_sdk.consumer, tallystick.client_sdk.mock, "
    "tallystick.client_sdk.socket_server, tallystick.contract.matching, tallystick.contract.reading, "
    "tallystick.contract.writing, tallystick.client_sdk.matchers",
    "import pact": "import pact, pact.match",
    "import httpx": "import httpx",
}
OWN = ("contract", "client_sdk", "verifier", "broker", "tallystick", "alembic", "examples")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--counts", default="1,10,50,200")
    asked = options.parse_args()
    counts = [int(one) for one in asked.counts.split(",")]
    with tempfile.TemporaryDirectory() as cache:
        # Bytecode is cached as in any installation, but not in this checkout.
        env = {**os.environ, "PACT_DO_NOT_TRACK": "true", "PYTHONPYCACHEPREFIX": cache}
        env.pop("PYTHONDONTWRITEBYTECODE", None)
        print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
        costs(env, counts, asked.rounds)
        imports(env, asked.rounds * 2)
    sizes()


def costs(env: dict[str, str], counts: list[int], rounds: int) -> None:
    found: dict[tuple[str, int], list[float]] = {}
    for tool in TOOLS:
        one_run(env, tool, 1)
    for _ in range(rounds):
        for count in counts:
            for tool in TOOLS:
                found.setdefault((tool, count), []).append(one_run(env, tool, count))
    print("| ms per test, at N tests | " + " | ".join(map(str, counts)) + " |")
    print("|---|" + "---|" * len(counts))
    for tool in TOOLS:
        print(f"| {tool} | " + " | ".join(f"{statistics.median(found[tool, n]):.2f}" for n in counts) + " |")
    ours, theirs = TOOLS[0], TOOLS[4:]
    ratios = [
        min(statistics.median(found[tool, n]) for tool in theirs) / statistics.median(found[ours, n]) for n in counts
    ]
    print("| better of pact-python / tallystick, an object a test | " + " | ".join(f"{r:.1f}" for r in ratios) + " |\n")


def one_run(env: dict[str, str], tool: str, count: int) -> float:
    command = [sys.executable, str(HERE / "one_run.py"), tool, str(count)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise SystemExit(f"{tool} with {count} tests failed:\n{done.stderr}")
    return float(json.loads(done.stdout.splitlines()[-1])["ms_per_test"])


def imports(env: dict[str, str], rounds: int) -> None:
    found: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(rounds + 1):
        for name, code in IMPORTS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], env=env, check=True)
            found[name].append((time.perf_counter() - started) * 1000)
    print("| whole process, ms | median | least |\n|---|---|---|")
    for name, times in found.items():
        print(f"| {name} | {statistics.median(times[1:]):.0f} | {min(times[1:]):.0f} |")
    print()


def sizes() -> None:
    print("| installed, without bytecode | MB |\n|---|---|")
    own = sum(
        file.stat().st_size
        for top in OWN
        for file in (ROOT / top).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and not any(p.is_symlink() for p in file.parents)
    )
    total = own
    print(f"| tallystick itself, broker and examples included | {own / 1e6:.2f} |")
    for name in closure("tallystick") - {"tallystick"}:
        size = installed(name)
        total += size
        print(f"| {name} {metadata.version(name)} | {size / 1e6:.2f} |")
    print(f"| **all of a bare install** | **{total / 1e6:.2f}** |")
    theirs = closure("pact-python")
    print(f"| pact-python with {len(theirs) - 1} dependencies | {sum(installed(name) for name in theirs) / 1e6:.2f} |")


def closure(name: str) -> set[str]:
    """The distributions that an install without extras brings."""
    found: set[str] = set()
    todo = [name]
    while todo:
        one = re.sub(r"[-_.]+", "-", todo.pop()).lower()
        if one in found:
            continue
        try:
            wants = metadata.requires(one) or []
        except metadata.PackageNotFoundError:
            continue  # for another platform or Python
        found.add(one)
        for want in wants:
            requirement, _, marker = want.partition(";")
            if "extra ==" in marker or ("python_version" in marker and '< "3.11"' in marker):
                continue
            todo.append(re.match(r"[A-Za-z0-9._-]+", requirement).group())  # type: ignore[union-attr]
    return found


def installed(name: str) -> int:
    files = metadata.files(name) or []
    places = [Path(str(one.locate())) for one in files if "__pycache__" not in str(one)]
    return sum(place.stat().st_size for place in places if place.is_file())


if __name__ == "__main__":
    main()
