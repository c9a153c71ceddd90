"""The index: where every client begins, and finds the address of everything else."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from tallystick.broker.http import hal
from tallystick.broker.http.calls import CallDep
from tallystick.broker.http.links import Links, link
from tallystick.broker.http.routing import Routes

routes = Routes("index")

PAIR = "/pacts/provider/{provider}/consumer/{consumer}"

# relation: (path, title, the link's `templated`; None where the incumbent has none)
RELATIONS: dict[str, tuple[str, str, bool | None]] = {
    "pb:publish-pact": (f"{PAIR}/version/{{consumerApplicationVersion}}", "Publish a pact", True),
    "pb:publish-contracts": ("/contracts/publish", "Publish contracts", False),
    "pb:latest-pact-versions": ("/pacts/latest", "Latest pact versions", False),
    "pb:tagged-pact-versions": (
        f"{PAIR}/tag/{{tag}}",
        "All versions of a pact for a given consumer, provider and consumer version tag",
        False,
    ),
    "pb:branch-pact-versions": (
        f"{PAIR}/branch/{{branch}}",
        "All versions of a pact for a given consumer, provider and consumer branch",
        True,
    ),
    "pb:latest-branch-pact-versions": (
        f"{PAIR}/branch/{{branch}}/latest/versions",
        "Latest version of a pact for a given consumer, provider and consumer branch",
        True,
    ),
    "pb:main-branch-pact-versions": (
        f"{PAIR}/branch/versions",
        "All versions of a pact for a given consumer and provider on the consumer's main branch",
        True,
    ),
    "pb:latest-main-branch-pact-versions": (
        f"{PAIR}/branch/latest/versions",
        "Latest version of a pact for a given consumer and provider on the consumer's main branch",
        True,
    ),
    "pb:provider-pacts-with-main-branch": (
        "/pacts/provider/{provider}/branch",
        "All pact versions for the provider from the main branches of its consumers",
        True,
    ),
    "pb:provider-pacts-with-branch": (
        "/pacts/provider/{provider}/branch/{branch}",
        "All pact versions for the provider with the specified consumer branch",
        True,
    ),
    "pb:latest-provider-pacts-with-main-branch": (
        "/pacts/provider/{provider}/branch/latest",
        "Latest pact versions for the provider from the main branches of its consumers",
        True,
    ),
    "pb:latest-provider-pacts-with-branch": (
        "/pacts/provider/{provider}/branch/{branch}/latest",
        "Latest pact versions for the provider with the specified consumer branch",
        True,
    ),
    "pb:pacticipants": ("/pacticipants", "Pacticipants", False),
    "pb:pacticipant": ("/pacticipants/{pacticipant}", "Fetch pacticipant by name", True),
    "pb:latest-provider-pacts": ("/pacts/provider/{provider}/latest", "Latest pacts by provider", True),
    "pb:latest-provider-pacts-with-tag": (
        "/pacts/provider/{provider}/latest/{tag}",
        "Latest pacts for provider with the specified tag",
        True,
    ),
    "pb:provider-pacts-with-tag": (
        "/pacts/provider/{provider}/tag/{tag}",
        "All pact versions for the provider with the specified consumer version tag",
        True,
    ),
    "pb:provider-pacts": ("/pacts/provider/{provider}", "All pact versions for the specified provider", True),
    "pb:latest-version": ("/pacticipants/{pacticipant}/latest-version", "Latest pacticipant version", True),
    "pb:latest-tagged-version": (
        "/pacticipants/{pacticipant}/latest-version/{tag}",
        "Latest pacticipant version with the specified tag",
        True,
    ),
    "pb:webhooks": ("/webhooks", "Webhooks", False),
    "pb:webhook": ("/webhooks/{uuid}", "Webhook", True),
    "pb:integrations": ("/integrations", "Integrations", False),
    "pb:pacticipant-version-tag": (
        "/pacticipants/{pacticipant}/versions/{version}/tags/{tag}",
        "Get, create or delete a tag for a pacticipant version",
        True,
    ),
    "pb:pacticipant-branch": (
        "/pacticipants/{pacticipant}/branches/{branch}",
        "Get or delete a pacticipant branch",
        True,
    ),
    "pb:pacticipant-branch-version": (
        "/pacticipants/{pacticipant}/branches/{branch}/versions/{version}",
        "Get or add/create a pacticipant version for a branch",
        True,
    ),
    "pb:pacticipant-version": (
        "/pacticipants/{pacticipant}/versions/{version}",
        "Get, create or delete a pacticipant version",
        True,
    ),
    "pb:metrics": ("/metrics", "Get Pact Broker metrics", None),
    "pb:can-i-deploy-pacticipant-version-to-tag": (
        "/can-i-deploy?pacticipant={pacticipant}&version={version}&to={tag}",
        "Determine if an application can be deployed to an environment identified by the given tag",
        True,
    ),
    "pb:can-i-deploy-pacticipant-version-to-environment": (
        "/can-i-deploy?pacticipant={pacticipant}&version={version}&environment={environment}",
        "Determine if an application can be deployed to an environment",
        True,
    ),
    "pb:provider-pacts-for-verification": (
        "/pacts/provider/{provider}/for-verification",
        "Pact versions to be verified for the specified provider",
        True,
    ),
    "ts:owed-verifications": (
        "/pacticipants/{provider}/owed-verifications",
        "Results that the specified provider still owes",
        True,
    ),
    "ts:usage": (
        "/pacticipants/{provider}/usage?operation={operation}&path={path}",
        "Who uses an operation of the specified provider, or a place in it",
        True,
    ),
    "ts:shape": (
        "/pacticipants/{pacticipant}/versions/{version}/shape",
        "What the answers of a version looked like in verification; verifiers add to it",
        True,
    ),
    "ts:impact": ("/pacticipants/{provider}/impact", "What a change of the specified provider would break", True),
    "ts:plans": ("/plans", "Planned changes", False),
    "pf:publish-provider-contract": (
        "/provider-contracts/provider/{provider}/publish",
        "Publish the API description of a provider version",
        True,
    ),
    "pb:environments": ("/environments", "Environments", False),
    "pb:environment": ("/environments/{uuid}", "Environment", True),
}
FOR_VERIFICATION = "pb:provider-pacts-for-verification"


@routes.get("/", summary="The index of the API")
def index(call: CallDep) -> Response:
    return hal.answer(document(call.links, selecting=not call.settings.feature("disable_pacts_for_verification")))


def document(links: Links, *, selecting: bool) -> dict[str, Any]:
    """All relations; those of pacts for verification only when the broker selects."""
    relations: dict[str, Any] = {"self": link(links.base or "/", "Index", templated=False)}
    for relation, (path, title, templated) in RELATIONS.items():
        if relation == FOR_VERIFICATION and not selecting:
            continue
        relations[relation] = link(f"{links.base}{path}", title, templated=templated)
        if relation == FOR_VERIFICATION:
            relations["beta:provider-pacts-for-verification"] = link(
                f"{links.base}{path}",
                "DEPRECATED - please use pb:provider-pacts-for-verification",
                "beta",
                templated=True,
            )
    relations["curies"] = [
        link(f"{links.base}/doc/{{rel}}?context=index", name=name, templated=True) for name in ("pb", "beta")
    ]
    return {"_links": relations}
