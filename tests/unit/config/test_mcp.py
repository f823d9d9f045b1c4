"""Tables [mcp.<name>]: what is read, what is refused, and that the page has every key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from boocoder.config.load import load_settings
from boocoder.config.mcp import KEYS
from boocoder.config.settings import Settings
from boocoder.errors import InvalidInput
from boocoder.model.mcp_server import McpServer
from tests.paths import DOCS


def load(directory: Path, text: str, **environ: str) -> Settings:
    path = directory / "config.toml"
    path.write_text(text)
    return load_settings(environ={"BOOCODER_CONFIG": str(path), "HOME": str(directory), **environ})


def test_servers_are_read_by_name_with_their_secrets(tmp_path: Path) -> None:
    text = """
        [mcp.web]
        url = "https://example.org/mcp"
        headers = { Authorization = "Bearer ${WEB_TOKEN}", X-Team = "a" }
        [mcp.files]
        command = ["npx", "-y", "files", "."]
        env = { KEY = "${FILES_KEY}" }
        projects = ["~/src/app"]
        start_timeout_s = 90
        """
    settings = load(tmp_path, text, WEB_TOKEN="web-secret", FILES_KEY="files-secret")
    assert settings.mcp_servers == (
        McpServer(
            "files",
            ("npx", "-y", "files", "."),
            env={"KEY": "files-secret"},
            projects=(tmp_path / "src/app",),
            start_timeout_s=90.0,
        ),
        McpServer("web", url="https://example.org/mcp", headers={"Authorization": "Bearer web-secret", "X-Team": "a"}),
    )
    assert "web-secret" not in repr(settings) and "files-secret" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[mcp.a]\ncommand = "npx"', "mcp.a.command"),
        ("[mcp.a]\ncommand = []", "mcp.a.command"),
        ('[mcp.a]\nurl = "ftp://x"', "mcp.a.url"),
        ('[mcp.a]\ncommand = ["x"]\nurl = "http://x/mcp"', "needs one of command and url, and has both"),
        ("[mcp.a]\nstart_timeout_s = 3", "needs one of command and url, and has none"),
        ('[mcp.a]\ncommand = ["x"]\nstart_timeout_s = 0', "mcp.a.start_timeout_s"),
        ('[mcp.a]\ncommand = ["x"]\nheaders = { A = "b" }', "which only a server with a url gets"),
        ('[mcp.a]\nurl = "http://x/mcp"\nenv = { A = "b" }', "which only a server with a command gets"),
        ('[mcp.a]\ncommand = ["x"]\nenv = { A = "${NOT_SET}" }', "mcp.a.env names NOT_SET"),
        ('[mcp.a]\ncomand = ["x"]', "Did you mean mcp.a.command?"),
        ("[mcp]\na = 3", "mcp.a"),
        ('[mcp.A]\ncommand = ["x"]', "There is no setting mcp.A"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        load(tmp_path, text)
    assert said in str(raised.value)


def test_the_page_has_every_key() -> None:
    listed = re.findall(
        r"^\| `(\w+)` \|", (DOCS / "mcp.md").read_text("utf-8").split("## Settings", 1)[1], re.MULTILINE
    )
    assert listed[: len(KEYS)] == list(KEYS)
