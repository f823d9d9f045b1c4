"""`python -m bench.page`: what the web page costs in a real browser; `make bench-page` calls it.

It measures keys while 20,000 words stream, scrolling through a session of 2,000 messages, and the tab's memory while
as many words arrive as an agent says in an hour. It needs the built page and a browser, no account and no network.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import re
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright, expect
from tests.acceptance.harness import ServiceHarness
from tests.fixtures.browser import DESK_SIZE, FLAGS, LOOK_MS, browser_path, login_url
from tests.fixtures.repository import Repository
from tests.fixtures.service import Installation

PAGE = Path(__file__).resolve().parent.parent / "src" / "boocoder" / "api" / "page"
WORDS = 20_000
MESSAGES = 2_000
HOUR_WORDS = 180_000  # 50 words a second
TURN_WORDS = 10_000
FILL_S = 900.0  # a thousand turns
KEY_EVERY_MS = 40
DELTA_S = 0.003  # between two words and the next two: several hundred words a second
SCROLLS = 150
SCROLL_PX = 900

# From the key's own time to behind the frame that shows it.
WATCH_KEYS = """() => {
  window.keyTimes = [];
  addEventListener('keydown', (event) => requestAnimationFrame(() => {
    const behind = new MessageChannel();
    behind.port1.onmessage = () => window.keyTimes.push(performance.now() - event.timeStamp);
    behind.port2.postMessage(0);
  }), true);
}"""
# A frame is blank if no part of any message is at one of five heights of the list.
WATCH_FRAMES = """() => {
  const log = document.querySelector('[role=log]');
  window.frames_ = { all: 0, blank: 0, long: 0 };
  let last = performance.now();
  const look = (now) => {
    const box = log.getBoundingClientRect();
    const covered = [0.1, 0.3, 0.5, 0.7, 0.9].some((part) => {
      const at = document.elementFromPoint(box.left + box.width / 2, box.top + box.height * part);
      return at?.closest('[data-index]') != null;
    });
    window.frames_.all++;
    if (!covered) window.frames_.blank++;
    if (now - last > 100) window.frames_.long++;
    last = now;
    if (!window.enough) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@dataclass(frozen=True, slots=True)
class PageRow:
    """One measured thing."""

    what: str
    result: str
    target: str
    met: bool


async def keys_while_streaming(page: Page, desk: ServiceHarness, words: int) -> PageRow:
    """Type all the time while a long answer comes."""
    text = "".join(f"word{number}{_behind(number)}" for number in range(words))
    created = await desk.queue(f"[[delay {DELTA_S}]] [[say {text}]]")
    await page.goto(f"{desk.client.url}/sessions/{created.session_id}")
    await expect(page.get_by_role("log").get_by_role("article").last).to_contain_text("word99")
    await page.evaluate(WATCH_KEYS)
    field = page.get_by_role("textbox", name="Message to the agent")
    await field.focus()
    while (await desk.task(created)).state == "running":
        await field.press_sequentially("a few words typed meanwhile ", delay=KEY_EVERY_MS)
        await field.fill("")
    return await _keys(page, f"key to its frame, while {words:,} words stream")


def _behind(number: int) -> str:
    """What follows a word: paragraphs of 80 words, now and then a list or a heading."""
    if number % 800 == 799:
        return "\n\n## A heading\n\n"
    if number % 80 == 79:
        return "\n\n"
    return "\n- " if number % 400 > 380 else " "


async def keys_in_a_long_session(page: Page, session_id: str, url: str, messages: int) -> PageRow:
    """Type under many messages."""
    await page.goto(f"{url}/sessions/{session_id}")
    await expect(page.get_by_role("article").last).to_be_visible()
    await page.evaluate(WATCH_KEYS)
    field = page.get_by_role("textbox", name="Message to the agent")
    for _ in range(6):
        await field.press_sequentially("a few words typed meanwhile ", delay=KEY_EVERY_MS)
    await field.fill("")
    return await _keys(page, f"key to its frame, under {messages:,} messages")


async def scrolling(page: Page) -> Sequence[PageRow]:
    """Scroll up through the long session by the wheel, as fast as the browser takes it."""
    box = await page.get_by_role("log").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await page.evaluate(WATCH_FRAMES)
    for _ in range(SCROLLS):
        await page.mouse.wheel(0, -SCROLL_PX)
    await page.wait_for_timeout(300)
    seen = await page.evaluate("() => { window.enough = true; return window.frames_ }")
    blank = f"{seen['blank']} of {seen['all']} frames"
    return [
        PageRow(f"scrolling {SCROLLS * SCROLL_PX:,} px: blank frames", blank, "0", seen["blank"] == 0),
        PageRow("scrolling: frames over 100 ms", f"{seen['long']} of {seen['all']} frames", "", True),
    ]


async def memory(page: Page, desk: ServiceHarness, words: int) -> Sequence[PageRow]:
    """The tab's heap after garbage collection, while an hour's words arrive as fast as they can."""
    created, _ = await desk.run(f"[[tokens {TURN_WORDS}]]")
    await page.goto(f"{desk.client.url}/sessions/{created.session_id}")
    await expect(page.get_by_role("log")).to_contain_text(f"w{TURN_WORDS - 1}")
    first, first_nodes = await _heap(page)
    for _ in range(words // TURN_WORDS - 1):
        await desk.run(f"[[tokens {TURN_WORDS}]]", session=created.session_id)
    await expect(page.get_by_role("log")).to_contain_text(f"w{TURN_WORDS - 1}")
    await page.wait_for_timeout(2_000)
    last, last_nodes = await _heap(page)
    text_mib = words * 6 * 2 / 2**20  # six characters a word, two bytes a character at worst
    grown = last - first
    return [
        PageRow(
            f"heap after {TURN_WORDS:,} and after {words:,} words",
            f"{first:.1f} and {last:.1f} MiB",
            f"+{text_mib + 8:.0f} MiB at most (the text itself and 8 MiB)",
            grown < text_mib + 8,
        ),
        PageRow("elements then", f"{first_nodes:,} and {last_nodes:,}", "", True),
    ]


def first_load() -> PageRow:
    """What a browser fetches before the page is there, compressed."""
    names = re.findall(r"""(?:src|href)="/([^"]+\.(?:js|css))\"""", (PAGE / "index.html").read_text())
    total = sum(len(gzip.compress((PAGE / name).read_bytes(), 9)) for name in names)
    return PageRow("first load, compressed", f"{total / 1000:.0f} kB", "< 300 kB", total < 300_000)


async def long_session(desk: ServiceHarness, messages: int) -> str:
    """A session of so many messages."""
    created, _ = await desk.run("[[say the first answer]]")
    for number in range(1, messages // 2):
        text = f"Answer {number}: " + "some words of an answer, " * (number % 9 + 1)
        extra = "\n\n```python\nprint(1)\n```\n" if number % 5 == 0 else ""
        await desk.queue(f"Task {number} [[say {text}{extra}]]", session=created.session_id)
        if number % 50 == 0:
            print(f"  {number * 2} messages", flush=True)
    last = await desk.queue("[[say the last answer]]", session=created.session_id)
    async with asyncio.timeout(FILL_S):
        while (await desk.task(last)).state != "completed":
            await asyncio.sleep(1)
    return last.session_id


async def measure(service: Installation, project: Repository, *, words: int, messages: int, hour: int) -> list[PageRow]:
    """Everything, one thing after another."""
    lines = [first_load()]
    async with service.client() as client, async_playwright() as playwright:
        desk = ServiceHarness(client, project.path)
        browser = await playwright.chromium.launch(executable_path=browser_path(windows=True), args=[*FLAGS])
        page = await _signed_in(browser, service)
        lines.append(await keys_while_streaming(page, desk, words))
        lines += await memory(page, desk, hour)
        print(*lines, sep="\n", flush=True)
        session_id = await long_session(desk, messages)
        lines.append(await keys_in_a_long_session(page, session_id, service.url, messages))
        lines += await scrolling(page)
        await browser.close()
    return lines


async def _signed_in(browser: Browser, service: Installation) -> Page:
    context = await browser.new_context(viewport=DESK_SIZE)
    context.set_default_timeout(LOOK_MS)
    page = await context.new_page()
    await page.goto(await login_url(service))
    return page


async def _keys(page: Page, what: str) -> PageRow:
    times = sorted(await page.evaluate("window.keyTimes"))
    p95 = times[int(len(times) * 0.95)]
    result = f"median {statistics.median(times):.0f} ms, p95 {p95:.0f} ms, worst {times[-1]:.0f} ms ({len(times)} keys)"
    return PageRow(what, result, "p95 < 50 ms", p95 < 50)


async def _heap(page: Page) -> tuple[float, int]:
    """MiB of the heap, and how many elements the document has."""
    session = await page.context.new_cdp_session(page)
    await session.send("HeapProfiler.collectGarbage")
    used = (await session.send("Runtime.getHeapUsage"))["usedSize"]
    await session.detach()
    return used / 2**20, await page.evaluate("document.querySelectorAll('*').length")


def _repository(folder: Path) -> Repository:
    made = Repository(folder / "project")
    made.path.mkdir()
    made.git("init", "-q", "-b", "main")
    made.write("README.md", "# A project\n")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "Begin")
    return made


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description="Measure the web page in a real browser.")
    parser.add_argument("--words", type=int, default=WORDS, help="of the turn during which keys are measured")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="of the long session")
    parser.add_argument("--hour", type=int, default=HOUR_WORDS, help="words for the measurement of memory")
    args = parser.parse_args()
    expect.set_options(timeout=LOOK_MS)
    with tempfile.TemporaryDirectory(prefix="boocoder-page-") as folder:
        service = Installation(Path(folder))
        service.start()
        try:
            project = _repository(Path(folder))
            lines = asyncio.run(measure(service, project, words=args.words, messages=args.messages, hour=args.hour))
        finally:
            service.stop()
    print("| what | result | target | |\n|---|---|---|---|")
    for line in lines:
        print(f"| {line.what} | {line.result} | {line.target} | {'ok' if line.met else 'OVER'} |")
    return 0 if all(line.met for line in lines) else 1


if __name__ == "__main__":
    raise SystemExit(main())
