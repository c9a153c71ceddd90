"""`tallystick broker account|token|audit`: for the operator, on the database itself."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click

DATABASE = click.option(
    "--database-url", envvar="PACT_BROKER_DATABASE_URL", help="As for `broker serve`.", metavar="URL"
)
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


class _Refused(click.ClickException):
    exit_code = 1


class _CannotRun(click.ClickException):
    exit_code = 4


@contextmanager
def _database(url: str | None) -> Iterator[Any]:
    """The migrated database's engine; refusals become one readable line."""
    try:
        from tallystick.broker import db
        from tallystick.broker.errors import CannotStart, Refusal
        from tallystick.broker.settings import BadSetting, load
    except ModuleNotFoundError as missing:
        raise _CannotRun(f"the broker needs {missing.name}: pip install 'tallystick[broker]'") from None
    try:
        engine = db.engine_for(load(os.environ, database_url=url).settings.database_url)
        db.upgrade(engine)
        yield engine
        engine.dispose()
    except (CannotStart, BadSetting) as problem:
        raise _CannotRun(str(problem)) from None
    except Refusal as refusal:
        raise _Refused(str(refusal)) from None


def _changing(url: str | None, action: str, subject: str, change: Callable[[Any, Any], Any], **detail: Any) -> Any:
    from tallystick.broker import db
    from tallystick.broker.access.audit import record

    with _database(url) as engine, db.write(engine) as session:
        result = change(session, db.now(session))
        record(session, "operator", action, subject, **detail)
        return result


@click.group()
def account() -> None:
    """Accounts: who may do what. As soon as there is one, everybody must sign in."""


ROLES = click.option(
    "--role", "roles", multiple=True, required=True,
    type=click.Choice(["read", "publish", "verify", "deploy", "admin"]), help="Repeatable.",
)  # fmt: skip
GRANTS = click.option("--grant", "grants", multiple=True, help="May write to this application only. Repeatable.")
PASSWORD = click.option("--password-stdin", is_flag=True, help="Read the password from the standard input.")


@account.command("create")
@click.argument("name")
@ROLES
@GRANTS
@PASSWORD
@DATABASE
def create_account(
    name: str, roles: tuple[str, ...], grants: tuple[str, ...], password_stdin: bool, database_url: str | None
) -> None:
    """Create an account. Without a password it works by tokens only."""
    password = _password() if password_stdin else None

    def change(session: Any, at: Any) -> None:
        from tallystick.broker.access import service

        service.create_account(session, name, roles, at, password=password, grants=grants)

    _changing(
        database_url, "account create", f"/accounts/{name}", change, sent={"roles": list(roles), "grants": list(grants)}
    )
    click.echo(f"Account {name} created: {', '.join(roles)}.")


@account.command("change")
@click.argument("name")
@click.option("--role", "roles", multiple=True, type=click.Choice(["read", "publish", "verify", "deploy", "admin"]))
@click.option("--disable/--enable", "disabled", default=None)
@PASSWORD
@DATABASE
def change_account(
    name: str, roles: tuple[str, ...], disabled: bool | None, password_stdin: bool, database_url: str | None
) -> None:
    """Change an account's roles or password, disable or enable it."""
    password = _password() if password_stdin else None

    def change(session: Any, at: Any) -> None:
        from tallystick.broker.access import service

        service.change_account(session, name, at, roles=roles or None, password=password, disabled=disabled)

    _changing(
        database_url, "account change", f"/accounts/{name}", change, sent={"roles": list(roles), "disabled": disabled}
    )
    click.echo(f"Account {name} changed.")


@account.command("delete")
@click.argument("name")
@DATABASE
def delete_account(name: str, database_url: str | None) -> None:
    """Delete an account, with its tokens."""

    def change(session: Any, _at: Any) -> None:
        from tallystick.broker.access import service

        service.remove_account(session, name)

    _changing(database_url, "account delete", f"/accounts/{name}", change)
    click.echo(f"Account {name} deleted.")


