"""The words of commits and pull requests."""

from __future__ import annotations

from boocoder.changes.commits.message import (
    FileStatistics,
    clean,
    given_message,
    request_text,
    slug,
    squash_message,
    turn_message,
)
from boocoder.db.files.changes import TurnStep


def step(prompt: str, agent: str = "claude", model: str | None = "sonnet") -> TurnStep:
    return TurnStep("a" * 40, prompt, agent, model)


def test_one_prompt_is_said_once() -> None:
    made = squash_message("Fix the parser", [step("Fix the parser")], agent="claude", co_author=False)
    assert made == "Fix the parser\n\nAgent: claude\nModel: sonnet\n"
    longer = squash_message(
        "Fix the parser", [step("Fix the parser\n\nIt fails on tabs.")], agent="claude", co_author=False
    )
    assert longer == "Fix the parser\n\nIt fails on tabs.\n\nAgent: claude\nModel: sonnet\n"


def test_several_prompts_are_listed_under_the_title() -> None:
    steps = [step("First\nwith detail"), step("Second", "codex", None)]
    made = squash_message("The title", steps, agent="codex", co_author=True)
    assert made.split("\n\n") == [
        "The title",
        "- First\n  with detail\n- Second",
        "Agent: claude\nAgent: codex\nModel: sonnet\n"
        "Co-authored-by: claude <claude@agents.invalid>\nCo-authored-by: codex <codex@agents.invalid>\n",
    ]


def test_the_agents_own_commits_are_told_instead_of_the_prompts() -> None:
    one = squash_message("Title", [step("Do it")], agent="claude", co_author=False, commits=["Fix it\n\nBecause.\n"])
    assert one == "Fix it\n\nBecause.\n\nAgent: claude\nModel: sonnet\n"
    two = squash_message(
        "Title", [step("Do it")], agent="claude", co_author=False, commits=["Fix it\n\nBody", "Test it"]
    )
    assert two == "Title\n\n- Fix it\n- Test it\n\nAgent: claude\nModel: sonnet\n"


def test_a_long_first_line_is_cut_and_said_whole_below() -> None:
    prompt = "word " * 40
    subject, body, _ = turn_message(step(prompt), co_author=False).split("\n\n")
    assert len(subject) <= 72 and subject.endswith("word...")
    assert body == prompt.strip()


def test_nothing_but_text_gets_into_a_message() -> None:
    assert clean("a\x1b[31m\r\nb\x00\u202ec  \n") == "a [31m\nb  c"
    assert given_message("mine \n\n", agent="x", co_author=False) == "mine\n"
    empty = squash_message("", [], agent="goose", co_author=False)
    assert empty == "Changes by an agent\n\nAgent: goose\n"


def test_a_pull_request_tells_what_was_asked_and_changed() -> None:
    files = [FileStatistics("src/a.py", 3, 1), FileStatistics("logo`.png", None, None)]
    made = request_text([step("Do it\nwell")], files)
    assert "> Do it\n> well" in made
    assert "2 files, +3 -1\n\n- `src/a.py` +3 -1\n- `logo.png` binary" in made
    assert made.endswith("Made by claude (sonnet) with boocoder.\n")
    many = request_text([], [FileStatistics(f"{number}", 1, 0) for number in range(60)])
    assert "- and 10 more" in many


def test_a_title_becomes_a_part_of_a_branch_name() -> None:
    assert slug("Fix the *parser*, please!") == "fix-the-parser-please"
    assert slug("äöü") == "session"
    assert len(slug("word " * 40)) <= 40
