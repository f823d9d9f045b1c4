"""Text, thinking and written calls in one stream, however it is cut."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boocoder.backends.native.model.stream_parser import SegmentKind, StreamParser

READ = ("read", {"path": "x"})
LIST = ("list", {"path": "."})
WRITTEN = [
    '<tool_call>\n{"name": "read", "arguments": {"path": "x"}}\n</tool_call>',
    '<tool_call>\n{"name": "read", "arguments": {"path": "x"}}',
    "<tool_call>\n{'name': 'read', 'arguments': {'path': 'x'}\n</tool_call>",
    '<tool_call>{"function": {"name": "read", "arguments": "{\\"path\\": \\"x\\"}"}}</tool_call>',
    "<tool_call>\n<function=read>\n<parameter=path>\nx\n</parameter>\n</function>\n</tool_call>",
    "<function=read>\n<parameter=path>x</parameter>\n</function>",
    '<function=read>{"path": "x"}</function>',
    "<tool_call>read\n<arg_key>path</arg_key>\n<arg_value>x</arg_value>\n</tool_call>",
    '<invoke name="read"><parameter name="path">x</parameter></invoke>',
    '<function_calls>\n<invoke name="read">\n<parameter name="path">x</parameter>\n</invoke>\n</function_calls>',
    '<function_call>{"name": "read", "parameters": {"path": "x"}}</function_call>',
    '[TOOL_CALLS] [{"name": "read", "arguments": {"path": "x"}}]',
    '[TOOL_CALLS]read[ARGS]{"path": "x"}',
    '<|python_tag|>{"name": "read", "parameters": {"path": "x"}}',
    '<|tool_call|>[{"name": "read", "arguments": {"path": "x"}}]<|/tool_call|>',
    '```json\n{"name": "read", "arguments": {"path": "x"}}\n```',
    '```tool_call\n{"tool": "read", "path": "x"}\n```',
    '```\n{"action": "read_file", "action_input": {"path": "x"}}\n```',
    '{"name": "read", "arguments": {"path": "x"}}',
    '[{"name": "read", "arguments": {"path": "x"}}]',
    '{"tool_calls": [{"function": {"name": "read", "arguments": {"path": "x"}}}]}',
    '[read(path="x")]',
]
PLAIN = [
    "Just words.",
    "Use `a < b` and <b>bold</b>, [1] and [a](b).",
    '```json\n{"name": "my-package", "version": "1"}\n```\nis the file.',
    '```python\nmark = "<tool_call>"\nprint({"name": "read"})\n```\nThat was it.',
    "{not json} at all",
    '{"answer": 42}',
    "[link](http://x) first",
    "ends with <tool",
    "ends with ``",
    "ends with ```js",
    "an inline ```json {} ``` fence",
    "<tool_call>nonsense without a call</tool_call>",
    "{",
    "",
]


def heard(text: str, size: int) -> tuple[str, str, list[tuple[str, object]]]:
    """What is said, what is thought, and the calls, when the stream is cut every `size` characters."""
    speech = StreamParser()
    pieces = [piece for at in range(0, len(text), size) for piece in speech.feed(text[at : at + size])]
    pieces += speech.finish()
    assert all(piece.text for piece in pieces)
    said = "".join(piece.text for piece in pieces if piece.kind is SegmentKind.SAID)
    thought = "".join(piece.text for piece in pieces if piece.kind is SegmentKind.THOUGHT)
    calls = [(call.name.replace("read_file", "read"), json.loads(call.arguments)) for call in speech.calls]
    return said, thought, calls


@pytest.mark.parametrize("size", [1, 3, 7, 10_000])
@pytest.mark.parametrize("text", WRITTEN)
def test_calls_written_as_text_are_calls(text: str, size: int) -> None:
    assert heard(text, size) == ("", "", [READ])


@pytest.mark.parametrize("size", [1, 4, 10_000])
@pytest.mark.parametrize("text", [text for text in WRITTEN if text.startswith(("<tool", "```", "<function="))])
def test_words_before_a_call_are_said(text: str, size: int) -> None:
    said, _, calls = heard(f"Let me look.\n\n{text}", size)
    assert (said, calls) == ("Let me look.\n\n", [READ])


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_several_calls(size: int) -> None:
    one = '<tool_call>{"name": "read", "arguments": {"path": "x"}}</tool_call>'
    two = '<tool_call>{"name": "list", "arguments": {"path": "."}}</tool_call>'
    assert heard(f"{one}\n{two} done", size) == ("\n done", "", [READ, LIST])
    assert heard('[read(path="x"), list(path=".")]', size)[2] == [READ, LIST]
    assert heard(f"[TOOL_CALLS] [{one[11:-12]}, {two[11:-12]}]", size)[2] == [READ, LIST]


@pytest.mark.parametrize("size", [1, 2, 10_000])
@pytest.mark.parametrize("text", PLAIN)
def test_other_text_is_said_as_it_stands(text: str, size: int) -> None:
    assert heard(text, size) == (text, "", [])


@pytest.mark.parametrize("size", [1, 3, 10_000])
def test_thinking_in_the_text(size: int) -> None:
    assert heard("<think>\nhm <b>\n</think>\n\nSo be it.", size) == ("So be it.", "\nhm <b>\n", [])
    assert heard("<think>never ends", size) == ("", "never ends", [])
    call = '<tool_call>{"name": "read", "arguments": {"path": "x"}}</tool_call>'
    assert heard(f"<think>hm</think>{call}", size) == ("", "hm", [READ])
    assert heard("so <think> is a tag", size) == ("so <think> is a tag", "", [])


def test_nothing_is_delayed_that_cannot_be_a_call() -> None:
    speech = StreamParser()
    assert [piece.text for word in ("Hello ", "small ", "world") for piece in speech.feed(word)] == [
        "Hello ",
        "small ",
        "world",
    ]


def test_a_call_with_a_whole_file_in_it() -> None:
    content = "def f():\n    return '<b>\"x\"</b>'\n" * 2_000
    written = json.dumps({"name": "write", "arguments": {"path": "x", "content": content}})
    assert heard(f"<tool_call>{written}</tool_call>", 100)[2] == [("write", {"path": "x", "content": content})]


@settings(deadline=None)
@given(st.text(alphabet="<>/`[]{}\"'tool_calfunctijsn= \n:", max_size=80), st.integers(1, 7))
def test_no_text_is_lost(text: str, size: int) -> None:
    said, thought, calls = heard(text, size)
    assert calls or thought or said == text or not text.strip()
    assert (said, thought, calls) == heard(text, 1_000)


HARMONY_CALL = (
    "<|channel|>analysis<|message|>We need to read.<|end|><|start|>assistant<|channel|>commentary to=functions.read "
    '<|constrain|>json<|message|>{"path": "a.py"}<|call|>'
)
HARMONY_ANSWER = (
    "<|channel|>analysis<|message|>Thinking<|end|><|start|>assistant<|channel|>final<|message|>All done.<|return|>"
)


@pytest.mark.parametrize("size", [1, 3, 1_000])
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (HARMONY_CALL, ("", "We need to read.", [("read", {"path": "a.py"})])),
        (HARMONY_ANSWER, ("All done.", "Thinking", [])),
        ('assistantcommentary to=functions.read json{"path": "b"}', ("", "", [("read", {"path": "b"})])),
        ("an assistant that comments", ("an assistant that comments", "", [])),
    ],
)
def test_the_channels_of_gpt_oss(size: int, text: str, expected: tuple[str, str, list[tuple[str, object]]]) -> None:
    assert heard(text, size) == expected


@pytest.mark.parametrize("size", [1, 4, 1_000])
def test_thinking_whose_opening_tag_is_in_the_template(size: int) -> None:
    text = "I look first</think>\n\nThe answer"
    for thinking_first in (False, True):
        parser = StreamParser(thinking_first=thinking_first)
        segments = [one for at in range(0, len(text), size) for one in parser.feed(text[at : at + size])]
        segments += parser.finish()
        said = "".join(one.text for one in segments if one.kind is SegmentKind.SAID)
        assert said.endswith("The answer") and "</think>" not in said
        assert parser.closed_unopened is not thinking_first
        assert not thinking_first or said == "The answer"
