"""What a person sees of a turn's frames."""

from __future__ import annotations

import io
from uuid import UUID, uuid4

import pytest
from rich.console import Console

from boocoder.cli.views.live_turn import LiveView
from boocoder.events import frames
from boocoder.events.agent_event import NoticeLevel, PlanEntry, PlanStatus, ToolKind, ToolStatus

SESSION, MESSAGE, CHAT, TASK = (uuid4() for _ in range(4))


def make_view(*, terminal: bool = False, width: int = 60) -> tuple[LiveView, io.StringIO]:
    out = io.StringIO()
    console = Console(
        file=out,
        force_terminal=terminal,
        color_system=None,
        width=width,
        highlight=False,
        markup=False,
        emoji=False,
        soft_wrap=True,
        legacy_windows=False,
    )
    return LiveView(console), out


def delta(offset: int, text: str, part: int = 0, message: UUID = MESSAGE) -> frames.DeltaFrame:
    return frames.DeltaFrame(session_id=SESSION, message_id=message, part=part, offset=offset, text=text)


def tool(status: ToolStatus, *, at: float = 0.0, title: str = "npm test", **more: object) -> frames.ToolCallFrame:
    return frames.ToolCallFrame(
        session_id=SESSION,
        message_id=MESSAGE,
        part=1,
        name="bash",
        kind=ToolKind.EXECUTE,
        title=title,
        status=status,
        at=at,
        **more,  # type: ignore[arg-type]
    )


def test_text_is_shown_once_whatever_comes_twice() -> None:
    view, out = make_view()
    for frame in (delta(0, "Hello "), delta(0, "Hello wo"), delta(6, "world"), delta(0, "Hello world"), delta(99, "x")):
        view.show(frame)
    assert out.getvalue() == "Hello world"


def test_a_new_part_begins_on_a_new_line() -> None:
    view, out = make_view()
    view.show(frames.ReasoningDeltaFrame(session_id=SESSION, message_id=MESSAGE, part=0, offset=0, text="thinking"))
    view.show(delta(0, "\n\nsaid", part=1))
    view.end_line()
    assert out.getvalue() == "thinking\nsaid\n"


def test_markup_and_control_sequences_in_text_do_nothing() -> None:
    view, out = make_view()
    view.show(delta(0, "[red]not red[/red] \x1b[31"))
    view.show(delta(len("[red]not red[/red] \x1b[31"), "mplain :smile:"))
    assert out.getvalue() == "[red]not red[/red] plain :smile:"


def test_a_tool_is_one_line_with_its_duration_where_there_is_no_terminal() -> None:
    view, out = make_view()
    view.show(tool(ToolStatus.PENDING, at=100.0))
    view.show(tool(ToolStatus.RUNNING, at=100.1))
    view.show(tool(ToolStatus.COMPLETED, at=102.5))
    view.show(tool(ToolStatus.COMPLETED, at=109.0))
    assert out.getvalue() == "  ✓ bash  npm test  2.5 s\n"


def test_a_tools_line_is_rewritten_on_a_terminal() -> None:
    view, out = make_view(terminal=True)
    view.show(tool(ToolStatus.RUNNING, at=100.0))
    view.show(tool(ToolStatus.RUNNING, at=100.5, title="npm test again"))
    view.show(tool(ToolStatus.COMPLETED, at=101.0))
    parts = out.getvalue().split("\r\x1b[2K")
    assert [part.rstrip() for part in parts] == [
        "  ▸ bash  npm test",
        "  ▸ bash  npm test again",
        "  ✓ bash  npm test  1.0 s",
    ]
    assert out.getvalue().endswith("\n")


def test_text_behind_a_running_tool_is_not_overwritten() -> None:
    view, out = make_view(terminal=True)
    view.show(tool(ToolStatus.RUNNING, at=100.0))
    view.show(delta(0, "meanwhile"))
    view.show(tool(ToolStatus.COMPLETED, at=101.0))
    assert out.getvalue() == "  ▸ bash  npm test\nmeanwhile\n  ✓ bash  npm test  1.0 s\n"


def test_a_failed_tool_shows_the_end_of_its_output() -> None:
    view, out = make_view()
    view.show(tool(ToolStatus.RUNNING, at=1.0))
    view.show(tool(ToolStatus.FAILED, at=2.0, output="".join(f"line {n}\n" for n in range(50))))
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("  ✗ bash") and lines[-1] == "    line 49" and len(lines) == 9


def test_a_command_that_ended_with_an_error_shows_its_code() -> None:
    view, out = make_view()
    view.show(tool(ToolStatus.COMPLETED, at=1.0, exit_code=3))
    assert out.getvalue() == "  ✓ bash  npm test  exit 3  0.0 s\n"


def test_a_title_never_breaks_the_line() -> None:
    view, out = make_view(width=40)
    view.show(tool(ToolStatus.COMPLETED, at=1.0, title="x" * 500 + "\nsecond"))
    assert out.getvalue().count("\n") == 1 and len(out.getvalue()) <= 42


def test_plan_and_notices() -> None:
    view, out = make_view()
    plan = frames.PlanFrame(
        session_id=SESSION,
        message_id=MESSAGE,
        part=2,
        entries=(
            PlanEntry("look", PlanStatus.COMPLETED),
            PlanEntry("mend", PlanStatus.IN_PROGRESS),
        ),
    )
    view.show(plan)
    view.show(plan)
    view.show(frames.NoticeFrame(session_id=SESSION, code="retrying", text="retrying", level=NoticeLevel.WARNING))
    assert out.getvalue() == "  plan\n    [x] look\n    [~] mend\n» retrying\n"


def test_the_beginning_of_a_turn() -> None:
    view, out = make_view()
    view.show(frames.QueueChangedFrame(session_id=SESSION, task_id=TASK, state="pending", pending=1))
    view.show(frames.QueueChangedFrame(session_id=SESSION, task_id=TASK, state="pending", pending=3))
    view.show(frames.TurnStartedFrame(session_id=SESSION, task_id=TASK, chat_id=CHAT, agent="a", model="m", epoch=2))
    assert out.getvalue() == "waits behind 2 in this session\na  m  attempt 2\n"


def test_what_the_end_of_a_turn_leaves() -> None:
    view, out = make_view()
    view.show(delta(0, "no line end"))
    view.show(frames.UsageFrame(session_id=SESSION, task_id=TASK, input_tokens=3))
    view.show(
        frames.TurnEndedFrame(session_id=SESSION, task_id=TASK, chat_id=CHAT, outcome="failed", code="x", text="why")
    )
    assert out.getvalue() == "no line end\n"
    assert view.ended is not None and view.ended.text == "why"
    assert view.usage is not None and view.usage.input_tokens == 3


@pytest.mark.parametrize("pieces", [1, 3, 7])
def test_long_text_in_pieces_is_exact(pieces: int) -> None:
    text = "The quick brown fox, ünïcode 🙂 and\nnew lines.\n" * 20
    view, out = make_view()
    for at in range(0, len(text), pieces):
        view.show(delta(at, text[at : at + pieces]))
    assert out.getvalue() == text
