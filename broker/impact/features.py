"""The routes of this feature, in one list for `app.py`."""

from __future__ import annotations

from typing import Final

from tallystick.broker.impact.comparison_routes import routes as comparisons
from tallystick.broker.impact.description_routes import routes as descriptions
from tallystick.broker.impact.failure_routes import routes as failures
from tallystick.broker.impact.impact_routes import routes as impact
from tallystick.broker.impact.plan_routes import routes as plans
from tallystick.broker.impact.shape_routes import routes as shapes
from tallystick.broker.impact.unused_routes import routes as unused
from tallystick.broker.impact.usage_routes import routes as usage

ALL: Final = (usage, unused, descriptions, comparisons, shapes, impact, plans, failures)
