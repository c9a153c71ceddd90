"""`tallystick broker …`: run the service."""

from __future__ import annotations

import contextlib
import gc
import os
import socket
from functools import partial
from typing import Final

import click

from tallystick.broker.access.commands import account, audit, token

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class CannotRun(click.ClickException):
    """The service could not be started: exit code 4."""

    exit_code = 4


@click.group()
def broker() -> None:
    """Run the service that keeps contracts and says what may be deployed."""


broker.add_command(account)
broker.add_command(token)
broker.add_command(audit)


@broker.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=9292, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free port.")
@click.option(
    "--database-url",
    envvar="PACT_BROKER_DATABASE_URL",
    help="sqlite:///path/to/file or postgresql://user:password@host/name.  [default: sqlite:///tallystick.sqlite3]",
)
@click.option("--allow-anonymous", is_flag=True, help="Listen beyond this machine although nobody needs to sign in.")
@click.option(
    "--log-level", default="warning", show_default=True, type=click.Choice(["debug", "info", "warning", "error"])
)
def serve(host: str, port: int, database_url: str | None, allow_anonymous: bool, log_level: str) -> None:
    """Serve the Pact Broker API and its pages until interrupted."""
    try:
        import uvicorn

        from tallystick.broker.app import create_app
        from tallystick.broker.errors import CannotStart, NobodyMayListen, PortInUse
        from tallystick.broker.settings import BadSetting, load
    except ModuleNotFoundError as missing:
        raise CannotRun(f"the broker needs {missing.name}: pip install 'tallystick[broker]'") from None

    try:
        loaded = load(os.environ, database_url=database_url)
    except BadSetting as error:
        raise CannotRun(str(error)) from None
    settings = loaded.settings
    for name, why in loaded.without_meaning.items():
        click.echo(f"note: {name} does nothing: {why}", err=True)
    try:
        listener = _listen(host, port, PortInUse)
        try:
            app = create_app(settings)
            if not (host in LOOPBACK or settings.has_users or app.state.has_accounts or allow_anonymous):
                raise NobodyMayListen(host)
        except BaseException:
            listener.close()
            raise
    except CannotStart as refused:
        raise CannotRun(str(refused)) from None

    address = f"[{host}]" if ":" in host else host
    click.echo(f"Tallystick broker: http://{address}:{listener.getsockname()[1]}")
    click.echo(f"database: {app.state.engine.url.render_as_string()} · stop with Ctrl-C", err=True)
    config = uvicorn.Config(app, log_level=log_level, access_log=log_level == "debug", timeout_graceful_shutdown=10)
    gc.collect()
    gc.freeze()  # what a start leaves stays: to look through it again and again takes a third of a large answer's time
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how one ends it
        uvicorn.Server(config).run(sockets=[listener])


@broker.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def config(as_json: bool) -> None:
    """Show which settings are in force, and where each comes from. Secrets are stars."""
    import dataclasses
    import json

    from tallystick.broker.settings import SECRETS, BadSetting, load

    try:
        loaded = load(os.environ)
    except BadSetting as error:
        raise CannotRun(str(error)) from None
    from sqlalchemy.engine import make_url

    rows = {}
    for name, value in dataclasses.asdict(loaded.settings).items():
        if name in SECRETS and value:
            value = "**********"
        if name == "database_url":
            with contextlib.suppress(Exception):  # what is no URL is complained of when the broker starts
                value = make_url(value).render_as_string()
        rows[name] = {"value": value, "source": loaded.sources[name]}
    if as_json:
        click.echo(json.dumps({"settings": rows, "withoutMeaning": dict(loaded.without_meaning)}, indent=2))
        return
    for name, row in rows.items():
        value = " ".join(row["value"]) if isinstance(row["value"], tuple) else row["value"]
        click.echo(f"{name:<48} {value!s:<28} {row['source']}")
    for name, why in loaded.without_meaning.items():
        click.echo(f"{name} does nothing: {why}")


@broker.command()
@click.option(
    "--database-url",
    envvar="PACT_BROKER_DATABASE_URL",
    help="As for serve.  [default: sqlite:///tallystick.sqlite3]",
)
@click.option(
    "--keep",
    envvar="PACT_BROKER_DATABASE_CLEAN_KEEP_VERSION_SELECTORS",
    help='JSON list of selectors of versions to keep, such as \'[{"latest": true}, {"maxAge": 30}]\'.  [default: '
    "the latest of each application, branch and tag, and what is younger than 90 days; always what is deployed or "
    "released]",
)
@click.option(
    "--limit",
    envvar="PACT_BROKER_DATABASE_CLEAN_DELETION_LIMIT",
    default=500,
    show_default=True,
    type=click.IntRange(1),
    help="Delete at most so many versions, and so many rows of overwritten data.",
)
@click.option(
    "--branch-age", default=90, show_default=True, type=click.IntRange(1), help="Days after which a branch goes."
)
@click.option("--keep-branches", is_flag=True, help="Delete no branches.")
@click.option(
    "--overwritten-age",
    envvar="PACT_BROKER_DATABASE_CLEAN_OVERWRITTEN_DATA_MAX_AGE",
    default=7,
    show_default=True,
    type=click.IntRange(0),
    help="Days after which overwritten data goes.",
)
@click.option("--dry-run", is_flag=True, envvar="PACT_BROKER_DATABASE_CLEAN_DRY_RUN", help="Only say what would go.")
def clean(
    database_url: str | None,
    keep: str | None,
    limit: int,
    branch_age: int,
    keep_branches: bool,
    overwritten_age: int,
    dry_run: bool,
) -> None:
    """Delete versions nobody needs to keep, stale branches and overwritten data; print what went, as JSON."""
    import json

    from tallystick.broker import db
    from tallystick.broker.contracts import cleaning, keeping
    from tallystick.broker.errors import CannotStart
    from tallystick.broker.impact.gates import settle
    from tallystick.broker.settings import BadSetting, from_environment

    try:
        kept = keeping.DEFAULT if keep is None else keeping.selectors(json.loads(keep))
    except ValueError as error:
        raise click.UsageError(f"--keep: {error}") from None
    try:
        settings = from_environment(os.environ, database_url=database_url)
        engine = db.engine_for(settings.database_url)
        db.upgrade(engine)
    except (CannotStart, BadSetting) as refused:
        raise CannotRun(str(refused)) from None
    db.before_commit(engine, partial(settle, settings=settings))
    with db.write(engine) as session:
        if not cleaning.locked(session):
            click.echo("another clean-up is running; nothing was done", err=True)
            return
        now = db.now(session)
        report = cleaning.clean(
            session, kept, now, limit=limit, branch_age_days=None if keep_branches else branch_age, dry_run=dry_run
        )
        if not dry_run:
            report["overwritten"] = cleaning.clean_overwritten(session, now, max_age_days=overwritten_age, limit=limit)
    click.echo(json.dumps(report, indent=2))


def _listen(host: str, port: int, refusal: type[Exception]) -> socket.socket:
    """A bound socket, so that a port in use is told before the database is touched."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise refusal(host, port, os.strerror(error.errno).lower() if error.errno else str(error)) from None
    listener.set_inheritable(True)
    return listener
