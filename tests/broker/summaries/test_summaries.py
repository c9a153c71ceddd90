"""Every summary table equals a recomputation from history, whatever was called in whatever order, deletes included."""

from __future__ import annotations

import json
import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tallystick.contract import identity
from tallystick.contract.reading import read
from tallystick.contract.usage import usage

CALLS = (
    ("publish", 5), ("branch", 4), ("unbranch", 2), ("drop_branch", 1), ("tag", 3), ("untag", 2), ("drop_version", 1),
    ("drop_participant", 1), ("drop_pact", 1), ("drop_integration", 1), ("verify", 10), ("drop_result", 2),
    ("environment", 2), ("deploy", 3), ("undeploy", 1), ("release", 2),
)  # fmt: skip
NAMES = [name for name, weight in CALLS for _ in range(weight)]
SMALL = st.integers(0, 11)
BEGINNING = [("publish", 0, 0, 0, 1), ("publish", 1, 0, 0, 2), ("environment", 0, 1, 0, 0), ("branch", 2, 0, 0, 0)]
STORIES = st.lists(st.tuples(st.sampled_from(NAMES), SMALL, SMALL, SMALL, SMALL), min_size=20, max_size=60)


def rows(connection, query):
    return [tuple(row) for row in connection.execute(text(query))]


def at(moment):
    """Moments as text: a driver gives datetimes, the other strings; both sort and compare as they are."""
    return None if moment is None else str(moment)


def heads_from_results(connection):
    newest = {}
    for row in rows(connection, "SELECT contract_id, provider_version_id, id, success FROM verification ORDER BY id"):
        newest[row[:2]] = row
    return sorted((*row[:3], bool(row[3])) for row in newest.values())


def successes(connection):
    query = (
        "SELECT id, contract_id, provider_version_id, created_at, wip, COALESCE(repeated_at, executed_at) "
        "FROM verification WHERE success"
    )
    return rows(connection, query)


def branch_success_from_results(connection):
    on = {}
    for branch, version in rows(connection, "SELECT branch_id, version_id FROM branch_version"):
        on.setdefault(version, []).append(branch)
    first, last = {}, {}
    for _, contract, version, created, wip, executed in successes(connection):
        for branch in on.get(version, []):
            key = (contract, branch)
            first[key] = min(first.get(key, at(created)), at(created))
            if not wip:
                last[key] = max(last.get(key, ""), at(executed))
    return sorted((*key, first[key], last.get(key)) for key in first)


def tag_success_from_results(connection):
    now, then = {}, {}
    for version, name in rows(connection, "SELECT version_id, name FROM tag"):
        now.setdefault(version, set()).add(name)
    for result, name in rows(connection, "SELECT verification_id, name FROM verification_tag"):
        then.setdefault(result, set()).add(name)
    first, last = {}, {}
    for result, contract, version, created, wip, executed in successes(connection):
        for name in now.get(version, set()) | then.get(result, set()):
            key = (contract, name)
            first[key] = min(first.get(key, at(created)), at(created))
            if not wip and name in then.get(result, set()):
                last[key] = max(last.get(key, ""), at(executed))
    return sorted((*key, first[key], last.get(key)) for key in first)


def stored(connection, table):
    columns = "contract_id, branch_id" if table == "branch_success" else "contract_id, name"
    found = rows(connection, f"SELECT {columns}, first_at, last_nonwip_at FROM {table}")
    return sorted((*row[:2], at(row[2]), at(row[3])) for row in found)


def usage_from_contracts(connection):
    """What the usage map has to say of each interaction of each contract that is kept."""
    found = []
    for contract, consumer, provider, content in rows(
        connection, "SELECT id, consumer_id, provider_id, content FROM contract"
    ):
        for position, interaction in enumerate(read(bytes(content)).interactions):
            used = usage(interaction)
            places = [[row.part, row.path, row.strictness, row.detail] for row in used]
            operation = (provider, used[0].method, used[0].template)
            found.append((contract, position, consumer, provider, operation, identity.interaction_sha(interaction),
                          places))  # fmt: skip
    return sorted(found)


