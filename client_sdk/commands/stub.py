"""`tallystick stub`: contracts served as a local fake provider."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import click

from tallystick.client_sdk.commands import shared


@click.command("stub")
@click.argument("paths", nargs=-1, metavar="FILES...")
@click.option("--provider", metavar="P", help="With a broker and no FILES: only its contracts with this provider.")
@click.option("--consumer", metavar="C", help="Serve this consumer's contracts only.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on; a free one when left out.")
@click.option("--state", "-s", multiple=True, metavar="S", help="Only interactions in this provider state; repeatable.")
@click.option("--latency", type=click.FloatRange(0), default=0, metavar="MS", help="Answer after so many ms.")
@click.option("--jitter", type=click.FloatRange(0), default=0, metavar="MS", help="Vary the latency by as much.")
@click.option("--failure-rate", type=click.FloatRange(0, 1), default=0, metavar="SHARE", help="0.1: one in ten fails.")
@click.option("--failure-status", type=click.IntRange(400, 599), default=503, show_default=True, help="With this.")
@click.option("--reload/--no-reload", default=True, show_default=True, help="Read files again when they change.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line: the address, then each request.")
@shared.broker_options
def stub(
    broker: Any,
    paths: tuple[str, ...],
    provider: str | None,
    consumer: str | None,
    host: str,
    port: int,
    state: tuple[str, ...],
    latency: float,
    jitter: float,
    failure_rate: float,
    failure_status: int,
    reload: bool,
    as_json: bool,
) -> None:
    """Serve contracts from FILES, folders or a broker as a fake provider, until Ctrl-C."""
    import json

    from tallystick.client_sdk.mock import Reply
    from tallystick.client_sdk.socket_server import SocketServer
    from tallystick.client_sdk.stub_server import Files, Stub, Trouble, keep_fresh
    from tallystick.contract.model import ActualRequest

    if paths and provider:
        raise click.UsageError("--provider is for contracts of a broker, not for FILES")
    files = Files([Path(path) for path in paths]) if paths else None
    with shared.readable():
        try:
            contracts = files.read() if files is not None else _from_broker(broker, provider, consumer)
        except OSError as problem:
            raise shared.Failure(f"{problem.filename}: {problem.strerror}", 2) from None
    if consumer is not None:
        contracts = [one for one in contracts if one.consumer == consumer]

    def log(request: ActualRequest, reply: Reply) -> None:
        if as_json:
            shared.tell(json.dumps({"method": request.method, "path": request.path, "status": reply.status}))
        else:
            query = f"?{request.query}" if request.query else ""
            shared.tell(f"{request.method} {request.path}{query} -> {reply.status}", err=True)

    made = Stub(contracts, state, Trouble(latency, jitter, failure_rate, failure_status), log=log)
    if not len(made):
        raise shared.Failure("there is no HTTP interaction to serve in these contracts", shared.UNKNOWN)
    try:
        server = SocketServer(made.answer, host=host, port=port)
    except OSError as problem:
        raise shared.Failure(f"cannot listen on {host}:{port}: {problem.strerror}; take another --port", 4) from None
    made.base_url = f"http://{host}:{server.port}"
    stop = threading.Event()
    if as_json:
        shared.tell(json.dumps({"url": made.base_url, "interactions": len(made)}))
    else:
        shared.tell(f"{len(made)} interactions are served at {made.base_url}; Ctrl-C ends it")
    try:
        if files is not None and reload:
            keep_fresh(made, files, stop, lambda line: shared.tell(line, err=True))
        else:
            stop.wait()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()


def _from_broker(broker: Any, provider: str | None, consumer: str | None) -> list[Any]:
    from tallystick.contract import reading

    with broker() as client:
        entries = client.latest_contracts()
        if provider is not None:
            entries = [one for one in entries if one.provider == provider]
        if consumer is not None:
            entries = [one for one in entries if one.consumer == consumer]
        if not entries:
            with_whom = f" with {provider}" if provider else ""
            raise shared.Failure(f"the broker has no contract{with_whom}", shared.UNKNOWN)
        return [reading.read(client.contract_at(one.url), name=one.url or "") for one in entries]
