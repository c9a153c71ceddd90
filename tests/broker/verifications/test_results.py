"""Publishing, reading and deleting verification results over HTTP, whole documents compared."""

import base64
import re

import pytest

HAL = "application/hal+json;charset=utf-8"
JSON = "application/json;charset=utf-8"
PAIR = "/pacts/provider/Orders/consumer/Web"
NOT_FOUND = {"error": "The requested document was not found on this server."}


def segment(text):
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.fixture
def sha(world):
    """Web 1 has published a contract with Orders; this is its digest."""
    world.published("Web 1", to="Orders", branch="main")
    return world.pact_of("Web 1", "Orders")["_links"]["pb:pact-version"]["name"]


def results(sha, metadata=None):
    return f"{PAIR}/pact-version/{sha}" + (f"/metadata/{metadata}" if metadata else "") + "/verification-results"


def post(client, sha, metadata=None, **members):
    return client.post(results(sha, metadata), json={"success": True, "providerApplicationVersion": "9", **members})


def document(base, sha, number, **members):
    own = f"{base}{results(sha)}/{number}"
    return {
        "providerName": "Orders",
        "providerApplicationVersion": "9",
        "success": True,
        "verifiedBy": {},
        **members,
        "_links": {
            "self": {
                "href": own,
                "title": "Verification result",
                "name": f"Verification result {number} for Pact between Web (1) and Orders",
            },
            "pb:pact-version": {
                "href": f"{base}{PAIR}/pact-version/{sha}/metadata/{segment('cvn=1')}",
                "title": "Pact",
                "name": "Pact between Web (1) and Orders",
            },
            "pb:triggered-webhooks": {
                "href": f"{own}/triggered-webhooks",
                "title": "Webhooks triggered by the publication of this verification result",
            },
        },
    }


FULL = {
    "success": False,
    "buildUrl": "https://ci.example.org/9",
    "testResults": [
        {
            "interactionId": "abc",
            "success": False,
            "interactionDescription": "é <script>",
            "mismatches": [
                {"attribute": "body", "identifier": "$.total", "description": "expected 1 but was 1.0"},
                {"attribute": "status", "expected": 12345678901234567890123, "actual": 1.5},
            ],
        }
    ],
}


@pytest.mark.row("PB-130")
def test_a_result_is_stored_under_a_number_and_answered_whole(client, broker, sha):
    response = post(client, sha)

    made = response.json()
    number = int(response.headers["location"].rsplit("/", 1)[1])
    assert response.status_code == 201
    assert response.headers["content-type"] == HAL
    assert response.headers["location"] == f"{broker.url}{results(sha)}/{number}"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", made["verificationDate"])
    assert made == document(broker.url, sha, number, verificationDate=made["verificationDate"])


@pytest.mark.row("PB-132", "PB-137")
def test_everything_a_verifier_tells_is_kept_and_read_again_by_everyone(client, broker, sha):
    language = {"name": "rust", "version": "1.2.3", "testFramework": "pytest"}
    made = post(
        client,
        sha,
        **FULL,
        verifiedBy={"implementation": "Pact-Rust", "version": "1.4.7", "clientLanguage": language, "x": 1},
        unknown={"ignored": True},
    )
    number = int(made.headers["location"].rsplit("/", 1)[1])
    expected = document(
        broker.url,
        sha,
        number,
        **FULL,
        verificationDate=made.json()["verificationDate"],
    )
    expected["verifiedBy"] = {
        "implementation": "Pact-Rust",
        "version": "1.4.7",
        "client_implementation": "rust",
        "client_test_framework": "pytest",
        "client_version": "1.2.3",
    }
    told = made.json()
    (news,) = told.pop("ts:failing")  # for whoever published it; the result itself is what was sent
    assert (news["new"], news["sinceProviderVersion"]) == (True, told["providerApplicationVersion"])
    assert told == expected

    for accept, content_type in (("*/*", HAL), ("application/json", JSON), ("application/hal+json", HAL)):
        response = client.get(f"{results(sha)}/{number}", headers={"accept": accept})
        assert (response.status_code, response.headers["content-type"]) == (200, content_type)
        assert response.json() == expected
    assert client.get(f"{results(sha, segment('cvn=1'))}/{number}").json() == expected


