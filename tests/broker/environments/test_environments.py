"""`/environments` over HTTP, whole documents compared."""

import re

import pytest

HAL = "application/hal+json;charset=utf-8"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


def expected(base, uuid, created_at, **members):
    own = f"{base}/environments/{uuid}"
    shown = members["displayName"]
    return {
        "uuid": uuid,
        "createdAt": created_at,
        **members,
        "_links": {
            "self": {"href": own, "title": "Environment", "name": members["name"]},
            "pb:currently-deployed-deployed-versions": {
                "href": f"{own}/deployed-versions/currently-deployed",
                "title": f"Versions currently deployed to {shown} environment",
            },
            "pb:currently-supported-released-versions": {
                "href": f"{own}/released-versions/currently-supported",
                "title": f"Versions released and supported in {shown} environment",
            },
            "pb:environments": {"href": f"{base}/environments", "title": "Environments"},
        },
    }


def create(client, **members):
    response = client.post("/environments", json={"name": "production", "production": True, **members})
    assert response.status_code == 201, response.text
    return response.json()


@pytest.mark.row("PB-175")
def test_an_environment_is_created_with_a_uuid_of_ours_and_a_display_name_made_of_its_name(client, broker):
    response = client.post("/environments", json={"name": "pre-prod", "production": False, "uuid": "mine", "x": 1})

    made = response.json()
    assert response.status_code == 201
    assert response.headers["content-type"] == HAL
    assert UUID.fullmatch(made["uuid"])
    assert MOMENT.fullmatch(made["createdAt"])
    assert response.headers["location"] == f"{broker.url}/environments/{made['uuid']}"
    assert made == expected(
        broker.url, made["uuid"], made["createdAt"], name="pre-prod", displayName="Pre Prod", production=False
    )


@pytest.mark.row("PB-175")
@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, {"name": ["is missing"], "production": ["is missing"]}),
        ({"name": None, "production": None}, {"name": ["must be filled"], "production": ["must be filled"]}),
        ({"name": "", "production": True}, {"name": ["must be filled"]}),
        ({"name": 1, "production": "true"}, {"name": ["must be a string"], "production": ["must be boolean"]}),
        ({"name": "a b", "production": True}, {"name": ["cannot contain spaces"]}),
        ({"name": "a\nb", "production": True}, {"name": ["cannot contain multiple lines"]}),
        ({"name": "x" * 1001, "production": True}, {"name": ["size cannot be greater than 1000 bytes"]}),
        ({"name": "a\0b", "production": True}, {"name": ["cannot contain a NUL character"]}),
        ({"name": "e", "production": True, "displayName": 1}, {"displayName": ["must be a string"]}),
        ({"name": "e", "production": True, "displayName": "a\nb"}, {"displayName": ["cannot contain multiple lines"]}),
    ],
)
def test_an_environment_that_is_described_wrongly_is_refused_with_every_reason(client, sent, errors):
    response = client.post("/environments", json=sent)

    assert response.status_code == 400
    assert response.headers["content-type"] == HAL
    assert response.json() == {"errors": errors}
    assert client.get("/environments").json()["_embedded"]["environments"] == []


@pytest.mark.row("PB-175")
def test_a_taken_name_is_refused_whatever_its_case_would_allow(client):
    create(client)

    taken = client.post("/environments", json={"name": "production", "production": False})
    other = client.post("/environments", json={"name": "Production", "production": False})

    assert taken.status_code == 400
    assert taken.json() == {"errors": {"name": ["Another environment with name 'production' already exists."]}}
    assert other.status_code == 201


@pytest.mark.row("PB-176")
def test_environments_are_listed_by_display_name_and_found_by_name(client, broker):
    made = [create(client, name=name, displayName=shown) for name, shown in (("b", "beta"), ("a", "Alpha"))]
    ordered = [made[1], made[0]]

    response = client.get("/environments")

    assert response.status_code == 200
    assert response.headers["content-type"] == HAL
    assert response.json() == {
        "_embedded": {"environments": ordered},
        "_links": {
            "self": {"href": f"{broker.url}/environments", "title": "Environments"},
            "pb:environments": [
                {"href": f"{broker.url}/environments/{each['uuid']}", "title": "Environment", "name": each["name"]}
                for each in ordered
            ],
        },
    }
    assert client.get("/environments", params={"name": "b"}).json()["_embedded"]["environments"] == [made[0]]
    nothing = client.get("/environments", params={"name": "x"})
    assert nothing.status_code == 200
    assert nothing.json()["_embedded"]["environments"] == []


@pytest.mark.row("PB-177")
def test_a_replaced_environment_has_nothing_left_of_what_it_was(client, broker):
    made = create(client, contacts=[{"name": "Team"}], displayName="Live")

    response = client.put(f"/environments/{made['uuid']}", json={"name": "production", "production": False})

    assert response.status_code == 200
    assert response.headers["content-type"] == HAL
    document = response.json()
    document.pop("updatedAt", None)
    assert document == expected(
        broker.url, made["uuid"], made["createdAt"], name="production", displayName="Production", production=False
    )
    document = client.get(f"/environments/{made['uuid']}").json()
    assert document == response.json()


@pytest.mark.row("PB-177")
def test_replacing_and_deleting_what_is_not_there_is_404_whatever_was_sent(client):
    for response in (
        client.get("/environments/nope"),
        client.put("/environments/nope", json={}),
        client.delete("/environments/nope"),
    ):
        assert response.status_code == 404
        assert response.json() == {"error": "The requested document was not found on this server."}


@pytest.mark.row("PB-177")
def test_an_environment_cannot_take_the_name_of_another(client):
    create(client, name="a")
    other = create(client, name="b")

    response = client.put(f"/environments/{other['uuid']}", json={"name": "a", "production": True})

    assert response.status_code == 400
    assert response.json() == {"errors": {"name": ["Another environment with name 'a' already exists."]}}


@pytest.mark.row("PB-178")
def test_contacts_are_stored_and_returned(client):
    contacts = [{"name": "Team", "details": {"emailAddress": "team@example.org"}}, {"name": "Jo"}]

    made = create(client, contacts=contacts)

    assert made["contacts"] == contacts
    assert client.get(f"/environments/{made['uuid']}").json() == made


@pytest.mark.row("PB-178")
def test_each_wrong_contact_is_named_by_its_place(client):
    contacts = [{"name": "ok"}, {}, {"name": ""}, {"name": 1}, "x", {"name": "a\nb"}, {"name": "y", "details": 1}]

    response = client.post("/environments", json={"name": "e", "production": True, "contacts": contacts})

    assert response.status_code == 400
    assert response.json() == {
        "errors": {
            "contacts": [
                "name is missing (at index 1)",
                "name must be filled (at index 2)",
                "name must be a string (at index 3)",
                "must be a hash (at index 4)",
                "name cannot contain multiple lines (at index 5)",
                "details must be a hash (at index 6)",
            ]
        }
    }
