"""The first change that broke an interaction: whose it was, told wherever a failure is."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from tallystick.broker.verifications.past import commit_url
from tallystick.cli import main


def an_order(status=200, **body):
    request = {"method": "GET", "path": "/orders/7"}
    return {"description": "an order", "request": request, "response": {"status": status, "body": {"id": 7, **body}}}


@pytest.fixture
def story(world, pact_document):
    """Short calls: `asks("web 1")` publishes, `gives("orders 7", "web 1", fails=["an order"])` verifies on a branch."""

    class Story:
        def __init__(self):
            world.participant("orders", mainBranch="main", repositoryUrl="https://github.com/acme/orders.git")

        def asks(self, version, *interactions, branch="main"):
            content = pact_document("web", "orders", *(interactions or [an_order()]), version="3.0.0")
            world.published(version, to="orders", branch=branch, content=content)

        def gives(self, version, consumer_version, *, fails=(), branch="main", named=True, url="", **members):
            if branch:
                world.on_branch(version, branch)
            names = [each["description"] for each in world.pact_of(consumer_version, "orders")["interactions"]]
            report = [{"interactionDescription": name, "success": name not in fails} for name in names]
            world.verified(
                version, consumer_version, success=not fails, results=report if named else None,
                url=url or None, **members,
            )  # fmt: skip

        def failures(self, **query):
            return world.client.get("/pacticipants/orders/failures", params=query).json()["failures"]

        def cause(self, consumer_version, version):
            """The failing pair in can-i-deploy's words."""
            query = (
                f"q[][pacticipant]=web&q[][version]={consumer_version}"
                f"&q[][pacticipant]=orders&q[][version]={version}&latestby=cvpv"
            )
            (cause,) = world.client.get(f"/matrix?{query}").json()["summary"]["ts:causes"]
            return cause

        def past(self, consumer_version, version):
            (interaction,) = self.cause(consumer_version, version)["interactions"]
            return interaction

    return Story()


FAILS = {"fails": ["an order"]}


def short(line):
    passed = line.get("lastPassed") or {}
    return (
        passed.get("providerVersion"),
        line["sinceProviderVersion"],
        line["lastFailed"]["providerVersion"],
        line.get("untilProviderVersion"),
        line["firstChange"]["kind"],
    )


# --- whose change it was ------------------------------------------------------------------------------------------


def test_a_pair_that_fails_says_since_when_and_that_the_provider_changed(story):
    story.asks("web 1")
    story.gives("orders 7", "web 1")
    story.gives("orders abcdef8", "web 1", buildUrl="https://ci.example.org/8", **FAILS)
    story.gives("orders 9", "web 1", **FAILS)

    past = story.past("1", "9")
    since = past["failingSince"]
    assert since.pop("at")
    assert since == {
        "providerVersion": "abcdef8",
        "branch": "main",
        "buildUrl": "https://ci.example.org/8",
        "commitUrl": "https://github.com/acme/orders/commit/abcdef8",
        "consumerVersion": "1",
    }
    assert (past["lastPassed"]["providerVersion"], past["lastPassed"]["branch"]) == ("7", "main")
    assert past["firstChange"] == {
        "kind": "provider",
        "sentence": "orders abcdef8 broke it: it passed with 7.",
        "provider": {"version": "abcdef8", "after": {"version": "7", "branch": "main"}},
    }


def test_the_consumer_changed_it_where_its_older_form_passes_with_the_very_version_that_fails(story):
    story.asks("web 1", an_order(total=5))
    story.asks("web 2", an_order(status=206, total="5"))
    story.gives("orders 7", "web 2", **FAILS)
    assert story.past("2", "7")["firstChange"]["kind"] == "never-passed"
    story.gives("orders 7", "web 1")  # the same build publishes it a moment later

    change = story.past("2", "7")["firstChange"]
    assert change["kind"] == "consumer"
    assert change["sentence"] == (
        "web 2 changed it (response status, response body $.total): what web 1 asked for passes with orders 7."
    )
    consumer = change["consumer"]
    assert (consumer["version"], consumer["before"], consumer["added"]) == ("2", "1", False)
    assert consumer["changes"][0] == {
        "part": "response status", "path": "", "direction": "different", "was": "equal to 200", "now": "equal to 206",
    }  # fmt: skip


