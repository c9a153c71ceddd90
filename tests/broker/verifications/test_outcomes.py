"""What a report says of each interaction: pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.broker.verifications.failures import told as said_of
from tallystick.broker.verifications.failures import whole
from tallystick.broker.verifications.outcomes import Known, outcomes

KNOWN = [Known("sha-a", "id-a", "a"), Known("sha-b", "id-b", "b"), Known("sha-c", None, "c")]


def told(report, success=False):
    return {outcome.sha or outcome.description: outcome.success for outcome in outcomes(report, success, KNOWN)}


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (
            [{"interactionId": "id-a", "success": False}, {"interactionId": "id-b", "success": True}],
            {"sha-a": False, "sha-b": True},
        ),
        ([{"interactionDescription": "c", "success": False}], {"sha-c": False}),
        ([{"interactionId": "id-a", "success": True}, {"interactionId": "id-a", "success": False}], {"sha-a": False}),
        ([{"interactionId": "id-a", "mismatches": [{"attribute": "body"}]}], {"sha-a": False}),
        ([{"interactionId": "id-a", "exceptions": [{"message": "refused"}]}], {"sha-a": False}),
        ([{"interactionId": "id-a"}], {"sha-a": True}),
        ({"tests": [{"interactionDescription": "b", "status": "failed"}]}, {"sha-b": False}),
        ({"tests": [{"interactionDescription": "b", "status": "passed"}]}, {"sha-b": True}),
        ([{"interactionId": "unknown", "interactionDescription": "x", "success": False}], {"x": False}),
        ([None, 1, "x", []], {}),
        ("text", {}),
        (None, {}),
    ],
)
def test_reports_of_every_shape(report, said):
    assert told(report) == said


def test_a_success_means_that_everything_passed():
    assert told(None, success=True) == {"sha-a": True, "sha-b": True, "sha-c": True}


def test_mismatches_of_one_interaction_are_joined():
    report = [
        {"interactionId": "id-a", "success": False, "mismatches": [1]},
        {"interactionId": "id-a", "success": False, "mismatches": [2], "exception": "boom"},
    ]

    [outcome] = outcomes(report, False, KNOWN)

    assert outcome.mismatches == (1, 2, {"exception": "boom"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["interactionId", "interactionDescription", "success", "status", "mismatches", "tests"]),
            inner,
        )
    ),
    max_leaves=12,
)


@given(report=JSON, success=st.booleans())
def test_any_report_can_be_read(report, success):
    for outcome in outcomes(report, success, KNOWN):
        assert isinstance(outcome.success, bool)


def test_a_failure_names_interactions_or_stands_for_the_contract_as_a_whole():
    report = [{"interactionId": "id-a", "success": False}, {"interactionId": "id-b", "success": True}]

    assert said_of(outcomes(report, False, KNOWN), False, "0") == {"sha-a": (False, "a"), "sha-b": (True, "b")}
    assert said_of([], False, "0") == {whole("0"): (False, "")}
    assert set(said_of(outcomes(None, True, KNOWN), True, "0")) == {"sha-a", "sha-b", "sha-c", whole("0")}
