"""The root command: a table of names. A command's module is loaded when the command is run, not before.

`tallystick --help` must be quick, so the one-line helps stand here and a test compares them with the commands' own.
"""

from __future__ import annotations

from importlib import import_module
from typing import Final, NamedTuple

import click

from tallystick import __version__


class Entry(NamedTuple):
    """Where a command lives, and the line that `--help` shows for it."""

    target: str
    help: str


COMMANDS: Final[dict[str, Entry]] = {
    "verify": Entry(
        "tallystick.verifier.cli:verify", "Replay what consumers rely on against a provider, and say who would break."
    ),
    "check-states": Entry("tallystick.verifier.cli:check_states", "List the provider states that contracts ask for."),
    "broker": Entry(
        "tallystick.broker.cli:broker", "Run the service that keeps contracts and says what may be deployed."
    ),
    "publish": Entry(
        "tallystick.client_sdk.commands.publish:publish", "Publish contract files, or folders of them, to the broker."
    ),
    "can-i-deploy": Entry(
        "tallystick.client_sdk.commands.can_i_deploy:can_i_deploy", "May this version go to that environment?"
    ),
    "can-i-merge": Entry(
        "tallystick.client_sdk.commands.can_i_deploy:can_i_merge",
        "Does this version fit the main branches of what it is integrated with?",
    ),
    "matrix": Entry(
        "tallystick.client_sdk.commands.can_i_deploy:matrix", "Which versions have been verified with which."
    ),
    "record-deployment": Entry(
        "tallystick.client_sdk.commands.deployments:record_deployment",
        "Record that a version is live in an environment, in place of the one before.",
    ),
    "record-undeployment": Entry(
        "tallystick.client_sdk.commands.deployments:record_undeployment",
        "Record that an application is no longer live in an environment.",
    ),
    "record-release": Entry(
        "tallystick.client_sdk.commands.deployments:record_release",
        "Record that a version is supported in an environment, beside those that are.",
    ),
    "record-support-ended": Entry(
        "tallystick.client_sdk.commands.deployments:record_support_ended",
        "Record that a released version is no longer supported in an environment.",
    ),
    "contracts": Entry(
        "tallystick.client_sdk.commands.contracts:contracts", "Look at contracts: in files, or in the broker."
    ),
    "states": Entry(
        "tallystick.client_sdk.commands.contracts:states", "List the states that consumers ask of a provider."
    ),
    "stub": Entry(
        "tallystick.client_sdk.commands.stub:stub",
        "Serve contracts from FILES, folders or a broker as a fake provider, until Ctrl-C.",
    ),
    "impact": Entry(
        "tallystick.verifier.commands.impact:impact",
        "What a change of PROVIDER would break: whom, on which field, where it is live, and what it would cost.",
    ),
    "plan": Entry(
        "tallystick.client_sdk.commands.plan:plan",
        "Plan a change of a provider, see who still has to move, and ask whether the old shape may go.",
    ),
    "publish-description": Entry(
        "tallystick.client_sdk.commands.describe_api:publish_description",
        "Publish the API description (OpenAPI 3, JSON or YAML) of a version of PROVIDER.",
    ),
    "compare": Entry(
        "tallystick.client_sdk.commands.compare:compare",
        "Compare a CONTRACT with an API DESCRIPTION, both files; or what the broker holds. Static: nothing is run.",
    ),
    "who-needs": Entry(
        "tallystick.client_sdk.commands.who_needs:who_needs",
        "Who uses an OPERATION of PROVIDER, or a PATH in it: how strictly, in which versions, where, since when.",
    ),
    "failures": Entry(
        "tallystick.client_sdk.commands.failures:failures",
        "What fails with PROVIDER: since which versions, what passed last, and the first change that broke it.",
    ),
    "list-environments": Entry(
        "tallystick.client_sdk.commands.environments:list_environments", "List the environments."
    ),
    "create-environment": Entry(
        "tallystick.client_sdk.commands.environments:create_environment", "Make a new environment known."
    ),
    "update-environment": Entry(
        "tallystick.client_sdk.commands.environments:update_environment", "Change an environment."
    ),
    "describe-environment": Entry(
        "tallystick.client_sdk.commands.environments:describe_environment", "Show an environment."
    ),
    "delete-environment": Entry(
        "tallystick.client_sdk.commands.environments:delete_environment",
        "Delete an environment, with what is recorded as deployed there.",
    ),
    "list-pacticipants": Entry(
        "tallystick.client_sdk.commands.pacticipants:list_pacticipants", "List the applications."
    ),
    "describe-pacticipant": Entry(
        "tallystick.client_sdk.commands.pacticipants:describe_pacticipant", "Show an application."
    ),
    "create-or-update-pacticipant": Entry(
        "tallystick.client_sdk.commands.pacticipants:create_or_update_pacticipant",
        "Make an application known, or change what is known of it.",
    ),
    "delete-pacticipant": Entry(
        "tallystick.client_sdk.commands.pacticipants:delete_pacticipant",
        "Delete an application, with its contracts and results.",
    ),
    "list-versions": Entry(
        "tallystick.client_sdk.commands.pacticipants:list_versions", "List the newest versions of an application."
    ),
    "describe-version": Entry(
        "tallystick.client_sdk.commands.pacticipants:describe_version", "Show a version of an application."
    ),
    "create-or-update-version": Entry(
        "tallystick.client_sdk.commands.pacticipants:create_or_update_version",
        "Make a version known, on a branch, with tags.",
    ),
    "create-version-tag": Entry("tallystick.client_sdk.commands.pacticipants:create_version_tag", "Tag a version."),
    "delete-version-tag": Entry(
        "tallystick.client_sdk.commands.pacticipants:delete_version_tag", "Take a tag off a version."
    ),
    "list-branches": Entry(
        "tallystick.client_sdk.commands.pacticipants:list_branches", "List the branches of an application."
    ),
    "delete-branch": Entry(
        "tallystick.client_sdk.commands.pacticipants:delete_branch",
        "Delete a branch of an application; its versions stay.",
    ),
    "list-webhooks": Entry("tallystick.client_sdk.commands.webhooks:list_webhooks", "List the webhooks."),
    "describe-webhook": Entry("tallystick.client_sdk.commands.webhooks:describe_webhook", "Show a webhook."),
    "create-webhook": Entry(
        "tallystick.client_sdk.commands.webhooks:create_webhook", "Have the broker call URL when an event happens."
    ),
    "create-or-update-webhook": Entry(
        "tallystick.client_sdk.commands.webhooks:create_or_update_webhook", "Make or replace the webhook of a uuid."
    ),
    "create-status-webhook": Entry(
        "tallystick.client_sdk.commands.webhook_templates:create_status_webhook",
        "Tell GitHub, GitLab or a chat how contracts stand.",
    ),
    "test-webhook": Entry("tallystick.client_sdk.commands.webhooks:test_webhook", "Call a webhook now."),
    "delete-webhook": Entry("tallystick.client_sdk.commands.webhooks:delete_webhook", "Delete a webhook."),
    "completion": Entry(
        "tallystick.client_sdk.commands.completion:completion",
        'Print the completion script of a shell: eval "$(tallystick completion bash)".',
    ),
    "demo": Entry("tallystick._examples.demo.cli:demo", "See Tallystick at work on real services."),
}


class _Root(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        entry = COMMANDS.get(name)
        if entry is None:
            return None
        module, _, attribute = entry.target.partition(":")
        try:
            command: click.Command = getattr(import_module(module), attribute)
        except ModuleNotFoundError as missing:
            if missing.name is None or missing.name.startswith("tallystick"):
                raise
            raise _ExtraMissing(name, missing.name) from None
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


class _ExtraMissing(click.ClickException):
    exit_code = 4

    def __init__(self, command: str, module: str) -> None:
        extra = "demo" if command == "demo" else "broker"
        super().__init__(
            f"'tallystick {command}' needs the package {module!r}, which is not installed. "
            f"Install it with: pip install 'tallystick[{extra}]'"
        )


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tallystick")
def main() -> None:
    """Consumer-driven contract testing: who needs what, and what a change would break.

    Exit codes: 0 yes or passed, 1 no, broken or refused, 2 wrong usage, 3 nothing to verify, unknown or
    unanswerable, 4 could not run.
    """
