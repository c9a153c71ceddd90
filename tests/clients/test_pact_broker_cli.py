"""`pact broker …`, the official command line (PyPI's pact-python-cli), run as its users run it."""

import re
import threading
import time

import pytest


def numbers(api, name):
    return [version["number"] for version in api(f"/pacticipants/{name}/versions")["_embedded"]["versions"]]


# --- publish ------------------------------------------------------------------------------------------------------


@pytest.mark.row("PB-263")
def test_publish_with_branch_tags_and_build_url(pact, pact_file, api):
    pact_file("Web", "Orders")
    done = pact(
        "publish",
        ".",
        "--consumer-app-version",
        "1.0",
        "--branch",
        "feat/x",
        "--tag",
        "dev",
        "test",
        "--build-url",
        "https://ci.example.org/1",
    )
    assert done.code == 0, done.text
    assert "Pact successfully published for Web version 1.0 and provider Orders" in done.text
    version = api("/pacticipants/Web/versions/1.0")
    assert version["buildUrl"] == "https://ci.example.org/1"
    assert [branch["name"] for branch in version["_embedded"]["branchVersions"]] == ["feat/x"]
    assert [tag["name"] for tag in version["_embedded"]["tags"]] == ["dev", "test"]
    assert api("/pacts/provider/Orders/consumer/Web/branch/feat%2Fx/latest")["consumer"]["name"] == "Web"


@pytest.mark.row("PB-263")
def test_publishing_again_says_that_nothing_changed(pact, pact_file):
    pact_file("Web", "Orders")
    first = pact("publish", ".", "--consumer-app-version", "1.0", "--branch", "main")
    again = pact("publish", ".", "--consumer-app-version", "1.0", "--branch", "main")
    assert (first.code, again.code) == (0, 0)
    assert "republished" in again.text
    assert "no content changes" in again.text


@pytest.mark.row("PB-263")
def test_other_content_for_the_same_version_is_refused_and_the_client_shows_why(pact, pact_file, an_interaction, api):
    pact_file("Web", "Orders", an_interaction("one"))
    assert pact("publish", ".", "--consumer-app-version", "1.0").code == 0
    pact_file("Web", "Orders", an_interaction("two"))
    refused = pact("publish", ".", "--consumer-app-version", "1.0")
    assert refused.code == 1
    assert "Cannot change the content of the pact for Web version 1.0 and provider Orders" in refused.text
    assert api("/pacts/provider/Orders/consumer/Web/version/1.0")["interactions"][0]["description"] == "one"


@pytest.mark.row("PB-263", "PB-064")
def test_merge_joins_interactions_where_the_broker_allows_it(broker_with, world_of, pact_at, pact_file, an_interaction):
    running = broker_with(allow_dangerous_contract_modification=True)
    for description in ("one", "two"):
        file = pact_file("Web", "Orders", an_interaction(description))
        done = pact_at(running.url)("publish", str(file), "--consumer-app-version", "1.0", "--merge")
        assert done.code == 0, done.text
    document = world_of(running).pact_of("Web 1.0", "Orders")
    assert [each["description"] for each in document["interactions"]] == ["one", "two"]


@pytest.mark.row("PB-263")
def test_several_files_are_published_at_once(pact, pact_file, api):
    for provider in ("Orders", "Stock"):
        pact_file("Web", provider)
    assert pact("publish", ".", "--consumer-app-version", "1.0", "--branch", "main").code == 0
    names = [item["name"] for item in api("/pacticipants/Web/versions/1.0")["_links"]["pb:pact-versions"]]
    assert len(names) == 2


# --- can-i-deploy -------------------------------------------------------------------------------------------------

ROW = re.compile(r"│ (\S+) +┆ (\S+) +┆ (\S+) +┆ (\S+) +┆ (\S+) +┆")


def rows(done):
    return [match.groups() for match in ROW.finditer(done.out) if match[1] != "CONSUMER"]


def deploys(pact, *words):
    return pact("can-i-deploy", *words)


