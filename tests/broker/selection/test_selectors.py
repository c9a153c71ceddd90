"""Which contracts each consumer version selector chooses."""

import pytest


@pytest.mark.row("PB-102")
def test_main_branch_is_the_head_of_each_consumers_own_main_branch(world, chosen):
    world.published("Web 1", to="Orders", branch="main").published("Web 2", to="Orders", branch="feat", content="new")
    world.participant("App", mainBranch="trunk").published("App 1", to="Orders", branch="trunk", content="app")
    world.published("Mail 1", to="Billing", branch="main")

    assert chosen("Orders", {"mainBranch": True}) == [
        "App 1: latest from main branch",
        "Web 1: latest from main branch",
    ]


@pytest.mark.row("PB-102", "PB-103")
def test_a_branch_head_without_a_contract_stands_for_nothing_older(world, chosen):
    world.published("Web 1", to="Orders", branch="main").on_branch("Web 2", "main")

    assert chosen("Orders", {"mainBranch": True}) == []
    assert chosen("Orders", {"branch": "main"}) == []


@pytest.mark.row("PB-103")
def test_a_branch_is_its_head_in_every_consumer_that_has_it(world, chosen):
    world.published("Web 1", to="Orders", branch="feat/x").published("Web 2", to="Orders", branch="feat/x", content="b")
    world.published("App 1", to="Orders", branch="feat/x", content="c").published("Mail 1", to="Orders", branch="main")

    assert chosen("Orders", {"branch": "feat/x"}) == [
        "App 1: latest from branch feat/x",
        "Web 2: latest from branch feat/x",
    ]
    assert chosen("Orders", {"branch": "nope"}) == []


@pytest.mark.row("PB-104")
def test_branch_true_is_the_head_of_every_branch(world, chosen):
    world.published("Web 1", to="Orders", branch="main").published("Web 2", to="Orders", branch="a", content="a")
    world.published("Web 3", to="Orders", branch="b", content="b").published(
        "Web 4", to="Orders", branch="a", content="c"
    )

    assert chosen("Orders", {"branch": True}) == [
        "Web 1: latest from branch main",
        "Web 3: latest from branch b",
        "Web 4: latest from branch a",
    ]


@pytest.mark.row("PB-105")
def test_matching_branch_is_the_branch_named_like_the_providers(world, chosen):
    world.published("Web 1", to="Orders", branch="main").published("Web 2", to="Orders", branch="feat", content="b")

    assert chosen("Orders", {"matchingBranch": True}, providerVersionBranch="feat") == [
        "Web 2: latest from branch feat"
    ]
    assert chosen("Orders", {"matchingBranch": True}, providerVersionBranch="other") == []


@pytest.mark.row("PB-106", "PB-107")
def test_a_tag_is_every_version_with_it_or_only_the_newest(world, chosen):
    world.published("Web 1", to="Orders", tags=["prod"]).published("Web 2", to="Orders", tags=["prod"], content="b")
    world.published("App 1", to="Orders", tags=["prod"], content="c").published("App 2", to="Orders", content="d")

    assert chosen("Orders", {"tag": "prod", "latest": True}) == [
        "App 1: latest with tag prod",
        "Web 2: latest with tag prod",
    ]
    assert chosen("Orders", {"tag": "prod"}) == ["App 1: one of prod", "Web 1: one of prod", "Web 2: one of prod"]
    assert chosen("Orders", {"tag": "prod", "consumer": "Web"}) == ["Web 1: one of Web prod", "Web 2: one of Web prod"]


@pytest.mark.row("PB-106")
def test_the_newest_tagged_version_without_a_contract_stands_for_nothing_older(world, chosen):
    world.published("Web 1", to="Orders", tags=["prod"]).tagged("Web 2", "prod")

    assert chosen("Orders", {"tag": "prod", "latest": True}) == []
    assert chosen("Orders", {"tag": "prod"}) == ["Web 1: one of prod"]


@pytest.mark.row("PB-108")
def test_latest_is_the_newest_contract_of_each_consumer(world, chosen):
    world.published("Web 1", to="Orders").published("Web 2", to="Orders", branch="x", content="b").on_branch(
        "Web 3", "x"
    )
    world.published("App 1", to="Orders", content="c")

    assert chosen("Orders", {"latest": True}) == ["App 1: latest", "Web 2: latest"]


