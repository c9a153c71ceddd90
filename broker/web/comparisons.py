"""The page of a comparison: what a description allows of a contract, and what not. Static evidence."""

from __future__ import annotations

from itertools import groupby

from starlette.responses import Response

from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.routing import Routes
from tallystick.broker.impact import comparing
from tallystick.broker.web.rendering import for_people, page
from tallystick.broker.web.results import RESULTS

routes = Routes("Pages")


@routes.page(f"{RESULTS}/comparison/provider-version/{{version}}")
@for_people
def comparison(call: CallDep, provider: str, consumer: str, sha: str, version: str) -> Response:
    found = comparing.of_content(call.engine, provider, version, consumer, sha)
    by_interaction = groupby(found.findings, key=lambda one: one["interaction"])
    return page(
        call,
        "comparison.html",
        found=found.compared,
        contract=found.contract,
        provider=provider,
        version=version,
        self_verified=found.description.self_verified,
        interactions=[(name, list(some)) for name, some in by_interaction],
    )
