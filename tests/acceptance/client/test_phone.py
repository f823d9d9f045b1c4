"""`serve --phone`: a device in the network is paired over TLS by a one-time link, and its token is revoked."""

from __future__ import annotations

import asyncio
import hashlib
import re
import socket
import ssl
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from boocoder.errors import Conflict
from boocoder.wire.service import BrowserInfo, PhonePairing, PhoneStatus
from tests.acceptance.harness import WAIT_S
from tests.fixtures.service import Installation, MakeInstallation

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINK = re.compile(r"^ {2}phone {3}(https://\S+/login\?code=\S+)#sha256=([0-9A-F]{64})", re.MULTILINE)
PHONE = {"User-Agent": "a phone"}


@pytest_asyncio.fixture(loop_scope="session")
async def served(installation: MakeInstallation) -> AsyncIterator[Installation]:
    """A service that phones reach, at an address that this machine has wherever the test runs."""
    made = installation({"BOOCODER_PHONE_ADDRESS": "127.0.0.1", "BOOCODER_PHONE_PORT": "0"})
    await asyncio.to_thread(made.start, "--phone")
    yield made
    await asyncio.to_thread(made.stop)


def trusting(served: Installation) -> ssl.SSLContext:
    """TLS that trusts this service's certificate and no other."""
    return ssl.create_default_context(cafile=str(served.data_dir / "phone" / "certificate.pem"))


async def printed(served: Installation) -> tuple[str, str]:
    """Link and fingerprint as the terminal shows them, a moment after the service is ready."""
    async with asyncio.timeout(WAIT_S):
        while not (found := LINK.search(served.log.read_text())):
            await asyncio.sleep(0.02)
    return found[1], found[2]


async def test_the_link_of_the_terminal_pairs_a_phone_once_and_it_can_be_revoked(served: Installation) -> None:
    link, fingerprint = await printed(served)
    place = urlsplit(link)
    der = ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((str(place.hostname), place.port or 0)))
    assert hashlib.sha256(der).hexdigest().upper() == fingerprint
    url = f"https://{place.netloc}"
    async with httpx2.AsyncClient(base_url=url, verify=trusting(served), headers=PHONE) as phone:
        assert (await phone.get("/api/health")).status_code == 401
        signed_in = await phone.get(link)
        assert signed_in.status_code == 303
        assert re.search("(?i)secure", signed_in.headers["set-cookie"])
        assert (await phone.get("/api/health")).status_code == 200
        cookie = "; ".join(f"{name}={value}" for name, value in phone.cookies.items())
        headers = {"Cookie": cookie, "Origin": url}
        stream = connect(f"wss://{place.netloc}/api/stream", ssl=trusting(served), additional_headers=headers)
        async with stream as socket_, served.client() as client:
            browsers = await client.items("/api/browsers", BrowserInfo)
            (paired,) = [one for one in browsers if one.user_agent == "a phone"]
            await client.delete(f"/api/browsers/{paired.id}", BrowserInfo)
            with pytest.raises(ConnectionClosed):
                while True:
                    await socket_.recv()
        assert (await phone.get("/api/health")).status_code == 401
        phone.cookies.clear()
        assert (await phone.get(link)).status_code == 401  # it works once


async def test_it_speaks_tls_only_to_its_own_name_and_to_those_who_trust_it(served: Installation) -> None:
    place = urlsplit((await printed(served))[0])
    url = f"https://{place.netloc}"
    async with httpx2.AsyncClient(base_url=url, verify=trusting(served)) as phone:
        refused = await phone.get("/api/health", headers={"Host": "evil.example"})
        assert refused.json()["code"] == "host_not_allowed"
        foreign = await phone.post("/api/tasks", json={}, headers={"Origin": "https://evil.example"})
        assert foreign.json()["code"] == "origin_not_allowed"
    async with httpx2.AsyncClient(base_url=url) as stranger:
        with pytest.raises(httpx2.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await stranger.get("/api/health")
    with socket.create_connection((str(place.hostname), place.port or 0)) as plain:
        plain.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not plain.recv(1000).startswith(b"HTTP/1.1 200")


async def test_the_page_asks_for_a_link_with_its_qr_code(served: Installation) -> None:
    async with served.client() as client:
        status = await client.get("/api/phone", PhoneStatus)
        pairing = await client.post("/api/phone/pairings", PhonePairing, {})
        assert status.fingerprint == pairing.fingerprint
        assert pairing.link.startswith(f"{status.url}/login?code=")
        assert len({len(row) for row in pairing.qr} | {len(pairing.qr)}) == 1
        assert set("".join(pairing.qr)) == {"0", "1"}
    async with httpx2.AsyncClient(verify=trusting(served)) as phone:
        assert (await phone.get(pairing.link)).status_code == 303


async def test_the_certificate_outlives_a_restart_and_the_phone_stays_paired(served: Installation) -> None:
    link, fingerprint = await printed(served)
    port = urlsplit(link).port
    async with httpx2.AsyncClient(verify=trusting(served), headers=PHONE) as phone:
        await phone.get(link)
        await asyncio.to_thread(served.stop)
        served.settings = {**served.settings, "BOOCODER_PHONE_PORT": str(port), "BOOCODER_PORT": served_port(served)}
        served.log.write_text("")
        await asyncio.to_thread(served.start, "--phone")
        assert (await printed(served))[1] == fingerprint
        assert (await phone.get(f"https://127.0.0.1:{port}/api/health")).status_code == 200


def served_port(served: Installation) -> str:
    """The port that the service had, which its cookies are named after."""
    found = re.search(r"boocoder serves \S+:(\d+)", served.log.read_text())
    assert found
    return found[1]


async def test_without_the_flag_nothing_listens_and_the_cure_is_said(installation: MakeInstallation) -> None:
    quiet = installation({})
    await asyncio.to_thread(quiet.start)
    async with quiet.client() as client:
        assert await client.get("/api/phone", PhoneStatus) == PhoneStatus(None, None)
        with pytest.raises(Conflict) as raised:
            await client.post("/api/phone/pairings", PhonePairing, {})
        assert raised.value.code == "phone_off" and "serve --phone" in raised.value.cure
    assert not (quiet.data_dir / "phone").exists()
