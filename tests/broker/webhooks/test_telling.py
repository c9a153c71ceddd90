"""Events reach the webhooks they concern, with what they say; failures are tried again; everything is on record."""

from __future__ import annotations

import time
from typing import Any

import pytest

BODY = {
    "event": "${pactbroker.eventName}",
    "consumer": "${pactbroker.consumerName} ${pactbroker.consumerVersionNumber}",
    "provider": "${pactbroker.providerName} ${pactbroker.providerVersionNumber}",
    "status": "${pactbroker.githubVerificationStatus}",
}


def wait_until(question: Any, seconds: float = 20) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
    return answer


def deliveries(world: Any, webhook: Any) -> list[dict[str, Any]]:
    found = world.client.get(f"/webhooks/{webhook['uuid']}/deliveries").json()["_embedded"]["triggeredWebhooks"]
    assert isinstance(found, list)
    return found


def settled(world: Any, webhook: Any) -> list[dict[str, Any]]:
    """The deliveries once none is under way."""

    def done() -> Any:
        found = deliveries(world, webhook)
        return found if all(each["status"] in ("success", "failure") for each in found) and found else None

    return wait_until(done)  # type: ignore[no-any-return]


@pytest.mark.row("PB-229", "PB-240")
def test_a_webhook_hears_of_the_pairs_it_is_about(telling_with: Any, receiver: Any, add_webhook: Any):
    world = telling_with().participant("Web").participant("Orders").participant("Billing").labelled("Orders", "core")
    for name, scope in {
        "pair": {"consumer": {"name": "Web"}, "provider": {"name": "Orders"}},
        "consumer": {"consumer": {"name": "Web"}},
        "provider": {"provider": {"name": "Orders"}},
        "everyone": {},
        "label": {"provider": {"label": "core"}},
        "another": {"consumer": {"name": "Billing"}},
        "another label": {"provider": {"label": "edge"}},
        "disabled": {"enabled": False},
    }.items():
        add_webhook(world, f"{receiver.url}/{name}".replace(" ", "-"), "contract_published", **scope)

    world.published("Web 1", to="Orders")

    receiver.wait_for(5)
    time.sleep(0.7)
    assert sorted(told.path for told in receiver.received) == ["/consumer", "/everyone", "/label", "/pair", "/provider"]


@pytest.mark.row("PB-230", "PB-233")
def test_changed_content_is_told_apart_from_mere_publication(telling: Any, receiver: Any, add_webhook: Any):
    webhook = add_webhook(
        telling, receiver.url, "contract_published", "contract_content_changed", request={"body": BODY}
    )

    telling.published("Web 1", to="Orders", content="a").published("Web 2", to="Orders", content="a")
    telling.published("Web 3", to="Orders", content="b")

    receiver.wait_for(5)
    settled(telling, webhook)
    told = sorted((each.json["consumer"], each.json["event"]) for each in receiver.received)
    assert told == [
        ("Web 1", "contract_content_changed"),
        ("Web 1", "contract_published"),
        ("Web 2", "contract_published"),
        ("Web 3", "contract_content_changed"),
        ("Web 3", "contract_published"),
    ]


@pytest.mark.row("PB-231")
def test_what_requires_verification_is_told_for_each_provider_version(telling: Any, receiver: Any, add_webhook: Any):
    world = telling.participant("Orders", mainBranch="main").on_branch("Orders 7", "main")
    world.on_branch("Orders 6", "old").deployed("Orders 6", to="production").deployed("Orders 6", to="test")
    body = {
        "version": "${pactbroker.providerVersionNumber}",
        "why": "${pactbroker.providerVersionDescriptions}",
        "branch": "${pactbroker.providerVersionBranch}",
    }
    add_webhook(world, receiver.url, "contract_requiring_verification_published", request={"body": body})

    world.published("Web 1", to="Orders", content="a")

    receiver.wait_for(2)
    assert sorted((told.json for told in receiver.received), key=lambda told: told["version"]) == [
        {"version": "6", "why": "deployed in production, deployed in test", "branch": "old"},
        {"version": "7", "why": "latest from main branch", "branch": "main"},
    ]
    world.verified("Orders 7", "Web 1").verified("Orders 6", "Web 1").published("Web 2", to="Orders", content="a")
    time.sleep(1)
    assert len(receiver.received) == 2, "everyone has answered for this content"


