"""`GET /matrix`: rows, decision and reasons, over HTTP, whole documents compared."""

import pytest

GIVE_NUMBER = (
    "It is recommended to give the version number, rather than a tag or branch: "
    "another build may move those between the question and the deployment"
)
NAME_ENVIRONMENT = (
    "It is recommended to name the environment that the version is to be deployed to; "
    "without it, the result of can-i-deploy is not reliable"
)
ALL_GOOD = "All required verification results are published and successful"
TO_PRODUCTION = "latestby=cvpv&environment=production"


def of(name, **members):
    return "&".join([f"q[][pacticipant]={name}", *(f"q[][{key}]={value}" for key, value in members.items())])


def summary(document):
    found = document["summary"]
    return found["deployable"], found["ts:verdict"], (found["success"], found["failed"], found["unknown"])


def reasons(document):
    return [(notice["type"], notice["text"]) for notice in document["notices"]]


def sha_of(world, version, provider):
    href = world.pact_of(version, provider)["_links"]["pb:publish-verification-results"]["href"]
    return href.split("/pact-version/")[1].split("/")[0]


@pytest.mark.row("PB-193", "PB-194", "PB-024")
def test_a_verified_version_may_go_and_the_whole_document_says_why(client, world, docs, expect):
    world.published("Web 1", to="Orders", branch="main", tags=["dev"]).on_branch("Orders 7", "main")
    world.verified("Orders 7", "Web 1").deployed("Orders 7", to="production").deployed("Web 1", to="production")

    answer = client.get(f"/matrix?{of('Web', version='1')}&{TO_PRODUCTION}")

    live = [docs.place("production", production=True)]
    expect(
        answer,
        200,
        {
            "summary": {
                "deployable": True,
                "reason": ALL_GOOD,
                "success": 1,
                "failed": 0,
                "unknown": 0,
                "ts:verdict": "yes",
                "ts:causes": [],
            },
            "notices": [{"type": "success", "text": ALL_GOOD}],
            "matrix": [
                docs.row(
                    ("Web", docs.version("Web", "1", branches={"main": True}, tags={"dev": True}, live=live)),
                    ("Orders", docs.version("Orders", "7", branches={"main": True}, live=live)),
                    sha_of(world, "Web 1", "Orders"),
                    1,
                    True,
                )
            ],
        },
    )


@pytest.mark.row("PB-194", "PB-195")
def test_a_contract_that_the_version_at_the_destination_never_verified_is_unknown(client, world, docs, expect):
    world.published("Web 1", to="Orders").verified("Orders 6", "Web 1")
    world.on_branch("Orders 7", "main").deployed("Orders 7", to="production")

    answer = client.get(f"/matrix?{of('Web', version='1')}&{TO_PRODUCTION}")

    text = "There is no verified pact between version 1 of Web and the version of Orders currently in production (7)"
    expect(
        answer,
        200,
        {
            "summary": {
                "deployable": None,
                "reason": text,
                "success": 0,
                "failed": 0,
                "unknown": 1,
                "ts:verdict": "unknown",
                "ts:causes": [
                    {
                        "kind": "not-verified",
                        "sentence": "Orders 7 has not verified the contract of Web 1.",
                        "consumer": {"name": "Web", "version": "1"},
                        "provider": {"name": "Orders", "version": None},
                        "unblockedBy": {"pacticipant": "Orders", "role": "provider"},
                        "nextCommand": "tallystick verify {base}/pacts/provider/Orders/consumer/Web/version/1 "
                        '--provider-base-url "$PROVIDER_URL" --broker-base-url {base} --provider-version 7 '
                        "--provider-version-branch main --publish",
                        "live": [],
                    }
                ],
            },
            "notices": [{"type": "error", "text": text}],
            "matrix": [docs.row(("Web", docs.version("Web", "1")), ("Orders", None))],
        },
    )


@pytest.mark.row("PB-188")
@pytest.mark.parametrize(("left", "right"), [("[", "]"), ("%5B", "%5D")])
def test_brackets_may_be_raw_or_encoded_and_a_repeated_member_starts_a_selector(client, world, table, left, right):
    world.published("Web 1", to="Orders").published("Web 2", to="Orders", content="other")
    world.verified("Orders 7", "Web 1").verified("Orders 8", "Web 2")
    query = f"{of('Web', version='2')}&{of('Orders', version='8')}".replace("[", left).replace("]", right)

    answer = client.get(f"/matrix?{query}&latestby=cvpv")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/hal+json;charset=utf-8"
    assert table(answer.json()) == [("Web", "2", "Orders", "8", True)]


