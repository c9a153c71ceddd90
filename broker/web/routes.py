"""All pages."""

from __future__ import annotations

from typing import Final

from tallystick.broker.web import assets, dashboard

routes: Final = [assets.routes, dashboard.routes]
