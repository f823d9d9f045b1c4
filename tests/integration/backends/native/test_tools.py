"""The native agent's tools on real files and real programs."""

from __future__ import annotations

import asyncio
import json
import os
import random
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from boocoder.backends.native.tools.arguments import SearchArguments
from boocoder.backends.native.tools.commands import run_search
from boocoder.backends.native.tools.files import text_of, write_text
from boocoder.backends.native.tools.path_policy import ResolvedPath, resolve_path
from boocoder.backends.native.tools.result import ToolResult
from boocoder.events.agent_event import (
    PermissionAnswer,
    QuestionAnswer,
    ToolCall,
    ToolKind,
    ToolStatus,
)
from tests.fakes.native_workshop import MakeShop, Workshop
from tests.waiting import until

REFUSED = PermissionAnswer(allowed=False, message="Not on my machine.")


async def test_reading_in_pages(shop: Workshop) -> None:
    (shop.root / "a.txt").write_text("".join(f"line {n}\n" for n in range(1, 101)))
    assert (await shop.one("read", path="a.txt", offset=99)).output == "line 99\nline 100"
    part = await shop.one("read", path="a.txt", offset=2, limit=2)
    assert part.output == "line 2\nline 3\n[lines 2-3 of 100; go on with offset 4]"
    assert (shop.last.kind, shop.last.title, shop.last.status) == (ToolKind.READ, "a.txt", ToolStatus.COMPLETED)
    behind = await shop.one("read", path="a.txt", offset=200)
    assert not behind.worked and "100 lines" in behind.output


async def test_reading_long_odd_and_missing_files(shop: Workshop) -> None:
    (shop.root / "long.txt").write_text("x" * 50_000 + "\nend\n")
    (shop.root / "many.txt").write_text("word\n" * 50_000)
    (shop.root / "binary").write_bytes(b"\x00\x01")
    (shop.root / "latin.txt").write_bytes(b"Gr\xfc\xdfe\n")
    (shop.root / "empty").touch()
    (shop.root / "main.py").touch()
    os.mkfifo(shop.root / "pipe")
    assert "line goes on, 50000 characters" in (await shop.one("read", path="long.txt")).output
    many = (await shop.one("read", path="many.txt")).output
    assert len(many) < 9_000 and "go on with offset" in many
    assert "binary file of 2 bytes" in (await shop.one("read", path="binary")).output
    assert (await shop.one("read", path="latin.txt")).output == "Gr\ufffd\ufffde"
    assert (await shop.one("read", path="empty")).output == "empty is empty."
    assert "main.py" in (await shop.one("read", path="mian.py")).output
    assert "is not a file" in (await shop.one("read", path="pipe")).output
    assert "main.py" in (await shop.one("read", path=".")).output


@pytest.mark.parametrize("swapped", ["sub", "sub/a.txt"])
def test_a_link_that_appears_after_a_path_was_judged_leads_nowhere(tmp_path: Path, swapped: str) -> None:
    """A command of the agent may swap files while its tools, which run outside of the sandbox, open them."""
    worktree, outside = tmp_path / "worktree", tmp_path / "outside"
    for folder in (worktree / "sub", outside):
        folder.mkdir(parents=True)
        (folder / "a.txt").write_text(f"in {folder.name}")
    place = resolve_path(worktree, "sub/a.txt")
    assert isinstance(place, ResolvedPath) and text_of(place) == "in sub"
    link = worktree / swapped
    link.rename(worktree / "moved")
    link.symlink_to(outside if link.name == "sub" else outside / "a.txt")
    read = text_of(place)
    assert isinstance(read, ToolResult) and not read.worked
    assert "cannot be written" in write_text(place, "changed")
    assert (outside / "a.txt").read_text() == "in outside"


