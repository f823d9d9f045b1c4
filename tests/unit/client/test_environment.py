"""A program finds the data directory that the service itself would use."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.client.environment import named_service
from boocoder.config.load import load_settings


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"XDG_DATA_HOME": "/data"},
        {"XDG_DATA_HOME": "relative"},
        {"BOOCODER_DATA_DIR": "~/place"},
        {"BOOCODER_DATA_DIR": "a/relative/place"},
        {"BOOCODER_CONFIG": "~/other.toml"},
        {"XDG_CONFIG_HOME": "{home}/conf"},
        {"XDG_CONFIG_HOME": "{home}/conf", "BOOCODER_DATA_DIR": "/wins"},
    ],
)
def test_the_data_directory_is_that_of_the_settings(tmp_path: Path, environ: dict[str, str]) -> None:
    for name in ("other.toml", "conf/boocoder/config.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f'data_dir = "~/from {Path(name).stem}"\n')
    environ = {name: value.replace("{home}", str(tmp_path)) for name, value in environ.items()} | {
        "HOME": str(tmp_path)
    }
    assert named_service(environ).data_dir == load_settings(environ=environ).data_dir
