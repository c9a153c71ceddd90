"""Rows and nothing else: every table of the broker, one file per noun, no behaviour.

Import table classes from here: `from tallystick.broker.tables import Version`. The modules are free of
`from __future__ import annotations`, because SQLModel reads annotations as types when a class is made.
"""

from tallystick.broker.tables.access import Account, AuditEvent, ParticipantGrant, Token
from tallystick.broker.tables.base import NAMING, UtcDateTime, metadata
from tallystick.broker.tables.contracts import (
    Contract,
    ContractInteraction,
    Integration,
    Interaction,
    InteractionUsage,
    Operation,
    Publication,
)
from tallystick.broker.tables.environments import (
    DeployedVersion,
    DeploymentEvent,
    Environment,
    FailureInterval,
    ReleasedVersion,
)
from tallystick.broker.tables.impact import (
    ApiDescription,
    Plan,
    PlanConsumer,
    PlanGate,
    ProviderShape,
    StaticComparison,
)
from tallystick.broker.tables.participants import (
    Branch,
    BranchHead,
    BranchVersion,
    Label,
    Participant,
    Tag,
    Version,
)
from tallystick.broker.tables.schema import SchemaRevision
from tallystick.broker.tables.verifications import (
    BranchSuccess,
    TagSuccess,
    Verification,
    VerificationFailure,
    VerificationHead,
    VerificationTag,
)
from tallystick.broker.tables.webhooks import Delivery, DeliveryAttempt, Webhook, WebhookEvent

__all__ = [
    "NAMING",
    "Account",
    "ApiDescription",
    "AuditEvent",
    "Branch",
    "BranchHead",
    "BranchSuccess",
    "BranchVersion",
    "Contract",
    "ContractInteraction",
    "Delivery",
    "DeliveryAttempt",
    "DeployedVersion",
    "DeploymentEvent",
    "Environment",
    "FailureInterval",
    "Integration",
    "Interaction",
    "InteractionUsage",
    "Label",
    "Operation",
    "Participant",
    "ParticipantGrant",
    "Plan",
    "PlanConsumer",
    "PlanGate",
    "ProviderShape",
    "Publication",
    "ReleasedVersion",
    "SchemaRevision",
    "StaticComparison",
    "Tag",
    "TagSuccess",
    "Token",
    "UtcDateTime",
    "Verification",
    "VerificationFailure",
    "VerificationHead",
    "VerificationTag",
    "Version",
    "Webhook",
    "WebhookEvent",
    "metadata",
]
