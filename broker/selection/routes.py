"""`/pacts/provider/{provider}/for-verification`: what a provider build must verify."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from tallystick.broker.db import now, read
from tallystick.broker.errors import UnknownParticipant
from tallystick.broker.http import hal
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.links import segment
from tallystick.broker.http.routing import ANY_JSON, Routes
from tallystick.broker.selection import documents, inputs, owed, queries, resolve, selectors
from tallystick.broker.selection.inputs import Asked

routes: Final = Routes("pacts for verification")

_PATH: Final = "/pacts/provider/{provider}/for-verification"
_BODY: Final[dict[str, Any]] = {
    "providerVersionBranch": "main",
    "consumerVersionSelectors": [{"mainBranch": True}, {"deployedOrReleased": True}],
    "includePendingStatus": True,
    "includeWipPactsSince": "2024-05-01",
}
_ANSWER: Final[dict[str, Any]] = {
    "_embedded": {
        "pacts": [
            {
                "shortDescription": "latest from main branch",
                "verificationProperties": {
                    "pending": False,
                    "notices": [{"when": "before_verification", "text": "The contract at … is verified because …"}],
                },
                "ts:reasons": [
                    {"kind": "mainBranch", "consumer": "Web", "consumerVersion": "1.2", "branch": "main", "text": "…"}
                ],
                "_links": {
                    "self": {"href": "…/pact-version/…/metadata/…", "name": "Pact between Web (1.2) and Orders"}
                },
            }
        ]
    },
    "_links": {},
}


@routes.post(
    _PATH,
    consumes=(ANY_JSON,),
    summary="The contracts that a build of this provider must verify, and why each of them",
    body=_BODY,
    answer=_ANSWER,
)
def for_verification(call: CallDep, provider: str) -> Response:
    return _selected(call, provider, inputs.asked(call.json()))


@routes.get(
    _PATH,
    summary="The same for clients that cannot POST (deprecated); its self link is what to POST to",
    query={
        "provider_version_tags[]": "tags of the provider version",
        "consumer_version_selectors[][tag]": "a tag; with [latest]=true only the newest version",
        "include_pending_status": "true or false",
        "include_wip_pacts_since": "a date",
    },
    answer=_ANSWER,
)
def for_verification_by_query(call: CallDep, provider: str) -> Response:
    return _selected(call, provider, inputs.asked_by_query(call.query))


def _selected(call: Call, provider: str, asked: Asked) -> Response:
    with read(call.engine) as connection:
        exist = queries.environments_that_exist(connection, selectors.environments_named(asked.selectors))
        for complaint in selectors.complaints(asked.selectors, asked.branch, exist):
            asked.fields.complain("consumerVersionSelectors", complaint)
        asked.fields.refuse_if_wrong()
        own = queries.provider_named(connection, provider)
        if own is None:
            raise UnknownParticipant(provider, "provider")
        wanted = selectors.parse(inputs.as_sent(asked.selectors))
        selected = resolve.select(connection, own.id, wanted, asked.branch)
        if asked.pending:
            selected = resolve.pending(connection, own.id, selected, asked.branch, asked.tags)
        if asked.wip_since is not None:
            selected += resolve.wip(
                connection, own.id, selected, asked.wip_since, asked.branch, asked.tags, now(connection)
            )
    ignored = selectors.unknown_members(asked.selectors)
    return hal.answer(documents.for_verification(provider, selected, asked, ignored, call.links, call.url))


@routes.get(
    "/pacticipants/{provider}/owed-verifications",
    summary="Contracts that are live or on a main branch and lack a result for the provider's versions that matter",
    query={"providerVersion": "only what this version owes; it need not exist yet"},
    answer={"provider": "Orders", "ts:count": 0, "_embedded": {"ts:owed": []}, "_links": {}},
)
def owed_verifications(call: CallDep, provider: str) -> Response:
    number = call.query.get("providerVersion") or None
    with read(call.engine) as connection:
        own = queries.provider_named(connection, provider)
        if own is None:
            raise UnknownParticipant(provider)
        missing = owed.owed(connection, own.id, number)
    url = call.url + (f"?providerVersion={segment(number)}" if number else "")
    return hal.answer(documents.owed_verifications(provider, missing, call.links, url))
