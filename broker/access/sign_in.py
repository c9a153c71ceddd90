"""People sign in at an OpenID provider: authorization code with PKCE, then a token of ours in a cookie.

The cookie is honoured for reading only, so that no other site can make a browser write. What it holds is a token like
any other: listed, expiring, revocable. Without the settings `oidc_…` none of this is there.
"""

from __future__ import annotations

import base64
import hashlib
import secrets as random_text
import time
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import RedirectResponse, Response

from tallystick.broker.access import queries, service
from tallystick.broker.access.secrets import digest
from tallystick.broker.db import now, write
from tallystick.broker.errors import Forbidden, NotFound
from tallystick.broker.http.calls import Call, CallDep
from tallystick.broker.http.media import HTML
from tallystick.broker.http.routing import SESSION_COOKIE as COOKIE
from tallystick.broker.http.routing import Routes

routes: Final = Routes("sign-in")

PENDING_COOKIE: Final = "tallystick_sign_in"
SIGN_IN_SECONDS: Final = 600
SESSION_DAYS: Final = 1


@dataclass(frozen=True, slots=True)
class Provider:
    """What the issuer tells of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    keys: Any


@routes.page("/login")
def login(call: CallDep) -> Response:
    """Send the browser to the issuer, and remember what it must bring back."""
    settings = call.settings
    provider = _provider(call)
    verifier = random_text.token_urlsafe(48)
    pending = {
        "state": random_text.token_urlsafe(24),
        "nonce": random_text.token_urlsafe(24),
        "verifier": verifier,
        "next": _local(call.query.get("next", "/")),
        "until": time.time() + SIGN_IN_SECONDS,
    }
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    asked = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": f"{call.links.base}/login/callback",
        "scope": "openid email profile",
        "state": pending["state"],
        "nonce": pending["nonce"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    mark = "&" if "?" in provider.authorization_endpoint else "?"
    away = RedirectResponse(f"{provider.authorization_endpoint}{mark}{urlencode(asked)}", 303)
    sealed = call.request.app.state.vault.sealed(pending)
    away.set_cookie(PENDING_COOKIE, sealed.decode(), max_age=SIGN_IN_SECONDS, **_flags(call))
    return away


@routes.page("/login/callback")
def callback(call: CallDep) -> Response:
    """The browser comes back with a code: who is it?"""
    pending = _pending(call)
    if call.query.get("error"):
        raise Forbidden(f"the issuer refused to sign you in: {call.query['error']}")
    if not random_text.compare_digest(call.query.get("state", ""), pending["state"]):
        raise Forbidden("this answer of the issuer belongs to another sign-in; start again at /login")
    claims = _claims(call, _provider(call), call.query.get("code", ""), pending)
    name = claims["email"] if claims.get("email_verified") and claims.get("email") else f"{claims['sub']}@oidc"
    with write(call.engine) as session:
        at = now(session)
        if queries.account(session, name) is None:
            service.create_account(session, name, call.settings.oidc_roles, at)
        row = queries.account(session, name)
        if row is None or row.disabled_at is not None:
            raise Forbidden(f"the account {name} is disabled")
        made = service.create_token(session, name, "signed in by browser", at, days=SESSION_DAYS)
    home = RedirectResponse(pending["next"], 303)
    home.set_cookie(COOKIE, made.text, max_age=SESSION_DAYS * 86400, **_flags(call))
    home.delete_cookie(PENDING_COOKIE)
    return home


@routes.page("/logout")
def logout(call: CallDep) -> Response:
    """The session's token is revoked, here and everywhere."""
    text = call.request.cookies.get(COOKIE)
    if text:
        with write(call.engine) as session:
            row = queries.token_with_digest(session, digest(text))
            if row is not None:
                service.revoke_token(session, row.id, now(session))
    gone = Response("You are signed out.", media_type=HTML)
    gone.delete_cookie(COOKIE)
    return gone


def _flags(call: Call) -> dict[str, Any]:
    return {"httponly": True, "samesite": "lax", "secure": call.links.base.startswith("https:")}


def _local(path: str) -> str:
    """A path of ours to return to, never another site's address."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"


def _pending(call: Call) -> dict[str, Any]:
    sealed = call.request.cookies.get(PENDING_COOKIE)
    try:
        pending: dict[str, Any] = call.request.app.state.vault.opened(sealed.encode() if sealed else None)
    except Exception:  # of another broker, or tampered with: no sign-in of ours
        pending = {}
    if not pending or pending["until"] < time.time():
        raise Forbidden("this sign-in has expired; start again at /login")
    return pending


def _provider(call: Call) -> Provider:
    """The issuer's own description, asked once and kept with the application. Raises `NotFound` without an issuer."""
    settings, state = call.settings, call.request.app.state
    if not settings.oidc_issuer:
        raise NotFound()
    known: Provider | None = getattr(state, "oidc_provider", None)
    if known is None:
        import httpx
        from joserfc.jwk import KeySet

        issuer = settings.oidc_issuer.rstrip("/")
        try:
            described = httpx.get(f"{issuer}/.well-known/openid-configuration", timeout=10).raise_for_status().json()
            keys = httpx.get(described["jwks_uri"], timeout=10).raise_for_status().json()
        except (httpx.HTTPError, ValueError, KeyError) as error:
            raise Forbidden(f"the issuer {issuer} cannot be asked who you are: {error}") from None
        if described.get("issuer", "").rstrip("/") != issuer:
            raise Forbidden(f"{issuer} describes itself as {described.get('issuer')!r}; oidc_issuer must be equal")
        known = state.oidc_provider = Provider(
            described["issuer"],
            described["authorization_endpoint"],
            described["token_endpoint"],
            KeySet.import_key_set(keys),
        )
    return known


def _claims(call: Call, provider: Provider, code: str, pending: dict[str, Any]) -> dict[str, Any]:
    """What the issuer says of the person, its signature, audience, age and nonce checked."""
    import httpx
    from joserfc import jwt
    from joserfc.errors import JoseError

    settings = call.settings
    try:
        answer = httpx.post(
            provider.token_endpoint,
            data={
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": f"{call.links.base}/login/callback",
                "code_verifier": pending["verifier"],
            },
            auth=(settings.oidc_client_id, settings.oidc_client_secret),
            timeout=10,
        )
        answer.raise_for_status()
        token = jwt.decode(answer.json()["id_token"], provider.keys, algorithms=["RS256", "ES256", "PS256", "EdDSA"])
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": provider.issuer},
            aud={"essential": True, "value": settings.oidc_client_id},
            nonce={"essential": True, "value": pending["nonce"]},
            exp={"essential": True},
            sub={"essential": True},
        ).validate(token.claims)
    except (httpx.HTTPError, JoseError, ValueError, KeyError) as error:
        call.request.app.state.oidc_provider = None  # its keys may have changed: ask again next time
        raise Forbidden(f"the issuer's word on who you are does not hold: {error}") from None
    return dict(token.claims)
