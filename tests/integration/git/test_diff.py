"""The list and the diff of two trees in one pass are what each of both says alone."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from boocoder.errors import GitError
from boocoder.git.shadow.repository import ShadowRepository
from tests.fixtures.repository import MakeRepository

LIMIT_BYTES = 10_000_000


async def test_one_pass_says_what_two_say(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({"f": "a\nb\n", "bin": b"x\0y", "mode": "m\n", "d/gone": "q\n", "nul": "a\n"})
    (project.path / "l").symlink_to("f")
    project.write(".gitattributes", "nul diff\n")
    project.commit()
    base = project.tree()
    project.write("f", "a\nc\n")
    project.write("bin", b"x\0z")
    project.write("nul", b"a\0b\n\0\0\nc\n")
    project.write("new", "no newline at the end")
    project.write(
        "tricky", "@@ -1 +1 @@\n++ x\n-- y\ndiff --git a/b b/c\nBinary files a and b differ\nGIT binary patch\n"
    )
    (project.path / "mode").chmod(0o755)
    (project.path / "d/gone").unlink()
    (project.path / "l").unlink()
    project.write("l", "a file now\n")
    project.write(os.fsdecode(b"\xff name"), "x\n")
    project.commit()
    project.git("update-index", "--add", "--cacheinfo", f"160000,{project.head()},sub")
    tree = project.git("write-tree").decode().strip()
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    for old, new in ((base, tree), (tree, base), (base, base)):
        files, diff = await shadow.files_and_diff(old, new, max_bytes=LIMIT_BYTES)
        alone = await shadow.changed_files(old, new)
        assert files == [dataclasses.replace(file, old_size=None, new_size=None) for file in alone]
        assert diff == await shadow.diff(old, new)
    with pytest.raises(GitError) as refused:
        await shadow.files_and_diff(base, tree, max_bytes=100)
    assert refused.value.code == "git_output_too_large"
