"""How the native agent edits: in the form that its model manages, and with help where it fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from boocoder.backends.native.context.instructions import project_preamble, system_prompt
from boocoder.backends.native.mode import AgentMode
from boocoder.backends.native.tools.edit_form import EditForm, EditStatistics
from boocoder.backends.native.tools.schemas import tool_schemas
from boocoder.events.agent_event import ToolStatus
from boocoder.model.turn import Completed
from tests.contract.port import RecordingPort
from tests.fakes.native_model import NativeModel, calling, saying
from tests.fakes.native_turn import backend_for, request_in
from tests.fakes.native_workshop import MakeShop, Workshop
from tests.fixtures.processes import running_host

LINES = "one\ntwo\nthree\nfour\n"


async def test_editing(shop: Workshop) -> None:
    path = shop.root / "a.py"
    path.write_text("def f():\n    return 1\n\ndef g():\n    return 1\n")
    done = await shop.edit(path="a.py", old="def g():\n    return 1", new="def g():\n    return 2")
    assert done.output == "Edited a.py, at line 4."
    assert path.read_text().endswith("return 2\n")
    assert shop.last.locations[0].line == 4 and shop.last.diffs[0].new_text == path.read_text()
    path.write_text("x = 1\ny = 1\n")
    twice = await shop.one("edit", path="a.py", old="= 1", new="= 2")
    assert not twice.worked and "2 times" in twice.output and "lines 1, 2" in twice.output and "x = 1" in twice.output
    assert (await shop.one("edit", path="a.py", old="= 1", new="= 2", all=True)).output.startswith("Edited a.py in 2")
    assert path.read_text() == "x = 2\ny = 2\n"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"old": "return  1", "new": "x"}, ["differ only in spaces", "    return 1"]),
        ({"old": "    retrun 1", "new": "x"}, ["nearest place, around line 2", "    return 1"]),
        ({"old": "zzzzzzzz", "new": "x"}, ["does not occur", "read the file again", "def f():"]),
        ({"old": "", "new": "x"}, ["edit needs old"]),
        ({"old": "return 1", "new": "return 1"}, ["same text"]),
    ],
)
async def test_an_edit_that_does_not_fit_says_what_would(
    shop: Workshop, given: dict[str, str], words: list[str]
) -> None:
    (shop.root / "a.py").write_text("def f():\n    return 1\n")
    result = await shop.edit(path="a.py", **given)
    assert not result.worked and all(word in result.output for word in words), result.output
    assert shop.last.status is ToolStatus.FAILED
    assert (shop.root / "a.py").read_text() == "def f():\n    return 1\n"


async def test_edits_keep_line_ends_and_foreign_bytes(shop: Workshop) -> None:
    path = shop.root / "dos.txt"
    path.write_bytes(b"one\r\ntwo\r\nGr\xfc\xdfe\r\n")
    assert (await shop.edit(path="dos.txt", old="one\ntwo", new="1\n2")).worked
    assert path.read_bytes() == b"1\r\n2\r\nGr\xfc\xdfe\r\n"


async def test_a_file_is_read_once_before_it_is_edited(shop: Workshop) -> None:
    (shop.root / "a.py").write_text("x = 1\n")
    unread = await shop.one("edit", path="a.py", old="x = 1", new="x = 2")
    assert not unread.worked and "not read a.py yet" in unread.output and "x = 1" in unread.output
    assert (await shop.one("edit", path="a.py", old="x = 1", new="x = 2")).worked, "its lines were shown"
    assert (await shop.one("write", path="b.py", content="y = 1\n")).worked
    assert (await shop.one("edit", path="b.py", old="y = 1", new="y = 2")).worked, "what it wrote it knows"
    assert shop.statistics.describe() == ("Edits that fitted: small 2 of 2 by exact text; it is asked for exact text")


@pytest.mark.parametrize(
    ("given", "after"),
    [
        ({"first": 2, "last": 3, "new": "2\n3"}, "one\n2\n3\nfour\n"),
        ({"first": 2, "new": "2\n"}, "one\n2\nthree\nfour\n"),
        ({"first": 2, "last": 1, "new": "between"}, "one\nbetween\ntwo\nthree\nfour\n"),
        ({"first": 1, "last": 4, "new": ""}, ""),
        ({"first": 5, "last": 4, "new": "five"}, "one\ntwo\nthree\nfour\nfive\n"),
        ({"start_line": "2", "end_line": 2.0, "text": "x", "new_text": "2"}, "one\n2\nthree\nfour\n"),
    ],
)
async def test_editing_by_lines(shop: Workshop, given: dict[str, object], after: str) -> None:
    (shop.root / "a").write_text(LINES)
    result = await shop.edit(path="a", **given)
    assert result.worked, result.output
    assert (shop.root / "a").read_text() == after
    assert shop.last.diffs[0].new_text == after


async def test_lines_that_have_moved_are_shown_and_not_replaced(shop: Workshop) -> None:
    (shop.root / "a").write_text(LINES)
    await shop.one("read", path="a")
    (shop.root / "a").write_text(f"zero\n{LINES}")
    moved = await shop.one("edit", path="a", first=2, last=2, new="2")
    assert not moved.worked and "has changed" in moved.output and "3\ttwo" in moved.output
    none = await shop.one("edit", path="a", first=40, last=41, new="2")
    assert not none.worked and "1 to 5" in none.output and "5\tfour" in none.output
    right = await shop.one("edit", path="a", first=3, last=3, new="2")
    assert right.worked and "3\t2" in right.output
    assert (shop.root / "a").read_text() == "zero\none\n2\nthree\nfour\n"


async def test_a_model_that_fails_twice_gets_the_file_and_the_way_that_works(shop: Workshop) -> None:
    (shop.root / "a").write_text(LINES)
    first = await shop.edit(path="a", old="tow", new="2")
    second = await shop.one("edit", path="a", old="tvo", new="2")
    assert "Send one call of write" not in first.output
    assert "2 edits of a did not fit. Send one call of write" in second.output and LINES.strip() in second.output
    bad = [await shop.one("write", paht=number) for number in range(2)]
    assert "alone" not in bad[0].output and "write alone, with arguments of exactly this form" in bad[1].output


async def test_the_form_follows_what_a_model_manages_and_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "counts" / "edits.json"
    statistics = EditStatistics(path)
    seen = [statistics.form("small")]
    for form in (EditForm.EXACT, EditForm.LINES):
        for _ in range(4):
            statistics.add("small", form, worked=False)
        seen.append(EditStatistics(path).form("small"))
    assert seen == [EditForm.EXACT, EditForm.LINES, EditForm.WHOLE]
    assert EditStatistics(path).describe() == (
        "Edits that fitted: small 0 of 4 by exact text, 0 of 4 by line numbers; it is asked for whole files"
    )
    assert statistics.form("large") is EditForm.EXACT
    path.write_text("{ damaged")
    assert EditStatistics(path).form("small") is EditForm.EXACT


def test_a_model_is_offered_one_form_of_edit() -> None:
    def edit_fields(form: EditForm) -> list[str]:
        for tool in tool_schemas(AgentMode.BUILD, form):
            function = tool["function"]
            assert isinstance(function, dict)
            if function["name"] == "edit":
                return list(function["parameters"]["properties"])
        return []

    assert edit_fields(EditForm.EXACT) == ["path", "old", "new", "all"]
    assert edit_fields(EditForm.LINES) == ["path", "first", "last", "new"]
    assert edit_fields(EditForm.WHOLE) == []
    prompts = {system_prompt(AgentMode.BUILD, form) for form in EditForm}
    assert len(prompts) == 3


async def test_a_turn_uses_the_form_of_its_model(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "a").write_text(LINES)
    miss = [calling(("edit", {"path": "a", "old": f"{n}?", "new": "x"})) for n in range(4)]
    first, second = (
        [calling(("read", {"path": "a"})), *miss, saying("no")],
        [calling(("read", {"path": "a"})), saying("x")],
    )
    async with running_host(tmp_path) as processes, NativeModel(saying("x")) as model:
        backend = backend_for(model, tmp_path, processes=processes)
        for model.replies in (first, second):
            request = request_in(tmp_path)
            assert await backend.run_turn(request, RecordingPort(stop=request.stop)) == Completed()
        info = await backend.probe()
        await backend.stop()
    offered = {tool["function"]["name"]: tool["function"]["parameters"] for tool in model.bodies[-1]["tools"]}
    assert list(offered["edit"]["properties"]) == ["path", "first", "last", "new"]
    assert model.bodies[-1]["messages"][-1]["content"].startswith("1\tone\n2\ttwo")
    assert "small 0 of 4 by exact text; it is asked for line numbers" in info.reason


async def test_the_rules_of_a_folder_are_told_once_when_it_is_touched(make_shop: MakeShop) -> None:
    shop = make_shop()
    for folder, text in (("", "ROOT RULES"), ("web", "WEB RULES"), ("web/src", "SRC " + "x" * 5_000)):
        (shop.root / folder).mkdir(exist_ok=True)
        (shop.root / folder / "AGENTS.md").write_text(text)
    (shop.root / "web/src/a.ts").write_text("let a\n")
    first = (await shop.one("read", path="web/src/a.ts")).output
    assert "[Rules for web, from web/AGENTS.md:\nWEB RULES]" in first and "SRC x" in first and "ROOT" not in first
    assert len(first) < 4_400 and "read web/src/AGENTS.md for it" in first
    assert (await shop.one("read", path="web/src/a.ts")).output == "let a"


def test_skills_are_named_within_a_budget(tmp_path: Path) -> None:
    for number in range(30):
        folder = tmp_path / ".agents" / "skills" / f"skill{number:02}"
        folder.mkdir(parents=True)
        (folder / "SKILL.md").write_text(f"---\nname: cut-{number:02}\ndescription: {'Cut things. ' * 40}\n---\nBody")
    (tmp_path / "AGENTS.md").write_text("r" * 50_000)
    preamble = project_preamble(tmp_path, max_chars=4_000)
    assert "- cut-00: Cut things." in preamble and "(.agents/skills/skill00/SKILL.md)" in preamble
    assert "Body" not in preamble and len(preamble) < 4_000 + 1_000 + 400
