"""`/can-i-deploy` and its relatives, and what the answer tells beyond Pact: causes, order, help for beginners."""

import json

import pytest
from sqlalchemy import select

from tallystick.broker.tables import AuditEvent

ASK = "/can-i-deploy"


def verdict(response):
    assert response.status_code == 200, response.text
    found = response.json()["summary"]
    return found["deployable"], found["ts:verdict"]


def causes(response):
    return [(cause["kind"], cause["unblockedBy"]) for cause in response.json()["summary"]["ts:causes"]]


@pytest.mark.row("PB-212")
@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("", {"pacticipant": ["is missing"], "version": ["is missing"]}),
        ("pacticipant=&version=&to=x", {"pacticipant": ["must be filled"], "version": ["must be filled"]}),
        (
            "pacticipant=Nobody&version=1&environment=production",
            {"pacticipant": ["does not match an existing pacticipant"]},
        ),
        ("pacticipant=Web&version=1&environment=moon", {"environment": ["with name 'moon' does not exist"]}),
        ("pacticipant=Web&version=1", {"": ["must specify either 'to' (a tag) or 'environment'"]}),
        (
            "pacticipant=Web&version=1&to=x&environment=production",
            {"": ["specify either 'to' or 'environment', not both"]},
        ),
    ],
)
def test_what_is_wrong_with_a_question_is_told_by_parameter(client, world, expect, query, errors):
    world.participant("Web").environment("production")
    expect(client.get(f"{ASK}?{query}"), 400, {"errors": errors})


@pytest.mark.row("PB-212")
def test_the_answer_is_the_matrix_document(client, world, docs, expect):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").deployed("Orders 7", to="production")
    sha = world.pact_of("Web 1", "Orders")["_links"]["pb:publish-verification-results"]["href"].split("/")[-2]
    text = "All required verification results are published and successful"
    expect(
        client.get(f"{ASK}?pacticipant=Web&version=1&environment=production"),
        200,
        {
            "summary": {
                "deployable": True,
                "reason": text,
                "success": 1,
                "failed": 0,
                "unknown": 0,
                "ts:verdict": "yes",
                "ts:causes": [],
            },
            "notices": [{"type": "success", "text": text}],
            "matrix": [
                docs.row(
                    ("Web", docs.version("Web", "1")),
                    ("Orders", docs.version("Orders", "7", live=[docs.place("production", production=True)])),
                    sha,
                    1,
                    True,
                )
            ],
        },
    )


@pytest.mark.row("PB-212")
def test_to_a_tag_means_the_newest_versions_with_it(client, world):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").tagged("Orders 7", "prod")
    assert verdict(client.get(f"{ASK}?pacticipant=Web&version=1&to=prod")) == (True, "yes")
    world.tagged("Orders 8", "prod")
    assert verdict(client.get(f"{ASK}?pacticipant=Web&version=1&to=prod")) == (None, "unknown")


@pytest.mark.row("PB-212")
@pytest.mark.parametrize("entry", ["ignore[]=Orders", "ignore[][pacticipant]=Orders&ignore[][version]=7"])
def test_a_dependency_can_be_ignored(client, world, entry):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1", success=False)
    world.deployed("Orders 7", to="production")
    question = f"{ASK}?pacticipant=Web&version=1&environment=production"
    assert verdict(client.get(question)) == (False, "no")
    assert verdict(client.get(f"{question}&{entry}")) == (True, "yes")


@pytest.mark.row("PB-213")
def test_every_version_that_is_live_counts(client, world):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1", success=False).verified("Orders 8", "Web 1")
    world.deployed("Orders 7", to="production", instance="blue").deployed("Orders 8", to="production", instance="green")
    answer = client.get(f"{ASK}?pacticipant=Web&version=1&environment=production")
    assert verdict(answer) == (False, "no")
    assert [row["provider"]["version"]["number"] for row in answer.json()["matrix"]] == ["8", "7"]
    assert answer.json()["summary"]["reason"] == (
        "The verification for the pact between version 1 of Web and one of the versions of Orders currently in "
        "production (7) failed"
    )