def test_folders_on_the_way_to_a_file_need_not_be_readable(tmp_path: Path) -> None:
    """As /home is on some machines: one may pass it, but not list it."""
    hidden = tmp_path / "home"
    (hidden / "sub").mkdir(parents=True)
    (hidden / "sub" / "a.txt").write_text("text")
    hidden.chmod(0o111)
    as_person = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []
    code = """import os, sys
from pathlib import Path
from boocoder.backends.native.tools.path_policy import open_resolved
print(os.read(open_resolved(Path(sys.argv[1]), os.O_RDONLY), 9).decode())"""
    argv = [*as_person, sys.executable, "-c", code, str(hidden / "sub" / "a.txt")]
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    finally:
        hidden.chmod(0o755)
    assert (done.stdout, done.stderr) == ("text\n", "")


async def test_writing(shop: Workshop) -> None:
    made = await shop.one("write", path="sub/dir/new.txt", content="one\ntwo\n")
    assert made.output == "Created sub/dir/new.txt (2 lines)."
    assert (shop.root / "sub/dir/new.txt").read_text() == "one\ntwo\n"
    (diff,) = shop.last.diffs
    assert (diff.path, diff.old_text, diff.new_text) == ("sub/dir/new.txt", None, "one\ntwo\n")
    again = await shop.one("write", path="sub/dir/new.txt", content="three")
    assert again.output.startswith("Replaced") and shop.last.diffs[0].old_text == "one\ntwo\n"
    assert "already" in (await shop.one("write", path="sub/dir/new.txt", content="three")).output
    folder = await shop.one("write", path="sub", content="x")
    assert not folder.worked and "directory" in folder.output
    beneath = await shop.one("write", path="sub/dir/new.txt/deeper", content="x")
    assert not beneath.worked and "cannot be written" in beneath.output
    script = shop.root / "run.sh"
    script.write_text("echo")
    script.chmod(0o755)
    await shop.one("write", path="run.sh", content="echo 2")
    assert script.stat().st_mode & 0o777 == 0o755


async def test_listing(shop: Workshop) -> None:
    for name in ("src/deep/a.py", "src/b.py", "node_modules/x/index.js", ".git/config", "README.md"):
        (shop.root / name).parent.mkdir(parents=True, exist_ok=True)
        (shop.root / name).touch()
    listed = (await shop.one("list")).output.splitlines()
    assert {"src/", "src/deep/", "src/deep/a.py", "README.md", "node_modules/"} <= set(listed)
    assert "node_modules/x/" not in listed and ".git/config" not in listed
    for number in range(400):
        (shop.root / f"src/f{number}").touch()
    assert "there is more" in (await shop.one("list", path=".")).output
    assert "use read" in (await shop.one("list", path="README.md")).output


async def test_searching(shop: Workshop) -> None:
    (shop.root / "src").mkdir()
    (shop.root / "src/a.py").write_text("import os\n\ndef find_me():\n    pass\n")
    (shop.root / "b.txt").write_text("find_me too\n")
    (shop.root / ".env").write_text("find_me=secret\n")
    (shop.root / "bin").write_bytes(b"\x00find_me")
    found = await shop.one("search", pattern=r"find_\w+")
    assert found.output.splitlines() == ["b.txt:1: find_me too", "src/a.py:3: def find_me():"]
    assert (await shop.one("search", pattern="^def", glob="*.py")).output == "src/a.py:3: def find_me():"
    assert (await shop.one("search", pattern="pass$", path="src/a.py")).output == "src/a.py:4:     pass"
    odd = await shop.one("search", pattern="find_me(")
    assert "not a regular expression" in odd.output and "src/a.py:3: def find_me():" in odd.output
    assert "b.txt" in (await shop.one("search", pattern="[[f]ind_me too")).output
    assert "Nothing matches" in (await shop.one("search", pattern="nowhere")).output
    (shop.root / "big.txt").write_text("hit\n" * 1_000)
    assert "there is more" in (await shop.one("search", pattern="hit")).output


