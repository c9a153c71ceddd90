"""The verdict by the table in design part 1, and the rules of the Pact Broker's decision."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tallystick.broker.deployability.decision import Case, Integration, Live, Resolved, decide
from tallystick.broker.deployability.rows import Result, Row, in_telling_order, newest_per_group, printed
from tallystick.broker.deployability.selectors import Ignored, Selector

AT = datetime(2024, 5, 1, tzinfo=UTC)
WEB = Resolved(Selector("Web", "1"), 1, 11, "1")
ORDERS = Resolved(Selector("Orders", environment="production"), 2, 21, "7", inferred=True)
NO_ORDERS = Resolved(Selector("Orders", environment="production"), 2, exists=False, inferred=True)
PAIR = Integration(1, "Web", 2, "Orders", required=True)
LIVE = Live(3, "Mobile", 31, "4", "production")


def row(success: bool | None, *, publication: int = 1, provider_version: int = 21) -> Row:
    base = (1, "Web", 11, "1", 2, "Orders", publication, 1, 100 + publication, "sha", AT)
    if success is None:
        return Row(*base)
    result = Result(publication * 1000 + provider_version, 1, success, AT, AT)
    return Row(*base, provider_version, str(provider_version), result)


def verdict(*rows: Row, **case):
    found = decide(Case((WEB,), (ORDERS,), considered=rows, **case))
    return found.deployable, found.word, [cause.kind for cause in found.causes]


def test_everything_verified_is_a_yes():
    assert verdict(row(True), integrations=(PAIR,)) == (True, "yes", [])


def test_nothing_required_is_a_yes():
    assert verdict() == (True, "yes", [])


def test_a_failure_with_nothing_owed_is_a_no():
    assert verdict(row(False), row(True, publication=2)) == (False, "no", ["verification-failed"])


def test_a_failure_with_something_owed_is_a_no_that_pact_calls_unknown():
    assert verdict(row(False), row(None, publication=2)) == (None, "no", ["verification-failed", "not-verified"])


def test_something_owed_is_unknown():
    assert verdict(row(None)) == (None, "unknown", ["not-verified"])


def test_a_required_partner_that_is_not_there_is_unknown():
    found = decide(Case((WEB,), (NO_ORDERS,), considered=(row(None),)))
    assert (found.deployable, found.word, found.causes[0].kind) == (None, "unknown", "partner-absent")


def test_a_required_integration_without_any_row_is_unknown():
    assert verdict(integrations=(PAIR,)) == (None, "unknown", ["no-contract"])


def test_an_optional_integration_without_a_row_asks_for_nothing():
    assert verdict(integrations=(Integration(3, "Mobile", 1, "Web", required=False),)) == (True, "yes", [])


def test_a_named_version_that_does_not_exist_is_unanswerable_and_the_only_reason():
    missing = Resolved(Selector("Web", "9"), 1, exists=False)
    found = decide(Case((missing,), (ORDERS,), considered=(row(False), row(None, publication=2))))
    assert (found.deployable, found.word, [c.kind for c in found.causes]) == (
        False,
        "unanswerable",
        ["no-such-version"],
    )


def test_a_missing_version_that_is_ignored_does_not_matter():
    missing = Resolved(Selector("Web", "9"), 1, exists=False)
    found = decide(Case((missing,), (ORDERS,), ignored=(Ignored("Web", "9"),)))
    assert (found.deployable, found.word) == (True, "yes")


def test_a_live_version_that_never_published_leaves_pacts_answer_and_makes_ours_unanswerable():
    assert verdict(row(True), silent=(LIVE,)) == (True, "unanswerable", ["never-published"])
    assert verdict(row(None), silent=(LIVE,)) == (None, "unanswerable", ["not-verified", "never-published"])
    assert verdict(row(False), silent=(LIVE,)) == (False, "no", ["verification-failed", "never-published"])


def test_too_many_rows_are_not_weighed():
    found = decide(Case((WEB,), considered=(row(False),), too_many=True))
    assert (found.deployable, found.word, [c.kind for c in found.causes]) == (None, "unanswerable", ["too-many-rows"])


def test_one_of_two_live_providers_that_never_verified_leaves_pacts_yes_and_makes_ours_unknown():
    other = Live(2, "Orders", 22, "8", "production")
    assert verdict(row(True), unasked=((row(True), other),)) == (True, "unknown", ["not-verified-by-all"])


def test_ignored_failures_are_waived_and_count_neither_way():
    found = decide(Case((WEB,), (ORDERS,), (PAIR,), considered=(), ignored_rows=(row(False),)))
    assert (found.deployable, found.word, found.waived, found.failed) == (True, "yes", (row(False),), 0)


results = st.lists(st.sampled_from([True, False, None]), max_size=6)
TABLE = {(True, "yes"), (False, "no"), (None, "no"), (None, "unknown"), (False, "unanswerable"), (None, "unanswerable")}


@given(results, st.booleans(), st.booleans())
def test_deployable_and_verdict_only_ever_meet_as_in_the_table(successes, exists, too_many):
    rows = tuple(row(success, publication=n) for n, success in enumerate(successes, 1))
    web = WEB if exists else Resolved(Selector("Web", "9"), 1, exists=False)
    found = decide(Case((web,), (ORDERS,), considered=rows, too_many=too_many))
    assert (found.deployable, found.word) in TABLE
    assert (found.word == "yes") == (found.causes == ())
    assert (found.success, found.failed, found.unknown) == tuple(successes.count(x) for x in (True, False, None))


MIXED = [
    row(True),
    row(False, provider_version=22),
    row(None, publication=2),
    row(True, publication=3),
    row(False, publication=4),
]


@given(st.permutations(MIXED), st.sampled_from(["cvpv", "cvp", "cp", None]))
def test_the_order_in_which_rows_come_does_not_matter(rows, latest_by):
    tidy = in_telling_order(newest_per_group(rows, latest_by))
    assert tidy == in_telling_order(newest_per_group(sorted(rows, key=lambda r: r.publication_id), latest_by))


def test_groups_keep_the_newest_provider_version():
    old, new = row(True, provider_version=21), row(False, provider_version=22)
    assert newest_per_group([old, new], "cvpv") in ([old, new], [new, old])
    assert newest_per_group([old, new], "cvp") == [new]
    assert newest_per_group([old, new], "cp") == [new]


@pytest.mark.parametrize("limit", [1, 2, 3, None])
def test_the_limit_cuts_what_is_printed_and_ignored_rows_come_last(limit):
    rows = [row(True, publication=n) for n in (1, 2)]
    waived = [row(False, publication=3)]
    told = printed(rows, waived, limit)
    assert len(told) == min(3, limit or 3)
    flags = [ignored for _, ignored in told]
    assert flags == sorted(flags)
