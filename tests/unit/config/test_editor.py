"""Settings on the page: what each says of itself, and what a change leaves of the file."""

from __future__ import annotations

import stat
import tomllib
from pathlib import Path

import msgspec
import pytest

from boocoder.config.edit_file import edit_settings_file
from boocoder.config.editor import SettingsEditor
from boocoder.config.load import load_settings
from boocoder.config.masks import MASK
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
        ({"mcp.docs.url": "ftp://x"}, "setting_invalid"),
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


TEAM = """# about this file

# github
[mcp.gh]
command = [
  "gh-mcp",  # the program
  "--stdio",
]
# how it signs in
env = { MODE = "a", KEY = "secret-of-gh" }

# the other one
[mcp.other]
url = "https://me:secret-of-url@docs.example/mcp"
"""


def test_a_key_is_changed_and_the_rest_of_its_table_stays(tmp_path: Path) -> None:
    desk = Desk(tmp_path, TEAM)
    desk.path.write_text(TEAM.replace("[mcp.gh]\n", "[mcp.gh]\ncall_timeout_s = 9  # by hand\n"))
    desk.editor.change({"mcp.gh.command": ["gh-mcp", "--stdio", "set -e\nexec x ", ""], "mcp.gh.start_timeout_s": 5})
    kept = (
        '  "--stdio",\n  "set -e\\nexec x ",\n  "",\n]\n# how it signs in\nenv = { MODE = "a", KEY = "secret-of-gh" }\n'
    )
    assert desk.path.read_text() == TEAM.replace("[mcp.gh]\n", "[mcp.gh]\ncall_timeout_s = 9  # by hand\n").replace(
        '  "--stdio",\n]\n# how it signs in\nenv = { MODE = "a", KEY = "secret-of-gh" }\n',
        f"{kept}start_timeout_s = 5\n",
    )
    desk.editor.change({"mcp.gh.start_timeout_s": None})
    with pytest.raises(InvalidInput, match=r"no setting mcp\.gh\.cmd"):
        desk.editor.change({"mcp.gh.cmd": 5})


def test_a_table_that_is_there_is_not_replaced_by_a_new_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path, TEAM)
    with pytest.raises(Conflict) as refused:
        desk.editor.change({"mcp.gh": {"command": ["other"]}})
    assert refused.value.code == "setting_exists" and desk.path.read_text() == TEAM


def test_comments_above_what_follows_stay_when_a_table_goes(tmp_path: Path) -> None:
    desk = Desk(tmp_path, TEAM)
    desk.editor.change({"mcp.gh": None, "max_turns": 3})
    assert desk.path.read_text() == (
        "# about this file\n\nmax_turns = 3\n\n# github\n\n# the other one\n[mcp.other]\n"
        'url = "https://me:secret-of-url@docs.example/mcp"\n'
    )


