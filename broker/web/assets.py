"""The style sheet."""

from __future__ import annotations

from starlette.responses import Response

from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.web.rendering import style_sheet

routes = Routes("Pages")


@routes.page("/assets/tallystick.css", produces=("text/css",))
def style(call: CallDep) -> Response:
    return hal.raw(style_sheet(), media_type="text/css", headers={"Cache-Control": "max-age=31536000, immutable"})
