"""Publishing a change: branch, push to a real remote, and a pull request by runnable stand-ins of gh and glab."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from boocoder.changes.planning import ApplyRequest
from boocoder.changes.publish import ChangePublisher, PublishRequest, page_of
from boocoder.db.changes import ApplyTarget
from boocoder.db.pool import Database
from boocoder.errors import Conflict
from boocoder.git.shadows import Shadows
from boocoder.git.user_push import Remote, parse_address
from tests.fixtures.change_desk import Desk, make_desk
from tests.fixtures.forge import put_tool
from tests.fixtures.repository import MakeRepository, git_environment


@pytest.fixture
async def desk(database: Database, repository: MakeRepository, tmp_path: Path) -> Desk:
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
    """A directory that stands first on PATH."""
    place = tmp_path / "tools"
    place.mkdir()
    monkeypatch.setenv("PATH", f"{place}{os.pathsep}{os.environ['PATH']}")
    return place


def publisher_of(desk: Desk, root: Path) -> ChangePublisher:
    return ChangePublisher(database=desk.database, shadows=Shadows(root=root / "shadows"), applier=desk.applier)


def at_remote(root: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=root / "remote.git", capture_output=True, check=True, text=True)
    return done.stdout.strip()


async def test_its_words_are_told_beforehand(desk: Desk, tmp_path: Path, tools: Path) -> None:
    change_id = await desk.store()
    title, text = await publisher_of(desk, tmp_path).words(change_id)
    log = put_tool(tools, "gh", answer="https://github.com/someone/project/pull/7")
    await publisher_of(desk, tmp_path).publish(change_id, PublishRequest())
    assert title and f"--title {title} " in log.read_text()
    assert text and text in log.read_text()


async def test_a_branch_is_pushed_and_a_pull_request_asked_for(desk: Desk, tmp_path: Path, tools: Path) -> None:
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


async def test_without_a_tool_it_says_what_to_do(desk: Desk, tmp_path: Path, tools: Path) -> None:
    put_tool(tools, "gh", auth=1)
    done = await publisher_of(desk, tmp_path).publish(await desk.store(), PublishRequest())
    page = "https://github.com/someone/project/compare/boocoder/session?expand=1"
    assert (done.url, done.open_url) == (None, page)
    assert done.next == f"gh is not logged in (gh auth login). Open {page}"


async def test_a_request_that_exists_is_found_and_one_that_fails_is_told(
    desk: Desk, tmp_path: Path, tools: Path
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


async def test_glab_is_asked_for_a_merge_request(desk: Desk, tmp_path: Path, tools: Path) -> None:
    log = put_tool(tools, "glab", answer="https://gitlab.example.org/a/b/-/merge_requests/2")
    remote = tmp_path / "remote.git"
    desk.project.git("config", "remote.origin.url", "git@gitlab.example.org:a/b.git")
    desk.project.git("config", f"url.{remote}.insteadOf", "git@gitlab.example.org:a/b.git")
    request = PublishRequest(apply=ApplyRequest(target=ApplyTarget.BRANCH, branch="mine"), title="A title", text="Text")
    done = await publisher_of(desk, tmp_path).publish(await desk.store(), request)
    assert done.url == "https://gitlab.example.org/a/b/-/merge_requests/2"
    assert "mr create --source-branch mine --title A title --description Text --yes" in log.read_text()


async def test_a_refused_push_and_a_missing_remote_are_named(desk: Desk, tmp_path: Path) -> None:
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
    (desk.worktree.path / "README.md").write_bytes(b"to the checkout\n")
    second = await desk.store()
    with pytest.raises(Conflict) as error:
        desk.project.git("checkout", "-q", "boocoder/session")
        await desk.applier.apply(second)
        await publisher.publish(second, PublishRequest())
    assert error.value.code == "not_on_a_branch"


def test_addresses_are_read() -> None:
    assert parse_address("git@github.com:o/n.git") == ("github.com", "o/n")
    assert parse_address("ssh://git@GitHub.com:22/o/n.git") == ("github.com", "o/n")
    assert parse_address("https://token@gitlab.com/g/s/n") == ("gitlab.com", "g/s/n")
    assert parse_address("/srv/git/n.git") == ("", "")
    assert page_of(Remote("origin", "", ""), "x") is None
    page = "https://gitlab.com/g/n/-/merge_requests/new?merge_request%5Bsource_branch%5D=a%2Fb"
    assert page_of(Remote("origin", "gitlab.com", "g/n"), "a/b") == page
