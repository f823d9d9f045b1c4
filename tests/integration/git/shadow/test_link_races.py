"""An agent's process puts links into its session's git directory while boocoder works there: none is followed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from boocoder.errors import GitError
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.worktree.session_head import end_operation, move_head
from boocoder.git.worktree.session_repository import make_git_directory
from boocoder.git.worktree.session_worktrees import RepairKind
from boocoder.process.sandbox.profile import SandboxMechanism
from boocoder.process.sandbox.sandbox import Sandbox, SandboxPolicy
from boocoder.process.sandbox.support import find_support
from tests.fixtures.repository import MakeRepository
from tests.integration.git.test_session_repository import inside

MECHANISMS = [SandboxMechanism.BUBBLEWRAP, SandboxMechanism.LANDLOCK]


def files_of(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def led_out(path: Path, outside: Path) -> None:
    """Put a link to a person's folder, which has what git looks for, in place of something."""
    kept = path.with_name(f"{path.name}.kept")
    if path.exists():
        path.rename(kept)
        if kept.is_dir():
            for one in kept.rglob("*"):
                place = outside / one.relative_to(kept)
                place.mkdir(parents=True, exist_ok=True) if one.is_dir() else place.write_bytes(one.read_bytes())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(outside)


class Racing:
    """Confines git as the sandbox does, and lets an agent act after every check and before git starts."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        self.act: dict[str, Callable[[], None]] = {}  # by git's subcommand

    def __call__(self, argv: tuple[str, ...], cwd: Path, writable: Path) -> tuple[str, ...]:
        for word in argv:
            self.act.pop(word, lambda: None)()
        return self._sandbox.limit_writes(argv, cwd, writable)


@pytest.fixture
def disk() -> Iterator[Path]:
    """A folder that is not in shared memory, which every sandbox hides."""
    with TemporaryDirectory(prefix="boo-races-", dir="/tmp") as name:
        yield Path(name)


@pytest.fixture
async def racing(request: pytest.FixtureRequest, disk: Path) -> Racing:
    wanted = request.param
    support = await find_support(() if wanted is SandboxMechanism.LANDLOCK else None)
    if support.mechanism is not wanted:
        pytest.skip(f"{wanted} does not work here: {support.reason}")
    home = disk / "home"
    home.mkdir()
    return Racing(Sandbox(policy=SandboxPolicy(), home=home, data_dir=disk / "data", support=support))


async def opened(project: Path, root: Path, limit: Racing | None = None) -> ShadowRepository:
    shadow = ShadowRepository(git_dir=root / "data" / "shadow.git", project=project, limit=limit)
    await shadow.open()
    return shadow


@pytest.mark.parametrize("racing", MECHANISMS, indirect=True)
@pytest.mark.parametrize("name", ["refs/heads", "logs/refs", "refs"])
async def test_head_is_not_moved_through_a_link_that_comes_after_the_check(
    repository: MakeRepository, disk: Path, racing: Racing, name: str
) -> None:
    project = repository()
    shadow = await opened(project.path, disk, racing)
    place = await shadow.add_worktree(disk / "w" / "one", commit=project.head())
    inside(project, place, "commit", "-q", "--allow-empty", "-m", "a log is there")
    project.write("new.txt", b"new\n")
    commit = project.commit("By the person")
    outside = disk / "home" / "theirs"
    outside.mkdir()
    link = shadow.worktrees.git_dir_of(place.path) / name
    before: dict[Path, bytes] = {}

    def swap_in() -> None:
        led_out(link, outside)
        before.update(files_of(outside))

    racing.act["update-ref"] = swap_in
    with pytest.raises(GitError, match=r"Read-only file system|Permission denied|unable|cannot"):
        await move_head(shadow.worktrees, place.path, commit, reason="test")
    assert before and files_of(outside) == before


@pytest.mark.parametrize("racing", MECHANISMS, indirect=True)
async def test_no_folder_of_a_person_is_emptied_through_a_link_that_comes_after_the_check(
    repository: MakeRepository, disk: Path, racing: Racing
) -> None:
    project = repository()
    shadow = await opened(project.path, disk, racing)
    place = await shadow.add_worktree(disk / "w" / "one", commit=project.head())
    git_dir = shadow.worktrees.git_dir_of(place.path)
    branch = inside(project, place, "symbolic-ref", "HEAD").decode().strip()
    (git_dir / "rebase-merge").mkdir()
    (git_dir / "rebase-merge" / "head-name").write_text(f"{branch}\n")
    outside = disk / "home" / "theirs"
    (outside / "deep").mkdir(parents=True)
    (outside / "deep" / "file").write_text("a person's file\n")
    racing.act["rebase"] = lambda: led_out(git_dir / "rebase-merge", outside)
    with suppress(GitError):  # git may say what it could not delete
        await end_operation(shadow.worktrees, place.path)
    assert (outside / "deep" / "file").read_text() == "a person's file\n"
    assert (outside / "head-name").read_text() == f"{branch}\n"


@pytest.mark.parametrize("racing", MECHANISMS[:1], indirect=True)
async def test_head_is_moved_within_the_limit(repository: MakeRepository, disk: Path, racing: Racing) -> None:
    project = repository()
    shadow = await opened(project.path, disk, racing)
    place = await shadow.add_worktree(disk / "w" / "one", commit=project.head())
    project.write("new.txt", b"new\n")
    commit = project.commit("By the person")
    began: list[str] = []
    racing.act["update-ref"] = lambda: began.append("update-ref")
    await move_head(shadow.worktrees, place.path, commit, reason="test")
    assert inside(project, place, "rev-parse", "HEAD").decode().strip() == commit
    assert began == ["update-ref"]
    inside(project, place, "config", "core.worktree", "/elsewhere")
    done = await shadow.worktrees.prepare(place.path, commit=commit)
    assert [one.kind for one in done] == [RepairKind.CONFIG]


@pytest.mark.parametrize("name", ["refs/heads", "refs", "objects/info", "info", "HEAD", "index", ""])
@pytest.mark.parametrize("dangling", [False, True])
async def test_a_repair_writes_through_no_link(
    repository: MakeRepository, tmp_path: Path, name: str, dangling: bool
) -> None:
    project = repository()
    shadow = await opened(project.path, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one", commit=project.head())
    git_dir = shadow.worktrees.git_dir_of(place.path)
    outside = tmp_path / "home"
    outside.mkdir()
    led_to = outside / "nothing" if dangling else outside
    (git_dir / "objects/info/alternates").unlink()
    link = git_dir / name if name else git_dir
    link.rename(tmp_path / "was")
    link.symlink_to(led_to)
    done = await shadow.worktrees.prepare(place.path, commit=place.base_commit)
    assert RepairKind.REPOSITORY in [one.kind for one in done]
    assert list(outside.iterdir()) == []
    assert inside(project, place, "rev-parse", "HEAD").decode().strip() == place.base_commit
    assert inside(project, place, "status", "--porcelain") == b""


async def test_a_repair_writes_through_no_link_that_comes_while_it_works(
    repository: MakeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = repository()
    shadow = await opened(project.path, tmp_path)
    place = await shadow.add_worktree(tmp_path / "w" / "one", commit=project.head())
    git_dir = shadow.worktrees.git_dir_of(place.path)
    outside = tmp_path / "home"
    outside.mkdir()
    (git_dir / "objects/info/alternates").unlink()

    def made(*args: object, **named: object) -> None:
        make_git_directory(*args, **named)  # type: ignore[arg-type]
        (git_dir / "objects/info").rename(tmp_path / "was")
        (git_dir / "objects/info").symlink_to(outside)

    monkeypatch.setattr("boocoder.git.worktree.session_repository.make_git_directory", made)
    await shadow.worktrees.prepare(place.path, commit=place.base_commit)
    assert list(outside.iterdir()) == []
    assert inside(project, place, "rev-parse", "HEAD").decode().strip() == place.base_commit