@pytest.fixture
def many(world):
    """Web 1 to 4 on branches, with tags and in environments; Orders 7 verified all but Web 4, which fails."""
    world.published("Web 1", to="Orders", branch="main", tags=["prod"], content="one")
    world.published("Web 2", to="Orders", branch="main", tags=["prod"], content="two")
    world.published("Web 3", to="Orders", branch="feat/x", content="three")
    world.published("Web 4", to="Orders", branch="feat/x", content="four")
    for number in "123":
        world.verified("Orders 7", f"Web {number}")
    return world.verified("Orders 7", "Web 4", success=False).deployed("Web 1", to="test").released("Web 3", to="test")


@pytest.mark.row("PB-189")
@pytest.mark.parametrize(
    ("members", "numbers"),
    [
        ({"version": "2"}, ["2"]),
        ({"latest": "true"}, ["4"]),
        ({"tag": "prod"}, ["2", "1"]),
        ({"tag": "prod", "latest": "true"}, ["2"]),
        ({"branch": "feat%2Fx"}, ["4", "3"]),
        ({"branch": "feat%2Fx", "latest": "true"}, ["4"]),
        ({"mainBranch": "true"}, ["2", "1"]),
        ({"mainBranch": "true", "latest": "true"}, ["2"]),
        ({"environment": "test"}, ["3", "1"]),
        ({"environment": "test", "latest": "true"}, ["3"]),
        ({"branch": "main", "tag": "prod", "version": "1"}, ["1"]),
        ({}, ["4", "3", "2", "1"]),
    ],
)
def test_every_member_of_a_selector(ask, many, table, members, numbers):
    document = ask(f"{of('Web', **members)}&{of('Orders')}&latestby=cvp")
    expected = [("Web", number, "Orders", "7", number != "4") for number in numbers]
    assert table(document) == expected


@pytest.mark.row("PB-190")
@pytest.mark.parametrize(
    ("destination", "partners"),
    [
        ("environment=test", {"1", "3"}),
        ("tag=prod", {"1", "2"}),
        ("tag=prod&latest=true", {"2"}),
        ("latest=true", {"4"}),
        ("mainBranch=true&latest=true", {"2"}),
        ("mainBranch=true", {"1", "2"}),
    ],
)
def test_a_destination_selects_versions_of_the_partners(ask, many, table, destination, partners):
    document = ask(f"{of('Orders', version='7')}&latestby=cvpv&{destination}")
    assert {row[1] for row in table(document)} == partners


@pytest.mark.row("PB-191", "PB-213")
def test_groups_of_rows(ask, world, table):
    world.published("Web 1", to="Orders", content="one").published("Web 2", to="Orders", content="two")
    world.verified("Orders 7", "Web 1").verified("Orders 8", "Web 1").verified("Orders 7", "Web 2")
    both = f"{of('Web')}&{of('Orders')}"
    assert table(ask(f"{both}&latestby=cvpv")) == [
        ("Web", "2", "Orders", "7", True),
        ("Web", "1", "Orders", "8", True),
        ("Web", "1", "Orders", "7", True),
    ]
    assert table(ask(f"{both}&latestby=cvp")) == [
        ("Web", "2", "Orders", "7", True),
        ("Web", "1", "Orders", "8", True),
    ]
    assert table(ask(f"{both}&latestby=cp")) == [("Web", "1", "Orders", "8", True)]


@pytest.mark.row("PB-192")
def test_everything_wrong_with_a_question_is_an_array_of_sentences(client, world, expect):
    world.participant("Web")
    query = f"{of('Web', version='1', latest='true')}&{of('Nobody')}&q[][pacticipant]=&q[][version]=3"
    answer = client.get(f"/matrix?{query}&tag=x&environment=moon&latest=true&limit=0&ignore[][version]=1")
    expect(
        answer,
        400,
        {
            "errors": [
                "The limit must be a whole number greater than or equal to 1 (not '0')",
                "A version number and the latest flag cannot both be specified for Web",
                "Please specify the pacticipant name in each selector",
                "Pacticipant Nobody not found",
                "Please specify the pacticipant name to ignore",
                "Cannot specify more than one of tag, environment and mainBranch as the destination",
                "Cannot specify both latest and environment: everything in the environment is considered",
                "Environment with name 'moon' does not exist",
            ]
        },
    )
    expect(
        client.get("/matrix"),
        400,
        {"errors": ["Please provide 1 or more version selectors: q[][pacticipant]=NAME&q[][version]=NUMBER"]},
    )


