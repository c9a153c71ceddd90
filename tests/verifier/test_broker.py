"""Conversations with a broker that records them: what is asked, what is followed, what is published."""

import json

import pytest

from tallystick.verifier.api import CannotVerify, verify
from tallystick.verifier.broker import Broker


class RecordingBroker:
    """HAL documents as a Pact broker gives them, on top of the plain provider, which keeps what it was asked."""

    def __init__(self, server):
        self.server = server
        self.base = server.url
        self.entries = []
        self.live = []
        links = {
            "pb:provider-pacts-for-verification": {"href": self.base + "/for/{provider}", "templated": True},
            "pb:pacticipant": {"href": self.base + "/pacticipants/{pacticipant}", "templated": True},
            "pb:environments": {"href": self.base + "/environments"},
        }
        self.document("/", {"_links": links})
        server.answers["POST", "/for/orders"] = lambda *asked: (
            200,
            {"Content-Type": "application/hal+json"},
            json.dumps({"_embedded": {"pacts": self.entries}}).encode(),
        )
        self.document("/pacticipants/orders", {
            "_links": {
                "pb:branch-version": {"href": self.base + "/pacticipants/orders/branches/{branch}/versions/{version}"},
                "pb:version-tag": {"href": self.base + "/pacticipants/orders/versions/{version}/tags/{tag}"},
            }
        })  # fmt: skip
        production = {
            "uuid": "1", "name": "production", "production": True,
            "_links": {
                "pb:currently-deployed-deployed-versions": {"href": self.base + "/environments/1/deployed"},
                "pb:currently-supported-released-versions": {"href": self.base + "/environments/1/released"},
            },
        }  # fmt: skip
        self.document("/environments", {"_embedded": {"environments": [production]}})
        self.document("/environments/1/released", {"_embedded": {"releasedVersions": []}})
        server.answers["GET", "/environments/1/deployed"] = lambda *asked: (
            200,
            {"Content-Type": "application/hal+json"},
            json.dumps({"_embedded": {"deployedVersions": self.live}}).encode(),
        )
        for path in ("/pacticipants/orders/branches/fix%2Fa/versions/2.0", "/pacticipants/orders/versions/2.0/tags/t"):
            server.on(path, body={}, method="PUT", Content_Type="application/json")

    def document(self, path, value):
        self.server.on(path, body=value, method="GET", Content_Type="application/hal+json;charset=utf-8")

    def select(self, contract, version, **properties):
        consumer = contract["consumer"]["name"]
        place = f"/pacts/{consumer}"
        for number, interaction in enumerate(contract["interactions"]):
            interaction["_id"] = f"{consumer}-{number}"
        self.document(place, {
            **contract, "createdAt": "2026-01-01T00:00:00+00:00",
            "_links": {
                "pb:consumer-version": {"name": version, "href": "x"},
                "pb:publish-verification-results": {"href": f"https://elsewhere.example{place}/results"},
            },
        })  # fmt: skip
        self.server.on(
            f"{place}/results", 201, {"_links": {"self": {"href": f"{self.base}{place}/results/1"}}}, "POST",
            Content_Type="application/hal+json",
        )  # fmt: skip
        self.entries.append({
            "shortDescription": "latest from main branch", "_links": {"self": {"href": f"{self.base}{place}"}},
            "verificationProperties": {"notices": [], **properties},
        })  # fmt: skip

    def deploy(self, consumer, version, since):
        embedded = {"pacticipant": {"name": consumer}, "version": {"number": version}}
        self.live.append({"currentlyDeployed": True, "createdAt": since, "_embedded": embedded})

    def published(self, consumer):
        return [json.loads(c) for m, p, _, c in self.server.seen if (m, p) == ("POST", f"/pacts/{consumer}/results")]


@pytest.fixture
def broker(another_provider):
    return RecordingBroker(another_provider)


@pytest.fixture
def publishing(provider, broker):
    return {
        "provider": "orders",
        "provider_base_url": provider.url,
        "broker_base_url": broker.base,
        "provider_version": "2.0",
        "provider_version_branch": "fix/a",
        "provider_version_tag": "t",
        "build_url": "https://ci.example/1",
        "publish": True,
        "allow_dirty": True,
    }


