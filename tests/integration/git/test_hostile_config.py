"""Whatever an agent plants in the repository's configuration, hooks or attributes: nothing of it runs in our calls."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from boocoder.changes.apply.plan import ApplyPlan, plan_apply, write_plan
from boocoder.errors import Conflict
from boocoder.git.project import inspect_project
from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.repository import MakeRepository, Repository, git_environment

HOOKS = (
    "pre-commit", "post-commit", "post-checkout", "post-merge", "post-rewrite", "pre-auto-gc", "post-index-change",
    "reference-transaction", "fsmonitor-watchman", "applypatch-msg", "pre-applypatch", "post-applypatch", "pre-push",
)  # fmt: skip

# vector -> what the agent writes into .git/config ({c} is the canary program), and into .gitattributes
VECTORS: Mapping[str, tuple[str, str]] = {
    "hooks": ("", ""),
    "hooksPath": ("[core]\n\thooksPath = {d}\n", ""),
    "fsmonitor": ("[core]\n\tfsmonitor = {c}\n\tuntrackedCache = true\n", ""),
    "filter-clean-smudge": ('[filter "x"]\n\tclean = {c}\n\tsmudge = {c}\n\trequired = true\n', "* filter=x\n"),
    "filter-process": ('[filter "x"]\n\tprocess = {c}\n\trequired = true\n', "* filter=x\n"),
    "diff-external": ("[diff]\n\texternal = {c}\n", ""),
    "textconv": ('[diff "x"]\n\ttextconv = {c}\n\tcachetextconv = true\n', "* diff=x\n"),
    "diff-command": ('[diff "x"]\n\tcommand = {c}\n', "* diff=x\n"),
    "merge-driver": ('[merge "x"]\n\tdriver = {c} %A\n', "* merge=x\n"),
    "gpg": (
        "[gpg]\n\tprogram = {c}\n[commit]\n\tgpgSign = true\n[log]\n\tshowSignature = true\n[tag]\n\tgpgSign = true\n",
        "",
    ),
    "ssh": ('[core]\n\tsshCommand = {c}\n[remote "origin"]\n\turl = ssh://host/x\n\tpromisor = true\n', ""),
    "ext-remote": (
        '[protocol "ext"]\n\tallow = always\n[remote "origin"]\n\turl = ext::{c}\n\tpromisor = true\n'
        "[extensions]\n\tpartialClone = origin\n",
        "",
    ),
    "alias": ("[alias]\n" + "".join(f"\t{n} = !{{c}}\n" for n in ("status", "worktree", "add", "rev-parse")), ""),
    "pager": ("[core]\n\tpager = {c}\n[pager]\n" + "".join(f"\t{n} = {{c}}\n" for n in ("config", "diff")), ""),
    "editor": ("[core]\n\teditor = {c}\n[sequence]\n\teditor = {c}\n", ""),
    "credential": ("[credential]\n\thelper = !{c}\n[core]\n\taskPass = {c}\n", ""),
    "git-proxy": ("[core]\n\tgitProxy = {c}\n\talternateRefsCommand = {c}\n", ""),
    "worktree-elsewhere": ("[core]\n\tworktree = {d}\n", ""),
    "include": ("[include]\n\tpath = {d}/included\n", ""),
    "attributes-everything": (
        '[filter "x"]\n\tclean = {c}\n\tsmudge = {c}\n\tprocess = {c}\n\trequired\n[diff "y"]\n\ttextconv = {c}\n',
        "* filter=x diff=y merge=y working-tree-encoding=utf-16 ident eol=crlf\n",
    ),
}


def _plant(project: Repository, name: str, traps: Path) -> Path:
    """Plant one vector and return the file that its program would write."""
    traps.mkdir()
    canary, program = traps / "fired", traps / "program"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {canary}\nexit 1\n')
    program.chmod(0o755)
    config, attributes = (text.replace("{c}", str(program)).replace("{d}", str(traps)) for text in VECTORS[name])
    (traps / "included").write_text(f"[core]\n\tfsmonitor = {program}\n\tsshCommand = {program}\n")
    for place in (project.path / ".git/hooks", traps):
        place.mkdir(exist_ok=True)
        for hook in HOOKS:
            (place / hook).write_text(program.read_text())
            (place / hook).chmod(0o755)
    with (project.path / ".git/config").open("a") as file:
        file.write(config)
    (project.path / ".git/info").mkdir(exist_ok=True)
    (project.path / ".git/info/attributes").write_text(attributes)
    return canary


async def _everything(project: Repository, tmp_path: Path) -> None:
    """Every call of the gateway, on a repository that is planted before and during."""
    await inspect_project(project.path)
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    worktree = await shadow.add_worktree(tmp_path / "w" / "one")
    index, ref = tmp_path / "i", "refs/boocoder/one"
    (worktree.path / "new.txt").write_bytes(b"new\n")
    (worktree.path / "README.md").write_bytes(b"changed by the agent\n")
    (worktree.path / ".gitattributes").write_bytes((project.path / ".git/info/attributes").read_bytes())
    tree = await shadow.snapshot(worktree.path, index=index, ref=ref)
    await shadow.changed_files(worktree.base_tree, tree)
    await shadow.diff(worktree.base_tree, tree)
    await shadow.keep("refs/boocoder/kept", tree)
    for entry in await shadow.tree_entries(tree):
        await shadow.blob(entry.id)
    project.write("src/main.py", b"edited by the user\n")
    plan = await plan_apply(
        shadow,
        checkout=project.path,
        index=tmp_path / "p",
        base_tree=worktree.base_tree,
        tree=tree,
        ref="refs/boocoder/apply",
    )
    assert isinstance(plan, ApplyPlan)
    left = await write_plan(
        shadow, checkout=project.path, index=tmp_path / "p", pre_tree=plan.pre_tree, post_tree=plan.post_tree
    )
    assert left == []
    await shadow.remove_worktree(worktree.path)
    again = await shadow.add_worktree(worktree.path, commit=worktree.base_commit, tree=tree)
    await shadow.remove_worktree(again.path)
    assert b"changed by the agent" in (project.path / "README.md").read_bytes().replace(b"\0", b"")


@pytest.mark.parametrize("vector", [vector for vector in VECTORS if vector != "worktree-elsewhere"])
async def test_nothing_planted_runs(repository: MakeRepository, tmp_path: Path, vector: str) -> None:
    project = repository()
    canary = _plant(project, vector, tmp_path / "traps")
    await _everything(project, tmp_path)
    assert not canary.exists(), canary.read_text()


async def test_files_that_the_repository_puts_elsewhere_are_not_written(
    repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository()
    canary = _plant(project, "worktree-elsewhere", tmp_path / "traps")
    with pytest.raises(Conflict) as refused:
        await _everything(project, tmp_path)
    assert refused.value.code == "project_files_elsewhere"
    assert not canary.exists()


@pytest.mark.parametrize("vector", ["hooks", "fsmonitor", "filter-clean-smudge", "textconv", "diff-external"])
def test_the_traps_do_fire_in_plain_git(repository: MakeRepository, tmp_path: Path, vector: str) -> None:
    """The traps are real: the same repository, used with plain git, runs them."""
    project = repository()
    canary = _plant(project, vector, tmp_path / "traps")
    project.write("README.md", b"changed\n")
    for args in (["status"], ["diff"], ["add", "-A"], ["worktree", "add", "--detach", str(tmp_path / "w")]):
        subprocess.run(["git", *args], cwd=project.path, env=git_environment(), capture_output=True, check=False)
    assert canary.exists()


async def test_environment_of_the_caller_does_not_reach_git(
    repository: MakeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = repository()
    other = repository(name="other")
    canary = _plant(project, "hooks", tmp_path / "traps")
    program = str(tmp_path / "traps" / "program")
    for name, value in {
        "GIT_DIR": str(other.path / ".git"),
        "GIT_WORK_TREE": str(other.path),
        "GIT_INDEX_FILE": str(other.path / "index"),
        "GIT_EXTERNAL_DIFF": program,
        "GIT_SSH_COMMAND": program,
        "GIT_PAGER": program,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": program,
    }.items():
        monkeypatch.setenv(name, value)
    head = (other.path / ".git/HEAD").read_bytes()
    await _everything(project, tmp_path)
    assert not canary.exists()
    assert (other.path / ".git/HEAD").read_bytes() == head
    assert not (other.path / "index").exists()
