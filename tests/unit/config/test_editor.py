"""Settings on the page: what each says of itself, and what a change leaves of the file."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from boocoder.config.editor import SettingsEditor
from boocoder.config.load import load_settings
from boocoder.errors import Conflict, InvalidInput
from boocoder.wire.service import SettingKind, SettingSource, SettingState

FILE = """# mine
max_turns = 2  # not more

[mcp.docs]
url = "https://docs.example/mcp"

[sandbox]
# paths of the team
writable = ["~/cache"]
"""


class Desk:
    """A settings file and its editor."""

    def __init__(self, folder: Path, text: str | None, *, editable: bool = True, **environ: str) -> None:
        self.environ = {"HOME": str(folder), "XDG_CONFIG_HOME": str(folder), **environ}
        self.path = folder / "boocoder" / "config.toml"
        if text is not None:
            self.path.parent.mkdir()
            self.path.write_text(text)
        running = load_settings(environ=self.environ, flags={"port": 8123})
        self.editor = SettingsEditor(running, editable=editable, environ=self.environ)

    def setting(self, name: str) -> SettingState:
        return next(one for one in self.editor.overview().settings if one.name == name)


def test_every_setting_says_where_it_comes_from(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FILE, BOOCODER_DRAIN_S="3", BOOCODER_DATABASE_URL="postgresql://me:hunter2@db/boocoder")
    turns, drain, port, level = map(desk.setting, ("max_turns", "drain_s", "port", "log_level"))
    assert (turns.source, turns.value, turns.where) == (SettingSource.FILE, 2, f"{desk.path}, line 2")
    assert (drain.source, drain.value) == (SettingSource.ENVIRONMENT, 3.0)
    assert (drain.where, drain.locked[:42]) == (
        "environment variable BOOCODER_DRAIN_S", "The environment variable BOOCODER_DRAIN_S "
    )  # fmt: skip
    assert (port.source, port.value) == (SettingSource.FLAG, 8123)
    assert (level.source, level.value, level.choices[0]) == (SettingSource.DEFAULT, "info", "debug")
    assert "hunter2" not in repr(desk.editor.overview())
    assert not desk.editor.overview().restart
    table = desk.editor.overview().tables[0]
    assert (table.name, table.values) == ("mcp.docs", {"url": "https://docs.example/mcp"})
    kinds = {(one.table, one.key): one.kind for one in desk.editor.overview().keys}
    assert kinds["mcp", "env"] is SettingKind.TABLE and kinds["agents", "command"] is SettingKind.LIST
    assert kinds["models", "thinking"] is SettingKind.FLAG and kinds["models", "top_p"] is SettingKind.NUMBER


def test_a_change_keeps_comments_and_holds_from_the_next_start(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FILE)
    changed = desk.editor.change(
        {
            "max_turns": 5,
            "silence_timeout_s": 90,
            "sandbox.profile": "files",
            "mcp.docs": None,
            "mcp.own": {"command": ["own-mcp", "--stdio"], "env": {"MODE": "a"}},
            "models.local": {"base_url": "http://127.0.0.1:9/v1"},
        }
    )
    text = desk.path.read_text()
    assert text.startswith("# mine\nmax_turns = 5  # not more\nsilence_timeout_s = 90\n")
    assert '# paths of the team\nwritable = ["~/cache"]\nprofile = "files"\n' in text and "docs.example" not in text
    assert changed.restart and desk.setting("max_turns").restart and desk.setting("max_turns").value == 2
    assert desk.setting("max_turns").stored == 5
    after = load_settings(environ=desk.environ)
    assert (after.max_turns, after.sandbox.profile, after.more_models[0].name) == (5, "files", "local")
    assert [(one.name, one.command) for one in after.mcp_servers] == [("own", ("own-mcp", "--stdio"))]
    desk.editor.change({"max_turns": 2, "silence_timeout_s": None, "sandbox.profile": None, "models.local": None})
    assert not desk.setting("max_turns").restart


def test_what_could_not_start_is_refused_and_the_file_stays(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FILE, BOOCODER_DRAIN_S="3")
    for changes, code in (
        ({"max_turns": 0}, "setting_invalid"),
        ({"max_turns": "many"}, "setting_invalid"),
        ({"no_such": 1}, "setting_unknown"),
        ({"mcp.docs": {"url": "ftp://x"}}, "setting_invalid"),
        ({"mcp.own": {"command": ["x"], "env": {"KEY": "${NOT_SET_ANYWHERE}"}}}, "mcp_variable_missing"),
        ({"models": {"base_url": "http://x/v1"}}, "setting_unknown"),
        ({"agents.opencode": {"enabled": False}}, "setting_unknown"),
    ):
        with pytest.raises(InvalidInput) as raised:
            desk.editor.change(changes)
        assert raised.value.code == code
        assert ".config-" not in raised.value.text
    for name in ("drain_s", "port", "data_dir"):
        with pytest.raises(Conflict) as refused:
            desk.editor.change({name: 4})
        assert refused.value.code == "setting_set_elsewhere"
    assert desk.path.read_text() == FILE
    assert [one.name for one in desk.path.parent.iterdir()] == ["config.toml"]


def test_a_missing_file_is_made_for_its_owner_alone_and_a_link_is_followed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, None)
    desk.editor.change({"max_turns": 3})
    assert stat.S_IMODE(desk.path.stat().st_mode) == 0o600
    real = tmp_path / "dotfiles.toml"
    desk.path.rename(real)
    desk.path.symlink_to(real)
    desk.editor.change({"max_turns": 4})
    assert desk.path.is_symlink() and real.read_text() == "max_turns = 4\n"


def test_where_the_page_may_open_no_terminal_nothing_is_changed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FILE, editable=False)
    assert "terminal" in desk.editor.overview().locked
    with pytest.raises(Conflict, match="terminal"):
        desk.editor.change({"max_turns": 3})