@pytest.mark.row("PB-132")
@pytest.mark.parametrize("report", [[], {}, {"tests": [{"status": "failed"}]}, "text", 1.0, [None, "x", 1]])
def test_any_json_is_a_report(client, sha, report):
    made = post(client, sha, success=False, testResults=report)

    assert made.status_code == 201
    assert made.json()["testResults"] == report


@pytest.mark.row("PB-131")
@pytest.mark.parametrize(
    ("sent", "errors"),
    [
        ({}, {"success": ["is missing"], "providerApplicationVersion": ["is missing"]}),
        ({"success": "true", "providerApplicationVersion": "1"}, {"success": ["must be boolean"]}),
        ({"success": None, "providerApplicationVersion": "1"}, {"success": ["must be filled"]}),
        ({"success": True, "providerApplicationVersion": 1}, {"providerApplicationVersion": ["must be a string"]}),
        ({"success": True, "providerApplicationVersion": ""}, {"providerApplicationVersion": ["must be filled"]}),
        ({"success": True, "providerApplicationVersion": " "}, {"providerApplicationVersion": ["cannot be blank"]}),
        (
            {"success": True, "providerApplicationVersion": "1", "verificationDate": "soon"},
            {"verificationDate": ["must be a date and time, such as 2024-05-01T10:00:00+00:00"]},
        ),
    ],
)
def test_a_wrong_result_is_refused_with_every_reason(client, sha, sent, errors):
    response = client.post(results(sha), json=sent)

    assert (response.status_code, response.headers["content-type"]) == (400, HAL)
    assert response.json() == {"errors": errors}
    assert client.get(f"{results(sha)}/latest").status_code == 404


@pytest.mark.row("PB-133")
@pytest.mark.parametrize(
    ("build_url", "status"),
    [
        ("https://ci/1?a=b#c", 201),
        ("builds/1", 201),
        (None, 201),
        ("https://ci/a b", 400),
        ("https://ci/%zz", 400),
        (1, 400),
    ],
)
def test_a_build_url_must_be_a_uri(client, sha, build_url, status):
    response = post(client, sha, buildUrl=build_url)

    assert response.status_code == status
    if status == 400:
        message = "must be a string" if build_url == 1 else "is not a valid URI"
        assert response.json() == {"errors": {"buildUrl": [message]}}


@pytest.mark.row("PB-017", "PB-134")
def test_a_result_for_what_nobody_published_is_404_and_for_another_type_415(client, sha):
    missing = [
        post(client, "0" * 40),
        client.post(results(sha).replace("Web", "Nobody"), json={"success": True, "providerApplicationVersion": "1"}),
    ]
    for response in missing:
        assert (response.status_code, response.headers["content-type"]) == (404, JSON)
        assert response.json() == NOT_FOUND
    text = client.post(results(sha), content=b"{}", headers={"content-type": "text/plain"})
    assert (text.status_code, text.content) == (415, b"")


@pytest.mark.row("PB-135")
def test_the_provider_version_is_made_without_branch_or_tags(client, sha):
    assert client.get("/pacticipants/Orders/versions/9").status_code == 404

    post(client, sha)

    version = client.get("/pacticipants/Orders/versions/9").json()
    assert (version["number"], version["_embedded"]) == ("9", {"branchVersions": [], "tags": []})


@pytest.mark.row("PB-136")
def test_numbers_come_from_one_counter_and_are_never_used_again(client, world, sha):
    world.published("App 1", to="Orders", content="other").verified("Orders 9", "App 1")
    first = world.last.json()["_links"]["self"]["href"].rsplit("/", 1)[1]
    second = post(client, sha).headers["location"].rsplit("/", 1)[1]
    client.delete(f"{results(sha)}/{second}")
    third = post(client, sha).headers["location"].rsplit("/", 1)[1]

    assert int(first) < int(second) < int(third)


def test_a_repeated_result_is_counted_not_stored_again(client, broker, sha):
    first = post(client, sha, **FULL)
    second = post(client, sha, **FULL)
    other = post(client, sha, **{**FULL, "buildUrl": "https://ci.example.org/10"})

    assert second.status_code == 201
    assert second.headers["location"] == first.headers["location"]
    assert other.headers["location"] != first.headers["location"]
    with broker.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT repeats FROM verification ORDER BY id").scalars().all()
    assert rows == [1, 0]


