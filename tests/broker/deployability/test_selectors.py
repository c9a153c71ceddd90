"""Reading a question: Rack's grouping of repeated keys, and everything that can be wrong, told at once."""

from urllib.parse import parse_qsl

import pytest

from tallystick.broker.deployability.selectors import (
    Destination,
    Ignored,
    Question,
    Selector,
    complaints,
    ignored_in,
    read,
)

KNOWN = {"Web", "Orders"}


def question(query: str) -> Question:
    return read(parse_qsl(query, keep_blank_values=True))


def said(query: str) -> list[str]:
    return list(complaints(question(query), KNOWN, {"production"}))


def test_a_repeated_member_starts_the_next_selector():
    asked = question("q[][pacticipant]=Web&q[][version]=1&q[][pacticipant]=Orders&q[][latest]=true&q[][tag]=prod")
    assert asked.selectors == (Selector("Web", "1"), Selector("Orders", latest=True, tag="prod"))


def test_brackets_may_be_encoded_and_other_parameters_may_stand_between():
    asked = question("q%5B%5D%5Bpacticipant%5D=Web&limit=7&q%5B%5D%5Bbranch%5D=feat%2Fx&environment=production")
    assert asked.selectors == (Selector("Web", branch="feat/x"),)
    assert (asked.limit, asked.destination) == (7, Destination(environment="production"))


def test_empty_values_count_as_absent():
    asked = question("q[][pacticipant]=Web&q[][version]=&q[][tag]=&tag=&environment=&latestby=&limit=")
    assert asked == Question((Selector("Web"),))


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("success[]=true", {True}),
        ("success[]=true&success[]=", {True, None}),
        ("success=false", {False}),
        ("success[]=perhaps", set()),
        ("", None),
    ],
)
def test_results_to_keep(query, kept):
    assert question(query).success == kept


def test_dependencies_to_ignore_are_names_or_versions():
    pairs = parse_qsl("ignore[]=A&ignore[]=B&ignore[][pacticipant]=C&ignore[][version]=1&ignore[][pacticipant]=D")
    assert ignored_in(pairs) == (Ignored("A"), Ignored("B"), Ignored("C", "1"), Ignored("D"))


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ("", "Please provide 1 or more version selectors: q[][pacticipant]=NAME&q[][version]=NUMBER"),
        ("q[][version]=1", "Please specify the pacticipant name in each selector"),
        (
            "q[][pacticipant]=Web&q[][version]=1&q[][latest]=true",
            "A version number and the latest flag cannot both be specified for Web",
        ),
        ("q[][pacticipant]=Nobody", "Pacticipant Nobody not found"),
        ("q[][pacticipant]=Web&ignore[][version]=1", "Please specify the pacticipant name to ignore"),
        (
            "q[][pacticipant]=Web&tag=x&environment=production",
            "Cannot specify more than one of tag, environment and mainBranch as the destination",
        ),
        (
            "q[][pacticipant]=Web&tag=x&mainBranch=true",
            "Cannot specify more than one of tag, environment and mainBranch as the destination",
        ),
        (
            "q[][pacticipant]=Web&latest=true&environment=production",
            "Cannot specify both latest and environment: everything in the environment is considered",
        ),
        ("q[][pacticipant]=Web&environment=moon", "Environment with name 'moon' does not exist"),
        ("q[][pacticipant]=Web&q[][environment]=moon", "Environment with name 'moon' does not exist"),
        ("q[][pacticipant]=Web&limit=0", "The limit must be a whole number greater than or equal to 1 (not '0')"),
        ("q[][pacticipant]=Web&limit=many", "The limit must be a whole number greater than or equal to 1 (not 'many')"),
        ("q[][pacticipant]=Web&latestby=x", "latestby must be one of: cvpv, cvp, cp (not 'x')"),
    ],
)
def test_each_thing_that_can_be_wrong_has_its_sentence(query, complaint):
    assert said(query) == [complaint]


def test_everything_that_is_wrong_is_told_at_once():
    assert len(said("q[][pacticipant]=A&q[][pacticipant]=B&environment=moon&latest=true&limit=-1")) == 5


def test_a_good_question_has_no_complaints():
    assert said("q[][pacticipant]=Web&q[][version]=1&environment=production&ignore[][pacticipant]=Nobody") == []
