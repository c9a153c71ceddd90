"""Recording deployments and undeployments over HTTP, whole documents compared."""

import re

import pytest

HAL = "application/hal+json;charset=utf-8"
MERGE_PATCH = {"content-type": "application/merge-patch+json"}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


@pytest.fixture
def production(client, world):
    """The environment's document; Orders has the versions 6, 7 and 8."""
    world.environment("production", production=True)
    for number in "678":
        world.on_branch(f"Orders {number}", "main")
    return client.get(f"/environments/{world.environments['production']}").json()


def record(client, environment, number="6", participant="Orders", body=None):
    path = f"/pacticipants/{participant}/versions/{number}/deployed-versions/environment/{environment['uuid']}"
    return client.post(path, json={} if body is None else body)


def embedded(base, environment=None, number="6"):
    found = {
        "pacticipant": {"name": "Orders", "_links": {"self": {"href": f"{base}/pacticipants/Orders"}}},
        "version": {
            "number": number,
            "_links": {
                "self": {
                    "href": f"{base}/pacticipants/Orders/versions/{number}",
                    "title": "Version",
                    "name": number,
                }
            },
        },
    }
    return {**found, "environment": environment} if environment else found


def live(client, environment, **query):
    path = f"/environments/{environment['uuid']}/deployed-versions/currently-deployed"
    response = client.get(path, params=query)
    assert response.status_code == 200
    found = response.json()["_embedded"]["deployedVersions"]
    return [(each["_embedded"]["version"]["number"], each.get("applicationInstance")) for each in found]


@pytest.mark.row("PB-179")
def test_a_deployment_is_recorded_and_can_be_read_again(client, broker, production):
    response = record(client, production)

    made = response.json()
    assert response.status_code == 201
    assert response.headers["content-type"] == HAL
    assert response.headers["location"] == f"{broker.url}/deployed-versions/{made['uuid']}"
    assert MOMENT.fullmatch(made["createdAt"])
    assert made == {
        "uuid": made["uuid"],
        "currentlyDeployed": True,
        "createdAt": made["createdAt"],
        "_embedded": embedded(broker.url, production),
        "_links": {"self": {"href": f"{broker.url}/deployed-versions/{made['uuid']}"}},
    }
    again = client.get(f"/deployed-versions/{made['uuid']}")
    assert (again.status_code, again.headers["content-type"], again.json()) == (200, HAL, made)


@pytest.mark.row("PB-179")
def test_recording_the_same_deployment_again_changes_nothing(client, production):
    first, second = record(client, production), record(client, production)

    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["location"] == first.headers["location"]
    assert live(client, production) == [("6", None)]


@pytest.mark.row("PB-018", "PB-179")
@pytest.mark.parametrize("body", [b"", b"{}"])
def test_a_deployment_needs_no_body(client, production, body):
    path = f"/pacticipants/Orders/versions/6/deployed-versions/environment/{production['uuid']}"

    response = client.post(path, content=body, headers={"content-type": "application/json"})

    assert response.status_code == 201
    assert "applicationInstance" not in response.json()


@pytest.mark.row("PB-017")
def test_a_deployment_of_another_content_type_is_refused(client, production):
    path = f"/pacticipants/Orders/versions/6/deployed-versions/environment/{production['uuid']}"

    response = client.post(path, content=b"x=1", headers={"content-type": "text/plain"})

    assert (response.status_code, response.content) == (415, b"")


@pytest.mark.row("PB-180")
def test_a_new_deployment_replaces_what_ran_under_the_same_instance_only(client, production):
    record(client, production, "6", body={"applicationInstance": "blue"})
    record(client, production, "6")
    replaced = record(client, production, "6", body={"applicationInstance": "green"}).json()

    record(client, production, "7", body={"applicationInstance": "green"})
    record(client, production, "8")

    assert live(client, production) == [("8", None), ("7", "green"), ("6", "blue")]
    past = client.get(f"/deployed-versions/{replaced['uuid']}").json()
    assert past["currentlyDeployed"] is False
    assert MOMENT.fullmatch(past["undeployedAt"])


@pytest.mark.row("PB-181")
@pytest.mark.parametrize(
    ("sent", "instance"),
    [
        ({"applicationInstance": "blue"}, "blue"),
        ({"target": "blue"}, "blue"),
        ({"applicationInstance": "blue", "target": "green"}, "blue"),
        ({"applicationInstance": None, "target": "green"}, "green"),
        ({"applicationInstance": 7}, "7"),
        ({"applicationInstance": True}, "true"),
        ({"applicationInstance": {"a": 1}}, '{"a":1}'),
        ({"applicationInstance": ""}, None),
        ({"applicationInstance": None}, None),
    ],
)
def test_the_instance_has_two_names_in_and_out(client, broker, production, sent, instance):
    made = record(client, production, body=sent).json()

    assert (made.get("applicationInstance"), made.get("target")) == (instance, instance)
    assert ("applicationInstance" in made) is (instance is not None)


@pytest.mark.row("PB-182")
@pytest.mark.parametrize("unknown", ["version", "environment", "participant"])
def test_what_is_unknown_is_not_made_by_a_deployment(client, production, unknown):
    environment = {"uuid": "nope"} if unknown == "environment" else production
    number = "99" if unknown == "version" else "6"
    participant = "Nobody" if unknown == "participant" else "Orders"

    responses = [
        record(client, environment, number, participant),
        client.get(
            f"/pacticipants/{participant}/versions/{number}/deployed-versions/environment/{environment['uuid']}"
        ),
    ]

    for response in responses:
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/json;charset=utf-8"
        assert response.json() == {"error": "The requested document was not found on this server."}
    assert live(client, production) == []


