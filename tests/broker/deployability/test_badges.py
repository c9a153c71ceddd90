"""Badges: drawn here by default, redirected only where the operator names a service."""

import pytest

PAIR = "/pacts/provider/Orders/consumer/Web"


def picture(response):
    """What a badge says, and its colour."""
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/svg+xml;charset=utf-8"
    assert response.headers["cache-control"] == "max-age=30"
    text = response.text
    said = text.split("<title>")[1].split("</title>")[0]
    colour = text.rsplit('fill="#', 2)[1][:6]
    return said, {"2f8a3c": "green", "c0392b": "red", "b9620f": "orange", "6e6e6e": "grey"}[colour]


@pytest.mark.row("PB-219")
def test_a_badge_is_a_whole_picture_with_a_comment_naming_both_versions(client, world, expect):
    world.published("Web 1", to="Orders").verified("Orders 7", "Web 1")
    said = "web/orders pact: verified"
    expect(
        client.get(f"{PAIR}/latest/badge.svg"),
        200,
        "<!-- consumer version: 1, provider version: 7 -->\n"
        f'<svg xmlns="http://www.w3.org/2000/svg" width="164" height="20" role="img" aria-label="{said}">'
        f'<title>{said}</title><clipPath id="r"><rect width="164" height="20" rx="4"/></clipPath>'
        '<g clip-path="url(#r)"><rect width="108" height="20" fill="#3b4048"/>'
        '<rect x="108" width="56" height="20" fill="#2f8a3c"/></g>'
        '<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">'
        '<text x="54" y="14" textLength="96" lengthAdjust="spacingAndGlyphs">web/orders pact</text>'
        '<text x="136" y="14" textLength="44" lengthAdjust="spacingAndGlyphs">verified</text></g></svg>\n',
        media="image/svg+xml",
    )


@pytest.mark.row("PB-216")
def test_the_status_of_a_contract(client, world):
    badge = f"{PAIR}/latest/badge.svg"
    assert picture(client.get(badge)) == ("pact not found: unknown", "grey")
    world.published("Web 1", to="Orders", content="one")
    assert picture(client.get(badge)) == ("web/orders pact: unknown", "grey")
    world.verified("Orders 7", "Web 1")
    assert picture(client.get(badge)) == ("web/orders pact: verified", "green")
    world.verified("Orders 8", "Web 1", success=False)
    assert picture(client.get(badge)) == ("web/orders pact: failed", "red")
    world.published("Web 2", to="Orders", content="two")
    assert picture(client.get(badge)) == ("web/orders pact: changed", "orange")


@pytest.mark.row("PB-216")
def test_a_pending_failure_says_so(client, world):
    world.published("Web 1", to="Orders")
    url = world.pact_of("Web 1", "Orders")["_links"]["pb:publish-verification-results"]["href"]
    told = url.replace("/verification-results", "/metadata/cD10cnVl/verification-results")  # p=true
    world.verified("Orders 7", "Web 1", success=False, url=told)
    assert picture(client.get(f"{PAIR}/latest/badge.svg")) == ("web/orders pact: failed (pending)", "red")


@pytest.mark.row("PB-216")
def test_badges_of_a_tag_and_of_what_has_no_tag(client, world):
    world.published("Web 1", to="Orders", tags=["prod"], content="one").verified("Orders 7", "Web 1")
    world.published("Web 2", to="Orders", content="two").verified("Orders 7", "Web 2", success=False)
    assert picture(client.get(f"{PAIR}/latest/prod/badge.svg")) == ("web/orders pact: verified", "green")
    assert picture(client.get(f"{PAIR}/latest/nope/badge.svg")) == ("pact not found: unknown", "grey")
    assert picture(client.get(f"{PAIR}/latest-untagged/badge.svg")) == ("web/orders pact: failed", "red")


@pytest.mark.row("PB-216")
def test_a_configured_service_draws_the_badge_and_text_is_escaped_for_it(broker_with, world_of):
    world = world_of(broker_with(shields_io_base_url="https://badges.example.org/"))
    world.published("web-shop_x 1", to="Orders").verified("Orders 7", "web-shop_x 1")
    answer = world.client.get("/pacts/provider/Orders/consumer/web-shop_x/latest/badge.svg")
    assert answer.status_code == 307
    assert answer.headers["location"] == (
        "https://badges.example.org/badge/web--shop__x%2Forders%20pact-verified-brightgreen.svg"
    )
    assert (answer.headers["cache-control"], answer.content) == ("no-cache", b"")


