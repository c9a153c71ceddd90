"""How fast bodies are compared, beside the Rust core called through pact-python's FFI, in one run.

    python benchmarks/contract/matching.py [--rounds N]

Per body size, plain and with rules, in microseconds, the median of interleaved rounds:

- `once`: our matcher made ready and used a single time, the actual body parsed (what verifying needs)
- `again`: our matcher used again, the actual body parsed (what a mock server needs)
- `failing`: as `again`, but the last value of the body differs, so that the explaining pass runs too
- `core`: the Rust core comparing two messages that it has already parsed, the most favourable measure for it
- `core+parse`: the same with its parsing of the actual message

The ratios are the core's time without its parsing of messages, by ours: by `once`, and by `again`.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any

from tallystick.contract.matching import compile_message, match_message
from tallystick.contract.model import ActualMessage, Body, Matcher, MessageContents, Rule

SIZES = (200, 2_000, 20_000, 200_000)
JSON_TYPE = "application/json"


def document(size: int) -> dict[str, Any]:
    """An order with as many lines as make about this many bytes."""
    made: dict[str, Any] = {"id": 7, "state": "open", "customer": {"name": "Ada", "city": "Oslo"}, "lines": []}
    while len(json.dumps(made)) < size:
        number = len(made["lines"])
        made["lines"].append(
            {"sku": f"SKU-{number}", "count": number, "price": number + 0.5, "gift": False, "tags": ["a", "b"]}
        )
    return made


RULES: dict[str, dict[str, Any]] = {
    "$.id": {"match": "integer"},
    "$.state": {"match": "regex", "regex": "open|closed"},
    "$.customer": {"match": "type"},
    "$.lines": {"match": "type", "min": 1},
    "$.lines[*].sku": {"match": "regex", "regex": r"SKU-\d+"},
    "$.lines[*].count": {"match": "integer"},
    "$.lines[*].price": {"match": "decimal"},
    "$.lines[*].gift": {"match": "boolean"},
}


def ours(body: bytes, rules: bool) -> MessageContents:
    made = {
        path: Rule((Matcher(rule["match"], {name: value for name, value in rule.items() if name != "match"}),))
        for path, rule in RULES.items()
    }
    return MessageContents(Body("present", body, JSON_TYPE), rules={"body": made} if rules else {})


class Core:
    """The Rust core's message comparison. It takes both messages over, so that each call needs new ones."""

    def __init__(self) -> None:
        from pact_ffi import ffi, lib

        self.ffi, self.lib = ffi, lib
        self.version = ffi.cast("enum PactSpecification", 4)

    def message(self, body: bytes, rules: bool) -> Any:
        made: dict[str, Any] = {
            "description": "m",
            "contents": json.loads(body),
            "metaData": {"contentType": JSON_TYPE},
        }
        if rules:
            made["matchingRules"] = {"body": {path: {"matchers": [rule]} for path, rule in RULES.items()}}
        return self.parse(json.dumps(made).encode())

    def parse(self, text: bytes) -> Any:
        return self.lib.pactffi_message_new_from_json(0, self.ffi.new("char[]", text), self.version)

    def match(self, expected: Any, actual: Any) -> int:
        found = self.lib.pactffi_match_message(expected, actual)
        walk = self.lib.pactffi_mismatches_get_iter(found)
        count = 0
        while self.lib.pactffi_mismatches_iter_next(walk) != self.ffi.NULL:
            count += 1
        self.lib.pactffi_mismatches_iter_delete(walk)
        return count


def timed(work: Callable[[], Any], times: int) -> float:
    """Microseconds a call."""
    start = perf_counter()
    for _ in range(times):
        work()
    return (perf_counter() - start) * 1e6 / times


def measure(size: int, rules: bool, core: Core | None, rounds: int) -> dict[str, float]:
    whole = document(size)
    body = json.dumps(whole).encode()
    whole["lines" if whole["lines"] else "customer"] = _spoilt(whole)
    bad = json.dumps(whole).encode()
    expected = ours(body, rules)
    ready = compile_message(expected)
    good, failing = (ActualMessage(content, {}, JSON_TYPE) for content in (body, bad))
    assert ready.match(good).ok
    assert not ready.match(failing).ok
    times = max(3, 200_000 // size)
    seen: dict[str, list[float]] = {}

    def note(name: str, value: float) -> None:
        seen.setdefault(name, []).append(value)

    for _ in range(rounds):
        note("once", timed(lambda: match_message(expected, good), times))
        note("again", timed(lambda: ready.match(good), times))
        note("failing", timed(lambda: ready.match(failing), times))
        if core is not None:
            fewer = max(2, times // 5)
            text = json.dumps({"contents": json.loads(body), "metaData": {"contentType": JSON_TYPE}}).encode()
            parsing = timed(partial(core.parse, text), fewer)
            pairs = [(core.message(body, rules), core.message(body, False)) for _ in range(fewer)]
            start = perf_counter()
            counts = [core.match(one, other) for one, other in pairs]
            spent = (perf_counter() - start) * 1e6 / fewer
            assert not any(counts)
            note("core", spent)
            note("core+parse", spent + parsing)
        gc.collect()
    return {name: statistics.median(values) for name, values in seen.items()}


def _spoilt(whole: dict[str, Any]) -> Any:
    if not whole["lines"]:
        return {**whole["customer"], "city": 1}
    return [*whole["lines"][:-1], {**whole["lines"][-1], "gift": "no"}]


def growth() -> None:
    """Time by number of rules, names and wildcards mixed, on one body of 20 KB: linear in the rules, or less."""
    print("\nrules      once µs   again µs   (20 KB; half of the rules with wildcards)")
    whole = document(20_000)
    body = json.dumps(whole).encode()
    good = ActualMessage(body, {}, JSON_TYPE)
    for count in (10, 100, 1000):
        made = {}
        for number in range(count):
            path = f"$.lines[{number % 200}].*" if number % 2 else f"$.*[*].other{number}.*.deep"
            made[path if path not in made else f"$.lines[{number}].name{number}"] = Rule((Matcher("equality"),))
        expected = MessageContents(Body("present", body, JSON_TYPE), rules={"body": made})
        ready = compile_message(expected)
        assert ready.match(good).ok
        once = timed(partial(match_message, expected, good), 10)
        again = timed(partial(ready.match, good), 30)
        print(f"{count:5}   {once:10.0f} {again:10.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    try:
        core: Core | None = Core()
    except ImportError:
        core = None
        print("pact-python is not installed: our own times only")
    names = ("bytes", "rules", "once", "again", "failing", "core", "core+parse", "/once", "/again")
    print(" ".join(f"{name:>10}" for name in names))
    for size in SIZES:
        for rules in (False, True):
            found = measure(size, rules, core, rounds)
            row = f"{size:10} {'yes' if rules else 'no':>10}"
            row += "".join(f" {value:10.1f}" for value in found.values())
            if core is not None:
                row += f" {found['core'] / found['once']:9.1f}x {found['core'] / found['again']:9.1f}x"
            print(row)
    growth()


if __name__ == "__main__":
    main()
