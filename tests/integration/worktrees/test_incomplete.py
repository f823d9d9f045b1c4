"""Notices about what a new worktree lacks on purpose: submodules and the contents of Git LFS files."""

from __future__ import annotations

from pathlib import Path

from boocoder.git.shadow.repository import ShadowRepository
from boocoder.worktrees.create.incomplete import missing_content_notices
from tests.fixtures.repository import MakeRepository, Repository


async def told(project: Repository, tmp_path: Path) -> dict[str, str]:
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    return {
        notice.code: notice.text
        for notice in await missing_content_notices(shadow, await shadow.add_worktree(tmp_path / "w"))
    }


async def test_submodules_and_lfs_files_are_told(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository()
    project.git("update-index", "--add", "--cacheinfo", f"160000,{project.head()},vendor/lib")
    project.write(".gitmodules", '[submodule "lib"]\n\tpath = vendor/lib\n\turl = https://example.org/lib\n')
    project.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")
    project.write("big.bin", f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 12345\n")
    project.write("whole.bin", "no pointer " * 20)
    project.git("add", ".gitmodules", ".gitattributes", "big.bin", "whole.bin")
    project.git("commit", "-q", "-m", "Others")
    found = await told(project, tmp_path)
    assert "1 submodule" in found["submodules_empty"] and "vendor/lib" in found["submodules_empty"]
    assert "big.bin" in found["lfs_pointers"] and "git lfs pull" in found["lfs_pointers"]
    assert "whole.bin" not in found["lfs_pointers"]


async def test_attributes_behind_a_link_are_not_read(repository: MakeRepository, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("* filter=lfs\n")
    project = repository({"a.bin": f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 1\n"})
    (project.path / ".gitattributes").symlink_to(tmp_path / "elsewhere")
    project.commit()
    assert await told(project, tmp_path) == {}
