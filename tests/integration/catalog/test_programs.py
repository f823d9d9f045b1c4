"""Finding an agent's program on real folders."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from boocoder.catalog.programs import Programs
from boocoder.errors import InvalidInput


def program(path: Path, content: bytes = b"\x7fELF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


def test_the_configured_program_wins(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "opencode")
    own = program(tmp_path / "own folder" / "oc")
    programs = Programs(str(tmp_path / "bin"), tmp_path)
    assert programs.named(str(own), setting="agents.opencode.program") == own
    assert programs.named("~/own folder/oc", setting="agents.opencode.program") == own


def find(search_path: str, home: Path) -> Path | None:
    """opencode as the catalogue looks for it."""
    return Programs(search_path, home).find("opencode", folders=(".opencode/bin",), package="opencode")


@pytest.mark.parametrize("kind", ["missing", "directory", "not executable"])
def test_a_configured_program_that_cannot_run_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "oc"
    if kind == "directory":
        path.mkdir()
    elif kind == "not executable":
        path.write_text("x")
        path.chmod(0o644)
    with pytest.raises(InvalidInput) as caught:
        Programs("", tmp_path).named(str(path), setting="agents.opencode.program")
    assert caught.value.code == "agent_program_missing" and str(path) in caught.value.text


def test_path_comes_before_the_usual_folders(tmp_path: Path) -> None:
    usual = program(tmp_path / "home" / ".opencode" / "bin" / "opencode")
    assert find(str(tmp_path), tmp_path / "home") == usual
    on_path = program(tmp_path / "bin" / "opencode")
    assert find(str(tmp_path / "bin"), tmp_path / "home") == on_path


def test_a_directory_of_that_name_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "bin" / "opencode").mkdir(parents=True)
    found = find(str(tmp_path / "bin"), tmp_path / "home")
    assert found is None or not found.is_relative_to(tmp_path)


def test_an_npm_launcher_is_followed_to_the_platforms_binary(tmp_path: Path) -> None:
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine()]
    system = {"Linux": "linux", "Darwin": "darwin"}[platform.system()]
    modules = tmp_path / "lib" / "node_modules"
    launcher = program(modules / "opencode-ai" / "bin" / "opencode", b"#!/usr/bin/env node\n")
    real = program(modules / "opencode-ai" / "node_modules" / f"opencode-{system}-{machine}" / "bin" / "opencode")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "opencode").symlink_to(launcher)
    assert find(str(tmp_path / "bin"), tmp_path) == real


def test_a_script_without_a_binary_beside_it_is_taken_as_it_is(tmp_path: Path) -> None:
    script = program(tmp_path / "bin" / "opencode", b"#!/bin/sh\n")
    assert find(str(tmp_path / "bin"), tmp_path) == script