@pytest.mark.row("PB-196")
def test_a_provider_may_go_where_its_consumer_is_not(client, world, expect):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1", success=False).environment("production")
    expect(
        client.get(f"/matrix?{of('Orders', version='7')}&{TO_PRODUCTION}"),
        200,
        {
            "summary": {
                "deployable": True,
                "reason": "There are no missing dependencies",
                "success": 0,
                "failed": 0,
                "unknown": 0,
                "ts:verdict": "yes",
                "ts:causes": [],
            },
            "notices": [{"type": "success", "text": "There are no missing dependencies"}],
            "matrix": [],
        },
    )


@pytest.mark.row("PB-197")
def test_a_consumer_must_wait_for_its_provider_to_be_there(client, world, docs, expect):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").environment("production")
    text = (
        "There is no verified pact between version 1 of Web and a version of Orders in production "
        "(no version is currently recorded as deployed/released in this environment)"
    )
    expect(
        client.get(f"/matrix?{of('Web', version='1')}&{TO_PRODUCTION}"),
        200,
        {
            "summary": {
                "deployable": None,
                "reason": text,
                "success": 0,
                "failed": 0,
                "unknown": 1,
                "ts:verdict": "unknown",
                "ts:causes": [
                    {
                        "kind": "partner-absent",
                        "sentence": "Web 1 needs Orders, of which no version is recorded in production. Orders 7 "
                        "fulfils the contract. Deploy it there first; if it runs there already, record it.",
                        "consumer": {"name": "Web", "version": "1"},
                        "provider": {"name": "Orders", "version": None},
                        "unblockedBy": {"pacticipant": "Orders", "role": "provider"},
                        "nextCommand": "tallystick record-deployment --pacticipant Orders --version 7 --environment "
                        "production --broker-base-url {base}",
                        "live": [],
                    }
                ],
            },
            "notices": [{"type": "error", "text": text}],
            "matrix": [docs.row(("Web", docs.version("Web", "1")), ("Orders", None))],
        },
    )


@pytest.mark.row("PB-198")
def test_a_version_nobody_knows_is_a_no_with_one_reason(client, world, expect):
    world.published("Web 1", to="Orders").deployed("Web 1", to="production")
    text = "No pacts or verifications have been published for version 9 of Web"
    expect(
        client.get(f"/matrix?{of('Web', version='9')}&{TO_PRODUCTION}"),
        200,
        {
            "summary": {
                "deployable": False,
                "reason": text,
                "success": 0,
                "failed": 0,
                "unknown": 0,
                "ts:verdict": "unanswerable",
                "ts:causes": [
                    {
                        "kind": "no-such-version",
                        "sentence": "The broker has never heard of version 9 of Web: it published no contract and no "
                        "verification result.",
                        "unblockedBy": {"pacticipant": "Web", "role": "consumer"},
                        "nextCommand": "tallystick publish pacts/Web-*.json --consumer-app-version 9 "
                        "--broker-base-url {base}",
                    }
                ],
            },
            "notices": [{"type": "error", "text": text}],
            "matrix": [],
        },
    )


@pytest.mark.row("PB-199")
def test_a_version_without_contracts_may_go(ask, world):
    world.on_branch("Web 1", "main").environment("production")
    document = ask(f"{of('Web', version='1')}&{TO_PRODUCTION}")
    assert summary(document) == (True, "yes", (0, 0, 0))
    assert reasons(document) == [("success", "There are no missing dependencies")]
    assert document["summary"]["ts:help"] == [
        "Nothing was checked: what was asked about of Web has no contract with any application. A consumer begins by "
        'publishing one: tallystick publish pacts/*.json --consumer-app-version "$VERSION"'
    ]


@pytest.mark.row("PB-200")
def test_a_failure_together_with_something_owed_is_null_for_pact_and_no_for_us(ask, world, table):
    world.published("Web 1", to=["Orders", "Stock"]).verified("Orders 7", "Web 1", success=False)
    world.on_branch("Stock 3", "main").deployed("Orders 7", to="production").deployed("Stock 3", to="production")
    document = ask(f"{of('Web', version='1')}&{TO_PRODUCTION}")
    assert summary(document) == (None, "no", (0, 1, 1))
    assert table(document) == [("Web", "1", "Orders", "7", False), ("Web", "1", "Stock", None, None)]
    assert reasons(document) == [
        (
            "error",
            "The verification for the pact between version 1 of Web and the version of Orders currently in production "
            "(7) failed",
        ),
        (
            "error",
            "There is no verified pact between version 1 of Web and the version of Stock currently in production (3)",
        ),
    ]