def test_results_are_published_per_contract_after_branch_and_tags(provider, broker, tell, publishing):
    provider.on("/good")
    provider.on("/bad", status=500)
    broker.select(tell.contract(tell.interaction("good", "/good"), tell.interaction("bad", "/bad")), "1.0")
    broker.select(tell.contract(tell.interaction("good", "/good"), consumer="billing"), "7")

    report = verify(**publishing)

    assert report.exit_code == 1
    writes = [(m, p) for m, p, _, _ in broker.server.seen if m in ("PUT", "POST")]
    assert writes == [
        ("POST", "/for/orders"),
        ("PUT", "/pacticipants/orders/branches/fix%2Fa/versions/2.0"),
        ("PUT", "/pacticipants/orders/versions/2.0/tags/t"),
        ("POST", "/pacts/web-shop/results"),
        ("POST", "/pacts/billing/results"),
    ]
    (bad,) = broker.published("web-shop")
    assert bad["success"] is False
    assert bad["providerApplicationVersion"] == "2.0"
    assert bad["buildUrl"] == "https://ci.example/1"
    assert bad["testResults"] == [
        {"interactionId": "web-shop-0", "success": True, "interactionDescription": "good"},
        {
            "interactionId": "web-shop-1",
            "success": False,
            "interactionDescription": "bad",
            "mismatches": [{"attribute": "status", "description": "expected 200 but was 500"}],
        },
    ]
    assert broker.published("billing")[0]["success"] is True
    assert all(p.ok for p in report.publications)


def test_equal_interactions_are_replayed_once_and_credited_to_each(provider, broker, tell, publishing):
    provider.on("/same", status=500)
    for consumer in ("web-shop", "billing"):
        broker.select(tell.contract(tell.interaction(f"{consumer} asks", "/same"), consumer=consumer), "1")

    report = verify(**publishing)

    assert provider.asked("/same") == [("GET", "/same")]
    assert [broker.published(c)[0]["testResults"][0]["interactionId"] for c in ("web-shop", "billing")] == [
        "web-shop-0",
        "billing-0",
    ]
    assert [r.title for r in report.results] == ["web-shop asks", "billing asks"]


def test_the_impact_names_the_field_the_live_version_and_who_is_untouched(provider, broker, tell, publishing):
    provider.on("/orders/1", body={"id": 1, "amount": 5})
    provider.on("/other")
    wanted = {"body": {"id": 1, "total": 5}}
    broker.select(tell.contract(tell.interaction("an order", response=wanted)), "1.2")
    broker.select(tell.contract(tell.interaction("other", "/other"), consumer="billing"), "7")
    broker.deploy("web-shop", "1.2", "2026-03-14T09:26:53+00:00")
    broker.deploy("web-shop", "0.9", "2025-01-01T00:00:00+00:00")
    broker.deploy("billing", "7", "2026-01-02T03:04:05+00:00")
    broker.deploy("stranger", "1", "2026-01-02T03:04:05+00:00")

    report = verify(**publishing)

    (broken,) = report.impact.broken
    assert broken.consumer == "web-shop"
    assert [(f.interaction, f.place) for f in broken.fields] == [("an order", "body $.total")]
    assert [(r.version, r.environment, r.since) for r in broken.live] == [
        ("1.2", "production", "2026-03-14T09:26:53+00:00")
    ]
    assert [r.version for r in broken.live_elsewhere] == ["0.9"]
    (untouched,) = report.impact.untouched
    assert (untouched.consumer, [r.version for r in untouched.live]) == ("billing", ["7"])
    text = report.text()
    assert "1.2 live in production since 2026-03-14 09:26" in text
    assert "billing: 7 live in production since 2026-01-02 03:04" in text
    assert "stranger" not in text


def test_nothing_is_asked_about_deployments_when_all_is_well(provider, broker, tell, publishing):
    provider.on("/orders/1")
    broker.select(tell.contract(tell.interaction("an order")), "1")

    assert verify(**publishing).exit_code == 0
    assert broker.server.asked("/environments") == []


