"""Serves the application on its sockets, and stops it in bounded time."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.api.application import create_app
from boocoder.api.auth import Authenticator, load_token
from boocoder.api.bind import allow_list, check_bind
from boocoder.api.browsers import Browsers
from boocoder.api.endpoints import ProtocolEndpoint
from boocoder.api.listener import Listener, bind
from boocoder.api.middleware.token_auth import LOGIN_PATH
from boocoder.api.phone.pairing import PhoneListener, listen_for_phones
from boocoder.api.protocols import HEAD_TIMEOUT_S
from boocoder.api.services import ApiServices, ConnectionServices
from boocoder.api.tokens.access_tokens import AccessTokens
from boocoder.model.limits import CLIENT_SEND_TIMEOUT_S
from boocoder.wire.service import PhonePairing


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Where the service listens and whom it trusts.

    Args:
        data_dir: existing directory that holds the token.
        host: address or name; other machines can reach it only with `allow_remote`.
        port: 0 for any free one.
        allowed_hosts, allowed_origins: further values of the Host and Origin headers.
        send_timeout_s: a client that takes nothing for so long is cut off.
        head_timeout_s: a client that has not finished its headers by then is cut off.
        tls_certificate, tls_key: PEM files; with both the service speaks HTTPS and nothing else.
        phones: whether to listen for devices in the local network as well.
        phone_address, phone_port: where; "" for the address of this machine there.
    """

    data_dir: Path
    host: str = "127.0.0.1"
    port: int = 0
    allow_remote: bool = False
    allowed_hosts: tuple[str, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    send_timeout_s: float = CLIENT_SEND_TIMEOUT_S
    head_timeout_s: float = HEAD_TIMEOUT_S
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    phones: bool = False
    phone_address: str = ""
    phone_port: int = 0


class ApiServer:
    """The API as a service: bound and ready after `start`.

    Args:
        settings: address, allowed clients and limits.
        services: used by the routes.
        endpoints: addresses of other protocols; stopped here.
    """

    def __init__(
        self, *, settings: ApiSettings, services: ApiServices, endpoints: Sequence[ProtocolEndpoint] = ()
    ) -> None:
        self._settings = settings
        self._services = services
        self._endpoints = tuple(endpoints)
        self._stopping = asyncio.Event()
        self._listeners: list[Listener] = []
        self._authenticator: Authenticator | None = None
        self.token = ""
        self.url = ""
        self.phone: PhoneListener | None = None

    @property
    def login_url(self) -> str:
        """A link that signs in one browser, once; a new one each time."""
        assert self._authenticator is not None, "start first"
        return f"{self.url}{LOGIN_PATH}?code={self._authenticator.new_code()}"

    def pair_phone(self) -> PhonePairing | None:
        """A link that signs in one phone, once, with its QR code; None where no phone can reach the service."""
        assert self._authenticator is not None, "start first"
        return None if self.phone is None else self.phone.pair(self._authenticator)

    async def start(self) -> None:
        """Listen; returns when requests are answered.

        Raises:
            InvalidInput: bind_not_loopback, token_unreadable, tls_unusable, phone_address_invalid or
                certificate_unreadable.
            Unavailable: address_in_use, address_unusable or no_local_network.
        """
        settings = self._settings
        check_bind(settings.host, allow_remote=settings.allow_remote)
        self.token = load_token(settings.data_dir)
        listener = Listener(
            bind(settings.host, settings.port),
            tls_certificate=settings.tls_certificate,
            tls_key=settings.tls_key,
            head_timeout_s=settings.head_timeout_s,
        )
        self._listeners.append(listener)
        self.url = f"{listener.scheme}://{_reachable(settings.host)}:{listener.port}"
        if settings.phones:
            self.phone = listen_for_phones(settings.data_dir, settings.phone_address, settings.phone_port)
            self._listeners.append(self.phone.listener)
        app = create_app(
            self._services,
            await self._connections(listener),
            send_timeout_s=settings.send_timeout_s,
            endpoints=self._endpoints,
        )
        for one in self._listeners:
            await one.start(app)

    async def _connections(self, listener: Listener) -> ConnectionServices:
        settings, services = self._settings, self._services
        self._authenticator = Authenticator(token=self.token, port=listener.port)
        hosts, origins = settings.allowed_hosts, settings.allowed_origins
        own, scheme = _reachable(settings.host), listener.scheme
        allowed = allow_list(listener.port, own=own, hosts=hosts, origins=origins, scheme=scheme)
        if self.phone is not None:
            allowed = allowed.with_origin(self.phone.url)
        browsers = Browsers(database=services.database, host_id=services.info.host_id, key=self.token)
        tokens = AccessTokens(database=services.database, host_id=services.info.host_id, key=self.token)
        await browsers.load()
        await tokens.load()
        return ConnectionServices(
            authenticator=self._authenticator,
            browsers=browsers,
            tokens=tokens,
            allowed=allowed,
            stopping=self._stopping,
            url=self.url,
            phone=self.phone,
        )

    async def stop(self) -> None:
        """End streams, then every listener. Safe twice and before `start`."""
        listeners, self._listeners = self._listeners, []
        self._stopping.set()
        for endpoint in self._endpoints:
            await endpoint.stop()
        await asyncio.gather(*(one.stop() for one in listeners))

    async def wait_signalled(self) -> signal.Signals:
        """Wait for SIGINT or SIGTERM and return which it was; they are caught only while this waits."""
        loop = asyncio.get_running_loop()
        came: asyncio.Future[signal.Signals] = loop.create_future()
        watched = (signal.SIGINT, signal.SIGTERM)

        def catch(number: signal.Signals) -> None:
            if not came.done():
                came.set_result(number)

        for number in watched:
            loop.add_signal_handler(number, catch, number)
        try:
            return await came
        finally:
            for number in watched:
                loop.remove_signal_handler(number)


def _reachable(host: str) -> str:
    """The host in a URL that this machine can open."""
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - compared, not bound
        return "127.0.0.1"
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
