"""Tool calls as small models send them, and what is understood."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.backends.native.model.inline_tool_calls import calls_in
from boocoder.backends.native.model.json_repair import InvalidJson, repair_json
from boocoder.backends.native.model.stream_parser import StreamParser
from boocoder.backends.native.model.tool_calls import InvalidCall, SentCall, ValidCall, interpret_call, nearest_tool
from boocoder.backends.native.tools.arguments import (
    AskArguments,
    EditArguments,
    ListArguments,
    PlanArguments,
    PlanStep,
    ReadArguments,
    SearchArguments,
    ShellArguments,
    ToolArgs,
    WriteArguments,
)
from boocoder.backends.native.tools.schemas import tool_schemas

A = ReadArguments("a.py")
PLAN = PlanArguments([PlanStep("one", "completed"), PlanStep("two", "in_progress")])

MALFORMED: list[tuple[str, str, ToolArgs]] = [
    # quotes, braces, commas
    ("read", '{"path": "a.py"}', A),
    ("read", "{'path': 'a.py'}", A),
    ("read", '{path: "a.py"}', A),
    ("read", "{path: a.py}", A),
    ("read", '{"path": a.py}', A),
    ("read", '{"path": "a.py"', A),
    ("read", '{"path": "a.py', A),
    ("read", '"path": "a.py"}', A),
    ("read", '"path": "a.py"', A),
    ("read", "path: a.py", A),
    ("read", '{"path": "a.py",}', A),
    ("read", '{"path": "a.py",,}', A),
    ("read", '{"path"="a.py"}', A),
    ("read", '{"path" => "a.py"}', A),
    ("read", "{\u201cpath\u201d: \u201ca.py\u201d}", A),
    ("read", '{"path": `a.py`}', A),
    ("read", '{"path": "a.py"}}', A),
    ("read", '{"path": "a.py"]', A),
    ("read", '[{"path": "a.py"}]', A),
    ("read", '{"path": "a.py" "offset": 3}', ReadArguments("a.py", 3)),
    ("read", '{"path": "a.py"\n "offset": 3}', ReadArguments("a.py", 3)),
    ("read", '{"path": "a.py", // the file\n "offset": 3}', ReadArguments("a.py", 3)),
    ("read", '{"path": "a.py", /* why */ "offset": 3}', ReadArguments("a.py", 3)),
    # text around
    ("read", 'Sure! {"path": "a.py"}', A),
    ("read", '{"path": "a.py"} Let me look.', A),
    ("read", '```json\n{"path": "a.py"}\n```', A),
    ("read", '```\n{"path": "a.py"}', A),
    ("read", '\n\n  {"path": "a.py"}\n', A),
    ("read", '{"path": "a.py"}{"path": "b.py"}', A),
    ("read", '{"path": "a.py"}<|im_end|>', A),
    # encoded again, wrapped
    ("read", '"{\\"path\\": \\"a.py\\"}"', A),
    ("read", json.dumps(json.dumps(json.dumps({"path": "a.py"}))), A),
    ("read", '{"arguments": {"path": "a.py"}}', A),
    ("read", '{"parameters": "{\\"path\\": \\"a.py\\"}"}', A),
    ("read", '{"name": "read", "arguments": {"path": "a.py"}}', A),
    ("read", '{"input": {"args": {"file": "a.py"}}}', A),
    ("read", '{"read": {"path": "a.py"}}', A),
    # wrong names and types of arguments
    ("read", '{"file_path": "a.py"}', A),
    ("read", '{"filePath": "a.py"}', A),
    ("read", '{"FILE": "a.py", "why": "to look"}', A),
    ("read", '{"path": "a.py", "offset": "3", "limit": "9"}', ReadArguments("a.py", 3, 9)),
    ("read", '{"path": "a.py", "start_line": 3.0}', ReadArguments("a.py", 3)),
    ("read", '{"path": "a.py", "offset": null}', A),
    ("read", "a.py", A),
    ("write", '{"path": "a.py", "contents": "x"}', WriteArguments("a.py", "x")),
    ("write", '{"path": "a.json", "content": {"k": 1}}', WriteArguments("a.json", '{\n  "k": 1\n}')),
    ("write", '{"path": "a.py", "content": ["x", "y"]}', WriteArguments("a.py", "x\ny")),
    ("write", '{"path": "a.py", "content": 5}', WriteArguments("a.py", "5")),
    (
        "edit",
        '{"path": "a", "old_string": "x", "new_string": "y", "replace_all": "true"}',
        EditArguments(path="a", old="x", new="y", all=True),
    ),
    ("edit", '{"path": "a", "search": "x", "replace": "y"}', EditArguments(path="a", old="x", new="y")),
    ("edit", "{'path': 'a', 'old': 'x', 'new': 'y', 'all': True}", EditArguments(path="a", old="x", new="y", all=True)),
    ("edit", '{"path": "a", "old": "x", "new": ""}', EditArguments(path="a", old="x", new="")),
    ("search", '{"query": "x", "include": "*.py"}', SearchArguments("x", ".", "*.py")),
    ("list", "", ListArguments(".")),
    ("list", "{}", ListArguments(".")),
    ("list", '{"dir": "src"}', ListArguments("src")),
    ("shell", "ls -la | wc", ShellArguments("ls -la | wc")),
    ("shell", '{"cmd": "ls"}', ShellArguments("ls")),
    ("shell", '{"command": ["bash", "-lc", "ls | wc"]}', ShellArguments("ls | wc")),
    ("shell", '{"command": ["ls", "a b"]}', ShellArguments("ls 'a b'")),
    ("plan", '{"todos": [{"content": "one", "status": "done"}, {"task": "two", "state": "in-progress"}]}', PLAN),
    ("plan", '["one", "two"]', PlanArguments([PlanStep("one"), PlanStep("two")])),
    ("plan", '{"entries": "- one\\n- two"}', PlanArguments([PlanStep("one"), PlanStep("two")])),
    ("ask", '{"question": "Which?", "options": [{"label": "A"}, "B"]}', AskArguments("Which?", ["A", "B"])),
    ("ask", "Which one?", AskArguments("Which one?")),
    # strings that hold quotes, line breaks and escapes
    ("write", '{"path": "a", "content": "say "hi" now"}', WriteArguments("a", 'say "hi" now')),
    ("write", '{"path": "a", "content": "print("x", y)"}', WriteArguments("a", 'print("x", y)')),
    ("write", '{"path": "a", "content": "d = {"k": 1}"}', WriteArguments("a", 'd = {"k": 1}')),
    ("write", "{'path': 'a', 'content': 'don't'}", WriteArguments("a", "don't")),
    ("write", '{"path": "a", "content": "one\ntwo\n"}', WriteArguments("a", "one\ntwo\n")),
    ("write", '{"path": "a", "content": """one\n"two"\n"""}', WriteArguments("a", 'one\n"two"\n')),
    ("write", '{"path": "a", "content": "\\d+\\."}', WriteArguments("a", "\\d+\\.")),
    ("write", '{"path": "a", "content": "tab\there"}', WriteArguments("a", "tab\there")),
    ("write", "{'path': 'a', 'content': '\\u00fc\\n'}", WriteArguments("a", "\u00fc\n")),
    ("shell", '{"command": "echo "a b" > c"}', ShellArguments('echo "a b" > c')),
    # names
    ("Read", '{"path": "a.py"}', A),
    (" read ", '{"path": "a.py"}', A),
    ("read_file", '{"path": "a.py"}', A),
    ("functions.read", '{"path": "a.py"}', A),
    ("default_api:read_file", '{"path": "a.py"}', A),
    ("mcp__files__read", '{"path": "a.py"}', A),
    ("reed", '{"path": "a.py"}', A),
    ("read<|channel|>commentary", '{"path": "a.py"}', A),
    ('read({"path": "a.py"})', "", A),
    ('read{"path": "a.py"}', "", A),
    ("bash", '{"command": "ls"}', ShellArguments("ls")),
    ("run_shell_command", '{"command": "ls"}', ShellArguments("ls")),
    ("str_replace_editor", '{"path": "a", "old_str": "x", "new_str": "y"}', EditArguments(path="a", old="x", new="y")),
    ("create_file", '{"path": "a", "file_text": "x"}', WriteArguments("a", "x")),
    ("grep", '{"pattern": "x"}', SearchArguments("x")),
    ("ls", "{}", ListArguments()),
    ("TodoWrite", '{"todos": ["one"]}', PlanArguments([PlanStep("one")])),
    ("ask_followup_question", '{"question": "Which?"}', AskArguments("Which?")),
]


@pytest.mark.parametrize(("name", "arguments", "meant"), MALFORMED)
def test_what_a_call_means(name: str, arguments: str, meant: ToolArgs) -> None:
    call = interpret_call(SentCall(name, arguments))
    assert isinstance(call, ValidCall), call
    assert call.args == meant
    assert json.loads(call.json)


def test_the_table_is_long_enough() -> None:
    assert len(MALFORMED) >= 90


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("read", "{}", ["needs path", '{"path": "..."}']),
        ("read", "", ["needs path"]),
        ("edit", '{"path": "a", "old": "x"}', ["needs new"]),
        ("read", '{"path": "a", "offset": "top"}', ["do not fit", "offset"]),
        ("edit", "just text", ["not JSON", "just text"]),
        ("write", "[1, 2]", ["needs path and content"]),
        ("fly_to_the_moon", "{}", ["no tool 'fly_to_the_moon'", "read, write, edit"]),
        ("", "{}", ["no tool"]),
        ("read", "{" * 5_000, ["not JSON"]),
        ("read", '{"path": ' * 100, ["not JSON"]),
    ],
)
def test_what_cannot_be_understood_is_explained(name: str, arguments: str, words: list[str]) -> None:
    call = interpret_call(SentCall(name, arguments))
    assert isinstance(call, InvalidCall)
    assert all(word in call.problem for word in words), call.problem
    assert len(call.problem) < 600


def test_right_calls_are_not_called_mended() -> None:
    for name, arguments in (("read", '{"path": "a"}'), ("list", ""), ("shell", '{"command": "ls"}')):
        call = interpret_call(SentCall(name, arguments))
        assert isinstance(call, ValidCall) and not call.repaired


@pytest.mark.parametrize(
    "text",
    [
        *('x = {"a": 1}; ' * 20_000, '"} ; ' * 40_000, '" /* ' * 20_000, '"a": "b", ' * 20_000, "\\" * 100_000),
        *("{" * 100_000, '{"a":' * 50_000, "```json\n{" * 20_000, '"' + " " * 200_000, ('"' + " " * 200) * 1_000),
        *(
            "a" * 300_000,
            "{} " * 100_000,
            "\n" * 200_000,
            "<function=read><parameter=a>" * 10_000,
            "<arg_key>" * 20_000,
        ),
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(text: str) -> None:
    begun = time.process_time()
    interpret_call(SentCall("write", "{'path': 'x', \"content\": \"" + text + '"}'))
    interpret_call(SentCall("write", text))
    calls_in(text)
    speech = StreamParser()
    speech.feed(text)
    speech.finish()
    assert time.process_time() - begun < 5.0, "a model could hold up the whole service"


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.lists(st.text())))
def test_valid_json_is_read_as_it_stands(value: dict[str, object]) -> None:
    assert repair_json(json.dumps(value)) == value


@given(st.text(alphabet="{}[]\"'`:,=abc \\n\n/*0.-", max_size=60))
def test_any_text_ends_in_a_value_or_a_named_error(text: str) -> None:
    try:
        repair_json(text)
    except InvalidJson:
        return
    call = interpret_call(SentCall("read", text))
    assert isinstance(call, ValidCall | InvalidCall)


@given(st.text(max_size=30))
def test_any_name_is_a_tool_or_none(name: str) -> None:
    tool = nearest_tool(name)
    assert tool is None or tool in {row["function"]["name"] for row in tool_schemas()}  # type: ignore[index]


def test_schemas_hold_no_references_and_name_what_is_required() -> None:
    text = json.dumps(tool_schemas())
    assert "$ref" not in text and "$defs" not in text
    by_name = {row["function"]["name"]: row["function"]["parameters"] for row in tool_schemas()}  # type: ignore[index]
    assert by_name["edit"]["required"] == ["path", "old", "new"]
    assert by_name["plan"]["properties"]["entries"]["items"]["properties"]["status"]["type"] == "string"
    assert len(text) < 5_000
