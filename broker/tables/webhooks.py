"""Webhooks and their deliveries; a delivery is a durable job with a lease."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, LargeBinary, PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from tallystick.broker.tables.base import flag, key, moment, reference


class Webhook(SQLModel, table=True):
    """Whom to tell, of what, and how. Each side is a participant, a label, or anyone."""

    __tablename__ = "webhook"
    __table_args__: Any = (
        UniqueConstraint("uuid"),
        Index("ix_webhook_consumer_id", "consumer_id"),
        Index("ix_webhook_provider_id", "provider_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    uuid: str
    description: str | None = None
    enabled: bool = Field(sa_column=flag())
    consumer_id: int | None = Field(default=None, sa_column=reference("participant.id", nullable=True))
    provider_id: int | None = Field(default=None, sa_column=reference("participant.id", nullable=True))
    consumer_label: str | None = None
    provider_label: str | None = None
    method: str
    url: str
    username: str | None = None
    headers: str | None = None  # JSON text, without the secret ones
    body: str | None = None  # JSON text
    verify_tls: bool = Field(default=True, sa_column=flag())
    only_changes: bool = Field(default=False, sa_column=flag())  # not sent when it would say the same again
    secrets: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))  # encrypted
    created_at: datetime = Field(sa_column=moment())
    updated_at: datetime = Field(sa_column=moment())


class WebhookEvent(SQLModel, table=True):
    """An event that a webhook listens to."""

    __tablename__ = "webhook_event"
    __table_args__: Any = (PrimaryKeyConstraint("webhook_id", "name"), Index("ix_webhook_event_name", "name"))

    webhook_id: int = Field(sa_column=reference("webhook.id"))
    name: str


class Delivery(SQLModel, table=True):
    """One telling of one event to one webhook; it survives the webhook's deletion."""

    __tablename__ = "delivery"
    __table_args__: Any = (
        UniqueConstraint("uuid"),
        Index("ix_delivery_status_due_at", "status", "due_at"),
        Index("ix_delivery_webhook_id", "webhook_id", "consumer_version"),
        Index("ix_delivery_publication_id", "publication_id"),
        Index("ix_delivery_verification_id", "verification_id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    uuid: str
    webhook_id: int | None = Field(default=None, sa_column=reference("webhook.id", nullable=True, on_delete="SET NULL"))
    event: str
    consumer_id: int | None = Field(default=None, sa_column=reference("participant.id", nullable=True))
    provider_id: int | None = Field(default=None, sa_column=reference("participant.id", nullable=True))
    publication_id: int | None = Field(default=None, sa_column=reference("contract_publication.id", nullable=True))
    verification_id: int | None = Field(default=None, sa_column=reference("verification.id", nullable=True))
    parameters: str  # JSON text
    consumer_version: str | None = None  # whose verdict it tells, for those who want changes only
    request_digest: str | None = None  # of what was sent, by which the same again is known
    status: str  # not_run, retrying, success, failure
    attempts: int = 0
    created_at: datetime = Field(sa_column=moment())
    due_at: datetime = Field(sa_column=moment())
    lease_until: datetime | None = Field(default=None, sa_column=moment(nullable=True))
    lease_token: str | None = None
    finished_at: datetime | None = Field(default=None, sa_column=moment(nullable=True))


class DeliveryAttempt(SQLModel, table=True):
    """What one attempt got for an answer."""

    __tablename__ = "delivery_attempt"
    __table_args__: Any = (
        UniqueConstraint("delivery_id", "number"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, sa_column=key())
    delivery_id: int = Field(sa_column=reference("delivery.id"))
    number: int
    success: bool = Field(sa_column=flag())
    response_status: int | None = None
    log: str
    created_at: datetime = Field(sa_column=moment())
