"""Publishing a change: branch, push to a real remote, and a pull request by runnable stand-ins of gh and glab."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.changes.publish.service import ChangePublisher, PublishRequest, page_of
from boocoder.db.core.pool import Database
from boocoder.errors import Conflict
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.user.push import Remote, choose_remote, parse_address
from boocoder.model.change import ApplyTarget
from tests.fixtures.changes.change_harness import ChangeHarness, make_desk
from tests.fixtures.changes.forge import put_tool
from tests.fixtures.changes.random_tree import content_of
from tests.fixtures.repository import MakeRepository, git_environment


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> ChangeHarness:
    made = await make_desk(database, repository, tmp_path)
    remote = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(remote)], env=git_environment(), check=True)
    made.project.git("remote", "add", "origin", "https://github.com/someone/project.git")
    made.project.git("config", f"url.{remote}.insteadOf", "https://github.com/someone/project.git")
    made.project.git("push", "-q", "origin", "main")
    (made.worktree.path / "README.md").write_bytes(b"by the agent\n")
    (made.worktree.path / "src/main.py").unlink()
    return made


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory that is first on PATH."""
    place = tmp_path / "tools"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return place


def publisher_of(desk: ChangeHarness, root: Path) -> ChangePublisher:
    return ChangePublisher(database=desk.database, shadows=ShadowRegistry(root=root / "shadows"), applier=desk.applier)


def at_remote(root: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=root / "remote.git", capture_output=True, check=True, text=True)
    return done.stdout.strip()


async def test_its_words_are_told_beforehand(desk: ChangeHarness, tmp_path: Path, tools: Path) -> None:
    change_id = await desk.store()
    title, text = await publisher_of(desk, tmp_path).words(change_id)
    log = put_tool(tools, "gh", answer="https://github.com/someone/project/pull/7")
    await publisher_of(desk, tmp_path).publish(change_id, PublishRequest())
    assert title and f"--title {title} " in log.read_text()
    assert text and text in log.read_text()


async def test_a_branch_is_pushed_and_a_pull_request_asked_for(
    desk: ChangeHarness, tmp_path: Path, tools: Path
) -> None:
    log = put_tool(tools, "gh", answer="https://github.com/someone/project/pull/7")
    config = (desk.project.path / ".git/config").read_bytes()
    change_id = await desk.store()
    done = await publisher_of(desk, tmp_path).publish(change_id, PublishRequest(base="main", draft=True))
    assert (done.url, done.next, done.remote) == ("https://github.com/someone/project/pull/7", "", "origin")
    assert at_remote(tmp_path, "rev-parse", "boocoder/session") == done.report.commit
    said = log.read_text()
    assert "auth status --hostname github.com" in said
    assert "pr create --head boocoder/session --title session --body-file - --base main --draft" in said
    assert "> do it" in said and "2 files, +1 -5" in said and "- `README.md` +1 -3" in said
    assert "Made by scripted with boocoder." in said
    assert (desk.project.path / ".git/config").read_bytes() == config
    again = await publisher_of(desk, tmp_path).publish(change_id, PublishRequest())
    assert again.report.state == "already_applied"
    (desk.worktree.path / "README.md").write_bytes(b"more by the agent\n")
    more = await publisher_of(desk, tmp_path).publish(await desk.store(), PublishRequest(only_push=True))
    assert at_remote(tmp_path, "rev-parse", "boocoder/session^") == done.report.commit
    assert at_remote(tmp_path, "rev-parse", "boocoder/session") == more.report.commit


async def test_without_a_tool_it_says_what_to_do(desk: ChangeHarness, tmp_path: Path, tools: Path) -> None:
    put_tool(tools, "gh", auth=1)
    done = await publisher_of(desk, tmp_path).publish(await desk.store(), PublishRequest())
    page = "https://github.com/someone/project/compare/boocoder/session?expand=1"
    assert (done.url, done.open_url) == (None, page)
    assert done.next == f"gh is not logged in (gh auth login). Open {page}"


