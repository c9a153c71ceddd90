"""The document of pacts for verification: whole, strict enough for every client, and refusals."""

import pytest

HAL = "application/hal+json;charset=utf-8"
PATH = "/pacts/provider/Orders/for-verification"


@pytest.mark.row("PB-099", "PB-125", "PB-126")
def test_the_answer_whole(world, ask, broker, remembered):
    world.published("Web 1", to="Orders", branch="main").deployed("Web 1", to="production")
    sha = world.pact_of("Web 1", "Orders")["_links"]["pb:pact-version"]["name"]
    content = f"{broker.url}/pacts/provider/Orders/consumer/Web/pact-version/{sha}"

    document = ask(
        "Orders",
        {"mainBranch": True},
        {"deployed": True},
        providerVersionBranch="main",
        includePendingStatus=True,
    )

    [pact] = document["_embedded"]["pacts"]
    href = pact["_links"]["self"]["href"]
    assert href.startswith(content + "/metadata/")
    version = remembered(href).split("s[][cv]=")[1].split("&")[0]
    assert remembered(href) == f"s[][l]=true&s[][cv]={version}&s[][e]=production&s[][cv]={version}&p=true"
    assert document == {
        "_embedded": {
            "pacts": [
                {
                    "shortDescription": "latest from main branch, deployed to production",
                    "verificationProperties": {
                        "pending": True,
                        "notices": [
                            {
                                "when": "before_verification",
                                "text": f"The contract at {content} is verified because it belongs to:\n"
                                "    * newest version on the main branch of Web (1)\n"
                                "    * consumer versions of Web deployed to production (1)",
                            },
                            {
                                "when": "before_verification",
                                "text": "This contract is pending: a version of the provider from branch main has "
                                "never verified it successfully. A failure does not fail this build.",
                            },
                            {
                                "when": "after_verification:success_true_published_false",
                                "text": "This contract stays pending: the successful result was not published.",
                            },
                            {
                                "when": "after_verification:success_true_published_true",
                                "text": "This contract is no longer pending: it was verified successfully by a version "
                                "from branch main, and the result is published.",
                            },
                            {
                                "when": "after_verification:success_false_published_false",
                                "text": "This contract stays pending: it was not verified successfully, and nothing "
                                "was published.",
                            },
                            {
                                "when": "after_verification:success_false_published_true",
                                "text": "This contract stays pending until a successful verification by a version from "
                                "branch main is published.",
                            },
                        ],
                    },
                    "ts:reasons": [
                        {
                            "kind": "mainBranch",
                            "consumer": "Web",
                            "consumerVersion": "1",
                            "branch": "main",
                            "text": "newest version on the main branch of Web (1)",
                        },
                        {
                            "kind": "deployed",
                            "consumer": "Web",
                            "consumerVersion": "1",
                            "environment": "production",
                            "text": "a version of Web deployed to production (1)",
                        },
                    ],
                    "_links": {"self": {"href": href, "name": "Pact between Web (1) and Orders"}},
                }
            ]
        },
        "_links": {
            "self": {"href": broker.url + PATH, "title": "Pacts to be verified by provider Orders"},
            "ts:owed-verifications": {
                "href": f"{broker.url}/pacticipants/Orders/owed-verifications",
                "title": "Verifications owed",
            },
        },
    }


@pytest.mark.row("PB-125", "PB-126")
def test_a_contract_verified_before_says_so_and_says_nothing_of_afterwards(world, ask):
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 1", "main").verified("Orders 1", "Web 1")

    document = ask("Orders", {"mainBranch": True}, providerVersionBranch="main", includePendingStatus=True)

    [pact] = document["_embedded"]["pacts"]
    notices = pact["verificationProperties"]["notices"]
    assert pact["verificationProperties"]["pending"] is False
    assert [notice["when"] for notice in notices] == ["before_verification", "before_verification"]
    assert notices[1]["text"] == (
        "This contract was verified successfully by a version of the provider from branch main before. "
        "A failure fails this build."
    )


@pytest.mark.row("PB-127")
def test_the_link_leads_to_the_contract_and_its_results_keep_what_it_remembers(world, ask, client):
    world.published("Web 1", to="Orders", branch="main")
    [pact] = ask("Orders", {"mainBranch": True}, includePendingStatus=True)["_embedded"]["pacts"]
    segment = pact["_links"]["self"]["href"].rsplit("/", 1)[1]
    assert set(segment) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")

    document = client.get(pact["_links"]["self"]["href"]).json()
    publish = document["_links"]["pb:publish-verification-results"]["href"]
    result = client.post(publish, json={"success": False, "providerApplicationVersion": "1"})

    assert f"/metadata/{segment}/verification-results" in publish
    assert result.json()["ts:pending"] is True


