"""The files of a change as a folding tree, and its history with what changed marked word by word."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.changes.test_review import LINES, replaced
from tests.acceptance.harness import ServiceHarness
from tests.browser.changes.test_review import changed, panel
from tests.fixtures.browser import Visit
from tests.fixtures.repository import Repository

pytestmark = pytest.mark.asyncio(loop_scope="session")


def row(person: Visit, name: str) -> Locator:
    """A folder or file of the tree, by its name."""
    return panel(person).get_by_role("treeitem", name=f"{name},")


async def test_the_tree_is_walked_and_folded_by_keyboard(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run("[[write deep/er/one.txt|1]] [[write deep/er/two.txt|2]] [[write top.txt|3]]")
    await person.open_session(created.session_id)
    tree = panel(person).get_by_role("tree", name="Files")
    await expect(tree.get_by_role("treeitem")).to_have_count(4)
    await expect(row(person, "deep/er")).to_have_attribute("aria-expanded", "true")
    await expect(row(person, "deep/er")).to_have_accessible_name(
        "deep/er, folder with 2 files, 2 added, 0 removed, not decided"
    )
    await tree.focus()
    await expect(row(person, "deep/er")).to_have_attribute("aria-selected", "true")
    await tree.press("End")
    await expect(row(person, "top.txt")).to_have_attribute("aria-selected", "true")
    await tree.press_sequentially("tw")
    await expect(row(person, "two.txt")).to_have_attribute("aria-selected", "true")
    await tree.press("ArrowLeft")
    await tree.press("ArrowLeft")
    await expect(row(person, "deep/er")).to_have_attribute("aria-expanded", "false")
    await expect(row(person, "two.txt")).to_be_hidden()
    await desk.run("[[write deep/er/three.txt|3]] [[write other.txt|4]]", session=created.session_id)
    await expect(row(person, "other.txt")).to_be_visible()
    await expect(row(person, "deep/er")).to_have_attribute("aria-expanded", "false")
    await tree.press("*")
    await expect(row(person, "three.txt")).to_be_visible()
    await panel(person).get_by_role("button", name="Accept the file").first.click()
    await expect(row(person, "deep/er")).to_have_accessible_name(re.compile("1 of 3 parts decided"))


async def test_the_tree_goes_to_a_file_and_is_a_list_if_one_likes(person: Visit, desk: ServiceHarness) -> None:
    files = " ".join(f"[[write part{number}/file.txt|{'x' * 9}]]" for number in range(14))
    created, _ = await desk.run(files)
    await person.open_session(created.session_id)
    await panel(person).get_by_role("button", name="Fold all folders").click()
    await expect(panel(person).get_by_role("treeitem")).to_have_count(14)
    await panel(person).get_by_role("searchbox", name="Filter files").fill("part13")
    await expect(panel(person).get_by_role("treeitem")).to_have_count(2)
    await row(person, "file.txt").click()
    await expect(panel(person).get_by_role("region", name="part13/file.txt")).to_be_in_viewport()
    await panel(person).get_by_role("searchbox", name="Filter files").fill("nothing of that name")
    await expect(panel(person)).to_contain_text("No file has “nothing of that name” in its path.")
    await panel(person).get_by_role("searchbox", name="Filter files").fill("")
    await panel(person).get_by_role("button", name="Show files as a list").click()
    await expect(row(person, "part0/file.txt")).to_be_visible()
    await person.page.reload()
    await expect(row(person, "part0/file.txt")).to_be_visible()


async def test_changed_words_are_marked_between_two_moments(person: Visit, desk: ServiceHarness) -> None:
    created = await changed(person, desk, 3)
    await desk.run(f"[[bash sed -i 's/^changed 3$/changed thrice/' {LINES}]]", session=created.session_id)
    await panel(person).get_by_role("tab", name="History").click()
    compared = panel(person).get_by_role("group", name="Changes")
    await expect(compared.locator("mark")).to_have_text(["3", "thrice"])
    await panel(person).get_by_role("button", name="Show side by side").click()
    await expect(compared.locator("mark")).to_have_text(["3", "thrice"])


async def test_a_rewind_is_one_moment_with_the_name_of_its_aim(person: Visit, desk: ServiceHarness) -> None:
    created = await changed(person, desk, 3)
    await desk.run(replaced(20), session=created.session_id)
    await panel(person).get_by_role("tab", name="History").click()
    await panel(person).get_by_role("button", name="Rewind to this").click()
    await person.page.get_by_role("alertdialog").get_by_role("button", name="Rewind").click()
    moments = panel(person).get_by_label("until").get_by_role("option")
    await expect(moments).to_have_text(
        [
            "Start of the session",
            re.compile("^Before “"),
            re.compile("^After “"),
            re.compile("^After “"),
            re.compile("^Rewound to: After “"),
            "Now",
        ]
    )


async def test_what_stands_against_a_change_is_no_error_before_it_is_applied(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    await changed(person, desk, 3)
    project.write(LINES, (project.path / LINES).read_text().replace("line 3\n", "mine\n"))
    await panel(person).get_by_role("button", name="Apply…").click()
    dialog = person.page.get_by_role("dialog", name="Apply the change")
    await expect(dialog.get_by_role("alert")).to_contain_text("Your files conflict with this change")
    await expect(dialog.get_by_role("alert")).to_contain_text("mine")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_be_hidden()
