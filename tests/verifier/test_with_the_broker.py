"""Against the real broker, over its port: selection, publication, impact, what is owed, pending."""

import base64
import json
import os
import re
import subprocess
import sys

import httpx
import pytest

from tallystick.verifier.api import verify


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    folder = tmp_path_factory.mktemp("broker")
    words = ["broker", "serve", "--port", "0", "--database-url", f"sqlite:///{folder / 'broker.sqlite3'}"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PACT_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tallystick", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        env={**environment, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    url = None
    for line in process.stdout:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            url = found[0]
            break
    assert url, "the broker did not start"
    with httpx.Client(base_url=url, timeout=30, transport=httpx.HTTPTransport(retries=20)) as client:
        yield client
    process.terminate()
    process.wait(10)


def publish(broker, contract, version, branch="main"):
    consumer, provider = contract["consumer"]["name"], contract["provider"]["name"]
    entry = {
        "consumerName": consumer, "providerName": provider, "specification": "pact", "contentType": "application/json",
        "content": base64.b64encode(json.dumps(contract).encode()).decode(),
    }  # fmt: skip
    sent = {
        "pacticipantName": consumer, "pacticipantVersionNumber": version, "branch": branch, "contracts": [entry]
    }  # fmt: skip
    assert broker.post("/contracts/publish", json=sent).status_code == 200


def deploy(broker, consumer, version, environment):
    made = broker.post("/environments", json={"name": environment, "production": environment == "production"})
    if made.status_code == 201:
        uuid = made.json()["uuid"]
    else:
        listed = broker.get("/environments").json()["_embedded"]["environments"]
        uuid = next(e["uuid"] for e in listed if e["name"] == environment)
    path = f"/pacticipants/{consumer}/versions/{version}/deployed-versions/environment/{uuid}"
    assert broker.post(path, json={}).status_code == 201


def test_a_build_is_verified_published_and_weighed(broker, provider, tell):
    provider.on("/orders/1", body={"id": 1, "total": 5})
    provider.on("/other")
    wanted = {"body": {"id": 1, "total": 5}}
    publish(
        broker, tell.contract(tell.interaction("an order", response=wanted), tell.interaction("other", "/other")), "1"
    )
    publish(broker, tell.contract(tell.interaction("other", "/other"), consumer="billing"), "7")
    deploy(broker, "web-shop", "1", "production")
    deploy(broker, "billing", "7", "staging")
    options = {
        "provider": "orders", "provider_base_url": provider.url, "broker_base_url": str(broker.base_url),
        "publish": True, "allow_dirty": True,
    }  # fmt: skip

    good = verify(**options, provider_version="1.0", provider_version_branch="main")

    assert good.exit_code == 0, good.text()
    assert sorted(p.source.contract.consumer for p in good.publications) == ["billing", "web-shop"]
    assert all(p.ok and p.url for p in good.publications)
    assert {c.source.reason for c in good.contracts} == {
        "latest from main branch, deployed to production",
        "latest from main branch, deployed to staging",
    }
    assert verify(**options, provider_version="1.0", owed=True).exit_code == 3

    provider.on("/orders/1", body={"id": 1, "amount": 5})
    bad = verify(**options, provider_version="2.0", provider_version_branch="feat/x")

    assert bad.exit_code == 1
    (news,) = [sentence for p in bad.publications for sentence in p.past]
    assert news == ("an order: a new failure. orders 2.0 on branch feat/x broke it: it passed with 1.0 on branch main.")
    assert f"web-shop, {news}" in " ".join(bad.text().split())
    (broken,) = bad.impact.broken
    assert (broken.consumer, [f.place for f in broken.fields]) == ("web-shop", ["body $.total"])
    assert [(r.version, r.environment, r.production) for r in broken.live] == [("1", "production", True)]
    assert broken.live[0].since
    assert [(c.consumer, [r.environment for r in c.live]) for c in bad.impact.untouched] == [("billing", ["staging"])]

    result = broker.get("/pacts/provider/orders/consumer/web-shop/latest/verification-results/latest").json()
    assert (result["success"], result["providerApplicationVersion"]) == (False, "2.0")
    assert [(t["interactionDescription"], t["success"]) for t in result["testResults"]] == [
        ("an order", False),
        ("other", True),
    ]
    pact = broker.get("/pacts/provider/orders/consumer/web-shop/latest").json()
    assert {t["interactionId"] for t in result["testResults"]} == {i["_id"] for i in pact["interactions"]}
    matrix = broker.get(
        "/matrix", params={"q[][pacticipant]": "orders", "q[][version]": "2.0", "latestby": "cvp"}
    ).json()
    assert matrix["summary"]["deployable"] is False
    branch = broker.get("/pacticipants/orders/branches/feat%2Fx/versions/2.0")
    assert branch.status_code == 200


def test_a_contract_never_kept_is_pending_when_that_is_enabled(broker, provider, tell):
    document = tell.contract(tell.interaction("new", "/new"), consumer="mobile", provider="stock")
    publish(broker, document, "1")
    options = {
        "provider": "stock", "provider_base_url": provider.url, "broker_base_url": str(broker.base_url),
        "provider_version": "1", "provider_version_branch": "main",
    }  # fmt: skip

    assert verify(**options).exit_code == 1
    pending = verify(**options, enable_pending=True)

    assert pending.exit_code == 0
    assert pending.contracts[0].source.pending
    assert "FAILED (pending)" in pending.text()


def test_a_provider_that_the_broker_does_not_know_owes_nothing(broker, provider):
    report = verify(provider="nobody", provider_base_url=provider.url, broker_base_url=str(broker.base_url))

    assert report.exit_code == 3
