"""Which sessions have an opencode server of their own."""

from __future__ import annotations

from pathlib import Path

from boocoder.config.load import load_settings
from boocoder.config.opencode_server import has_own_opencode


def test_a_project_named_by_a_link_has_servers_of_its_own(tmp_path: Path) -> None:
    """Projects are known by the path with all links resolved."""
    project = tmp_path / "disk" / "shop"
    project.mkdir(parents=True)
    (tmp_path / "code").symlink_to(tmp_path / "disk")
    (tmp_path / "boocoder").mkdir()
    text = "[agents.opencode]\nserver = 'shared'\nsession_server_projects = ['~/code/shop']\n"
    (tmp_path / "boocoder" / "config.toml").write_text(text)
    settings = load_settings(environ={"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)})
    assert has_own_opencode(settings, project)
    assert not has_own_opencode(settings, tmp_path / "disk" / "other")
    assert not has_own_opencode(settings, None)
