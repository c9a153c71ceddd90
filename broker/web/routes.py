"""All pages."""

from __future__ import annotations

from typing import Final

from tallystick.broker.web import answers, assets, dashboard

routes: Final = [assets.routes, dashboard.routes, answers.routes]
