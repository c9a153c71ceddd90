"""What an answer costs: as many statements at twelve versions of everything as at three, and no more rows."""

from urllib.parse import parse_qsl

import pytest

from tallystick.broker.db import read, write
from tallystick.broker.deployability import matrix
from tallystick.broker.deployability.decision import MOST_ROWS
from tallystick.broker.deployability.selectors import read as read_question
from tallystick.broker.tables import Contract, Participant, Publication, Verification, VerificationHead, Version

QUESTIONS = {
    "can-i-deploy of a consumer": "/can-i-deploy?pacticipant=Web&version=1&environment=production",
    "can-i-deploy of a provider": "/can-i-deploy?pacticipant=Orders&version=1&environment=production",
    "can-i-deploy that says no": "/can-i-deploy?pacticipant=Mobile&version=1&environment=production",
    "can-i-merge": "/matrix?q[][pacticipant]=Web&q[][version]=1&mainBranch=true&latest=true&latestby=cvp",
    "latest of each": "/matrix?q[][pacticipant]=Web&q[][latest]=true&latest=true&latestby=cvp",
    "to a tag": "/matrix?q[][pacticipant]=Web&q[][version]=1&tag=prod&latest=true&latestby=cvp",
    "two versions": "/matrix?q[][pacticipant]=Web&q[][version]=1&q[][pacticipant]=Orders&q[][version]=1&latestby=cvpv",
    "dashboard": "/dashboard",
    "badge": "/pacts/provider/Orders/consumer/Web/latest/badge.svg",
    "group": "/groups/Web",
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_statements_do_not_grow_with_history(client, world, broker, watch_statements, name):
    def history(first, last):
        for number in range(first, last + 1):
            world.published(f"Web {number}", to="Orders", branch="main", tags=["prod"], content=f"c{number}")
            world.published(f"Mobile {number}", to="Orders", branch="main", content=f"c{number}")
            world.on_branch(f"Orders {number}", "main").tagged(f"Orders {number}", "prod")
            world.verified(f"Orders {number}", f"Web {number}")
            world.verified(f"Orders {number}", f"Mobile {number}", success=False)
            world.deployed(f"Web {number}", to="production").deployed(f"Orders {number}", to="production")

    def cost():
        with watch_statements(broker.engine) as ran:
            answer = client.get(QUESTIONS[name])
        assert answer.status_code == 200, answer.text
        return len(ran), ran.all

    history(1, 3)
    world.deployed("Web 1", to="production").deployed("Orders 1", to="production")
    few, _ = cost()
    history(4, 12)
    world.deployed("Web 1", to="production").deployed("Orders 1", to="production")
    many, statements = cost()
    assert many == few, statements
    assert many <= 16, statements


def fill(engine, versions, results):
    """A consumer with so many versions, each of them verified by so many provider versions, put in at once."""
    from tallystick.broker.db import now

    with write(engine) as session:
        at = now(session)
        web = Participant(name="Web", name_lower="web", created_at=at, updated_at=at)
        orders = Participant(name="Orders", name_lower="orders", created_at=at, updated_at=at)
        session.add_all([web, orders])
        session.flush()
        contract = Contract(consumer_id=web.id, provider_id=orders.id, sha="0" * 40, created_at=at, content=b"{}")
        mine = [Version(participant_id=web.id, number=f"w{n}", created_at=at, updated_at=at) for n in range(versions)]
        theirs = [
            Version(participant_id=orders.id, number=f"o{n}", created_at=at, updated_at=at) for n in range(results)
        ]
        session.add_all([contract, *mine, *theirs])
        session.flush()
        for version in mine:
            session.add(
                Publication(
                    consumer_id=web.id,
                    provider_id=orders.id,
                    version_id=version.id,
                    revision=1,
                    contract_id=contract.id,
                    is_current=True,
                    created_at=at,
                )
            )
        for number, version in enumerate(theirs, 1):
            verification = Verification(
                number=number,
                contract_id=contract.id,
                consumer_id=web.id,
                provider_id=orders.id,
                provider_version_id=version.id,
                success=True,
                wip=False,
                executed_at=at,
                created_at=at,
            )
            session.add(verification)
            session.flush()
            session.add(
                VerificationHead(
                    contract_id=contract.id,
                    provider_version_id=version.id,
                    verification_id=verification.id,
                    success=True,
                )
            )


def test_more_than_ten_thousand_rows_are_unanswerable_and_the_narrower_question_is_named(client, broker):
    fill(broker.engine, versions=101, results=100)
    answer = client.get("/matrix?q[][pacticipant]=Web&q[][pacticipant]=Orders&latestby=cvpv&limit=3")
    assert answer.status_code == 200
    summary = answer.json()["summary"]
    assert (summary["deployable"], summary["ts:verdict"]) == (None, "unanswerable")
    (cause,) = summary["ts:causes"]
    assert cause["kind"] == "too-many-rows"
    assert cause["nextCommand"] == (
        'tallystick can-i-deploy --pacticipant Web --version "$VERSION" --to-environment production'
    )
    assert "Ask for one version (q[][version]=…)" in summary["reason"]
    assert len(answer.json()["matrix"]) == 3


def test_exactly_ten_thousand_rows_are_weighed(client, broker):
    fill(broker.engine, versions=100, results=100)
    summary = client.get("/matrix?q[][pacticipant]=Web&q[][pacticipant]=Orders&latestby=cvpv").json()["summary"]
    assert (summary["deployable"], summary["ts:verdict"], summary["success"]) == (True, "yes", MOST_ROWS)


def test_the_rows_read_for_one_version_do_not_grow_with_the_versions_of_its_partners(broker):
    """The query itself, not only its statements: the rows that the decision weighs."""
    fill(broker.engine, versions=50, results=60)
    pairs = parse_qsl("q[][pacticipant]=Web&q[][version]=w7&q[][pacticipant]=Orders&q[][version]=o3&latestby=cvpv")
    with read(broker.engine) as connection:
        answer = matrix.answer(connection, read_question(pairs))
    assert [(row.consumer_number, row.provider_number) for row in answer.case.considered] == [("w7", "o3")]
