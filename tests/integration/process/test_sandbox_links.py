"""Home and data directories behind symbolic links: agents start, see what they may, and `auto` falls back."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox import file_view
from boocoder.process.sandbox.file_view import mount_point
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.supervised_run import run_supervised


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A directory that is shown: links below a hidden one, or in /dev, are gone, and those in question are not."""
    monkeypatch.setattr(file_view, "SHARED", ())
    with tempfile.TemporaryDirectory(dir="/var/tmp") as made:
        yield Path(made)


@pytest.mark.parametrize(
    ("linked", "home", "data", "named"),
    [
        ("homes", "homes/u", "data", {}),
        ("homes/u", "homes/u", "homes/u/data", {}),
        ("homes", "homes/u", "homes/u/data", {}),
        ("caches", "homes/u", "data", {"XDG_CACHE_HOME": "caches/u"}),
        ("tools", "homes/u", "data", {"CARGO_HOME": "tools/cargo"}),
        ("disk", "homes/u", "disk/data", {}),
    ],
)
async def test_agents_start_where_links_lead_to_what_is_hidden(
    place: Path, linked: str, home: str, data: str, named: dict[str, str]
) -> None:
    real, link = place / "real" / linked, place / linked
    real.mkdir(parents=True)
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(real)
    given = {name: str(place / path) for name, path in named.items()}
    for path in (*given.values(), f"{place}/{data}/worktrees/one", f"{place}/{home}/project"):
        Path(path).mkdir(parents=True)
    for cache in ("registry", "git"):
        (place / "tools/cargo" / cache).mkdir(parents=True, exist_ok=True)
    (place / home / "secret").write_text("canary")
    (place / data / "attachments").mkdir()
    (place / data / "attachments/note").write_text("read me\n")
    policy = SandboxPolicy(SandboxProfile.FILES)
    sandbox = Sandbox(policy=policy, home=place / home, data_dir=place / data)
    await sandbox.start()
    if sandbox.support.mechanism is not SandboxMechanism.BUBBLEWRAP:
        assert "bwrap works here" not in sandbox.support.reason
        pytest.skip(sandbox.support.reason)
    host = ProcessHost(state_dir=place / "host", instance="links", sandbox=sandbox)
    await host.start()
    try:
        worktree = place / data / "worktrees/one"
        readable = (place / data / "attachments",)
        environment = agent_environment({"HOME": str(place / home), "LC_ALL": "C", **given})
        script = 'c="${XDG_CACHE_HOME:-$HOME/.cache}"; echo x > $c/own && echo y > ~/.agent/state && echo z > file && '
        script += f"cat {readable[0]}/note; cat ~/secret"
        for use in (
            SandboxUse("a", worktree, project=place / home / "project", home=(".agent/",), readable=readable),
            SandboxUse("a", every_session=True, home=(".agent/",), readable=readable),
        ):
            command = Command(("bash", "-c", script), worktree, environment, use)
            done = await run_supervised(host, command, timeout_s=60)
            assert (done.stdout, done.returncode) == (b"read me\n", 1), done.stderr
        assert (worktree / "file").read_text() == "z\n"
        assert (place / home / ".agent/state").read_text() == "y\n"
        assert not (Path(given.get("XDG_CACHE_HOME", place / home / ".cache")) / "own").exists()
    finally:
        await host.stop()


async def test_programs_beside_a_linked_home_do_not_open_it(tmp_path: Path) -> None:
    (tmp_path / "real/u/bin").mkdir(parents=True)
    (tmp_path / "homes").symlink_to("real")
    places = file_view.PrivateDirectories(tmp_path / "homes/u", ())
    view = file_view.file_view(places, argv=("sh",), env={"PATH": f"{tmp_path}/real/u/bin"}, writable=(), readable=())
    assert tmp_path / "real/u/bin" in view.readable and tmp_path / "real/u" not in view.readable


async def test_auto_falls_back_with_a_reason_where_bubblewrap_cannot_show_this_home(tmp_path: Path) -> None:
    """A bwrap that works, but with no mount for a directory."""
    program = tmp_path / "bwrap"
    program.write_text('#!/bin/sh\ncase "$*" in *--tmpfs*) echo no room at /home >&2; exit 1;; esac\n')
    program.chmod(0o755)
    sandbox = Sandbox(policy=SandboxPolicy(), home=tmp_path, data_dir=tmp_path / "data")
    found = await sandbox.find_support((program,))
    assert found.mechanism is not SandboxMechanism.BUBBLEWRAP
    assert "not with this home and data directory: no room at /home" in found.reason and found.cure


def test_a_mount_point_keeps_names_inside_a_hidden_directory_and_no_link_before(tmp_path: Path) -> None:
    (tmp_path / "hidden/inside").mkdir(parents=True)
    (tmp_path / "hidden/link").symlink_to("inside")
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to(tmp_path / "hidden/link")
    (tmp_path / "round").symlink_to("round")
    hidden = [tmp_path / "hidden"]
    assert mount_point(tmp_path / "one/x", hidden) == tmp_path / "hidden/link/x"
    assert mount_point(tmp_path / "one/x", []) == tmp_path / "hidden/inside/x"
    assert mount_point(tmp_path / "round/x", hidden) == tmp_path / "round/x"


@pytest.mark.parametrize(("file", "shown"), [("netconfig/resolv.conf", "netconfig"), ("resolv.conf", "resolv.conf")])
def test_the_file_that_names_the_resolvers_is_shown_where_its_link_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, shown: str
) -> None:
    settings = tmp_path / "run" / file
    settings.parent.mkdir(parents=True)
    settings.touch()
    (tmp_path / "resolv.conf").symlink_to(settings)
    monkeypatch.setattr(file_view, "RESOLVER_SETTINGS", str(tmp_path / "resolv.conf"))
    places = file_view.PrivateDirectories(tmp_path / "home", (tmp_path / "run",))
    view = file_view.file_view(places, argv=("sh",), env={"PATH": "/usr/bin"}, writable=(), readable=())
    assert [one for one in view.readable if one.is_relative_to(tmp_path)] == [tmp_path / "run" / shown]


def test_a_user_without_a_name_is_confined_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000_000)
    assert tmp_path in file_view.PrivateDirectories(tmp_path, ()).hidden()