def test_both_changed_where_the_older_form_passed_only_before(story):
    story.asks("web 1", an_order(total=5))
    story.gives("orders 7", "web 1")
    story.asks("web 2", an_order(total="5"))
    story.gives("orders 8", "web 2", **FAILS)

    change = story.past("2", "8")["firstChange"]
    assert change["kind"] == "both"
    assert change["sentence"] == (
        "Both changed since orders 7 on branch main, with which what web 1 asked for passed: "
        "web 2 changed it (response body $.total), and orders 8 fails."
    )
    assert change["provider"] == {"version": "8", "after": {"version": "7", "branch": "main"}}


def test_a_new_interaction_that_never_passed_is_the_consumers(story):
    story.asks("web 1", {**an_order(), "description": "another"})
    story.gives("orders 7", "web 1")
    story.asks("web 2", an_order(total=5))
    story.gives("orders 7", "web 2", **FAILS)

    change = story.past("2", "7")["firstChange"]
    assert (change["kind"], change["consumer"]["added"]) == ("consumer", True)
    assert change["sentence"] == "web 2 brought it: web 1 did not ask for it, and it never passed."


def test_a_first_contract_that_fails_from_the_beginning_never_passed(story):
    story.asks("web 1")
    story.gives("orders 7", "web 1", **FAILS)

    change = story.past("1", "7")["firstChange"]
    assert change["kind"] == "never-passed"
    assert change["sentence"] == "It never passed: no success with orders is recorded since web 1 first asked for it."


def test_the_version_before_is_that_of_the_same_branch(story):
    story.asks("web 1", an_order(total=5))
    story.asks("web 2", an_order(total="another form"), branch="feature")
    story.asks("web 3", an_order(total="5"))
    story.gives("orders 7", "web 1")
    story.gives("orders 7", "web 3", **FAILS)

    assert story.past("3", "7")["firstChange"]["consumer"]["before"] == "1"


# --- the order of versions, not of results ------------------------------------------------------------------------


def test_a_branch_that_fails_from_its_first_version_is_compared_with_where_it_came_from(story):
    story.asks("web 1")
    story.gives("orders 7", "web 1")
    story.gives("orders 8", "web 1", branch="feature", **FAILS)

    change = story.past("1", "8")["firstChange"]
    assert change["kind"] == "provider"
    assert change["sentence"] == "orders 8 on branch feature broke it: it passed with 7 on branch main."


def test_an_old_version_that_never_could_do_it_does_not_make_the_branch_fail(story, world):
    """The usual case: what runs in production is verified after the head, when a consumer asks for more."""
    world.on_branch("orders 7", "main").on_branch("orders 8", "main")
    story.asks("web 1")
    story.gives("orders 8", "web 1")
    story.gives("orders 7", "web 1", **FAILS)

    assert story.failures() == []
    assert [short(line) for line in story.failures(ended="true")] == [(None, "7", "7", "8", "never-passed")]
    assert story.past("1", "7")["failingSince"]["providerVersion"] == "7"


def test_results_that_come_late_find_their_place(story, world):
    for number in range(1, 10):
        world.on_branch(f"orders {number}", "main")
    story.asks("web 1")
    story.gives("orders 1", "web 1")
    story.gives("orders 6", "web 1", **FAILS)
    story.gives("orders 8", "web 1", **FAILS)
    assert [short(line) for line in story.failures()] == [("1", "6", "8", None, "provider")]
    story.gives("orders 4", "web 1")
    story.gives("orders 5", "web 1", **FAILS)
    assert [short(line) for line in story.failures()] == [("4", "5", "8", None, "provider")]
    story.gives("orders 7", "web 1")  # it had passed in between
    assert {short(line) for line in story.failures(ended="true")} == {
        ("7", "8", "8", None, "provider"),
        ("4", "5", "6", "7", "provider"),
    }
    story.gives("orders 9", "web 1")
    story.gives("orders 2", "web 1")  # verified again long after: changes nothing
    assert story.failures() == []
    assert story.past("1", "6")["lastPassed"]["providerVersion"] == "4"
    assert story.past("1", "8")["lastPassed"]["providerVersion"] == "7"