@pytest.mark.row("PB-098")
def test_get_tells_where_to_post(world, client, broker):
    world.published("Web 1", to="Orders", branch="main")

    response = client.get(PATH, headers={"accept": "application/hal+json, application/json"})

    document = response.json()
    assert (response.status_code, response.headers["content-type"]) == (200, HAL)
    assert document["_links"]["self"]["href"] == broker.url + PATH
    [pact] = document["_embedded"]["pacts"]
    assert pact["shortDescription"] == "latest from main branch"
    assert "pending" not in pact["verificationProperties"]
    assert client.post(document["_links"]["self"]["href"], json={}).status_code == 200


@pytest.mark.row("PB-128")
def test_the_deprecated_get_takes_selectors_and_says_that_it_is_deprecated(world, client):
    world.published("Web 1", to="Orders", tags=["a"], content="1").published(
        "Web 2", to="Orders", tags=["b"], content="2"
    )
    world.published("Web 3", to="Orders", tags=["b"], content="3")

    response = client.get(
        f"{PATH}?consumer_version_selectors[][tag]=a&consumer_version_selectors[][tag]=b"
        "&consumer_version_selectors[][latest]=true&include_pending_status=true&provider_version_tags[]=main"
    )

    assert response.status_code == 200
    pacts = response.json()["_embedded"]["pacts"]
    assert [pact["shortDescription"] for pact in pacts] == ["one of a", "latest with tag b"]
    for pact in pacts:
        assert pact["verificationProperties"]["pending"] is True
        assert pact["verificationProperties"]["notices"][0] == {
            "when": "before_verification",
            "text": "Contracts to verify were asked for with GET, which is deprecated: upgrade the verifier to one "
            "that POSTs.",
        }
    wrong = client.get(f"{PATH}?consumer_version_selectors[][latest]=true")
    assert wrong.status_code == 400
    assert wrong.json() == {"errors": {"consumer_version_selectors": ["tag is missing (at index 0)"]}}


@pytest.mark.row("PB-100")
def test_an_unknown_provider_is_404_and_another_content_type_415(client, world):
    unknown = [client.get(PATH), client.post(PATH, json={"consumerVersionSelectors": [{"mainBranch": True}]})]
    world.published("Web 1", to="Orders")
    text = client.post(PATH, content=b"{}", headers={"content-type": "text/plain"})
    odd = client.post(PATH, content=b"{}", headers={"content-type": "application/vnd.x+json"})

    for response in unknown:
        assert (response.status_code, response.headers["content-type"]) == (404, HAL)
        assert response.json() == {"error": "No provider with name 'Orders' found"}
    assert text.status_code == 415
    assert odd.status_code == 200


MUST = (
    "must specify a value for at least one of mainBranch, branch, matchingBranch, tag, environment, deployed, "
    "released, deployedOrReleased, or latest: true"
)


