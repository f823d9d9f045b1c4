"""Takes pictures of every page, light, dark and on a phone, from a real service with the scripted agent.

    python tools/screenshots.py               writes docs/images/page-*.png
    python tools/screenshots.py --to FOLDER   somewhere else

It needs the built page and a browser (`make page browser`).
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

CHECKOUT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(CHECKOUT), str(CHECKOUT / "tools")]

from playwright.async_api import Browser, Page, async_playwright, expect  # noqa: E402
from small_png import small_png  # noqa: E402
from tests.acceptance.harness import ServiceHarness  # noqa: E402
from tests.fixtures.browser import FLAGS, LOOK_MS, browser_path, login_url  # noqa: E402
from tests.fixtures.repository import FILES, Repository  # noqa: E402
from tests.fixtures.service import Installation  # noqa: E402

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 780}, "is_mobile": True, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
LOOKS: dict[str, dict[str, Any]] = {
    "light": {**DESK, "color_scheme": "light"},
    "dark": {**DESK, "color_scheme": "dark"},
    "phone": {**PHONE, "color_scheme": "light"},
}
GREETING = """\"\"\"Greets people.\"\"\"


def greet(name: str) -> str:
    \"\"\"A friendly word for `name`.\"\"\"
    return f"Hello, {name}."