def test_a_version_that_is_verified_again_counts_by_its_newest_result(story):
    story.asks("web 1")
    story.gives("orders 7", "web 1")
    story.gives("orders 8", "web 1", **FAILS)
    story.gives("orders 8", "web 1")  # a flaky state
    assert story.failures(ended="true") == []
    story.gives("orders 8", "web 1", **FAILS)
    assert [short(line) for line in story.failures()] == [("7", "8", "8", None, "provider")]


def test_a_failure_that_came_back_has_two_pasts(story):
    story.asks("web 1")
    for number, fails in (("1", []), ("2", ["an order"]), ("3", []), ("4", ["an order"]), ("5", ["an order"])):
        story.gives(f"orders {number}", "web 1", fails=fails)

    assert [short(line) for line in story.failures(ended="true")] == [
        ("3", "4", "5", None, "provider"),
        ("1", "2", "2", "3", "provider"),
    ]


def test_branches_have_their_own_pasts(story):
    story.asks("web 1")
    story.gives("orders 1", "web 1")
    story.gives("orders 2", "web 1", branch="feature", **FAILS)
    story.gives("orders 3", "web 1")
    story.gives("orders 4", "web 1", branch="", **FAILS)

    told = {line.get("providerBranch"): short(line)[:2] for line in story.failures()}
    assert told == {"feature": (None, "2"), None: (None, "4")}


# --- contents, reports, clean-up ----------------------------------------------------------------------------------


def test_what_later_versions_publish_again_has_one_past(story):
    story.asks("web 1")
    story.gives("orders 7", "web 1")
    story.asks("web 2")
    story.gives("orders 8", "web 2", **FAILS)
    story.asks("web 3", an_order(), {**an_order(), "description": "another", "request": {"path": "/", "method": "GET"}})
    story.gives("orders 9", "web 3", **FAILS)

    past = story.past("3", "9")
    assert (past["lastPassed"]["providerVersion"], past["failingSince"]["providerVersion"]) == ("7", "8")
    assert past["failingSince"]["consumerVersion"] == "1"


def test_a_failure_that_names_no_interaction_is_told_of_the_whole_contract(story):
    story.asks("web 1")
    story.asks("web 2", an_order(total=5))
    story.gives("orders 7", "web 1", named=False)
    story.gives("orders 7", "web 2", named=False, **FAILS)

    cause = story.cause("2", "7")
    assert cause["interactions"] == []
    assert cause["failingSince"]["providerVersion"] == "7"
    assert cause["firstChange"]["kind"] == "consumer"
    assert cause["firstChange"]["consumer"]["changes"][0]["path"] == "an order"
    assert [line.get("interaction") for line in story.failures()] == [None]
    story.gives("orders 8", "web 2", named=False)
    assert story.failures() == []


def test_what_passed_inside_a_failing_result_passed(story):
    """Another interaction fails all the time: its failures are not those of this one."""
    other = {**an_order(), "description": "another", "request": {"path": "/x", "method": "GET"}}
    story.asks("web 1", an_order(), other)
    story.gives("orders 6", "web 1", fails=["another"])
    story.gives("orders 7", "web 1", fails=["another"])
    story.gives("orders 8", "web 1", fails=["another", "an order"])

    told = {line["interaction"]: short(line)[:2] for line in story.failures()}
    assert told == {"another": (None, "6"), "an order": ("7", "8")}


def test_work_in_progress_fails_like_anything_else(story, world):
    story.asks("web 1")
    links = world.pact_of("web 1", "orders")["_links"]
    url = links["pb:publish-verification-results"]["href"].split("/metadata/")[0].removesuffix("/verification-results")
    story.gives("orders 7", "web 1", url=f"{url}/metadata/dz10cnVl/verification-results", **FAILS)  # w=true

    assert story.past("1", "7")["firstChange"]["kind"] == "never-passed"


