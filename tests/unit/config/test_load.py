"""Settings: their order of precedence, and every way in which a person can get them wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.config.load import load_settings
from boocoder.config.settings import every_setting
from boocoder.errors import InvalidInput


def write(folder: Path, text: str | bytes) -> dict[str, str]:
    """A settings file and the environment that names it."""
    path = folder / "config.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return {"BOOCODER_CONFIG": str(path), "HOME": str(folder)}


def test_defaults_without_any_source(tmp_path: Path) -> None:
    settings = load_settings(environ={"HOME": str(tmp_path)})
    assert settings.data_dir == tmp_path / ".local/share/boocoder"
    assert (settings.host, settings.port) == ("127.0.0.1", 7717)
    assert (settings.max_turns, settings.silence_timeout_s) == (8, 180.0)
    assert settings.database_url == "" and not settings.allow_remote


def test_xdg_folders_are_used_and_relative_ones_ignored(tmp_path: Path) -> None:
    config = tmp_path / "conf" / "boocoder"
    config.mkdir(parents=True)
    (config / "config.toml").write_text("port = 1234\n")
    environ = {"HOME": "/nowhere", "XDG_CONFIG_HOME": str(tmp_path / "conf"), "XDG_DATA_HOME": "data"}
    settings = load_settings(environ=environ)
    assert settings.port == 1234
    assert settings.data_dir == Path("/nowhere/.local/share/boocoder")


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    environ = write(tmp_path, "port = 1\nmax_turns = 2\ndrain_s = 3\n[models]\nbase_url = 'http://a/v1'\n")
    environ |= {"BOOCODER_MAX_TURNS": "20", "BOOCODER_DRAIN_S": "30"}
    settings = load_settings(flags={"drain_s": 300, "port": None}, environ=environ)
    assert (settings.port, settings.max_turns, settings.drain_s) == (1, 20, 300.0)
    assert settings.models.base_url == "http://a/v1"


def test_certificate_and_key_are_needed_together_and_are_whole_paths(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "BOOCODER_TLS_CERTIFICATE": "~/cert.pem"}
    with pytest.raises(InvalidInput) as refused:
        load_settings(environ=environ)
    assert refused.value.code == "tls_incomplete"
    settings = load_settings(environ={**environ, "BOOCODER_TLS_KEY": "key.pem"})
    assert settings.tls_certificate == str(tmp_path / "cert.pem")
    assert settings.tls_key == str(Path("key.pem").absolute())


def test_types_out_of_the_environment(tmp_path: Path) -> None:
    settings = load_settings(
        environ={
            "HOME": str(tmp_path),
            "BOOCODER_ALLOW_REMOTE": "true",
            "BOOCODER_HOST": "0.0.0.0",
            "BOOCODER_ALLOWED_HOSTS": "a.example, b.example:8443,",
            "BOOCODER_SILENCE_TIMEOUT_S": "1.5",
            "BOOCODER_DATA_DIR": "~/else where",
            "BOOCODER_AGENTS_SCRIPTED_ENABLED": "1",
        }
    )
    assert settings.allow_remote and settings.agents.scripted.enabled
    assert settings.allowed_hosts == ("a.example", "b.example:8443")
    assert settings.silence_timeout_s == 1.5
    assert settings.data_dir == tmp_path / "else where"


def test_the_model_servers_key_comes_from_the_named_variable_and_is_never_shown(tmp_path: Path) -> None:
    environ = write(tmp_path, '[models]\napi_key_env = "MY_KEY"\n') | {
        "MY_KEY": "s3cret",
        "BOOCODER_DATABASE_URL": "postgresql://me:pa55@db/x",
    }
    settings = load_settings(environ=environ)
    assert settings.models.api_key == "s3cret"
    assert "s3cret" not in repr(settings) and "pa55" not in repr(settings)


def test_bom_and_crlf_are_fine(tmp_path: Path) -> None:
    environ = write(tmp_path, b"\xef\xbb\xbfport = 99\r\n[agents.scripted]\r\nenabled = true\r\n")
    settings = load_settings(environ=environ)
    assert settings.port == 99 and settings.agents.scripted.enabled


def test_an_empty_file_and_a_missing_default_file_mean_defaults(tmp_path: Path) -> None:
    assert load_settings(environ=write(tmp_path, "")).port == 7717
    assert load_settings(environ={"HOME": str(tmp_path / "absent")}).port == 7717


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("prot = 1", "setting_unknown", ["prot", "line 1", "Did you mean port?"]),
        ("\n\nmax_turn = 1", "setting_unknown", ["line 3", "max_turns"]),
        ("[models]\nbase-url = 'x'", "setting_unknown", ["models.base-url", "line 2", "models.base_url"]),
        ("[agents.opncode]\nprogram = 'x'", "setting_unknown", ["agents.opncode", "line 2"]),
        ("[agents.opencode]\nprogramm = 'x'", "setting_unknown", ["agents.opencode.program?", "line 2"]),
        ("models = 1", "setting_unknown", ["models"]),
        ("zebra = 1", "setting_unknown", ["zebra", "docs/configuration.md"]),
        ("port = 'http'", "setting_invalid", ["port = 'http'", "line 1", "whole number"]),
        ("# one\nport = -1", "setting_invalid", ["line 2", "between 0 and 65535"]),
        ("port = 70000", "setting_invalid", ["65535"]),
        ("port = true", "setting_invalid", ["whole number"]),
        ("port = 1.5", "setting_invalid", ["whole number"]),
        ("port = 99999999999999999999999999", "setting_invalid", ["65535"]),
        ("max_turns = 0", "setting_invalid", ["between 1 and 256"]),
        ("silence_timeout_s = -5", "setting_invalid", ["silence_timeout_s = -5"]),
        ("silence_timeout_s = nan", "setting_invalid", ["silence_timeout_s"]),
        ("drain_s = inf", "setting_invalid", ["drain_s"]),
        ("[agents.opencode]\nrss_limit_mb = 1", "setting_invalid", ["at least 200", "line 2"]),
        ("allow_remote = 'yes'", "setting_invalid", ["true or false"]),
        ("allowed_hosts = 'a'", "setting_invalid", ["list of texts"]),
        ("allowed_hosts = [1]", "setting_invalid", ["list of texts"]),
        ("log_level = 'loud'", "setting_invalid", ["debug, info, warning, error"]),
        ("data_dir = ''", "setting_invalid", ["path"]),
        ("host = '0.0.0.0'", "remote_not_allowed", ["0.0.0.0", "allow_remote"]),
        ("host = '192.168.1.7'", "remote_not_allowed", ["192.168.1.7"]),
        ("database_url = 'mysql://secret@x'", "setting_invalid", ["database_url", "postgresql://"]),
        ("[models]\nbase_url = 'localhost:8080'", "setting_invalid", ["models.base_url", "http://"]),
        ("[models]\nbase_url = 'http://[::1'", "setting_invalid", ["models.base_url"]),
        ("[models]\napi_key_env = 'NOT_THERE'", "api_key_missing", ["NOT_THERE"]),
        ("[sandbox]\nhosts = ['https://x.org']", "sandbox_host_unclear", ["sandbox.hosts", "https://x.org"]),
        ("port = \nhost = 1", "config_not_toml", ["line 1"]),
        pytest.param("a" * 1_100_000, "config_too_large", ["config.toml"], id="huge"),
        (b"\xff\xfe\x00p", "config_not_text", ["UTF-8"]),
        (b"port = 1\x00", "config_not_toml", ["line 1"]),
        pytest.param("x = " + "[" * 100_000, "config_not_toml", ["config.toml"], id="deep"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(tmp_path: Path, text: str | bytes, code: str, words: list[str]) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_settings(environ=write(tmp_path, text))
    assert caught.value.code == code
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert caught.value.cure
    assert "secret" not in str(caught.value)
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize(
    ("variable", "value", "code", "word"),
    [
        ("BOOCODER_PROT", "1", "setting_unknown", "BOOCODER_PORT"),
        ("BOOCODER_PORT", "eighty", "setting_invalid", "environment variable BOOCODER_PORT"),
        ("BOOCODER_PORT", "", "setting_invalid", "whole number"),
        ("BOOCODER_ALLOW_REMOTE", "maybe", "setting_invalid", "true or false"),
        ("BOOCODER_STOP_GRACE_S", "0", "setting_invalid", "between 0.1"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(
    tmp_path: Path, variable: str, value: str, code: str, word: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        load_settings(environ={"HOME": str(tmp_path), variable: value})
    assert caught.value.code == code
    assert word in str(caught.value)


def test_variables_that_are_no_settings_are_let_through(tmp_path: Path) -> None:
    environ = {"HOME": str(tmp_path), "BOOCODER_COOKIE": "a:b", "BOOCODER_TEST_ANYTHING": "1", "PATH": "/x"}
    environ |= {"BOOCODER_URL": "http://127.0.0.1:7717", "BOOCODER_TOKEN": "secret"}
    assert load_settings(environ=environ).surroundings.search_path == "/x"


@pytest.mark.parametrize("kind", ["missing", "directory", "loop"])
def test_a_named_file_that_cannot_be_read_is_an_error(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "it.toml"
    if kind == "directory":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    with pytest.raises(InvalidInput) as caught:
        load_settings(environ={"HOME": str(tmp_path), "BOOCODER_CONFIG": str(path)})
    assert caught.value.code == ("config_missing" if kind == "missing" else "config_unreadable")
    assert str(path) in caught.value.text


def test_every_setting_says_its_unit_and_reason() -> None:
    found = list(every_setting())
    assert len(found) == len({info.name for info in found}) == len({info.env for info in found}) >= 20
    assert all(info.unit and info.why for info in found)


def test_home_may_be_unset() -> None:
    assert load_settings(environ={}).data_dir.is_absolute()