@pytest.fixture
def past(world):
    world.published("Web 1", to="Orders", branch="main", tags=["dev"], content="one").verified("Orders 7", "Web 1")
    world.on_branch("Orders 7", "main").tagged("Orders 7", "prod").deployed("Orders 7", to="production")
    world.published("Web 2", to="Orders", branch="feat/x", content="two").verified("Orders 7", "Web 2", success=False)
    return world.published("Web 3", to="Orders", branch="feat/x", tags=["dev"], content="three")


@pytest.mark.row("PB-264")
@pytest.mark.parametrize(
    ("words", "code", "row"),
    [
        (("-a", "Web", "-e", "1", "--to-environment", "production"), 0, ("Web", "1", "Orders", "7", "true")),
        (("-a", "Web", "-e", "2", "--to-environment", "production"), 1, ("Web", "2", "Orders", "7", "false")),
        (("-a", "Web", "-e", "3", "--to-environment", "production"), 1, ("Web", "3", "Orders", "unknown", "unknown")),
        (("-a", "Web", "--branch", "main", "--to-environment", "production"), 0, ("Web", "1", "Orders", "7", "true")),
        (("-a", "Web", "--main-branch", "--to-environment", "production"), 0, ("Web", "1", "Orders", "7", "true")),
        (("-a", "Web", "-e", "1", "--to", "prod"), 0, ("Web", "1", "Orders", "7", "true")),
        (("-a", "Web", "-e", "1"), 0, ("Web", "1", "Orders", "7", "true")),
        (("-a", "Web", "--latest", "dev", "--to", "prod"), 1, ("Web", "3", "Orders", "unknown", "unknown")),
        (("-a", "Web", "-e", "1", "-a", "Orders", "-e", "7"), 0, ("Web", "1", "Orders", "7", "true")),
        (("-a", "Web", "-e", "2", "-a", "Orders", "-e", "7"), 1, ("Web", "2", "Orders", "7", "false")),
    ],
)
def test_can_i_deploy_in_its_forms(pact, past, words, code, row):
    done = deploys(pact, *words)
    assert (done.code, rows(done)) == (code, [row]), done.text


@pytest.mark.row("PB-264")
def test_a_no_prints_the_reason_and_the_result_with_its_address(pact, past, broker):
    done = deploys(pact, "-a", "Web", "-e", "2", "--to-environment", "production")
    assert (
        "The verification for the pact between version 2 of Web and the version of Orders currently in production (7)"
        in (done.text)
    )
    address = f"{broker.url}/pacts/provider/Orders/consumer/Web/pact-version/"
    assert re.search(
        rf"1\. {re.escape(address)}[0-9a-f]{{40}}/metadata/Y3ZuPTI/verification-results/2 \(failure\)", done.out
    )


@pytest.mark.row("PB-264")
def test_an_unknown_version_is_a_no_and_an_unknown_environment_an_error(pact, past):
    missing = deploys(pact, "-a", "Web", "-e", "99", "--to-environment", "production")
    assert missing.code == 1
    assert "No pacts or verifications have been published for version 99 of Web" in missing.text
    moon = deploys(pact, "-a", "Web", "-e", "1", "--to-environment", "moon")
    assert moon.code == 1
    assert "Environment with name 'moon' does not exist" in moon.text


@pytest.mark.row("PB-264")
def test_dry_run_never_fails(pact, past):
    done = deploys(pact, "-a", "Web", "-e", "2", "--to-environment", "production", "--dry-run")
    assert done.code == 0


@pytest.mark.row("PB-264", "PB-202")
def test_a_dependency_can_be_ignored(pact, past):
    done = deploys(pact, "-a", "Web", "-e", "2", "--to-environment", "production", "--ignore", "Orders")
    assert done.code == 0, done.text


@pytest.mark.row("PB-264")
def test_json_is_the_matrix_document(pact, past):
    done = deploys(pact, "-a", "Web", "-e", "3", "--to-environment", "production", "-o", "json")
    document = done.json()
    assert document["summary"]["deployable"] is None
    assert document["summary"]["ts:verdict"] == "unknown"
    assert document["matrix"][0]["provider"]["version"] is None


