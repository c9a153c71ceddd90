"""Pages for people: what they say, that they ask for nothing from elsewhere, and that hostile content stays text."""

import re
from urllib.parse import quote

import pytest

from tallystick.broker.web import routes as pages


@pytest.fixture
def past(world):
    """Orders 7 broke Web 1; Mobile was never verified; both live in production with Orders 6."""
    world.published("Web 1", to="Orders", branch="main", tags=["prod"], content="fetch").verified("Orders 6", "Web 1")
    world.published("Mobile 3", to="Orders", branch="main", content="count")
    id_ = world.pact_of("Web 1", "Orders")["interactions"][0]["_id"]
    failure = {
        "interactionId": id_,
        "interactionDescription": "fetch",
        "success": False,
        "mismatches": [{"attribute": "body", "identifier": "$.total", "description": "Expected 1 but got <b>2</b>"}],
    }
    world.on_branch("Orders 7", "main").verified("Orders 7", "Web 1", success=False, results=[failure])
    world.deployed("Web 1", to="production").deployed("Orders 6", to="production").deployed("Mobile 3", to="production")
    return world.labelled("Orders", "core")


@pytest.mark.row("PB-248")
def test_an_empty_broker_says_how_to_begin(visit):
    page = visit("/")
    assert page.headings == ["Nothing here yet"]
    for command in ("tallystick publish", "tallystick verify", "tallystick can-i-deploy"):
        assert command in page.text


@pytest.mark.row("PB-248", "PB-027")
def test_the_dashboard_shows_how_every_integration_stands_and_whether_what_is_live_fits(visit, past, page_of):
    page = visit("/")
    assert page.headings == ["Dashboard"]
    assert "2 waiting" not in page.text
    rows = re.findall(r"<tr>.*?</tr>", page.source, re.S)
    integrations = [page_of(row).text for row in rows if "history" in row]
    assert len(integrations) == 2
    assert integrations[0].startswith("Web 1 production main #prod Orders 7 main Contract · history")
    assert "✕ Failed" in integrations[0]
    assert "… Never verified" in integrations[1]
    (environment,) = [page_of(row).text for row in rows if ">Production" in row]
    assert "Mobile 3 → Orders" in environment
    assert "Web 1 → Orders" not in environment


@pytest.mark.row("PB-248")
def test_the_dashboard_is_searched_filtered_and_paged(visit, past):
    assert "Mobile" not in visit("/?search=web").text.split("Integrations")[1]
    assert "Nothing to show" in visit("/?search=nobody").text
    assert "Mobile" not in visit("/?status=failed").text.split("Integrations")[1]
    assert "Web 1" not in visit("/?status=owed").text.split("Integrations")[1]
    assert "Web" not in visit("/?size=1&page=2").text.split("Integrations")[1]


@pytest.mark.row("PB-248")
def test_the_page_of_an_application(visit, past):
    page = visit("/pacticipants/Orders")
    assert page.headings == ["Orders"]
    for words in ("core", "Relied on by", "Branches", "Newest versions", "production 6 since just now"):
        assert words in page.text, words
    assert "Relies on" not in page.text
    assert "Relies on" in visit("/pacticipants/Web").text


def test_an_application_in_no_contract_is_told_how_to_get_into_one(visit, world):
    world.participant("Lone")
    assert "In no contract yet" in visit("/pacticipants/Lone").text


@pytest.mark.row("PB-248")
def test_the_page_of_a_pair(visit, past):
    past.published("Web 2", to="Orders", branch="main", content="changed")
    page = visit("/dashboard/provider/Orders/consumer/Web")
    assert page.headings == ["Web", "→", "Orders"]
    assert "Latest with prod" in page.text
    assert "what changed" in page.text


@pytest.mark.row("PB-083")
def test_the_page_of_a_contract_shows_interactions_results_and_failures(visit, past):
    page = visit("/pacts/provider/Orders/consumer/Web/version/1")
    assert page.headings == ["Web", "→", "Orders"]
    for words in ("GET / fetch 200", "Failed in Orders 7", "body $.total Expected 1 but got <b>2</b>", "Orders 6"):
        assert words in page.text, words
    for path in ("latest", "latest/prod", "branch/main/latest"):
        assert visit(f"/pacts/provider/Orders/consumer/Web/{path}").headings == page.headings


def test_a_contract_of_another_shape_is_shown_as_the_json_it_is(visit, world):
    world.put_pact("Web 1", to="Orders", content={"anything": ["at <all>"]})
    assert '"at <all>"' in visit("/pacts/provider/Orders/consumer/Web/latest").text


