"""Webhooks do not reach what is private: not by address, not by name, not by a name that changes its answer."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tallystick.broker.settings import Settings
from tallystick.broker.webhooks import sending
from tallystick.broker.webhooks.addresses import address_allowed, host_allowed
from tallystick.broker.webhooks.inputs import Asked

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::",
    "64:ff9b::7f00:1", "2001:0:7f00:1::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address: str):
    assert not address_allowed(address, ())


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_a_public_address_is_allowed(address: str):
    assert address_allowed(address, ())


def test_an_entry_of_the_list_allows_what_it_covers_and_no_more():
    assert address_allowed("10.1.2.3", ("10.1.0.0/16",))
    assert not address_allowed("10.2.2.3", ("10.1.0.0/16",))
    assert not address_allowed("10.1.2.3", ("internal.example.org",)), "a name says nothing of its address"


@pytest.mark.parametrize(
    ("host", "allowed", "verdict"),
    [
        ("ci.example.org", (), True),
        ("ci.example.org", ("ci.example.org",), True),
        ("CI.Example.org.", ("ci.example.org",), True),
        ("ci.example.org", ("*.example.org",), True),
        ("a.ci.example.org", ("*.example.org",), False),
        ("example.org", ("*.example.org",), False),
        ("ci.example.org", ("/^ci\\./",), True),
        ("10.0.0.7", ("10.0.0.0/8",), True),
        ("11.0.0.7", ("10.0.0.0/8",), False),
        ("ci.example.org", ("10.0.0.0/8",), False),
    ],
)  # fmt: skip
def test_hosts_are_held_against_the_allow_list(host: str, allowed: tuple[str, ...], verdict: bool):
    assert host_allowed(host, allowed) is verdict


def send(url: str, **settings: Any) -> sending.Sent:
    configured = Settings(webhook_timeout_seconds=2, **settings)
    return sending.send(sending.ready(Asked("POST", url), {}, "1", configured), configured)


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "2130706433", "0177.0.0.1", "0x7f.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0"],
)
def test_every_way_to_write_this_machine_is_refused_when_sending(receiver: Any, host: str):
    sent = send(receiver.url.replace("127.0.0.1", host))

    assert sent.status is None
    assert receiver.received == []
    assert "not public" in sent.error


def test_a_name_that_changes_its_answer_gains_nothing(receiver: Any, monkeypatch: pytest.MonkeyPatch):
    port = int(receiver.url.rsplit(":", 1)[1])
    answers = ["93.184.216.34", "127.0.0.1"]
    asked: list[str] = []
    real = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **more: Any) -> Any:
        if host == "rebinding.example.org":
            asked.append(answers[min(len(asked), 1)])
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (asked[-1], port))]
        return real(host, *rest, **more)

    connected: list[str] = []

    def connect(address: Any, *_: Any, **__: Any) -> Any:
        connected.append(address[0])
        raise OSError("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)

    first, second = send(f"http://rebinding.example.org:{port}"), send(f"http://rebinding.example.org:{port}")

    assert connected == ["93.184.216.34"], "the address that was checked is the one connected to"
    assert first.status is None
    assert "127.0.0.1, which is not public" in second.error


def test_a_redirect_is_an_answer_not_a_way(receiver: Any):
    receiver.answers = [(302, "http://169.254.169.254/latest")]

    sent = send(receiver.url, webhook_host_whitelist=("127.0.0.0/8",))

    assert sent.status == 302
    assert len(receiver.received) == 1


def test_a_proxy_of_the_environment_is_used(receiver: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", receiver.url)
    monkeypatch.setenv("http_proxy", receiver.url)

    sent = send("http://93.184.216.34/hook")

    assert sent.status == 200
    assert [told.path for told in receiver.received] == ["http://93.184.216.34/hook"]


def test_a_proxy_is_no_way_around_the_check(receiver: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("http_proxy", receiver.url)

    sent = send("http://169.254.169.254/latest")

    assert "not public" in sent.error
    assert receiver.received == []


@pytest.mark.parametrize("verify", [True, False])
def test_certificates_are_checked_unless_the_webhook_says_otherwise(tmp_path: Path, verify: bool):
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    told: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings = Settings(webhook_timeout_seconds=5, webhook_host_whitelist=("127.0.0.1",))
    asked = Asked("POST", f"https://127.0.0.1:{server.server_port}/hook", verify_tls=verify)

    sent = sending.send(sending.ready(asked, {}, "1", settings), settings)

    server.shutdown()
    server.server_close()
    assert (sent.status, told) == ((None, []) if verify else (200, ["/hook"]))
    if verify:
        assert "certificate" in sent.error.lower()


def self_signed(folder: Path) -> Path:
    """A certificate that nobody vouches for, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    at = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(at - timedelta(days=1)).not_valid_after(at + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    file = folder / "self-signed.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return file