@pytest.mark.row("PB-232")
def test_results_are_told_by_their_outcome(telling: Any, receiver: Any, add_webhook: Any):
    events = ("provider_verification_published", "provider_verification_succeeded", "provider_verification_failed")
    webhook = add_webhook(telling, receiver.url, *events, request={"body": BODY})

    telling.published("Web 1", to="Orders").verified("Orders 7", "Web 1").verified("Orders 8", "Web 1", success=False)

    receiver.wait_for(4)
    settled(telling, webhook)
    assert sorted((each.json["provider"], each.json["event"], each.json["status"]) for each in receiver.received) == [
        ("Orders 7", "provider_verification_published", "success"),
        ("Orders 7", "provider_verification_succeeded", "success"),
        ("Orders 8", "provider_verification_failed", "failure"),
        ("Orders 8", "provider_verification_published", "failure"),
    ]


@pytest.mark.row("PB-233", "PB-234")
def test_the_link_to_the_contract_is_what_a_provider_build_needs(telling: Any, receiver: Any, add_webhook: Any):
    url = receiver.url + "/?from=${pactbroker.consumerVersionBranch}&unknown=${pactbroker.tea}"
    add_webhook(telling, url, "contract_published", request={"body": "${pactbroker.pactUrl}"})

    telling.published("Web 1", to="Orders", branch="feat/a b")

    told = receiver.wait_for(1)[0]
    assert told.path == "/?from=feat%2Fa+b&unknown=${pactbroker.tea}"
    pact = telling.client.get(told.text).json()
    assert pact["consumer"]["name"] == "Web"
    assert [each["name"] for each in pact["_links"]["pb:consumer-versions"]] == ["1"]


@pytest.mark.row("PB-235", "PB-239")
def test_a_failing_receiver_is_asked_again_under_the_same_id(telling: Any, receiver: Any, add_webhook: Any):
    receiver.answers = [500, "reset"]
    webhook = add_webhook(telling, receiver.url, "contract_published")

    telling.published("Web 1", to="Orders")

    receiver.wait_for(3)
    (delivery,) = settled(telling, webhook)
    assert len({told.headers["x-tallystick-delivery"] for told in receiver.received}) == 1
    assert (delivery["status"], delivery["attemptsMade"], delivery["attemptsRemaining"]) == ("success", 3, 0)
    log = telling.client.get(delivery["_links"]["pb:logs"]["href"], headers={"accept": "text/plain"})
    assert log.headers["content-type"] == "text/plain;charset=utf-8"
    assert log.text.count("Retrying webhook in 1 seconds") == 2
    assert log.text.endswith("Successfully executed webhook")
    hal = telling.client.get(delivery["_links"]["pb:logs"]["href"], headers={"accept": "application/hal+json"}).json()
    assert [each["success"] for each in hal["executions"]] == [False, False, True]
    assert (hal["eventName"], hal["consumerName"], hal["providerName"]) == ("contract_published", "Web", "Orders")


@pytest.mark.row("PB-235", "PB-238")
def test_a_receiver_that_never_answers_well_ends_as_a_failure_and_can_be_told_again(
    telling: Any, receiver: Any, add_webhook: Any
):
    receiver.answers = [500, "hang", (302, "/elsewhere")]
    webhook = add_webhook(telling, receiver.url, "contract_published")

    telling.published("Web 1", to="Orders")

    receiver.wait_for(3)
    (delivery,) = settled(telling, webhook)
    assert (delivery["status"], delivery["attemptsMade"]) == ("failure", 3)
    status = telling.client.get("/pacts/provider/Orders/consumer/Web/webhooks/status").json()
    assert status["summary"] == {"successful": 0, "failed": 1}
    assert status["_links"]["pb:error-logs"] == [delivery["_links"]["pb:logs"]]
    again = telling.client.post(delivery["_links"]["ts:redeliver"]["href"])
    assert again.status_code == 202
    receiver.wait_for(4)
    assert settled(telling, webhook)[0]["status"] == "success"
    assert len({told.headers["x-tallystick-delivery"] for told in receiver.received}) == 1


