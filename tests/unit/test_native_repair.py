"""Tool calls as small models send them, and what is understood."""

from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boocoder.backends.native.calls import BadCall, GoodCall, SentCall, nearest_tool, understand
from boocoder.backends.native.mend import Unmendable, mend
from boocoder.backends.native.speech import Speech
from boocoder.backends.native.tool_args import Ask, Edit, List, Plan, PlanStep, Read, Search, Shell, ToolArgs, Write
from boocoder.backends.native.tool_schemas import tool_schemas
from boocoder.backends.native.written_calls import calls_in

A = Read("a.py")
PLAN = Plan([PlanStep("one", "completed"), PlanStep("two", "in_progress")])

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
    ("read", '{"path": "a.py" "offset": 3}', Read("a.py", 3)),
    ("read", '{"path": "a.py"\n "offset": 3}', Read("a.py", 3)),
    ("read", '{"path": "a.py", // the file\n "offset": 3}', Read("a.py", 3)),
    ("read", '{"path": "a.py", /* why */ "offset": 3}', Read("a.py", 3)),
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
    ("read", '{"path": "a.py", "offset": "3", "limit": "9"}', Read("a.py", 3, 9)),
    ("read", '{"path": "a.py", "start_line": 3.0}', Read("a.py", 3)),
    ("read", '{"path": "a.py", "offset": null}', A),
    ("read", "a.py", A),
    ("write", '{"path": "a.py", "contents": "x"}', Write("a.py", "x")),
    ("write", '{"path": "a.json", "content": {"k": 1}}', Write("a.json", '{\n  "k": 1\n}')),
    ("write", '{"path": "a.py", "content": ["x", "y"]}', Write("a.py", "x\ny")),
    ("write", '{"path": "a.py", "content": 5}', Write("a.py", "5")),
    ("edit", '{"path": "a", "old_string": "x", "new_string": "y", "replace_all": "true"}', Edit("a", "x", "y", True)),
    ("edit", '{"path": "a", "search": "x", "replace": "y"}', Edit("a", "x", "y")),
    ("edit", "{'path': 'a', 'old': 'x', 'new': 'y', 'all': True}", Edit("a", "x", "y", True)),
    ("edit", '{"path": "a", "old": "x", "new": ""}', Edit("a", "x", "")),
    ("search", '{"query": "x", "include": "*.py"}', Search("x", ".", "*.py")),
    ("list", "", List(".")),
    ("list", "{}", List(".")),
    ("list", '{"dir": "src"}', List("src")),
    ("shell", "ls -la | wc", Shell("ls -la | wc")),
    ("shell", '{"cmd": "ls"}', Shell("ls")),
    ("shell", '{"command": ["bash", "-lc", "ls | wc"]}', Shell("ls | wc")),
    ("shell", '{"command": ["ls", "a b"]}', Shell("ls 'a b'")),
    ("plan", '{"todos": [{"content": "one", "status": "done"}, {"task": "two", "state": "in-progress"}]}', PLAN),
    ("plan", '["one", "two"]', Plan([PlanStep("one"), PlanStep("two")])),
    ("plan", '{"entries": "- one\\n- two"}', Plan([PlanStep("one"), PlanStep("two")])),
    ("ask", '{"question": "Which?", "options": [{"label": "A"}, "B"]}', Ask("Which?", ["A", "B"])),
    ("ask", "Which one?", Ask("Which one?")),
    # strings that hold quotes, line breaks and escapes
    ("write", '{"path": "a", "content": "say "hi" now"}', Write("a", 'say "hi" now')),
    ("write", '{"path": "a", "content": "print("x", y)"}', Write("a", 'print("x", y)')),
    ("write", '{"path": "a", "content": "d = {"k": 1}"}', Write("a", 'd = {"k": 1}')),
    ("write", "{'path': 'a', 'content': 'don't'}", Write("a", "don't")),
    ("write", '{"path": "a", "content": "one\ntwo\n"}', Write("a", "one\ntwo\n")),
    ("write", '{"path": "a", "content": """one\n"two"\n"""}', Write("a", 'one\n"two"\n')),
    ("write", '{"path": "a", "content": "\\d+\\."}', Write("a", "\\d+\\.")),
    ("write", '{"path": "a", "content": "tab\there"}', Write("a", "tab\there")),
    ("write", "{'path': 'a', 'content': '\\u00fc\\n'}", Write("a", "\u00fc\n")),
    ("shell", '{"command": "echo "a b" > c"}', Shell('echo "a b" > c')),
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
    ("bash", '{"command": "ls"}', Shell("ls")),
    ("run_shell_command", '{"command": "ls"}', Shell("ls")),
    ("str_replace_editor", '{"path": "a", "old_str": "x", "new_str": "y"}', Edit("a", "x", "y")),
    ("create_file", '{"path": "a", "file_text": "x"}', Write("a", "x")),
    ("grep", '{"pattern": "x"}', Search("x")),
    ("ls", "{}", List()),
    ("TodoWrite", '{"todos": ["one"]}', Plan([PlanStep("one")])),
    ("ask_followup_question", '{"question": "Which?"}', Ask("Which?")),
]


@pytest.mark.parametrize(("name", "arguments", "meant"), MALFORMED)
def test_what_a_call_means(name: str, arguments: str, meant: ToolArgs) -> None:
    call = understand(SentCall(name, arguments))
    assert isinstance(call, GoodCall), call
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
    call = understand(SentCall(name, arguments))
    assert isinstance(call, BadCall)
    assert all(word in call.problem for word in words), call.problem
    assert len(call.problem) < 600


def test_right_calls_are_not_called_mended() -> None:
    for name, arguments in (("read", '{"path": "a"}'), ("list", ""), ("shell", '{"command": "ls"}')):
        call = understand(SentCall(name, arguments))
        assert isinstance(call, GoodCall) and not call.mended


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
    understand(SentCall("write", "{'path': 'x', \"content\": \"" + text + '"}'))
    understand(SentCall("write", text))
    calls_in(text)
    speech = Speech()
    speech.feed(text)
    speech.finish()
    assert time.process_time() - begun < 5.0, "a model could hold up the whole service"


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.lists(st.text())))
def test_valid_json_is_read_as_it_stands(value: dict[str, object]) -> None:
    assert mend(json.dumps(value)) == value


@given(st.text(alphabet="{}[]\"'`:,=abc \\n\n/*0.-", max_size=60))
def test_any_text_ends_in_a_value_or_a_named_error(text: str) -> None:
    try:
        mend(text)
    except Unmendable:
        return
    call = understand(SentCall("read", text))
    assert isinstance(call, GoodCall | BadCall)


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
