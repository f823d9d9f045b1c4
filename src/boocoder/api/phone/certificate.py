"""The certificate with which phones in the local network are served, made once and kept in the data directory."""

from __future__ import annotations

import hashlib
import ipaddress
import os
import secrets
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from boocoder.errors import InvalidInput

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

VALID_FOR = timedelta(days=820)  # phones of Apple refuse certificates of over 825 days
RENEW_BEFORE = timedelta(days=30)
CLOCK_SKEW = timedelta(days=1)
CERTIFICATE, KEY = "certificate.pem", "key.pem"


@dataclass(frozen=True, slots=True)
class DeviceCertificate:
    """A certificate and its key.

    Args:
        certificate, key: PEM files.
        fingerprint: SHA-256 of the certificate in pairs of hexadecimal digits, as browsers show it.
    """

    certificate: Path
    key: Path
    fingerprint: str


def load_certificate(folder: Path, address: str, *, now: datetime | None = None) -> DeviceCertificate:
    """The certificate for an address; made at first, when it is nearly over, and when the address is another one.

    Its key stays; a new certificate has another fingerprint.

    Args:
        folder: where it is kept, readable by its owner only.
        address: IP address of this machine in the local network.

    Raises:
        InvalidInput: certificate_unreadable.
    """
    now = datetime.now(UTC) if now is None else now
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / CERTIFICATE
    try:
        key = _key(folder / KEY)
        if not path.exists() or not _serves(path.read_bytes(), address, now):
            _write(path, _make(key, address, now))
        path.chmod(0o600)
        return DeviceCertificate(path, folder / KEY, fingerprint_of(path.read_text("ascii")))
    except ValueError as error:
        text = f"The files in {folder} are no certificate with its key: {error}"
        raise InvalidInput(
            "certificate_unreadable", text, "Delete the folder: the next start makes a new one."
        ) from error


def fingerprint_of(pem: str) -> str:
    """SHA-256 of a certificate in PEM form, such as `1F:A0:...`."""
    digest = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest().upper()
    return ":".join(digest[place : place + 2] for place in range(0, len(digest), 2))


def _serves(pem: bytes, address: str, now: datetime) -> bool:
    from cryptography import x509

    found = x509.load_pem_x509_certificate(pem)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = names.get_values_for_type(x509.IPAddress)
    return ipaddress.ip_address(address) in known and now < found.not_valid_after_utc - RENEW_BEFORE


def _key(path: Path) -> ec.EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if path.exists():
        path.chmod(0o600)
        found = serialization.load_pem_private_key(path.read_bytes(), None)
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise ValueError("the key is of another kind")
        return found
    made = ec.generate_private_key(ec.SECP256R1())
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _write(path, pem)
    return made


def _make(key: ec.EllipticCurvePrivateKey, address: str, now: datetime) -> bytes:
    """A certificate that signs itself, so that a phone can be told to trust this one and no other."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "boocoder on this network")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + VALID_FOR)
        .add_extension(x509.SubjectAlternativeName(_names(address)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )


def _names(address: str) -> list[x509.GeneralName]:
    from cryptography import x509

    here = socket.gethostname().partition(".")[0]
    hosts = [here, f"{here}.local"] if here.isascii() and here else []
    return [x509.IPAddress(ipaddress.ip_address(address)), *(x509.DNSName(host) for host in hosts)]


def _write(path: Path, content: bytes) -> None:
    """Put a file in place whole, readable by its owner from its first moment."""
    draft = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
