"""Loading, hashing and writing contracts of 1, 100 and 10,000 interactions. Each step should grow as they do.

    python benchmarks/contract/documents.py

Prints, for each size, the best processor time of several runs and what one interaction took. The contract is made up
here: a body of about 2 KB with 20 rules, as a test suite would write it.
"""

from __future__ import annotations

import argparse
import gc
import random
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tallystick.contract import json_text
from tallystick.contract.diff import diff
from tallystick.contract.identity import contract_sha, interaction_sha
from tallystick.contract.reading import read, warnings
from tallystick.contract.writing import write


def document(interactions: int, seed: int = 1) -> dict[str, Any]:
    """A contract of version 4, the same for the same seed."""
    rng = random.Random(seed)
    return {
        "consumer": {"name": "Web"},
        "provider": {"name": "Orders"},
        "interactions": [_interaction(index, rng) for index in range(interactions)],
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }


def _interaction(index: int, rng: random.Random) -> dict[str, Any]:
    lines = [
        {
            "sku": f"SKU-{rng.randrange(10**6)}",
            "quantity": rng.randrange(1, 9),
            "price": _price(rng),
            "tags": ["a", "b"],
        }
        for _ in range(20)
    ]
    body = {"id": index, "placedAt": "2026-01-02T03:04:05Z", "lines": lines, "total": _price(rng), "note": "grüße"}
    rules = {f"$.lines[*].{name}": {"matchers": [{"match": "type"}]} for name in ("sku", "quantity", "price", "tags")}
    rules |= {f"$.extra{n}": {"matchers": [{"match": "regex", "regex": "[a-z]+"}]} for n in range(16)}
    return {
        "type": "Synchronous/HTTP",
        "description": f"a request for the order {index}",
        "pending": False,
        "providerStates": [{"name": "an order exists", "params": {"id": index}}],
        "request": {"method": "GET", "path": f"/orders/{index}", "headers": {"Accept": ["application/json"]}},
        "response": {
            "status": 200,
            "headers": {"Content-Type": ["application/json"]},
            "body": {"content": body, "contentType": "application/json", "encoded": False},
            "matchingRules": {"body": rules},
        },
    }


def _price(rng: random.Random) -> Decimal:
    return Decimal(rng.randrange(100, 10_000)) / 100


def best(run: Callable[[], Any], runs: int) -> float:
    """The shortest processor time of several runs in seconds, without the collector's pauses."""
    times = []
    gc.collect()
    gc.disable()
    try:
        for _ in range(runs):
            start = time.process_time()
            run()
            times.append(time.process_time() - start)
    finally:
        gc.enable()
    return min(times)


def measure(interactions: int, runs: int) -> dict[str, float]:
    """Seconds for each step, on one contract."""
    text = json_text.dumps(document(interactions))
    parsed: Any = json_text.loads(text)
    contract, other = read(parsed), read(parsed)
    steps: dict[str, Callable[[], Any]] = {
        "parse JSON": lambda: json_text.loads(text),
        "read": lambda: read(text),
        "warnings": lambda: warnings(text),
        "contract sha": lambda: contract_sha(parsed),
        "interaction shas": lambda: [interaction_sha(one) for one in contract.interactions],
        "write": lambda: write(contract),
        "diff, no change": lambda: diff(contract, other),
    }
    return {"KB": len(text) / 1000, **{name: best(run, runs) for name, run in steps.items()}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1, 100, 10_000])
    sizes = parser.parse_args().sizes
    found = {size: measure(size, runs=50 if size < 10 else 9 if size < 1000 else 3) for size in sizes}
    print(f"{'':18}" + "".join(f"{size:>27,}" for size in sizes))
    print(f"{'document, KB':18}" + "".join(f"{found[size]['KB']:>27,.1f}" for size in sizes))
    for step in list(found[sizes[0]])[1:]:
        cells = (f"{found[size][step] * 1000:.2f} ms {found[size][step] / size * 1e6:6.1f} µs each" for size in sizes)
        print(f"{step:18}" + "".join(f"{cell:>27}" for cell in cells))


if __name__ == "__main__":
    main()
