"""What a sandboxed process finds in a home directory: own state, rules, build caches, package settings, git."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from boocoder.process.environment import agent_environment
from boocoder.process.host import Command, ProcessHost
from boocoder.process.run import ProcessResult
from boocoder.process.sandbox.home_paths import git_identity, shared_home_paths
from boocoder.process.sandbox.profile import SandboxMechanism, SandboxProfile, SandboxUse
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import find_support
from boocoder.process.supervised_run import run_supervised

MECHANISMS = [SandboxMechanism.BUBBLEWRAP, SandboxMechanism.LANDLOCK]


@dataclass
class Home:
    """A person's home directory with a project, and a way to run commands there as an agent does."""

    path: Path
    host: ProcessHost

    @property
    def worktree(self) -> Path:
        return self.path / "data" / "worktrees" / "one"

    def write(self, name: str, text: str) -> Path:
        made = self.path / name
        made.parent.mkdir(parents=True, exist_ok=True)
        made.write_text(text)
        return made

    async def run(self, command: str, env: Mapping[str, str] = {}, **needs: tuple[str, ...]) -> ProcessResult:
        """A shell command in the worktree; `needs` are fields of `SandboxUse`."""
        use = SandboxUse("claude", self.worktree, project=self.path / "project", **needs)  # type: ignore[arg-type]
        environment = agent_environment({"HOME": str(self.path), "LC_ALL": "C", **env})
        argv = ("bash", "-c", command)
        return await run_supervised(self.host, Command(argv, self.worktree, environment, use), timeout_s=60)


@asynccontextmanager
async def opened(root: Path, mechanism: SandboxMechanism) -> AsyncIterator[Home]:
    support = await find_support(() if mechanism is SandboxMechanism.LANDLOCK else None)
    if support.mechanism is not mechanism:
        pytest.skip(f"{mechanism} does not work here: {support.reason}")
    home = root / "home"
    policy = SandboxPolicy(SandboxProfile.FILES)
    sandbox = Sandbox(policy=policy, home=home, data_dir=home / "data", support=support)
    host = ProcessHost(state_dir=root / "host", instance="home", sandbox=sandbox)
    await host.start()
    made = Home(home, host)
    made.worktree.mkdir(parents=True)
    (home / "project").mkdir()
    try:
        yield made
    finally:
        await host.stop()


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_build_caches_last_and_are_not_the_persons(tmp_path: Path, mechanism: SandboxMechanism) -> None:
    async with opened(tmp_path, mechanism) as home:
        home.write(".cache/pip/wheel", "theirs")
        cache = 'c="${XDG_CACHE_HOME:-$HOME/.cache}/pip"; n="${npm_config_cache:-$HOME/.npm}"; '
        first = await home.run(f'{cache} mkdir -p "$c" "$n" && cat "$c/wheel"; echo ours > "$c/wheel"; echo x > "$n/y"')
        assert (first.returncode, first.stdout) == (0, b""), first.stderr
        second = await home.run(f'{cache} cat "$c/wheel" "$n/y"')
        assert second.stdout == b"ours\nx\n"
        assert (home.path / ".cache/pip/wheel").read_text() == "theirs"
        assert not (home.path / ".npm").exists()


async def test_each_project_has_its_own_caches(tmp_path: Path) -> None:
    async with opened(tmp_path, SandboxMechanism.BUBBLEWRAP) as home:
        (home.path / "other").mkdir()
        assert (await home.run("echo poison > ~/.cache/wheel")).returncode == 0
        use = SandboxUse("claude", home.worktree, project=home.path / "other")
        command = Command(("cat", f"{home.path}/.cache/wheel"), home.worktree, agent_environment(), use)
        assert (await run_supervised(home.host, command, timeout_s=60)).returncode == 1


