"""What `boocoder doctor` says of the sandbox: how many opencode servers there are."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.cli.doctor.checks import check_sandbox
from boocoder.config.load import load_settings

ONE, EACH = "one server for all sessions", "a server for each session"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ONE),
        ("[agents.opencode]\nserver = 'session'\n", EACH),
        ("[sandbox]\nprofile = 'files+network'\n", EACH),
        ("[sandbox]\nprofile = 'files+network'\n[agents.opencode]\nserver = 'shared'\n", ONE),
        ("[agents.opencode]\nsession_server_projects = ['~/a', '~/b']\n", f"{ONE}, but in 2 projects one for each"),
        ("[agents.opencode]\nenabled = false\n", ""),
    ],
)
async def test_it_says_how_many_servers_opencode_has(tmp_path: Path, text: str, said: str) -> None:
    place = tmp_path / "boocoder" / "config.toml"
    place.parent.mkdir()
    place.write_text(text)
    (check,) = await check_sandbox(load_settings(environ={"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}))
    words = check.said.split("; opencode: ")[1:]
    assert [one.partition(";")[0] for one in words] == ([said] if said else [])
