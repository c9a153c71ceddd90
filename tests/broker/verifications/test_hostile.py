"""Names and contents that a database would refuse: answered, stored or refused by name, never failed at."""

from __future__ import annotations

import random
import string

import pytest

dice = random.Random(4)
LONG = "".join(dice.choice(string.ascii_letters + string.digits) for _ in range(6000))
"""Random, as PostgreSQL compresses what repeats before it counts."""


@pytest.mark.row("PB-030")
@pytest.mark.parametrize(
    ("path", "role"),
    [
        (f"/pacticipants/{LONG}/versions/1", "pacticipant"),
        (f"/pacticipants/Web/versions/{LONG}", "version"),
        (f"/pacticipants/Web/branches/{LONG}/versions/1", "branch"),
        (f"/pacticipants/Web/versions/1/tags/{LONG}", "tag"),
        (f"/pacticipants/Web/labels/{LONG}", "label"),
        (f"/pacts/provider/{LONG}/consumer/Web/version/1", "provider"),
    ],
)
def test_a_name_longer_than_an_index_takes_is_refused_by_its_role(client, path, role):
    response = client.put(path, json={"interactions": []})

    assert response.status_code == 422
    assert response.json() == {"errors": {role: ["size cannot be greater than 1000 bytes"]}}


@pytest.mark.row("PB-030")
def test_long_names_in_a_body_are_refused_and_names_of_a_thousand_bytes_kept(client, world):
    refused = client.post("/pacticipants", json={"name": LONG})
    kept = "é" * 500

    assert (refused.status_code, refused.json()) == (
        400,
        {"errors": {"name": ["size cannot be greater than 1000 bytes"]}},
    )
    world.published(f"{kept} 1", to=kept, branch=kept, tags=[kept])
    world.environment(kept).deployed(f"{kept} 1", to=kept, instance=kept)


@pytest.mark.row("PB-030")
def test_contracts_may_hold_what_no_index_and_no_column_takes(client, world, pact_document, an_interaction):
    body = {LONG: 1, "a\0": "\0", "lines": [{LONG[:3000]: LONG}]}
    hostile = an_interaction("a\0b" + LONG, path="/" + LONG, providerState="\0")
    hostile["response"] = {"status": 200, "headers": {"X-" + LONG[:2000]: "1"}, "body": body}

    world.published("Web 1", to="Orders", branch="main", content=pact_document("Web", "Orders", hostile))
    served = world.pact_of("Web 1", "Orders")
    identity = served["interactions"][0]["_id"]
    report = [
        {"interactionId": identity, "success": False, "interactionDescription": "a\0b", "mismatches": [{"a": "\0"}]}
    ]
    world.verified("Orders 1", "Web 1", success=False, results=report)

    assert served["interactions"][0]["response"]["body"] == body
    assert world.last.json()["testResults"] == report
