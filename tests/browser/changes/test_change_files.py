"""The files of a change as a folding tree, and its history with what changed marked word by word."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.acceptance.changes.test_review import LINES, replaced
from tests.acceptance.harness import ServiceHarness
from tests.browser.changes.test_review import changed, panel
from tests.fixtures.browser import Visit
from tests.fixtures.images import solid_png
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


KINDS = (
    "[[bash printf 'a\\0b' > data.bin; chmod +x src/main.py; ln -s src/main.py link; : > empty.txt; "
    "git mv README.md MANUAL.md]]"
)


async def test_files_without_changed_lines_say_what_changed(person: Visit, desk: ServiceHarness) -> None:
    created, _ = await desk.run(KINDS)
    await person.open_session(created.session_id)
    for name, words in {
        "data.bin": "added, 3 B",
        "main.py": "modified, executable",
        "link": "added, symbolic link",
        "empty.txt": "added, empty",
    }.items():
        await expect(row(person, name)).to_have_accessible_name(re.compile(words))
    await expect(panel(person)).to_contain_text("was a regular file, is now executable")


async def test_the_change_covers_the_screen_and_never_squeezes_the_conversation(
    person: Visit, desk: ServiceHarness
) -> None:
    created, _ = await desk.run("[[write one.txt|1]]")
    await person.open_session(created.session_id)
    conversation = person.page.get_by_role("region", name="Conversation")
    await panel(person).get_by_role("separator", name="Width of change").focus()
    for _ in range(40):
        await person.page.keyboard.press("ArrowLeft")
    box = await conversation.bounding_box()
    assert box is not None and box["width"] >= 399
    await panel(person).get_by_role("button", name="On the whole screen").click()
    whole, main = await panel(person).bounding_box(), await person.page.get_by_role("main").bounding_box()
    assert whole is not None and main is not None and whole["width"] == main["width"]
    await person.page.keyboard.press("Shift+D")
    await expect(panel(person).get_by_role("button", name="On the whole screen")).to_be_visible()


async def test_an_image_is_compared_side_by_side_by_swipe_and_by_opacity(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    project.write("logo.png", solid_png(40, 20, (200, 0, 0)))
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "Logo")
    project.write("new-logo.png", solid_png(60, 30, (0, 160, 0)))  # not tracked: the agent copies it from here
    source = project.path / "new-logo.png"
    created, _ = await desk.run(f"[[bash cp '{source}' logo.png; cp '{source}' added.png; echo text > fake.png]]")
    await person.open_session(created.session_id)
    logo = panel(person).get_by_role("region", name="logo.png", exact=True)
    for title, width in (("Before", 40), ("After", 60)):
        image = logo.get_by_role("img", name=f"{title}: logo.png")
        await expect(image).to_be_visible()
        assert await image.evaluate("image => image.decode().then(() => image.naturalWidth)") == width
    await expect(logo).to_contain_text(re.compile(r"40 . 20"))
    await expect(logo).not_to_contain_text("cannot be shown")
    await logo.get_by_role("radio", name="Swipe").check()
    await logo.get_by_role("slider", name="Where the image after begins").fill("25")
    upper = logo.get_by_role("img", name="After: logo.png")
    assert await upper.evaluate("image => getComputedStyle(image).clipPath") == "inset(0px 0px 0px 25%)"
    await logo.get_by_role("radio", name="Onion skin").check()
    await logo.get_by_role("slider", name="How opaque the image after is").fill("10")
    assert await upper.evaluate("image => getComputedStyle(image).opacity") == "0.1"
    added = panel(person).get_by_role("region", name="added.png", exact=True)
    await expect(added.get_by_role("img", name="After: added.png")).to_be_visible()
    await expect(panel(person).get_by_role("region", name="fake.png", exact=True).get_by_role("img")).to_have_count(0)


async def test_a_running_turn_shows_what_it_has_changed_so_far(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("[[write live.txt|first]] [[permission bash|wait]] [[write live.txt|second]]")
    await person.open_session(created.session_id)
    await expect(panel(person)).to_contain_text("This turn so far: 1 file +1")
    await expect(panel(person).get_by_role("region", name="live.txt")).to_contain_text("first")
    await person.page.get_by_role("button", name="Allow once").click()
    await expect(panel(person).get_by_role("region", name="live.txt")).to_contain_text("second")
    await expect(panel(person).get_by_role("button", name="Accept all")).to_be_visible()
    await expect(panel(person)).not_to_contain_text("so far")


async def test_after_an_apply_it_stays_what_happened_and_what_can_follow(
    person: Visit, desk: ServiceHarness, project: Repository
) -> None:
    created, _ = await desk.run("[[write done.txt|it]]")
    await person.open_session(created.session_id)
    await panel(person).get_by_role("button", name="Apply…").click()
    await person.page.get_by_role("button", name="Apply to my working tree").click()
    note = panel(person).get_by_role("region", name="Applied last")
    await expect(note).to_contain_text("Applied to your working tree: +1")
    await expect(note).to_contain_text("git add -A && git commit")
    await expect(note.get_by_role("button", name="Undo")).to_be_visible()
    await person.page.reload()
    await expect(person.page.get_by_role("log", name="Messages")).to_contain_text("Change applied: 1 file +1")
    await expect(note).to_contain_text("Applied to your working tree")
    assert (project.path / "done.txt").read_text() == "it"
    await note.get_by_role("button", name="Archive the session").click()
    await expect(
        person.page.get_by_role("complementary", name="Sessions").get_by_role("link", name="done.txt")
    ).to_have_count(0)