@pytest.mark.parametrize(
    ("text", "changes", "after"),
    [
        (
            '[agents.opencode]\nenabled = true\n[models]\ndefault = "m"\n[agents.native]\nmax_steps = 3\n'
            '[agents.mine]\ncommand = ["a"]\n',
            {"agents.opencode.enabled": False, "agents.native.max_steps": None, "agents.mine": None},
            '[agents.opencode]\nenabled = false\n[models]\ndefault = "m"\n[agents.native]\n',
        ),
        (
            'models = { base_url = "http://a/v1", default = "m" } # one\n',
            {"models.base_url": None},
            'models = {  default = "m" } # one\n',
        ),
        (
            'agents.opencode.enabled = true\nmax_turns = 2\n\n[models]\ndefault = "m"\n',
            {"agents.native.max_steps": 4, "agents.opencode.enabled": False, "max_turns": 3},
            'agents.opencode.enabled = false\nmax_turns = 3\n\n[models]\ndefault = "m"\n\n'
            "[agents.native]\nmax_steps = 4\n",
        ),
        (
            '[agents]\nmine.command = ["a"]\nmine.env.A = "b"\n',
            {"agents.mine.env": {"A": "b", "C": "d"}, "agents.mine.model": "m"},
            '[agents]\nmine.command = ["a"]\nmine.env.A = "b"\nmine.env.C = "d"\nmine.model = "m"\n',
        ),
        (
            '[mcp.gh]\ncommand = ["a"]\n[mcp.gh.env]\n# one\nA = "1"\nB = "2"\n\n# end\n',
            {"mcp.gh.env": {"A": "1", "C": "[mcp.gh]"}},
            '[mcp.gh]\ncommand = ["a"]\n[mcp.gh.env]\n# one\nA = "1"\nC = "[mcp.gh]"\n\n# end\n',
        ),
        (
            '[agents.mine]\ncommand = ["a"]\nprompt = """\n# no comment\n[agents.no]\n"""\n# end\n'
            '[agents.b]\ncommand = ["b"]\n',
            {"agents.mine": None},
            '# end\n[agents.b]\ncommand = ["b"]\n',
        ),
        ("max_turns = 2", {"drain_s": 5}, "max_turns = 2\ndrain_s = 5\n"),
        ("\ufeffmax_turns = 2\n", {"max_turns": 3}, "\ufeffmax_turns = 3\n"),
        (
            '# a\r\nmax_turns = 2 # b\r\n[mcp.gh]\r\ncommand = [\r\n  "a",\r\n]\r\n',
            {"max_turns": 3, "mcp.gh.command": ["a", "b"], "drain_s": 5},
            '# a\r\nmax_turns = 3 # b\r\ndrain_s = 5\r\n[mcp.gh]\r\ncommand = [\r\n  "a",\r\n  "b",\r\n]\r\n',
        ),
    ],
    ids=["interleaved", "inline", "dotted", "dotted-table", "table-below", "long-text", "no-end", "bom", "crlf"],
)
def test_every_way_to_write_a_table_is_changed_in_its_place(
    tmp_path: Path, text: str, changes: dict[str, object], after: str
) -> None:
    desk = Desk(tmp_path, "")
    desk.path.write_bytes(text.encode())
    desk.editor.change(changes)
    assert desk.path.read_bytes() == after.encode()
    load_settings(environ=desk.environ)


def test_secrets_are_not_shown_and_stay_where_they_are_not_changed(tmp_path: Path) -> None:
    text = TEAM + (
        '[agents.mine]\ncommand = ["a", "--api-key", "secret-of-option", "TOKEN=secret-of-word", "--mode", "b", '
        '"http://me:secret-of-list@x"]\nenv = { API_KEY = "secret-of-mine" }\n'
        '[mcp.web]\nurl = "https://x.example"\nheaders = { A = "Bearer ${TOKEN_OF_WEB}", B = "secret-of-web" }\n'
        '[environment]\nset = ["A=secret-of-a", "B=secret=of-b"]\n'
        '[models]\nbase_url = "http://me:secret-of-models@127.0.0.1:9/v1"\n'
    )
    desk = Desk(tmp_path, text, TOKEN_OF_WEB="x")
    shown = {one.name: one.values for one in desk.editor.overview().tables}
    assert "secret-of" not in msgspec.json.encode(desk.editor.overview()).decode()
    assert shown["mcp.gh"]["env"] == {"MODE": MASK, "KEY": MASK}
    assert shown["mcp.web"]["headers"] == {"A": "Bearer ${TOKEN_OF_WEB}", "B": MASK}
    said = ["a", "--api-key", MASK, f"TOKEN={MASK}", "--mode", "b", f"http://{MASK}@x"]
    assert shown["agents.mine"]["command"] == said
    assert shown["mcp.other"] == {"url": f"https://{MASK}@docs.example/mcp"}
    assert desk.setting("environment.set").stored == [f"A={MASK}", f"B={MASK}"]
    desk.editor.change(
        {
            "mcp.gh.env": {"MODE": "b", "KEY": MASK},
            "environment.set": [f"B={MASK}", "C=c"],
            "agents.mine.command": ["b", f"http://{MASK}@x", f"TOKEN={MASK}", "--api-key", MASK],
        }
    )
    after = tomllib.loads(desk.path.read_text())
    assert after["mcp"]["gh"]["env"] == {"MODE": "b", "KEY": "secret-of-gh"}
    assert after["environment"]["set"] == ["B=secret=of-b", "C=c"]
    kept = ["b", "http://me:secret-of-list@x", "TOKEN=secret-of-word", "--api-key", "secret-of-option"]
    assert after["agents"]["mine"]["command"] == kept
    for changes in (
        {"mcp.gh.env": {"NEW": MASK}},
        {"environment.set": [f"D={MASK}"]},
        {"mcp.other.url": f"https://{MASK}@evil.example/mcp"},
        {"mcp.new": {"command": ["a"], "env": {"KEY": MASK}}},
    ):
        with pytest.raises(InvalidInput) as raised:
            desk.editor.change(changes)
        assert raised.value.code == "setting_masked"


