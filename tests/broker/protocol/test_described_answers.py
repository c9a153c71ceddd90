"""The description keeps its word: whatever is sent, no failure, and no answer that it does not mention."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


def test_generated_requests_get_described_answers(broker_with: Callable[..., Any], kind: str, tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "schemathesis"
    if not program.exists():
        pytest.skip("schemathesis is not installed")
    running = broker_with(kind=kind)

    done = subprocess.run(
        [
            str(program),
            "run",
            f"{running.url}/openapi.json",
            "--checks",
            "not_a_server_error,status_code_conformance,content_type_conformance",
            "--phases",
            "examples,fuzzing",
            "--max-examples",
            "3",
            "--workers",
            "1",
            "--seed",
            "1",
            "--no-color",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=110,
    )

    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
