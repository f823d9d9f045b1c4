"""Which hosts a service's settings allow agents, and that no other setting keeps the service from starting."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.app.sandbox import build_sandbox
from boocoder.config.agent_hosts import agent_hosts
from boocoder.config.load import load_settings
from boocoder.config.settings import Settings


def settings(folder: Path, profile: str, text: str) -> Settings:
    (folder / "boocoder").mkdir(exist_ok=True)
    (folder / "boocoder/config.toml").write_text(f"{text}\n[sandbox]\nprofile = '{profile}'\nhosts = ['x.org']\n")
    return load_settings(environ={"HOME": str(folder), "XDG_CONFIG_HOME": str(folder)})


@pytest.mark.parametrize(
    ("text", "names", "loopback"),
    [
        ("[models]\nbase_url = 'http://[::1]:11434/v1'", set(), (11434,)),
        ("[models]\nbase_url = 'https://[2001:db8::1]/v1'", {("2001:db8::1", 443)}, ()),
        ("[models]\nbase_url = 'http://box:99999/v1'", set(), ()),
        ("[models]\nbase_url = 'http:///v1'", set(), ()),
        ("port = 0\n[delegation]\nenabled = true", set(), ()),
        ("port = 8123\n[delegation]\nenabled = true", set(), (8123,)),
    ],
)
def test_model_servers_and_boocoder_are_allowed_where_the_network_is_limited(
    tmp_path: Path, text: str, names: set[tuple[str, int]], loopback: tuple[int, ...]
) -> None:
    for profile, found in (("files+network", (names, loopback)), ("auto", (set(), ())), ("off", (set(), ()))):
        loaded = settings(tmp_path, profile, text)
        build_sandbox(loaded)
        hosts = agent_hosts(loaded)
        assert (hosts.names - {("x.org", 0)}, hosts.loopback) == found