async def test_a_request_that_exists_is_found_and_one_that_fails_is_told(
    desk: ChangeHarness, tmp_path: Path, tools: Path
) -> None:
    url = "https://github.com/someone/project/pull/3"
    put_tool(tools, "gh", answer=f"a pull request for this branch already exists: {url}", code=1)
    change_id = await desk.store()
    assert (await publisher_of(desk, tmp_path).publish(change_id, PublishRequest())).url == url
    put_tool(tools, "gh", answer="no commits between main and main", code=1)
    failed = await publisher_of(desk, tmp_path).publish(change_id, PublishRequest())
    assert failed.url is None
    assert failed.next.startswith("gh ended with 1. Open https://github.com/")
    assert "no commits between" in failed.output


async def test_glab_is_asked_for_a_merge_request(desk: ChangeHarness, tmp_path: Path, tools: Path) -> None:
    log = put_tool(tools, "glab", answer="https://gitlab.example.org/a/b/-/merge_requests/2")
    remote = tmp_path / "remote.git"
    desk.project.git("config", "remote.origin.url", "git@gitlab.example.org:a/b.git")
    desk.project.git("config", f"url.{remote}.insteadOf", "git@gitlab.example.org:a/b.git")
    request = PublishRequest(apply=ApplyRequest(target=ApplyTarget.BRANCH, branch="mine"), title="A title", text="Text")
    done = await publisher_of(desk, tmp_path).publish(await desk.store(), request)
    assert done.url == "https://gitlab.example.org/a/b/-/merge_requests/2"
    assert "mr create --source-branch mine --title A title --description Text --yes" in log.read_text()


async def test_a_refused_push_and_a_missing_remote_are_named(desk: ChangeHarness, tmp_path: Path) -> None:
    change_id = await desk.store()
    publisher = publisher_of(desk, tmp_path)
    with pytest.raises(Conflict) as error:
        await publisher.publish(change_id, PublishRequest(remote="upstream"))
    assert error.value.code == "remote_missing"
    hook = tmp_path / "remote.git/hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho not today >&2\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(Conflict) as error:
        await publisher.publish(change_id, PublishRequest())
    assert error.value.code == "push_failed"
    assert "not today" in error.value.text
    hook.unlink()
    assert (await publisher.publish(change_id, PublishRequest(only_push=True))).remote == "origin"


async def test_a_change_applied_to_the_files_can_be_published(desk: ChangeHarness, tmp_path: Path) -> None:
    publisher, only_push = publisher_of(desk, tmp_path), PublishRequest(only_push=True)
    head = desk.project.head()
    await desk.applier.apply(await desk.store())
    (desk.worktree.path / "second.txt").write_bytes(b"by the second turn\n")
    second = await desk.store()
    await desk.applier.apply(second)
    files = content_of(desk.project.path)
    done = await publisher.publish(second, only_push)
    assert (done.report.state, done.report.target) == ("applied", ApplyTarget.BRANCH)
    assert at_remote(tmp_path, "rev-parse", "boocoder/session") == done.report.commit
    assert at_remote(tmp_path, "show", "boocoder/session:second.txt") == "by the second turn"
    assert at_remote(tmp_path, "show", "boocoder/session:README.md") == "by the agent"  # the first change is in it
    assert (content_of(desk.project.path), desk.project.head()) == (files, head)
    again = await publisher.publish(second, only_push)
    assert (again.report.state, again.report.commit) == ("already_applied", done.report.commit)
    (desk.worktree.path / "third.txt").write_bytes(b"by the third turn\n")
    third = await desk.store()
    await desk.applier.apply(third)
    more = await publisher.publish(third, only_push)
    assert at_remote(tmp_path, "rev-parse", "boocoder/session^") == done.report.commit
    assert at_remote(tmp_path, "rev-parse", "boocoder/session") == more.report.commit