def test_a_pending_contract_fails_without_breaking_the_build_and_is_published_as_failed(
    provider, broker, tell, publishing
):
    provider.on("/orders/1", status=500)
    broker.select(tell.contract(tell.interaction("an order")), "1", pending=True)

    report = verify(**publishing, enable_pending=True)

    assert report.exit_code == 0
    assert broker.published("web-shop")[0]["success"] is False
    assert json.loads(broker.server.seen[1][3])["includePendingStatus"] is True
    assert report.impact.broken[0].pending_only


def test_the_brokers_notices_are_shown_when_asked_for(provider, broker, tell, publishing):
    provider.on("/orders/1")
    notices = [
        {"when": "before_verification", "text": "it is on the main branch"},
        {"when": "after_verification:success_true_published_true", "text": "it is no longer pending"},
        {"when": "after_verification:success_false_published_true", "text": "it stays pending"},
    ]
    broker.select(tell.contract(tell.interaction("an order")), "1", notices=notices)

    text = verify(**publishing).text(verbose=True)

    assert "it is on the main branch" in text
    assert "it is no longer pending" in text
    assert "it stays pending" not in text


def test_selectors_and_branch_reach_the_broker_as_they_are(provider, broker, tell, publishing):
    provider.on("/orders/1")
    broker.select(tell.contract(tell.interaction("an order")), "1")

    verify(**publishing, consumer_version_selectors=['[{"mainBranch": true}]', {"deployedOrReleased": True}])

    assert json.loads(broker.server.seen[1][3]) == {
        "includePendingStatus": False,
        "consumerVersionSelectors": [{"mainBranch": True}, {"deployedOrReleased": True}],
        "providerVersionBranch": "fix/a",
        "providerVersionTags": ["t"],
    }


def test_nothing_selected_is_an_outcome_with_its_reason(provider, broker, publishing):
    report = verify(**publishing)

    assert report.exit_code == 3
    assert "selects no contract for 'orders'" in report.nothing_because
    assert "Nothing to verify" in report.text()
    assert verify(**publishing, allow_nothing=True).exit_code == 0


def test_a_contract_by_url_is_published_through_its_own_links(provider, broker, tell, publishing):
    provider.on("/orders/1")
    broker.select(tell.contract(tell.interaction("an order")), "1")
    broker.select(tell.contract(tell.interaction("an order"), consumer="billing"), "1")

    report = verify(f"{broker.base}/pacts/web-shop", **publishing)

    assert report.exit_code == 0, report.text()
    assert len(broker.published("web-shop")) == 1
    assert broker.published("billing") == []
    assert broker.server.asked("/for/orders") == []


def test_what_is_owed_comes_from_the_brokers_own_list(provider, broker, tell, publishing):
    provider.on("/orders/1")
    for consumer in ("web-shop", "billing"):
        broker.select(tell.contract(tell.interaction("an order"), consumer=consumer), "1")
    owed = {"consumer": "billing", "contractSha": "1", "_links": {"pb:pact-version": {"href": "/pacts/billing"}}}
    index = json.loads(json.dumps(broker.server.answers["GET", "/"][2]))
    index["_links"]["ts:owed-verifications"] = {"href": f"{broker.base}/owed/{{provider}}"}
    broker.document("/", index)
    broker.document("/owed/orders", {"_embedded": {"ts:owed": [owed, owed]}})

    report = verify(**publishing, owed=True)

    assert [c.source.contract.consumer for c in report.contracts] == ["billing"]
    assert broker.server.asked("/owed/orders") == [("GET", "/owed/orders?providerVersion=2.0")]
    assert broker.server.asked("/for/orders") == []


def test_with_another_broker_what_has_a_result_of_this_version_is_not_owed(provider, broker, tell, publishing):
    provider.on("/orders/1")
    for consumer in ("web-shop", "billing"):
        broker.select(tell.contract(tell.interaction("an order"), consumer=consumer), "1")
        document = json.loads(json.dumps(broker.server.answers["GET", f"/pacts/{consumer}"][2]))
        document["_links"]["pb:latest-verification-results"] = {"href": f"/pacts/{consumer}/results/latest"}
        broker.document(f"/pacts/{consumer}", document)
    broker.document("/pacts/web-shop/results/latest", {"providerApplicationVersion": "2.0", "success": True})

    report = verify(**publishing, owed=True)

    assert [c.source.contract.consumer for c in report.contracts] == ["billing"]


