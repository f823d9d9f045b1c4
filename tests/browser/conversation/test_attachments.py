"""Files that go with a message: chosen, pasted, dropped; seen, taken out, refused, and had by the agent."""

from __future__ import annotations

import base64

import pytest
from playwright.async_api import FilePayload, Locator, expect

from tests.acceptance.harness import ServiceHarness
from tests.browser import seen
from tests.fixtures.browser import Visit

pytestmark = pytest.mark.asyncio(loop_scope="session")

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
NOTES: FilePayload = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"read me first"}
# What the browser itself makes of a paste or a drop: the event, with the files in it.
GIVE = """(field, [kind, name, type, content]) => {
  const given = new DataTransfer();
  given.items.add(new File([Uint8Array.from(atob(content), (one) => one.charCodeAt(0))], name, { type }));
  const more = { bubbles: true, cancelable: true };
  if (kind === "paste") field.dispatchEvent(new ClipboardEvent("paste", { ...more, clipboardData: given }));
  else for (const step of ["dragenter", "dragover", "drop"]) {
    field.dispatchEvent(new DragEvent(step, { ...more, dataTransfer: given }));
  }
}"""


def waiting(person: Visit) -> Locator:
    """The files that go with the next message."""
    composer = person.page.get_by_role("region", name="Conversation")
    return composer.get_by_role("list", name="Attached files").last.get_by_role("listitem")


def sent(person: Visit) -> Locator:
    """The files of the newest message."""
    return person.page.get_by_role("article", name="Your message").last.get_by_role("list", name="Attached files")


async def choose(person: Visit, *files: FilePayload) -> None:
    """Choose files in the browser's own dialog."""
    async with person.page.expect_file_chooser() as chooser:
        await person.page.get_by_role("button", name="Attach files").click()
    await (await chooser.value).set_files(list(files))


async def give(person: Visit, kind: str, name: str, media_type: str, content: bytes) -> None:
    """Paste a file into the composer, or drop one on it."""
    await person.composer.evaluate(GIVE, [kind, name, media_type, base64.b64encode(content).decode()])


async def opened(person: Visit, desk: ServiceHarness) -> str:
    """An open session; its id."""
    created, _ = await desk.run("[[say hello]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("hello")
    return created.session_id


def had_by_the_agent(person: Visit, name: str) -> list[bytes]:
    """The contents of the files with this name that the scripted agent received, from its store."""
    told = [path.read_text() for path in (person.service.data_dir / "agents" / "scripted").rglob("*.json")]
    kept = (person.service.data_dir / "attachments").rglob(name)
    return [path.read_bytes() for path in kept if any(str(path) in one for one in told)]


async def test_a_chosen_file_goes_to_the_agent(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await choose(person, {**NOTES, "name": "chosen.txt"})
    await expect(waiting(person)).to_contain_text("chosen.txt")
    await expect(waiting(person)).to_contain_text("13 bytes")
    await person.write("[[say thank you]]")
    await expect(sent(person).get_by_role("link", name="chosen.txt")).to_be_visible()
    await expect(waiting(person)).to_have_count(1)  # that of the message alone: the composer has none any more
    await expect(seen.answer(person.page)).to_contain_text("thank you")
    assert had_by_the_agent(person, "chosen.txt") == [b"read me first"]


@pytest.mark.parametrize("kind", ["paste", "drop"])
async def test_a_picture_is_pasted_or_dropped_and_seen(kind: str, person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await give(person, kind, f"{kind}.png", "image/png", PNG)
    await expect(waiting(person)).to_contain_text(f"{kind}.png")
    assert await loaded(waiting(person).locator("img"))
    await person.write("[[say what a picture]]")
    shown = sent(person).get_by_role("img", name=f"{kind}.png")
    assert await loaded(shown)
    await expect(seen.answer(person.page)).to_contain_text("what a picture")
    assert had_by_the_agent(person, f"{kind}.png") == [PNG]
    await person.page.reload()
    assert await loaded(shown)
    await shown.click()
    large = person.page.get_by_role("dialog", name=f"{kind}.png")
    assert await loaded(large.get_by_role("img", name=f"{kind}.png"))
    await expect(large.get_by_role("link", name="Open in a new tab")).to_be_visible()
    await person.page.keyboard.press("Escape")
    await expect(large).to_have_count(0)


async def loaded(picture: Locator) -> bool:
    """Wait until the picture is there, by the policy that the page has; whether it has a size."""
    await expect(picture).to_have_js_property("complete", True)
    return bool(await picture.evaluate("picture => picture.naturalWidth > 0"))


async def test_a_file_is_taken_out_again_and_kept_over_a_reload(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    await choose(person, {**NOTES, "name": "wrong.txt"}, {**NOTES, "name": "right.txt"})
    await expect(waiting(person)).to_have_count(2)
    await expect(waiting(person).filter(has_text="uploading")).to_have_count(0)
    await person.page.get_by_role("button", name="Remove wrong.txt").click()
    await expect(waiting(person)).to_have_count(1)
    await person.page.reload()
    await expect(waiting(person)).to_contain_text("right.txt")
    await person.write("[[say the right one]]")
    await expect(seen.answer(person.page)).to_contain_text("the right one")
    await expect(sent(person).get_by_role("link")).to_have_count(1)
    assert had_by_the_agent(person, "right.txt") == [b"read me first"]
    assert had_by_the_agent(person, "wrong.txt") == []


async def test_what_does_not_fit_is_refused_with_the_cure(person: Visit, desk: ServiceHarness) -> None:
    await opened(person, desk)
    told = person.page.get_by_role("region", name="Notifications")
    await choose(person, {**NOTES, "name": "big.bin", "buffer": b"x" * 3_600_000})
    await expect(told).to_contain_text("big.bin is 3.6 MB; the limit is 3.0 MB.")
    await expect(told).to_contain_text("Name its path in the message instead.")
    await expect(waiting(person)).to_have_count(0)
    await choose(person, {**NOTES, "name": "empty.txt", "buffer": b""})
    await expect(told).to_contain_text("empty.txt is empty, or a folder.")
    await choose(person, *({**NOTES, "name": f"{number}.txt"} for number in range(21)))
    await expect(told).to_contain_text("A message can have at most 20 files.")
    await expect(waiting(person)).to_have_count(20)


async def test_a_file_goes_with_the_first_message_and_with_one_that_waits(person: Visit, desk: ServiceHarness) -> None:
    created = await desk.queue("[[say busy]] [[hang]]")
    await person.open_session(created.session_id)
    await expect(seen.answer(person.page)).to_contain_text("busy")
    await choose(person, {**NOTES, "name": "later.txt"})
    await expect(waiting(person)).to_contain_text("13 bytes")
    await person.write("[[say now then]]")
    row = person.page.get_by_role("region", name="Queued messages").get_by_role("listitem")
    await expect(row).to_contain_text("1 file")
    await desk.cancel(created)
    await expect(seen.answer(person.page)).to_contain_text("now then")
    await expect(sent(person).get_by_role("link", name="later.txt")).to_be_visible()
    assert had_by_the_agent(person, "later.txt") == [b"read me first"]