@pytest.mark.row("PB-264")
def test_polling_goes_on_while_the_answer_is_unknown_and_ends_with_the_result(pact, past, broker):
    def verify_soon():
        time.sleep(1.2)
        past.verified("Orders 7", "Web 3")

    later = threading.Thread(target=verify_soon)
    later.start()
    try:
        done = deploys(
            pact,
            *("-a", "Web", "-e", "3", "--to-environment", "production"),
            *("--retry-while-unknown", "20", "--retry-interval", "1"),
        )
    finally:
        later.join()
    assert (done.code, rows(done)[-1]) == (0, ("Web", "3", "Orders", "7", "true")), done.text


@pytest.mark.row("PB-264")
def test_polling_ends_at_once_when_the_answer_is_no(pact, past):
    words = ("-a", "Web", "-e", "2", "--to-environment", "production", "--retry-while-unknown", "600")
    assert deploys(pact, *words, "--retry-interval", "1").code == 1


@pytest.mark.row("PB-264", "PB-210")
def test_can_i_merge(pact, past):
    assert pact("can-i-merge", "-a", "Web", "-e", "1").code == 0
    refused = pact("can-i-merge", "-a", "Web", "-e", "2")
    assert (refused.code, rows(refused)) == (1, [("Web", "2", "Orders", "7", "false")])


# --- deployments and releases -------------------------------------------------------------------------------------


@pytest.mark.row("PB-265")
def test_environments_deployments_and_releases_from_beginning_to_end(pact, world, api):
    world.published("Web 1", to="Orders", branch="main").published("Web 2", to="Orders", branch="main")
    made = pact("create-environment", "--name", "production", "--display-name", "Live", "--production")
    assert made.code == 0, made.text
    listed = pact("list-environments")
    assert listed.code == 0, listed.text
    assert "production" in listed.out
    uuid = api("/environments")["_embedded"]["environments"][0]["uuid"]
    assert pact("describe-environment", "--uuid", uuid).code == 0

    def live(kind, member):
        found = api(f"/environments/{uuid}/{kind}")["_embedded"][member]
        return [(each["_embedded"]["version"]["number"], each.get("applicationInstance")) for each in found]

    def deployed():
        return live("deployed-versions/currently-deployed", "deployedVersions")

    web = ("--pacticipant", "Web", "--environment", "production")
    assert pact("record-deployment", *web, "--version", "1").code == 0
    assert pact("record-deployment", *web, "--version", "2").code == 0
    assert deployed() == [("2", None)]
    assert pact("record-deployment", *web, "--version", "1", "--application-instance", "blue").code == 0
    assert sorted(deployed(), key=str) == [("1", "blue"), ("2", None)]
    assert pact("record-undeployment", *web, "--application-instance", "blue").code == 0
    assert deployed() == [("2", None)]
    assert pact("record-undeployment", *web).code == 0
    assert deployed() == []

    assert pact("record-release", *web, "--version", "1").code == 0
    assert pact("record-release", *web, "--version", "2").code == 0
    released = live("released-versions/currently-supported", "releasedVersions")
    assert sorted(number for number, _ in released) == ["1", "2"]
    assert pact("record-support-ended", *web, "--version", "1").code == 0
    assert [number for number, _ in live("released-versions/currently-supported", "releasedVersions")] == ["2"]

    unknown = pact("record-deployment", "--pacticipant", "Web", "--environment", "moon", "--version", "1")
    assert unknown.code == 1
    assert pact("update-environment", "--uuid", uuid, "--name", "live", "--production").code == 0
    assert api(f"/environments/{uuid}")["name"] == "live"
    assert pact("delete-environment", "--uuid", uuid).code == 0
    assert api("/environments")["_embedded"]["environments"] == []


# --- names --------------------------------------------------------------------------------------------------------


@pytest.mark.row("PB-266")
def test_pacticipants(pact, api):
    created = pact(
        "create-or-update-pacticipant",
        "--name",
        "Web",
        "--main-branch",
        "main",
        "--repository-url",
        "https://example.org/web",
    )
    assert created.code == 0, created.text
    assert pact("create-or-update-pacticipant", "--name", "Web", "--display-name", "The Web Shop").code == 0
    found = api("/pacticipants/Web")
    assert (found["displayName"], found["mainBranch"], found["repositoryUrl"]) == (
        "The Web Shop",
        "main",
        "https://example.org/web",
    )
    described = pact("describe-pacticipant", "--name", "Web")
    assert (described.code, "Web" in described.out) == (0, True), described.text
    listed = pact("list-pacticipants")
    assert (listed.code, "The Web Shop" in listed.out) == (0, True), listed.text
    assert pact("describe-pacticipant", "--name", "Nobody").code != 0


