"""Makes the small repository of the demo project. It touches nothing but its own directory."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from boocoder.git.command import Git, require_git

FILES: Mapping[str, str] = {
    "README.md": """# Tally

Counts the words of a text.

    python3 tally.py README.md
""",
    "tally.py": '''"""Counts the words of a text."""

import sys
from collections import Counter


def tally(text):
    return Counter(text.split())


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        for word, count in tally(file.read()).most_common(10):
            print(count, word)
''',
    "poem.txt": """The rain fell on the roof,
the roof fell on the rain,
and The cat, who saw it all,
went back to sleep again.
""",
}


async def make_demo_repository(path: Path) -> None:
    """Make the repository with one commit, whole or not at all; one that is there is left as it is.

    Args:
        path: where it shall be; the directory above exists.

    Raises:
        GitError, Unavailable: git failed, or is missing or too old.
    """
    if path.exists():
        return
    making = Path(tempfile.mkdtemp(prefix=".demo-", dir=path.parent))
    try:
        for name, text in FILES.items():
            (making / name).write_text(text, encoding="utf-8")
        git = Git(making)
        await require_git(git)
        await git("init", "--quiet", "--initial-branch=main", "--template=")
        await git("add", "--all")
        await git("commit", "--quiet", "--no-verify", "--message=Begin")
        making.chmod(0o755)
        making.rename(path)
    except OSError:
        if not path.is_dir():  # else another request has just created it
            raise
    finally:
        shutil.rmtree(making, ignore_errors=True)
