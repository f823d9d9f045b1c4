"""Units on a terminal: signs, changed words, what happened to the file, and nothing that the terminal obeys."""

from __future__ import annotations

from io import StringIO

from rich.console import Console

from boocoder.cli.views.units import show_file_head, show_files, show_unit
from boocoder.wire.review import ChangeFlag, DiffLine, ReviewedFile, ReviewUnit


def console(*, colour: bool = False) -> Console:
    system = "standard" if colour else None
    options = {"highlight": False, "markup": False, "emoji": False, "soft_wrap": True, "force_terminal": colour}
    return Console(file=StringIO(), width=200, no_color=not colour, color_system=system, **options)  # type: ignore[arg-type]


def text_of(shown: Console) -> str:
    assert isinstance(shown.file, StringIO)
    return shown.file.getvalue()


def file_with(**fields: object) -> ReviewedFile:
    known: dict[str, object] = {
        "number": 0, "path": "a.txt", "path_coded": False, "old_path": None, "old_path_coded": False,
        "status": "modified", "old_mode": "", "new_mode": "", "old_size": None, "new_size": None, "binary": False,
        "too_large": False, "lfs": False, "additions": 0, "deletions": 0, "units": 1, "accepted": 0, "rejected": 0,
        "open": 1, "reopened": 0, "flags": (),
    }  # fmt: skip
    return ReviewedFile(**{**known, **fields})  # type: ignore[arg-type]


def line(kind: str, text: str, *, end: str = "lf", spans: tuple[tuple[int, int], ...] = ()) -> DiffLine:
    return DiffLine(kind, None, None, text, end, True, spans)  # type: ignore[arg-type]


def unit_with(*lines: DiffLine, kind: str = "hunk", state: str = "open", reopened: str | None = None) -> ReviewUnit:
    return ReviewUnit("0" * 20, kind, state, reopened, 3, 1, 3, 2, lines)  # type: ignore[arg-type]


def test_lines_have_their_signs_and_the_missing_end_is_told() -> None:
    shown = console()
    lines = (line("context", "same"), line("removed", "old"), line("added", "new", end="none"))
    show_unit(shown, file_with(), unit_with(*lines), head="(1/2)")
    assert text_of(shown).splitlines() == [
        "(1/2) @@ -3,1 +3,2 @@  ",
        " same",
        "-old",
        "+new",
        "\\ No newline at end of file",
    ]


def test_a_file_in_git_lfs_is_shown_by_its_sizes() -> None:
    shown = console()
    file = file_with(lfs=True, old_size=12_897_485, new_size=13_526_630)
    show_files(shown, (file,))
    show_unit(shown, file, unit_with(kind="file"))
    assert "LFS 12.3 MiB -> 12.9 MiB" in text_of(shown)
    assert "the whole file (12.3 MiB -> 12.9 MiB, LFS)" in text_of(shown)


def test_changed_words_are_reversed() -> None:
    shown = console(colour=True)
    show_unit(shown, file_with(), unit_with(line("added", "one two three", spans=((4, 7),))))
    assert "\x1b[32m+one \x1b[0m\x1b[7;32mtwo\x1b[0m\x1b[32m three\x1b[0m" in text_of(shown)


def test_nothing_of_the_text_reaches_the_terminal_as_a_command() -> None:
    shown = console()
    nasty = "\x1b[2J\x1b]0;title\x07a\rb\u202ec\x9b5m"
    flag = ChangeFlag("bidi", f"odd {nasty}", 3)
    file = file_with(path=f"n{nasty}.txt", old_path=f"o{nasty}", flags=(flag,), status="renamed")
    show_file_head(shown, file)
    show_unit(shown, file, unit_with(line("added", nasty, spans=((1, 3), (9, 12)))))
    show_unit(shown, file, unit_with(kind="rename"))
    show_files(shown, (file,))
    said = text_of(shown)
    assert not any(char in said for char in "\x1b\x07\r\x9b\u202e")
    assert "<U+202E>" in said
    assert "a\\rb" in said


def test_what_is_no_hunk_says_what_happened() -> None:
    shown = console()
    show_unit(shown, file_with(old_mode="100644", new_mode="100755"), unit_with(kind="mode"))
    show_unit(shown, file_with(status="added", new_size=3_000), unit_with(kind="file", state="accepted"))
    show_unit(shown, file_with(old_size=12, new_size=5_000_000), unit_with(kind="file", reopened="rejected"))
    lines = [line.rstrip() for line in text_of(shown).splitlines()]
    assert lines[0] == "mode 100644 -> 100755"
    assert lines[1].startswith("a new file (nothing -> 2.9 KiB)") and lines[1].endswith("accepted")
    assert lines[2] == "the whole file (12 B -> 4.8 MiB)  rejected before the agent changed it"


def test_the_list_sums_lines_and_tells_verdicts_and_flags() -> None:
    shown = console()
    flag = ChangeFlag("executable", "became executable", None)
    one = file_with(additions=3, deletions=1, accepted=2, reopened=1, flags=(flag,))
    show_files(shown, (one, file_with(path="b", binary=True, old_size=None, new_size=9)))
    said = text_of(shown)
    assert "+3 -1  2 accepted, 1 open again" in said
    assert "! became executable" in said
    assert "binary nothing -> 9 B" in said
    assert said.endswith("2 files, +3 -1\n")
