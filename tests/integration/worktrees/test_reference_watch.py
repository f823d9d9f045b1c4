"""What is watched of the person's repository is read by git only where a file of it has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.errors import Unavailable
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user.state import REFERENCE_FILES_MAX, ReferenceWatch
from tests.fixtures.repository import MakeRepository, Repository

LIMIT_S = 60.0


@pytest.fixture
def project(repository: MakeRepository) -> Repository:
    return repository()


@pytest.mark.parametrize(
    "change",
    [
        ("branch", "feature"),
        ("tag", "-f", "v1"),
        ("update-ref", "refs/heads/other", "HEAD"),
        ("pack-refs", "--all"),
        ("branch", "-D", "other"),
    ],
)
async def test_git_starts_where_a_reference_has_changed(
    project: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, ...]
) -> None:
    project.git("branch", "other")
    project.git("tag", "v1")
    project.write("second.txt", "second\n")
    project.commit("Second")
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    watch = ReferenceWatch()
    first = await watch.state(shadow.checkout, timeout_s=LIMIT_S)
    with monkeypatch.context() as without_git:
        without_git.setenv("PATH", str(tmp_path))
        assert await watch.state(shadow.checkout, timeout_s=LIMIT_S) == first
    project.git(*change)
    with monkeypatch.context() as without_git:
        without_git.setenv("PATH", str(tmp_path))
        with pytest.raises(Unavailable):
            await watch.state(shadow.checkout, timeout_s=LIMIT_S)
    assert await watch.state(shadow.checkout, timeout_s=LIMIT_S) == await ReferenceWatch().state(
        shadow.checkout, timeout_s=LIMIT_S
    )


async def test_what_git_alone_can_read_is_left_to_it(
    project: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    heads, watch = project.path / ".git/refs/heads", ReferenceWatch()
    (heads / "linked").symlink_to("main")
    state = await watch.state(shadow.checkout, timeout_s=LIMIT_S)
    assert state["refs/heads/linked"] == state["refs/heads/main"] == project.head()
    (heads / "linked").unlink()
    for number in range(REFERENCE_FILES_MAX + 1):
        (heads / f"many-{number}").write_text(f"{project.head()}\n")
    assert len(await watch.state(shadow.checkout, timeout_s=LIMIT_S)) > REFERENCE_FILES_MAX
    with monkeypatch.context() as without_git:
        without_git.setenv("PATH", str(tmp_path))
        with pytest.raises(Unavailable):
            await watch.state(shadow.checkout, timeout_s=LIMIT_S)
