"""`pact broker record-…` and its environment commands, run as their users run them."""

import pytest


@pytest.fixture
def versions(world):
    """Web and Orders have the versions 1 and 2, and there are two environments."""
    for name in ("Web", "Orders"):
        world.on_branch(f"{name} 1", "main").on_branch(f"{name} 2", "main")
    return world.environment("test").environment("production", production=True, displayName="Live")


@pytest.fixture
def live(api, world):
    """`live("production")`: (application, version, instance) of what is deployed there."""

    def deployed(environment):
        path = f"/environments/{world.environments[environment]}/deployed-versions/currently-deployed"
        return sorted(
            (
                each["_embedded"]["pacticipant"]["name"],
                each["_embedded"]["version"]["number"],
                each.get("applicationInstance", ""),
            )
            for each in api(path)["_embedded"]["deployedVersions"]
        )

    return deployed


@pytest.fixture
def supported(api, world):
    def released(environment):
        path = f"/environments/{world.environments[environment]}/released-versions/currently-supported"
        found = api(path)["_embedded"]["releasedVersions"]
        return sorted(
            (each["_embedded"]["pacticipant"]["name"], each["_embedded"]["version"]["number"]) for each in found
        )

    return released


def of(name, version, environment):
    return ("--pacticipant", name, "--version", version, "--environment", environment)


@pytest.mark.row("PB-265")
def test_a_deployment_replaces_the_one_before_it(pact, versions, live):
    first = pact("record-deployment", *of("Web", "1", "production"))
    second = pact("record-deployment", *of("Web", "2", "production"))

    assert (first.code, second.code) == (0, 0), first.text + second.text
    assert live("production") == [("Web", "2", "")]
    assert live("test") == []


@pytest.mark.row("PB-265")
def test_instances_are_deployed_and_undeployed_each_by_its_own(pact, versions, live):
    for instance in ("blue", "green"):
        assert pact("record-deployment", *of("Web", "1", "test"), "--application-instance", instance).code == 0
    assert live("test") == [("Web", "1", "blue"), ("Web", "1", "green")]

    unsaid = pact("record-undeployment", "--pacticipant", "Web", "--environment", "test")
    done = pact(
        "record-undeployment", "--pacticipant", "Web", "--environment", "test", "--application-instance", "blue"
    )

    assert unsaid.code == 1
    assert "blue" in unsaid.text
    assert done.code == 0, done.text
    assert live("test") == [("Web", "1", "green")]


@pytest.mark.row("PB-265")
def test_an_undeployment_without_instance(pact, versions, live):
    assert pact("record-deployment", *of("Web", "1", "production")).code == 0
    assert pact("record-deployment", *of("Orders", "1", "production")).code == 0

    done = pact("record-undeployment", "--pacticipant", "Web", "--environment", "production")
    again = pact("record-undeployment", "--pacticipant", "Web", "--environment", "production")

    assert done.code == 0, done.text
    assert again.code == 1
    assert live("production") == [("Orders", "1", "")]


@pytest.mark.row("PB-265")
@pytest.mark.parametrize(("version", "environment"), [("99", "production"), ("1", "nowhere")])
def test_what_the_broker_does_not_know_cannot_be_deployed(pact, versions, live, version, environment):
    done = pact("record-deployment", *of("Web", version, environment))

    assert done.code == 1
    assert live("production") == []


@pytest.mark.row("PB-265")
def test_releases_are_supported_until_their_support_ends(pact, versions, supported):
    for version in ("1", "2"):
        done = pact("record-release", *of("Web", version, "production"))
        assert done.code == 0, done.text
    assert supported("production") == [("Web", "1"), ("Web", "2")]

    ended = pact("record-support-ended", *of("Web", "1", "production"))

    assert ended.code == 0, ended.text
    assert supported("production") == [("Web", "2")]


@pytest.mark.row("PB-266")
def test_environments_are_created_described_changed_and_deleted(pact, api):
    created = pact(
        "create-environment", "--name", "uat", "--display-name", "Acceptance", "--contact-name", "Team",
        "--contact-email-address", "team@example.org", "--output", "json",
    )  # fmt: skip
    assert created.code == 0, created.text
    uuid = created.json()["uuid"]
    assert api(f"/environments/{uuid}")["contacts"] == [
        {"name": "Team", "details": {"emailAddress": "team@example.org"}}
    ]

    listed = pact("list-environments")
    assert listed.code == 0, listed.text
    assert "uat" in listed.text
    assert "Acceptance" in listed.text
    described = pact("describe-environment", "--uuid", uuid)
    assert described.code == 0, described.text
    assert "Acceptance" in described.text

    changed = pact("update-environment", "--uuid", uuid, "--name", "uat2", "--display-name", "Users", "--production")
    assert changed.code == 0, changed.text
    document = api(f"/environments/{uuid}")
    assert (document["name"], document["displayName"], document["production"]) == ("uat2", "Users", True)

    taken = pact("create-environment", "--name", "uat2")
    assert taken.code == 1
    assert "already exists" in taken.text

    deleted = pact("delete-environment", "--uuid", uuid)
    assert deleted.code == 0, deleted.text
    assert api("/environments")["_embedded"]["environments"] == []
    assert pact("describe-environment", "--uuid", uuid).code == 1


@pytest.mark.row("PB-266")
def test_a_version_is_described_by_where_it_runs(pact, versions, world):
    world.deployed("Web 2", to="production")

    done = pact("describe-version", "--pacticipant", "Web", "--environment", "production")

    assert done.code == 0, done.text
    assert "2" in done.text
