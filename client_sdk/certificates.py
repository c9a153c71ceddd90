"""A certificate for a mock that speaks TLS: made for the block, trusted by nobody but who is told to."""

from __future__ import annotations

import ssl
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Made:
    """A server's TLS context, the file a client must trust, and how to clean up."""

    context: ssl.SSLContext
    ca_file: str
    remove: Callable[[], None]


def context(wish: bool | tuple[str, str], host: str) -> Made:
    """The TLS context of `serve(tls=…)`: from the user's `(certificate, key)` files, or self-signed for `host`."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if isinstance(wish, tuple):
        certificate, key = wish
        try:
            server.load_cert_chain(certificate, key)
        except OSError as problem:
            raise ValueError(f"tls=({certificate!r}, {key!r}): cannot read certificate and key: {problem}") from None
        return Made(server, certificate, lambda: None)
    folder = tempfile.TemporaryDirectory(prefix="tallystick-tls-")
    try:
        _make(Path(folder.name), host)
        server.load_cert_chain(Path(folder.name, "cert.pem"), Path(folder.name, "key.pem"))
    except BaseException:
        folder.cleanup()
        raise
    return Made(server, str(Path(folder.name, "cert.pem")), folder.cleanup)


def _make(folder: Path, host: str) -> None:
    try:
        _with_cryptography(folder, host)
    except ImportError:
        _with_openssl(folder, host)


def _with_cryptography(folder: Path, host: str) -> None:
    import datetime
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tallystick mock")])
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    try:
        names.append(x509.IPAddress(ipaddress.ip_address(host)))
    except ValueError:
        names.append(x509.DNSName(host))
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _with_openssl(folder: Path, host: str) -> None:
    kind = "IP" if host.replace(".", "").isdigit() or ":" in host else "DNS"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=tallystick mock", "-addext", f"subjectAltName=DNS:localhost,{kind}:{host}"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        raise RuntimeError(
            "tls=True needs the package cryptography or the openssl command to make a certificate, and has neither. "
            "Install one with: pip install cryptography; or give your own: tls=(certificate_file, key_file)"
        ) from None
