"""A change pushed as a branch, with a pull request by a stand-in of gh; and what is said where that cannot be."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from tests.acceptance.harness import ServiceHarness
from tests.browser.changes.test_review import changed, panel
from tests.fixtures.browser import MakeVisit, Visit
from tests.fixtures.changes.forge import put_tool
from tests.fixtures.repository import Repository, git_environment
from tests.fixtures.service import Installation

pytestmark = pytest.mark.asyncio(loop_scope="session")

PULL = "https://github.com/someone/project/pull/7"
ADDRESS = "https://github.com/someone/project.git"


@pytest.fixture(scope="session")
def publisher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """A running service with a directory of tools first on its PATH."""
    home = tmp_path_factory.mktemp("publisher")
    tools = home / "tools"
    tools.mkdir()
    made = Installation(home, {"PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"})
    made.start()
    yield made
    made.stop()


@pytest.fixture
def tools(publisher: Installation) -> Iterator[Path]:
    """That directory, emptied afterwards."""
    place = publisher.home / "tools"
    yield place
    for one in place.iterdir():
        one.unlink()


@pytest.fixture
def remote(project: Repository, tmp_path: Path) -> Path:
    """A bare repository that the project takes for one on GitHub."""
    made = tmp_path / "remote.git"
    subprocess.run(["git", "init", "-q", "--bare", str(made)], env=git_environment(), check=True)
    project.git("remote", "add", "origin", ADDRESS)
    project.git("config", f"url.{made}.insteadOf", ADDRESS)
    project.git("push", "-q", "origin", "main")
    return made


@pytest_asyncio.fixture(loop_scope="session")
async def desk(publisher: Installation, project: Repository) -> AsyncIterator[ServiceHarness]:
    """A desk at the service with tools."""
    async with publisher.client() as client:
        yield ServiceHarness(client, project.path)


@pytest_asyncio.fixture(loop_scope="session")
async def person(visit: MakeVisit, publisher: Installation) -> Visit:
    """Somebody signed in there."""
    return await visit(publisher)


def at_remote(remote: Path, *args: str) -> str:
    """What git says of the remote."""
    return subprocess.run(["git", *args], cwd=remote, capture_output=True, check=True, text=True).stdout.strip()


async def publishing(person: Visit, desk: ServiceHarness) -> Locator:
    """The dialog that publishes a change of one part."""
    await changed(person, desk, 3)
    await panel(person).get_by_role("button", name="More actions for the change").click()
    await person.page.get_by_role("menuitem", name="Publish…").click()
    dialog = person.page.get_by_role("dialog", name="Publish the change")
    await expect(dialog).to_be_visible()
    return dialog


def published(person: Visit) -> Locator:
    """The message afterwards, when the change is no longer shown."""
    return person.page.get_by_role("dialog", name="Published")


async def test_a_pull_request_is_asked_for_with_my_words(
    person: Visit, desk: ServiceHarness, remote: Path, tools: Path
) -> None:
    log = put_tool(tools, "gh", answer=PULL)
    dialog = await publishing(person, desk)
    await dialog.get_by_role("textbox", name="Branch name").fill("third-line")
    await dialog.get_by_role("textbox", name="Pull request title").fill("Change the third line")
    await dialog.get_by_role("textbox", name="Pull request text").fill("Because it was wrong.")
    await dialog.get_by_role("textbox", name="Base branch").fill("main")
    await dialog.get_by_role("checkbox", name="as a draft").check()
    await dialog.get_by_role("button", name="Push and open a pull request").click()
    await expect(published(person).get_by_role("status")).to_contain_text("Pushed third-line to origin.")
    link = published(person).get_by_role("link", name=PULL)
    await expect(link).to_have_attribute("href", PULL)
    await expect(link).to_have_attribute("target", "_blank")
    assert "changed 3\n" in at_remote(remote, "show", "third-line:src/lines.txt") + "\n"
    said = log.read_text()
    assert "--head third-line --title Change the third line --body-file - --base main --draft" in said
    assert "Because it was wrong." in said
    await published(person).get_by_role("button", name="Close").click()
    await expect(published(person)).to_be_hidden()


async def test_what_is_left_empty_is_written_from_the_session(
    person: Visit, desk: ServiceHarness, remote: Path, tools: Path
) -> None:
    log = put_tool(tools, "gh", answer=PULL)
    dialog = await publishing(person, desk)
    await expect(dialog.get_by_role("textbox", name="Pull request text")).to_have_value(re.compile("1 file, "))
    title = await dialog.get_by_role("textbox", name="Pull request title").input_value()
    await dialog.get_by_role("button", name="Push and open a pull request").click()
    await expect(published(person).get_by_role("link", name=PULL)).to_be_visible()
    assert title and f"--title {title} " in log.read_text()
    assert "1 file, +1 -1" in log.read_text()
    assert len(at_remote(remote, "branch", "--format=%(refname)").splitlines()) == 2


async def test_without_the_tool_the_branch_is_pushed_and_the_address_told(
    person: Visit, desk: ServiceHarness, remote: Path, tools: Path
) -> None:
    dialog = await publishing(person, desk)
    await dialog.get_by_role("textbox", name="Branch name").fill("by-hand")
    await dialog.get_by_role("button", name="Push and open a pull request").click()
    await expect(published(person)).to_contain_text(re.compile("gh (cannot be used|is not logged in)"))
    by_hand = "https://github.com/someone/project/compare/by-hand?expand=1"
    await expect(published(person).get_by_role("link", name=by_hand)).to_have_attribute("href", by_hand)
    assert at_remote(remote, "rev-parse", "by-hand")
    assert list(tools.iterdir()) == []


async def test_a_tool_that_is_signed_out_says_how_to_sign_in(
    person: Visit, desk: ServiceHarness, remote: Path, tools: Path
) -> None:
    put_tool(tools, "gh", auth=1)
    dialog = await publishing(person, desk)
    await dialog.get_by_role("button", name="Push and open a pull request").click()
    await expect(published(person)).to_contain_text("gh is not logged in (gh auth login).")
    assert at_remote(remote, "branch", "--format=%(refname)")


async def test_a_push_alone_asks_nobody(person: Visit, desk: ServiceHarness, remote: Path, tools: Path) -> None:
    log = put_tool(tools, "gh", answer=PULL)
    dialog = await publishing(person, desk)
    await dialog.get_by_role("radio", name="Push only").check()
    await dialog.get_by_role("textbox", name="Branch name").fill("only-pushed")
    await dialog.get_by_role("button", name="Push the branch").click()
    await expect(published(person).get_by_role("status")).to_contain_text("Pushed only-pushed to origin.")
    assert at_remote(remote, "rev-parse", "only-pushed")
    assert not log.exists()


async def test_without_a_remote_it_says_what_to_do(person: Visit, desk: ServiceHarness, project: Repository) -> None:
    dialog = await publishing(person, desk)
    await dialog.get_by_role("button", name="Push and open a pull request").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("remote")
    await expect(dialog.get_by_role("button", name="Push and open a pull request")).to_be_enabled()
    assert project.git("branch", "--format=%(refname:short)").decode().split() == ["main"]
    person.forgive("409")
