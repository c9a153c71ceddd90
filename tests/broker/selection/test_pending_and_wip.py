"""When a failure must not fail the build: pending contracts, and work in progress."""

import pytest

MAIN = {"mainBranch": True}
LONG_AGO = "2020-01-01"


# --- pending ------------------------------------------------------------------------------------------------------


@pytest.mark.row("PB-116")
def test_pending_is_told_unless_the_request_declines_it(world, client):
    world.published("Web 1", to="Orders", branch="main")
    told = {}
    for name, body in (
        ("absent", {}),
        ("true", {"includePendingStatus": True}),
        ("false", {"includePendingStatus": False}),
    ):
        [pact] = client.post("/pacts/provider/Orders/for-verification", json=body).json()["_embedded"]["pacts"]
        told[name] = pact["verificationProperties"].get("pending")

    assert told == {"absent": True, "true": True, "false": None}


@pytest.mark.row("PB-117")
def test_a_contract_is_pending_until_a_version_of_the_branch_verified_it(world, marks):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "main")
    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": True}

    world.verified("Orders 1", "Web 1", success=False)
    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": True}

    world.verified("Orders 1", "Web 1")
    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": False}

    world.on_branch("Orders 2", "main").verified("Orders 2", "Web 1", success=False)
    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": False}


@pytest.mark.row("PB-117")
def test_the_results_of_versions_without_a_branch_do_not_end_pending_for_a_branch(world, marks):
    world.published("Web 1", to="Orders", branch="main").verified("Orders 1", "Web 1").on_branch("Orders 2", "main")

    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": True}
    assert marks("Orders", MAIN, providerVersionBranch="other") == {"Web 1": True}
    world.on_branch("Orders 1", "main")
    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": False}


@pytest.mark.row("PB-118")
def test_a_new_branch_inherits_what_other_branches_verified_before_it_was_made(world, marks):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "main").verified("Orders 1", "Web 1")
    assert marks("Orders", MAIN, providerVersionBranch="feat") == {"Web 1": False}

    world.on_branch("Orders 2", "feat")
    world.published("Web 2", to="Orders", branch="main", content="new").verified("Orders 1", "Web 2")

    assert marks("Orders", MAIN, providerVersionBranch="feat") == {"Web 2": True}
    assert marks("Orders", MAIN, providerVersionBranch="another") == {"Web 2": False}


@pytest.mark.row("PB-117")
def test_with_tags_a_contract_is_pending_while_one_tag_has_not_verified_it(world, marks, ask):
    world.published("Web 1", to="Orders", branch="main").tagged("Orders 1", "main").tagged("Orders 2", "feat")
    world.verified("Orders 1", "Web 1")

    assert marks("Orders", MAIN, providerVersionTags=["main"]) == {"Web 1": False}
    assert marks("Orders", MAIN, providerVersionTags=["main", "feat"]) == {"Web 1": True}
    assert marks("Orders", MAIN, providerVersionTags=["new"]) == {"Web 1": False}
    [pact] = ask("Orders", MAIN, providerVersionTags=["main", "feat"], includePendingStatus=True)["_embedded"]["pacts"]
    assert pact["verificationProperties"]["notices"][1]["text"] == (
        "This contract is pending: a version of the provider tagged feat has never verified it successfully. "
        "A failure does not fail this build."
    )


@pytest.mark.row("PB-117")
def test_a_branch_makes_tags_count_for_nothing(world, marks):
    world.published("Web 1", to="Orders", branch="main").tagged("Orders 1", "main").on_branch("Orders 2", "feat")
    world.verified("Orders 2", "Web 1")

    assert marks("Orders", MAIN, providerVersionBranch="feat", providerVersionTags=["main"]) == {"Web 1": False}
    assert marks("Orders", MAIN, providerVersionTags=["main"]) == {"Web 1": True}


@pytest.mark.row("PB-117")
def test_without_branch_and_tags_a_contract_is_pending_until_anybody_verified_it(world, marks):
    world.published("Web 1", to="Orders", branch="main").verified("Orders 1", "Web 1", success=False)
    assert marks("Orders", MAIN) == {"Web 1": True}

    world.verified("Orders 2", "Web 1").verified("Orders 2", "Web 1", success=False)

    assert marks("Orders", MAIN) == {"Web 1": False}