@pytest.mark.row("PB-179")
def test_a_versions_deployments_to_an_environment_are_listed_newest_first_past_ones_too(client, broker, production):
    record(client, production, "6")
    record(client, production, "7")
    record(client, production, "6")
    path = f"/pacticipants/Orders/versions/6/deployed-versions/environment/{production['uuid']}"

    response = client.get(path)

    document = response.json()
    assert response.status_code == 200
    assert document["_links"] == {
        "self": {"href": broker.url + path, "title": "Deployed versions for Orders version 6"}
    }
    listed = document["_embedded"]["deployedVersions"]
    assert [each["currentlyDeployed"] for each in listed] == [True, False]
    newest = client.get(f"/deployed-versions/{listed[0]['uuid']}").json()
    newest.pop("_embedded")
    assert listed[0] == newest
    empty = client.get(path.replace("/versions/6/", "/versions/8/"))
    assert (empty.status_code, empty.json()["_embedded"]) == (200, {"deployedVersions": []})


@pytest.mark.row("PB-183")
def test_what_is_deployed_in_an_environment_is_listed_whole(client, broker, production):
    made = record(client, production).json()
    path = f"/environments/{production['uuid']}/deployed-versions/currently-deployed"

    response = client.get(path + "?pacticipant=Orders")

    assert response.status_code == 200
    assert response.headers["content-type"] == HAL
    assert response.json() == {
        "_embedded": {"deployedVersions": [{**made, "_embedded": embedded(broker.url)}]},
        "_links": {
            "self": {
                "href": f"{broker.url}{path}?pacticipant=Orders",
                "title": "Currently deployed versions for Production",
            }
        },
    }


@pytest.mark.row("PB-183")
def test_what_is_deployed_can_be_asked_by_name_and_instance(client, world, production):
    world.on_branch("Billing 1", "main").deployed("Billing 1", to="production")
    record(client, production, "6", body={"applicationInstance": "blue"})
    record(client, production, "7")

    assert live(client, production, pacticipant="Orders") == [("7", None), ("6", "blue")]
    assert live(client, production, pacticipant="Nobody") == []
    assert live(client, production, pacticipant="Orders", applicationInstance="blue") == [("6", "blue")]
    assert live(client, production, pacticipant="Orders", target="blue") == [("6", "blue")]
    assert live(client, production, applicationInstance="") == [("7", None), ("1", None)]
    assert client.get("/environments/nope/deployed-versions/currently-deployed").status_code == 404


@pytest.mark.row("PB-184")
def test_an_undeployment_ends_it_once(client, broker, production):
    made = record(client, production).json()
    path = f"/deployed-versions/{made['uuid']}"

    response = client.patch(path, json={"currentlyDeployed": False}, headers=MERGE_PATCH)

    ended = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == HAL
    ended.pop("updatedAt", None)
    assert MOMENT.fullmatch(ended["undeployedAt"])
    assert ended == {**made, "currentlyDeployed": False, "undeployedAt": ended["undeployedAt"]}
    assert live(client, production) == []
    again = client.patch(path, json={"currentlyDeployed": False}, headers=MERGE_PATCH)
    assert (again.status_code, again.json()["undeployedAt"]) == (200, ended["undeployedAt"])


@pytest.mark.row("PB-184")
def test_an_undeployment_cannot_be_taken_back(client, production):
    made = record(client, production).json()
    path = f"/deployed-versions/{made['uuid']}"

    back = client.patch(path, json={"currentlyDeployed": True}, headers=MERGE_PATCH)
    nothing = client.patch(path, json={}, headers=MERGE_PATCH)
    empty = client.patch(path, headers=MERGE_PATCH)
    json_type = client.patch(path, json={"currentlyDeployed": False})
    unknown = client.patch("/deployed-versions/nope", json={"currentlyDeployed": False}, headers=MERGE_PATCH)

    assert back.status_code == 422
    assert back.json() == {
        "errors": {"currentlyDeployed": ["cannot be set back to true. Please record the deployment again instead."]}
    }
    assert (nothing.status_code, nothing.json()) == (200, made)
    assert (empty.status_code, empty.json()) == (200, made)
    assert json_type.status_code == 415
    assert unknown.status_code == 404
    assert live(client, production) == [("6", None)]


@pytest.mark.row("PB-177")
def test_deleting_an_environment_ends_what_ran_there(client, production):
    made = record(client, production).json()

    response = client.delete(f"/environments/{production['uuid']}")

    assert (response.status_code, response.content) == (204, b"")
    assert client.get(f"/deployed-versions/{made['uuid']}").status_code == 404
    assert client.get("/environments").json()["_embedded"]["environments"] == []


@pytest.mark.parametrize(
    ("instance", "message"),
    [("x" * 1001, "size cannot be greater than 1000 bytes"), ("a\0b", "cannot contain a NUL character")],
)
def test_an_instance_that_no_database_takes_is_refused(client, production, instance, message):
    response = record(client, production, body={"applicationInstance": instance})

    assert (response.status_code, response.json()) == (400, {"errors": {"applicationInstance": [message]}})