@pytest.mark.row("PB-109")
def test_a_fallback_tag_counts_only_when_no_consumer_has_the_tag(world, chosen):
    world.published("Web 1", to="Orders", tags=["main"]).published("App 1", to="Orders", tags=["main"], content="b")
    fallback = {"tag": "feat", "latest": True, "fallbackTag": "main"}
    assert chosen("Orders", fallback) == ["App 1: latest with tag main", "Web 1: latest with tag main"]

    world.published("Web 2", to="Orders", tags=["feat"], content="c")

    assert chosen("Orders", fallback) == ["Web 2: latest with tag feat"]


@pytest.mark.row("PB-110")
def test_a_fallback_branch_is_accepted_and_has_no_effect(world, chosen):
    world.published("Web 1", to="Orders", branch="main")

    assert chosen("Orders", {"branch": "feat", "fallbackBranch": "main"}) == []


@pytest.fixture
def live(world):
    """Web 1 is deployed to production and Web 2 to test; App 1 is released to both; Web 3 is nowhere."""
    for number, content in (("1", "a"), ("2", "b"), ("3", "c")):
        world.published(f"Web {number}", to="Orders", branch="main", content=content)
    world.published("App 1", to="Orders", branch="main", content="d")
    world.deployed("Web 1", to="production").deployed("Web 2", to="test")
    return world.released("App 1", to="production").released("App 1", to="test")


@pytest.mark.row("PB-111")
def test_deployed_and_released_are_what_is_so_now_anywhere_or_somewhere(live, chosen):
    assert chosen("Orders", {"deployed": True}) == ["Web 1: deployed to production", "Web 2: deployed to test"]
    assert chosen("Orders", {"released": True}) == ["App 1: released in production, released in test"]
    assert chosen("Orders", {"deployedOrReleased": True}) == [
        "App 1: released in production, released in test",
        "Web 1: deployed to production",
        "Web 2: deployed to test",
    ]
    assert chosen("Orders", {"deployed": True, "environment": "test"}) == ["Web 2: deployed to test"]
    assert chosen("Orders", {"released": True, "environment": "test"}) == ["App 1: released in test"]
    assert chosen("Orders", {"deployedOrReleased": True, "environment": "test"}) == [
        "App 1: released in test",
        "Web 2: deployed to test",
    ]
    live.deployed("Web 3", to="production")
    assert chosen("Orders", {"deployed": True}) == ["Web 2: deployed to test", "Web 3: deployed to production"]


@pytest.mark.row("PB-112")
def test_an_environment_is_what_is_deployed_or_released_there(live, chosen):
    assert chosen("Orders", {"environment": "production"}) == [
        "App 1: released in production",
        "Web 1: deployed to production",
    ]


@pytest.mark.row("PB-113")
@pytest.mark.parametrize(
    "selector",
    [
        {"mainBranch": True},
        {"branch": "main"},
        {"branch": True},
        {"matchingBranch": True},
        {"latest": True},
        {"tag": "prod"},
        {"tag": "prod", "latest": True},
        {"tag": "x", "latest": True, "fallbackTag": "prod"},
        {"deployed": True},
        {"released": True},
        {"deployedOrReleased": True},
        {"environment": "production"},
    ],
)
def test_a_consumer_restricts_every_selector(world, ask, selector):
    for name, content in (("Web", "a"), ("App", "b")):
        world.published(f"{name} 1", to="Orders", branch="main", tags=["prod"], content=content)
        world.deployed(f"{name} 1", to="production").released(f"{name} 1", to="production")

    def consumers(**more):
        pacts = ask("Orders", {**selector, **more}, providerVersionBranch="main")["_embedded"]["pacts"]
        return [reason["consumer"] for pact in pacts for reason in pact["ts:reasons"]]

    assert set(consumers()) == {"App", "Web"}
    assert set(consumers(consumer="Web")) == {"Web"}
    assert consumers(consumer="Nobody") == []


@pytest.mark.row("PB-101")
def test_without_selectors_main_branches_and_everything_live_are_chosen(live, chosen):
    live.participant("Old", mainBranch="trunk").published("Old 1", to="Orders", tags=["trunk"], content="o1")
    live.on_branch("Old 1", "side").published("Old 2", to="Orders", branch="side", content="o2")
    live.published("Bare 1", to="Orders", content="b1").published("Bare 2", to="Orders", branch="x", content="b2")
    expected = [
        "App 1: latest from main branch, released in production, released in test",
        "Bare 2: latest",
        "Old 1: latest with tag trunk",
        "Web 1: deployed to production",
        "Web 2: deployed to test",
        "Web 3: latest from main branch",
    ]
    # A first tag given within seconds is a branch as well, so this one has its main branch after all.
    expected[2] = "Old 1: latest from main branch"

    assert chosen("Orders") == expected
    assert chosen("Orders", consumerVersionSelectors=[]) == expected