@pytest.mark.row("PB-114")
@pytest.mark.parametrize(
    ("selector", "messages"),
    [
        ({}, [MUST]),
        ({"foo": 1}, [MUST]),
        ({"latest": False}, [MUST]),
        ({"consumer": "Web"}, [MUST]),
        ("main", ["must be a hash"]),
        ({"mainBranch": False}, ["mainBranch must be true"]),
        ({"mainBranch": "true"}, ["mainBranch must be true"]),
        ({"deployed": False}, ["deployed must be true"]),
        ({"released": 1}, ["released must be true"]),
        ({"deployedOrReleased": "x"}, ["deployedOrReleased must be true"]),
        ({"matchingBranch": False}, ["matchingBranch must be true"]),
        ({"branch": False}, ["branch must be a string or true"]),
        ({"branch": 1}, ["branch must be a string or true"]),
        ({"branch": ""}, ["branch must be filled"]),
        ({"branch": " "}, ["branch cannot be blank"]),
        ({"branch": "a\0b"}, ["branch cannot contain a NUL character"]),
        ({"tag": 1}, ["tag must be a string"]),
        ({"tag": "a", "latest": "true"}, ["latest must be boolean"]),
        ({"latest": True, "consumer": 1}, ["consumer must be a string"]),
        ({"environment": 1}, ["environment must be a string"]),
        ({"mainBranch": True, "branch": "x"}, ["cannot specify mainBranch together with branch, only with consumer"]),
        ({"mainBranch": True, "tag": "x"}, ["cannot specify mainBranch together with tag, only with consumer"]),
        ({"mainBranch": True, "latest": False}, ["cannot specify mainBranch: true together with latest: false"]),
        (
            {"matchingBranch": True, "tag": "x"},
            [
                "cannot specify matchingBranch together with tag, only with consumer",
                "cannot use matchingBranch: true without a providerVersionBranch in the request",
            ],
        ),
        ({"branch": "a", "tag": "b"}, ["cannot specify both branch and tag"]),
        ({"branch": "a", "latest": False}, ["cannot specify branch together with latest: false"]),
        ({"fallbackTag": "a", "latest": True}, ["fallbackTag needs a tag and latest: true"]),
        ({"fallbackTag": "a", "tag": "b"}, ["fallbackTag needs a tag and latest: true"]),
        ({"fallbackBranch": "a", "tag": "b"}, ["fallbackBranch needs a branch"]),
        ({"environment": "nope"}, ['environment with name "nope" does not exist']),
        ({"deployed": True, "released": True}, ["cannot specify more than one of deployed, released"]),
        (
            {"deployed": True, "deployedOrReleased": True},
            ["cannot specify more than one of deployed, deployedOrReleased"],
        ),
        ({"deployed": True, "branch": "a"}, ["cannot specify deployed together with branch"]),
        ({"environment": "test", "latest": True}, ["cannot specify environment together with latest"]),
    ],
)
def test_a_selector_that_makes_no_sense_is_refused_by_its_place(client, world, selector, messages):
    world.published("Web 1", to="Orders").environment("test")

    response = client.post(PATH, json={"consumerVersionSelectors": [{"latest": True}, selector]})

    assert (response.status_code, response.headers["content-type"]) == (400, HAL)
    assert response.json() == {
        "errors": {"consumerVersionSelectors": [f"{message} (at index 1)" for message in messages]}
    }


@pytest.mark.row("PB-014", "PB-114")
def test_a_wrong_request_is_refused_before_the_provider_is_looked_for(client):
    response = client.post(
        PATH,
        json={
            "consumerVersionSelectors": "x",
            "providerVersionTags": ["a", "", 1],
            "includePendingStatus": "yes",
            "includeWipPactsSince": "soon",
            "providerVersionBranch": " ",
        },
    )

    assert response.status_code == 400
    assert response.json() == {
        "errors": {
            "providerVersionTags": ["must be filled (at index 1)", "must be a string (at index 2)"],
            "includePendingStatus": ["must be boolean"],
            "includeWipPactsSince": ["must be a date"],
            "providerVersionBranch": ["cannot be blank"],
            "consumerVersionSelectors": ["must be an array"],
        }
    }


@pytest.mark.row("PB-115")
@pytest.mark.parametrize(
    ("members", "status"),
    [
        ({"providerVersionBranch": None}, 200),
        ({"providerVersionBranch": "", "includePendingStatus": False}, 200),
        ({"providerVersionBranch": "", "providerVersionTags": ["a"]}, 200),
        ({"providerVersionBranch": ""}, 400),
        ({"providerVersionBranch": "", "includePendingStatus": True}, 400),
        ({"providerVersionBranch": "", "includePendingStatus": False, "includeWipPactsSince": "2024-01-01"}, 400),
        ({"providerVersionBranch": " ", "includePendingStatus": False}, 400),
        ({"providerVersionBranch": " ", "providerVersionTags": ["a"]}, 400),
        ({"providerVersionTags": None}, 200),
    ],
)
def test_a_blank_branch_is_refused_where_it_would_matter(client, world, members, status):
    world.published("Web 1", to="Orders")

    response = client.post(PATH, json=members)

    assert response.status_code == status
    if status == 400:
        assert response.json() == {"errors": {"providerVersionBranch": ["cannot be blank"]}}


@pytest.mark.row("PB-015")
def test_a_refusal_as_a_problem_points_at_the_selector(client, world, broker):
    response = client.post(
        PATH,
        json={"consumerVersionSelectors": [{"latest": True}, {}]},
        headers={"accept": "application/hal+json, application/problem+json"},
    )

    assert response.status_code == 400
    assert response.headers["content-type"] == "application/problem+json;charset=utf-8"
    assert response.json() == {
        "title": "Validation errors",
        "type": f"{broker.url}/problems/validation-error",
        "status": 400,
        "instance": "/",
        "errors": [
            {
                "type": f"{broker.url}/problems/invalid-body-property-value",
                "title": "Invalid body parameter",
                "detail": f"{MUST} (at index 1)",
                "pointer": "/consumerVersionSelectors/1",
            }
        ],
    }