@pytest.mark.row("PB-137")
@pytest.mark.parametrize("number", ["x", "-1", "99999999999999999999", "1.0", "999999"])
def test_a_number_that_no_result_has_is_404(client, sha, number):
    response = client.get(f"{results(sha)}/{number}")

    assert (response.status_code, response.json()) == (404, NOT_FOUND)


@pytest.mark.row("PB-137")
def test_all_results_are_not_a_resource(client, sha):
    response = client.get(f"{results(sha)}/all")

    assert response.status_code == 404
    assert response.json() == {
        "error": "Listing all results is not supported. Every result of a pair is on its matrix page."
    }


@pytest.mark.row("PB-137")
def test_a_result_is_found_only_under_its_own_pair_and_content(client, world, sha):
    world.published("App 1", to="Orders", content="other")
    number = post(client, sha).headers["location"].rsplit("/", 1)[1]

    assert client.get(f"{results(sha)}/{number}").status_code == 200
    assert client.get(f"{results(sha).replace('Web', 'App')}/{number}").status_code == 404
    assert client.get(f"{results('0' * 40)}/{number}").status_code == 404


@pytest.mark.row("PB-138", "PB-140")
def test_a_deleted_result_gives_way_to_the_one_before_it(client, sha):
    post(client, sha, success=True)
    number = post(client, sha, success=False).headers["location"].rsplit("/", 1)[1]
    assert client.get(f"{results(sha)}/latest").json()["success"] is False

    response = client.delete(f"{results(sha)}/{number}")

    assert (response.status_code, response.content) == (204, b"")
    assert client.get(f"{results(sha)}/{number}").status_code == 404
    assert client.get(f"{results(sha)}/latest").json()["success"] is True
    assert client.delete(f"{results(sha)}/{number}").status_code == 404


@pytest.mark.row("PB-139")
def test_the_newest_result_is_found_by_content_by_version_and_by_latest_contract(client, world, sha):
    post(client, sha, success=False)
    newest = post(client, sha, providerApplicationVersion="8").json()
    paths = [
        f"{results(sha)}/latest",
        f"{PAIR}/version/1/verification-results/latest",
        f"{PAIR}/latest/verification-results/latest",
        f"{PAIR}/latest/any-tag/verification-results/latest",
    ]
    for path in paths:
        response = client.get(path)
        assert (response.status_code, response.headers["content-type"]) == (200, HAL)
        assert response.json() == newest
    world.published("Web 2", to="Orders", content="other")
    for path in (
        paths[2],
        f"{PAIR}/version/2/verification-results/latest",
        f"{PAIR}/version/9/verification-results/latest",
    ):
        response = client.get(path)
        assert (response.status_code, response.json()) == (404, NOT_FOUND)


@pytest.mark.row("PB-140")
@pytest.mark.parametrize("last", [True, False])
def test_the_last_result_of_a_provider_version_decides(client, broker, sha, last):
    post(client, sha, success=not last)

    post(client, sha, success=last)

    with broker.engine.connect() as connection:
        heads = connection.exec_driver_sql("SELECT success FROM verification_head").scalars().all()
    assert [bool(head) for head in heads] == [last]


@pytest.mark.row("PB-141")
def test_a_consumer_version_knows_how_it_stands_with_all_its_providers(client, broker, world):
    world.published("Web 1", to=["Zeta", "Orders", "Billing", "Mail"], branch="main")
    world.verified("Zeta 1", "Web 1").verified("Orders 9", "Web 1").verified("Billing 3", "Web 1", success=False)
    zeta, orders, billing = (
        client.get(f"/pacts/provider/{name}/consumer/Web/version/1/verification-results/latest").json()
        for name in ("Zeta", "Orders", "Billing")
    )
    path = "/verification-results/consumer/Web/version/1/latest"

    response = client.get(path)

    assert (response.status_code, response.headers["content-type"]) == (200, HAL)
    assert response.json() == {
        "success": False,
        "providerSummary": {"successful": ["Orders", "Zeta"], "failed": ["Billing"], "unknown": ["Mail"]},
        "_embedded": {"verificationResults": [billing, orders, zeta]},
        "_links": {"self": {"href": broker.url + path, "title": "Latest verification results"}},
    }
    world.verified("Billing 4", "Web 1").verified("Mail 1", "Web 1")
    assert client.get(path).json()["success"] is True
    world.on_branch("Web 2", "main")
    nothing = client.get("/verification-results/consumer/Web/version/2/latest").json()
    assert (nothing["success"], nothing["_embedded"]) == (True, {"verificationResults": []})
    assert client.get("/verification-results/consumer/Web/version/9/latest").json() == NOT_FOUND


