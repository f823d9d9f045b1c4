"""Where phones in the local network reach the service, and links that pair one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from boocoder.api.auth import CODE_TTL_S, Authenticator
from boocoder.api.listener import Listener, bind
from boocoder.api.middleware.token_auth import LOGIN_PATH
from boocoder.api.phone.certificate import load_certificate
from boocoder.api.phone.network import local_address
from boocoder.api.phone.qr_code import qr_modules
from boocoder.wire.service import PhonePairing

FOLDER = "phone"  # in the data directory


@dataclass(frozen=True, slots=True)
class PhoneListener:
    """The service's place in the local network.

    Args:
        url: `https://address:port`.
        fingerprint: SHA-256 of its certificate.
    """

    listener: Listener
    url: str
    fingerprint: str

    def pairing_link(self, authenticator: Authenticator) -> str:
        """A link that signs in one browser, once; what follows the `#` names the certificate."""
        code = authenticator.new_code()
        return f"{self.url}{LOGIN_PATH}?code={code}#sha256={self.fingerprint.replace(':', '')}"

    def pair(self, authenticator: Authenticator) -> PhonePairing:
        """Such a link, with its QR code."""
        link = self.pairing_link(authenticator)
        return PhonePairing(link=link, qr=qr_modules(link), fingerprint=self.fingerprint, valid_s=CODE_TTL_S)


def listen_for_phones(data_dir: Path, address: str, port: int) -> PhoneListener:
    """Bind to this machine's address in the local network.

    Args:
        data_dir: keeps the certificate.
        address: "" to find it.
        port: 0 for any free one.

    Raises:
        InvalidInput: phone_address_invalid or certificate_unreadable.
        Unavailable: no_local_network, address_in_use or address_unusable.
    """
    found = local_address(address)
    made = load_certificate(data_dir / FOLDER, found)
    listener = Listener(bind(found, port), tls_certificate=made.certificate, tls_key=made.key)
    host = f"[{found}]" if ":" in found else found
    return PhoneListener(listener, f"https://{host}:{listener.port}", made.fingerprint)
