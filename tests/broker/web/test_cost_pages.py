"""Pages of the cost of change: who uses what, what nobody uses, what a change would break, and plans."""

from __future__ import annotations

import json
import re
from urllib.parse import quote, urlencode

import pytest

REMOVE = "remove 'GET /orders/{id} 200 $.total'"
DESCRIPTION = {
    "openapi": "3.0.3",
    "info": {"title": "Orders", "version": "1"},
    "paths": {
        "/orders/{id}": {
            "get": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "responses": {
                    "200": {
                        "description": "an order",
                        "content": {
                            "application/json": {
                                "schema": {
                                    "type": "object",
                                    "required": ["id", "total"],
                                    "properties": {
                                        "id": {"type": "integer"},
                                        "total": {"type": "integer"},
                                        "note": {"type": "string"},
                                    },
                                }
                            }
                        },
                    }
                },
            },
            "delete": {"responses": {"204": {"description": "gone"}}},
        }
    },
}


def without_total():
    changed = json.loads(json.dumps(DESCRIPTION))
    schema = changed["paths"]["/orders/{id}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    del schema["properties"]["total"]
    schema["required"] = ["id"]
    return changed


def order(description, body, rules=None, path="/orders/7", method="GET", **request):
    answer = {"status": 200, "headers": {"Content-Type": "application/json"}, "body": body}
    if rules:
        answer["matchingRules"] = {"body": {at: {"matchers": [found]} for at, found in rules.items()}}
    return {"description": description, "request": {"method": method, "path": path, **request}, "response": answer}


TYPE = {"match": "type"}
A_TOTAL = order("a total", {"total": 7}, {"$.total": TYPE})
LINES = order(
    "lines",
    {"id": 7, "lines": [{"price": {"amount": 5}}]},
    {"$.lines": {"match": "type", "min": 1}, "$.lines[*].price.amount": {"match": "regex", "regex": "5"}},
)
SEARCH = order("a search", [{"id": 7}], path="/orders", query={"page": ["1"]})
PLACED = {
    "type": "Asynchronous/Messages",
    "description": "an order was placed",
    "contents": {"content": {"id": 1}, "contentType": "application/json", "encoded": False},
    "metadata": {"topic": "orders.placed", "key": "k"},
}


@pytest.fixture
def orders(world, pact_document):
    """web is live in production, and ahead of that on its main branch; mail listens, on its main branch only."""

    def pact(consumer, *interactions, version="3.0.0"):
        return pact_document(consumer, "orders", *interactions, version=version)

    world.participant("web", mainBranch="main").participant("mail", mainBranch="main").participant("orders")
    world.environment("production", production=True, contacts=[{"name": "Team Web", "details": {"chat": "#web"}}])
    world.published("web 1", to="orders", branch="main", content=pact("web", A_TOTAL, LINES))
    world.deployed("web 1", to="production")
    world.published("web 2", to="orders", branch="main", content=pact("web", A_TOTAL, LINES, SEARCH))
    world.published("mail 1", to="orders", branch="main", content=pact("mail", PLACED, version="4.0"))
    return world


def usage(**query):
    return f"/pacticipants/orders/usage?{urlencode(query)}"


def impact(*edits, **more):
    return f"/pacticipants/orders/impact?{urlencode([('edit', one) for one in edits] + list(more.items()))}"


def cells(page):
    """{operation: the classes and texts of its row's cells}."""
    rows = re.findall(r"<tr><th scope=\"row\"><a [^>]*><code>(.*?)</code>.*?</tr>", page.source, re.S)
    found = re.findall(r"<tr><th scope=\"row\"><a [^>]*><code>.*?</tr>", page.source, re.S)
    return {
        operation: re.findall(r'class="cell (\w+)( ahead)?"[^>]*>([^<]*)<', row)
        for operation, row in zip(rows, found, strict=True)
    }


# --- who uses what ------------------------------------------------------------------------------------------------


def test_the_usage_of_a_provider_is_a_matrix_of_operations_and_consumers(visit, orders):
    page = visit(usage())
    assert page.headings == ["Who uses what of orders"]
    assert cells(page) == {
        "GET /orders": [("exact", " ahead", "=2")],
        "GET /orders/{id}": [("exact", "", "=6")],
        "orders.placed": [("exact", " ahead", "=1")],
    }
    assert "3 operations" in page.text


def test_the_matrix_is_filtered_by_operation_consumer_and_what_is_live(visit, orders):
    assert list(cells(visit(usage(search="{ID}")))) == ["GET /orders/{id}"]
    assert list(cells(visit(usage(consumer="mail")))) == ["orders.placed"]
    assert list(cells(visit(usage(live="true")))) == ["GET /orders/{id}"]
    assert list(cells(visit(usage(size=1, page=2)))) == ["GET /orders/{id}"]
    assert "Nothing matches" in visit(usage(search="nothing like that")).text


def test_a_provider_that_nobody_uses_says_how_that_would_be_known(visit, world):
    world.participant("lone")
    page = visit("/pacticipants/lone/usage")
    assert "Nobody uses lone yet" in page.text
    assert "tallystick publish" in page.text
    assert "No provider with name 'moon' found" in visit("/pacticipants/moon/usage", 404).text


def test_an_operation_is_a_tree_of_fields_with_who_needs_each(visit, orders):
    page = visit(usage(operation="GET /orders/{id}"))
    assert page.headings == ["GET /orders/{id}"]
    rows = {re.sub(r"<.*?>", "", row[0]): row[1] for row in re.findall(
        r'<tr><th scope="row" class="(depth-\d)">(.*?)</th>', page.source)}  # fmt: skip
    assert set(rows) == {"depth-0", "depth-1", "depth-2", "depth-3", "depth-4"}
    text = page.text
    for words in (
        "Response 200 body $ object",
        "total integer web type 1 production 2 main branch used since 1 , just now What if it went? Plan this",
        "amount integer web regex 1 production 2 main branch used since 1",
    ):
        assert words in text, words
    assert any((link or "").endswith(impact(REMOVE)) for link in page.links)


def test_what_one_consumer_uses_is_shown_alone(visit, orders):
    assert "What web uses of" in visit(usage(operation="GET /orders/{id}", consumer="web")).text
    assert "mail does not use it" in visit(usage(operation="GET /orders/{id}", consumer="mail")).text


def test_the_fields_and_metadata_of_a_message_are_places_too(visit, orders):
    text = visit(usage(operation="orders.placed")).text
    assert "Metadata topic string mail value 1 main branch" in text
    assert "Contents $ object" in text
    assert "id integer mail value 1 main branch" in text


def test_a_place_has_those_who_need_it_and_in_which_interactions(visit, orders):
    page = visit(usage(operation="GET /orders/{id}", path="$.total"))
    assert page.headings == ["Who needs", "$.total", "of", "GET /orders/{id}", "?"]
    assert "in “a total”" in page.text
    assert "lines" not in page.text.split("Needed by")[1].split("Counted")[0]


def test_what_matches_nothing_leads_to_the_nearest_and_what_is_ambiguous_to_both(visit, orders, pact_document):
    near = visit(usage(operation="GET /orders/{id}", path="$.totl"))
    assert "Nobody needs this" in near.text
    assert any("path=200+%24.total" in (link or "") for link in near.links)
    other = visit(usage(operation="GET /order"))
    assert "No contract uses an operation like that" in other.text
    assert any("operation=GET+%2Forders" in (link or "") for link in other.links)
    orders.published(
        "web 3",
        to="orders",
        branch="main",
        content=pact_document("web", "orders", order("new", {}, path="/orders/new")),
    )
    assert any("operation=GET+%2Forders%2Fnew" in (link or "") for link in visit(
        usage(operation="GET /orders/{id}")).links)  # fmt: skip
    assert "path needs an operation" in visit(usage(path="$.total"), 400).text
    assert "expected at position" in visit(usage(operation="GET /orders", path="tot al"), 400).text


def test_the_same_address_answers_programs_with_data(client, orders):
    for path in (usage(), usage(operation="GET /orders/{id}"), impact(REMOVE), "/plans"):
        answer = client.get(path, headers={"Accept": "application/hal+json"})
        assert answer.headers["content-type"] == "application/hal+json;charset=utf-8", path


def test_a_page_asks_as_much_for_many_consumers_as_for_few(broker, visit, orders, pact_document, watch_statements):
    paths = (usage(), usage(operation="GET /orders/{id}"), impact(REMOVE), "/plans", "/")

    def counted():
        counts = []
        for path in paths:
            with watch_statements(broker.engine) as ran:
                visit(path)
            counts.append(len(ran))
        return counts

    orders.client.post("/plans", json={"provider": "orders", "edits": [REMOVE]})
    before = counted()
    for number in range(6):
        name = f"more-{number}"
        orders.participant(name, mainBranch="main")
        orders.published(f"{name} 1", to="orders", branch="main", content=pact_document(name, "orders", A_TOTAL))
        orders.deployed(f"{name} 1", to="production")
        orders.client.post("/plans", json={"provider": "orders", "title": name, "edits": [REMOVE]})
    assert counted() == before


# --- what nobody uses ---------------------------------------------------------------------------------------------


def test_what_nobody_uses_is_told_against_the_description(visit, client, orders):
    assert "Nothing to compare with" in visit("/pacticipants/orders/usage/unused").text
    client.put("/pacticipants/orders/versions/1/description", json=DESCRIPTION)
    page = visit("/pacticipants/orders/usage/unused")
    assert "GET /orders/{id} 200 $.note" in page.text
    assert "DELETE /orders/{id} the whole operation" in page.text
    assert "No provider with name 'moon' found" in visit("/pacticipants/moon/usage/unused", 404).text


# --- what a change would break ------------------------------------------------------------------------------------


def test_without_an_edit_the_page_offers_edits_of_what_is_really_used(visit, orders):
    page = visit(impact())
    assert page.headings == ["What if orders changed?"]
    assert "For example" in page.text
    offered = [link for link in page.links if link and "/impact?edit=" in link]
    assert len(offered) >= 3
    for link in offered:
        assert "This breaks" in visit(f"/{link.split('/', 3)[3]}").text


def test_an_edit_is_answered_with_who_breaks_the_sum_the_forecast_and_the_ways(visit, orders):
    page = visit(impact(REMOVE))
    for words in (
        "This breaks 1 consumer of orders",
        "web 1 production 2 main branch relies on it since 1 , just now",
        "Ask Team Web #web ( production )",
        "C a total $.total type",
        "consumers 1 × 5 5",
        "not enough history in production",
        "Tolerant addition",
        "Expand and contract",
        "Side-by-side version",
        "Not touched mail 1",
        "tallystick plan create orders --edit 'remove \"GET /orders/{id} 200 $.total\"'",
    ):
        assert words in page.text, words
    bar = next(attrs for tag, attrs in page.tags if tag == "svg" and attrs.get("class") == "stacked")
    parts = [attrs for tag, attrs in page.tags if tag == "rect" and "y" in attrs and attrs["y"] == "0"]
    assert sum(int(one["width"]) for one in parts) == int(bar["viewbox"].split()[2])


def test_what_breaks_by_the_rulebook_and_nobody_relies_on_is_told_apart(visit, orders):
    page = visit(impact("remove 'GET /orders/{id} 200 $.note'"))
    assert "Nobody would notice" in page.text
    assert "Contracts use the operation, and none relies on this place" in page.text
    assert "Not known" in visit(impact("drop operation 'GET /moon'")).text


def test_fields_and_lines_of_the_form_become_an_address(client, orders):
    typed = {"edit": f"{REMOVE}\r\n\r\ndrop operation 'GET /orders'\r\n"}
    typed |= {"kind": "rename", "target": "GET /orders/{id} 200 $.id", "to": "key"}
    answer = client.get(f"/pacticipants/orders/impact?{urlencode(typed)}", headers={"Accept": "text/html"})
    assert answer.status_code == 303
    edits = (REMOVE, "drop operation 'GET /orders'", "rename 'GET /orders/{id} 200 $.id' to key")
    assert answer.headers["location"].split("?")[1] == urlencode([("edit", one) for one in edits])


def test_an_edit_that_cannot_be_read_is_told_beside_the_form(visit, orders):
    assert "expected at position 0 of the edit 'forget it'" in visit(impact("forget it"), 400).text
    wrong = visit(impact(kind="type", target="GET /orders/{id} 200 $.id", to="money"), 400)
    assert "one of string, integer" in wrong.text
    assert any(attrs.get("value") == "money" for tag, attrs in wrong.tags if tag == "input")
    assert "No provider with name 'moon' found" in visit("/pacticipants/moon/impact", 404).text


def test_a_provider_that_nobody_relies_on_has_nothing_to_break(visit, world):
    world.participant("lone")
    assert "Nobody relies on lone yet" in visit("/pacticipants/lone/impact").text


def test_the_results_of_a_version_are_a_question_too(visit, orders):
    failed = {
        "interactionId": orders.pact_of("web 1", "orders")["interactions"][0]["_id"],
        "success": False,
        "mismatches": [{"attribute": "body", "identifier": "$.total", "description": "Expected 7 but got <8>"}],
    }
    orders.verified("orders 5", "web 1", success=False, results=[failed])
    page = visit(impact(providerVersion="5"))
    assert "This breaks 1 consumer of orders" in page.text
    assert "Expected 7 but got <8>" in page.text
    assert "No version 9 of orders found" in visit(impact(providerVersion="9"), 404).text
    shown = visit("/can-i-deploy?pacticipant=orders&version=5&environment=production")
    assert any("/impact?providerVersion=5" in (link or "") for link in shown.links)


@pytest.mark.parametrize("form", ["file", "pasted", "urlencoded"])
def test_a_changed_description_is_sent_by_form_and_compared_with_the_published_one(send, client, orders, form):
    client.put("/pacticipants/orders/versions/1/description", json=DESCRIPTION)
    changed = json.dumps(without_total())
    sent = {
        "file": {"files": {"description-file": ("api.json", changed, "application/json"), "description": (None, "")}},
        "pasted": {"files": {"description-file": ("", b""), "description": (None, changed)}},
        "urlencoded": {"data": {"description": changed}},
    }[form]
    page = send(impact(), **sent)
    assert "This breaks 1 consumer of orders" in page.text
    assert "a changed description" in page.text


def test_an_old_description_may_be_sent_beside_the_new_one(send, orders):
    missing = send(impact(), 400, data={"description": json.dumps(without_total())})
    assert "the broker has no description of orders to compare with" in missing.text
    page = send(impact(), data={"description": json.dumps(without_total()), "from": json.dumps(DESCRIPTION)})
    assert "This breaks 1 consumer of orders" in page.text


def test_a_form_that_says_nothing_or_no_description_is_told(send, client, orders):
    assert "choose a file, or paste" in send(impact(), 400, data={"description": " "}).text
    assert "is not JSON" in send(impact(), 400, data={"description": "{", "from": "{}"}).text
    broken = client.post(impact(), content=b"x", headers={"content-type": "multipart/form-data", "accept": "text/html"})
    assert broken.status_code == 400


def test_a_form_writes_nothing_and_has_the_limits_of_any_body(broker_with, send, client, orders, world_of):
    before = client.get("/audit").json()
    send(impact(), 400, data={"description": json.dumps(DESCRIPTION)})
    assert client.get("/audit").json() == before
    small = broker_with(max_body_bytes=1000)
    world_of(small).participant("orders")
    answer = client.post(f"{small.url}{impact()}", data={"description": "x" * 2000}, headers={"Accept": "text/html"})
    assert answer.status_code == 413


def test_a_question_that_was_sent_as_data_says_where_its_page_is(client, visit, orders):
    answer = client.post(impact(), json={"edits": [REMOVE]}).json()
    href = answer["_links"]["ts:question"]["href"]
    assert "This breaks 1 consumer of orders" in visit(f"/{href.split('/', 3)[3]}").text
    described = client.post(impact(), json={"description": without_total(), "from": DESCRIPTION}).json()
    assert "ts:question" not in described["_links"]


# --- plans --------------------------------------------------------------------------------------------------------


def planned(world, *edits, **members):
    answer = world.client.post("/plans", json={"provider": "orders", "edits": list(edits), **members})
    assert answer.status_code == 201, answer.text
    return answer.json()["uuid"]


def test_without_plans_the_page_says_how_to_make_one(visit):
    assert "tallystick plan create" in visit("/plans").text


def test_plans_are_listed_with_stage_and_who_is_left(visit, orders):
    planned(orders, REMOVE, title="total goes", sunset="2031-05-01")
    planned(orders, "remove 'GET /orders/{id} 200 $.note'", title="the note goes")
    rows = [row.text for row in _rows(visit("/plans"))]
    assert len(rows) == 2
    assert "the note goes orders expand migrate contract ✓ may go nobody nobody yet no day" in rows[0]
    assert "total goes orders expand migrate contract 1 web nobody yet 2031-05-01" in rows[1]
    assert "No plan like that" in visit("/plans?provider=nobody").text
    assert "No plan like that" in visit("/plans?open=false").text


def _rows(page):
    return [type(page)(row) for row in re.findall(r'<tr><th scope="row">.*?</tr>', page.source, re.S)]


def test_a_plan_has_its_stages_who_is_left_the_headers_and_the_next_command(visit, orders):
    own = planned(orders, REMOVE, title="total goes", sunset="2031-05-01")
    page = visit(f"/plans/{own}")
    assert page.headings == ["total goes"]
    for words in (
        "No, the old shape must stay web still relies on it.",
        "production web 1 there since just now",
        "Not live, and so not waited for: web 2",
        "Deprecation: @",
        "Sunset: Thu, 01 May 2031 00:00:00 GMT",
        f"tallystick plan can-i-remove {own}",
    ):
        assert words in page.text, words
    now = [attrs for tag, attrs in page.tags if tag == "li" and attrs.get("aria-current") == "step"]
    assert [attrs["class"] for attrs in now] == ["now"]


def test_when_the_last_one_has_moved_the_page_says_since_when_and_what_to_do(visit, orders, pact_document):
    own = planned(orders, REMOVE, title="total goes")
    orders.published("web 3", to="orders", branch="main", content=pact_document("web", "orders", SEARCH))
    orders.deployed("web 3", to="production")
    page = visit(f"/plans/{own}")
    for words in (
        "Yes, the old shape may go",
        "Nobody: no live version relies on the old shape.",
        "web just now 0 days not enough history",
        "The gate opened after 0 days",
        f"tallystick plan close {own}",
    ):
        assert words in page.text, words
    dashboard = visit("/")
    assert "The old shape may go" in dashboard.text
    assert "gate open total goes of orders" in dashboard.text
    orders.client.post(f"/plans/{own}/close", json={"as": "done"})
    assert "The plan is closed as done" in visit(f"/plans/{own}").text
    assert "total goes orders closed" in visit("/plans?open=false").text
    assert "gate open" not in visit("/").text


def test_a_plan_that_is_given_up_or_never_was(visit, orders):
    own = planned(orders, REMOVE)
    orders.client.post(f"/plans/{own}/close", json={"as": "given-up"})
    assert "The plan is closed as given up" in visit(f"/plans/{own}").text
    assert "No plan with uuid 'x'" in visit("/plans/x", 404).text


# --- ways in, and hostile text ------------------------------------------------------------------------------------


def test_other_pages_lead_here(visit, orders):
    links = visit("/pacticipants/orders").links
    for end in ("/pacticipants/orders/usage", "/pacticipants/orders/impact", "/plans?provider=orders"):
        assert any((link or "").endswith(end) for link in links), end
    assert any((link or "").endswith("/plans") for link in visit("/").links)
    contract = visit("/pacts/provider/orders/consumer/web/latest")
    assert any((link or "").endswith("/pacticipants/orders/usage?consumer=web") for link in contract.links)


HOSTILE = "<script>alert('x')</script>\"'><img src=x onerror=alert(1)>{{ 7*1911911 }}"


def test_hostile_text_is_text_on_these_pages_too(visit, send, world, pact_document):
    consumer, provider = f"Web {HOSTILE}".replace("/", ""), "Orders <b>"
    contract = pact_document(
        consumer,
        provider,
        order(HOSTILE, {HOSTILE: {HOSTILE: 1}, "total": 1}, path=f"/{HOSTILE}", query={HOSTILE: [HOSTILE]}),
        version="3.0.0",
    )
    world.environment("<i>env</i>", contacts=[{"name": HOSTILE, "details": {"mail": HOSTILE}}])
    world.published(f"{consumer} 1", to=provider, branch="<i>b</i>", content=contract)
    world.deployed(f"{consumer} 1", to="<i>env</i>")
    operation = world.client.get(f"/pacticipants/{quote(provider)}/usage").json()["operations"][0]
    edits = ["drop operation 'GET /<u>{id}'", "remove 'GET /<img/src=x>{id} 200 $.total'"]
    sent = {"provider": provider, "title": HOSTILE, "edits": edits, "url": "https://example.org/x"}
    own = world.client.post("/plans", json=sent).json()["uuid"]
    p = quote(provider, safe="")
    pages = [
        visit(f"/pacticipants/{p}/usage"),
        visit(f"/pacticipants/{p}/usage?{urlencode({'search': HOSTILE, 'consumer': HOSTILE})}"),
        visit(f"/pacticipants/{p}/usage?{urlencode({'operation': operation})}"),
        visit(f"/pacticipants/{p}/usage?{urlencode({'operation': operation, 'path': 'query ' + HOSTILE.split()[0]})}"),
        visit(f"/pacticipants/{p}/usage?{urlencode({'operation': HOSTILE})}"),
        visit(f"/pacticipants/{p}/usage/unused?version={quote(HOSTILE)}"),
        visit(f"/pacticipants/{p}/impact"),
        visit(f"/pacticipants/{p}/impact?{urlencode({'edit': HOSTILE})}", 400),
        visit(f"/pacticipants/{p}/impact?{urlencode({'target': HOSTILE, 'to': HOSTILE})}", 400),
        visit(f"/pacticipants/{p}/impact?{urlencode([('edit', one) for one in edits])}"),
        visit(f"/pacticipants/{p}/impact?{urlencode({'providerVersion': HOSTILE})}", 404),
        send(f"/pacticipants/{p}/impact", 400, data={"description": HOSTILE, "from": HOSTILE}),
        visit("/plans"),
        visit(f"/plans?provider={quote(HOSTILE)}"),
        visit(f"/plans/{own}"),
        visit(f"/plans/{quote(HOSTILE, safe='')}", 404),
        visit("/"),
    ]
    for page in pages:
        assert "13383377" not in page.text
        assert not {"img", "u", "script"} & {tag for tag, _ in page.tags}
        assert not [link for link in page.links if link and link.startswith("javascript:")]
    assert consumer in pages[0].text
    assert HOSTILE in pages[12].text