async def test_a_pattern_that_never_ends_holds_nobody_up(shop: Workshop) -> None:
    (shop.root / "a.txt").write_text("a" * 60 + "!\n")
    place = resolve_path(shop.root, ".")
    assert isinstance(place, ResolvedPath)
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            await asyncio.sleep(0.01)
            beats += 1

    beating = asyncio.create_task(beat())
    result = await run_search(
        place, SearchArguments("(a+)+$"), processes=shop.processes, worktree=shop.root, max_chars=1_000, timeout_s=1.0
    )
    beating.cancel()
    assert not result.worked and "given up" in result.output
    assert beats > 20


async def test_commands(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    assert (await shop.one("shell", command="echo out; echo err >&2; echo more")).output == "out\nerr\nmore"
    failed = await shop.one("shell", command="echo no; exit 3")
    assert (failed.worked, failed.exit_code, failed.output) == (True, 3, "no\n[exit code 3]")
    assert (shop.last.exit_code, shop.last.kind) == (3, ToolKind.EXECUTE)
    assert (await shop.one("shell", command="true")).output == "[no output]"
    assert (await shop.one("shell", command="pwd")).output == str(shop.root)
    assert "hunter2" not in (await shop.one("shell", command="env")).output
    assert (await shop.one("shell", command="cat")).exit_code == 0
    flood = await shop.one("shell", command="yes | head -c 3000000; echo end")
    assert len(flood.output) < 9_000 and flood.output.endswith("end") and "left out" in flood.output
    assert "killed" not in (await shop.one("shell", command="printf 'a\\xffb'")).output


async def test_a_command_past_its_deadline_is_killed_with_all_it_started(make_shop: MakeShop) -> None:
    shop = make_shop(shell_timeout_s=0.5)
    result = await shop.one("shell", command="echo begun; sleep 321 & sleep 321")
    assert not result.worked and "killed after 0.5 s" in result.output and "begun" in result.output
    assert shop.last.status is ToolStatus.FAILED
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "321"]]


async def test_nothing_is_left_of_a_command_behind_its_end(shop: Workshop) -> None:
    await shop.one("shell", command="sleep 322 & echo started")
    await until(lambda: not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", "322"]])


@pytest.mark.parametrize(
    "command",
    [
        "setsid sleep {n} >/dev/null 2>&1 & echo started",
        "(setsid nohup sleep {n} >/dev/null 2>&1 &) ; echo started",
        "python3 -c 'import os,time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); "
        '[os.close(n) for n in (0, 1, 2)]; os.execvp("sleep", ["sleep", "{n}"])\'; echo started',
    ],
    ids=["setsid", "nohup", "double-fork"],
)
async def test_a_detached_process_ends_with_its_command(shop: Workshop, command: str) -> None:
    number = str(random.randint(100_000, 999_999))
    result = await shop.one("shell", command=command.format(n=number))
    assert result.output == "started"
    assert not [p for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] == ["sleep", number]]


@pytest.mark.parametrize("tool", ["read", "write", "edit", "list", "search"])
@pytest.mark.parametrize("path", ["../outside.txt", "{parent}/outside.txt", "link", "linked/outside.txt"])
async def test_nothing_outside_is_touched_unasked(make_shop: MakeShop, tmp_path: Path, tool: str, path: str) -> None:
    shop = make_shop(permission=REFUSED)
    outside = tmp_path / "outside.txt"
    outside.write_text("theirs")
    (shop.root / "link").symlink_to(outside)
    (shop.root / "linked").symlink_to(tmp_path)
    given = {"content": "mine", "old": "theirs", "new": "mine", "pattern": "theirs"}
    result = await shop.one(tool, path=path.format(parent=tmp_path), **given)
    (asked,) = shop.port.permission_requests
    assert (asked.tool, asked.argument) == ("external_directory", str(outside))
    assert asked.part == shop.last.part and "outside the worktree" in asked.title
    assert not result.worked and "Not on my machine." in result.output
    assert outside.read_text() == "theirs"


