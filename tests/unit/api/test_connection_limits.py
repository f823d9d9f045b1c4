"""Limits of connections without a credential, and of wrong sign-ins."""

from __future__ import annotations

from boocoder.api.bind import exposure_warnings
from boocoder.api.connection_limits import PEERS_MAX, SignInLimit, UnprovenConnections


def test_the_oldest_connection_of_a_crowded_address_is_cut() -> None:
    limits, cut = UnprovenConnections(total=100, per_peer=3), list[int]()
    for number in range(5):
        limits.add("10.0.0.1", number, lambda number=number: cut.append(number))  # type: ignore[misc]
    limits.add("10.0.0.2", 9, lambda: cut.append(9))
    assert cut == [0, 1]
    limits.discard("10.0.0.1", 2)
    limits.discard("10.0.0.1", 2)
    limits.add("10.0.0.1", 5, lambda: cut.append(5))
    assert cut == [0, 1]
    assert len(limits) == 4


def test_many_addresses_share_a_limit_and_the_largest_gives_way() -> None:
    limits, cut = UnprovenConnections(total=4, per_peer=3), list[str]()
    for peer in ("a", "a", "a", "b", "c"):
        limits.add(peer, object(), lambda peer=peer: cut.append(peer))  # type: ignore[misc]
    assert cut == ["a"]
    assert len(limits) == 4


def test_an_address_with_too_many_wrong_sign_ins_waits() -> None:
    limit = SignInLimit(failures=3, window_s=60.0)
    for _ in range(3):
        assert limit.wait_s("a") == 0
        limit.failed("a")
    assert 0 < limit.wait_s("a") <= 60
    assert limit.wait_s("b") == 0
    for number in range(PEERS_MAX):
        limit.failed(f"peer {number}")
    assert limit.wait_s("a") == 0  # forgotten: the memory is bounded
    assert SignInLimit(failures=1, window_s=0.0).wait_s("a") == 0


def test_a_service_that_others_can_reach_is_warned_of_in_words() -> None:
    assert exposure_warnings("127.0.0.1", allowed_hosts=(), tls=False, sandboxed=False) == ()
    open_to_all = exposure_warnings("0.0.0.0", allowed_hosts=(), tls=False, sandboxed=False)
    assert len(open_to_all) == 3
    assert "Other machines can reach this service at 0.0.0.0" in open_to_all[0]
    proxied = exposure_warnings("127.0.0.1", allowed_hosts=("box.example",), tls=False, sandboxed=True)
    assert len(proxied) == 1
    assert "box.example" in proxied[0]
