"""Asking real programs who they are: the right one, another one of that name, one that hangs, floods or fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from boocoder.catalog.identification import Ask, WrongProgram, ask_alone, ask_by_host, identify
from boocoder.catalog.known_agents import Identify
from boocoder.errors import ProcessError
from boocoder.process.host import ProcessHost

HOW = Identify(args=("--version",), expect=r"^thing \d", version=r"^thing (\S+)")


@pytest.fixture
async def host(tmp_path: Path) -> AsyncIterator[ProcessHost]:
    made = ProcessHost(state_dir=tmp_path / "host", instance="identify")
    await made.start()
    yield made
    assert made.statistics().running == 0
    await made.stop()


@pytest.fixture(params=["service", "doctor"])
def ask(request: pytest.FixtureRequest, host: ProcessHost) -> Ask:
    """Both ways to ask."""
    return ask_by_host(host) if request.param == "service" else ask_alone


def program(folder: Path, script: str) -> Path:
    path = folder / "thing"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("script", "version"),
    [
        ("echo thing 1.2.3", "1.2.3"),
        ("printf 'thing 2.0'", "2.0"),
        ("echo a notice; echo; echo thing 3.1-beta >&2; exit 3", "3.1-beta"),
        ('test "$WHO" = me && echo thing 4', "4"),
    ],
)
async def test_the_right_program_tells_its_version(tmp_path: Path, ask: Ask, script: str, version: str) -> None:
    assert await identify(program(tmp_path, script), HOW, ask, env={"WHO": "me"}) == version


async def test_the_version_may_need_a_question_of_its_own(tmp_path: Path, ask: Ask) -> None:
    how = Identify(args=("acp", "--help"), expect="as an agent", version=r"(\d+)", version_args=("--version",))
    path = program(tmp_path, 'test "$1" = acp && echo run as an agent || echo " 7 "')
    assert await identify(path, how, ask, env={}) == "7"


@pytest.mark.parametrize("script", ["echo other 1.0", "exit 1", "printf 'x\\033[31m\\000y'"])
async def test_another_program_of_that_name_is_refused(tmp_path: Path, ask: Ask, script: str) -> None:
    path = program(tmp_path, script)
    with pytest.raises(WrongProgram) as caught:
        await identify(path, HOW, ask, env={})
    assert str(path) in caught.value.text and "`thing --version`" in caught.value.text
    assert caught.value.text.isprintable()


async def test_a_program_that_hangs_is_ended(tmp_path: Path, host: ProcessHost) -> None:
    path = program(tmp_path, "echo thing 1.0; trap '' TERM; sleep 600")
    with pytest.raises(ProcessError) as caught:
        await identify(path, HOW, ask_by_host(host, timeout_s=0.5), env={})
    assert caught.value.code == "agent_no_answer" and "0.5 s" in caught.value.text


@pytest.mark.parametrize("script", ["exec yes no", "exec yes no >&2", "head -c 9000000 /dev/zero"])
async def test_a_flood_is_cut(tmp_path: Path, host: ProcessHost, script: str) -> None:
    with pytest.raises((WrongProgram, ProcessError)):
        await identify(program(tmp_path, script), HOW, ask_by_host(host, timeout_s=3.0), env={})


async def test_what_cannot_be_started_says_so(tmp_path: Path, ask: Ask) -> None:
    path = tmp_path / "thing"
    path.write_bytes(b"\x7fELF broken")
    path.chmod(0o755)
    with pytest.raises(ProcessError) as caught:
        await identify(path, HOW, ask, env={})
    assert str(path) in caught.value.text
