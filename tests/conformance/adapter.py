"""Answers the line protocol of the shared `differential/score.py`: one JSON case in, one JSON answer out.

python ../shared/differential/score.py CORPUS.jsonl --cmd ".venv/bin/python tests/conformance/adapter.py"
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from typing import Any

from tallystick.contract import reading
from tallystick.contract.matching import Outcome, match_request, match_response
from tallystick.contract.model import ActualRequest, ActualResponse, HttpInteraction


def answer(case: Mapping[str, Any]) -> dict[str, Any]:
    """The verdict on one case, or why there is none."""
    try:
        if case["kind"] == "openapi":
            from tallystick.contract import openapi

            return openapi.answer(case)
        outcome = compare(case)
    except Exception as failure:  # one bad case must not take the others' answers with it
        return {"id": case["id"], "error": f"{type(failure).__name__}: {failure}"}
    if any(one.part in ("method", "path") for one in outcome.mismatches):
        # The reference asks its mock server, which says no more than that it knows no such request.
        return {"id": case["id"], "ok": False, "mismatches": [{"kind": "request-not-found"}]}
    return {
        "id": case["id"],
        "ok": outcome.ok,
        "mismatches": [{"kind": one.part, "path": one.path, "description": one.sentence} for one in outcome.mismatches],
    }


def compare(case: Mapping[str, Any]) -> Outcome:
    interaction = reading.read(json.dumps(case["pact"])).interactions[0]
    assert isinstance(interaction, HttpInteraction)
    actual = case["actual"]
    headers = tuple((name, line) for name, lines in actual["headers"].items() for line in lines)
    content = base64.b64decode(actual["body_base64"]) if "body_base64" in actual else actual["body"].encode()
    if case["kind"] == "response":
        return match_response(interaction.response, ActualResponse(actual["status"], headers, content))
    request = ActualRequest(actual["method"], actual["path"], actual["query"], headers, content)
    return match_request(interaction.request, request)


def main() -> None:
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(answer(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