@pytest.mark.row("PB-201")
def test_content_that_was_verified_before_is_verified_at_once(ask, world, table):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1").deployed("Orders 7", to="production")
    world.published("Web 2", to="Orders")
    document = ask(f"{of('Web', version='2')}&{TO_PRODUCTION}")
    assert summary(document) == (True, "yes", (1, 0, 0))
    assert table(document) == [("Web", "2", "Orders", "7", True)]


@pytest.mark.row("PB-202", "PB-203")
@pytest.mark.parametrize("entry", ["ignore[][pacticipant]=Orders", "ignore[][pacticipant]=Orders&ignore[][version]=7"])
def test_ignored_rows_do_not_count_come_last_and_are_listed_as_waived(client, world, docs, expect, entry):
    world.published("Web 1", to=["Orders", "Stock"]).verified("Orders 7", "Web 1", success=False)
    world.verified("Stock 3", "Web 1").deployed("Orders 7", to="production").deployed("Stock 3", to="production")
    live = [docs.place("production", production=True)]
    web = ("Web", docs.version("Web", "1"))
    expect(
        client.get(f"/matrix?{of('Web', version='1')}&{TO_PRODUCTION}&{entry}&ignore[][pacticipant]=Nobody"),
        200,
        {
            "summary": {
                "deployable": True,
                "reason": f"Cannot ignore Nobody: it does not exist in this broker\n{ALL_GOOD}",
                "success": 1,
                "failed": 0,
                "unknown": 0,
                "ignored": 1,
                "ts:verdict": "yes",
                "ts:causes": [],
                "ts:waived": [
                    {"consumer": {"name": "Web", "version": "1"}, "provider": {"name": "Orders", "version": "7"}}
                ],
            },
            "notices": [
                {"type": "warning", "text": "Cannot ignore Nobody: it does not exist in this broker"},
                {"type": "success", "text": ALL_GOOD},
            ],
            "matrix": [
                docs.row(
                    web, ("Stock", docs.version("Stock", "3", live=live)), sha_of(world, "Web 1", "Stock"), 2, True
                ),
                docs.row(
                    web,
                    ("Orders", docs.version("Orders", "7", live=live)),
                    sha_of(world, "Web 1", "Orders"),
                    1,
                    False,
                    ignored=True,
                ),
            ],
        },
    )


@pytest.mark.row("PB-204")
def test_warnings_for_questions_that_are_not_reliable(ask, world):
    world.published("Web 1", to="Orders", branch="main").verified("Orders 7", "Web 1").environment("production")
    assert reasons(ask(f"{of('Web', version='1')}&latest=true&latestby=cvp")) == [
        ("warning", NAME_ENVIRONMENT),
        ("success", ALL_GOOD),
    ]
    assert reasons(ask(f"{of('Orders', latest='true')}&{TO_PRODUCTION}")) == [
        ("warning", GIVE_NUMBER),
        ("success", "There are no missing dependencies"),
    ]


@pytest.mark.row("PB-205")
@pytest.mark.parametrize(
    ("query", "reason"),
    [
        (of("Web", tag="x"), "No version with tag x exists for Web"),
        (of("Web", branch="x"), "No version of Web from branch x exists"),
        (of("Stock", mainBranch="true"), "No version of Stock from the main branch exists"),
        (
            of("Web", environment="test"),
            "No version of Web is currently recorded as deployed or released in environment test",
        ),
        (of("Web", version="9"), "No pacts or verifications have been published for version 9 of Web"),
        (of("Stock", latest="true"), "No pacts or verifications have been published for Stock"),
    ],
)
def test_each_way_of_not_existing_has_its_reason_and_is_the_only_error(ask, world, query, reason):
    world.published("Web 1", to="Orders", branch="main").verified("Orders 7", "Web 1", success=False)
    world.environment("test").participant("Stock").deployed("Orders 7", to="production")
    document = ask(f"{query}&{TO_PRODUCTION}")
    assert [text for kind, text in reasons(document) if kind == "error"] == [reason]
    assert summary(document)[:2] == (False, "unanswerable")