async def test_a_persons_rules_are_read_and_not_written(tmp_path: Path) -> None:
    needs = {"home": (".claude/",), "home_readable": (".claude/CLAUDE.md", ".agents/")}
    async with opened(tmp_path, SandboxMechanism.BUBBLEWRAP) as home:
        home.write(".claude/CLAUDE.md", "tabs\n")
        home.write(".agents/AGENTS.md", "spaces\n")
        done = await home.run(
            "cat ~/.claude/CLAUDE.md ~/.agents/AGENTS.md; echo own > ~/.claude/state; "
            "echo evil > ~/.claude/CLAUDE.md; echo evil > ~/.agents/more.md",
            **needs,
        )
        assert done.stdout == b"tabs\nspaces\n"
        assert (home.path / ".claude/state").read_text() == "own\n"
        assert (home.path / ".claude/CLAUDE.md").read_text() == "tabs\n"
        assert not (home.path / ".agents/more.md").exists()


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_package_settings_are_read_unless_they_hold_a_credential(
    tmp_path: Path, mechanism: SandboxMechanism
) -> None:
    async with opened(tmp_path, mechanism) as home:
        home.write(".npmrc", "registry=https://registry.example.org/\n")
        home.write(".config/pip/pip.conf", "[global]\nindex-url = https://pw@pypi.example.org/simple\n")
        home.write(".bundle/config", 'BUNDLE_GEMS__EXAMPLE__ORG: "me:pw"\n')
        home.write(".condarc", "channels: [https://conda.example.org/t/pw/main]\n")
        home.write(".cargo/config.toml", '[registries.own]\ntoken = "pw"\n')
        done = await home.run("cat ~/.npmrc ~/.config/pip/pip.conf ~/.bundle/config ~/.condarc ~/.cargo/config.toml")
        assert done.stdout == b"registry=https://registry.example.org/\n"


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_person_who_signs_commits_does_not_hinder_an_agent(tmp_path: Path, mechanism: SandboxMechanism) -> None:
    async with opened(tmp_path, mechanism) as home:
        home.write(".gitconfig", "[user]\nname = A\nemail = a@example.org\n[commit]\ngpgsign = true\n")
        subprocess.run(("git", "init", "-q"), cwd=home.worktree, check=True)
        done = await home.run("touch a && git add a && git commit -qm Add && git log --format=%an%G?")
        assert done.stdout == b"AN\n", done.stderr


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_git_settings_with_a_credential_are_hidden_but_for_the_name(
    tmp_path: Path, mechanism: SandboxMechanism
) -> None:
    async with opened(tmp_path, mechanism) as home:
        home.write(
            ".gitconfig", '[http "https://x.example"]\n\textraHeader = Authorization: canary\n[core]\n\tpager = x\n'
        )
        home.write(".config/git/config", "[user]\n\tname = A Person\n\temail = a@example.org\n")
        subprocess.run(("git", "init", "-q"), cwd=home.worktree, check=True)
        commit = "touch a && git add a && git commit -qm Add --allow-empty && git log -1 --format='%an %ae' | cat"
        done = await home.run(f"cat ~/.gitconfig; {commit}")
        assert done.stdout == b"A Person a@example.org\n", done.stderr
        home.write(
            ".gitconfig", '[url "https://me:canary@x.example/"]\ninsteadOf = x:\n[User]\n\tName = "B"\n\temail=b@x\n'
        )
        done = await home.run(f"cat ~/.gitconfig; {commit}")
        assert done.stdout == b"B b@x\n", done.stderr


async def test_own_state_is_where_the_xdg_variables_say(tmp_path: Path) -> None:
    async with opened(tmp_path, SandboxMechanism.BUBBLEWRAP) as home:
        moved = {"XDG_CONFIG_HOME": str(home.path / "settings")}
        done = await home.run("echo x > $XDG_CONFIG_HOME/goose/config.yaml", moved, home=(".config/goose/",))
        assert done.returncode == 0, done.stderr
        assert (home.path / "settings/goose/config.yaml").read_text() == "x\n"


async def test_a_toolchain_that_a_variable_names_can_be_read(tmp_path: Path) -> None:
    async with opened(tmp_path, SandboxMechanism.BUBBLEWRAP) as home:
        home.write("jdks/21/release", "21\n")
        home.write("jdks/secret", "canary")
        named = {"JAVA_HOME": str(home.path / "jdks/21")}
        done = await home.run("cat $JAVA_HOME/release; cat ~/jdks/secret", named)
        assert done.stdout == b"21\n"


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_a_program_behind_a_link_starts(tmp_path: Path, mechanism: SandboxMechanism) -> None:
    async with opened(tmp_path, mechanism) as home:
        program = home.write(".local/share/tool/versions/1/tool", "#!/bin/sh\necho $0 runs\n")
        program.chmod(0o755)
        (home.path / ".local/bin").mkdir()
        for link in (home.path / ".local/bin/tool", home.path / "tool"):
            link.symlink_to(program)
            environment = agent_environment({"HOME": str(home.path), "PATH": f"{link.parent}:/usr/bin:/bin"})
            use = SandboxUse("claude", home.worktree, project=home.path / "project")
            command = Command((str(link),), home.worktree, environment, use)
            done = await run_supervised(home.host, command, timeout_s=60)
            assert done.stdout.endswith(b" runs\n"), (link, done.stderr)


@pytest.mark.parametrize(
    ("settings", "hidden"),
    [
        ("[sendemail]\n\tsmtpPass = canary", True),
        ("[github]\n\toauthtoken = canary", True),
        ("[gitlab]\n\tprivatetoken=canary", True),
        ("[app]\n\tclientSecret = canary", True),
        ("[http]\n\tproxy = socks5h://u:canary@proxy.example", True),
        ('[url "https://ghp_0123456789abcdefghijklmnopqrstuvwxyz@x.example/"]\n\tinsteadOf = x:', True),
        ('[url "https://user@dev.azure.com/"]\n\tinsteadOf = x:', False),
        ('[url "ssh://git@x.example:22/"]\n\tinsteadOf = x:', False),
        ("[core]\n\taskPass = /usr/bin/ksshaskpass", False),
    ],
)
def test_git_settings_are_hidden_for_a_password_and_not_for_a_login(
    tmp_path: Path, settings: str, hidden: bool
) -> None:
    (tmp_path / ".gitconfig").write_text(f"[user]\n\tname = A\n{settings}\n")
    identity = git_identity(tmp_path, {})
    assert identity == ({"user.name": "A"} if hidden else None)
    assert (tmp_path / ".gitconfig" in shared_home_paths(tmp_path, {})) is not hidden


async def test_an_own_directory_that_cannot_be_made_keeps_no_agent_from_starting(tmp_path: Path) -> None:
    async with opened(tmp_path, SandboxMechanism.BUBBLEWRAP) as home:
        home.write(".claude", "a file")
        (home.path / ".config").symlink_to("nowhere")
        done = await home.run("echo runs", home=(".claude/", ".claude/deep/", ".config/goose/"))
        assert (done.stdout, done.returncode) == (b"runs\n", 0), done.stderr