async def test_what_others_pushed_to_the_branch_is_merged(desk: ChangeHarness, tmp_path: Path) -> None:
    publisher, only_push = publisher_of(desk, tmp_path), PublishRequest(only_push=True)
    await publisher.publish(await desk.store(), only_push)
    other = tmp_path / "other"
    somebody = pusher(tmp_path / "remote.git", other)
    (other / "theirs.txt").write_bytes(b"by somebody else\n")
    theirs = somebody("Theirs")
    (desk.worktree.path / "ours.txt").write_bytes(b"by the agent\n")
    change = await desk.store()
    done = await publisher.publish(change, only_push)
    assert at_remote(tmp_path, "rev-parse", "boocoder/session") == done.report.commit
    assert at_remote(tmp_path, "rev-parse", "boocoder/session^2") == theirs
    listed = at_remote(tmp_path, "ls-tree", "--name-only", "boocoder/session").split()
    assert {"theirs.txt", "ours.txt"} <= set(listed)
    (other / "README.md").write_bytes(b"by somebody else\n")
    somebody("Theirs again")
    (desk.worktree.path / "README.md").write_bytes(b"once more by the agent\n")
    with pytest.raises(Conflict) as error:
        await publisher.publish(await desk.store(), only_push)
    assert error.value.code == "branch_diverged"
    assert "README.md" in error.value.text


def pusher(remote: Path, other: Path) -> Callable[[str], str]:
    """A clone of somebody else; the result commits everything in it, merges and pushes."""

    def git(*args: str) -> str:
        done = subprocess.run(["git", *args], cwd=other, env=git_environment(), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    other.mkdir()
    git("clone", "-q", "-b", "boocoder/session", str(remote), ".")

    def push(message: str) -> str:
        git("add", "-A")
        git("commit", "-q", "-m", message)
        git("pull", "-q", "--no-rebase", "--no-edit")
        git("push", "-q")
        return git("rev-parse", "HEAD")

    return push


async def test_the_remote_is_chosen_as_git_push_chooses_it(desk: ChangeHarness, tmp_path: Path) -> None:
    """branch.<b>.pushRemote before remote.pushDefault before branch.<b>.remote."""
    git, checkout = desk.project.git, desk.shadow.checkout
    for name in ("upstream", "fork", "mine"):
        git("remote", "add", name, f"gh:{name}/project.git")
    git("config", "url.git@github.com:.insteadOf", "gh:")
    git("config", "branch.main.remote", "upstream")
    assert await choose_remote(checkout, None) == Remote("upstream", "github.com", "upstream/project")
    git("config", "remote.pushDefault", "fork")
    assert await choose_remote(checkout, None) == Remote("fork", "github.com", "fork/project")
    git("config", "branch.main.pushRemote", "mine")
    assert (await choose_remote(checkout, None)).name == "mine"
    git("config", "url.git@gitlab.com:.pushInsteadOf", "gh:mine/")
    assert (await choose_remote(checkout, None)).host == "gitlab.com"
    assert (await choose_remote(checkout, "fork")).name == "fork"
    git("checkout", "-q", "--detach")
    assert (await choose_remote(checkout, None)).name == "fork"


def test_addresses_are_read() -> None:
    assert parse_address("git@github.com:o/n.git") == ("github.com", "o/n")
    assert parse_address("ssh://git@GitHub.com:22/o/n.git") == ("github.com", "o/n")
    assert parse_address("https://token@gitlab.com/g/s/n") == ("gitlab.com", "g/s/n")
    assert parse_address("/srv/git/n.git") == ("", "")
    assert page_of(Remote("origin", "", ""), "x") is None
    page = "https://gitlab.com/g/n/-/merge_requests/new?merge_request%5Bsource_branch%5D=a%2Fb"
    assert page_of(Remote("origin", "gitlab.com", "g/n"), "a/b") == page
