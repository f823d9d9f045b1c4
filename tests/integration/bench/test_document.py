"""A run writes its tables into the page, and leaves those of sections that it did not measure."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench.document import BEGIN, DOCUMENT, END, write_document
from bench.numbers import Row


def row(section: str, value: float) -> Row:
    return Row(section, "request to end", "s", (value, value, value), target=1.0)


def test_a_section_is_replaced_and_the_others_stay(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\n{END}\nafter\n")
    write_document([row("first", 0.5), row("second", 2.0)], "a machine\nload 1", page)
    write_document([row("second", 0.25)], "a machine, load 2", page)
    text = page.read_text()
    assert text.startswith(f"before\n{BEGIN}\n") and text.endswith(f"\n{END}\nafter\n")
    assert "| request to end | 3 | 0.500 (0.500..0.500) s |  | 0.500 s | <= 1.00 s | ok |" in text
    assert text.count("**`second`**") == 1 and "0.250 s" in text and "2.00" not in text
    assert "a machine; load 1." in text and "a machine, load 2." in text


def test_the_page_has_its_marks_and_another_is_refused(tmp_path: Path) -> None:
    text = DOCUMENT.read_text()
    assert 0 < text.index(BEGIN) < text.index(END)
    (tmp_path / "page.md").write_text("no marks\n")
    with pytest.raises(ValueError):
        write_document([row("first", 0.5)], "a machine", tmp_path / "page.md")
