"""Settings of the user that say what files mean (links, line ends, modes, letters) never make an apply a conflict."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from boocoder.changes.apply.plan import ApplyPlan, plan_apply, write_plan
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.shadow.tree_build import TreeEdit, build_tree, write_blobs
from tests.fixtures.repository import MakeRepository, Repository

FILES = {"text.txt": b"one\ntwo\n", "run.sh": b"#!/bin/sh\n", "Case.txt": b"upper\n", "caf\u00e9.txt": b"c\n"}
LINKS = {"link": b"text.txt", "gone": b"run.sh"}
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "core.symlinks": ("false", "true"),
    "core.fileMode": ("false", "true"),
    "core.ignorecase": ("true",),
    "core.autocrlf": ("true", "input"),
    "core.precomposeunicode": ("true",),
}


async def changed(shadow: ShadowRepository, base: str, contents: Mapping[str, tuple[str, bytes | None]]) -> str:
    """A tree with these entries: path -> mode and content, None to take it away."""
    names = await write_blobs(shadow.git, [content or b"" for _, content in contents.values()])
    edits = [
        TreeEdit(path.encode(), "000000" if content is None else mode, name)
        for (path, (mode, content)), name in zip(contents.items(), names, strict=True)
    ]
    return await build_tree(shadow.git, base, edits)


def prepared(repository: MakeRepository, key: str, value: str) -> Repository:
    """Files and links committed, then checked out again with the setting."""
    project = repository(dict(FILES))
    (project.path / "run.sh").chmod(0o755)
    for name, target in LINKS.items():
        (project.path / name).symlink_to(target.decode())
    project.commit("Links")
    project.git("config", key, value)
    for name in (*FILES, *LINKS):
        (project.path / name).unlink()
    project.git("checkout", "--", ".")
    return project


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in SETTINGS.items() for value in values])
async def test_a_change_of_every_kind_is_applied(
    key: str, value: str, repository: MakeRepository, tmp_path: Path
) -> None:
    project = prepared(repository, key, value)
    shadow = ShadowRepository(git_dir=tmp_path / "shadow.git", project=project.path)
    await shadow.open()
    base = project.tree()
    tree = await changed(
        shadow,
        base,
        {
            "text.txt": ("100644", b"one\n2\n"),
            "run.sh": ("100644", b"#!/bin/sh\n"),
            "new.sh": ("100755", b"#!/bin/sh\nnew\n"),
            "Case.txt": ("100644", b"changed\n"),
            "caf\u00e9.txt": ("100644", b"d\n"),
            "link": ("120000", b"run.sh"),
            "fresh": ("120000", b"new.sh"),
            "gone": ("120000", None),
        },
    )
    index, root = tmp_path / "checkout.index", project.path
    plan = await plan_apply(shadow, checkout=root, index=index, base_tree=base, tree=tree, ref="refs/boocoder/t")
    assert isinstance(plan, ApplyPlan), plan
    assert plan.pre_tree == base
    left = await write_plan(shadow, checkout=root, index=index, pre_tree=plan.pre_tree, post_tree=plan.post_tree)
    assert left == []
    project.git("add", "-A")
    expected = project.git("write-tree").decode().strip()
    after = await plan_apply(shadow, checkout=root, index=index, base_tree=base, tree=base, ref="refs/boocoder/u")
    assert isinstance(after, ApplyPlan)
    assert after.pre_tree == expected  # as the user's own git sees it
    seen = value != "false"  # of a new file git does not see then whether it is a link, or executable
    assert not seen or expected == plan.post_tree == tree
    link = root / "fresh"
    assert link.is_symlink() is not (key == "core.symlinks" and value == "false")
    later = await changed(shadow, tree, {"fresh": ("120000", b"text.txt"), "new.sh": ("100755", b"#!/bin/sh\nlater\n")})
    further = await plan_apply(shadow, checkout=root, index=index, base_tree=tree, tree=later, ref="refs/boocoder/f")
    assert isinstance(further, ApplyPlan), further
    assert {file.path for file in further.files} == {b"fresh", b"new.sh"}
    back = await plan_apply(shadow, checkout=root, index=index, base_tree=tree, tree=base, ref="refs/boocoder/v")
    assert isinstance(back, ApplyPlan), back
    done = await write_plan(shadow, checkout=root, index=index, pre_tree=back.pre_tree, post_tree=base)
    assert done == []
    assert not (root / "fresh").exists() and not (root / "new.sh").exists() and (root / "gone").read_bytes()
