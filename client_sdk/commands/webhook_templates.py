"""Webhooks ready to use: commit statuses for GitHub and GitLab, and a message to a chat.

A status sums up all providers of the commit that published a contract: one status per commit, updated when the verdict
changes and not repeated otherwise. It works where version numbers are commit hashes.
"""

from __future__ import annotations

import os
from typing import Any, Final
from urllib.parse import quote

import click

from tallystick.client_sdk.commands import shared

CONTEXT: Final = "tallystick/contracts"
_STATUS_EVENTS: Final = ("contract_published", "provider_verification_published")
TOKEN_VARIABLE: Final = "TALLYSTICK_WEBHOOK_TOKEN"


def github_status(repository: str, token: str, api_url: str = "https://api.github.com") -> dict[str, Any]:
    """A commit status on GitHub. `repository` is owner/name; the token needs the right to write statuses."""
    return {
        "description": f"Commit status on {repository}",
        "events": [{"name": name} for name in _STATUS_EVENTS],
        "ts:onlyChanges": True,
        "request": {
            "method": "POST",
            "url": f"{api_url}/repos/{repository}/statuses/${{pactbroker.consumerVersionNumber}}",
            "headers": {"Accept": "application/vnd.github+json", "Authorization": f"Bearer {token}"},
            "body": {
                "state": "${pactbroker.summaryGithubStatus}",
                "description": "${pactbroker.summaryDescription}",
                "context": CONTEXT,
                "target_url": "${pactbroker.dashboardUrl}",
            },
        },
    }


def gitlab_status(project: str, token: str, api_url: str = "https://gitlab.com/api/v4") -> dict[str, Any]:
    """A commit status on GitLab. `project` is an id or a path such as group/name."""
    return {
        "description": f"Commit status on {project}",
        "events": [{"name": name} for name in _STATUS_EVENTS],
        "ts:onlyChanges": True,
        "request": {
            "method": "POST",
            "url": f"{api_url}/projects/{quote(project, safe='')}/statuses/${{pactbroker.consumerVersionNumber}}",
            "headers": {"Private-Token": token},
            "body": {
                "state": "${pactbroker.summaryGitlabStatus}",
                "description": "${pactbroker.summaryDescription}",
                "name": CONTEXT,
                "target_url": "${pactbroker.dashboardUrl}",
            },
        },
    }


def chat_message(url: str) -> dict[str, Any]:
    """A message to a chat that takes {"text": …} at an address of its own, when a provider breaks a contract."""
    return {
        "description": "Chat: a contract is broken",
        "events": [{"name": "provider_verification_failed"}],
        "request": {
            "method": "POST",
            "url": url,
            "body": {
                "text": "${pactbroker.providerName} ${pactbroker.providerVersionNumber} breaks "
                "${pactbroker.consumerName} ${pactbroker.consumerVersionNumber}: ${pactbroker.verificationResultUrl}"
            },
        },
    }


@click.command("create-status-webhook")
@click.argument("service", type=click.Choice(["github", "gitlab", "chat"]))
@click.option("--repository", metavar="OWNER/NAME", help="GitHub: the repository. GitLab: the project's path or id.")
@click.option("--api-url", metavar="URL", help="For installations of one's own; for chat: the address to post to.")
@click.option("--consumer", metavar="P", help="Whose contracts.")
@shared.json_option
@shared.broker_options
def create_status_webhook(
    broker: Any, as_json: bool, service: str, repository: str | None, api_url: str | None, consumer: str | None
) -> None:
    """Tell GitHub, GitLab or a chat how contracts stand.

    The access token is read from the environment variable TALLYSTICK_WEBHOOK_TOKEN.
    """
    body = _definition(service, repository, api_url)
    if consumer:
        body["consumer"] = {"name": consumer}
    with broker() as client:
        made = client.create_webhook(body)
    if as_json:
        shared.print_json(made.document)
    else:
        shared.tell(f"webhook {made.uuid} created: {body['description']}", colour="green")


def _definition(service: str, repository: str | None, api_url: str | None) -> dict[str, Any]:
    if service == "chat":
        if not api_url:
            raise click.UsageError("chat needs --api-url, the address that the chat gave you to post to")
        return chat_message(api_url)
    token = os.environ.get(TOKEN_VARIABLE)
    if not repository or not token:
        missing = "--repository" if not repository else f"an access token in the environment variable {TOKEN_VARIABLE}"
        raise click.UsageError(f"{service} needs {missing}")
    make = github_status if service == "github" else gitlab_status
    return make(repository, token, api_url.rstrip("/")) if api_url else make(repository, token)