def test_the_past_outlives_what_was_deleted(story, client):
    story.asks("web 1")
    story.gives("orders 7", "web 1")
    story.gives("orders 8", "web 1", **FAILS)
    story.asks("web 2")
    for version in ("orders/versions/7", "orders/versions/8", "web/versions/1"):
        assert client.delete(f"/pacticipants/{version}").status_code == 204
    story.gives("orders 9", "web 2", **FAILS)

    past = story.past("2", "9")
    assert (past["lastPassed"]["providerVersion"], past["failingSince"]["providerVersion"]) == ("7", "8")
    assert past["failingSince"]["consumerVersion"] == "1"
    assert past["firstChange"]["kind"] == "provider"


def test_what_nobody_asks_for_any_more_no_longer_fails(story):
    story.asks("web 1", an_order(total=5))
    story.gives("orders 7", "web 1", **FAILS)
    story.asks("web 2", an_order())
    story.gives("orders 7", "web 2")

    assert story.failures() == []
    (line,) = story.failures(ended="true")
    assert line["askedFor"] is False
    assert "until" not in line


def test_a_failure_from_before_pasts_were_kept_says_that_it_does_not_know(story, broker):
    from sqlalchemy import text

    from tallystick.broker import db

    story.asks("web 1")
    story.gives("orders 7", "web 1", **FAILS)
    with db.write(broker.engine) as session:
        session.execute(text("UPDATE failure_interval SET background = NULL, consumer_version = NULL"))
    assert story.past("1", "7")["firstChange"]["kind"] == "not-enough-history"
    with db.write(broker.engine) as session:
        session.execute(text("DELETE FROM failure_interval"))
    past = story.past("1", "7")
    assert (past["failingSince"], past["lastPassed"]) == (None, None)
    assert past["firstChange"]["sentence"] == "There is not enough history to say which change broke it."


# --- elsewhere ----------------------------------------------------------------------------------------------------


def test_the_answer_to_a_failing_result_says_what_is_new(story, world):
    other = {**an_order(), "description": "another", "request": {"path": "/x", "method": "GET"}}
    story.asks("web 1", an_order(), other)
    story.gives("orders 7", "web 1")
    assert "ts:failing" not in world.last.json()
    story.gives("orders 8", "web 1", **FAILS)
    story.gives("orders 9", "web 1", fails=["an order", "another"])

    told = {each["interaction"]: each for each in world.last.json()["ts:failing"]}
    assert (told["an order"]["new"], told["an order"]["sinceProviderVersion"]) == (False, "8")
    assert (told["another"]["new"], told["another"]["sinceProviderVersion"]) == (True, "9")
    assert told["another"]["firstChange"]["sentence"] == "orders 9 broke it: it passed with 8."


def test_pages_tell_the_past(story, world):
    story.asks("web 1")
    story.gives("orders 7", "web 1")
    story.gives("orders 8", "web 1", buildUrl="https://ci.example.org/8", **FAILS)
    result = world.last.json()["_links"]["self"]["href"]
    pages = (
        result,
        "/matrix/provider/orders/consumer/web?latestby=cvpv",
        "/matrix?q[][pacticipant]=web&q[][version]=1&q[][pacticipant]=orders&q[][version]=8&latestby=cvpv",
    )
    for address in pages:
        page = world.client.get(address, headers={"accept": "text/html"}).text
        assert "orders 8 broke it: it passed with 7." in page
        assert 'href="https://ci.example.org/8"' in page


def test_the_page_of_a_result_that_names_nothing_tells_the_past_of_the_contract(story, world):
    story.asks("web 1")
    story.gives("orders 8", "web 1", named=False, **FAILS)
    page = world.client.get(world.last.json()["_links"]["self"]["href"], headers={"accept": "text/html"}).text
    assert "It never passed" in page


@pytest.fixture
def tallystick(broker):
    """Runs a command line against the broker: exit code, and what it printed."""

    def run(*arguments):
        result = CliRunner().invoke(main, [*arguments, "-b", broker.url], prog_name="tallystick")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout

    return run