@pytest.mark.row("PB-213")
def test_a_live_version_that_never_verified_keeps_pacts_yes_but_not_ours(client, world):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").on_branch("Orders 8", "main")
    world.deployed("Orders 7", to="production", instance="blue").deployed("Orders 8", to="production", instance="green")
    answer = client.get(f"{ASK}?pacticipant=Web&version=1&environment=production")
    assert verdict(answer) == (True, "unknown")
    cause = answer.json()["summary"]["ts:causes"][0]
    assert (cause["kind"], cause["provider"]["version"]) == ("not-verified-by-all", "8")
    assert "--provider-version 8 --provider-version-branch main --publish" in cause["nextCommand"]


@pytest.mark.row("PB-214")
def test_tag_to_tag(client, world, expect):
    world.published("Web 1", to="Orders", tags=["dev"]).verified("Orders 7", "Web 1").tagged("Orders 7", "prod")
    answer = client.get("/pacticipants/Web/latest-version/dev/can-i-deploy/to/prod")
    assert verdict(answer) == (True, "yes")
    assert [notice["type"] for notice in answer.json()["notices"]] == ["warning", "success"]
    expect(
        client.get("/pacticipants/Web/latest-version/nope/can-i-deploy/to/prod"),
        404,
        {"error": "The requested document was not found on this server."},
        media="application/json",
    )
    expect(
        client.get("/pacticipants/Nobody/latest-version/dev/can-i-deploy/to/prod"),
        404,
        {"error": "No pacticipant with name 'Nobody' found"},
    )
    text = client.get("/pacticipants/Web/latest-version/dev/can-i-deploy/to/prod", headers={"Accept": "text/plain"})
    assert text.headers["content-type"] == "text/plain;charset=utf-8"
    assert "Deployable: true" in text.text


@pytest.mark.row("PB-214", "PB-008")
def test_branch_to_environment(client, world, expect):
    world.published("Web 1", to="Orders", branch="feat/x").verified("Orders 7", "Web 1")
    world.deployed("Orders 7", to="production")
    home = "/pacticipants/Web/branches/{}/latest-version/can-i-deploy/to-environment/{}"
    assert verdict(client.get(home.format("feat%2Fx", "production"))) == (True, "yes")
    for branch, environment in (("nope", "production"), ("feat%2Fx", "moon")):
        expect(
            client.get(home.format(branch, environment)),
            404,
            {"error": "The requested document was not found on this server."},
            media="application/json",
        )


# --- causes -------------------------------------------------------------------------------------------------------


def failing(world, *, interaction="fetch an order"):
    world.published("Web 1", to="Orders", content=interaction)
    id_ = world.pact_of("Web 1", "Orders")["interactions"][0]["_id"]
    results = [
        {
            "interactionId": id_,
            "interactionDescription": interaction,
            "success": False,
            "mismatches": [{"attribute": "body", "identifier": "$.total", "description": "Expected 1 but got null"}],
        }
    ]
    return world.verified("Orders 7", "Web 1", success=False, results=results).deployed("Orders 7", to="production")


def test_a_failure_tells_the_interaction_where_it_is_live_and_which_version_would_do(client, world):
    failing(world).verified("Orders 8", "Web 1")
    cause = client.get(f"{ASK}?pacticipant=Web&version=1&environment=production").json()["summary"]["ts:causes"][0]
    assert cause["sentence"] == (
        "Orders 7 does not fulfil the contract of Web 1. Orders 8 does: let that be deployed first."
    )
    assert cause["nextCommand"].startswith(
        "tallystick can-i-deploy --pacticipant Orders --version 8 --to-environment production"
    )
    (failed,) = cause["interactions"]
    assert failed["description"] == "fetch an order"
    assert failed["mismatches"] == [
        {"attribute": "body", "identifier": "$.total", "description": "Expected 1 but got null"}
    ]
    assert [(live["pacticipant"], live["version"], live["environment"]) for live in cause["live"]] == [
        ("Orders", "7", "production")
    ]


def test_a_provider_build_that_breaks_a_live_consumer_is_told_to_look_itself(client, world, broker):
    failing(world).deployed("Web 1", to="production")
    answer = client.get(f"{ASK}?pacticipant=Orders&version=7&environment=production")
    assert verdict(answer) == (False, "no")
    assert causes(answer) == [("verification-failed", {"pacticipant": "Orders", "role": "provider"})]
    command = answer.json()["summary"]["ts:causes"][0]["nextCommand"]
    assert command.startswith(f"tallystick verify {broker.url}/pacts/provider/Orders/consumer/Web/version/1 ")
    assert "--publish" not in command


