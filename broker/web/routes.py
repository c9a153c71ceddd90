"""All pages."""

from __future__ import annotations

from typing import Final

from tallystick.broker.web import (
    answers,
    assets,
    comparisons,
    contracts,
    dashboard,
    impact,
    network,
    participants,
    plans,
    results,
    usage,
)

routes: Final = [
    assets.routes,
    dashboard.routes,
    answers.routes,
    network.routes,
    participants.routes,
    contracts.routes,
    results.routes,
    comparisons.routes,
    usage.routes,
    impact.routes,
    plans.routes,
]