@pytest.mark.row("PB-142")
def test_a_result_that_triggered_nothing_says_so(client, broker, sha):
    number = post(client, sha).headers["location"].rsplit("/", 1)[1]
    path = f"{results(sha)}/{number}/triggered-webhooks"

    response = client.get(path)

    assert (response.status_code, response.headers["content-type"]) == (200, HAL)
    assert response.json() == {
        "_embedded": {"triggeredWebhooks": []},
        "_links": {
            "self": {
                "href": broker.url + path,
                "title": f"Webhooks triggered by the publication of verification result {number}",
            }
        },
    }
    assert client.get(f"{results(sha)}/999999/triggered-webhooks").status_code == 404


@pytest.mark.row("PB-143")
@pytest.mark.parametrize(
    ("metadata", "marks"),
    [
        (segment("w=true"), {"ts:wip": True}),
        (segment("p=true"), {"ts:pending": True}),
        (segment("s%5B%5D%5Bl%5D=true&s%5B%5D%5Bcv%5D=1&p=false"), {"ts:pending": False}),
        ("not-base64!", {}),
        (segment("cvn=1"), {}),
    ],
)
def test_the_link_remembers_whether_a_contract_was_pending_or_in_progress(client, broker, sha, metadata, marks):
    response = post(client, sha, metadata)

    made = response.json()
    number = response.headers["location"].rsplit("/", 1)[1]
    assert response.status_code == 201
    assert response.headers["location"] == f"{broker.url}{results(sha)}/{number}"
    assert made == document(broker.url, sha, number, verificationDate=made["verificationDate"], **marks)
    assert client.get(f"{results(sha)}/{number}").json() == made


def test_the_extended_type_adds_the_tags_of_the_provider_version(client, broker, world, sha):
    world.tagged("Orders 9", "main", "prod").tagged("Orders 10", "main")
    number = post(client, sha).headers["location"].rsplit("/", 1)[1]
    extended = "application/vnd.pactbrokerextended.v1+json"

    response = client.get(f"{results(sha)}/{number}", headers={"accept": extended})

    assert response.headers["content-type"] == f"{extended};charset=utf-8"
    tag = f"{broker.url}/pacticipants/Orders/versions/9/tags"
    assert response.json()["_embedded"] == {
        "tags": [
            {
                "name": name,
                "latest": latest,
                "_links": {"self": {"href": f"{tag}/{name}", "title": "Tag", "name": name}},
            }
            for name, latest in (("main", False), ("prod", True))
        ]
    }


def test_a_report_may_hold_what_no_database_column_takes(client, sha):
    body = (
        b'{"success":false,"providerApplicationVersion":"9","testResults":'
        b'[{"interactionDescription":"a\\u0000b","success":false}],"verifiedBy":{"implementation":"a\\u0000b"}}'
    )

    response = client.post(results(sha), content=body, headers={"content-type": "application/json"})

    assert response.status_code == 201
    assert response.json()["testResults"] == [{"interactionDescription": "a\0b", "success": False}]
    assert response.json()["verifiedBy"] == {"implementation": "a\0b"}
    assert client.get(response.headers["location"]).json() == {
        name: value for name, value in response.json().items() if name != "ts:failing"
    }


def test_numbers_in_a_report_stay_as_they_were_written(client, sha):
    numbers = b"[1,1.0,1e2,12345678901234567890123,0.1000]"
    body = b'{"success":true,"providerApplicationVersion":"9","testResults":' + numbers + b"}"

    response = client.post(results(sha), content=body, headers={"content-type": "application/json"})

    assert b'"testResults":[1,1.0,1' in response.content
    assert b"12345678901234567890123,0.1000]" in response.content
