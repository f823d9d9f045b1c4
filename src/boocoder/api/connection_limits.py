"""Bounds the connections of clients that have not shown a credential, so that signed-in ones always find room."""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable

log = logging.getLogger(__name__)

UNPROVEN_MAX = 512  # half of all connections: the other half is left to those that have shown a credential
UNPROVEN_PEER_MAX = 256  # of one address; more than arrive between a connection's start and its first request
LOG_EVERY_S = 10.0  # a flood gives one line in this time
SIGN_IN_FAILURES_MAX = 20  # wrong sign-in links of one address within the window; a person needs one
SIGN_IN_WINDOW_S = 60.0
PEERS_MAX = 1024  # addresses whose failures are remembered; the oldest is forgotten


class UnprovenConnections:
    """The connections on which no request with a credential was made yet.

    Beyond a limit the oldest one of the same address, or of the address that has most, is cut off: a client that
    sends its request at once is never the oldest, however many others stay silent.

    Args:
        total: connections at most.
        per_peer: of one address.
    """

    def __init__(self, *, total: int = UNPROVEN_MAX, per_peer: int = UNPROVEN_PEER_MAX) -> None:
        self._total = total
        self._per_peer = per_peer
        self._count = 0
        self._peers: dict[str, OrderedDict[object, Callable[[], None]]] = {}
        self._cut = 0
        self._logged_at = float("-inf")

    def __len__(self) -> int:
        return self._count

    def add(self, peer: str, connection: object, abort: Callable[[], None]) -> None:
        """Take up a new connection, and cut off another one where there are too many.

        Args:
            peer: the client's address.
            abort: ends the connection.
        """
        self._peers.setdefault(peer, OrderedDict())[connection] = abort
        self._count += 1
        if len(self._peers[peer]) > self._per_peer:
            self._cut_oldest(peer)
        elif self._count > self._total:
            self._cut_oldest(max(self._peers, key=lambda one: len(self._peers[one])))

    def discard(self, peer: str, connection: object) -> None:
        """Forget a connection that has shown a credential, or is over. Harmless if it is not known."""
        connections = self._peers.get(peer)
        if connections is None or connections.pop(connection, None) is None:
            return
        self._count -= 1
        if not connections:
            del self._peers[peer]

    def _cut_oldest(self, peer: str) -> None:
        connection, abort = next(iter(self._peers[peer].items()))
        self.discard(peer, connection)
        abort()
        self._cut += 1
        now = time.monotonic()
        if now - self._logged_at >= LOG_EVERY_S:
            log.warning("connections without a credential were cut off", extra={"peer": peer, "number": self._cut})
            self._logged_at, self._cut = now, 0


class SignInLimit:
    """Counts failed sign-ins per address. Signed-in clients are not affected."""

    def __init__(self, *, failures: int = SIGN_IN_FAILURES_MAX, window_s: float = SIGN_IN_WINDOW_S) -> None:
        self._failures = failures
        self._window_s = window_s
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, peer: str) -> float:
        """How long the address has to wait before it may try again; 0 if it may now."""
        times = self._failed.get(peer)
        if times is None or len(times) < self._failures:
            return 0.0
        return max(0.0, times[0] + self._window_s - time.monotonic())

    def failed(self, peer: str) -> None:
        """Note a failure."""
        times = self._failed.setdefault(peer, deque(maxlen=self._failures))
        times.append(time.monotonic())
        self._failed.move_to_end(peer)
        if len(self._failed) > PEERS_MAX:
            self._failed.popitem(last=False)
