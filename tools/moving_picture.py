"""Takes the moving picture of the README: one task from its prompt to the applied change, on the real page.

    python tools/moving_picture.py               writes docs/images/page-in-use.webp
    python tools/moving_picture.py --to FILE     somewhere else

It needs the built page and a browser (`make page browser`). The service is real, the agent is the scripted one.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import re
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tools")]

from PIL import Image  # noqa: E402
from playwright.async_api import Page, ViewportSize, async_playwright, expect  # noqa: E402
from tests.acceptance.harness import ServiceHarness  # noqa: E402
from tests.fixtures.browser import FLAGS, LOOK_MS, browser_path, login_url  # noqa: E402
from tests.fixtures.service import Installation  # noqa: E402
from tools.screenshots import ASKED, STRIP, make_project, prepare_others  # noqa: E402

SIZE: ViewportSize = {"width": 1200, "height": 750}
MAX_BYTES = 1_500_000  # what a reader of the README loads
STRIP_TRIES = 5
STREAM_FRAME_MS = 400  # between two frames of a running turn
TYPED = ("Give", " greet()", " a type", " and a", " docstring")
PACED = re.sub(
    r"\]\]\s*\[\[(?=plan|read|write|bash|say)", "]] [[sleep 0.9]] [[", ASKED.replace("[[", "[[delay 0.16]] [[", 1)
)
STRIPPED = "() => !/\\[\\[|\\]\\]/.test(document.body.innerText)"


@dataclass
class Film:
    """Frames of a page with the milliseconds that each is shown."""

    page: Page
    frames: list[Image.Image] = field(default_factory=list)
    durations_ms: list[int] = field(default_factory=list)

    async def take(self, duration_ms: int) -> None:
        """Add what the page shows now, without what only the scripted agent reads."""
        for _ in range(STRIP_TRIES):
            await self.page.evaluate(STRIP)
            if await self.page.evaluate(STRIPPED):
                break
        else:
            return  # the page is drawing it again
        frame = Image.open(io.BytesIO(await self.page.screenshot())).convert("RGB")
        if self.frames and frame.tobytes() == self.frames[-1].tobytes():
            self.durations_ms[-1] += duration_ms
            return
        self.frames.append(frame)
        self.durations_ms.append(duration_ms)

    def write(self, to: Path) -> None:
        """Write an animated WebP that begins again at its end."""
        first, *others = self.frames
        first.save(to, save_all=True, append_images=others, duration=self.durations_ms, loop=0, quality=70, method=4)


async def play(film: Film, service: Installation) -> None:
    """Type a prompt, watch the turn, accept a part, apply it."""
    page = film.page
    await page.goto(await login_url(service))
    await page.goto(urljoin(service.url, "/"))
    composer = page.get_by_role("textbox", name="Message to the agent")
    await expect(composer).to_be_visible()
    await film.take(800)
    for word in TYPED:
        await composer.press_sequentially(word)
        await film.take(250)
    await film.take(500)
    await composer.fill(PACED)
    await composer.press("Enter")
    await page.wait_for_url("**/sessions/**")
    await expect(page.get_by_text("A new agent session").first).to_be_visible()
    await page.wait_for_timeout(500)  # the prompt is cut to its first lines
    shown = page.get_by_role("complementary", name="Change")
    parts = shown.get_by_role("region", name="at line")
    give_up_at = time.monotonic() + LOOK_MS / 1000
    while not await parts.count() and time.monotonic() < give_up_at:
        await film.take(STREAM_FRAME_MS)
        await page.wait_for_timeout(STREAM_FRAME_MS / 2)  # a picture takes about the other half
    await expect(parts.first).to_be_visible()
    await page.wait_for_timeout(800)  # code gets its colours, lists their heights
    await film.take(2_000)
    await parts.first.get_by_role("button", name="Accept").click()
    await expect(shown.get_by_role("region", name="accepted").first).to_be_visible()
    await film.take(1_200)
    await shown.get_by_role("button", name="Apply…").click()
    dialog = page.get_by_role("dialog", name="Apply the change")
    await expect(dialog.get_by_role("status")).to_contain_text("No conflict.")
    await film.take(1_800)
    await dialog.get_by_role("radio", name="A commit on your branch").check()
    await film.take(1_200)
    await dialog.get_by_role("button", name="Commit on my branch").click()
    await expect(page.get_by_text(re.compile("^Committed [0-9a-f]{10}")).first).to_be_visible()
    await expect(dialog).to_be_hidden()
    await film.take(2_500)


async def run(to: Path) -> int:
    """Start a service, take the picture, and say how large it is.

    Returns:
        0, or 1 if the picture is larger than MAX_BYTES.
    """
    expect.set_options(timeout=LOOK_MS)
    with tempfile.TemporaryDirectory(prefix="boocoder-picture-") as folder:
        service = Installation(Path(folder))
        await asyncio.to_thread(service.start)
        try:
            project = make_project(Path(folder))
            async with service.client() as client:
                await prepare_others(ServiceHarness(client, project.path))
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=browser_path(windows=True), args=list(FLAGS))
                context = await browser.new_context(viewport=SIZE, locale="en-GB", reduced_motion="reduce")
                context.set_default_timeout(LOOK_MS)
                film = Film(await context.new_page())
                await play(film, service)
                await browser.close()
        finally:
            await asyncio.to_thread(service.stop)
    film.write(to)
    size = to.stat().st_size
    print(f"{to.name}: {len(film.frames)} frames, {sum(film.durations_ms) / 1000:.0f} s, {size // 1000} kB")
    return int(size > MAX_BYTES)


def main() -> int:
    """Take the picture."""
    parser = argparse.ArgumentParser(description="Take the moving picture of the page in use.")
    target = CHECKOUT / "docs" / "images" / "page-in-use.webp"
    parser.add_argument("--to", type=Path, default=target, help="file of the picture")
    return asyncio.run(run(parser.parse_args().to))


if __name__ == "__main__":
    raise SystemExit(main())
