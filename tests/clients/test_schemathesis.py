"""Requests made up from the API's own description: never a 500, and no answer that the description does not know."""

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed: pip install -e '.[dev]'")

EXAMPLES = 10  # per operation; all of them follow from the seed, so a failure repeats

# Half of the requests name what exists: nearly everything that is only made up would end as a 404.
NAMES = {
    "name": "Web",
    "pacticipant": "Web",
    "consumer": "Web",
    "provider": "Orders",
    "branch": "main",
    "tag": "dev",
    "to": "dev",
    "label": "shop",
    "environment": "production",
    "number": "1",
    "version": "1",
    "metadata": "Y3ZuPTE",
    "metadata_text": "Y3ZuPTE",
}
FAILS_ON_PURPOSE = {"/test/error", "/diagnostic/status/dependencies"}


@pytest.fixture
def broker(broker_with):
    """A broker of its own: among the made-up requests is the one that makes the first account and shuts the door."""
    return broker_with()


@pytest.fixture
def real(world, client):
    """`real(path)`: values for the names in a path, of things that exist."""
    world.published("Web 1", to="Orders", branch="main", tags=["dev"]).verified("Orders 7", "Web 1")
    world.deployed("Web 1", to="production").released("Web 1", to="production").labelled("Web", "shop")
    href = world.pact_of("Web 1", "Orders")["_links"]["pb:publish-verification-results"]["href"]
    names = {**NAMES, "sha": href.split("/pact-version/")[1].split("/")[0]}
    environment = world.environments["production"]
    home = f"/pacticipants/Web/versions/1/{{}}-versions/environment/{environment}"
    uuids = {}
    for kind in ("deployed", "released"):
        listed = client.get(home.format(kind)).json()["_embedded"][f"{kind}Versions"]
        uuids[f"/{kind}-versions/"] = listed[0]["uuid"]

    def values(path):
        uuid = next((uuid for prefix, uuid in uuids.items() if path.startswith(prefix)), environment)
        return {**names, "other": names["sha"], "uuid": uuid}

    return values


@pytest.fixture
def described(broker):
    """The description, loaded from the running broker."""
    return schemathesis.openapi.from_url(f"{broker.url}/openapi")


def example(operation):
    """The body that the description itself gives as an example."""
    contents = operation.definition.raw.get("requestBody", {}).get("content", {})
    return next((content["example"] for content in contents.values() if "example" in content), None)


def made_up(operation, base_url, values, succeeded):
    """The answers that break a promise, among a few requests made up for one operation of the description."""
    promised = {str(status) for status in operation.definition.raw.get("responses", {})}
    wrong = []

    @hypothesis.seed(4711)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(), real=st.sampled_from(["", "path", "path and body"]))
    def tried(case, real):
        if real:
            case.path_parameters = {
                key: values.get(key, value) for key, value in dict(case.path_parameters or {}).items()
            }
        if real == "path and body" and example(operation) is not None:
            case.body = example(operation)
        answer = case.call(base_url=base_url, timeout=20)
        if answer.status_code < 300:
            succeeded.add(operation.label)
        if str(answer.status_code) not in promised:
            wrong.append((operation.method.upper(), case.formatted_path, answer.status_code, answer.text[:200]))

    tried()
    return wrong


def test_no_made_up_request_is_a_failure_of_ours_and_every_answer_is_described(described, real, broker, client):
    operations = [result.ok() for result in described.get_all_operations()]
    assert len(operations) > 60
    promised = {o.path for o in operations for status in o.definition.raw["responses"] if str(status).startswith("5")}
    assert promised <= FAILS_ON_PURPOSE
    # What is deleted cannot be found afterwards, and nobody is let in without a password once there is an account.
    operations.sort(key=lambda operation: (operation.path.startswith("/accounts"), operation.method == "delete"))
    succeeded: set[str] = set()
    wrong = [w for operation in operations for w in made_up(operation, broker.url, real(operation.path), succeeded)]
    assert wrong == []
    assert len(succeeded) > 0.7 * len(operations), sorted({o.label for o in operations} - succeeded)
    assert client.get("/diagnostic/status/heartbeat").status_code in (200, 401)