def test_a_result_that_cannot_be_published_is_not_a_pass(provider, broker, tell, publishing):
    provider.on("/orders/1")
    broker.select(tell.contract(tell.interaction("an order")), "1")
    broker.server.on("/pacts/web-shop/results", 400, {"errors": {"success": ["is wrong"]}}, "POST")

    report = verify(**publishing)

    assert report.exit_code == 4
    assert "success: is wrong" in report.text()


def test_nothing_is_published_when_the_provider_cannot_be_reached(broker, tell, publishing):
    broker.select(tell.contract(tell.interaction("an order")), "1")

    report = verify(**{**publishing, "provider_base_url": "http://127.0.0.1:9"})

    assert report.exit_code == 4
    assert broker.published("web-shop") == []
    assert "127.0.0.1:9" in report.text()


def test_an_interrupted_run_publishes_only_what_was_finished(provider, broker, tell, publishing):
    provider.on("/orders/1")

    def interrupt(*asked):
        raise KeyboardInterrupt

    broker.select(tell.contract(tell.interaction("done", states=["s"])), "1")
    broker.select(
        tell.contract(
            tell.interaction("half done", "/orders/1", states=["t"]),
            tell.interaction("never reached", "/orders/2", states=["interrupts"]),
            consumer="billing",
        ),
        "1",
    )
    states = {"s": lambda: None, "t": lambda: None, "interrupts": interrupt}

    report = verify(**publishing, states=states)

    assert report.interrupted
    assert report.exit_code == 4
    assert len(broker.published("web-shop")) == 1
    assert broker.published("billing") == []
    assert [(p.source.contract.consumer, p.ok) for p in report.publications] == [("web-shop", True), ("billing", False)]
    assert "1 not run" in report.text()


def test_an_interruption_while_publishing_is_told_and_nothing_more_is_sent(
    provider, broker, tell, publishing, monkeypatch
):
    provider.on("/orders/1")
    for consumer in ("web-shop", "billing", "mobile"):
        broker.select(tell.contract(tell.interaction("an order"), consumer=consumer), "1")
    ask = Broker.request

    def interrupt(self, method, href, body=None):
        if method == "POST" and "billing" in href:
            raise KeyboardInterrupt
        return ask(self, method, href, body)

    monkeypatch.setattr(Broker, "request", interrupt)

    report = verify(**publishing)

    assert [(p.source.contract.consumer, p.ok) for p in report.publications] == [
        ("web-shop", True),
        ("billing", False),
        ("mobile", False),
    ]
    assert report.exit_code == 4
    assert broker.published("mobile") == []


@pytest.mark.parametrize(
    ("status", "says"),
    [(401, "--broker-token"), (403, "does not allow"), (404, "status 404"), (500, "status 500")],
)
def test_a_broker_that_refuses_could_not_be_asked(provider, another_provider, monkeypatch, status, says):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    another_provider.on("/", status=status)

    with pytest.raises(CannotVerify, match=says) as caught:
        verify(provider="orders", provider_base_url=provider.url, broker_base_url=another_provider.url)

    assert caught.value.exit_code == 4


def test_something_else_than_a_broker_is_named(provider, another_provider):
    another_provider.on("/", body=b"<html>", Content_Type="text/html")

    with pytest.raises(CannotVerify, match="is this the address of a Pact broker"):
        verify(provider="orders", provider_base_url=provider.url, broker_base_url=another_provider.url)


def test_credentials_go_with_the_first_request(provider, broker, tell):
    provider.on("/orders/1")
    broker.select(tell.contract(tell.interaction("an order")), "1")

    verify(provider="orders", provider_base_url=provider.url, broker_base_url=broker.base, broker_token="secret")

    assert {headers.get("Authorization") for _, _, headers, _ in broker.server.seen} == {"Bearer secret"}


# -- the shape of the answers ----------------------------------------------------------------------------------------

SHAPE_PATH = "/pacticipants/orders/versions/2.0/shape"


@pytest.fixture
def asking_for_shapes(broker):
    """A broker that says where shapes go, and takes them."""
    _, _, index = broker.server.answers["GET", "/"]
    href = broker.base + "/pacticipants/{pacticipant}/versions/{version}/shape"
    broker.document("/", {"_links": {**index["_links"], "ts:shape": {"href": href, "templated": True}}})
    broker.server.on(SHAPE_PATH, 201, {}, "POST", Content_Type="application/hal+json")
    return broker


