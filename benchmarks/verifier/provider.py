"""The provider: a bare ASGI application on uvicorn, with answers made beforehand. Counts what it was asked.

    python provider.py COUNT DELAY_MS       prints its port

`parcels:app` below is the same as a FastAPI application, for the in-process comparison.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import Any

import workload


def make_app(count: int, delay_seconds: float) -> Any:
    bodies = [json.dumps(workload.body(number, True)).encode() for number in range(count)]
    seen = {"requests": 0, "states": 0}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            raise RuntimeError
        path = scope["path"]
        status, content = 200, b"{}"
        if path.startswith("/parcels/"):
            seen["requests"] += 1
            if delay_seconds:
                await asyncio.sleep(delay_seconds)
            content = bodies[int(path[9:])]
        elif path == "/states":
            seen["states"] += 1
            while (await receive()).get("more_body"):
                pass
        elif path == "/seen":
            content = json.dumps(seen).encode()
            seen.update(requests=0, states=0)
        else:
            status = 404
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return app


def fastapi_app(count: int = 1000) -> Any:
    """A FastAPI application that returns dictionaries, as most do."""
    from fastapi import FastAPI

    bodies = [workload.body(number, True) for number in range(count)]
    app = FastAPI()

    @app.get("/parcels/{number}")
    async def parcel(number: int) -> dict[str, Any]:
        return bodies[number]

    return app


def main() -> None:
    import uvicorn

    kind, count, delay_ms = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    app = fastapi_app(count) if kind == "fastapi" else make_app(count, delay_ms / 1000)
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(256)
    print(listener.getsockname()[1], flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[listener])


if __name__ == "__main__":
    main()