@pytest.mark.row("PB-238")
def test_what_a_publication_and_a_result_caused_is_listed(telling: Any, receiver: Any, add_webhook: Any):
    webhook = add_webhook(telling, receiver.url, "contract_published", "provider_verification_published")
    telling.published("Web 1", to="Orders").verified("Orders 7", "Web 1")
    result = telling.last.json()["_links"]["pb:triggered-webhooks"]["href"]
    receiver.wait_for(2)
    settled(telling, webhook)

    by_publication = telling.client.get("/pacts/provider/Orders/consumer/Web/version/1/triggered-webhooks").json()
    by_result = telling.client.get(result).json()

    (published,) = by_publication["_embedded"]["triggeredWebhooks"]
    (verified,) = by_result["_embedded"]["triggeredWebhooks"]
    assert published["eventName"] == "contract_published"
    assert verified["eventName"] == "provider_verification_published"
    base = str(telling.client.base_url).rstrip("/")
    uuid = published["ts:uuid"]
    assert published == {
        "name": "POST 127.0.0.1",
        "status": "success",
        "attemptsMade": 1,
        "attemptsRemaining": 0,
        "triggerType": "resource_creation",
        "eventName": "contract_published",
        "triggeredAt": published["triggeredAt"],
        "ts:uuid": uuid,
        "_links": {
            "pb:logs": {
                "href": f"{base}/triggered-webhooks/{uuid}/logs",
                "title": "Webhook execution logs",
                "name": "POST 127.0.0.1",
            },
            "logs": {
                "href": f"{base}/triggered-webhooks/{uuid}/logs",
                "title": "DEPRECATED - Use pb:logs",
                "name": "POST 127.0.0.1",
            },
            "pb:webhook": {"href": f"{base}/webhooks/{webhook['uuid']}", "title": "Webhook"},
            "ts:redeliver": {
                "href": f"{base}/triggered-webhooks/{uuid}/redeliver",
                "title": "Send it again, under the same id, by POST",
            },
        },
    }


@pytest.mark.row("PB-224")
def test_history_outlives_the_webhook(telling: Any, receiver: Any, add_webhook: Any):
    webhook = add_webhook(telling, receiver.url, "contract_published")
    telling.published("Web 1", to="Orders")
    settled(telling, webhook)

    telling.client.delete(f"/webhooks/{webhook['uuid']}")

    path = "/pacts/provider/Orders/consumer/Web/version/1/triggered-webhooks"
    (kept,) = telling.client.get(path).json()["_embedded"]["triggeredWebhooks"]
    assert "pb:webhook" not in kept["_links"]
    assert telling.client.get(kept["_links"]["pb:logs"]["href"]).status_code == 200


@pytest.mark.row("PB-236", "PB-237")
@pytest.mark.parametrize("shown", [True, False])
def test_a_test_run_tells_how_it_went(telling_with: Any, receiver: Any, shown: bool):
    world = telling_with() if shown else telling_with(webhook_host_whitelist=())
    body = {"request": {"method": "POST", "url": f"{receiver.url}/a?b=1", "body": BODY}}

    response = world.client.post("/webhooks/execute", json=body)

    told = response.json()
    assert response.status_code == 200
    assert told["request"]["url"] == "/a?b=1"
    assert told["request"]["body"]["event"] == "test"
    if shown:
        assert told["success"] is True
        assert (told["response"]["status"], told["response"]["body"]) == (200, "a word from the receiver")
        assert "a word from the receiver" in told["logs"]
    else:
        # Without an allow-list nothing on this machine may be reached, and nothing of an answer is shown.
        assert told["success"] is False
        assert "response" not in told
        assert "error" not in told
        assert told["message"].startswith("For security purposes, the response details are not logged.")
        assert receiver.received == []


def test_one_status_sums_up_all_providers_and_is_not_repeated(telling: Any, receiver: Any, add_webhook: Any):
    webhook = add_webhook(
        telling, receiver.url, "contract_published", "provider_verification_published",
        request={"body": {"state": "${pactbroker.summaryGithubStatus}", "text": "${pactbroker.summaryDescription}"}},
        **{"ts:onlyChanges": True},
    )  # fmt: skip

    telling.published("Web 1", to=["Orders", "Stock"])
    settled(telling, webhook)
    telling.verified("Orders 7", "Web 1")
    settled(telling, webhook)
    telling.verified("Stock 3", "Web 1", success=False)
    settled(telling, webhook)

    assert [told.json for told in receiver.received] == [
        {"state": "pending", "text": "0 of 2 verified: waiting for Orders, Stock"},
        {"state": "pending", "text": "1 of 2 verified: waiting for Stock"},
        {"state": "failure", "text": "1 of 2 verified: broken by Stock"},
    ]
    assert len(deliveries(telling, webhook)) == 4