def test_the_command_lists_what_fails(story, tallystick):
    assert tallystick("failures", "orders") == (3, "nothing is known: no result of orders was ever published\n")
    story.asks("web 1")
    story.gives("orders abcdef7", "web 1")
    assert tallystick("failures", "orders") == (0, "nothing fails with orders\n")
    story.gives("orders abcdef8", "web 1", **FAILS)

    code, out = tallystick("failures", "orders", "--consumer", "web")
    heads, _, line, _, sentence = out.splitlines()
    assert code == 1
    assert re.split(r"  +", heads) == [
        "CONSUMER", "INTERACTION", "BRANCH", "FAILS SINCE", "WHEN", "PASSED LAST", "FIRST CHANGE", "STATE",
    ]  # fmt: skip
    assert re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "{when}", line).split() == [
        "web", "an", "order", "main", "abcdef8", "{when}", "abcdef7", "orders", "abcdef8", "fails",
    ]  # fmt: skip
    assert sentence == (
        "- web, an order on main: orders abcdef8 broke it: it passed with abcdef7. "
        "https://github.com/acme/orders/commit/abcdef8"
    )
    assert tallystick("failures", "orders", "--consumer", "mail") == (0, "nothing of mail fails with orders\n")

    story.gives("orders abcdef9", "web 1")
    assert tallystick("failures", "orders") == (0, "nothing fails with orders\n")
    code, out = tallystick("failures", "orders", "--ended")
    assert code == 0
    assert "passes since abcdef9" in out
    code, out = tallystick("failures", "orders", "--ended", "--json")
    assert (code, json.loads(out)["failures"][0]["untilProviderVersion"]) == (0, "abcdef9")


def test_can_i_deploy_prints_the_past(story, tallystick):
    story.asks("web 1")
    story.gives("orders 7", "web 1")
    story.gives("orders abcdef8", "web 1", **FAILS)

    code, out = tallystick("can-i-deploy", "-a", "web", "-e", "1", "-a", "orders", "-e", "abcdef8")
    assert code == 1
    told = re.sub(r"\d{4}-\d\d-\d\d", "{day}", out)
    assert "      failing since orders abcdef8 (main), {day}: https://github.com/acme/orders/commit/abcdef8\n" in told
    assert "      first change: orders abcdef8 broke it: it passed with 7.\n" in told


@pytest.mark.parametrize(
    ("repository", "version", "url"),
    [
        ("https://github.com/acme/orders", "abcdef1", "https://github.com/acme/orders/commit/abcdef1"),
        ("https://gitlab.com/acme/orders.git", "abcdef1", "https://gitlab.com/acme/orders/-/commit/abcdef1"),
        ("https://github.com/acme/orders", "1.2.3", None),
        ("git@github.com:acme/orders.git", "abcdef1", None),
        ("javascript:alert(1)", "abcdef1", None),
        (None, "abcdef1", None),
    ],
)
def test_a_version_that_is_a_commit_has_a_page_where_its_repository_is_on_the_web(repository, version, url):
    assert commit_url(repository, version) == url


def test_a_success_costs_one_statement_for_the_past_and_a_failure_no_more_with_history(
    story, world, broker, watch_statements
):
    def cost(version, **how):
        world.on_branch(version, "main")
        with watch_statements(broker.engine) as ran:
            story.gives(version, "web 1", **how)
        return len(ran.all), sum("failure_interval" in each for each in ran.all)

    story.asks("web 1")
    quiet = cost("orders 0")
    assert quiet[1] == 1
    begun, going_on = cost("orders 1", **FAILS), cost("orders 2", **FAILS)
    for number in range(3, 12):
        cost(f"orders {number}", fails=["an order"] if number % 3 else [])
    assert cost("orders 12")[0] >= quiet[0]  # it ends a failure
    assert cost("orders 13") == quiet
    assert cost("orders 14", **FAILS) <= begun
    assert cost("orders 15", **FAILS) <= going_on
