"""The agent's own tools: which one a step means and how its schema is filled."""

from __future__ import annotations

import pytest

from boocoder.scripted_model.conversation import asks_for_title, unwrapped, working_directory
from boocoder.scripted_model.script import Directive, Verb
from boocoder.scripted_model.tools import Schema, ScriptedToolCall, choose, pick, sample

TEXT: Schema = {"type": "string"}


def schema(*required: str, **properties: Schema) -> Schema:
    return {"type": "object", "properties": properties, "required": list(required)}


@pytest.mark.parametrize(
    ("tools", "chosen"),
    [
        (("todowrite", "write", "bash"), "write"),
        (("Write", "TodoWrite"), "Write"),
        (("mcp__acp__Write", "Bash"), "mcp__acp__Write"),
        (("developer__text_editor",), "developer__text_editor"),
        (("TodoWrite",), None),
    ],
)
def test_pick_the_tool_that_writes_files(tools: tuple[str, ...], chosen: str | None) -> None:
    assert pick(Verb.WRITE, dict.fromkeys(tools, schema())) == chosen


def test_write_fills_path_and_content_and_what_is_required() -> None:
    tools = {
        "write": schema(
            "filePath",
            "content",
            "mode",
            filePath=TEXT,
            content=TEXT,
            note=TEXT,
            mode={"enum": ["overwrite", "append"]},
        )
    }
    use = choose(Directive(Verb.WRITE, "a/b.txt|x|y"), tools, "/work tree")
    assert use == ScriptedToolCall("write", {"filePath": "/work tree/a/b.txt", "content": "x|y", "mode": "overwrite"})


def test_paths_stay_as_they_are_without_a_directory_or_when_absolute() -> None:
    tools = {"read": schema("path", path=TEXT)}
    assert choose(Directive(Verb.READ, "a.txt"), tools, "") == ScriptedToolCall("read", {"path": "a.txt"})
    assert choose(Directive(Verb.READ, "/etc/x"), tools, "/w") == ScriptedToolCall("read", {"path": "/etc/x"})


def test_files_of_an_agent_that_has_only_a_shell_or_a_patch_tool() -> None:
    shell = {"shell": schema("command", command=TEXT)}
    write = choose(Directive(Verb.WRITE, "my files/a.txt|it's"), shell, "/w")
    assert write == ScriptedToolCall(
        "shell", {"command": """mkdir -p 'my files' && printf %s 'it'"'"'s' > 'my files/a.txt'"""}
    )
    assert choose(Directive(Verb.READ, "a b"), shell, "/w") == ScriptedToolCall("shell", {"command": "cat 'a b'"})
    patch = choose(Directive(Verb.WRITE, "a.txt|x\ny"), {"apply_patch": schema("input", input=TEXT), **shell}, "/w")
    text = "*** Begin Patch\n*** Add File: a.txt\n+x\n+y\n*** End Patch\n"
    assert patch == ScriptedToolCall("apply_patch", {"input": text})
    assert choose(Directive(Verb.PLAN, "a; b"), shell, "/w") is None


def test_commands_as_text_or_as_argv() -> None:
    step = Directive(Verb.BASH, "ls -l")
    assert choose(step, {"bash": schema("command", command=TEXT)}, "") == ScriptedToolCall("bash", {"command": "ls -l"})
    argv = {"shell": schema("command", command={"type": "array", "items": TEXT})}
    assert choose(step, argv, "") == ScriptedToolCall("shell", {"command": ["bash", "-lc", "ls -l"]})


def test_plan_rows_behind_a_reference() -> None:
    row = schema(
        "content",
        "status",
        "priority",
        content=TEXT,
        status={"type": "string", "enum": ["pending", "in_progress"]},
        priority=TEXT,
        id=TEXT,
    )
    tool: Schema = {
        "type": "object",
        "properties": {"todos": {"type": "array", "items": {"$ref": "#/$defs/Todo"}}},
        "$defs": {"Todo": row},
    }
    use = choose(Directive(Verb.PLAN, "one; two"), {"todowrite": tool}, "")
    assert use is not None
    assert use.arguments["todos"] == [
        {"content": "one", "status": "in_progress", "priority": "medium", "id": "1"},
        {"content": "two", "status": "pending", "priority": "medium", "id": "2"},
    ]


def test_named_tool_takes_json_arguments() -> None:
    tools = {"question": schema()}
    assert choose(Directive(Verb.TOOL, 'question|{"a": [1]}'), tools, "") == ScriptedToolCall("question", {"a": [1]})
    assert choose(Directive(Verb.TOOL, "question|{broken"), tools, "") is None
    assert choose(Directive(Verb.TOOL, "other|{}"), tools, "") is None


def test_sample_of_a_nested_schema() -> None:
    wanted = schema(
        "title",
        "kind",
        "tags",
        title={"anyOf": [TEXT, {"type": "null"}]},
        kind={"const": "x"},
        tags={"type": "array", "items": TEXT, "minItems": 2},
        left_out=TEXT,
        count={"type": ["null", "integer"]},
    )
    assert sample(wanted, "hint") == {"title": "hint", "kind": "x", "tags": ["hint", "hint"]}
    endless: dict[str, object] = {"type": "object"}
    endless["properties"] = {"again": endless}
    assert sample(endless, "hint") is not None


@pytest.mark.parametrize(
    ("text", "directory"),
    [
        ("<env>\n  Working directory: /tmp/a b/wt 1\n  Platform: linux", "/tmp/a b/wt 1"),
        ("<cwd>/home/me/x</cwd>", "/home/me/x"),
        ("Your current working directory is `/srv/y`.", "/srv/y"),
        ("no such thing", ""),
    ],
)
def test_working_directory(text: str, directory: str) -> None:
    assert working_directory(["", text]) == directory


def test_side_calls_are_told_from_prompts() -> None:
    assert asks_for_title("You are a title generator. You output only a title.", "hello")
    assert asks_for_title("", "Generate a title for this conversation:")
    assert not asks_for_title("You are a coding agent.", "Add the title element to the page")


def test_wrapping_of_agents_is_taken_off() -> None:
    assert unwrapped("hello\n<system-reminder>plan [[fail 500]]</system-reminder>") == "hello"
    assert unwrapped("<system-reminder>only this</system-reminder>").startswith("<system-reminder>")