@pytest.mark.row("PB-216")
def test_only_pictures_are_offered(client, world):
    world.published("Web 1", to="Orders")
    assert client.get(f"{PAIR}/latest/badge", headers={"Accept": "application/hal+json"}).status_code == 406
    assert client.get(f"{PAIR}/latest/badge", headers={"Accept": "image/svg+xml"}).status_code == 200


@pytest.mark.row("PB-217")
@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("", "web shop/orderservice pact"),
        ("label=consumer", "web shop"),
        ("label=provider", "orderservice"),
        ("initials=true", "ws/os pact"),
        ("initials=true&label=consumer", "ws"),
    ],
)
def test_labels_and_initials(client, world, query, left):
    world.published("Web Shop 1", to="OrderService")
    answer = client.get(f"/pacts/provider/OrderService/consumer/Web%20Shop/latest/badge.svg?{query}")
    assert picture(answer) == (f"{left}: unknown", "grey")


@pytest.mark.row("PB-217")
def test_a_single_word_has_no_initials(client, world):
    world.published("Web 1", to="orders")
    answer = client.get("/pacts/provider/orders/consumer/Web/latest/badge.svg?initials=true")
    assert picture(answer) == ("web/orders pact: unknown", "grey")


@pytest.mark.row("PB-218")
def test_can_i_deploy_badges(client, world):
    world.published("Web 1", to="Orders", branch="main", tags=["dev"]).verified("Orders 7", "Web 1")
    world.tagged("Orders 7", "prod").deployed("Orders 7", to="test").environment("production")
    tags = "/pacticipants/{}/latest-version/{}/can-i-deploy/to/{}/badge.svg"
    branches = "/pacticipants/{}/branches/{}/latest-version/can-i-deploy/to-environment/{}/badge.svg"
    for url, said in (
        (tags.format("Web", "dev", "prod"), ("can-i-deploy: dev to prod", "green")),
        (tags.format("Web", "dev", "none"), ("can-i-deploy: dev to none", "red")),
        (tags.format("Web", "dev", "prod") + "?label=ready", ("ready: dev to prod", "green")),
        (tags.format("Nobody", "dev", "prod"), ("pacticipant: not found", "grey")),
        (tags.format("Web", "nope", "prod"), ("version: not found", "grey")),
        (branches.format("Web", "main", "test"), ("can-i-deploy: main to test", "green")),
        (branches.format("Web", "main", "production"), ("can-i-deploy: main to production", "red")),
        (branches.format("Web", "nope", "test"), ("branch: not found", "grey")),
        (branches.format("Web", "main", "moon"), ("environment: not found", "grey")),
    ):
        assert picture(client.get(url)) == said, url


@pytest.mark.row("PB-218")
def test_can_i_merge_badges(client, world):
    badge = "/pacticipants/Web/main-branch/can-i-merge/badge.svg"
    assert picture(client.get(badge)) == ("pacticipant: not found", "grey")
    world.participant("Web")
    assert picture(client.get(badge)) == ("main branch version: not found", "grey")
    world.published("Web 1", to="Orders", branch="main").on_branch("Orders 7", "main")
    assert picture(client.get(badge)) == ("can-i-merge: unknown", "grey")
    world.verified("Orders 7", "Web 1", success=False)
    assert picture(client.get(badge)) == ("can-i-merge: failed", "red")
    world.verified("Orders 7", "Web 1")
    assert picture(client.get(badge)) == ("can-i-merge: success", "green")


@pytest.mark.row("PB-220")
def test_the_badge_of_two_tags(client, world):
    world.published("Web 1", to="Orders", tags=["dev"]).verified("Orders 7", "Web 1").tagged("Orders 7", "prod")
    badge = "/matrix/provider/Orders/latest/{}/consumer/Web/latest/{}/badge.svg"
    assert picture(client.get(badge.format("prod", "dev"))) == ("web (dev)/orders (prod) pact: verified", "green")
    assert picture(client.get(badge.format("prod", "nope"))) == ("pact not found: unknown", "grey")


def test_what_a_name_holds_stays_text(client, world):
    world.published("<script>alert(1)</script> 1", to="A & B -->")
    answer = client.get(
        "/pacts/provider/A%20%26%20B%20--%3E/consumer/%3Cscript%3Ealert(1)%3C%2Fscript%3E/latest/badge.svg"
    )
    assert answer.status_code == 200
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
