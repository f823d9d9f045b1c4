"""Lists the files of a directory that git tracks or does not ignore."""

from __future__ import annotations

from pathlib import Path

from boocoder.git.command import TIMEOUT_S
from boocoder.git.shadow.objects import ShadowGit
from boocoder.model.ids import new_id


async def file_list(shadow: ShadowGit, directory: Path, index: Path | None) -> list[str]:
    """Tracked and untracked files, in git's order, as relative paths; names that are not UTF-8 are left out.

    Args:
        directory: a worktree, or the user's checkout.
        index: its own index; None for none. One that cannot be read is done without: then a tracked file that a
            pattern ignores is left out, too.

    Raises:
        GitError: git failed.
    """
    result_text = None
    if index is not None and index.is_file():
        result_text = await shadow.result(
            "ls-files", "-z", "-c", "-o", "--exclude-standard", work_tree=directory, index=index, timeout_s=TIMEOUT_S
        )
    if result_text is None or result_text.returncode != 0:
        none = shadow.git_dir / "seeds" / f"none-{new_id().hex}.index"
        listed = await shadow("ls-files", "-z", "-o", "--exclude-standard", work_tree=directory, index=none)
    else:
        listed = result_text.stdout
    return [name for path in listed.split(b"\0") if (name := _name(path))]


def _name(path: bytes) -> str:
    """The path as text; "" for another repository inside, and for a name that is not UTF-8."""
    if path.endswith(b"/"):
        return ""
    try:
        return path.decode()
    except UnicodeDecodeError:
        return ""
