"""A safe order of deployment: replayed step by step, nothing live is ever without what it needs."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from tallystick.broker.deployability.order import Contracts, Move, plan

WEB = Move(1, "Web", 12, "2", (11,))
ORDERS = Move(2, "Orders", 22, "2", (21,))


def names(steps):
    return [[move.participant for move in step] for step in steps]


def test_a_consumer_that_needs_the_new_provider_goes_second():
    needs = {12: frozenset({2}), 11: frozenset({2})}
    fits = {(12, 22): True, (12, 21): False, (11, 22): True, (11, 21): True}
    found = plan([WEB, ORDERS], Contracts(needs, fits))
    assert names(found.steps) == [["Orders"], ["Web"]]
    assert [(c.first, c.then, c.why) for c in found.constraints] == [(ORDERS, WEB, "new consumer needs new provider")]


def test_a_provider_that_breaks_the_live_consumer_goes_second():
    needs = {12: frozenset({2}), 11: frozenset({2})}
    fits = {(12, 22): True, (12, 21): True, (11, 22): False, (11, 21): True}
    found = plan([ORDERS, WEB], Contracts(needs, fits))
    assert names(found.steps) == [["Web"], ["Orders"]]
    assert found.constraints[0].why == "live consumer needs live provider"


def test_when_each_needs_the_other_they_go_at_once_and_that_is_said():
    needs = {12: frozenset({2}), 11: frozenset({2})}
    fits = {(12, 22): True, (11, 21): True}
    found = plan([ORDERS, WEB], Contracts(needs, fits))
    assert names(found.steps) == [["Orders", "Web"]]
    assert not found.one_by_one


def test_a_provider_nobody_has_deployed_yet_goes_before_its_consumer():
    new = Move(2, "Orders", 22, "2", ())
    found = plan([WEB, new], Contracts({12: frozenset({2})}, {(12, 22): True}))
    assert names(found.steps) == [["Orders"], ["Web"]]


def test_what_is_live_already_is_in_no_step_and_free_ones_go_by_name():
    there = Move(3, "Billing", 31, "1", (31,))
    assert names(plan([WEB, there, ORDERS], Contracts({}, {})).steps) == [["Orders"], ["Web"]]


@st.composite
def landscapes(draw):
    count = draw(st.integers(2, 4))
    moves = [
        Move(p, f"App{p}", 10 * p + 2, "2", (10 * p + 1,) if draw(st.booleans()) else ()) for p in range(1, count + 1)
    ]
    needs, fits = {}, {}
    for consumer in moves:
        for version in (consumer.version_id, *consumer.live):
            others = [m.participant_id for m in moves if m != consumer]
            needs[version] = frozenset(draw(st.sets(st.sampled_from(others))))
            for provider in moves:
                for theirs in (provider.version_id, *provider.live):
                    fits[version, theirs] = draw(st.booleans())
    return moves, Contracts(needs, fits)


def broken(state, contracts, ids):
    """Pairs that do not fit while these versions are live (participant -> versions)."""
    return {
        (c, p)
        for c in ids
        for p in ids
        if c != p and state[c] and not contracts.hold(list(state[c]), p, list(state[p]))
    }


@settings(max_examples=300)
@given(landscapes())
def test_no_step_of_the_plan_breaks_what_start_and_end_both_keep(landscape):
    moves, contracts = landscape
    ids = [m.participant_id for m in moves]
    state = {m.participant_id: m.live for m in moves}
    end = {m.participant_id: (m.version_id,) for m in moves}
    allowed = broken(state, contracts, ids) | broken(end, contracts, ids)
    found = plan(moves, contracts)
    assert sorted(m.participant_id for step in found.steps for m in step) == ids
    for step in found.steps:
        for move in step:
            state[move.participant_id] = (move.version_id,)
        assert broken(state, contracts, ids) <= allowed


@settings(max_examples=150)
@given(landscapes())
def test_a_step_of_several_is_given_only_when_no_order_one_by_one_exists(landscape):
    moves, contracts = landscape
    found = plan(moves, contracts)
    if found.one_by_one:
        return

    def keeps(order):
        return all(order.index(c.first) < order.index(c.then) for c in found.constraints)

    assert not any(keeps(order) for order in permutations(moves))
