"""Recording releases and the end of their support over HTTP, whole documents compared."""

import re

import pytest

HAL = "application/hal+json;charset=utf-8"
MERGE_PATCH = {"content-type": "application/merge-patch+json"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


@pytest.fixture
def store(client, world):
    """The environment's document; App has the versions 1 and 2."""
    world.environment("app-store", production=True)
    for number in "12":
        world.on_branch(f"App {number}", "main")
    return client.get(f"/environments/{world.environments['app-store']}").json()


def path_of(environment, number="1", participant="App"):
    return f"/pacticipants/{participant}/versions/{number}/released-versions/environment/{environment['uuid']}"


def embedded(base, number):
    return {
        "pacticipant": {"name": "App", "_links": {"self": {"href": f"{base}/pacticipants/App"}}},
        "version": {
            "number": number,
            "_links": {
                "self": {"href": f"{base}/pacticipants/App/versions/{number}", "title": "Version", "name": number}
            },
        },
    }


def supported(client, environment, **query):
    path = f"/environments/{environment['uuid']}/released-versions/currently-supported"
    found = client.get(path, params=query).json()["_embedded"]["releasedVersions"]
    return [each["_embedded"]["version"]["number"] for each in found]


@pytest.mark.row("PB-185")
def test_a_release_is_new_once_and_then_the_same(client, broker, store):
    first = client.post(path_of(store), json={})
    second = client.post(path_of(store), content=b"", headers={"content-type": "application/json"})

    made = first.json()
    assert (first.status_code, second.status_code) == (201, 200)
    for response in (first, second):
        assert response.headers["content-type"] == HAL
        assert response.headers["location"] == f"{broker.url}/released-versions/{made['uuid']}"
        assert response.json() == made
    assert MOMENT.fullmatch(made["createdAt"])
    assert made == {
        "uuid": made["uuid"],
        "currentlySupported": True,
        "createdAt": made["createdAt"],
        "_embedded": {**embedded(broker.url, "1"), "environment": store},
        "_links": {"self": {"href": f"{broker.url}/released-versions/{made['uuid']}"}},
    }
    assert client.get(f"/released-versions/{made['uuid']}").json() == made


@pytest.mark.row("PB-185")
def test_support_that_ended_begins_again_with_the_next_release(client, store):
    made = client.post(path_of(store), json={}).json()
    client.patch(f"/released-versions/{made['uuid']}", json={"currentlySupported": False}, headers=MERGE_PATCH)
    assert supported(client, store) == []

    again = client.post(path_of(store), json={})

    assert again.status_code == 200
    document = again.json()
    document.pop("updatedAt", None)
    assert document == made
    assert supported(client, store) == ["1"]


@pytest.mark.row("PB-185")
def test_any_number_of_versions_is_supported_at_once_beside_what_is_deployed(client, world, store):
    world.released("App 1", to="app-store").deployed("App 1", to="app-store")

    world.released("App 2", to="app-store").deployed("App 2", to="app-store")

    assert supported(client, store) == ["2", "1"]
    path = f"/environments/{store['uuid']}/deployed-versions/currently-deployed"
    assert [
        each["_embedded"]["version"]["number"] for each in client.get(path).json()["_embedded"]["deployedVersions"]
    ] == ["2"]


@pytest.mark.row("PB-185")
def test_a_versions_release_is_listed(client, broker, store):
    empty = client.get(path_of(store))
    made = client.post(path_of(store), json={}).json()

    response = client.get(path_of(store))

    assert (empty.status_code, empty.json()["_embedded"]) == (200, {"releasedVersions": []})
    made.pop("_embedded")
    assert response.json() == {
        "_embedded": {"releasedVersions": [made]},
        "_links": {"self": {"href": broker.url + path_of(store), "title": "Released versions for App version 1"}},
    }


@pytest.mark.row("PB-186")
def test_what_is_supported_in_an_environment_is_listed_whole_and_filtered(client, broker, world, store):
    made = client.post(path_of(store), json={}).json()
    world.released("App 2", to="app-store").on_branch("Web 1", "main").released("Web 1", to="app-store")
    path = f"/environments/{store['uuid']}/released-versions/currently-supported"

    response = client.get(path + "?pacticipant=App&version=1")

    assert response.status_code == 200
    assert response.headers["content-type"] == HAL
    assert response.json() == {
        "_embedded": {"releasedVersions": [{**made, "_embedded": embedded(broker.url, "1")}]},
        "_links": {
            "self": {
                "href": f"{broker.url}{path}?pacticipant=App&version=1",
                "title": "Currently supported versions for App Store",
            }
        },
    }
    assert supported(client, store) == ["1", "2", "1"]
    assert supported(client, store, pacticipant="App") == ["2", "1"]
    assert supported(client, store, pacticipant="Nobody") == []
    assert supported(client, store, version="2") == ["2"]
    assert client.get("/environments/nope/released-versions/currently-supported").status_code == 404


@pytest.mark.row("PB-187")
def test_the_end_of_support_is_recorded_and_cannot_be_taken_back(client, store):
    made = client.post(path_of(store), json={}).json()
    path = f"/released-versions/{made['uuid']}"

    ended = client.patch(path, json={"currentlySupported": False}, headers=MERGE_PATCH)
    back = client.patch(path, json={"currentlySupported": True}, headers=MERGE_PATCH)
    nothing = client.patch(path, json={"x": 1}, headers=MERGE_PATCH)
    json_type = client.patch(path, json={"currentlySupported": False})

    document = ended.json()
    document.pop("updatedAt", None)
    assert ended.status_code == 200
    assert document == {**made, "currentlySupported": False, "supportEndedAt": document["supportEndedAt"]}
    assert MOMENT.fullmatch(document["supportEndedAt"])
    assert back.status_code == 422
    assert back.json() == {
        "errors": {"currentlySupported": ["cannot be set back to true. Please record the release again instead."]}
    }
    assert (nothing.status_code, nothing.json()) == (200, ended.json())
    assert json_type.status_code == 415
    unknown = client.patch("/released-versions/nope", json={"currentlySupported": False}, headers=MERGE_PATCH)
    assert unknown.status_code == 404


@pytest.mark.row("PB-182")
def test_what_is_unknown_is_not_made_by_a_release(client, store):
    for path in (path_of(store, "9"), path_of(store, participant="Nobody"), path_of({"uuid": "nope"})):
        for response in (client.post(path, json={}), client.get(path)):
            assert response.status_code == 404
            assert response.json() == {"error": "The requested document was not found on this server."}