@pytest.mark.row("PB-117")
def test_pending_is_about_the_content_whoever_publishes_it(world, marks):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "main").verified("Orders 1", "Web 1")

    world.published("Web 2", to="Orders", branch="main")

    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 2": False}


def test_deleting_the_result_that_ended_pending_makes_the_contract_pending_again(world, client, marks):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "main").verified("Orders 1", "Web 1")
    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": False}

    client.delete(world.last.json()["_links"]["self"]["href"])

    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": True}


# --- work in progress ---------------------------------------------------------------------------------------------


@pytest.fixture
def progress(world):
    """Web's main branch, and a newer contract on a branch of it; Orders has a main branch."""
    world.published("Web 1", to="Orders", branch="main", content="main")
    world.published("Web 2", to="Orders", branch="feat", content="feature")
    return world.on_branch("Orders 1", "main")


@pytest.mark.row("PB-119")
def test_work_in_progress_follows_what_was_asked_for(progress, ask, marks, remembered, broker):
    progress.published("App 1", to="Orders", branch="x", content="app")
    body = {"providerVersionBranch": "main", "includeWipPactsSince": LONG_AGO}
    assert marks("Orders", MAIN, **body) == {"Web 1": True, "App 1": "wip", "Web 2": "wip"}
    assert marks("Orders", MAIN, providerVersionBranch="main") == {"Web 1": True}
    assert marks("Orders", MAIN, includeWipPactsSince=LONG_AGO) == {"Web 1": True}

    pacts = ask("Orders", MAIN, includePendingStatus=True, **body)["_embedded"]["pacts"]

    wip = pacts[2]
    assert wip["shortDescription"] == "latest from branch feat"
    properties = wip["verificationProperties"]
    assert (properties["wip"], properties["pending"]) == (True, True)
    assert remembered(wip["_links"]["self"]["href"]) == "w=true"
    content = wip["_links"]["self"]["href"].split("/metadata/")[0]
    assert properties["notices"][0] == {
        "when": "before_verification",
        "text": f"The contract at {content} is work in progress: it belongs to the newest version of Web on branch "
        "feat (2), and branch main of the provider has not yet verified it successfully while it was selected. It "
        "cannot fail this build.",
    }
    assert wip["ts:reasons"] == [
        {
            "kind": "branch",
            "consumer": "Web",
            "consumerVersion": "2",
            "branch": "feat",
            "text": "newest version of Web on branch feat (2)",
        }
    ]
    assert "wip" not in pacts[0]["verificationProperties"]


@pytest.mark.row("PB-119")
def test_work_in_progress_is_what_was_published_since_a_moment(progress, marks):
    for since, wip in (("2020-01-01T00:00:00+00:00", True), ("9000-01-01", False)):
        found = marks("Orders", MAIN, providerVersionBranch="main", includeWipPactsSince=since)
        assert ("Web 2" in found) is wip


@pytest.mark.row("PB-119")
def test_only_heads_and_newest_tagged_versions_are_work_in_progress(world, marks):
    world.published("Web 1", to="Orders", branch="a", content="1").published(
        "Web 2", to="Orders", branch="a", content="2"
    )
    world.published("App 1", to="Orders", branch="b", tags=["t"], content="3")
    world.published("App 2", to="Orders", branch="b", tags=["t"], content="4")
    world.published("Old 1", to="Orders", content="5").on_branch("Orders 1", "main")

    found = marks("Orders", {"branch": "nope"}, providerVersionBranch="main", includeWipPactsSince=LONG_AGO)

    assert found == {"App 2": "wip", "Web 2": "wip"}


def verify_as_selected(world, client, ask, provider_version, success=True, **body):
    """Verify everything the broker selects, through the links it gives."""
    for pact in ask("Orders", MAIN, **body)["_embedded"]["pacts"]:
        links = client.get(pact["_links"]["self"]["href"]).json()["_links"]
        number = provider_version.split()[1]
        client.post(
            links["pb:publish-verification-results"]["href"],
            json={"success": success, "providerApplicationVersion": number},
        ).raise_for_status()