def test_secrets_that_look_alike_are_not_mixed_up(tmp_path: Path) -> None:
    text = """[agents.mine]
command = ["a", "http://one@x", "http://two@x"]
[models.local]
base_url = "http://127.0.0.1:9/v1"
extra_body = { api_key = "secret-of-body", max_tokens = 5 }
"""
    desk = Desk(tmp_path, text)
    url = f"http://{MASK}@x"
    shown = {one.name: one.values for one in desk.editor.overview().tables}
    assert shown["agents.mine"]["command"] == ["a", url, url]
    assert shown["models.local"]["extra_body"] == {"api_key": MASK, "max_tokens": 5}
    desk.editor.change({"agents.mine.command": ["a", url, url], "models.local.extra_body": {"api_key": MASK}})
    after = tomllib.loads(desk.path.read_text())
    assert after["agents"]["mine"]["command"] == ["a", "http://one@x", "http://two@x"]
    assert after["models"]["local"]["extra_body"] == {"api_key": "secret-of-body"}
    with pytest.raises(InvalidInput) as raised:
        desk.editor.change({"agents.mine.command": ["a", url]})
    assert raised.value.code == "setting_masked"


def test_an_error_about_a_value_does_not_show_its_secrets(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FILE)
    for line in ('log_level = ["http://me:secret-of-url@x"]', 'environment.set = ["A=secret-of-a", 5]'):
        desk.path.write_text(f"{line}\n")
        with pytest.raises(InvalidInput) as raised:
            desk.editor.overview()
        assert "secret-of" not in raised.value.text and MASK in raised.value.text


def test_an_edit_by_hand_at_the_same_time_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text("max_turns = 2\n")

    def edited_once(_new: Path) -> None:
        if "by hand" not in path.read_text():
            path.write_text("max_turns = 2\ndrain_s = 4  # by hand\n")

    def edited_always(_new: Path) -> None:
        path.write_text(path.read_text() + "#\n")

    edit_settings_file(path, {"max_turns": 3}, check=edited_once)
    assert path.read_text() == "max_turns = 3\ndrain_s = 4  # by hand\n"
    with pytest.raises(Conflict) as refused:
        edit_settings_file(path, {"max_turns": 5}, check=edited_always)
    assert refused.value.code == "settings_file_changed" and "max_turns = 3" in path.read_text()


def test_files_for_tls_that_cannot_be_used_are_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FILE)
    (tmp_path / "no.pem").write_text("no certificate")
    for name in ("missing.pem", "no.pem"):
        with pytest.raises(InvalidInput) as raised:
            desk.editor.change({"tls_certificate": str(tmp_path / name), "tls_key": str(tmp_path / name)})
        assert raised.value.code == "tls_unusable"
    assert desk.path.read_text() == FILE


def test_a_value_in_place_of_a_table_is_said_with_its_line(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FILE)
    desk.path.write_text("max_turns = 2\n[mcp]\ngithub = 5\n")
    with pytest.raises(InvalidInput, match=r"mcp.github \(.*config.toml, line 3\) is invalid: it must be a table"):
        desk.editor.overview()
