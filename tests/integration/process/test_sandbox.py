"""The process host and the commands of agents: variables of the person, profiles, machines without a sandbox."""

from __future__ import annotations

from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

import pytest

from boocoder.errors import ProcessError
from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.sandbox.file_view import PrivateDirectories, file_view
from boocoder.process.sandbox.landlock_exec import visible
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.reach import worktree_reach
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import SandboxSupport, find_support
from boocoder.process.supervised_run import run_supervised

NOTHING = SandboxSupport(SandboxMechanism.NONE, reason="Nothing works here.", cure="Buy another machine.")


def sandbox_for(directory: Path, profile: SandboxProfile | None, support: SandboxSupport, **more: object) -> Sandbox:
    policy = SandboxPolicy(profile, **more)  # type: ignore[arg-type]
    return Sandbox(policy=policy, home=directory, data_dir=directory / "data", support=support)


async def test_variables_of_the_person_reach_agents_and_projects_only(tmp_path: Path) -> None:
    host = ProcessHost(state_dir=tmp_path, instance="environment", environment={"CHOSEN": "yes"})
    await host.start()
    try:
        for use, wanted in ((SandboxUse("native", tmp_path), b"yes\n"), (None, b"\n")):
            command = Command(("sh", "-c", "echo $CHOSEN"), tmp_path, agent_environment(), use)
            assert (await run_supervised(host, command, timeout_s=60)).stdout == wanted
    finally:
        await host.stop()


def test_a_demanded_profile_that_cannot_be_enforced_starts_nothing(tmp_path: Path) -> None:
    sandbox = sandbox_for(tmp_path, SandboxProfile.FILES, NOTHING)
    with pytest.raises(ProcessError) as caught:
        sandbox.confine(("true",), cwd=tmp_path, env={}, use=SandboxUse("native", tmp_path))
    assert caught.value.code == "sandbox_unavailable"
    assert "Nothing works here." in caught.value.text and "Buy another machine." in caught.value.cure


def test_auto_runs_without_where_nothing_works(tmp_path: Path) -> None:
    sandbox = sandbox_for(tmp_path, None, NOTHING)
    assert sandbox.profile_of(SandboxUse("native", tmp_path)) is SandboxProfile.OFF
    works = sandbox_for(tmp_path, None, SandboxSupport(SandboxMechanism.LANDLOCK))
    assert works.profile_of(SandboxUse("native", tmp_path)) is SandboxProfile.FILES


def test_agents_and_projects_can_be_taken_out(tmp_path: Path) -> None:
    project, worktree = tmp_path / "project", tmp_path / "worktree"
    sandbox = sandbox_for(
        tmp_path,
        SandboxProfile.FILES,
        NOTHING,
        off_agents=frozenset({"goose"}),
        off_projects=frozenset({project}),
    )
    assert sandbox.profile_of(SandboxUse("goose", worktree)) is SandboxProfile.OFF
    assert sandbox.profile_of(SandboxUse("qwen", worktree)) is SandboxProfile.FILES
    sandbox.register(worktree, project)
    assert sandbox.profile_of(SandboxUse("qwen", worktree)) is SandboxProfile.OFF


def test_the_default_says_why_a_machine_has_no_sandbox_unless_the_settings_exempt(tmp_path: Path) -> None:
    sandbox = sandbox_for(tmp_path, None, NOTHING, off_agents=frozenset({"goose"}))
    assert sandbox.missing(SandboxUse("qwen")) == "Nothing works here. Buy another machine."
    assert sandbox.missing(SandboxUse("goose")) == ""
    assert sandbox_for(tmp_path, SandboxProfile.OFF, NOTHING).missing(SandboxUse("qwen")) == ""


async def test_machines_without_this_or_that_get_the_next_best() -> None:
    best = await find_support()
    second = await find_support(())
    third = await find_support((), landlock=False)
    assert second.mechanism is not SandboxMechanism.BUBBLEWRAP and second.reason and second.cure
    assert third.mechanism is SandboxMechanism.NONE and "bwrap is not installed" in third.reason
    assert best.mechanism is not SandboxMechanism.NONE or best.reason


async def test_a_trial_that_does_not_end_is_no_reason_for_a_weaker_sandbox(tmp_path: Path) -> None:
    """A busy machine is not one without namespaces."""
    slow = tmp_path / "bwrap"
    slow.write_text("#!/bin/sh\nexec sleep 600\n")
    slow.chmod(0o755)
    found = await find_support((slow,), try_timeout_s=0.05)
    assert (found.mechanism, found.bwrap) == (SandboxMechanism.BUBBLEWRAP, slow)


async def test_a_missing_program_is_named_although_a_wrapper_would_start(tmp_path: Path) -> None:
    sandbox = sandbox_for(tmp_path, SandboxProfile.FILES, await find_support())
    host = ProcessHost(state_dir=tmp_path / "host", instance="missing", sandbox=sandbox)
    await host.start()
    try:
        with pytest.raises(ProcessError) as caught:
            await host.spawn(Command(("no-such-agent",), tmp_path, agent_environment(), SandboxUse("native", tmp_path)))
        assert caught.value.code == "program_missing"
    finally:
        await host.stop()


