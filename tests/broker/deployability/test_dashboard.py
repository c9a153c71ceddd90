"""The dashboard document, groups and relationships."""

import pytest


def result_url(sha, number):
    return (
        f"{{base}}/pacts/provider/Orders/consumer/Web/pact-version/{sha}/metadata/Y3ZuPTE/verification-results/{number}"
    )


def version(name, number, branch=None, heads=()):
    return {
        "number": number,
        "branch": branch,
        "headBranchNames": list(heads),
        "_links": {"self": {"href": f"{{base}}/pacticipants/{name}/versions/{number}"}},
    }


def tag(name, number, word):
    href = f"{{base}}/pacticipants/{name}/versions/{number}/tags/{word}"
    return {"name": word, "latest": True, "_links": {"self": {"href": href}}}


@pytest.mark.row("PB-243", "PB-024")
def test_the_whole_document(client, world, expect):
    world.published("Web 1", to="Orders", branch="main", tags=["prod"]).verified("Orders 7", "Web 1")
    world.on_branch("Orders 7", "main").tagged("Orders 7", "live")
    sha = world.pact_of("Web 1", "Orders")["_links"]["pb:publish-verification-results"]["href"].split("/")[-2]
    item = {
        "consumer": {
            "name": "Web",
            "version": version("Web", "1", "main", ["main"]),
            "_links": {"self": {"href": "{base}/pacticipants/Web"}},
        },
        "provider": {
            "name": "Orders",
            "version": version("Orders", "7", "main", ["main"]),
            "_links": {"self": {"href": "{base}/pacticipants/Orders"}},
        },
        "pact": {
            "createdAt": "{time}",
            "_links": {"self": {"href": "{base}/pacts/provider/Orders/consumer/Web/version/1"}},
        },
        "pactTags": [tag("Web", "1", "prod")],
        "latestVerificationResult": {
            "success": True,
            "verifiedAt": "{time}",
            "_links": {"self": {"href": result_url(sha, 1)}},
        },
        "latestVerificationResultTags": [tag("Orders", "7", "live")],
        "verificationStatus": "success",
        "webhookStatus": "none",
        "latestWebhookExecution": None,
        "_links": {
            "pb:webhook-status": {
                "title": "Status of webhooks for Web/Orders pact",
                "href": "{base}/pacts/provider/Orders/consumer/Web/webhooks/status",
            }
        },
    }
    expect(client.get("/dashboard"), 200, {"items": [item]})
    expect(client.get("/dashboard/provider/Orders/consumer/Web"), 200, {"items": [item]})


@pytest.mark.row("PB-243")
def test_one_item_for_the_latest_contract_and_for_the_latest_of_each_tag_newest_first(client, world):
    world.published("Web 1", to="Orders", tags=["prod", "test"], content="one")
    world.published("Web 2", to="Orders", tags=["test"], content="two").published("Web 3", to="Orders", content="three")
    world.published("Web 4", to="Stock", tags=["prod"])
    items = client.get("/dashboard").json()["items"]
    assert [
        (i["consumer"]["version"]["number"], i["provider"]["name"], [t["name"] for t in i["pactTags"]]) for i in items
    ] == [("4", "Stock", ["prod"]), ("3", "Orders", []), ("2", "Orders", ["test"]), ("1", "Orders", ["prod"])]
    assert {i["verificationStatus"] for i in items} == {"never"}
    assert items[0]["provider"]["version"] is None
    assert items[0]["latestVerificationResult"] is None


@pytest.mark.row("PB-243")
def test_standing(client, world):
    def standing():
        return client.get("/dashboard").json()["items"][0]["verificationStatus"]

    world.published("Web 1", to="Orders", content="one")
    assert standing() == "never"
    world.verified("Orders 7", "Web 1")
    assert standing() == "success"
    world.verified("Orders 7", "Web 1", success=False)
    assert standing() == "failed"
    world.published("Web 2", to="Orders", content="two")
    assert standing() == "stale"


@pytest.mark.row("PB-243", "PB-020")
def test_thirty_items_unless_asked_otherwise(client, world):
    for number in range(31):
        world.published(f"Web{number} 1", to="Orders")
    assert len(client.get("/dashboard").json()["items"]) == 30
    assert len(client.get("/dashboard?page=2").json()["items"]) == 1
    assert len(client.get("/dashboard?size=31").json()["items"]) == 31
    assert list(client.get("/dashboard?page=1&size=2").json()) == ["items"]


@pytest.mark.row("PB-243")
def test_the_dashboard_as_text_and_unknown_names(client, world, expect):
    world.published("Web 1", to="Orders", tags=["prod"]).verified("Orders 7", "Web 1", success=False)
    expect(
        client.get("/dashboard", headers={"Accept": "text/plain"}),
        200,
        "CONSUMER_NAME | C_VERSION | C_TAGS | PROVIDER_NAME | P_VERSION | P_TAGS | SUCCESS\n"
        "--------------|-----------|--------|---------------|-----------|--------|--------\n"
        "Web           | 1         | prod   | Orders        | 7         |        | false\n",
        media="text/plain",
    )
    expect(
        client.get("/dashboard/provider/Orders/consumer/Nobody"),
        404,
        {"error": "No consumer with name 'Nobody' found"},
    )


def ids(client):
    """Names to numbers, from the document itself: the numbers are the broker's own."""
    lines = client.get("/relationships").text.splitlines()
    return {line.split(",")[1]: line.split(",")[0] for line in lines}


@pytest.mark.row("PB-244", "PB-026")
def test_a_group_is_everything_connected(client, world, expect):
    world.published("Web 1", to=["Orders", "Stock"]).published("Orders 1", to="Bank").published("Lone 1", to="Moon")
    n = ids(client)
    group = (
        f"{n['Orders']},Orders,1,1,0,1,{n['Bank']},0\n"
        f"{n['Bank']},Bank,1,1,0,2,0,0\n"
        f"{n['Web']},Web,1,1,0,3,{n['Orders']},{n['Stock']}\n"
        f"{n['Stock']},Stock,1,1,0,4,0,0\n"
    )
    expect(client.get("/groups/Web"), 200, group, media="text/csv")
    expect(client.get("/groups/Bank.csv"), 200, group, media="text/csv")
    expect(
        client.get("/relationships.csv"),
        200,
        f"{n['Lone']},Lone,1,1,0,1,{n['Moon']},0\n{n['Moon']},Moon,1,1,0,2,0,0\n"
        f"{n['Orders']},Orders,1,1,0,3,{n['Bank']},0\n{n['Bank']},Bank,1,1,0,4,0,0\n"
        f"{n['Web']},Web,1,1,0,5,{n['Orders']},{n['Stock']}\n{n['Stock']},Stock,1,1,0,6,0,0\n",
        media="text/csv",
    )


@pytest.mark.row("PB-244")
def test_a_group_stops_widening_at_so_many(client, world, expect):
    world.published("A 1", to="B").published("B 1", to="C").published("C 1", to="D")
    names = [line.split(",")[1] for line in client.get("/groups/A?maxPacticipants=3").text.splitlines()]
    assert names == ["A", "B", "C"]
    expect(
        client.get("/groups/A?maxPacticipants=x"),
        400,
        {"errors": {"maxPacticipants": ["must be greater than or equal to 1"]}},
    )


@pytest.mark.row("PB-244")
def test_nobody_is_connected_with_a_lone_application(client, world, expect):
    world.participant("Lone")
    expect(client.get("/groups/Lone"), 200, "", media="text/csv")
    expect(client.get("/groups/Nobody"), 404, {"error": "No pacticipant with name 'Nobody' found"})
