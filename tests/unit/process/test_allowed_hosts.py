"""Which hosts the settings allow a sandboxed process, and what a request to the proxy asks for."""

from __future__ import annotations

import pytest

from boocoder.errors import InvalidInput
from boocoder.process.sandbox.network.allowed_hosts import allowed_hosts, is_this_machine
from boocoder.process.sandbox.network.egress import ProxyRefusal, ProxyTarget, proxy_port, proxy_variables, read_target


@pytest.mark.parametrize(
    ("entry", "host", "port", "allowed"),
    [
        ("api.example.org", "API.example.org.", 443, True),
        ("api.example.org", "api.example.org.evil.test", 443, False),
        ("api.example.org", "example.org", 443, False),
        ("*.example.org", "a.b.example.org", 8080, True),
        ("*.example.org", "example.org", 443, False),
        ("*.example.org", "evilexample.org", 443, False),
        ("git.example.org:443", "git.example.org", 443, True),
        ("git.example.org:443", "git.example.org", 22, False),
        ("*.example.org:443", "a.example.org", 80, False),
        ("10.1.2.3", "10.1.2.3", 80, True),
    ],
)
def test_a_name_allows_itself_and_a_star_what_is_below(entry: str, host: str, port: int, allowed: bool) -> None:
    assert allowed_hosts([entry]).allow(host, port) is allowed


@pytest.mark.parametrize(
    "entry", ["", "*", "*.", "https://x.org", "x.org/a", "a@x.org", "x.org:0", "x.org:https", "localhost", "127.0.0.1"]
)
def test_an_entry_that_names_no_host_is_refused(entry: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        allowed_hosts([entry])
    assert caught.value.code == "sandbox_host_unclear" and caught.value.cure


def test_ports_of_this_machine_keep_their_numbers_and_the_proxy_gets_another() -> None:
    hosts = allowed_hosts(["localhost:5432", "127.0.0.1:3128", "[::1]:9"])
    assert hosts.loopback == (5432, 3128, 9) and not hosts.allow("localhost", 5432)
    assert proxy_port(hosts) == 3129
    assert proxy_variables(hosts)["https_proxy"] == "http://127.0.0.1:3129"


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("169.254.169.254", True),
        ("fe80::1%eth0", True),
        ("0.0.0.0", True),
        ("10.0.0.1", False),
        ("93.184.216.34", False),
    ],
)
def test_addresses_of_this_machine_and_its_link_are_known(address: str, own: bool) -> None:
    assert is_this_machine(address) is own


def test_a_request_to_the_proxy_becomes_one_to_the_server() -> None:
    assert read_target(b"CONNECT a.org:8443 HTTP/1.1\r\nHost: b.org\r\n\r\n") == ProxyTarget("a.org", 8443, b"")
    assert read_target(b"CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n") == ProxyTarget("2001:db8::1", 443, b"")
    head = b"GET http://a.org/x?y=1 HTTP/1.1\r\nHost: a.org\r\nProxy-Authorization: x\r\nConnection: keep-alive\r\n\r\n"
    sent = b"GET /x?y=1 HTTP/1.1\r\nHost: a.org\r\nConnection: close\r\n\r\n"
    assert read_target(head) == ProxyTarget("a.org", 80, sent)


@pytest.mark.parametrize(
    "head",
    [
        b"\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET ftp://a.org/ HTTP/1.1\r\n\r\n",
        b"CONNECT a.org:99999 HTTP/1.1\r\n\r\n",
        b"CONNECT :443 HTTP/1.1\r\n\r\n",
        b"\xff\xfe\x00\r\n\r\n",
    ],
)
def test_what_is_no_request_to_a_proxy_is_refused(head: bytes) -> None:
    found = read_target(head)
    assert isinstance(found, ProxyRefusal) and found.answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