async def test_the_files_said_to_be_hidden_are_those_that_cannot_be_read(tmp_path: Path) -> None:
    sandbox = sandbox_for(tmp_path, SandboxProfile.FILES, await find_support())
    worktree, own, other = tmp_path / "worktree", tmp_path / ".claude" / "CLAUDE.md", tmp_path / "CLAUDE.md"
    worktree.mkdir()
    own.parent.mkdir()
    for path in (own, other):
        path.write_text("rule")
    assert not sandbox.hides(own, [tmp_path / ".claude"]) and sandbox.hides(other, [tmp_path / ".claude"])
    host = ProcessHost(state_dir=tmp_path / "host", instance="hidden", sandbox=sandbox)
    await host.start()
    try:
        use = SandboxUse("claude", worktree, home=(".claude/",))
        environment = agent_environment({"HOME": str(tmp_path), "LC_ALL": "C"})
        command = Command(("sh", "-c", f"cat {own}; cat {other}"), worktree, environment, use)
        done = await run_supervised(host, command, timeout_s=60)
        assert (done.stdout, done.returncode) == (b"rule\n", 1)
        missing = sandbox.support.mechanism is SandboxMechanism.BUBBLEWRAP
        assert ("No such file" if missing else "Permission denied") in done.stderr
    finally:
        await host.stop()


@pytest.mark.parametrize("programs", [None, ()], ids=["bubblewrap", "landlock"])
async def test_files_attached_after_the_start_of_a_process_are_read_but_not_written(
    tmp_path: Path, programs: tuple[Path, ...] | None
) -> None:
    sandbox = sandbox_for(tmp_path / "home", SandboxProfile.FILES, await find_support(programs))
    worktree, attached = tmp_path / "home/data/worktrees/one", tmp_path / "home/data/attachments/a/note.txt"
    worktree.mkdir(parents=True)
    host = ProcessHost(state_dir=tmp_path / "host", instance="attached", sandbox=sandbox)
    await host.start()
    try:
        script = f"echo started; read go; cat {attached}; echo more >> {attached} || echo kept"
        command = Command(("sh", "-c", script), worktree, agent_environment(), SandboxUse("claude", worktree))
        child = await host.spawn(command, stdin=True)
        lines = child.lines()
        assert await anext(lines) == b"started"
        attached.parent.mkdir()
        attached.write_text("read me\n")
        await child.write(b"go\n")
        assert [line async for line in lines] == [b"read me", b"kept"]
        await child.close()
    finally:
        await host.stop()


@pytest.mark.parametrize("mechanism", [SandboxMechanism.BUBBLEWRAP, SandboxMechanism.LANDLOCK])
async def test_shared_memory_is_said_to_be_hidden_where_it_is(mechanism: SandboxMechanism) -> None:
    """A process of the person's has a file there; with Landlock it can be read, as docs/security.md says."""
    support = await find_support(() if mechanism is SandboxMechanism.LANDLOCK else None)
    if support.mechanism is not mechanism:
        pytest.skip(support.reason)
    with TemporaryDirectory(dir="/tmp") as name, NamedTemporaryFile(dir="/dev/shm") as shared:
        root = Path(name)
        sandbox = sandbox_for(root, SandboxProfile.FILES, support)
        use, env = SandboxUse("native", root), agent_environment()
        view = sandbox.confine(("true",), cwd=root, env=env, use=use).view
        host = ProcessHost(state_dir=root, instance="shared", sandbox=sandbox)
        await host.start()
        try:
            command = Command(("test", "-e", shared.name), root, env, use)
            done = await run_supervised(host, command, timeout_s=60)
        finally:
            await host.stop()
        assert view is not None
        hidden = mechanism is SandboxMechanism.BUBBLEWRAP
        assert (view.hides(Path(shared.name)), done.returncode != 0) == (hidden, hidden)


def test_what_an_agent_writes_into_its_repository_opens_no_other_store(tmp_path: Path) -> None:
    mine, other = (tmp_path / "shadows" / name / "user-objects" for name in ("mine.git", "other.git"))
    git_dir = tmp_path / "shadows/mine.git/sessions/one"
    for path in (mine, other, git_dir / "objects/info", tmp_path / "worktrees/one"):
        path.mkdir(parents=True)
    (tmp_path / "worktrees/one/.git").write_text(f"gitdir: {git_dir}\n")
    (git_dir / "objects/info/alternates").write_text(f"../../../user-objects\n{other}\n")
    reach = worktree_reach(tmp_path / "worktrees/one", tmp_path / "project", tmp_path)
    assert (reach.writable, reach.readable) == ((git_dir,), (mine,))


def test_links_to_what_is_hidden_open_no_way_to_it(tmp_path: Path) -> None:
    """A Landlock rule holds for what a link leads to: /var/run would open /run, which is hidden."""
    for name in ("open", "hidden", "beside/secret"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to("hidden")
    (tmp_path / "beside" / "link").symlink_to("../hidden")
    hidden = {str(tmp_path / "hidden"), str(tmp_path / "beside" / "secret")}
    assert visible(str(tmp_path), hidden) == [str(tmp_path / "open")]


def test_a_project_in_shared_memory_is_listed(tmp_path: Path) -> None:
    """Bubblewrap has a /dev of its own: what is not listed there does not exist."""
    project = Path("/dev/shm")
    places = PrivateDirectories(home=tmp_path, more=())
    view = file_view(places, argv=("true",), env={}, writable=(), readable=(project,))
    assert project in view.readable
