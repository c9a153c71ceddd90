"""The broker's clients: links, credentials, repeats, and an error that says what to do for each thing that fails."""

import asyncio
import json
from urllib.parse import parse_qsl

import httpx
import pytest

from tallystick import AsyncBrokerClient, BrokerClient, Selector
from tallystick.client_sdk.broker_client import build
from tallystick.client_sdk.broker_client.errors import (
    BrokerFailed,
    NotAHalBroker,
    NotAuthorised,
    NotFound,
    Refused,
    Unreachable,
    messages_of,
)
from tallystick.client_sdk.broker_client.wire import expand, resolve

INDEX = {
    "_links": {
        "pb:publish-contracts": {"href": "http://elsewhere/contracts/publish"},
        "pb:environments": {"href": "http://elsewhere/environments"},
        "pb:webhook": {"href": "http://elsewhere/webhooks/{uuid}", "templated": True},
    }
}
CONTRACT = b'{"consumer":{"name":"web"},"provider":{"name":"orders"},"interactions":[]}'


class Broker:
    """Answers from a table, and remembers what it was asked."""

    def __init__(self, **answers):
        self.answers = {"GET /": (200, INDEX), **answers}
        self.asked: list[httpx.Request] = []

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers[f"{request.method} {request.url.raw_path.decode().partition('?')[0]}"]
        if isinstance(answer, list):
            answer = answer.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, document = answer
        return httpx.Response(status, json=document) if document is not None else httpx.Response(status)


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    for name in ("BASE_URL", "USERNAME", "PASSWORD", "TOKEN"):
        monkeypatch.delenv(f"PACT_BROKER_{name}", raising=False)


def client(broker, base_url="http://broker", **options):
    return BrokerClient(base_url, transport=httpx.MockTransport(broker), **options)


@pytest.mark.parametrize(
    ("base", "url", "expected"),
    [
        ("http://b", "/x", "http://b/x"),
        ("http://b/", "http://other:1/x?q=1", "http://b/x?q=1"),
        ("http://b/pact", "http://other/pact/x", "http://b/pact/x"),
        ("http://b/pact/", "http://other/x", "http://b/pact/x"),
        ("http://b/pact", "http://other/pacts/x", "http://b/pact/pacts/x"),
        ("http://b", "/p/feat%2Fx", "http://b/p/feat%2Fx"),
    ],
)
def test_of_a_link_only_path_and_query_count(base, url, expected):
    assert resolve(base, url) == expected


def test_a_slash_in_a_name_stays_in_one_segment():
    assert expand("/b/{branch}", branch="feat/x y") == "/b/feat%2Fx%20y"
    broker = Broker(**{"PUT /pacticipants/a%2Fb/branches/feat%2Fx/versions/1": (200, {}),
                       "GET /pacticipants/a%2Fb/versions/1": (200, {"number": "1"})})  # fmt: skip
    assert client(broker).create_or_update_version("a/b", "1", branch="feat/x").number == "1"


def test_publishing_sends_the_file_byte_for_byte():
    broker = Broker(**{"POST /contracts/publish": (200, {"notices": [{"type": "success", "text": "done"}]})})

    [published] = client(broker).publish([CONTRACT], version="1", branch="main", build_url="http://ci/1", tags=["a"])

    sent = json.loads(broker.asked[-1].content)
    import base64

    assert base64.b64decode(sent["contracts"][0].pop("content")) == CONTRACT
    assert sent == {
        "pacticipantName": "web",
        "pacticipantVersionNumber": "1",
        "branch": "main",
        "buildUrl": "http://ci/1",
        "tags": ["a"],
        "contracts": [
            {
                "consumerName": "web",
                "providerName": "orders",
                "specification": "pact",
                "contentType": "application/json",
                "onConflict": "overwrite",
            }
        ],
    }
    assert [(n.kind, n.text) for n in published.notices] == [("success", "done")]


