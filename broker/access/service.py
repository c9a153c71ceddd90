"""Accounts and tokens: made, changed, ended. Callers open the transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tallystick.broker.access import queries, secrets
from tallystick.broker.access.queries import ACCOUNT, GRANT, TOKEN
from tallystick.broker.access.roles import ROLES
from tallystick.broker.access.secrets import NewToken
from tallystick.broker.errors import Invalid, NotFound


def create_account(
    session: Session,
    name: str,
    roles: Sequence[str],
    now: datetime,
    *,
    password: str | None = None,
    grants: Sequence[str] = (),
) -> None:
    """A new account; without a password it works by tokens only. Raises `Invalid`. Three to five statements."""
    errors = _complaints(name, roles, password)
    if not errors and queries.account(session, name) is not None:
        errors["name"] = [f"Another account with name '{name}' already exists."]
    if errors:
        raise Invalid(errors)
    try:
        account_id = session.execute(
            insert(ACCOUNT)
            .values(
                name=name,
                name_lower=name.lower(),
                role=" ".join(roles),
                password_hash=secrets.hashed(password) if password else None,
                created_at=now,
                updated_at=now,
            )
            .returning(ACCOUNT.c.id)
        ).scalar_one()
    except IntegrityError:  # another request took the name in between
        raise Invalid({"name": [f"Another account with name '{name}' already exists."]}) from None
    _set_grants(session, account_id, grants, now)


def change_account(
    session: Session,
    name: str,
    now: datetime,
    *,
    roles: Sequence[str] | None = None,
    password: str | None = None,
    grants: Sequence[str] | None = None,
    disabled: bool | None = None,
) -> None:
    """Change what is given (None: leave it). Remembered credentials of the account stop counting at once."""
    row = queries.account(session, name)
    if row is None:
        raise NotFound(f"No account with name '{name}' found")
    errors = _complaints(row.name, roles if roles is not None else row.role.split(), password)
    if errors:
        raise Invalid(errors)
    values: dict[str, object] = {"updated_at": now}
    if roles is not None:
        values["role"] = " ".join(roles)
    if password is not None:
        values["password_hash"] = secrets.hashed(password)
    if disabled is not None:
        values["disabled_at"] = (row.disabled_at or now) if disabled else None
    session.execute(update(ACCOUNT).where(ACCOUNT.c.id == row.id).values(**values))
    if grants is not None:
        session.execute(delete(GRANT).where(GRANT.c.account_id == row.id))
        _set_grants(session, row.id, grants, now)


def remove_account(session: Session, name: str) -> None:
    """The account is gone, with its tokens. Raises `NotFound`."""
    row = queries.account(session, name)
    if row is None:
        raise NotFound(f"No account with name '{name}' found")
    session.execute(delete(ACCOUNT).where(ACCOUNT.c.id == row.id))


def create_token(
    session: Session, account: str, name: str, now: datetime, *, roles: Sequence[str] = (), days: int | None = None
) -> NewToken:
    """A new token; its text is in the answer and nowhere else. Without roles it may do what its account may."""
    row = queries.account(session, account)
    if row is None:
        raise NotFound(f"No account with name '{account}' found")
    errors: dict[str, Sequence[str]] = {}
    if not name.strip():
        errors["name"] = ["can't be blank"]
    unknown = [role for role in roles if role not in ROLES]
    if unknown:
        errors["roles"] = [f"must be among {', '.join(ROLES)}, not {', '.join(unknown)}"]
    if days is not None and not 0 < days <= 3660:
        errors["expiresInDays"] = ["must be from 1 to 3660"]
    if errors:
        raise Invalid(errors)
    made = secrets.new_token()
    session.execute(
        insert(TOKEN).values(
            account_id=row.id,
            name=name,
            prefix=made.prefix,
            digest=made.digest,
            scope=" ".join(roles) or row.role,
            created_at=now,
            expires_at=now + timedelta(days=days) if days else None,
        )
    )
    return made


def revoke_token(session: Session, token_id: int, now: datetime) -> None:
    """The token counts no more; it stays on record. Raises `NotFound`."""
    row = queries.token(session, token_id)
    if row is None:
        raise NotFound(f"No token with id {token_id} found")
    session.execute(update(TOKEN).where(TOKEN.c.id == token_id).values(revoked_at=row.revoked_at or now))


def _complaints(name: str, roles: Sequence[str], password: str | None) -> dict[str, Sequence[str]]:
    errors: dict[str, Sequence[str]] = {}
    if not name.strip():
        errors["name"] = ["can't be blank"]
    elif ":" in name or any(not character.isprintable() for character in name):
        errors["name"] = ["cannot contain a colon or control characters"]
    unknown = [role for role in roles if role not in ROLES]
    if unknown or not roles:
        errors["roles"] = [f"must be among {', '.join(ROLES)}" + (f", not {', '.join(unknown)}" if unknown else "")]
    if password is not None and len(password) < secrets.SHORTEST_PASSWORD:
        errors["password"] = [f"must have at least {secrets.SHORTEST_PASSWORD} characters"]
    return errors


def _set_grants(session: Session, account_id: int, names: Sequence[str], now: datetime) -> None:
    if not names:
        return
    known = queries.participant_ids(session, names)
    unknown = [name for name in names if name not in known]
    if unknown:
        raise Invalid({"grants": [f"does not match an existing pacticipant: '{name}'" for name in unknown]})
    session.execute(
        insert(GRANT),
        [{"account_id": account_id, "participant_id": known[name], "created_at": now} for name in dict.fromkeys(names)],
    )