def shapes(broker):
    return [json.loads(c) for m, p, _, c in broker.server.seen if (m, p) == ("POST", SHAPE_PATH)]


def test_names_and_types_of_answers_are_told_after_the_results(provider, asking_for_shapes, tell, publishing):
    provider.on("/orders/1", body={"id": 7, "note": "secret"}, ETag="x")
    provider.on("/bad", status=500, body={"trace": "x"})
    provider.on("/less", body={"other": 1})
    less = tell.interaction("less", "/less", response={"body": {"total": 1}})
    asking_for_shapes.select(tell.contract(tell.interaction("an order"), tell.interaction("bad", "/bad"), less), "1")

    report = verify(**publishing)

    assert (report.exit_code, report.warnings) == (1, ())
    assert [p for m, p, _, _ in asking_for_shapes.server.seen if m == "POST"][-2:] == [
        "/pacts/web-shop/results",
        SHAPE_PATH,
    ]
    # An answer of another status than expected is none of the operation; one that lacks a field is.
    (told,) = shapes(asking_for_shapes)
    assert told == {
        "complete": True,
        "answers": [
            {"method": "GET", "template": "/less", "side": "response", "status": "200",
             "body": {"$": ["object"], "$.other": ["integer"]}},
            {"method": "GET", "template": "/orders/{id}", "side": "response", "status": "200",
             "header": {"etag": ["string"]}, "body": {"$": ["object"], "$.id": ["integer"], "$.note": ["string"]}},
        ],
    }  # fmt: skip


def test_worker_processes_tell_what_they_saw(provider, asking_for_shapes, tell, publishing):
    names = "abcdefgh"
    for name in names:
        provider.on(f"/{name}", body={name: 1})
    asking_for_shapes.select(tell.contract(*(tell.interaction(name, f"/{name}") for name in names)), "1")

    verify(**publishing, workers=3)

    (told,) = shapes(asking_for_shapes)
    assert [[*one["body"]] for one in told["answers"]] == [["$", f"$.{name}"] for name in names]


def test_a_broker_without_the_link_is_told_no_shape(provider, broker, tell, publishing):
    provider.on("/orders/1", body={"id": 7})
    broker.select(tell.contract(tell.interaction("an order")), "1")

    report = verify(**publishing)

    assert (report.exit_code, report.warnings) == (0, ())
    assert [p for _, p, _, _ in broker.server.seen if "shape" in p] == []


@pytest.mark.parametrize("options", [{"no_shape": True}, {"publish": False}])
def test_no_shape_is_told_when_that_is_not_wanted(provider, asking_for_shapes, tell, publishing, options):
    provider.on("/orders/1", body={"id": 7})
    asking_for_shapes.select(tell.contract(tell.interaction("an order")), "1")

    assert verify(**{**publishing, **options}).exit_code == 0

    assert shapes(asking_for_shapes) == []


def test_no_shape_is_told_of_results_that_were_not_taken(provider, asking_for_shapes, tell, publishing):
    provider.on("/orders/1", body={"id": 7})
    asking_for_shapes.select(tell.contract(tell.interaction("an order")), "1")
    asking_for_shapes.server.on("/pacts/web-shop/results", 409, {"error": "no"}, "POST")

    assert verify(**publishing).exit_code == 4

    assert shapes(asking_for_shapes) == []


@pytest.mark.parametrize(("status", "why"), [(403, "does not allow it (403)"), (422, "status 422: shape: is odd")])
def test_a_shape_that_is_not_taken_is_a_warning_and_no_failure(
    provider, asking_for_shapes, tell, publishing, status, why
):
    provider.on("/orders/1", body={"id": 7})
    asking_for_shapes.select(tell.contract(tell.interaction("an order")), "1")
    asking_for_shapes.server.on(
        SHAPE_PATH, status, {"errors": {"shape": ["is odd"]}}, "POST", Content_Type="application/json"
    )

    report = verify(**publishing)

    assert report.exit_code == 0
    (warning,) = report.warnings
    assert warning.startswith("the shape of the answers was not published (the results were): ")
    assert why in warning
    assert warning in " ".join(report.text().split())
