"""Participants and labels over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

DEPRECATED = "DEPRECATED - please use latestVersion"


def document(
    name: str,
    display_name: str,
    *,
    latest: str | None = None,
    labels: tuple[str, ...] = (),
    alone: bool = True,
    **members: Any,
) -> dict[str, Any]:
    own = f"{{base}}/pacticipants/{name}"
    embedded: dict[str, Any] = {
        "labels": [{"name": each, "_links": {"self": {"href": f"{own}/labels/{each}"}}} for each in labels]
    }
    if latest is not None:
        short = {"number": latest, "_links": {"self": {"href": f"{own}/versions/{latest}"}}}
        embedded["latestVersion"] = short
        embedded["latest-version"] = {"title": DEPRECATED, "name": DEPRECATED, **short}
    links: dict[str, Any] = {
        "self": {"href": own},
        "pb:versions": {"href": f"{own}/versions"},
        "pb:branches": {"href": f"{own}/branches"},
        "pb:version": {
            "href": f"{own}/versions/{{version}}",
            "title": "Get, create or delete a pacticipant version",
            "templated": True,
        },
        "pb:version-tag": {
            "href": f"{own}/versions/{{version}}/tags/{{tag}}",
            "title": "Get, create or delete a tag of a version",
            "templated": True,
        },
        "pb:branch-version": {
            "href": f"{own}/branches/{{branch}}/versions/{{version}}",
            "title": "Get or add/create a pacticipant version for a branch",
            "templated": True,
        },
        "pb:label": {
            "href": f"{own}/labels/{{label}}",
            "title": "Get, create or delete a label",
            "templated": True,
        },
        "pb:can-i-deploy-badge": {
            "href": f"{own}/latest-version/{{tag}}/can-i-deploy/to/{{environmentTag}}/badge",
            "title": "The can-i-deploy badge of the latest version with a tag",
            "templated": True,
        },
        "pb:can-i-deploy-branch-to-environment-badge": {
            "href": f"{own}/branches/{{branch}}/latest-version/can-i-deploy/to-environment/{{environment}}/badge",
            "title": "The can-i-deploy badge of a branch and an environment",
            "templated": True,
        },
        "versions": {"href": f"{own}/versions", "title": "DEPRECATED - please use the pb:versions relation"},
        "curies": [{"href": "{base}/doc/{rel}?context=pacticipant", "name": "pb", "templated": True}],
    }
    if alone:
        links["pb:deployed-environments"] = []
    return {
        "name": name,
        "displayName": display_name,
        **members,
        "createdAt": "{time}",
        "_embedded": embedded,
        "_links": links,
    }


@pytest.mark.row("PB-145", "PB-151")
def test_a_participant_is_shown_with_its_links(client: httpx.Client, world: Any, expect: Callable[..., None]) -> None:
    client.put("/pacticipants/foo-barService/versions/1", json={})
    client.put("/pacticipants/foo-barService/versions/2", json={})
    world.labelled("foo-barService", "b", "a")

    expect(
        client.get("/pacticipants/foo-barService"),
        200,
        document("foo-barService", "Foo Bar Service", latest="2", labels=("a", "b")),
    )
    expect(
        client.get("/pacticipants/nobody"),
        404,
        {"error": "The requested document was not found on this server."},
        media="application/json",
    )


def test_a_participant_shows_where_it_is_deployed_now(client: httpx.Client, world: Any, broker: Any) -> None:
    client.put("/pacticipants/Web/versions/1", json={})
    client.put("/pacticipants/Web/versions/2", json={})
    world.deployed("Web 1", to="test").deployed("Web 2", to="test").environment("prod", displayName="Live")
    world.deployed("Web 1", to="prod")

    shown = client.get("/pacticipants/Web").json()["_links"]["pb:deployed-environments"]

    assert [{key: value for key, value in each.items() if key != "href"} for each in shown] == [
        {"title": "Version deployed to environment", "name": name, "currently_deployed": True}
        for name in ("Live", "Test")
    ]
    assert all(each["href"].startswith(f"{broker.url}/deployed-versions/") for each in shown)


@pytest.mark.row("PB-146", "PB-147")
def test_post_creates_once_and_never_changes(client: httpx.Client, expect: Callable[..., None], broker: Any) -> None:
    sent = {"name": "Web Shop", "mainBranch": "main", "repositoryUrl": "https://git.example.org/shop", "unknown": 1}

    created = client.post("/pacticipants", json=sent)
    again = client.post("/pacticipants", json={"name": "Web Shop", "mainBranch": "other"})

    expected = document("Web%20Shop", "Web Shop", repositoryUrl="https://git.example.org/shop", mainBranch="main")
    expect(created, 201, {**expected, "name": "Web Shop"})
    assert created.headers["location"] == f"{broker.url}/pacticpants/Web%20Shop"
    expect(again, 201, {**expected, "name": "Web Shop"})


@pytest.mark.row("PB-148")
@pytest.mark.parametrize("media", ["application/json", "application/merge-patch+json"])
def test_patch_creates_or_changes_what_is_given(
    client: httpx.Client, expect: Callable[..., None], media: str, broker: Any
) -> None:
    headers = {"content-type": media}

    created = client.patch("/pacticipants/Web", content='{"mainBranch": "main"}', headers=headers)
    changed = client.patch("/pacticipants/Web", content='{"name": "ignored", "displayName": "W"}', headers=headers)
    emptied = client.patch("/pacticipants/Web", content='{"mainBranch": null}', headers=headers)

    expect(created, 201, document("Web", "Web", mainBranch="main"))
    assert created.headers["location"] == f"{broker.url}/pacticipants/Web"
    assert (changed.status_code, changed.json()["displayName"], changed.json()["mainBranch"]) == (200, "W", "main")
    assert (emptied.status_code, "mainBranch" in emptied.json()) == (200, False)
    assert client.get("/pacticipants/ignored").status_code == 404


@pytest.mark.row("PB-149")
def test_put_replaces_everything_and_creates_nothing(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.participant("Web", displayName="W", mainBranch="main", repositoryName="r", repositoryNamespace="n")

    replaced = client.put("/pacticipants/Web", json={"repositoryUrl": "https://git.example.org"})

    document_now = replaced.json()
    document_now.pop("updatedAt", None)
    assert replaced.status_code == 200
    assert {key: value for key, value in document_now.items() if not key.startswith("_")} == {
        "name": "Web",
        "displayName": "Web",
        "repositoryUrl": "https://git.example.org",
        "createdAt": document_now["createdAt"],
    }
    assert client.put("/pacticipants/Nobody", json={}).status_code == 404
    patch = {"content-type": "application/merge-patch+json"}
    expect(client.put("/pacticipants/Web", content="{}", headers=patch), 415)


@pytest.mark.row("PB-150")
@pytest.mark.parametrize(
    ("member", "value", "complaint"),
    [
        ("name", "", "must be filled"),
        ("name", " ", "cannot be blank"),
        ("name", "a\nb", "cannot contain multiple lines"),
        ("name", None, "must be filled"),
        ("name", 1, "must be a string"),
        ("displayName", " ", "cannot be blank"),
        ("displayName", "a\nb", "cannot contain multiple lines"),
        ("mainBranch", "a b", "cannot contain spaces"),
        ("mainBranch", "", "cannot be blank"),
        ("repositoryUrl", "a\nb", "cannot contain multiple lines"),
        ("repositoryName", 1, "must be a string"),
        ("repositoryNamespace", [], "must be a string"),
    ],
)
def test_each_wrong_member_is_named(
    client: httpx.Client, world: Any, expect: Callable[..., None], member: str, value: Any, complaint: str
) -> None:
    world.participant("Web")
    errors = {"errors": {member: [complaint]}}

    expect(client.post("/pacticipants", json={"name": "x", member: value}), 400, errors)
    expect(client.put("/pacticipants/Web", json={member: value}), 400, errors)
    expect(client.patch("/pacticipants/Web", json={member: value}), 400, errors)


@pytest.mark.row("PB-152")
def test_deleting_a_participant_takes_all_it_had_in_either_role(client: httpx.Client, world: Any) -> None:
    world.published("Web 1", to="Orders", branch="main", tags=["t"]).published("Orders 7", to="Store")
    world.verified("Orders 7", "Web 1").deployed("Orders 7", to="production").labelled("Orders", "x")

    response = client.delete("/pacticipants/Orders")

    assert (response.status_code, response.content) == (204, b"")
    assert client.get("/pacticipants/Orders").status_code == 404
    assert client.get("/pacts/latest").json()["pacts"] == []
    assert client.get("/labels").json()["_embedded"]["labels"] == []
    uuid = world.environments["production"]
    deployed = client.get(f"/environments/{uuid}/deployed-versions/currently-deployed").json()
    assert deployed["_embedded"]["deployedVersions"] == []
    assert client.get("/integrations", headers={"accept": "application/hal+json"}).json()["_embedded"] == {
        "integrations": []
    }
    assert client.get("/pacticipants/Web/versions/1").status_code == 200
    assert client.delete("/pacticipants/Orders").status_code == 404


def listing(url: str, *names: str, legacy: bool = True, more: Any = None, page: Any = None) -> dict[str, Any]:
    members = [document(name, name, alone=False) for name in names]
    whole: dict[str, Any] = {"_embedded": {"pacticipants": members}}
    if legacy:
        title = "DEPRECATED - please use the embedded pacticipants collection"
        whole["pacticipants"] = [{"title": title, **member} for member in members]
    old = "DEPRECATED - please use the pb:pacticipants relation"
    whole["_links"] = {
        "self": {"href": url},
        "pb:pacticipants-with-label": {"href": "{base}/pacticipants/label/{label}", "templated": True},
        "pb:pacticipants": [
            {"href": f"{{base}}/pacticipants/{name}", "title": "Pacticipant", "name": name} for name in names
        ],
        "pacticipants": [{"href": f"{{base}}/pacticipants/{name}", "title": old, "name": name} for name in names],
        **(more or {}),
    }
    return {**whole, **({"page": page} if page else {})}


@pytest.mark.row("PB-144")
def test_the_list_is_by_name_whatever_the_case_and_has_the_old_members(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.participant("Web").participant("app").participant("Zoo")

    expect(client.get("/pacticipants"), 200, _renamed(listing("{base}/pacticipants", "app", "Web", "Zoo")))


def _renamed(whole: dict[str, Any]) -> dict[str, Any]:
    """`app` is displayed as "App"."""
    for members in (whole["_embedded"]["pacticipants"], whole["pacticipants"]):
        members[0]["displayName"] = "App"
    return whole


@pytest.mark.row("PB-020")
def test_the_list_comes_in_pages(client: httpx.Client, world: Any, expect: Callable[..., None]) -> None:
    for name in ("A1", "B1", "C1", "D1", "E1"):
        world.participant(name, displayName=name)
    url = "{base}/pacticipants"
    neighbours = {
        "next": {"href": f"{url}?size=2&page=3", "title": "Next page"},
        "previous": {"href": f"{url}?size=2&page=1", "title": "Previous page"},
    }
    page = {"number": 2, "size": 2, "totalElements": 5, "totalPages": 3}
    expected = listing(url, "C1", "D1", more=neighbours, page=page)

    expect(client.get("/pacticipants?page=2&size=2&q="), 200, expected)
    expect(client.get("/pacticipants?pageNumber=2&pageSize=2"), 200, expected)
    first = client.get("/pacticipants?size=100").json()
    assert first["page"] == {"number": 1, "size": 100, "totalElements": 5, "totalPages": 1}
    assert "next" not in first["_links"]
    assert client.get("/pacticipants?page=1").json()["page"]["size"] == 100
    beyond = client.get("/pacticipants?page=9&size=2").json()
    assert beyond["pacticipants"] == []
    assert "next" not in beyond["_links"]


@pytest.mark.row("PB-021")
def test_lists_can_be_narrowed_to_names_that_contain_something(client: httpx.Client, world: Any) -> None:
    world.published("Web_Shop 1", to="Orders").published("Webby 1", to="100% Store").labelled("Web_Shop", "x")
    for branch in ("feat/One", "feat_two", "main"):
        world.on_branch("Webby 1", branch)

    def names(path: str, member: str, q: str) -> list[str]:
        found = client.get(path, params={"q": q}, headers={"accept": "application/hal+json"}).json()
        return [each["name"] for each in found["_embedded"][member]]

    assert names("/pacticipants", "pacticipants", "WEB") == ["Web_Shop", "Webby"]
    assert names("/pacticipants", "pacticipants", "b_s") == ["Web_Shop"]
    assert names("/pacticipants", "pacticipants", "_b") == []
    assert names("/pacticipants", "pacticipants", "0%") == ["100% Store"]
    assert names("/pacticipants/label/x", "pacticipants", "web") == ["Web_Shop"]
    assert names("/pacticipants/label/x", "pacticipants", "by") == []
    assert names("/pacticipants/Webby/branches", "branches", "FEAT") == ["feat_two", "feat/One"]
    assert names("/pacticipants/Webby/branches", "branches", "t_") == ["feat_two"]
    found = client.get("/integrations", params={"q": "store"}, headers={"accept": "application/hal+json"}).json()
    assert [each["consumer"]["name"] for each in found["_embedded"]["integrations"]] == ["Webby"]


@pytest.mark.row("PB-153")
def test_labels_are_put_once_and_taken_away(client: httpx.Client, expect: Callable[..., None], broker: Any) -> None:
    path = "/pacticipants/Web/labels/team%2Fa"
    label = {
        "name": "team/a",
        "createdAt": "{time}",
        "_links": {
            "self": {"href": f"{{base}}{path}", "title": "Label", "name": "team/a"},
            "pacticipant": {"href": "{base}/pacticipants/Web", "title": "Pacticipant", "name": "Web"},
        },
    }

    created = client.put(path, headers={"content-type": "application/json"})

    expect(created, 201, label)
    assert created.headers["location"] == f"{broker.url}{path}"
    expect(client.put(path, json={}), 200, label)
    expect(client.get(path), 200, label)
    expect(client.delete(path), 204)
    for gone in (client.get(path), client.delete(path), client.get("/pacticipants/Nobody/labels/x")):
        assert gone.status_code == 404


@pytest.mark.row("PB-154", "PB-020")
def test_labels_are_listed_and_list(client: httpx.Client, world: Any, expect: Callable[..., None]) -> None:
    world.labelled("Web", "b", "a").labelled("App", "b")

    def labels(*names: str, **more: Any) -> dict[str, Any]:
        links = {"self": {"href": "{base}/labels", "title": "Labels"}, **more.pop("links", {})}
        return {"_embedded": {"labels": [{"name": name} for name in names]}, "_links": links, **more}

    expect(client.get("/labels"), 200, labels("a", "b"))
    page = {"number": 1, "size": 1, "totalElements": 2, "totalPages": 2}
    next_page = {"next": {"href": "{base}/labels?size=1&page=2", "title": "Next page"}}
    expect(client.get("/labels?size=1"), 200, labels("a", links=next_page, page=page))
    by_label = client.get("/pacticipants/label/b")
    assert [each["name"] for each in by_label.json()["_embedded"]["pacticipants"]] == ["App", "Web"]
    assert "pacticipants" not in by_label.json()
    expect(client.get("/pacticipants/label/none"), 200, listing("{base}/pacticipants/label/none", legacy=False))


def test_lists_take_the_same_number_of_statements_whatever_their_length(
    client: httpx.Client, world: Any, broker: Any, watch_statements: Callable[..., Any]
) -> None:
    counts = []
    for number in (1, 20):
        for each in range(number):
            client.put(f"/pacticipants/P{each}/branches/main/versions/{number}", json={})
            world.labelled(f"P{each}", "x")
        with watch_statements(broker.engine) as ran:
            client.get("/pacticipants")
            client.get("/pacticipants/P0/versions")
            client.get("/pacticipants/P0/versions/1")
        counts.append(len(ran))
    assert counts[0] == counts[1]
