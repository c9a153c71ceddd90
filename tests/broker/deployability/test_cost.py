"""What an answer costs: as many statements at twelve versions of everything as at three, and no more rows."""

from urllib.parse import parse_qsl

from sqlalchemy import insert, select

from tallystick.broker.db import now, read, write
from tallystick.broker.deployability import decorations, matrix
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


def test_statements_do_not_grow_with_history(client, world, broker, watch_statements):
    def history(first, last):
        for number in range(first, last + 1):
            world.published(f"Web {number}", to="Orders", branch="main", tags=["prod"], content=f"c{number}")
            world.published(f"Mobile {number}", to="Orders", branch="main", content=f"c{number}")
            world.on_branch(f"Orders {number}", "main").tagged(f"Orders {number}", "prod")
            world.verified(f"Orders {number}", f"Web {number}")
            world.verified(f"Orders {number}", f"Mobile {number}", success=False)
            world.deployed(f"Web {number}", to="production").deployed(f"Orders {number}", to="production")
        world.deployed("Web 1", to="production").deployed("Orders 1", to="production")

    def costs():
        found = {}
        for name, question in QUESTIONS.items():
            with watch_statements(broker.engine) as ran:
                answer = client.get(question)
            assert answer.status_code == 200, answer.text
            found[name] = len(ran)
        return found

    history(1, 3)
    few = costs()
    history(4, 12)
    assert costs() == few
    assert max(few.values()) <= 16, few


def fill(engine, *, versions, results):
    """So many versions of Web with one contract, verified by so many versions of Orders, put in at once."""
    with write(engine) as session:
        at = now(session)
        made, times = {"created_at": at}, {"created_at": at, "updated_at": at}
        pair = {"consumer_id": 1, "provider_id": 2}
        people = [(1, "Web"), (2, "Orders")]
        session.execute(
            insert(Participant), [{"id": i, "name": n, "name_lower": n.lower(), **times} for i, n in people]
        )
        mine, theirs = range(1, versions + 1), range(versions + 1, versions + results + 1)
        numbers = [(n, 1, f"w{n}") for n in mine] + [(n, 2, f"o{n - versions}") for n in theirs]
        session.execute(insert(Version), [{"id": i, "participant_id": p, "number": n, **times} for i, p, n in numbers])
        session.execute(insert(Contract), [{"id": 1, "sha": "0" * 40, "content": b"{}", **made, **pair}])
        facts = {"revision": 1, "is_current": True, **made, **pair}
        published = [{"version_id": n, "contract_id": 1, **facts} for n in mine]
        session.execute(insert(Publication), published)
        verified = [(n, 1, version) for n, version in enumerate(theirs, 1)]
        facts = {"success": True, "wip": False, "executed_at": at, "repeats": 0, **made, **pair}
        session.execute(
            insert(Verification),
            [{"id": n, "number": n, "contract_id": c, "provider_version_id": v, **facts} for n, c, v in verified],
        )
        session.execute(
            insert(VerificationHead),
            [
                {"verification_id": n, "contract_id": c, "provider_version_id": v, "success": True}
                for n, c, v in verified
            ],
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


def test_versions_beyond_what_a_database_takes_at_once_are_told_in_turns(world, broker, monkeypatch):
    for number in range(1, 6):
        world.published(f"Web {number}", to="Orders", branch="main", tags=["dev"]).deployed(f"Web {number}", to="test")
    with read(broker.engine) as connection:
        versions = [row.id for row in connection.execute(select(Version.id))]
        at_once = decorations.decorations(connection, versions)
        monkeypatch.setattr(decorations, "AT_ONCE", 2)
        assert decorations.decorations(connection, versions) == at_once
    assert [d.branch for d in at_once.values()].count("main") == 5


def test_the_rows_read_for_one_version_do_not_grow_with_the_versions_of_its_partners(broker):
    """The query itself, not only its statements: the rows that the decision weighs."""
    fill(broker.engine, versions=50, results=60)
    pairs = parse_qsl("q[][pacticipant]=Web&q[][version]=w7&q[][pacticipant]=Orders&q[][version]=o3&latestby=cvpv")
    with read(broker.engine) as connection:
        answer = matrix.answer(connection, read_question(pairs))
    assert [(row.consumer_number, row.provider_number) for row in answer.case.considered] == [("w7", "o3")]
