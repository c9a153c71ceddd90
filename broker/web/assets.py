"""The style sheet."""

from __future__ import annotations

from functools import cache

from starlette.responses import Response

from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.web.rendering import HERE

routes = Routes("Pages")


@cache
def _style() -> bytes:
    return (HERE / "static" / "tallystick.css").read_bytes()


@routes.page("/assets/tallystick.css", produces=("text/css",))
def style(call: CallDep) -> Response:
    return hal.raw(_style(), media_type="text/css", headers={"Cache-Control": "max-age=300"})
