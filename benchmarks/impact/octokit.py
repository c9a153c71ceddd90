"""GitHub's API: two releases of its description compared, and asked what they break for contracts that use it.

    python benchmarks/impact/octokit.py [--old 22.0.0] [--new 23.0.2] [--contracts 300] [--seed 1] [--from DIR] [--json]

The descriptions are those of npm's `@octokit/openapi` (MIT), fetched by `npm pack` into a temporary folder (70 MB).
Without a network: run `npm pack @octokit/openapi@22.0.0 @octokit/openapi@23.0.2` where there is one, and give the
folder with the two archives by `--from`.

The contracts are made from the examples that the old description holds, without its schemas and without the predictor:
each consumer calls a few operations and reads some of the fields of their examples, by type.

Printed: how much there is; seconds and peak memory per step; the changes by kind; how many of them break somebody, and
how many are breaking by the rulebook while nobody relies on the place.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

from tallystick.contract import json_text, reading
from tallystick.contract.model import Contract
from tallystick.contract.openapi import Comparison
from tallystick.contract.openapi.changes import difference
from tallystick.contract.openapi.descriptions import check
from tallystick.contract.openapi.operations import operations
from tallystick.contract.openapi.what_if import what_if

PACKAGE = "@octokit/openapi"
MEMBER = "package/generated/api.github.com.json"


def archive(version: str, folder: Path, *, fetch: bool) -> Path:
    """The archive of a release, in this folder."""
    path = folder / f"octokit-openapi-{version}.tgz"
    if fetch and not path.exists():
        words = ["npm", "pack", "--silent", f"{PACKAGE}@{version}"]
        subprocess.run(words, cwd=folder, check=True, timeout=120, stdout=subprocess.DEVNULL)
    return path


def description(path: Path) -> bytes:
    with tarfile.open(path) as opened:
        member = opened.extractfile(MEMBER)
        if member is None:
            raise SystemExit(f"{path} has no {MEMBER}")
        return member.read()


def examples(document: dict[str, Any]) -> Iterator[tuple[str, str, int, Any]]:
    """Method, path, status and example of every response that has one."""
    for template, item in document["paths"].items():
        for method, operation in item.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            for status, response in operation["responses"].items():
                if not status.startswith("2"):
                    continue
                media = followed(document, response).get("content", {}).get("application/json", {})
                for one in list(media.get("examples", {}).values())[:1]:
                    value = followed(document, one).get("value")
                    if isinstance(value, dict | list) and value:
                        yield method.upper(), path_of(document, template, item, operation), int(status), value


def followed(document: dict[str, Any], written: Any) -> Any:
    while "$ref" in written:
        found: Any = document
        for step in written["$ref"][2:].split("/"):
            found = found[step.replace("~1", "/").replace("~0", "~")]
        written = found
    return written


def path_of(document: dict[str, Any], template: str, item: dict[str, Any], operation: dict[str, Any]) -> str:
    """The template with a value of the right type in each place."""
    types = {
        one["name"]: one.get("schema", {})
        for one in (followed(document, one) for one in [*item.get("parameters", []), *operation.get("parameters", [])])
    }

    def value(found: re.Match[str]) -> str:
        schema = followed(document, types.get(found[1], {}))
        values = schema.get("enum", ["7" if schema.get("type") in ("integer", "number") else "octocat"])
        return str(values[0])

    return re.sub(r"\{([^}]+)\}", value, template)


def contracts(document: dict[str, Any], count: int, chance: random.Random) -> list[tuple[int, Contract]]:
    offered = list(examples(document))
    made = []
    for number in range(count):
        interactions = []
        for position, (method, path, status, example) in enumerate(chance.sample(offered, chance.randint(3, 8))):
            body = {"content": read(example, chance), "contentType": "application/json", "encoded": False}
            by_type = {"body": {"$": {"matchers": [{"match": "type"}]}}}
            response = {"status": status, "body": body, "matchingRules": by_type}
            request = {"method": method, "path": path}
            interactions.append(
                {"type": "Synchronous/HTTP", "description": str(position), "request": request, "response": response}
            )
        pact = {
            "consumer": {"name": f"consumer {number}"}, "provider": {"name": "github"}, "interactions": interactions,
            "metadata": {"pactSpecification": {"version": "4.0"}},
        }  # fmt: skip
        made.append((number, reading.read(json_text.dumps(pact))))
    return made


def read(value: Any, chance: random.Random) -> Any:
    """A third of the fields, of the first item of an array."""
    if isinstance(value, list):
        return [read(value[0], chance)] if value else []
    if isinstance(value, dict):
        return {name: read(inner, chance) for name, inner in value.items() if chance.random() < 1 / 3}
    return value


def measured(old: bytes, new: bytes, count: int, seed: int) -> dict[str, Any]:
    seconds: dict[str, float] = {}
    began = perf_counter()

    def step(name: str) -> None:
        nonlocal began
        seconds[name] = round(perf_counter() - began, 2)
        began = perf_counter()

    documents: list[Any] = [json_text.loads(old), json_text.loads(new)]
    step("parse both")
    odd = [len(check(one)) for one in documents]
    step("check both")
    edits = difference(*documents)
    step("difference")
    pairs = contracts(documents[0], count, random.Random(seed))
    step("make the contracts")
    against_old = Comparison(documents[0])
    wrong = Counter(one.code for _, contract in pairs for one in against_old.compare(contract).errors)
    step("compare the contracts with the old one")
    answer = what_if(pairs, *documents)
    step("what-if")
    broken = answer.prediction.breaks
    return {
        "operations": [sum(1 for _ in operations(one)) for one in documents],
        "megabytes": [round(len(one) / 1e6, 1) for one in (old, new)],
        "odd places": odd,
        "contracts": len(pairs),
        "interactions": sum(len(one.interactions) for _, one in pairs),
        "changes": dict(Counter(one.kind for one in edits)),
        "changes that break somebody": dict(Counter(one.kind for one in {one.edit for one in broken})),
        "breaking changes nobody relies on": dict(Counter(one.edit.kind for one in answer.prediction.unmatched)),
        "broken": {
            "consumers": len({one.consumer for one in broken if one.certain}),
            "interactions": len({(one.key, one.position) for one in broken if one.certain}),
            "may break": len({(one.key, one.position) for one in broken if not one.certain}),
            "only seen by comparison": len({(key, one.interaction) for key, one in answer.findings}),
        },
        "the old description refuses its own examples": dict(wrong),
        "seconds": seconds,
        "peak memory in MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--old", default="22.0.0")
    options.add_argument("--new", default="23.0.2")
    options.add_argument("--contracts", type=int, default=300)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--from", dest="folder", type=Path)
    options.add_argument("--json", action="store_true")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        found = [description(archive(one, folder, fetch=given.folder is None)) for one in (given.old, given.new)]
        figures = measured(found[0], found[1], given.contracts, given.seed)
    if given.json:
        print(json.dumps(figures))
    else:
        print(f"{PACKAGE} {given.old} -> {given.new}")
        for name, value in figures.items():
            shown = ", ".join(f"{a} {b}" for a, b in value.items()) if isinstance(value, dict) else value
            print(f"  {name}: {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
