"""An application in this process: which of the two protocols it speaks."""

from __future__ import annotations

import inspect
from typing import Any

from tallystick.verifier.targets import Target


def target_for(app: Any) -> Target:
    """An ASGI or WSGI target, by how the application can be called. Raises TypeError when it is neither.

    An asynchronous callable of three arguments is ASGI (single-callable, ASGI 3), a plain callable of two is WSGI.
    """
    if not callable(app):
        raise TypeError(f"it is not an application but {type(app).__name__}")
    if _is_asgi(app):
        from tallystick.verifier.targets.asgi import AsgiTarget

        return AsgiTarget(app)
    from tallystick.verifier.targets.wsgi import WsgiTarget

    return WsgiTarget(app)


def _is_asgi(app: Any) -> bool:
    function = app if inspect.isroutine(app) or inspect.isclass(app) else app.__call__
    if inspect.iscoroutinefunction(inspect.unwrap(function)):
        return True
    try:
        required = [
            p
            for p in inspect.signature(function).parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]
    except (TypeError, ValueError):
        return False
    return len(required) == 3
