"""The pure parts of selection, without a broker: selectors, what links remember, and decisions over values."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.broker.http import metadata
from tallystick.broker.selection import selectors
from tallystick.broker.selection.decide import History, Pick, merge, with_pending, work_in_progress
from tallystick.broker.selection.owed import Own, missing
from tallystick.broker.selection.reasons import Reason
from tallystick.broker.selection.selectors import Selector

NAMES = (*selectors.BRANCH_LIKE, *selectors.ENVIRONMENT_LIKE, "consumer", "main_branch", "unknown")
VALUES = st.one_of(st.none(), st.booleans(), st.integers(0, 1), st.sampled_from(["", " ", "main", "test", "é\n"]))
ANYTHING = st.recursive(
    VALUES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
)
SELECTORS = st.one_of(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=4), ANYTHING)


@given(raw=st.lists(SELECTORS, max_size=4), branch=st.sampled_from([None, "", "main"]))
def test_every_selector_is_refused_with_a_reason_or_means_something(raw, branch):
    wrong = selectors.complaints(raw, branch, frozenset({"test"}))

    assert all(sentence.endswith(")") and " (at index " in sentence for sentence in wrong)
    if not wrong:
        for selector in selectors.parse(raw):
            meanings = (
                selector.main_branch, selector.branch, selector.every_branch, selector.matching_branch, selector.tag,
                selector.latest, selector.deployed, selector.released, selector.default,
            )  # fmt: skip
            assert any(meanings)


@pytest.mark.parametrize(
    ("raw", "meaning"),
    [
        ([], selectors.DEFAULT),
        ([{"environment": "e"}], (Selector(environment="e", deployed=True), Selector(environment="e", released=True))),
        ([{"deployedOrReleased": True}], (Selector(deployed=True), Selector(released=True))),
        ([{"environment": "e", "deployed": True}], (Selector(environment="e", deployed=True),)),
        ([{"branch": True, "consumer": "c"}], (Selector(consumer="c", every_branch=True),)),
        ([{"latest": True}, {"latest": True}], (Selector(latest=True),)),
    ],
)
def test_what_selectors_mean(raw, meaning):
    assert selectors.parse(raw) == meaning


PAIRS = st.lists(
    st.tuples(st.sampled_from("btle"), st.text(min_size=1, max_size=5)), max_size=3, unique_by=lambda pair: pair[0]
)


@given(
    wanted=st.lists(st.tuples(PAIRS, st.integers(1, 10**12)), max_size=4),
    pending=st.sampled_from([None, True, False]),
    wip=st.booleans(),
)
def test_a_link_remembers_exactly_what_it_was_given(wanted, pending, wip):
    given_selectors = [[*pairs, ("cv", str(version))] for pairs, version in wanted]

    read = metadata.decode(metadata.encode(selectors=given_selectors, pending=pending, wip=wip))

    assert [list(selector) for selector in read.selectors] == given_selectors
    assert (read.pending, read.wip) == (pending, wip)
    assert read.version_ids == tuple(dict.fromkeys(version for _, version in wanted))


@given(segment=st.text(max_size=40))
def test_any_segment_can_be_read(segment):
    assert isinstance(metadata.decode(segment), metadata.Remembered)


def test_a_link_of_the_incumbent_is_understood():
    read = metadata.decode("cyU1QiU1RCU1QnQlNUQ9cHJvZCZzJTVCJTVEJTVCbCU1RD10cnVlJnMlNUIlNUQlNUJjdiU1RD0xMA")

    assert read.version_ids == (10,)
    assert [list(selector) for selector in read.selectors] == [[("t", "prod"), ("l", "true"), ("cv", "10")]]
    assert (
        metadata.encode(selectors=read.selectors)
        == "cyU1QiU1RCU1QnQlNUQ9cHJvZCZzJTVCJTVEJTVCbCU1RD10cnVlJnMlNUIlNUQlNUJjdiU1RD0xMA"
    )


def pick(contract, consumer, version, kind="latest"):
    return Pick(contract, f"sha{contract}", Reason(kind, consumer, version, str(version)))


@given(st.permutations([pick(1, "b", 5), pick(1, "b", 3), pick(2, "a", 9), pick(3, "a", 1), pick(1, "b", 5, "branch")]))
def test_contracts_come_in_one_order_whatever_the_order_of_the_rows(picks):
    merged = merge(picks)

    assert [(each.consumer, each.contract_id, each.version_id) for each in merged] == [
        ("a", 3, 1),
        ("a", 2, 9),
        ("b", 1, 5),
    ]
    assert len(merged[2].reasons) == 3


@pytest.mark.parametrize(
    ("branch", "tags", "history", "pending", "pending_tags"),
    [
        ("main", (), History(frozenset({1})), False, ()),
        ("main", ("a",), History(frozenset()), True, ()),
        (None, (), History(frozenset({1})), False, ()),
        (None, (), History(frozenset()), True, ()),
        (None, ("a", "b"), History(verified_by_tag={"a": frozenset({1}), "b": frozenset({1})}), False, ()),
        (None, ("a", "b"), History(verified_by_tag={"a": frozenset({1})}), True, ("b",)),
    ],
)
def test_pending(branch, tags, history, pending, pending_tags):
    [marked] = with_pending(merge([pick(1, "a", 1)]), history, branch, tags)

    assert (marked.pending, marked.pending_tags) == (pending, pending_tags)


def test_work_in_progress_leaves_out_what_was_asked_for_or_settled():
    explicit = merge([pick(1, "a", 1)])
    candidates = [pick(1, "a", 2), pick(2, "a", 3), pick(3, "a", 4)]

    by_branch = work_in_progress(candidates, explicit, frozenset({2}), {}, "main", ())
    by_tag = work_in_progress(
        candidates, explicit, frozenset(), {"a": frozenset({2, 3}), "b": frozenset({3})}, None, ["a", "b"]
    )

    assert [(each.contract_id, each.wip, each.pending) for each in by_branch] == [(3, True, True)]
    assert [(each.contract_id, each.pending_tags) for each in by_tag] == [(2, ("b",))]


def test_owed_is_every_pair_without_a_result():
    contracts = merge([pick(1, "a", 1), pick(2, "b", 2)])
    versions = [Own(7, "7", ()), Own(8, "8", ()), Own(None, "9", ())]

    owed = missing(contracts, versions, frozenset({(1, 7), (2, 7), (1, 8)}))

    assert [(each.contract.contract_id, each.version.number) for each in owed] == [(2, "8"), (1, "9"), (2, "9")]
