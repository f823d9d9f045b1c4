"""Commits of changes are signed as the user's git signs them, by the user's own program."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.changes.apply.planner import ApplyRequest
from boocoder.db.core.pool import Database
from boocoder.db.registry.project_settings import put_project_settings
from boocoder.errors import Conflict
from boocoder.model.change import ApplyTarget
from boocoder.wire.projects import ProjectSettings
from tests.fixtures.changes.change_harness import ChangeHarness, make_applier, make_desk
from tests.fixtures.repository import MakeRepository

SIGNER = """#!/bin/sh
cat >/dev/null
[ "$(cat '{said}')" = no ] && {{ echo 'the key is locked' >&2; exit 1; }}
echo "$@" >'{said}'
echo '[GNUPG:] SIG_CREATED ' >&2
printf -- '-----BEGIN PGP SIGNATURE-----\\n\\nby {name}\\n-----END PGP SIGNATURE-----\\n'
"""


def make_signer(folder: Path, name: str) -> Path:
    """A program that signs as gpg does; what it was called with is in a file beside it."""
    program = folder / name
    said = program.with_suffix(".said")
    said.write_text("")
    program.write_text(SIGNER.format(said=said, name=name))
    program.chmod(0o755)
    return program


@pytest.fixture
async def desk(
    database: Database, repository: MakeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ChangeHarness:
    """A change to apply, and a user whose git signs every commit."""
    made = await make_desk(database, repository, tmp_path)
    made.applier = make_applier(database, tmp_path, sign_commits=True)
    home = tmp_path / "home"
    home.mkdir()
    program = make_signer(home, "signer")
    (home / ".gitconfig").write_text(
        f"[commit]\n\tgpgsign = true\n[user]\n\tname = A Person\n\temail = person@example.org\n\tsigningkey = ABC\n"
        f"[gpg]\n\tprogram = {program}\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (made.worktree.path / "README.md").write_bytes(b"by the agent\n")
    return made


@pytest.mark.parametrize("target", [ApplyTarget.COMMIT, ApplyTarget.BRANCH])
async def test_a_commit_is_signed_by_the_users_program(
    desk: ChangeHarness, tmp_path: Path, target: ApplyTarget
) -> None:
    other = make_signer(tmp_path, "planted")
    desk.project.git("config", "gpg.program", str(other))  # an agent can write the repository's configuration
    report = await desk.applier.apply(await desk.store(), ApplyRequest(target=target))
    assert report.commit is not None and report.warnings == ()
    written = desk.project.git("cat-file", "commit", report.commit).decode()
    assert "gpgsig -----BEGIN PGP SIGNATURE-----" in written and "by signer" in written
    assert "ABC" in (tmp_path / "home/signer.said").read_text()
    assert (tmp_path / "planted.said").read_text() == ""


@pytest.mark.parametrize("signed", [True, False])
async def test_a_project_says_so_for_itself(desk: ChangeHarness, tmp_path: Path, signed: bool) -> None:
    desk.applier = make_applier(desk.database, tmp_path, sign_commits=not signed)
    async with desk.database.transaction() as conn:
        await put_project_settings(conn, ProjectSettings(desk.place.project_id, sign_commits=signed))
    report = await desk.applier.apply(await desk.store(), ApplyRequest(target=ApplyTarget.COMMIT))
    assert report.commit is not None
    assert (b"gpgsig" in desk.project.git("cat-file", "commit", report.commit)) is signed
    assert any("not signed" in text for text in report.warnings) is not signed


async def test_a_key_that_cannot_sign_leaves_everything_as_it_was(desk: ChangeHarness, tmp_path: Path) -> None:
    (tmp_path / "home/signer.said").write_text("no")
    change_id, head = await desk.store(), desk.project.head()
    with pytest.raises(Conflict) as refused:
        await desk.applier.apply(change_id, ApplyRequest(target=ApplyTarget.COMMIT))
    assert refused.value.code == "commit_not_signed" and "failed to sign" in refused.value.text
    assert desk.project.head() == head and (await desk.pending()) is not None
    (tmp_path / "home/signer.said").write_text("")
    assert (await desk.applier.apply(change_id, ApplyRequest(target=ApplyTarget.COMMIT))).state == "applied"


async def test_nothing_is_signed_unless_the_users_git_signs(desk: ChangeHarness) -> None:
    desk.project.git("config", "commit.gpgsign", "false")
    report = await desk.applier.apply(await desk.store(), ApplyRequest(target=ApplyTarget.COMMIT))
    assert report.commit is not None
    assert b"gpgsig" not in desk.project.git("cat-file", "commit", report.commit)
