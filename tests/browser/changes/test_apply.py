"""A change put into the project: as a commit, as a branch of one commit or of one a turn, and against a conflict."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.changes.test_review import LINES, replaced
from tests.acceptance.harness import ServiceHarness
from tests.browser.changes.test_review import changed, panel, part
from tests.fixtures.browser import Visit
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def applying(person: Visit) -> Locator:
    """The dialog that asks where the change goes, when it has looked what it would do."""
    await panel(person).get_by_role("button", name="Apply…").click()
    dialog = person.page.get_by_role("dialog", name="Apply the change")
    await expect(dialog.get_by_role("status")).to_contain_text("No conflict.")
    return dialog


def log(project: Repository, revision: str) -> list[str]:
    """The subjects of the commits that came to a revision on top of the first."""
    return project.git("log", "--format=%s", "--reverse", f"{FIRST}..{revision}").decode().splitlines()


FIRST = "first-of-all"


@pytest.fixture
def project(project: Repository) -> Repository:
    """The repository, its first commit tagged."""
    project.git("tag", FIRST)
    return project


async def test_accepted_parts_become_a_commit_without_my_own_edits(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    await changed(person, desk, 3, 20)
    project.write("README.md", "my own words\n")
    await part(person, 3, "open").get_by_role("button", name="Accept").click()
    await expect(part(person, 3, "accepted")).to_be_visible()
    dialog = await applying(person)
    await dialog.get_by_role("radio", name="A commit on your branch").check()
    await dialog.get_by_role("textbox", name="Message").fill("Change the third line\n\nIt was asked for.")
    await dialog.get_by_role("button", name="Commit on my branch").click()
    await expect(person.page.get_by_text(re.compile("^Committed [0-9a-f]{10}, 1 file.$")).first).to_be_visible()
    await expect(dialog).to_be_hidden()
    assert log(project, "main") == ["Change the third line"]
    assert project.git("log", "-1", "--format=%b").decode().strip() == "It was asked for."
    assert project.git("diff", "--name-only", "HEAD^", "HEAD").decode().split() == [LINES]
    assert (project.path / "README.md").read_text() == "my own words\n"
    assert "changed 20" not in (project.path / LINES).read_text()
    await expect(part(person, 20, "open")).to_be_visible()  # what was not applied waits on
    await expect(part(person, 3, "accepted")).to_be_hidden()
    person.forgive("409")  # a preview may be under way while the change is applied


async def test_a_new_branch_gets_one_commit_and_my_files_none(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    created = await changed(person, desk, 3)
    await desk.run(replaced(20), session=created.session_id)
    await expect(part(person, 20, "open")).to_be_visible()
    before = (project.path / LINES).read_bytes()
    dialog = await applying(person)
    await dialog.get_by_role("radio", name="A new branch").check()
    await dialog.get_by_role("textbox", name="Branch name").fill("work/by-the-agent")
    await expect(dialog.get_by_role("status")).to_contain_text("1 file in the commit")
    await dialog.get_by_role("button", name="Create the branch").click()
    await expect(person.page.get_by_text("Created the branch work/by-the-agent.").first).to_be_visible()
    assert len(log(project, "work/by-the-agent")) == 1
    made = project.git("show", f"work/by-the-agent:{LINES}").decode()
    assert "changed 3\n" in made and "changed 20\n" in made
    assert (project.path / LINES).read_bytes() == before
    assert project.git("branch", "--show-current").decode().strip() == "main"


async def test_a_new_branch_gets_a_commit_a_turn(person: Visit, desk: ServiceHarness, project: Repository) -> None:
    created = await changed(person, desk, 3)
    await desk.run(f"Then line twenty. {replaced(20)}", session=created.session_id)
    await expect(part(person, 20, "open")).to_be_visible()
    dialog = await applying(person)
    await dialog.get_by_role("radio", name="A new branch").check()
    await dialog.get_by_role("textbox", name="Branch name").fill("by-turn")
    await dialog.get_by_role("checkbox", name="one commit per turn").check()
    await dialog.get_by_role("button", name="Create the branch").click()
    await expect(person.page.get_by_text("Created the branch by-turn.").first).to_be_visible()
    subjects = log(project, "by-turn")
    assert len(subjects) == 2 and subjects[1].startswith("Then line twenty."), subjects
    between = project.git("show", f"by-turn^:{LINES}").decode()
    assert "changed 3\n" in between and "changed 20\n" not in between


async def test_the_commits_of_the_agent_are_kept(
    person: Visit, desk: ServiceHarness, project: Repository, served: Installation
) -> None:
    created = await changed(person, desk, 3)
    worktree = served.data_dir / "worktrees" / created.session_id
    project.git("commit", "-q", "-a", "-m", "Change the third line", cwd=worktree)
    await desk.run(replaced(20), session=created.session_id)
    await expect(part(person, 20, "open")).to_be_visible()
    dialog = await applying(person)
    await dialog.get_by_role("radio", name="A commit on your branch").check()
    await expect(dialog.get_by_role("list", name="Commits of the agent")).to_contain_text("Change the third line")
    await dialog.get_by_role("textbox", name="Message").fill("Change the twentieth line")
    await dialog.get_by_role("checkbox", name="keep the agent's commit").check()
    await expect(dialog.get_by_role("status")).to_contain_text("1 file to write")
    await dialog.get_by_role("button", name="Commit on my branch").click()
    await expect(dialog).to_be_hidden()
    assert log(project, "main") == ["Change the third line", "Change the twentieth line"]
    person.forgive("409")  # a preview may be under way while the change is applied


async def test_files_with_a_filter_are_committed_once_i_say_so(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    await changed(person, desk, 3)
    project.write(".gitattributes", f"{LINES} filter=crypt\n")
    dialog = await applying(person)
    wanted = dialog.get_by_role("checkbox", name="commit filtered files unconverted, as the agent wrote them")
    await dialog.get_by_role("radio", name="A new branch").check()
    await dialog.get_by_role("textbox", name="Branch name").fill("with-filter")
    await expect(dialog.get_by_role("alert")).to_contain_text(f"{LINES} (crypt)")
    await wanted.check()
    await expect(dialog.get_by_role("status")).to_contain_text("The commit holds them as the agent wrote them.")
    await dialog.get_by_role("button", name="Create the branch").click()
    await expect(dialog).to_be_hidden()
    assert "changed 3\n" in project.git("show", f"with-filter:{LINES}").decode()
    person.forgive("409")


async def test_a_branch_that_is_there_is_refused_with_the_cure(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    await changed(person, desk, 3)
    project.git("branch", "taken")
    dialog = await applying(person)
    await dialog.get_by_role("radio", name="A new branch").check()
    await dialog.get_by_role("textbox", name="Branch name").fill("taken")
    await dialog.get_by_role("button", name="Create the branch").click()
    told = person.page.get_by_role("region", name="Notifications")
    await expect(told).to_contain_text("taken")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("textbox", name="Branch name").fill("free")
    await dialog.get_by_role("button", name="Create the branch").click()
    await expect(told).to_contain_text("Created the branch free.")
    assert log(project, "taken") == []
    person.forgive("4[0-9][0-9]")


async def test_a_conflict_shows_both_sides_and_goes_to_the_agent(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    await changed(person, desk, 3)
    mine = (project.path / LINES).read_text().replace("line 3\n", "my own third line\n")
    project.write(LINES, mine)
    await panel(person).get_by_role("button", name="Apply…").click()
    dialog = person.page.get_by_role("dialog", name="Apply the change")
    told = dialog.get_by_role("alert")
    await expect(told).to_contain_text("Your files conflict with this change. Nothing was written.")
    await expect(told.get_by_role("heading", name="Mine").locator("..")).to_contain_text("my own third line")
    await expect(told.get_by_role("heading", name="The agent's").locator("..")).to_contain_text("changed 3")
    await told.get_by_role("button", name="Ask the agent to resolve").click()
    await expect(dialog).to_be_hidden()
    prompt = person.page.get_by_role("article", name="Your message").last
    await expect(prompt).to_contain_text(LINES)
    assert (project.path / LINES).read_text() == mine
    # The conflict is in the agent's copy now: the scripted agent resolves it as its prompt says.
    await desk_resolves(person)
    await expect(panel(person)).to_contain_text("put together")
    await panel(person).get_by_role("button", name="Apply…").click()
    await expect(dialog.get_by_role("status")).to_contain_text("No conflict.")
    await dialog.get_by_role("button", name="Apply to my working tree").click()
    await expect(person.page.get_by_text("Applied to your working tree: 1 file.").first).to_be_visible()
    assert "put together\n" in (project.path / LINES).read_text()
    person.forgive("409")


@pytest.mark.parametrize(
    ("choice", "lines"),
    [
        ("Mine", "my own third line\n"),
        ("The agent's", "changed 3\n"),
        ("Both", "my own third line\nchanged 3\n"),
        ("Edit", "a third way\n"),
    ],
)
async def test_a_conflict_is_resolved_in_place_and_applied(
    choice: str, lines: str, person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    await changed(person, desk, 3, 20)
    before = (project.path / LINES).read_text()
    project.write(LINES, before.replace("line 3\n", "my own third line\n"))
    await panel(person).get_by_role("button", name="Apply…").click()
    dialog = person.page.get_by_role("dialog", name="Apply the change")
    await expect(dialog.get_by_role("button", name="Resolve the conflicts first")).to_be_disabled()
    conflicts = dialog.get_by_role("list", name="Conflicts")
    block = conflicts.get_by_role("group", name="Block 1")
    await block.get_by_role("radio", name=choice).check()
    if choice == "Edit":
        await block.get_by_role("textbox", name="Text of block 1").fill("a third way")
    await dialog.get_by_role("button", name="Resolve with these").click()
    await expect(dialog.get_by_role("button", name="Apply to my working tree")).to_be_enabled()
    await dialog.get_by_role("button", name="Apply to my working tree").click()
    await expect(person.page.get_by_text("Applied to your working tree: 1 file.").first).to_be_visible()
    expected = before.replace("line 3\n", lines).replace("line 20\n", "changed 20\n")
    assert (project.path / LINES).read_text() == expected


async def desk_resolves(person: Visit) -> None:
    """Have the agent replace the marked place by one line."""
    script = "/^<<<<<<</,/^>>>>>>>/c\\\\put together"
    await person.write(f"[[bash sed -i '{script}' {LINES}]]")
    await expect(person.page.get_by_role("article", name="Scripted agent's answer").last).to_contain_text("sed -i")