@pytest.mark.row("PB-101")
def test_without_selectors_a_main_branch_known_by_tag_alone_is_found_by_it(broker_with, world_of):
    world = world_of(broker_with(use_first_tag_as_branch=False))
    world.participant("Old", mainBranch="trunk").published("Old 1", to="Orders", tags=["trunk"], content="a")
    world.published("Old 2", to="Orders", content="b")

    response = world.client.post("/pacts/provider/Orders/for-verification", json={"includePendingStatus": False})

    assert [each["shortDescription"] for each in response.json()["_embedded"]["pacts"]] == ["latest with tag trunk"]


@pytest.mark.row("PB-123")
def test_a_content_is_verified_once_for_all_its_versions_and_selectors(world, ask, chosen, remembered):
    world.published("Web 1", to="Orders", branch="main", tags=["prod"]).deployed("Web 1", to="production")
    world.published("Web 2", to="Orders", branch="feat")
    selectors = ({"deployed": True}, {"branch": "feat"}, {"tag": "prod", "latest": True}, {"mainBranch": True})

    assert chosen("Orders", *selectors) == [
        "Web 2: deployed to production, latest from branch feat, latest with tag prod, latest from main branch"
    ]
    [pact] = ask("Orders", *selectors)["_embedded"]["pacts"]
    ids = {reason["consumerVersion"]: None for reason in pact["ts:reasons"]}
    assert list(ids) == ["1", "2"]
    said = remembered(pact["_links"]["self"]["href"])
    one, two = sorted({int(part.split("=")[1]) for part in said.split("&") if part.startswith("s[][cv]")})
    assert said == (
        f"s[][e]=production&s[][cv]={one}"
        f"&s[][b]=feat&s[][l]=true&s[][cv]={two}"
        f"&s[][t]=prod&s[][l]=true&s[][cv]={one}"
        f"&s[][l]=true&s[][cv]={one}"
    )


@pytest.mark.row("PB-124")
def test_contracts_come_by_consumer_name_and_then_by_version(world, chosen):
    world.published("b 1", to="Orders", tags=["t"], content="1").published("a 1", to="Orders", tags=["t"], content="2")
    world.published("b 0", to="Orders", tags=["t"], content="3").published("a 9", to="Orders", tags=["t"], content="4")

    assert chosen("Orders", {"tag": "t"}) == ["a 1: one of t", "a 9: one of t", "b 1: one of t", "b 0: one of t"]


@pytest.mark.row("PB-129")
def test_selectors_are_also_understood_in_snake_case(world, chosen):
    world.published("Web 1", to="Orders", branch="main", tags=["t"]).deployed("Web 1", to="test")

    assert chosen("Orders", {"main_branch": True}) == ["Web 1: latest from main branch"]
    assert chosen("Orders", {"deployed_or_released": True}) == ["Web 1: deployed to test"]
    assert chosen("Orders", {"matching_branch": True}, providerVersionBranch="main") == [
        "Web 1: latest from branch main"
    ]
    assert chosen("Orders", {"tag": "x", "latest": True, "fallback_tag": "t"}) == ["Web 1: latest with tag t"]


def test_an_unknown_member_of_a_selector_is_ignored_and_named(world, ask):
    world.published("Web 1", to="Orders", branch="main")

    document = ask("Orders", {"mainBranch": True, "shiny": 1})

    assert len(document["_embedded"]["pacts"]) == 1
    assert document["ts:notices"] == [{"type": "warning", "text": "shiny is not known to this broker and was ignored"}]


def test_only_the_newest_revision_of_a_version_is_chosen(broker_with, world_of):
    world = world_of(broker_with(allow_dangerous_contract_modification=True))
    world.published("Web 1", to="Orders", branch="main", content="old")
    world.published("Web 1", to="Orders", branch="main", content="new")
    sha = world.pact_of("Web 1", "Orders")["_links"]["pb:pact-version"]["name"]

    response = world.client.post("/pacts/provider/Orders/for-verification", json={})

    [pact] = response.json()["_embedded"]["pacts"]
    assert f"/pact-version/{sha}/" in pact["_links"]["self"]["href"]