def test_messages_are_shown_with_their_contents(visit, world, pact_document):
    document = pact_document("Web", "Orders", version="4.0")
    document["interactions"] = [
        {
            "type": "Asynchronous/Messages",
            "description": "an order was placed",
            "providerStates": [{"name": "an order"}],
            "contents": {"content": {"id": 1}, "contentType": "application/json", "encoded": False},
            "metadata": {"topic": "orders"},
            "matchingRules": {"body": {"$.id": {"matchers": [{"match": "integer"}], "combine": "AND"}}},
        }
    ]
    world.put_pact("Web 1", to="Orders", content=document)
    text = visit("/pacts/provider/Orders/consumer/Web/latest").text
    for words in ("Message an order was placed", "an order", "topic orders", '"id": 1', "body $.id integer"):
        assert words in text, words


HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{ 7*1911911 }}"


def test_hostile_content_is_text_wherever_it_is_shown(visit, world, an_interaction, pact_document):
    consumer, provider = f"Web {HOSTILE}".replace("/", ""), "Orders <b>"
    document = pact_document(
        consumer,
        provider,
        an_interaction(HOSTILE, path=f"/{HOSTILE}", providerState=HOSTILE),
    )
    document["interactions"][0]["request"]["headers"] = {"X-Evil": HOSTILE}
    document["interactions"][0]["response"]["body"] = {HOSTILE: HOSTILE}
    world.published(f"{consumer} 1", to=provider, branch="<i>b</i>", tags=["<u>t</u>"], content=document)
    failure = [{"interactionDescription": HOSTILE, "success": False, "mismatches": [{"description": HOSTILE}]}]
    world.verified(f"{provider} 7", f"{consumer} 1", success=False, results=failure, buildUrl="javascript:alert(1)")
    world.deployed(f"{provider} 7", to="production")
    c, p = quote(consumer, safe=""), quote(provider, safe="")
    for path in (
        "/",
        f"/pacticipants/{c}",
        f"/dashboard/provider/{p}/consumer/{c}",
        f"/pacts/provider/{p}/consumer/{c}/latest",
        f"/can-i-deploy?pacticipant={c}&version=1&environment=production",
        f"/matrix/provider/{p}/consumer/{c}",
        f"/matrix?q[][pacticipant]={c}",
        "/network",
        f"/pacticipants/{quote(HOSTILE.replace('/', ''), safe='')}",
        f"/?search={quote(HOSTILE)}",
    ):
        page = visit(path, 404 if path.startswith("/pacticipants/%3Cscript") else 200)
        assert "13383377" not in page.text
        assert not [link for link in page.links if link and link.startswith("javascript:")]
        assert not {"img", "i", "u"} & {tag for tag, _ in page.tags}


@pytest.mark.row("PB-248")
def test_the_can_i_deploy_page(visit, past):
    form = visit("/can-i-deploy")
    assert form.headings == ["Can I deploy?"]
    assert "must not go" not in form.text
    page = visit("/can-i-deploy?pacticipant=Orders&version=7&environment=production")
    for words in (
        "No : Orders 7 must not go to production",
        "Orders 7 does not fulfil the contract of Web 1.",
        "Expected 1 but got <b>2</b>",
        "Failing since Orders 7 on branch main, just now . Orders 7 on branch main broke it: it passed with 6.",
        "Web 1 is live in production , since just now .",
        "Orders (provider) can unblock this. Next: tallystick verify http",
        "Orders 7 has not verified the contract of Mobile 3.",
    ):
        assert words in page.text, words
    latest = visit("/can-i-deploy?pacticipant=Web&version=&environment=production")
    assert "Yes : Web 1 may go to production" in latest.text
    unknown = visit("/can-i-deploy?pacticipant=Nobody&version=1&environment=moon")
    assert "Pacticipant Nobody not found" in unknown.text
    assert "Environment with name 'moon' does not exist" in unknown.text


def test_the_can_i_deploy_page_without_environments_says_how_to_make_one(visit):
    assert "create-environment --name production --production" in visit("/can-i-deploy").text


@pytest.mark.row("PB-248")
def test_the_matrix_page_shows_rows_or_what_is_wrong_with_the_question(visit, past):
    page = visit("/matrix?q[][pacticipant]=Web&q[][version]=&q[][pacticipant]=Orders&latestby=cvpv")
    assert len(re.findall(r"<tr>", page.source.split("Rows</h2>")[1])) == 3
    wrong = visit("/matrix?q[][pacticipant]=Nobody&limit=0")
    assert "Pacticipant Nobody not found" in wrong.text
    assert "The limit must be a whole number" in wrong.text
    assert "Name an application to begin" in visit("/matrix").text