@pytest.mark.row("PB-266")
def test_versions_branches_and_tags(pact, world, api):
    made = pact("create-or-update-version", "-a", "Web", "-e", "1", "--branch", "feat/x", "--tag", "a")
    assert made.code == 0, made.text
    assert [b["name"] for b in api("/pacticipants/Web/versions/1")["_embedded"]["branchVersions"]] == ["feat/x"]
    assert pact("create-version-tag", "-a", "Web", "-e", "1", "--tag", "prod").code == 0
    assert pact("create-version-tag", "-a", "Web", "-e", "2", "--tag", "prod", "--auto-create-version").code == 0
    assert numbers(api, "Web") == ["2", "1"]
    for words, number in (
        (("-e", "1"), "1"),
        ((), "2"),
        (("--latest",), "2"),
        (("--latest", "a"), "1"),
    ):
        described = pact("describe-version", "-a", "Web", *words, "-o", "json")
        assert (described.code, described.json()["number"]) == (0, number), described.text
    missing = pact("describe-version", "-a", "Web", "-e", "9")
    assert missing.code != 0 or "not found" in missing.text.lower()
    deleted = pact("delete-version-tag", "-a", "Web", "-e", "1", "--tag", "prod")
    assert deleted.code == 0, deleted.text
    assert [tag["name"] for tag in api("/pacticipants/Web/versions/1")["_embedded"]["tags"]] == ["a"]
    gone = pact("delete-branch", "-a", "Web", "--branch", "feat/x")
    assert gone.code == 0, gone.text
    assert api("/pacticipants/Web/versions/1")["_embedded"]["branchVersions"] == []
    assert numbers(api, "Web") == ["2", "1"]


@pytest.mark.row("PB-266")
def test_a_version_described_by_where_it_is(pact, world):
    world.published("Web 1", to="Orders").deployed("Web 1", to="production")
    described = pact("describe-version", "-a", "Web", "--environment", "production")
    assert described.code == 0, described.text
    assert "1" in described.out


# --- lists --------------------------------------------------------------------------------------------------------


@pytest.mark.row("PB-268", "PB-096")
def test_the_latest_contract_of_every_pair(pact, world):
    world.published("Web 1", to="Orders").published("Web 2", to="Orders").published("App 5", to="Stock")
    done = pact("list-latest-pact-versions")
    assert done.code == 0, done.text
    found = re.findall(r'"(\w+)" +┆ "(\w+)" +┆ "(\w+)"', done.out)
    assert sorted(found) == [("App", "5", "Stock"), ("Web", "2", "Orders")]


@pytest.mark.row("PB-268", "PB-095")
def test_contracts_by_branch_are_listed_and_downloaded(pact, world, tmp_path):
    world.published("Web 1", to="Orders", branch="main").published("Web 2", to="Orders", branch="feat/x", content="two")
    listed = pact("get-pacts", "--provider", "Orders", "--branch", "main", "--latest")
    assert listed.code == 0, listed.text
    assert "Web" in listed.out
    done = pact(
        "get-pacts", "--provider", "Orders", "--branch", "feat/x", "--download", "--download-dir", str(tmp_path / "p")
    )
    assert done.code == 0, done.text
    assert len(list((tmp_path / "p").glob("*.json"))) == 1


@pytest.mark.row("PB-268", "PB-097")
def test_provider_states(pact, world, an_interaction, pact_document):
    document = pact_document("Web", "Orders", an_interaction("one", providerState="an order exists"))
    world.published("Web 1", to="Orders", branch="main", content=document)
    done = pact("provider-states", "list", "--provider", "Orders")
    assert done.code == 0, done.text
    assert "an order exists" in done.text