def test_the_question_to_the_matrix_is_the_official_clients():
    broker = Broker(**{"GET /matrix": (200, {"summary": {"deployable": True}, "matrix": [], "notices": []})})

    answer = client(broker).can_i_deploy(
        [Selector("web", version="1"), Selector("orders", latest=True, tag="t")],
        to_environment="prod",
        ignore=[Selector("old", version="2")],
    )

    assert parse_qsl(broker.asked[-1].url.query.decode()) == [
        ("q[][pacticipant]", "web"),
        ("q[][version]", "1"),
        ("q[][pacticipant]", "orders"),
        ("q[][tag]", "t"),
        ("q[][latest]", "true"),
        ("ignore[][pacticipant]", "old"),
        ("ignore[][version]", "2"),
        ("latestby", "cvpv"),
        ("environment", "prod"),
    ]
    assert (answer.verdict, bool(answer)) == ("yes", True)


@pytest.mark.parametrize(
    ("summary", "verdict"),
    [
        ({"deployable": True}, "yes"),
        ({"deployable": False}, "no"),
        ({"deployable": None}, "unknown"),
        ({"deployable": False, "ts:verdict": "unanswerable"}, "unanswerable"),
    ],
)
def test_the_verdict_is_the_brokers_or_follows_from_deployable(summary, verdict):
    broker = Broker(**{"GET /matrix": (200, {"summary": summary})})

    assert client(broker).matrix([Selector("web")]).verdict == verdict


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        ((401, None), NotAuthorised, "no credentials were sent.*--broker-username"),
        ((403, None), NotAuthorised, "may not do that"),
        ((404, {"error": "no"}), NotFound, "application 'web': the broker knows none"),
        ((409, {"errors": {"name": ["is taken"]}}), Refused, "name: is taken"),
        ((400, {"errors": ["first", "second"]}), Refused, "first\nsecond"),
        ((500, {"error": {"message": "boom"}}), BrokerFailed, "status 500: .*boom"),
    ],
)
def test_each_failure_has_its_error_and_says_what_to_do(answer, error, message):
    with pytest.raises(error, match=message):
        client(Broker(**{"GET /pacticipants/web": answer})).pacticipant("web")


def test_what_is_no_broker_is_said_to_be_none():
    page = httpx.MockTransport(
        lambda request: httpx.Response(200, text="<html>", headers={"content-type": "text/html"})
    )
    with pytest.raises(NotAHalBroker, match="it answers text/html instead of JSON"):
        BrokerClient("http://broker", transport=page).environments()
    with pytest.raises(NotAHalBroker, match="it has no link 'pb:pacticipants'; it has pb:publish-contracts"):
        client(Broker()).pacticipants()


def test_credentials_go_with_every_request():
    for options, header in (
        ({"token": "t"}, "Bearer t"),
        ({"username": "u", "password": "p"}, "Basic dTpw"),
    ):
        broker = Broker(**{"GET /environments": (200, {})})
        client(broker, **options).environments()
        assert [request.headers["authorization"] for request in broker.asked] == [header] * 2


def test_address_and_credentials_come_from_the_environment(monkeypatch):
    monkeypatch.setenv("PACT_BROKER_BASE_URL", "http://from-env")
    monkeypatch.setenv("PACT_BROKER_TOKEN", "secret")
    broker = Broker(**{"GET /environments": (200, {})})
    BrokerClient(transport=httpx.MockTransport(broker)).environments()
    assert str(broker.asked[0].url) == "http://from-env/"
    assert broker.asked[0].headers["authorization"] == "Bearer secret"
    monkeypatch.delenv("PACT_BROKER_BASE_URL")
    with pytest.raises(ValueError, match="no broker's address"):
        BrokerClient()


def test_a_read_is_repeated_when_its_connection_fails():
    broker = Broker(**{"GET /": [httpx.ReadError("reset"), httpx.ConnectError("refused"), (200, INDEX)]})
    broker.answers["GET /environments"] = (200, {})

    client(broker).environments()

    assert len(broker.asked) == 4


