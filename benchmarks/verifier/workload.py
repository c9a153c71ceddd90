"""What is verified: N GETs whose answers are JSON bodies of about 2 KB, matched by type, range and pattern.

Example and answer differ in every value and in no type, so that a verifier has to look at the whole body.
"""

from __future__ import annotations

import json
from typing import Any

PROVIDER = "parcel service"


def body(number: int, answered: bool, size_bytes: int = 2048) -> dict[str, Any]:
    """The body of parcel `number`: the contract's example, or what the provider answers."""
    shift = 500 if answered else 0
    made: dict[str, Any] = {
        "id": number + 1 + shift,
        "code": f"PA-{number + shift:05d}",
        "weight": round(0.5 + number + shift, 2),
        "insured": answered,
        "posted": f"2026-0{1 + shift % 9}-1{number % 10}",
        "labels": ["fragile", "express", "gift"][: 3 if answered else 2],
        "address": {"name": f"Receiver {number + shift}", "street": "Long Lane", "house": 3 + shift},
        "scans": [],
    }
    while len(json.dumps(made)) < size_bytes:
        n = len(made["scans"])
        made["scans"].append(
            {"step": n, "hub": f"HUB-{n + shift}", "seconds": 60 + n + shift, "load": round(n + 0.25 + shift, 2),
             "remark": f"scan {n} of parcel {number + shift}, by hand"}
        )  # fmt: skip
    return made


def rules() -> dict[str, Any]:
    def rule(match: str, **more: Any) -> dict[str, Any]:
        return {"combine": "AND", "matchers": [{"match": match, **more}]}

    return {
        "$": rule("type"),
        "$.id": rule("integer"),
        "$.code": rule("regex", regex=r"PA-\d{5}"),
        "$.weight": rule("decimal"),
        "$.posted": rule("regex", regex=r"\d{4}-\d{2}-\d{2}"),
        "$.labels": rule("type", min=1),
        "$.labels[*]": rule("type"),
        "$.address.house": rule("integer"),
        "$.scans": rule("type", min=1),
        "$.scans[*].step": rule("integer"),
        "$.scans[*].hub": rule("type"),
        "$.scans[*].seconds": rule("integer"),
        "$.scans[*].load": rule("decimal"),
        "$.scans[*].remark": rule("type"),
    }


def contract(count: int, states: bool = False) -> dict[str, Any]:
    """A V4 contract of `count` interactions, with a provider state each when asked."""
    return {
        "consumer": {"name": "tracking page"},
        "provider": {"name": PROVIDER},
        "interactions": [
            {
                "type": "Synchronous/HTTP",
                "description": f"parcel {number}",
                "pending": False,
                **({"providerStates": [{"name": "a parcel exists", "params": {"id": number}}]} if states else {}),
                "request": {"method": "GET", "path": f"/parcels/{number}", "headers": {"Accept": ["application/json"]}},
                "response": {
                    "status": 200,
                    "headers": {"Content-Type": ["application/json"]},
                    "body": {"content": body(number, False), "contentType": "application/json", "encoded": False},
                    "matchingRules": {"body": rules()},
                },
            }
            for number in range(count)
        ],
        "metadata": {"pactSpecification": {"version": "4.0"}},
    }
