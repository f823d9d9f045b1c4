"""A change on the screen: files, counts, the diff, and nothing that a terminal would obey."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from uuid import uuid4

from rich.console import Console

from boocoder.cli.views.diff import show_diff, show_statistics
from boocoder.model.ids import ChangeId, SessionId, TaskId
from boocoder.model.task import ChangeState
from boocoder.wire.changes import ChangeInfo, FileSummary

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


def change_of(files: tuple[FileSummary, ...]) -> ChangeInfo:
    return ChangeInfo(
        id=ChangeId(uuid4()),
        session_id=SessionId(uuid4()),
        task_id=TaskId(uuid4()),
        agent="opencode",
        state=ChangeState.PENDING,
        additions=sum(file.additions or 0 for file in files),
        deletions=sum(file.deletions or 0 for file in files),
        created_at=datetime.now(UTC),
        decided_at=None,
        applied_target=None,
        applied_ref=None,
        files=files,
    )


def test_statistics_have_a_line_a_file_and_a_sum() -> None:
    out = io.StringIO()
    change = change_of(
        (
            FileSummary("big.py", "M", 1000, 1),
            FileSummary("one\x1b[2J.py", "A", 1, 0),
            FileSummary("p.bin", "A", None, None),
            FileSummary("new.py", "R", 0, 0, old_path="old.py"),
        )
    )
    show_statistics(Console(file=out, color_system=None, width=100, highlight=False, markup=False), change)
    lines = out.getvalue().splitlines()
    assert len(lines) == 5
    assert "1001 +++++" in lines[0] and lines[0].rstrip().endswith("-")
    assert "\x1b" not in lines[1] and "new" in lines[1] and lines[1].rstrip().endswith("+")
    assert lines[2].rstrip().endswith("binary")
    assert "old.py -> new.py  renamed" in lines[3]
    assert lines[4].strip() == "4 files, +1001 -1"


def test_many_files_are_written_in_a_few_prints_and_never_cut() -> None:
    prints = 0

    class Counting(Console):
        def print(self, *args: object, **options: object) -> None:
            nonlocal prints
            prints += 1
            super().print(*args, **options)  # type: ignore[arg-type]

    files = tuple(FileSummary(path=f"{'deep/' * 20}{number}.txt", status="A", additions=3) for number in range(4_000))
    out = io.StringIO()
    show_statistics(Counting(file=out, width=40), change_of(files))
    lines = out.getvalue().splitlines()
    assert len(lines) == 4_001 and all(line.endswith("3 +++") for line in lines[:-1])
    assert prints < 20