def usage_as_stored(connection):
    query = (
        "SELECT i.contract_id, i.position, n.consumer_id, n.provider_id, o.provider_id, o.method, o.template, "
        "u.interaction_sha, u.places FROM contract_interaction i JOIN interaction_usage u ON u.id = i.usage_id "
        "JOIN integration n ON n.id = u.integration_id JOIN operation o ON o.id = i.operation_id "
        "WHERE o.id = u.operation_id AND u.interaction_sha = i.interaction_sha"
    )
    return sorted((*row[:4], row[4:7], row[7], json.loads(row[8])) for row in rows(connection, query))


def check(engine, story):
    with engine.connect() as connection:
        assert usage_as_stored(connection) == usage_from_contracts(connection)
        heads = rows(
            connection, "SELECT contract_id, provider_version_id, verification_id, success FROM verification_head"
        )
        assert sorted((*row[:3], bool(row[3])) for row in heads) == heads_from_results(connection)
        assert stored(connection, "branch_success") == branch_success_from_results(connection)
        assert stored(connection, "tag_success") == tag_success_from_results(connection)

        query = (
            "SELECT participant.name, branch.name, version.number FROM branch_head "
            "JOIN branch ON branch.id = branch_head.branch_id JOIN version ON version.id = branch_head.version_id "
            "JOIN participant ON participant.id = branch.participant_id"
        )
        assert {row[:2]: row[2] for row in rows(connection, query)} == story.heads

        query = "SELECT kind, participant, version, environment, application_instance FROM deployment_event ORDER BY id"
        events = rows(connection, query)
        assert Counter(events) == Counter(story.events)
        for name in {event[1:2] + event[3:] for event in events}:  # per place, in the order of happening
            assert [e for e in events if (e[1], *e[3:]) == name] == [e for e in story.events if (e[1], *e[3:]) == name]


@given(calls=STORIES)
@settings(
    max_examples=int(os.environ.get("TALLYSTICK_EXAMPLES", "8")),
    deadline=None,
    # No shrinking: an example costs a second, and what was called is printed.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    derandomize="TALLYSTICK_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_summaries_follow_history_through_any_sequence_of_calls(stories, calls):
    engine, new_story = stories
    story = new_story()
    try:
        for place, (name, *arguments) in enumerate(BEGINNING + calls):
            getattr(story, name)(*arguments)
            if place % 20 == 19:
                check(engine, story)
        check(engine, story)
    except AssertionError:
        print("\n".join(story.told))
        raise


def test_the_random_calls_reach_every_summary(stories):
    """The property above would hold for empty tables too: one long story fills every one of them."""
    import random

    engine, new_story = stories
    story, dice = new_story(), random.Random(7)
    filled = dict.fromkeys(["verification_head", "branch_success", "tag_success", "branch_head", "deployment_event"], 0)
    calls = [(dice.choice(NAMES), *(dice.randrange(12) for _ in range(4))) for _ in range(150)]
    for place, (name, *arguments) in enumerate(BEGINNING + calls):
        getattr(story, name)(*arguments)
        if place % 10 == 9:
            check(engine, story)
            with engine.connect() as connection:
                for table in filled:
                    filled[table] = max(filled[table], rows(connection, f"SELECT COUNT(*) FROM {table}")[0][0])
    assert min(filled.values()) >= 2, filled


@pytest.mark.parametrize("table", ["verification_head", "branch_success", "tag_success", "branch_head"])
def test_the_check_notices_a_summary_that_lost_a_row(stories, table):
    from tallystick.broker import db

    engine, new_story = stories
    story = new_story()
    for name, *arguments in [*BEGINNING, ("tag", 2, 0, 0, 0), ("verify", 0, 0, 0, 1)]:
        getattr(story, name)(*arguments)
    check(engine, story)

    with db.write(engine) as session:
        session.execute(text(f"DELETE FROM {table}"))

    with pytest.raises(AssertionError):
        check(engine, story)
