"""The shared differential corpora: what the released core said about generated cases, and what we say."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ADAPTER = Path(__file__).with_name("adapter.py")

OTHER_PATHS = {
    "rv00269": "A form parameter's list is reported at $['é']; the core writes $.$['é'].",
    "rv00429": "A form parameter's list is reported at $['é']; the core writes $.$['é'].",
    "rv00470": "A form parameter's list is reported at $['é']; the core writes $.$['é'].",
    "rv00591": "A form parameter's list is reported at $.list; the core writes $.$.list.",
}
"""Cases with the core's verdict and kinds where we name another path, and why ours is the better one."""


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("kind", ["response", "request"])
def test_the_verdict_is_that_of_the_released_core_in_every_case(shared: Path, kind: str, tmp_path: Path) -> None:
    corpus = shared / "differential" / f"{kind}_cases.jsonl"
    summary = tmp_path / "summary.json"

    run = subprocess.run(
        [sys.executable, shared / "differential" / "score.py", corpus, "--cmd", f"{sys.executable} {ADAPTER}",
         "--json", summary, "--min-agree", "100"],
        capture_output=True, text=True, check=False, timeout=100,
    )  # fmt: skip

    assert run.returncode == 0, run.stdout + run.stderr
    counted = json.loads(summary.read_text())[0]
    assert counted["agree"] == counted["total"] > 0


@pytest.mark.parametrize("kind", ["response", "request"])
def test_the_mismatches_have_the_kinds_and_paths_of_the_released_core(shared: Path, kind: str) -> None:
    score, adapter = load(shared / "differential" / "score.py"), load(ADAPTER)
    other: dict[str, Any] = {}
    for case in score.load(shared / "differential" / f"{kind}_cases.jsonl"):
        reference = case["reference"]
        if reference["ok"] or not reference.get("mismatches_stable", True):
            continue
        answer = adapter.answer({**case, "kind": kind})
        theirs, ours = (score.mism(one["mismatches"], kind == "request") for one in (reference, answer))
        if theirs != ours:
            other[case["id"]] = (theirs[1] - ours[1], ours[1] - theirs[1])

    assert set(other) - set(OTHER_PATHS) == set(), other
