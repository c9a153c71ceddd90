"""The variables of a webhook, `${pactbroker.name}`, put into its URL, headers and body. No code is run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote_plus

VARIABLE: Final = re.compile(r"\$\{pactbroker\.(\w+)\}")

NAMES: Final = frozenset(
    {
        "pactUrl", "consumerName", "providerName", "consumerVersionNumber", "consumerVersionTags",
        "consumerVersionBranch", "providerVersionNumber", "providerVersionTags", "providerVersionBranch",
        "providerVersionDescriptions", "verificationResultUrl", "githubVerificationStatus",
        "bitbucketVerificationStatus", "azureDevOpsVerificationStatus", "gitlabVerificationStatus",
        "consumerLabels", "providerLabels", "eventName", "buildUrl", "currentlyDeployedProviderVersionNumber",
        # Ours: one verdict over all providers of the consumer version, for one status per head commit.
        "summaryGithubStatus", "summaryGitlabStatus", "summaryDescription", "dashboardUrl",
        "planTitle", "planUrl", "planUuid", "planReason",
    }
)  # fmt: skip


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables replaced as they are. A missing value is empty, an unknown name stays."""
    return VARIABLE.sub(lambda found: _value(found, values), text)


def filled_url(url: str, values: Mapping[str, str]) -> str:
    """The same for a URL: values are form-escaped, so that none of them can change its shape."""
    return VARIABLE.sub(lambda found: quote_plus(_value(found, values)) if found[1] in NAMES else found[0], url)


def filled_body(body: Any, values: Mapping[str, str]) -> Any:
    """The same within a JSON value: in strings and in names of members."""
    if isinstance(body, str):
        return filled(body, values)
    if isinstance(body, list):
        return [filled_body(item, values) for item in body]
    if isinstance(body, dict):
        return {filled(key, values): filled_body(value, values) for key, value in body.items()}
    return body


def templated(text: str) -> bool:
    """The text holds a variable, so showing it shows no secret."""
    return VARIABLE.search(text) is not None


def _value(found: re.Match[str], values: Mapping[str, str]) -> str:
    return values.get(found[1], "") if found[1] in NAMES else found[0]