@pytest.mark.row("PB-121")
def test_a_success_as_work_in_progress_does_not_end_it(progress, client, ask, marks):
    body = {"providerVersionBranch": "main", "includeWipPactsSince": LONG_AGO}

    verify_as_selected(progress, client, ask, "Orders 1", **body)

    assert marks("Orders", MAIN, **body) == {"Web 1": False, "Web 2": "wip"}


@pytest.mark.row("PB-120")
def test_a_success_while_selected_ends_work_in_progress_for_the_branch(progress, marks):
    body = {"providerVersionBranch": "main", "includeWipPactsSince": LONG_AGO}
    progress.verified("Orders 1", "Web 2", success=False)
    assert marks("Orders", MAIN, **body) == {"Web 1": True, "Web 2": "wip"}

    progress.verified("Orders 1", "Web 2")

    assert marks("Orders", MAIN, **body) == {"Web 1": True}


@pytest.mark.row("PB-120")
def test_a_success_of_another_branch_ends_it_only_for_branches_made_later(progress, marks):
    progress.verified("Orders 1", "Web 2")
    progress.on_branch("Orders 3", "late")
    assert marks("Orders", MAIN, providerVersionBranch="late", includeWipPactsSince=LONG_AGO) == {"Web 1": True}
    assert marks("Orders", MAIN, providerVersionBranch="never", includeWipPactsSince=LONG_AGO) == {"Web 1": True}

    progress.published("Web 4", to="Orders", branch="feat", content="newer").verified("Orders 1", "Web 4")

    found = marks("Orders", MAIN, providerVersionBranch="late", includeWipPactsSince=LONG_AGO)
    assert found == {"Web 1": True, "Web 4": "wip"}


@pytest.mark.row("PB-120")
def test_the_same_content_asked_for_is_not_work_in_progress(progress, marks):
    progress.published("Web 3", to="Orders", branch="copy", content="main")

    found = marks("Orders", MAIN, providerVersionBranch="main", includeWipPactsSince=LONG_AGO)

    assert found == {"Web 1": True, "Web 2": "wip"}


@pytest.mark.row("PB-122", deviates="the look-back is there; the dynamic window, an option of the incumbent's, is not")
@pytest.mark.parametrize(("days", "wip"), [(29, False), (31, True)])
def test_a_success_of_a_month_ago_no_longer_keeps_a_contract_out(progress, marks, days, wip):
    from datetime import UTC, datetime, timedelta

    then = (datetime.now(UTC) - timedelta(days=days)).isoformat()

    progress.verified("Orders 1", "Web 2", verificationDate=then)

    found = marks("Orders", MAIN, providerVersionBranch="main", includeWipPactsSince=LONG_AGO)
    assert ("Web 2" in found) is wip


@pytest.mark.row("PB-120")
def test_with_tags_work_in_progress_stays_while_one_tag_has_not_verified_it(world, marks):
    world.published("Web 1", to="Orders", branch="main", content="main")
    world.published("Web 2", to="Orders", branch="feat", content="feature")
    world.tagged("Orders 1", "prod").tagged("Orders 2", "dev")
    assert marks("Orders", MAIN, providerVersionTags=["prod"], includeWipPactsSince=LONG_AGO)["Web 2"] == "wip"

    world.verified("Orders 1", "Web 2")

    assert "Web 2" not in marks("Orders", MAIN, providerVersionTags=["prod"], includeWipPactsSince=LONG_AGO)
    assert marks("Orders", MAIN, providerVersionTags=["prod", "dev"], includeWipPactsSince=LONG_AGO)["Web 2"] == "wip"
    assert "Web 2" not in marks("Orders", MAIN, providerVersionTags=["later"], includeWipPactsSince=LONG_AGO)


@pytest.mark.row("PB-120")
def test_a_tag_given_after_the_result_does_not_end_work_in_progress(world, marks):
    world.published("Web 1", to="Orders", branch="main", content="main")
    world.published("Web 2", to="Orders", branch="feat", content="feature")
    world.on_branch("Orders 1", "main").verified("Orders 1", "Web 2").tagged("Orders 1", "prod")

    assert marks("Orders", MAIN, providerVersionTags=["prod"], includeWipPactsSince=LONG_AGO)["Web 2"] == "wip"