@account.command("list")
@JSON
@DATABASE
def list_accounts(as_json: bool, database_url: str | None) -> None:
    """List the accounts."""
    with _database(database_url) as engine:
        from tallystick.broker import db
        from tallystick.broker.access import queries

        with db.read(engine) as connection:
            rows = queries.accounts(connection)
            grants = queries.grants_of(connection, [row.id for row in rows])
    shown = [
        {
            "name": row.name,
            "roles": row.role.split(),
            "grants": grants.get(row.id, []),
            "disabled": row.disabled_at is not None,
        }
        for row in rows
    ]
    if as_json:
        click.echo(json.dumps(shown, indent=2))
    elif not shown:
        click.echo(
            "There are no accounts: nobody needs to sign in. "
            "Make the first: tallystick broker account create NAME --role admin --password-stdin"
        )
    else:
        for each in shown:
            rest = f" (only {', '.join(each['grants'])})" if each["grants"] else ""
            click.echo(f"{each['name']}: {', '.join(each['roles'])}{rest}{' · disabled' if each['disabled'] else ''}")


@click.group()
def token() -> None:
    """Bearer tokens of accounts."""


@token.command("create")
@click.option("--account", "account_name", required=True, help="Whose token.")
@click.option("--name", required=True, help="What it is for.")
@click.option("--role", "roles", multiple=True, type=click.Choice(["read", "publish", "verify", "deploy", "admin"]))
@click.option("--expires-in-days", type=click.IntRange(1, 3660))
@DATABASE
def create_token(
    account_name: str, name: str, roles: tuple[str, ...], expires_in_days: int | None, database_url: str | None
) -> None:
    """Create a token and print it, this once, on the standard output."""

    def change(session: Any, at: Any) -> Any:
        from tallystick.broker.access import service

        return service.create_token(session, account_name, name, at, roles=roles, days=expires_in_days)

    made = _changing(database_url, "token create", f"/accounts/{account_name}", change, sent={"name": name})
    click.echo(made.text)
    click.echo("Keep it: it is not shown again.", err=True)


@token.command("list")
@click.option("--account", "account_name", required=True)
@JSON
@DATABASE
def list_tokens(account_name: str, as_json: bool, database_url: str | None) -> None:
    """List an account's tokens."""
    with _database(database_url) as engine:
        from tallystick.broker import db
        from tallystick.broker.access import queries

        with db.read(engine) as connection:
            row = queries.account(connection, account_name)
            if row is None:
                raise _Refused(f"No account with name '{account_name}' found")
            rows = queries.tokens_of(connection, row.id)
    shown = [
        {
            "id": each.id,
            "name": each.name,
            "prefix": each.prefix,
            "roles": each.scope.split(),
            **{
                key: None if at is None else at.isoformat()
                for key, at in (
                    ("createdAt", each.created_at), ("expiresAt", each.expires_at),
                    ("lastUsedAt", each.last_used_at), ("revokedAt", each.revoked_at),
                )
            },
        }
        for each in rows
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(shown, indent=2))
    elif not shown:
        click.echo(f"{account_name} has no tokens.")
    else:
        for token_row in shown:
            state = "revoked" if token_row["revokedAt"] else f"last used {token_row['lastUsedAt'] or 'never'}"
            roles = ", ".join(token_row["roles"])
            click.echo(f"{token_row['id']}  {token_row['prefix']}…  {token_row['name']}  {roles}  {state}")


@token.command("revoke")
@click.argument("token_id", type=int)
@DATABASE
def revoke_token(token_id: int, database_url: str | None) -> None:
    """Revoke a token, by the id that `token list` shows."""

    def change(session: Any, at: Any) -> None:
        from tallystick.broker.access import service

        service.revoke_token(session, token_id, at)

    _changing(database_url, "token revoke", f"/tokens/{token_id}", change)
    click.echo(f"Token {token_id} revoked.")


@click.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--actor", help="Only writes of this account.")
@JSON
@DATABASE
def audit(limit: int, actor: str | None, as_json: bool, database_url: str | None) -> None:
    """Show who wrote what, newest first."""
    with _database(database_url) as engine:
        from tallystick.broker import db
        from tallystick.broker.access import queries

        with db.read(engine) as connection:
            rows = queries.audit(connection, limit=limit, actor=actor)
    if as_json:
        events = [
            {
                "id": row.id, "at": row.at.isoformat(), "actor": row.actor, "action": row.action,
                "subject": row.subject, **json.loads(row.detail or "{}"),
            }
            for row in rows
        ]  # fmt: skip
        click.echo(json.dumps(events, indent=2, ensure_ascii=False))
    elif not rows:
        click.echo("Nothing has been written yet.")
    else:
        for row in rows:
            click.echo(f"{row.at:%Y-%m-%d %H:%M:%S}  {row.actor}  {row.action}  {row.subject}")


def _password() -> str:
    """One line of the standard input. Never an argument: those are seen by everyone on the machine."""
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise click.UsageError("the standard input holds no password")
    return password