@pytest.mark.row("PB-248")
def test_the_matrix_page_of_a_pair_and_of_a_tag(visit, past):
    assert visit("/matrix/provider/Orders/consumer/Web").headings == ["Web", "→", "Orders"]
    past.tagged("Orders 6", "prod")
    text = visit("/pacticipants/Web/latest-version/prod/can-i-deploy/to/prod").text
    assert "Yes : Web 1 may go to tag prod" in text


def test_the_matrix_page_gives_a_safe_order_for_several_applications(visit, past):
    query = "q[][pacticipant]=Web&q[][version]=1&q[][pacticipant]=Orders&q[][version]=7&environment=production"
    page = visit(f"/matrix?{query}&latestby=cvpv")
    assert "A safe order, once nothing stands in the way Deploy Orders 7" in page.text


@pytest.mark.row("PB-248")
def test_the_network_is_a_picture_and_a_table(visit, past):
    past.published("Lone 1", to="Moon")
    page = visit("/network")
    assert sum(1 for tag, attrs in page.tags if tag == "path" and attrs.get("class") == "edge") == 3
    assert "Lone Moon … Never verified" in page.text.split("The same as a table")[1]
    near = visit("/pacticipants/Web/network")
    assert "Lone" not in near.text
    assert "Mobile" in near.text
    assert "No connections yet" not in near.text


def test_a_network_of_nobody(visit):
    assert "No connections yet" in visit("/network").text


def test_what_does_not_exist_is_a_page_too(visit, world):
    assert "No pacticipant with name 'Nobody' found" in visit("/pacticipants/Nobody", 404).text
    world.participant("Web").participant("Orders")
    assert "There is no such contract." in visit("/pacts/provider/Orders/consumer/Web/latest", 404).text


@pytest.mark.row("PB-027")
@pytest.mark.parametrize("accept", [None, "*/*", "application/hal+json", "application/hal+json, application/json"])
def test_programs_never_get_a_page(client, past, accept):
    headers = {"Accept": accept} if accept else {}
    for path in (
        "/",
        "/pacticipants/Web",
        "/matrix?q[][pacticipant]=Web",
        "/pacts/provider/Orders/consumer/Web/latest",
    ):
        answer = client.get(path, headers=headers)
        assert answer.headers["content-type"] == "application/hal+json;charset=utf-8"


def test_the_style_sheet_is_ours_and_small(client, visit):
    href = next(attrs["href"] for tag, attrs in visit("/").tags if tag == "link" and attrs["rel"] == "stylesheet")
    answer = client.get(href)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/css;charset=utf-8")
    assert len(answer.content) < 20_000
    assert "http" not in answer.text


def test_the_page_of_a_result_tells_what_failed_first(visit, past):
    page = visit("/matrix/provider/Orders/consumer/Web")
    links = [link for link in page.links if link and "/verification-results/" in link]
    assert len(links) == 2
    failed = visit(f"/{links[0].split('/', 3)[3]}")
    assert failed.headings == ["Orders", "does not keep its contract with", "Web"]
    for words in (
        "✕ Failed fetch body $.total Expected 1 but got <b>2</b>",
        "Orders 7 main",
        "Web 1 production main #prod",
    ):
        assert words in failed.text, words
    kept = visit(f"/{links[1].split('/', 3)[3]}")
    assert kept.headings == ["Orders", "keeps its contract with", "Web"]
    assert "reported the outcome only" in kept.text


@pytest.mark.parametrize(
    "report", [{"tests": [{"success": False}]}, [1, "x", {"exceptions": [{"message": "boom"}]}], "x"]
)
def test_a_report_of_any_shape_is_a_page(visit, world, report):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1", success=False, results=report)
    path = world.last.json()["_links"]["self"]["href"].split("/", 3)[3]
    assert visit(f"/{path}").headings[0] == "Orders"


def test_a_result_that_does_not_exist_is_a_page_too(visit, past):
    sha = "0" * 40
    for number in ("1", "x", "9" * 30):
        path = f"/pacts/provider/Orders/consumer/Web/pact-version/{sha}/verification-results/{number}"
        assert "There is no such verification result." in visit(path, 404).text


def test_every_page_in_the_documentation_exists(broker, root):
    listed = re.findall(r"^\| `(/[^`]*)` \|", (root / "docs" / "reference" / "pages.md").read_text(), re.M)
    known = {route.path for routes in pages.routes for route in routes.all if route.page}
    assert len(listed) > 8
    assert [path for path in listed if path not in known] == []