def test_a_live_consumer_version_that_never_published_makes_the_question_unanswerable(client, world):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").on_branch("Web 2", "main")
    world.deployed("Web 2", to="production")
    answer = client.get(f"{ASK}?pacticipant=Orders&version=7&environment=production")
    assert verdict(answer) == (True, "unanswerable")
    (cause,) = answer.json()["summary"]["ts:causes"]
    assert cause["consumer"] == {"name": "Web", "version": "2"}
    assert cause["unblockedBy"] == {"pacticipant": "Web", "role": "consumer"}
    assert cause["nextCommand"].startswith("tallystick publish pacts/Web-*.json --consumer-app-version 2 --branch main")


def test_a_live_consumer_version_that_dropped_this_provider_needs_nothing(client, world):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1", success=False)
    world.published("Web 2", to="Stock").deployed("Web 2", to="production")
    answer = client.get(f"{ASK}?pacticipant=Orders&version=7&environment=production")
    assert verdict(answer) == (True, "yes")


def test_live_applications_in_no_contract_are_named(client, world):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").deployed("Orders 7", to="production")
    world.on_branch("Mobile 4", "main").deployed("Mobile 4", to="production")
    summary = client.get(f"{ASK}?pacticipant=Web&version=1&environment=production").json()["summary"]
    assert summary["ts:verdict"] == "yes"
    assert [(each["pacticipant"], each["version"]) for each in summary["ts:strangers"]] == [("Mobile", "4")]
    assert summary["ts:help"] == [
        "Live in production but in no contract: Mobile 4. This answer says nothing about them."
    ]


def test_names_are_quoted_for_the_shell(client, world):
    world.published("Web Shop's 1", to="Orders & Co").on_branch("Orders & Co 7", "feat/$(rm)")
    world.deployed("Orders & Co 7", to="production")
    answer = client.get(ASK, params={"pacticipant": "Web Shop's", "version": "1", "environment": "production"})
    (cause,) = answer.json()["summary"]["ts:causes"]
    assert "/pacts/provider/Orders%20%26%20Co/consumer/Web%20Shop%27s/version/1 " in cause["nextCommand"]
    assert "--provider-version-branch 'feat/$(rm)'" in cause["nextCommand"]


def test_several_applications_get_a_safe_order(client, world):
    world.published("Web 1", to="Orders", content="old").verified("Orders 1", "Web 1").verified("Orders 2", "Web 1")
    world.published("Web 2", to="Orders", content="new").verified("Orders 2", "Web 2")
    world.verified("Orders 1", "Web 2", success=False)
    world.deployed("Web 1", to="production").deployed("Orders 1", to="production")
    query = (
        "q[][pacticipant]=Web&q[][version]=2&q[][pacticipant]=Orders&q[][version]=2"
        "&environment=production&latestby=cvpv"
    )
    answer = client.get(f"/matrix?{query}")
    assert verdict(answer) == (True, "yes")
    web, orders = {"pacticipant": "Web", "version": "2"}, {"pacticipant": "Orders", "version": "2"}
    assert answer.json()["summary"]["ts:order"] == {
        "oneByOne": True,
        "steps": [[orders], [web]],
        "because": [{"first": orders, "then": web, "why": "new consumer needs new provider"}],
    }


def test_one_application_gets_no_order(client, world):
    world.published("Web 1", to="Orders").environment("production")
    answer = client.get(f"{ASK}?pacticipant=Web&version=1&environment=production")
    assert "ts:order" not in answer.json()["summary"]


def test_a_yes_that_rests_on_a_waiver_leaves_a_row_in_the_audit(client, world, broker):
    failing(world)

    def audited():
        with broker.engine.connect() as connection:
            found = connection.execute(
                select(AuditEvent.subject, AuditEvent.detail).where(AuditEvent.action == "waived failures")
            ).all()
        return [(row.subject, json.loads(row.detail)) for row in found]

    question = f"{ASK}?pacticipant=Web&version=1&environment=production"
    client.get(question)
    client.get(f"{question}&ignore[]=Stock")
    assert audited() == []
    client.get(f"{question}&ignore[]=Orders")
    waived = {
        "verdict": "yes",
        "environment": "production",
        "waived": [{"consumer": "Web 1", "provider": "Orders 7", "success": False}],
    }
    assert audited() == [("Web 1", waived)]
    client.get(f"{question}&ignore[]=Orders", headers={"Accept": "text/html"})
    assert audited() == [("Web 1", waived)] * 2
