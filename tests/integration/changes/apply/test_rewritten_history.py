"""Ten sessions work while the user collects garbage, deletes their base branch, rewrites history and repacks."""

from __future__ import annotations

import asyncio
import subprocess
from pathlib import Path

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.model.change import ApplyTarget
from tests.fixtures.changes.change_harness import make_desk
from tests.fixtures.repository import MakeRepository, Repository, git_environment

SESSIONS = 10
EDITS = 8
WORK = """
for number in 1 2 3 4 5 6 7 8; do
    echo "$NAME" >> src/f$number.txt
    git stash -q && git stash pop -q && git commit -qam "Edit $number" || exit 1
done
"""
USER = """
set -e
git switch -q -c moved-on
git branch -q -D main
while [ ! -e "$DONE" ]; do
    git commit -q --amend --allow-empty -m "Rewritten $(date +%s%N)"
    git filter-branch -f --msg-filter 'sed s/e/E/' -- moved-on > /dev/null
    git for-each-ref --format='delete %(refname)' refs/original | git update-ref --stdin
    git reflog expire --expire=now --all
    git gc -q --prune=now
    git repack -adfq
done
"""


async def shell(script: str, place: Path, **variables: str) -> None:
    env = git_environment() | variables | {"FILTER_BRANCH_SQUELCH_WARNING": "1"}
    running = await asyncio.create_subprocess_exec("sh", "-c", script, cwd=place, env=env, stderr=subprocess.PIPE)
    _, said = await running.communicate()
    assert running.returncode == 0, said


async def test_sessions_work_while_their_history_goes(
    database: Database, repository: MakeRepository, tmp_path: Path
) -> None:
    project = repository({f"src/f{number}.txt": b"content %d\n" % number for number in range(60)})
    project.write("only-there.txt", b"in the first commit only\n")
    project.commit("With a file that goes")
    project.git("rm", "-q", "only-there.txt")
    base = project.commit("Without it")
    desk = await make_desk(database, lambda *_, **__: project, tmp_path / "data")
    shadow, places = desk.shadow, [desk.worktree]
    places += [await shadow.add_worktree(tmp_path / "w" / f"s{number}") for number in range(1, SESSIONS)]
    done = tmp_path / "done"
    user = asyncio.create_task(shell(USER, project.path, DONE=str(done)))
    try:
        await asyncio.gather(*(shell(WORK, one.path, NAME=one.path.name) for one in places))
    finally:
        done.touch()
        await user
    assert project.git("cat-file", "-t", base, check=False) == b"", "the user's repository has lost the base"
    for one in places:
        assert project.git("fsck", "--no-dangling", cwd=one.path) == b""
        assert project.git("show", "HEAD~9:only-there.txt", cwd=one.path) == b"in the first commit only\n"
        tree = await shadow.snapshot(one.path, index=tmp_path / one.path.name, ref=f"refs/boocoder/{one.path.name}")
        assert len(await shadow.changed_files(one.base_tree, tree)) == EDITS
    report = await desk.applier.apply(await desk.store(), ApplyRequest(target=ApplyTarget.COMMIT, message="Applied"))
    assert (report.state, report.files) == ("applied", EDITS)
    assert read(project, 1) == b"content 1\nworktree\n"
    assert project.git("status", "--porcelain") == b""
    assert project.git("fsck", "--no-dangling") == b""


def read(project: Repository, number: int) -> bytes:
    return (project.path / f"src/f{number}.txt").read_bytes()