def test_a_write_is_repeated_only_when_it_was_never_sent():
    never = Broker(**{"POST /contracts/publish": [httpx.ConnectError("refused"), (200, {})]})
    client(never).publish([CONTRACT], version="1")
    assert len(never.asked) == 3

    perhaps = Broker(**{"POST /contracts/publish": [httpx.ReadError("reset"), (200, {})]})
    with pytest.raises(Unreachable, match="It may have done what was asked"):
        client(perhaps).publish([CONTRACT], version="1")
    assert len(perhaps.asked) == 2


def test_a_failing_broker_is_not_asked_again():
    broker = Broker(**{"GET /": (503, None)})
    with pytest.raises(BrokerFailed, match="status 503"):
        client(broker).environments()
    assert len(broker.asked) == 1


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (httpx.ConnectError("Connection refused"), "Is it running"),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"), "SSL_CERT_FILE"),
        (httpx.ProxyError("407"), "HTTP_PROXY"),
        (httpx.ReadTimeout("slow"), "did not answer in time.*--timeout"),
    ],
)
def test_an_unreachable_broker_says_what_to_look_at(failure, message):
    with pytest.raises(Unreachable, match=message):
        client(Broker(**{"GET /": failure}), retries=0).environments()


def test_the_async_client_does_the_same():
    broker = Broker(**{"GET /": [httpx.ConnectError("x"), (200, INDEX)]})
    broker.answers["GET /environments"] = (200, {"_embedded": {"environments": [{"uuid": "1", "name": "prod"}]}})

    async def ask():
        async with AsyncBrokerClient("http://broker", transport=httpx.MockTransport(broker)) as asking:
            return await asking.environments()

    [environment] = asyncio.run(ask())
    assert (environment.uuid, environment.name, environment.production) == ("1", "prod", False)


@pytest.mark.parametrize(
    ("document", "messages"),
    [
        ({"errors": {"a": ["x", "y"], "": "z"}}, ("a: x", "a: y", "z")),
        ({"error": "x"}, ("x",)),
        ({"error": {"code": "c", "message": "m"}}, ("m",)),
        ({"notices": [{"type": "error", "text": "n"}], "errors": ["n"]}, ("n",)),
        ({"title": "T", "detail": "D"}, ("T", "D")),
        (None, ()),
    ],
)
def test_every_shape_of_error_is_read(document, messages):
    assert messages_of(document) == messages


@pytest.mark.parametrize(
    ("environment", "branch", "commit", "url"),
    [
        (
            {
                "GITHUB_ACTIONS": "true", "GITHUB_REF_NAME": "main", "GITHUB_SHA": "abc", "GITHUB_RUN_ID": "9",
                "GITHUB_SERVER_URL": "https://g", "GITHUB_REPOSITORY": "o/r",
            },
            "main", "abc", "https://g/o/r/actions/runs/9",
        ),
        ({"GITHUB_ACTIONS": "true", "GITHUB_HEAD_REF": "feat/x", "GITHUB_REF_NAME": "1/merge", "GITHUB_SHA": "a"},
         "feat/x", "a", None),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "v1", "GITHUB_SHA": "a"},
         None, "a", None),
        ({"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "b", "CI_COMMIT_SHA": "c", "CI_JOB_URL": "u"}, "b", "c", "u"),
        ({"JENKINS_URL": "j", "GIT_BRANCH": "origin/b", "GIT_COMMIT": "c", "BUILD_URL": "u"}, "b", "c", "u"),
        ({"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/b", "BUILD_SOURCEVERSION": "c"}, "b", "c", None),
        ({}, None, None, None),
    ],
)  # fmt: skip
def test_a_build_says_what_it_is(environment, branch, commit, url):
    found = build.detect(environment, ask_git=False)
    assert (found.branch, found.commit, found.url) == (branch, commit, url)
