"""The list and the diff of two trees in one pass are what each of both says alone."""

from __future__ import annotations

import dataclasses
import os
import re
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


BODY = "".join(f"        step_{number};\n" for number in range(12))
SOURCES = {
    "a.cs": f"namespace N {{\n    public class Cart\n    {{\n        public int Total(int x)\n        {{\n{BODY}",
    "b.md": f"# Title\n\n## A section of it\n\n{BODY}",
    "src/c.css": f".wide > p {{\n{BODY}}}\n",
    "src/deep/d.rb": f"class Cart\n  def total(x)\n{BODY}  end\nend\n",
    "plain/e.cs": f"namespace N {{\n    public class Cart\n    {{\n        public int Total(int x)\n        {{\n{BODY}",
    "odd [x]/f y.py": f"class Cart:\n    def total(self):\n{BODY}",
    "none.rs": f"impl Cart {{\n    fn total() {{\n{BODY}",
}
ATTRIBUTES = {
    ".gitattributes": "*.cs diff=csharp text\n# *.rs diff=rust\n*.md diff=markdown\n*.rb diff=python\n",
    "src/.gitattributes": "*.css diff=css\ndeep/*.rb diff=ruby\n",
    "plain/.gitattributes": "*.cs diff\n",
    "odd [x]/.gitattributes": "*.py diff=python\n",
}


async def test_the_headings_are_gits_by_the_projects_attributes(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({**SOURCES, **ATTRIBUTES})
    base = project.tree()
    for path in SOURCES:
        project.write(path, SOURCES[path].replace("step_9", "other"))
    project.commit()
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    wanted = project.git("diff", "HEAD~1", "HEAD")
    assert b"public int Total(int x)" in wanted and b".wide > p {" in wanted
    _, both = await shadow.files_and_diff(base, project.tree(), max_bytes=LIMIT_BYTES)
    for diff in (both, await shadow.diff(base, project.tree())):
        assert headings(diff) == headings(wanted)
    assert list((tmp_path / "shadow.git").glob(".attributes-*")) == []


async def test_attributes_choose_headings_and_hide_nothing(repository: MakeRepository, tmp_path: Path) -> None:
    project = repository({"a.cs": SOURCES["a.cs"]})
    base = project.tree()
    project.write("a.cs", SOURCES["a.cs"].replace("step_9", "other"))
    project.write(
        ".gitattributes", "*.cs diff=csharp -diff\n*.cs binary\n[attr]hide -diff\n*.cs hide\n*.cs diff=evil\n"
    )
    project.commit()
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    assert b"+        other;" in await shadow.diff(base, project.tree())


def headings(diff: bytes) -> list[bytes]:
    return re.findall(rb"^@@ .*$", diff, re.MULTILINE)
