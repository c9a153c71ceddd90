"""Versions, branches and tags over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

NOT_FOUND = {"error": "The requested document was not found on this server."}


def document(
    number: str, *, url: str | None = None, places: dict[str, str] | None = None, **changed: Any
) -> dict[str, Any]:
    """A version of Web. `places` are environments by name, with uuids; None in collections."""
    own = f"{{base}}/pacticipants/Web/versions/{number}"
    links: dict[str, Any] = {
        "self": {"href": url or own, "title": "Version", "name": number},
        "pb:pacticipant": {"href": "{base}/pacticipants/Web", "title": "Pacticipant", "name": "Web"},
        "pb:tag": {
            "href": f"{own}/tags/{{tag}}",
            "title": "Get, create or delete a tag for this pacticipant version",
            "templated": True,
        },
        "pb:latest-verification-results-where-pacticipant-is-consumer": {
            "href": f"{{base}}/verification-results/consumer/Web/version/{number}/latest",
            "title": "Latest verification results for consumer version",
        },
        "pb:pact-versions": [],
        "pb:deployed-environments": [],
        "pb:released-environments": [],
        **changed.pop("links", {}),
    }
    if places is not None:
        for kind, path in (("deployment", "deployed-versions"), ("release", "released-versions")):
            links[f"pb:record-{kind}"] = [
                {
                    "href": f"{own}/{path}/environment/{uuid}",
                    "title": f"Record {kind} to {name.title()}",
                    "name": name,
                }
                for name, uuid in places.items()
            ]
    links["curies"] = [{"href": "{base}/doc/{rel}?context=version", "name": "pb", "templated": True}]
    embedded = {
        "branchVersions": [
            {
                "name": name,
                "latest": latest,
                "_links": {
                    "self": {
                        "href": f"{{base}}/pacticipants/Web/branches/{name}/versions/{number}",
                        "title": "Branch version",
                        "name": name,
                    }
                },
            }
            for name, latest in changed.pop("branches", [])
        ],
        "tags": [
            {"name": tag, "_links": {"self": {"href": f"{own}/tags/{tag}", "title": "Tag", "name": tag}}}
            for tag in changed.pop("tags", [])
        ],
    }
    return {"number": number, **changed, "createdAt": "{time}", "_embedded": embedded, "_links": links}


@pytest.fixture
def web(client: httpx.Client) -> Callable[[str], httpx.Response]:
    """Makes a version of Web."""
    return lambda number: client.put(f"/pacticipants/Web/versions/{number}", json={})


def test_an_unknown_version_is_not_there(client: httpx.Client, world: Any, expect: Callable[..., None]) -> None:
    world.participant("Web")

    for path in ("/pacticipants/Web/versions/1", "/pacticipants/Nobody/versions/1"):
        expect(client.get(path), 404, NOT_FOUND, media="application/json")
        expect(client.delete(path), 404, NOT_FOUND, media="application/json")


@pytest.mark.row("PB-155", "PB-156")
def test_a_version_shows_its_contracts_and_where_it_is_and_may_be(
    client: httpx.Client, world: Any, expect: Callable[..., None], broker: Any
) -> None:
    world.put_pact("Web 1", to="Orders").put_pact("Web 1", to="Billing").on_branch("Web 1", "main").tagged("Web 1", "t")
    world.environment("test").environment("production", production=True)
    world.deployed("Web 1", to="test").deployed("Web 1", to="test", instance="blue").released("Web 1", to="production")
    world.put_pact("Web 2", to="Orders").deployed("Web 2", to="test")

    response = client.get("/pacticipants/Web/versions/1")

    found = response.json()["_links"]
    deployed, released = found["pb:deployed-environments"], found["pb:released-environments"]
    for each in (*deployed, *released):
        each["href"] = each["href"].replace(broker.url, "").rsplit("/", 1)[0]
    place = {"href": "/deployed-versions", "title": "Version deployed to environment", "name": "Test"}
    assert deployed == [
        {**place, "currently_deployed": False},
        {**place, "currently_deployed": True, "application_instance": "blue"},
    ]
    assert released == [
        {
            "href": "/released-versions",
            "title": "Version released to environment",
            "name": "Production",
            "currently_supported": True,
        }
    ]
    pacts = [
        {
            "href": f"{{base}}/pacts/provider/{provider}/consumer/Web/version/1",
            "title": "Pact",
            "name": f"Pact between Web (1) and {provider}",
        }
        for provider in ("Billing", "Orders")
    ]
    expected = document(
        "1",
        places={"production": "{uuid}", "test": "{uuid}"},
        branches=[("main", True)],
        tags=["t"],
        links={"pb:pact-versions": pacts},
    )
    shown = client.get("/pacticipants/Web/versions/1")
    for name in ("pb:deployed-environments", "pb:released-environments"):
        expected["_links"][name] = _unnamed(shown.json()["_links"][name], broker.url)
    expect(shown, 200, expected)


def _unnamed(links: list[dict[str, Any]], base: str) -> list[dict[str, Any]]:
    return [{**each, "href": each["href"].replace(base, "{base}").rsplit("/", 1)[0] + "/{uuid}"} for each in links]


@pytest.mark.row("PB-157")
def test_put_creates_or_replaces_a_version(client: httpx.Client, expect: Callable[..., None], broker: Any) -> None:
    path = "/pacticipants/Web/versions/1"

    created = client.put(path, json={"buildUrl": "https://ci/1", "tags": [{"name": "b"}, {"name": "a"}]})
    expect(
        created,
        201,
        document("1", buildUrl="https://ci/1", tags=["a", "b"], branches=[("b", True)], places={}),
    )
    assert created.headers["location"] == f"{broker.url}{path}"

    untouched = client.put(path, json={"buildUrl": "https://ci/2"})
    assert (untouched.status_code, untouched.json()["buildUrl"]) == (200, "https://ci/2")
    assert [tag["name"] for tag in untouched.json()["_embedded"]["tags"]] == ["a", "b"]
    replaced = client.put(path, json={"tags": [{"name": "c"}]})
    assert (replaced.status_code, "buildUrl" in replaced.json()) == (200, False)
    assert [tag["name"] for tag in replaced.json()["_embedded"]["tags"]] == ["c"]
    wrong = {"tags": [1, {}, {"name": " "}], "buildUrl": 1}
    expect(
        client.put(path, json=wrong),
        400,
        {
            "errors": {
                "buildUrl": ["must be a string"],
                "tags": [
                    "must be a hash (at index 0)",
                    "name is missing (at index 1)",
                    "name cannot be blank (at index 2)",
                ],
            }
        },
    )


@pytest.mark.row("PB-158")
def test_patch_changes_only_what_is_given(client: httpx.Client, expect: Callable[..., None]) -> None:
    path = "/pacticipants/Web/versions/1"
    patch = {"content-type": "application/merge-patch+json"}

    expect(client.patch(path, content='{"buildUrl": "u"}', headers=patch), 201, document("1", buildUrl="u", places={}))
    kept = client.patch(path, content="{}", headers=patch)
    assert (kept.status_code, kept.json()["buildUrl"]) == (200, "u")
    gone = client.patch(path, content='{"buildUrl": null}', headers=patch)
    assert "buildUrl" not in gone.json()
    expect(client.patch(path, json={}), 415)
    expect(client.put(path, content="{}", headers=patch), 415)


@pytest.mark.row("PB-159")
def test_deleting_a_version_takes_what_hangs_on_it_and_finds_new_heads(client: httpx.Client, world: Any) -> None:
    world.published("Web 1", to="Orders", branch="main", tags=["t"])
    world.published("Web 2", to="Orders", branch="main", tags=["t"])
    world.published("Web 3", to="Orders", branch="main", tags=["t"]).deployed("Web 3", to="production")
    world.verified("Orders 7", "Web 1")

    assert client.delete("/pacticipants/Web/versions/3").status_code == 204

    assert client.get("/pacticipants/Web/versions/3").status_code == 404
    assert client.get("/pacticipants/Web/branches/main/latest-version").json()["number"] == "2"
    assert client.get("/pacts/provider/Orders/consumer/Web/latest/t").headers["x-pact-consumer-version"] == "2"
    uuid = world.environments["production"]
    live = client.get(f"/environments/{uuid}/deployed-versions/currently-deployed").json()
    assert live["_embedded"]["deployedVersions"] == []
    assert client.delete("/pacticipants/Orders/versions/7").status_code == 204
    sha = world.pact_of("Web 1", "Orders")["_links"]["pb:pact-version"]["name"]
    path = f"/pacts/provider/Orders/consumer/Web/pact-version/{sha}/verification-results/latest"
    assert client.get(path).status_code == 404


def collection(url: str, *members: dict[str, Any], more: Any = None, page: Any = None) -> dict[str, Any]:
    each = [
        {"href": f"{{base}}/pacticipants/Web/versions/{member['number']}", "title": f"Version {member['number']}"}
        for member in members
    ]
    web = {"href": "{base}/pacticipants/Web", "title": "Web"}
    links = {
        "self": {"href": url, "title": "All application versions of Web"},
        "pb:pacticipant": web,
        "pb:versions": each,
        "pacticipant": web,
        "versions": each,
        **(more or {}),
    }
    return {"_embedded": {"versions": list(members)}, "_links": links, **({"page": page} if page else {})}


@pytest.mark.row("PB-160", "PB-020")
def test_versions_are_listed_newest_first(client: httpx.Client, web: Any, expect: Callable[..., None]) -> None:
    for number in ("1", "3", "2"):
        web(number)
    url = "{base}/pacticipants/Web/versions"

    expect(client.get("/pacticipants/Web/versions"), 200, collection(url, document("2"), document("3"), document("1")))
    expect(
        client.get("/pacticipants/Web/versions?size=1&page=2"),
        200,
        collection(
            url,
            document("3"),
            more={
                "next": {"href": f"{url}?size=1&page=3", "title": "Next page"},
                "previous": {"href": f"{url}?size=1&page=1", "title": "Previous page"},
            },
            page={"number": 2, "size": 1, "totalElements": 3, "totalPages": 3},
        ),
    )
    assert client.get("/pacticipants/Nobody/versions").status_code == 404


@pytest.mark.row("PB-161")
def test_versions_by_tag_branch_and_environment(
    client: httpx.Client, world: Any, web: Any, expect: Callable[..., None]
) -> None:
    for number in ("1", "2", "3", "4"):
        web(number)
    world.tagged("Web 1", "t").tagged("Web 3", "t").on_branch("Web 2", "main").on_branch("Web 1", "main")
    world.deployed("Web 2", to="test").deployed("Web 4", to="test").released("Web 1", to="test")
    uuid = world.environments["test"]

    def numbers(path: str) -> list[str]:
        found = client.get(f"/pacticipants/Web/{path}").json()
        return [each["number"] for each in found["_embedded"]["versions"]]

    assert numbers("tags/t/versions") == ["3", "1"]
    assert numbers("branches/main/versions") == ["2", "1"]
    assert numbers(f"environments/{uuid}/versions") == ["4", "2", "1"]
    assert numbers(f"environments/{uuid}/versions?size=1&page=2") == ["2"]
    url = "{base}/pacticipants/Web/branches/main/versions"
    there = client.get("/pacticipants/Web/versions/2").json()["_links"]["pb:deployed-environments"]
    place = {"pb:deployed-environments": _unnamed(there, str(client.base_url).rstrip("/"))}
    expect(
        client.get("/pacticipants/Web/branches/main/versions?size=1"),
        200,
        collection(
            url,
            document("2", branches=[("main", False)], links=place),
            more={"next": {"href": f"{url}?size=1&page=2", "title": "Next page"}},
            page={"number": 1, "size": 1, "totalElements": 2, "totalPages": 2},
        ),
    )
    for path in ("tags/none", "branches/none", "environments/none"):
        expect(client.get(f"/pacticipants/Web/{path}/versions"), 404, NOT_FOUND, media="application/json")


@pytest.mark.row("PB-162", "PB-163")
def test_the_latest_version_is_by_order_of_creation_and_of_a_branch_its_head(
    client: httpx.Client, world: Any, web: Any, expect: Callable[..., None]
) -> None:
    for number in ("2", "10", "1"):
        web(number)
    world.tagged("Web 2", "t").tagged("Web 10", "t").on_branch("Web 10", "main").on_branch("Web 2", "main")
    world.put_pact("Web 2", to="Orders")
    web("2")

    def number(path: str) -> str:
        found: str = client.get(f"/pacticipants/Web/{path}").json()["number"]
        return found

    assert number("latest-version") == "1"
    assert number("latest-version/t") == "10"
    assert number("branches/main/latest-version") == "2"
    expect(
        client.get("/pacticipants/Web/latest-version"),
        200,
        document("1", url="{base}/pacticipants/Web/latest-version", places={}),
    )
    for path in ("Web/latest-version/none", "Web/branches/none/latest-version", "Orders/latest-version"):
        assert client.get(f"/pacticipants/{path}").status_code == 404


# --- branches -----------------------------------------------------------------------------------------------------


def membership(branch: str, number: str) -> dict[str, Any]:
    own = f"{{base}}/pacticipants/Web/branches/{branch}"
    return {
        "createdAt": "{time}",
        "_links": {
            "self": {"href": f"{own}/versions/{number}", "title": "Branch version"},
            "pb:branch": {"href": own, "title": "Branch", "name": branch},
            "pb:version": {
                "href": f"{{base}}/pacticipants/Web/versions/{number}",
                "title": "Pacticipant version",
                "name": number,
            },
        },
    }


@pytest.mark.row("PB-164")
def test_putting_a_version_on_a_branch_makes_all_that_is_missing(
    client: httpx.Client, expect: Callable[..., None], broker: Any
) -> None:
    path = "/pacticipants/Web/branches/main/versions/1"

    created = client.put(path, json={"name": "ignored"})

    expect(created, 201, membership("main", "1"))
    assert created.headers["location"] == f"{broker.url}{path}"
    expect(client.put(path, json={}), 200, membership("main", "1"))
    expect(client.get(path), 200, membership("main", "1"))
    assert client.get("/pacticipants/Web/branches/main/versions/2").status_code == 404


def head(client: httpx.Client, branch: str = "main") -> str | None:
    response = client.get(f"/pacticipants/Web/branches/{branch}/latest-version")
    return response.json()["number"] if response.status_code == 200 else None


@pytest.mark.row("PB-165")
def test_the_head_is_what_was_added_last(client: httpx.Client, world: Any, web: Any) -> None:
    for number in ("1", "2", "3"):
        web(number)
    world.on_branch("Web 3", "main").on_branch("Web 1", "main")
    assert head(client) == "1"

    world.on_branch("Web 3", "main")
    assert head(client) == "1"
    assert client.get("/pacticipants/Web/versions/1").json()["_embedded"]["branchVersions"][0]["latest"] is True
    assert client.get("/pacticipants/Web/versions/3").json()["_embedded"]["branchVersions"][0]["latest"] is False


@pytest.mark.row("PB-166")
def test_taking_the_head_off_makes_the_newest_of_the_others_the_head(
    client: httpx.Client, world: Any, web: Any, expect: Callable[..., None]
) -> None:
    for number in ("1", "2", "3"):
        web(number)
    world.on_branch("Web 2", "main").on_branch("Web 3", "main").on_branch("Web 1", "main")
    path = "/pacticipants/Web/branches/main/versions"

    expect(client.delete(f"{path}/1"), 204)
    assert head(client) == "3"
    client.delete(f"{path}/2")
    assert head(client) == "3"
    client.delete(f"{path}/3")
    assert head(client) is None
    assert client.get("/pacticipants/Web/branches/main").status_code == 200
    assert client.get("/pacticipants/Web/versions/3").status_code == 200
    assert client.delete(f"{path}/3").status_code == 404


@pytest.mark.row("PB-167", "PB-168")
def test_a_branch_is_shown_and_deleted_without_its_versions(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    world.on_branch("Web 1", "feat")
    own = "{base}/pacticipants/Web/branches/feat"
    shown = {
        "name": "feat",
        "createdAt": "{time}",
        "_links": {
            "self": {"href": own, "title": "Branch"},
            "pb:latest-version": {"href": f"{own}/latest-version", "title": "Latest version for branch"},
        },
    }
    path = "/pacticipants/Web/branches/feat"

    expect(client.get(path), 200, shown)
    expect(
        client.get("/pacticipants/Web/branches"),
        200,
        {
            "_embedded": {"branches": [shown]},
            "_links": {
                "self": {"href": "{base}/pacticipants/Web/branches", "title": "Web branches"},
                "pb:branches": [{"href": own, "name": "feat"}],
            },
            "page": {"number": 1, "size": 100, "totalElements": 1, "totalPages": 1},
        },
    )
    expect(client.delete(path), 204)
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404
    assert client.get("/pacticipants/Web/versions/1").json()["_embedded"]["branchVersions"] == []


@pytest.mark.row("PB-168")
def test_branches_are_listed_by_last_change_in_pages(client: httpx.Client, world: Any) -> None:
    for branch in ("a", "b", "c"):
        world.on_branch("Web 1", branch)

    second = client.get("/pacticipants/Web/branches?size=2&page=2").json()

    assert [each["name"] for each in client.get("/pacticipants/Web/branches").json()["_embedded"]["branches"]] == [
        "c",
        "b",
        "a",
    ]
    assert [each["name"] for each in second["_embedded"]["branches"]] == ["a"]
    assert second["page"] == {"number": 2, "size": 2, "totalElements": 3, "totalPages": 2}


@pytest.mark.row("PB-169")
def test_many_branches_are_deleted_but_the_main_one_and_those_excluded(
    client: httpx.Client, world: Any, expect: Callable[..., None]
) -> None:
    for branch in ("main", "feat/a", "feat/b", "keep"):
        world.on_branch("Web 1", branch)

    response = client.delete("/pacticipants/Web/branches", params={"exclude[]": "keep"})

    text = "Scheduled deletion of 2 branches for pacticipant Web. Remaining branches are: keep, main"
    expect(response, 202, {"notices": [{"type": "success", "text": text}]})
    left = client.get("/pacticipants/Web/branches").json()["_embedded"]["branches"]
    assert sorted(each["name"] for each in left) == ["keep", "main"]
    assert client.delete("/pacticipants/Nobody/branches").status_code == 404


# --- tags ---------------------------------------------------------------------------------------------------------


@pytest.mark.row("PB-170", "PB-171")
def test_a_tag_is_put_once_and_taken_off(client: httpx.Client, expect: Callable[..., None], broker: Any) -> None:
    path = "/pacticipants/Web/versions/1/tags/feat%2Fx"
    tag = {
        "name": "feat/x",
        "createdAt": "{time}",
        "_links": {
            "self": {"href": f"{{base}}{path}", "title": "Tag", "name": "feat/x"},
            "version": {"href": "{base}/pacticipants/Web/versions/1", "title": "Version", "name": "1"},
            "pacticipant": {"href": "{base}/pacticipants/Web", "title": "Pacticipant", "name": "Web"},
        },
    }

    created = client.put(path, json={"name": "ignored"})

    expect(created, 201, tag)
    assert created.headers["location"] == f"{broker.url}{path}"
    expect(client.put(path, json={}), 200, tag)
    expect(client.get(path), 200, tag)
    expect(client.delete(path), 204)
    for gone in (client.get(path), client.delete(path)):
        expect(gone, 404, NOT_FOUND, media="application/json")


def main_branch(client: httpx.Client, base: str = "") -> Any:
    return client.get(f"{base}/pacticipants/Web").json().get("mainBranch")


@pytest.mark.row("PB-172")
def test_the_first_usual_name_becomes_the_main_branch(client: httpx.Client, world: Any) -> None:
    world.on_branch("Web 1", "feat")
    assert main_branch(client) is None

    world.tagged("Web 1", "master").on_branch("Web 1", "main")
    assert main_branch(client) == "master"

    client.patch("/pacticipants/Web", json={"mainBranch": None})
    world.on_branch("Web 1", "develop")
    assert main_branch(client) == "develop"
    client.delete("/pacticipants/Web/branches/develop")
    assert main_branch(client) == "develop"


@pytest.mark.row("PB-172")
def test_the_main_branch_of_a_publication_is_detected_unless_told_otherwise(
    broker_with: Callable[..., Any], world_of: Callable[..., Any]
) -> None:
    never = world_of(broker_with(auto_detect_main_branch=False))
    others = world_of(broker_with(main_branch_candidates=("trunk",)))
    for world in (never, others):
        world.published("Web 1", to="Orders", branch="main").published("Web 2", to="Orders", branch="trunk")

    assert main_branch(never.client) is None
    assert main_branch(others.client) == "trunk"


@pytest.mark.row("PB-173")
def test_the_first_tag_of_a_young_version_is_its_branch_too(
    client: httpx.Client, world: Any, web: Any, broker_with: Callable[..., Any], world_of: Callable[..., Any]
) -> None:
    world.tagged("Web 1", "a").tagged("Web 1", "b")
    world.on_branch("Web 2", "x").tagged("Web 2", "c")
    old = world_of(broker_with(use_first_tag_as_branch_time_limit=-1)).tagged("Web 1", "a")
    off = world_of(broker_with(use_first_tag_as_branch=False)).tagged("Web 1", "a")

    def branches(http: httpx.Client, number: str) -> list[str]:
        found = http.get(f"/pacticipants/Web/versions/{number}").json()["_embedded"]["branchVersions"]
        return [each["name"] for each in found]

    assert branches(client, "1") == ["a"]
    assert branches(client, "2") == ["x"]
    assert branches(old.client, "1") == branches(off.client, "1") == []


@pytest.mark.row("PB-174")
def test_a_tag_named_like_an_environment_records_a_deployment(
    client: httpx.Client, world: Any, broker_with: Callable[..., Any], world_of: Callable[..., Any]
) -> None:
    world.environment("test").tagged("Web 1", "test", "other").tagged("Web 2", "test").tagged("Web 1", "test")

    def live(http: httpx.Client, uuid: str) -> list[str]:
        found = http.get(f"/environments/{uuid}/deployed-versions/currently-deployed").json()
        return [each["_embedded"]["version"]["number"] for each in found["_embedded"]["deployedVersions"]]

    assert live(client, world.environments["test"]) == ["1"]
    off = world_of(broker_with(create_deployed_versions_for_tags=False)).environment("test").tagged("Web 1", "test")
    assert live(off.client, off.environments["test"]) == []
