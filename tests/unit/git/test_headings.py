"""What is passed on of a project's attributes: the choice of a heading, and nothing that hides a line."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.git.diff.headings import heading_lines

WORD = st.sampled_from(
    [
        b"*.cs",
        b"diff=csharp",
        b"diff",
        b"-diff",
        b"!diff",
        b"binary",
        b"diff=x",
        b"[attr]y",
        b'"a b"',
        b"#",
        b" ",
        b"\n",
    ]
)


@pytest.mark.parametrize(
    ("folder", "line", "passed"),
    [
        (b"", b"*.cs diff=csharp text", b'"*.cs" diff=csharp'),
        (b"src", b"*.cs diff=csharp", b'"/src/**/*.cs" diff=csharp'),
        (b"src", b"/deep/*.cs diff=csharp", b'"/src/deep/*.cs" diff=csharp'),
        (b"a [b]", b"*.cs diff=csharp", rb'"/a \\[b]/**/*.cs" diff=csharp'),
        (b"", b"*.cs diff=mine", b'"*.cs" !diff'),
        (b"", b"*.cs -diff", b'"*.cs" !diff'),
        (b"", b"*.cs diff=csharp binary", b'"*.cs" !diff'),
        (b"", b"*.cs text", None),
        (b"", b"[attr]hide -diff", None),
        (b"", b"# *.cs diff=csharp", None),
    ],
)
def test_a_line(folder: bytes, line: bytes, passed: bytes | None) -> None:
    assert heading_lines(folder, line) == ([] if passed is None else [passed])


@given(st.binary(max_size=8), st.lists(WORD | st.binary(max_size=3), max_size=12).map(b" ".join))
def test_no_attributes_are_passed_on_but_headings(folder: bytes, attributes: bytes) -> None:
    for line in heading_lines(folder, attributes):
        assert re.fullmatch(rb'"(?:[^"\\]|\\.)*" (?:!diff|diff=[a-z]+)', line, re.DOTALL)
        assert b"\n" not in line


def test_a_folder_whose_name_has_a_line_end_passes_on_nothing() -> None:
    assert heading_lines(b"x\n*.cs -diff #", b"*.cs diff=csharp") == []