@pytest.mark.row("PB-205")
@pytest.mark.parametrize(
    ("web", "orders", "words"),
    [
        ({"version": "1"}, {"version": "7"}, "version 1 of Web and version 7 of Orders"),
        ({"latest": "true"}, {}, "the latest version of Web (1) and version 7 of Orders"),
        ({"tag": "dev"}, {"version": "7"}, "a version of Web with tag dev (1) and version 7 of Orders"),
        (
            {"tag": "dev", "latest": "true"},
            {"version": "7"},
            "the latest version of Web with tag dev (1) and version 7 of Orders",
        ),
        ({"branch": "main"}, {"version": "7"}, "the version of Web from branch main (1) and version 7 of Orders"),
        (
            {"branch": "main", "latest": "true"},
            {"version": "7"},
            "the latest version of Web from branch main (1) and version 7 of Orders",
        ),
        (
            {"environment": "production"},
            {"version": "7"},
            "the version of Web currently in production (1) and version 7 of Orders",
        ),
        ({}, {"latest": "true"}, "version 1 of Web and the latest version of Orders (7)"),
    ],
)
def test_a_failure_names_both_sides_as_the_question_did(ask, world, web, orders, words):
    world.published("Web 1", to="Orders", branch="main", tags=["dev"]).verified("Orders 7", "Web 1", success=False)
    world.deployed("Web 1", to="production")
    document = ask(f"{of('Web', **web)}&{of('Orders', **orders)}&latestby=cvpv")
    web_is_open, orders_is_open = not web, not orders
    expected = words
    if web_is_open:
        expected = expected.replace("version 1 of Web", "any version of Web")
    if orders_is_open:
        expected = expected.replace("version 7 of Orders", "any version of Orders")
    assert ("error", f"The verification for the pact between {expected} failed") in reasons(document)


@pytest.mark.row("PB-206")
def test_the_limit_cuts_printed_rows_and_never_the_decision(ask, world, table):
    world.published("Web 1", to="Orders", content="one").verified("Orders 7", "Web 1", success=False)
    world.published("Web 2", to="Orders", content="two").verified("Orders 7", "Web 2")
    document = ask(f"{of('Web')}&{of('Orders', version='7')}&latestby=cvp&limit=1")
    assert table(document) == [("Web", "2", "Orders", "7", True)]
    assert summary(document) == (False, "no", (1, 1, 0))


@pytest.mark.row("PB-206")
def test_a_hundred_rows_are_printed_unless_more_are_asked_for(ask, world):
    world.published("Web 1", to="Orders")
    for number in range(101):
        world.verified(f"Orders {number}", "Web 1")
    query = f"{of('Web', version='1')}&{of('Orders')}&latestby=cvpv"
    assert len(ask(query)["matrix"]) == 100
    assert len(ask(f"{query}&limit=1000")["matrix"]) == 101


@pytest.mark.row("PB-207")
@pytest.mark.parametrize(
    ("keep", "numbers"),
    [
        ("success[]=true", ["1"]),
        ("success[]=false", ["2"]),
        ("success[]=", ["3"]),
        ("success[]=false&success[]=", ["3", "2"]),
        ("success=true", ["1"]),
    ],
)
def test_rows_kept_by_their_result(ask, world, table, keep, numbers):
    world.published("Web 1", to="Orders", content="one").verified("Orders 7", "Web 1")
    world.published("Web 2", to="Orders", content="two").verified("Orders 7", "Web 2", success=False)
    world.published("Web 3", to="Orders", content="three")
    document = ask(f"{of('Web')}&{of('Orders')}&latestby=cvpv&{keep}")
    assert [row[1] for row in table(document)] == numbers


@pytest.mark.row("PB-208")
def test_rows_go_by_consumer_then_newest_version_then_provider_with_the_unverified_first(ask, world, table):
    world.published("Web 1", to=["Stock", "Orders"]).published("App 1", to="Orders").published("Web 2", to="Orders")
    world.verified("Orders 7", "Web 1").verified("Orders 8", "Web 1").published("Web 3", to="Orders", content="new")
    document = ask(f"{of('Web')}&{of('App')}&{of('Orders')}&{of('Stock')}&latestby=cvpv")
    assert table(document) == [
        ("App", "1", "Orders", None, None),
        ("Web", "3", "Orders", None, None),
        ("Web", "2", "Orders", "8", True),
        ("Web", "2", "Orders", "7", True),
        ("Web", "1", "Orders", "8", True),
        ("Web", "1", "Orders", "7", True),
        ("Web", "1", "Stock", None, None),
    ]


