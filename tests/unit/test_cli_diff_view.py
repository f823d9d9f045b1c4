"""A change on the screen: files, counts, the diff, and nothing that a terminal would obey."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from uuid import uuid4

from rich.console import Console

from boocoder.cli.diff_view import show_diff, show_statistics
from boocoder.cli.wire import Change, ChangedFile

DIFF = (
    b"diff --git a/a.txt b/a.txt\nindex 111..222 100644\n--- a/a.txt\n+++ b/a.txt\n"
    b"@@ -1,2 +1,2 @@\n same\n-old \x1b[31m\n+new \xe2\x80\xae\xff\n\\ No newline at end of file\n"
    b"diff --git a/p.bin b/p.bin\nnew file mode 100644\nindex 000..333\nGIT binary patch\n"
    b"literal 9\nQcmZQzU|?tfAAAA\n\n"
    b"literal 0\nHcmV?d00001\n\n"
    b"diff --git a/z b/z\n@@ -0,0 +1 @@\n+--- not a header\n"
)


def shown(limit: int | None = None, *, color: bool = False) -> tuple[str, int]:
    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=color,
        color_system="standard" if color else None,
        width=80,
        highlight=False,
        markup=False,
    )
    left_out = show_diff(console, DIFF, limit=limit)
    return out.getvalue(), left_out


def test_the_lines_are_shown_and_binary_content_is_not() -> None:
    text, left_out = shown()
    lines = text.splitlines()
    assert left_out == 0
    assert "-old" in [line.rstrip() for line in lines] and "+new <U+202E>\ufffd" in lines
    assert "binary content" in lines and "QcmZQzU" not in text
    assert "+--- not a header" in lines
    assert "\x1b" not in text


def test_added_lines_are_green_and_removed_ones_red() -> None:
    text, _ = shown(color=True)
    assert "\x1b[32m+new" in text and "\x1b[31m-old" in text and "\x1b[36m@@" in text


def test_the_limit_counts_what_is_left_out() -> None:
    whole, _ = shown()
    text, left_out = shown(3)
    assert len(text.splitlines()) == 3
    assert left_out >= len(whole.splitlines()) - 4


def test_statistics_have_a_line_a_file_and_a_sum() -> None:
    out = io.StringIO()
    change = Change(
        id=uuid4(),
        session_id=uuid4(),
        agent="opencode",
        state="pending",
        additions=1001,
        deletions=1,
        created_at=datetime.now(UTC),
        files=(
            ChangedFile("big.py", "M", 1000, 1),
            ChangedFile("one\x1b[2J.py", "A", 1, 0),
            ChangedFile("p.bin", "A", None, None),
            ChangedFile("new.py", "R", 0, 0, "old.py"),
        ),
    )
    show_statistics(Console(file=out, color_system=None, width=100, highlight=False, markup=False), change)
    lines = out.getvalue().splitlines()
    assert len(lines) == 5
    assert "1001 +++++" in lines[0] and lines[0].rstrip().endswith("-")
    assert "\x1b" not in lines[1] and "new" in lines[1] and lines[1].rstrip().endswith("+")
    assert lines[2].rstrip().endswith("binary")
    assert "old.py -> new.py  renamed" in lines[3]
    assert lines[4].strip() == "4 files, +1001 -1"