async def test_outside_with_permission(shop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello\n")
    assert (await shop.one("read", path="../notes.txt")).output == "hello"
    assert shop.last.title == str(tmp_path / "notes.txt")


async def test_a_slash_in_front_means_the_worktree_where_that_is_there(shop: Workshop) -> None:
    (shop.root / "src").mkdir()
    (shop.root / "src/a.py").write_text("pass\n")
    assert (await shop.one("read", path="/src/a.py")).output == "pass"
    assert (await shop.one("write", path="/src/b.py", content="x")).worked
    assert (shop.root / "src/b.py").exists() and not shop.port.permission_requests


@pytest.mark.parametrize("name", [".env", ".env.local", "server.pem", "id_rsa", ".netrc"])
async def test_secrets_are_read_with_permission_only(make_shop: MakeShop, name: str) -> None:
    shop = make_shop(permission=REFUSED)
    (shop.root / name).write_text("KEY=1\n")
    result = await shop.one("read", path=name)
    (asked,) = shop.port.permission_requests
    assert (asked.tool, asked.argument) == ("read", name)
    assert not result.worked and "KEY" not in result.output
    edited = await shop.one("edit", path=name, old="GUESS", new="x")
    assert not edited.worked and "KEY" not in edited.output and len(shop.port.permission_requests) == 2
    (shop.root / ".env.example").write_text("KEY=\n")
    assert (await shop.one("read", path=".env.example")).worked


async def test_gits_own_data_is_not_written(shop: Workshop) -> None:
    (shop.root / ".git").write_text("gitdir: elsewhere\n")
    for path in (".git", ".git/hooks/post-checkout"):
        result = await shop.one("write", path=path, content="x")
        assert not result.worked and "git's own data" in result.output
    assert (shop.root / ".git").read_text() == "gitdir: elsewhere\n"


@pytest.mark.parametrize("path", ["a\x00b", "x" * 5_000, "~nobody_at_all/x"])
async def test_paths_that_are_none(shop: Workshop, path: str) -> None:
    result = await shop.one("read", path=path)
    assert not result.worked and result.output


async def test_plan_and_question(make_shop: MakeShop) -> None:
    shop = make_shop(question=QuestionAnswer((("B",),)))
    await shop.one("plan", entries=[{"text": "one", "status": "completed"}, {"text": "two"}])
    assert [(entry.text, entry.status.value) for entry in shop.port.plan.entries] == [
        ("one", "completed"),
        ("two", "pending"),
    ]
    answer = await shop.one("ask", question="Which?", choices=["A", "B"])
    assert answer.output == "B" and shop.port.question_requests[0].questions[0].choices == ("A", "B")
    other = make_shop(question=QuestionAnswer(None))
    assert "did not answer" in (await other.one("ask", question="Which?")).output


async def test_reads_run_side_by_side_and_results_keep_their_order(shop: Workshop) -> None:
    for name in "abc":
        (shop.root / name).write_text(name)
    results = await shop.use(
        ("read", {"path": "a"}),
        ("read", {"path": "b"}),
        ("shell", {"command": "printf x > a"}),
        ("read", {"path": "a"}),
    )
    assert [result.output for result in results] == ["a", "b", "[no output]", "x"]
    states = [(call.part, call.status) for call in shop.port.of(ToolCall)]
    first_end = min(n for n, (_, status) in enumerate(states) if status.final)
    assert {("tool-1", ToolStatus.RUNNING), ("tool-2", ToolStatus.RUNNING)} <= set(states[:first_end])
    assert sorted(shop.kept) == ["c0", "c1", "c2", "c3"] and shop.kept[2:] == ["c2", "c3"]
    assert len(shop.supervisor) == 0


async def test_every_result_can_be_stored(shop: Workshop) -> None:
    name = os.fsdecode(b"caf\xe9.txt")
    (shop.root / name).write_bytes(b"x\xff\n")
    listed = await shop.one("list")
    assert "caf\ufffd.txt" in listed.output
    (await shop.one("search", pattern="x")).output.encode()
    json.dumps([call.output for call in shop.port.of(ToolCall)]).encode()