@pytest.mark.row("PB-209")
def test_the_matrix_as_a_table_of_text(client, world, expect):
    world.published("Web 1", to="Orders", content="one").verified("Orders 7", "Web 1", success=False)
    world.published("Web 2", to="Orders", content="two")
    answer = client.get(f"/matrix?{of('Web')}&{of('Orders')}&latestby=cvpv", headers={"Accept": "text/plain"})
    expect(
        answer,
        200,
        "CONSUMER | C_VERSION | REVISION | PROVIDER | P_VERSION | NUMBER | SUCCESS\n"
        "---------|-----------|----------|----------|-----------|--------|--------\n"
        "Web      | 2         | 1        | Orders   |           |        |\n"
        "Web      | 1         | 1        | Orders   | 7         | 1      | false\n"
        "\n"
        "Deployable: nil\n"
        "Reason: The verification for the pact between any version of Web and any version of Orders failed\n"
        "There is no verified pact between any version of Web and any version of Orders\n",
        media="text/plain",
    )


@pytest.mark.row("PB-210")
def test_can_i_merge_weighs_a_branch_against_the_main_branches_of_its_partners(ask, world, table):
    world.published("Web 1", to="Orders", branch="main", content="one").on_branch("Orders 7", "main")
    world.verified("Orders 7", "Web 1").on_branch("Orders 8", "feat/x").published(
        "Web 2", to="Orders", branch="feat/y", content="two"
    )
    world.verified("Orders 8", "Web 2")
    query = "mainBranch=true&latest=true&latestby=cvp"
    merged = ask(f"{of('Web', version='1')}&{query}")
    assert (summary(merged), table(merged)) == ((True, "yes", (1, 0, 0)), [("Web", "1", "Orders", "7", True)])
    open_ = ask(f"{of('Web', version='2')}&{query}")
    assert (summary(open_), table(open_)) == ((None, "unknown", (0, 0, 1)), [("Web", "2", "Orders", None, None)])


@pytest.mark.row("PB-211")
def test_all_rows_of_a_pair_and_who_is_unknown(client, world, table, expect):
    world.published("Web 1", to="Orders").published("Web 2", to=["Orders", "Stock"]).verified("Orders 7", "Web 1")
    answer = client.get("/matrix/provider/Orders/consumer/Web")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/hal+json;charset=utf-8")
    assert table(answer.json()) == [("Web", "2", "Orders", "7", True), ("Web", "1", "Orders", "7", True)]
    assert table(client.get("/matrix/provider/Orders/consumer/Web?limit=1").json()) == [
        ("Web", "2", "Orders", "7", True)
    ]
    for provider, consumer, sentence in (
        ("Nobody", "Web", "No provider with name 'Nobody' found"),
        ("Orders", "Nobody", "No consumer with name 'Nobody' found"),
    ):
        expect(client.get(f"/matrix/provider/{provider}/consumer/{consumer}"), 404, {"error": sentence})
    assert client.get("/matrix/provider/Orders/consumer/Web", headers={"Accept": "text/plain"}).status_code == 406


@pytest.mark.row("PB-215")
def test_history_is_seen_only_without_latestby(broker_with, world_of, table):
    world = world_of(broker_with(allow_dangerous_contract_modification=True))
    world.put_pact("Web 1", to="Orders", content="one").verified("Orders 7", "Web 1", success=False)
    world.verified("Orders 7", "Web 1").put_pact("Web 1", to="Orders", content="two")
    both = f"/matrix?{of('Web')}&{of('Orders')}"
    assert table(world.client.get(f"{both}&latestby=cvpv").json()) == [("Web", "1", "Orders", None, None)]
    assert table(world.client.get(both).json()) == [
        ("Web", "1", "Orders", None, None),
        ("Web", "1", "Orders", "7", True),
        ("Web", "1", "Orders", "7", False),
    ]


def test_a_contract_with_itself_is_weighed_in_both_roles(ask, world, table):
    world.published("Web 1", to="Web").verified("Web 1", "Web 1").environment("production")
    document = ask(f"{of('Web', version='1')}&{TO_PRODUCTION}")
    assert table(document) == [("Web", "1", "Web", "1", True)]
    assert summary(document)[:2] == (True, "yes")
