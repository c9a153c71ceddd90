"""`tallystick broker …`: run the service."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

import click

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


class CannotRun(click.ClickException):
    """The service could not be started: exit code 4."""

    exit_code = 4


@click.group()
def broker() -> None:
    """Run the service that keeps contracts and says what may be deployed."""


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
        from tallystick.broker.settings import from_environment
    except ModuleNotFoundError as missing:
        raise CannotRun(f"the broker needs {missing.name}: pip install 'tallystick[broker]'") from None

    try:
        settings = from_environment(os.environ, database_url=database_url)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    try:
        if host not in LOOPBACK and not settings.has_users and not allow_anonymous:
            raise NobodyMayListen(host)
        listener = _listen(host, port, PortInUse)
        try:
            app = create_app(settings)
        except BaseException:
            listener.close()
            raise
    except CannotStart as refused:
        raise CannotRun(str(refused)) from None

    address = f"[{host}]" if ":" in host else host
    click.echo(f"Tallystick broker: http://{address}:{listener.getsockname()[1]}")
    click.echo(f"database: {app.state.engine.url.render_as_string()} · stop with Ctrl-C", err=True)
    config = uvicorn.Config(app, log_level=log_level, access_log=log_level == "debug", timeout_graceful_shutdown=10)
    with contextlib.suppress(KeyboardInterrupt):  # Ctrl-C is how one ends it
        uvicorn.Server(config).run(sockets=[listener])


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
