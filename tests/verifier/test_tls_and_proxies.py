"""Providers behind TLS, asking for client certificates, and behind proxies."""

import datetime
import socket
import socketserver
import ssl
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tallystick.verifier.api import verify


def certificate(folder, name, issuer=None, authority=False):
    """A key and a certificate for localhost, signed by the issuer or by itself; gives (paths, material)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    pem, key_pem = folder / f"{name}.pem", folder / f"{name}.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return (str(pem), str(key_pem)), (made, key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    paths, material = certificate(folder, "authority", authority=True)
    return folder, paths[0], material


@pytest.fixture
def secure(provider, authority):
    """Put the provider behind TLS; gives a function that says how."""
    servers = []

    def start(ask_for_certificate=False):
        folder, ca, material = authority
        (pem, key), _ = certificate(folder, "server", material)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        if ask_for_certificate:
            context.load_verify_locations(ca)
            context.verify_mode = ssl.CERT_REQUIRED
        server = provider._server
        server.socket = context.wrap_socket(server.socket, server_side=True)
        servers.append(server)
        return provider.url.replace("http://127.0.0.1", "https://localhost")

    return start


def test_a_provider_is_trusted_through_its_authority(secure, provider, authority, tell):
    provider.on("/orders/1")
    url = secure()
    document = tell.contract(tell.interaction("an order"))

    assert verify(document, provider_base_url=url, ca_file=authority[1]).exit_code == 0
    assert verify(document, provider_base_url=url, insecure=True).exit_code == 0

    report = verify(document, provider_base_url=url)
    assert report.exit_code == 4
    assert report.results[0].replayed.problem.kind == "tls"
    assert "--ca-file" in report.text()


def test_a_client_certificate_is_presented(secure, provider, authority, tell):
    provider.on("/orders/1")
    url = secure(ask_for_certificate=True)
    folder, ca, material = authority
    (pem, key), _ = certificate(folder, "client", material)
    document = tell.contract(tell.interaction("an order"))

    with_it = verify(document, provider_base_url=url, ca_file=ca, client_cert=pem, client_key=key)
    without = verify(document, provider_base_url=url, ca_file=ca)

    assert with_it.exit_code == 0, with_it.text()
    assert without.results[0].replayed.problem is not None


class Proxy(socketserver.StreamRequestHandler):
    """Forwards plain requests in absolute form, and tunnels CONNECT; keeps their first lines."""

    def handle(self):
        first = self.rfile.readline().decode()
        headers = []
        while (line := self.rfile.readline()) not in (b"\r\n", b""):
            headers.append(line)
        self.server.seen.append((first.split()[0], first.split()[1], b"".join(headers).decode()))
        method, target = first.split()[:2]
        if method == "CONNECT":
            host, _, port = target.partition(":")
            with socket.create_connection((host, int(port))) as there:
                self.wfile.write(b"HTTP/1.1 200 go on\r\n\r\n")
                pumps = [
                    threading.Thread(target=pump, args=pair, daemon=True)
                    for pair in ((self.connection, there), (there, self.connection))
                ]
                for one in pumps:
                    one.start()
                pumps[1].join(5)
            return
        host = target.removeprefix("http://").partition("/")[0]
        name, _, port = host.partition(":")
        with socket.create_connection((name, int(port))) as there:
            path = "/" + target.removeprefix("http://").partition("/")[2]
            there.sendall(f"{method} {path} HTTP/1.0\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            while more := there.recv(65536):
                self.wfile.write(more)


def pump(source, target):
    try:
        while more := source.recv(65536):
            target.sendall(more)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def proxy():
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
    server.daemon_threads = True
    server.seen = []
    server.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_plain_provider_is_asked_through_a_proxy_with_its_credentials(provider, proxy, tell):
    provider.on("/orders/1")
    url = proxy.url.replace("http://", "http://user:p%40ss@")

    report = verify(tell.contract(tell.interaction("an order")), provider_base_url=provider.url, proxy=url)

    assert report.exit_code == 0, report.text()
    method, target, headers = proxy.seen[0]
    assert (method, target) == ("GET", f"{provider.url}/orders/1")
    assert "Proxy-Authorization: Basic dXNlcjpwQHNz" in headers


def test_a_secure_provider_is_tunnelled_to(secure, provider, authority, proxy, tell):
    provider.on("/orders/1")
    url = secure()

    report = verify(
        tell.contract(tell.interaction("an order")), provider_base_url=url, proxy=proxy.url, ca_file=authority[1]
    )

    assert report.exit_code == 0, report.text()
    assert proxy.seen[0][:2] == ("CONNECT", url.removeprefix("https://"))


def test_the_environments_proxy_is_not_for_this_machine(provider, proxy, tell, monkeypatch):
    provider.on("/orders/1")
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    monkeypatch.setenv("http_proxy", proxy.url)
    document = tell.contract(tell.interaction("an order"))

    assert verify(document, provider_base_url=provider.url).exit_code == 0
    assert proxy.seen == []
    verify(document, provider_base_url="http://orders.invalid")
    assert [target for _, target, _ in proxy.seen] == ["http://orders.invalid/orders/1"]
