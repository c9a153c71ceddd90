"""The service put together: the one module that knows every feature."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

from fastapi import FastAPI
from sqlalchemy import Engine

from tallystick.broker import db
from tallystick.broker.access import audit
from tallystick.broker.access import queries as access_queries
from tallystick.broker.access import service as access_service
from tallystick.broker.access.door import Door
from tallystick.broker.access.routes import routes as access
from tallystick.broker.access.sign_in import routes as sign_in
from tallystick.broker.contracts.integrations import routes as integrations
from tallystick.broker.contracts.list_routes import routes as contract_lists
from tallystick.broker.contracts.metrics import routes as metrics
from tallystick.broker.contracts.pact_routes import routes as contracts
from tallystick.broker.contracts.publish_routes import routes as publishing
from tallystick.broker.deployability import badge_routes, dashboard, network
from tallystick.broker.deployability.routes import routes as deployability
from tallystick.broker.deployments.routes import routes as deployments
from tallystick.broker.environments.routes import routes as environments
from tallystick.broker.errors import BadInitialAdmin, Invalid
from tallystick.broker.http.index import routes as index
from tallystick.broker.http.routing import RawRouter, Routes, register
from tallystick.broker.http.system import routes as system
from tallystick.broker.impact import features as impact
from tallystick.broker.impact.gates import settle
from tallystick.broker.participants.routes import routes as participants
from tallystick.broker.participants.version_routes import routes as versions
from tallystick.broker.selection.routes import routes as selection
from tallystick.broker.settings import Settings
from tallystick.broker.verifications.routes import routes as verifications
from tallystick.broker.web.routes import routes as web
from tallystick.broker.webhooks.routes import routes as webhooks
from tallystick.broker.webhooks.secrets import Vault
from tallystick.broker.webhooks.worker import Worker

VERSION: Final = "2.120.0"  # of the Pact Broker API that this broker speaks; clients read it for display


def features() -> Sequence[Routes]:
    """Every feature's routes. A new feature is one import and one entry here."""

    return [
        index,
        access,
        sign_in,
        environments,
        participants,
        versions,
        webhooks,
        publishing,
        contracts,
        contract_lists,
        integrations,
        metrics,
        system,
        verifications,
        deployments,
        selection,
        deployability,
        badge_routes.routes,
        dashboard.routes,
        network.routes,
        *impact.ALL,
        *web,
    ]


def _any_account(engine: Engine, settings: Settings) -> bool:
    """Whether somebody can sign in; a broker without accounts first makes the administrator that the settings name."""
    with db.read(engine) as connection:
        if access_queries.any_account(connection) or not settings.initial_admin_username:
            return access_queries.any_account(connection)
    with db.write(engine) as session:
        if not access_queries.any_account(session):
            name, password = settings.initial_admin_username, settings.initial_admin_password
            try:
                access_service.create_account(session, name, ["admin"], db.now(session), password=password)
            except Invalid as refused:
                raise BadInitialAdmin(str(refused)) from None
            audit.record(session, "settings", "account create", f"/accounts/{name}", sent={"roles": ["admin"]})
    return True


def create_app(settings: Settings, *, engine: Engine | None = None) -> FastAPI:
    """The broker as an ASGI application, its database migrated. Raises `CannotStart` when that is impossible."""
    own = engine is None
    engine = engine or db.engine_for(settings.database_url, pool_size=settings.database_max_connections)
    db.upgrade(engine)
    has_accounts = _any_account(engine, settings)
    # Who calls and what is to be delivered is asked beside the requests, never in their way.
    beside = db.engine_for(engine.url.render_as_string(hide_password=False), pool_size=4)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> Any:
        from anyio.to_thread import current_default_thread_limiter

        # As many threads as connections: more would only wait for one.
        current_default_thread_limiter().total_tokens = settings.database_max_connections
        worker = Worker(beside, settings, app.state.vault)
        worker.start()
        try:
            yield
        finally:
            worker.stop()
            beside.dispose()
        if own:
            engine.dispose()

    app = FastAPI(
        title="Tallystick",
        version=VERSION,
        description="The Pact Broker API, spoken by Tallystick.",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.settings = settings
    app.state.engine = engine
    app.state.has_accounts = has_accounts
    app.state.vault = Vault(settings.secret_key, engine)
    db.before_commit(engine, partial(settle, settings=settings))
    register(app, features())
    app.router.middleware_stack = RawRouter(app, settings, VERSION, Door(beside, settings), audit.Audit())
    return app
