"""What a provider owes: a list that can be pulled at any time."""

import pytest


@pytest.fixture
def owed(client):
    """`owed("Orders", **query)`: (consumer version, provider version, why that one matters)."""

    def asking(provider, **query):
        response = client.get(f"/pacticipants/{provider}/owed-verifications", params=query)
        assert response.status_code == 200, response.text
        found = []
        for each in response.json()["_embedded"]["ts:owed"]:
            why = [
                reason.get("environment") or reason.get("branch") or reason["kind"]
                for reason in each["why"]["provider"]
            ]
            found.append((f"{each['consumer']} {each['consumerVersion']}", each["providerVersion"], *why))
        assert response.json()["ts:count"] == len(found)
        return found

    return asking


def test_what_is_live_or_on_a_main_branch_is_owed_by_every_version_that_matters(world, owed):
    world.published("Web 1", to="Orders", branch="main").deployed("Web 1", to="production")
    world.published("Web 2", to="Orders", branch="main", content="new")
    world.published("Web 3", to="Orders", branch="feat", content="nobody's business yet")
    world.on_branch("Orders 1", "main").on_branch("Orders 2", "main").deployed("Orders 1", to="production")
    world.on_branch("Orders 3", "feat")
    assert owed("Orders") == [
        ("Web 1", "2", "main"),
        ("Web 2", "2", "main"),
        ("Web 1", "1", "production"),
        ("Web 2", "1", "production"),
    ]

    world.verified("Orders 1", "Web 1").verified("Orders 2", "Web 1", success=False).verified("Orders 2", "Web 2")

    assert owed("Orders") == [("Web 2", "1", "production")]


def test_a_version_that_matters_twice_owes_once_and_says_both(world, owed):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "main")
    world.deployed("Orders 1", to="production").released("Orders 1", to="store")

    assert owed("Orders") == [("Web 1", "1", "main", "production", "store")]


def test_a_provider_without_versions_owes_to_no_version_in_particular(world, owed):
    world.published("Web 1", to="Orders", branch="main")

    assert owed("Orders") == [("Web 1", None, "noVersion")]


def test_without_a_main_branch_the_newest_version_matters(world, owed):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "a").on_branch("Orders 2", "b")

    assert owed("Orders") == [("Web 1", "2", "latest")]


def test_one_version_can_be_asked_for_even_before_it_exists(world, owed):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "main").verified("Orders 1", "Web 1")

    assert owed("Orders") == []
    assert owed("Orders", providerVersion="1") == []
    assert owed("Orders", providerVersion="2") == [("Web 1", "2", "asked")]


def test_the_list_whole(world, client, broker, remembered):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1/a", "main")
    sha = world.pact_of("Web 1", "Orders")["_links"]["pb:pact-version"]["name"]

    response = client.get("/pacticipants/Orders/owed-verifications")

    document = response.json()
    href = document["_embedded"]["ts:owed"][0]["_links"]["pb:pact-version"]["href"]
    assert href.startswith(f"{broker.url}/pacts/provider/Orders/consumer/Web/pact-version/{sha}/metadata/")
    assert remembered(href).startswith("s[][l]=true&s[][cv]=")
    assert client.get(href).status_code == 200
    assert response.headers["content-type"] == "application/hal+json;charset=utf-8"
    assert document == {
        "provider": "Orders",
        "ts:count": 1,
        "_embedded": {
            "ts:owed": [
                {
                    "consumer": "Web",
                    "consumerVersion": "1",
                    "contractSha": sha,
                    "providerVersion": "1/a",
                    "why": {
                        "contract": [
                            {
                                "kind": "mainBranch",
                                "consumer": "Web",
                                "consumerVersion": "1",
                                "branch": "main",
                                "text": "newest version on the main branch of Web (1)",
                            }
                        ],
                        "provider": [{"kind": "mainBranch", "branch": "main"}],
                    },
                    "_links": {
                        "pb:pact-version": {"href": href, "name": "Pact between Web (1) and Orders"},
                        "pb:provider-version": {
                            "href": f"{broker.url}/pacticipants/Orders/versions/1%2Fa",
                            "name": "1/a",
                        },
                    },
                }
            ]
        },
        "_links": {
            "self": {
                "href": f"{broker.url}/pacticipants/Orders/owed-verifications",
                "title": "Verifications that Orders owes",
            },
            "pb:provider": {"href": f"{broker.url}/pacticipants/Orders", "title": "Provider", "name": "Orders"},
            "pb:provider-pacts-for-verification": {
                "href": f"{broker.url}/pacts/provider/Orders/for-verification",
                "title": "Pacts for verification",
            },
        },
    }


def test_an_unknown_provider_owes_nothing_that_could_be_told(client):
    response = client.get("/pacticipants/Nobody/owed-verifications")

    assert (response.status_code, response.json()) == (404, {"error": "No pacticipant with name 'Nobody' found"})