"""
ASKED = (
    "Give greet() a type and a docstring\n\n"
    "[[think greet() lives in src/greet.py. It has neither a type nor a docstring, and nothing tests it.]]"
    "[[plan Read the module; Add the type and the docstring; Run the tests]]"
    "[[read src/greet.py]]"
    f"[[write src/greet.py|{GREETING}]]"
    "[[write tests/test_greet.py|from src.greet import greet\n\n\ndef test_greet() -> None:\n"
    '    assert greet("Ada") == "Hello, Ada."\n]]'
    "[[bash echo '3 passed in 0.02s']]"
    "[[say `greet()` now has a type, a docstring and a test:\n\n"
    '```python\ndef greet(name: str) -> str:\n    """A friendly word for `name`."""\n'
    '    return f"Hello, {name}."\n```\n\n'
    "All **three tests** pass.]] [[usage 18240]]"
)
OTHERS = (
    "Make the search ignore accents [[say Done: é finds e.]]",
    "Update the dependencies [[say Looking.]] [[fail 500]]",
    "Explain the retry loop [[say It waits twice as long each time.]]",
)

# What only the scripted agent is told is left out of the pictures: a real prompt has nothing of the kind.
STRIP = """async () => {
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walk.nextNode(); node; node = walk.nextNode()) {
    if (node.data.includes('[[')) node.data = node.data.replace(/\\s*\\[\\[[\\s\\S]*$/, '');
  }
  for (const button of document.querySelectorAll('button')) {
    if (/^Show all \\d+ lines$/.test(button.textContent)) button.style.display = 'none';
  }
  for (let frame = 0; frame < 10; frame++) await new Promise(requestAnimationFrame);  // lists measure their rows again
}"""


@dataclass
class Scene:
    """A running service with something to see.

    Args:
        session: a session with a change to review.
        asks: a session whose agent waits for an answer.
    """

    service: Installation
    session: str
    asks: str


def make_project(folder: Path) -> Repository:
    """A repository of a made-up project."""
    project = Repository(folder / "greeter")
    project.path.mkdir()
    project.git("init", "-q", "-b", "main")
    project.git("config", "user.name", "Ada")
    project.git("config", "user.email", "ada@example.org")
    for path, content in FILES.items():
        project.write(path, content)
    project.write("src/greet.py", 'def greet(name):\n    return "Hello, " + name + "."\n')
    project.git("add", "-A")
    project.git("commit", "-q", "-m", "Begin")
    return project


async def prepare_others(desk: ServiceHarness) -> None:
    """Some sessions that have ended."""
    for prompt in OTHERS:
        await desk.run(prompt)


async def prepare(service: Installation, folder: Path) -> Scene:
    """Some sessions of a made-up project."""
    project = make_project(folder)
    async with service.client() as client:
        desk = ServiceHarness(client, project.path)
        await prepare_others(desk)
        asks = await desk.queue(
            "Tidy the build folder [[say I would like to remove build/.]] [[permission bash|rm -r build]]"
        )
        created, _ = await desk.run(ASKED)
        return Scene(service, created.session_id, asks.session_id)


async def home(page: Page, scene: Scene) -> None:
    await page.goto(urljoin(scene.service.url, "/"))
    await expect(page.get_by_role("textbox", name="Message to the agent")).to_be_visible()


async def session(page: Page, scene: Scene) -> None:
    await page.goto(urljoin(scene.service.url, f"/sessions/{scene.session}"))
    await expect(page.get_by_text("three tests")).to_be_visible()
    if (page.viewport_size or {"width": 0})["width"] > 1_000:
        await expect(page.get_by_role("region", name="open").first).to_be_visible()


async def change(page: Page, scene: Scene) -> None:
    await session(page, scene)
    shown = page.get_by_role("complementary", name="Change")
    if not await shown.is_visible():
        await page.get_by_role("button", name="Change").first.click()
    parts = shown.get_by_role("region", name="at line")
    await expect(parts.first).to_be_visible()
    if not await shown.get_by_role("region", name="accepted").count():  # in the look before
        await parts.first.get_by_role("button", name="Accept").click()
    await expect(shown.get_by_role("region", name="accepted").first).to_be_visible()


async def asking(page: Page, scene: Scene) -> None:
    await page.goto(urljoin(scene.service.url, f"/sessions/{scene.asks}"))
    await expect(page.get_by_role("button", name="Allow once")).to_be_visible()


async def tasks(page: Page, scene: Scene) -> None:
    await page.goto(urljoin(scene.service.url, "/tasks"))
    await expect(page.get_by_role("main").get_by_role("link").first).to_be_visible()


async def agents(page: Page, scene: Scene) -> None:
    await page.goto(urljoin(scene.service.url, "/agents"))
    await expect(page.get_by_role("main").get_by_role("listitem").first).to_be_visible()


async def settings(page: Page, scene: Scene) -> None:
    await page.goto(urljoin(scene.service.url, "/settings"))
    await expect(page.get_by_role("checkbox", name="Desktop notifications")).to_be_visible()


async def palette(page: Page, scene: Scene) -> None:
    await session(page, scene)
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox").first).to_be_visible()


PAGES: dict[str, Callable[[Page, Scene], Awaitable[None]]] = {
    "home": home,
    "session": session,
    "asking": asking,
    "tasks": tasks,
    "agents": agents,
    "settings": settings,
    "palette": palette,
    "change": change,
}


async def take(browser: Browser, scene: Scene, to: Path) -> None:
    """Every page in every look."""
    for look, options in LOOKS.items():
        context = await browser.new_context(**options, locale="en-GB", reduced_motion="reduce")
        context.set_default_timeout(LOOK_MS)
        page, empty = await context.new_page(), await context.new_page()
        await page.goto(await login_url(scene.service))
        for name, show in PAGES.items():
            await show(page, scene)
            await page.wait_for_timeout(800)  # code gets its colours, lists their heights
            await page.evaluate(STRIP)
            picture = await small_png(empty, await page.screenshot())
            (to / f"page-{name}-{look}.png").write_bytes(picture)
            print(f"page-{name}-{look}.png {len(picture) // 1000} kB", flush=True)
        await context.close()


async def run(to: Path) -> None:
    """Start a service, fill it, and take the pictures."""
    to.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=LOOK_MS)
    with tempfile.TemporaryDirectory(prefix="boocoder-pictures-") as folder:
        service = Installation(Path(folder))
        await asyncio.to_thread(service.start)
        try:
            scene = await prepare(service, Path(folder))
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=browser_path(windows=True), args=list(FLAGS))
                await take(browser, scene, to)
                await browser.close()
        finally:
            await asyncio.to_thread(service.stop)


def main() -> int:
    """Take the pictures."""
    parser = argparse.ArgumentParser(description="Take pictures of every page.")
    parser.add_argument("--to", type=Path, default=CHECKOUT / "docs" / "images", help="folder for the pictures")
    asyncio.run(run(parser.parse_args().to))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
