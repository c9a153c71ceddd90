"""People sign in at an OpenID provider: here one of our own, on this machine."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

PAGE = {"accept": "text/html"}


class Issuer:
    """Signs everybody in at once as `person`; `twist` changes the claims, for those that must be refused."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "1"})
        self.person: dict[str, Any] = {"sub": "42", "email": "ann@example.org", "email_verified": True}
        self.twist: Callable[[dict[str, Any]], None] = lambda claims: None
        self.codes: dict[str, dict[str, str]] = {}
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/.well-known/openid-configuration":
                    self._json(
                        {
                            "issuer": issuer.url,
                            "authorization_endpoint": f"{issuer.url}/authorize",
                            "token_endpoint": f"{issuer.url}/token",
                            "jwks_uri": f"{issuer.url}/jwks",
                        }
                    )
                elif parts.path == "/jwks":
                    self._json({"keys": [issuer.key.as_dict(private=False)]})
                else:
                    asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
                    code = f"code-{len(issuer.codes)}"
                    issuer.codes[code] = asked
                    back = urlencode({"code": code, "state": asked["state"]})
                    self.send_response(303)
                    self.send_header("Location", f"{asked['redirect_uri']}?{back}")
                    self.end_headers()

            def do_POST(self) -> None:
                body = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
                asked = issuer.codes.pop(body["code"][0], None)
                proof = hashlib.sha256(body["code_verifier"][0].encode()).digest()
                secret = "Basic " + base64.b64encode(b"tallystick:shh").decode()
                if (
                    asked is None
                    or base64.urlsafe_b64encode(proof).rstrip(b"=").decode() != asked["code_challenge"]
                    or self.headers["authorization"] != secret
                ):
                    self.send_error(400)
                    return
                claims = {
                    "iss": issuer.url, "aud": "tallystick", "exp": int(time.time()) + 60, "nonce": asked["nonce"],
                    **issuer.person,
                }  # fmt: skip
                issuer.twist(claims)
                token = jwt.encode({"alg": "RS256", "kid": "1"}, claims, issuer.key)
                self._json({"id_token": token, "access_token": "x", "token_type": "Bearer"})

            def _json(self, value: Any) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(value).encode())

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    made = Issuer()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def running(broker_with: Callable[..., Any], issuer: Issuer) -> Any:
    return broker_with(
        oidc_issuer=issuer.url, oidc_client_id="tallystick", oidc_client_secret="shh", oidc_roles=("read", "deploy"),
        initial_admin_username="root", initial_admin_password="root-password",
    )  # fmt: skip


@pytest.fixture
def person(running: Any) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.url, follow_redirects=True, headers=PAGE, timeout=30) as client:
        yield client


def test_a_browser_is_sent_to_sign_in_and_comes_back_to_where_it_was(running: Any, person: httpx.Client):
    page = person.get("/network")

    assert page.status_code == 200
    assert page.url.path == "/network"
    assert httpx.get(f"{running.url}/pacticipants").status_code == 401, "clients are refused as ever"


def test_the_person_has_an_account_with_the_configured_roles(running: Any, person: httpx.Client):
    person.get("/")

    account = httpx.get(f"{running.url}/accounts/ann@example.org", auth=("root", "root-password"), timeout=30).json()
    assert account["roles"] == ["read", "deploy"]
    assert account["hasPassword"] is False


def test_the_session_reads_and_does_not_write(running: Any, person: httpx.Client):
    person.get("/")
    api = {"accept": "application/hal+json"}

    assert person.get("/pacticipants", headers=api).status_code == 200
    assert person.put("/pacticipants/Web/versions/1", json={}, headers=api).status_code == 401
    assert person.get("/accounts", headers=api).status_code == 403


def test_the_session_asks_with_a_form_too_and_no_form_writes(running: Any, person: httpx.Client):
    root = {"auth": ("root", "root-password"), "timeout": 30}
    httpx.post(f"{running.url}/pacticipants", json={"name": "orders"}, **root).raise_for_status()
    person.get("/")
    form = {"description": '{"openapi": "3.0.3", "info": {"title": "o", "version": "1"}, "paths": {}}'}

    asked = person.post("/pacticipants/orders/impact", data={**form, "from": form["description"]})

    assert asked.status_code == 200
    assert "Not known" in asked.text
    assert httpx.post(f"{running.url}/pacticipants/orders/impact", data=form, headers=PAGE).status_code == 401
    for path in ("/plans", "/pacticipants", "/environments", "/contracts/publish"):
        assert person.post(path, data=form).status_code == 403, path
        assert person.post(path, json={}).status_code == 401, path


def test_signing_out_ends_the_session_everywhere(running: Any, person: httpx.Client):
    person.get("/")
    session = {"tallystick_session": person.cookies["tallystick_session"]}

    assert person.get("/logout").text == "You are signed out."

    api = {"accept": "application/hal+json"}
    assert httpx.get(running.url, cookies=session, headers=api).status_code == 401


def _other_nonce(claims: dict[str, Any]) -> None:
    claims["nonce"] = "other"


def _other_audience(claims: dict[str, Any]) -> None:
    claims["aud"] = "another"


def _expired(claims: dict[str, Any]) -> None:
    claims["exp"] = int(time.time()) - 3600


def _other_issuer(claims: dict[str, Any]) -> None:
    claims["iss"] = "https://elsewhere.example.org"


@pytest.mark.parametrize("twist", [_other_nonce, _other_audience, _expired, _other_issuer])
def test_an_answer_that_does_not_hold_is_refused(issuer: Issuer, person: httpx.Client, twist: Any):
    issuer.twist = twist

    page = person.get("/")

    assert page.status_code == 403
    assert "tallystick_session" not in person.cookies


def test_an_answer_signed_by_another_is_refused(issuer: Issuer, person: httpx.Client):
    person.get("/login", follow_redirects=False)  # the broker knows the issuer's key now
    issuer.key = RSAKey.generate_key(2048, {"kid": "1"})

    assert person.get("/").status_code == 403


def test_an_answer_to_another_sign_in_is_refused(person: httpx.Client):
    person.get("/login", follow_redirects=False)

    assert person.get("/login/callback?code=code-0&state=forged").status_code == 403


def test_a_disabled_person_stays_out(running: Any, person: httpx.Client):
    person.get("/")
    changed = httpx.patch(
        f"{running.url}/accounts/ann@example.org", json={"disabled": True}, auth=("root", "root-password"), timeout=30
    )
    assert changed.status_code == 200
    person.cookies.clear()

    assert person.get("/").status_code == 403


def test_after_signing_in_nobody_is_led_to_another_site(person: httpx.Client):
    page = person.get("/login?next=//elsewhere.example.org/")

    assert page.url.path == "/"
    assert page.url.host == "127.0.0.1"
