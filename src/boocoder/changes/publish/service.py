"""Publishes a change: makes its branch, pushes it, and opens a pull request if the forge's tool is logged in.

The push and the forge's tool run as the user, with the user's credentials. It never pushes by force.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import msgspec

from boocoder.changes.apply.applier import ChangeApplier
from boocoder.changes.apply.planner import ApplyReport, ApplyRequest
from boocoder.changes.commits.message import FileStatistics, clean, request_text
from boocoder.changes.commits.policy import policy_of
from boocoder.changes.diff.statistics import FileRow
from boocoder.changes.publish.branch_merge import merge_base, merge_pushed
from boocoder.db.conversation import sessions
from boocoder.db.core.pool import Database
from boocoder.db.files import changes, review
from boocoder.db.registry import projects
from boocoder.errors import Conflict, Unavailable, sentences
from boocoder.git.project import Checkout
from boocoder.git.shadow.registry import ShadowRegistry
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.git.user.commit import read_reference
from boocoder.git.user.person import as_person
from boocoder.git.user.push import Remote, choose_remote, fetch_branch, push, shown
from boocoder.model.change import ApplyTarget, Verdict
from boocoder.model.ids import ChangeId, ProjectId
from boocoder.process.run import ProcessResult

TOOL_TIMEOUT_S = 120.0  # a few requests to a forge
TITLE_MAX_CHARS = 200
PROMPTS_MAX = 500  # of a session
_ADDRESS = re.compile(r"https?://\S+")

BeforePush = Callable[[Remote, str, str], Awaitable[None]]
"""Called with the remote, the branch's full name and its commit: the forge may speak of them as soon as it has them."""

ON_ITS_BRANCH = ApplyRequest(target=ApplyTarget.BRANCH, extend=True)


@dataclass(frozen=True, slots=True)
class PublishRequest:
    """How to publish.

    Args:
        apply: the branch, as for applying; a branch that the session has goes on.
        remote: None for that of the branch that is checked out, `origin`, or the only one.
        title, text: of the pull request; None to write them from the session.
        base: the branch that it is meant for; None for the forge's default.
        draft: ask for it as a draft.
        only_push: make no pull request.
    """

    apply: ApplyRequest = ON_ITS_BRANCH
    remote: str | None = None
    title: str | None = None
    text: str | None = None
    base: str | None = None
    draft: bool = False
    only_push: bool = False


@dataclass(frozen=True, slots=True)
class PublishResult:
    """A published branch.

    Args:
        report: of the branch.
        remote: where it was pushed to.
        output: of git and the forge's tool.
        url: of the pull request; None if none was made.
        open_url: the forge's page for opening one by hand, if it can be derived from the remote's address.
        next: what the person still has to do; empty if nothing.
    """

    report: ApplyReport
    remote: str
    output: str
    url: str | None
    open_url: str | None
    next: str


class ChangePublisher:
    """Publishes changes of this host's projects."""

    def __init__(
        self, *, database: Database, shadows: ShadowRegistry, applier: ChangeApplier, sign_commits: bool = False
    ) -> None:
        self._database = database
        self._shadows = shadows
        self._applier = applier
        self._sign = sign_commits

    async def publish(
        self, change_id: ChangeId, request: PublishRequest, *, before_push: BeforePush | None = None
    ) -> PublishResult:
        """Make the branch unless it exists, push it, and open a pull request. Calling it again pushes again.

        Raises:
            NotFound, Conflict, InvalidInput, GitError: as `ChangeApplier.apply`.
            Conflict: `not_on_a_branch`, where it was applied is not known; `remote_missing`; `push_failed`;
                `branch_diverged`, others pushed to the branch and changed the same places.
            Unavailable: git took too long.
        """
        project_id, shadow = await self._shadow(change_id)
        checkout = shadow.checkout
        remote = await choose_remote(checkout, request.remote)
        report = await self._applier.apply(change_id, request.apply)
        if report.target is not ApplyTarget.BRANCH or report.ref is None:
            raise Conflict(
                "not_on_a_branch",
                f"Change {change_id} was applied before; its branch is not known.",
                "Commit and push it with your own git.",
            )
        policy = await policy_of(self._database, project_id, sign_commits=self._sign)
        said, commit = await _push(shadow, remote, report.ref, sign=policy.sign, before=before_push)
        report = replace(report, commit=commit or report.commit)
        assert report.ref is not None
        branch = report.ref.removeprefix("refs/heads/")
        open_url = page_of(remote, branch)
        by_hand = f"Open {open_url}" if open_url else f"Ask for a pull request of {branch} where you host the project."
        if request.only_push:
            return PublishResult(report, remote.name, said, None, open_url, "")
        tool, why = await _tool(checkout, remote)
        if tool is None:
            return PublishResult(report, remote.name, said, None, open_url, f"{why} {by_hand}".strip())
        title, text = await self.words(change_id)
        title = _title(request.title) if request.title else title
        text = text if request.text is None else request.text
        done = await as_person(
            checkout,
            _argv(tool, branch, title, text, request),
            timeout_s=TOOL_TIMEOUT_S,
            stdin=text.encode() if tool == "gh" else b"",
        )
        return _published(report, remote.name, said, open_url, by_hand, tool, done)

    async def merge_base(self, change_id: ChangeId, ref: str, base_commit: str) -> None:
        """Give a session's branch a merge commit of a commit of its base, with the files of the change, which has both.

        Args:
            ref: full name of the branch.

        Raises:
            NotFound: change_not_found.
            Conflict: branch_missing, parts_rejected, reference_moved.
        """
        project_id, shadow = await self._shadow(change_id)
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
            decided = await review.list_decisions(conn, change.session_id)
        if any(one.verdict is Verdict.REJECTED or one.rest_rejected for one in decided):
            text = "Parts of the change are rejected, and a merge with its base cannot leave them out."
            raise Conflict("parts_rejected", text, "Have the agent take them back, or publish by hand.")
        policy = await policy_of(self._database, project_id, sign_commits=self._sign)
        await merge_base(shadow, ref, base_commit, tree=change.tree, sign=policy.sign)

    async def fetch(self, project_id: ProjectId, remote: str, branch: str) -> tuple[ShadowRepository, str | None]:
        """Fetch a branch of a remote as the user; the project's repository, and the commit.

        Raises:
            NotFound: project_not_found.
            Conflict: remote_missing.
            Unavailable: git took too long.
        """
        async with self._database.connection() as conn:
            project = await projects.get_project(conn, project_id)
        shadow = await self._shadows.of(project_id, Path(project.path))
        chosen = await choose_remote(shadow.checkout, remote)
        return shadow, await fetch_branch(shadow.checkout, chosen, f"refs/heads/{branch}")

    async def words(self, change_id: ChangeId) -> tuple[str, str]:
        """The default title and text of a pull request, written from the session.

        Raises:
            NotFound: change_not_found.
        """
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
            session = await sessions.get_session(conn, change.session_id)
            steps = await changes.list_asked(conn, change.session_id, change.task_id, PROMPTS_MAX)
        files = [
            FileStatistics(row.path, row.additions, row.deletions)
            for row in msgspec.json.decode(change.files, type=list[FileRow])
        ]
        return _title(session.title), request_text(steps, files)

    async def _shadow(self, change_id: ChangeId) -> tuple[ProjectId, ShadowRepository]:
        async with self._database.connection() as conn:
            change = await changes.get_change(conn, change_id)
            session = await sessions.get_session(conn, change.session_id)
            project = await projects.get_project(conn, session.project_id)
        return project.id, await self._shadows.of(project.id, Path(project.path))


async def _push(
    shadow: ShadowRepository, remote: Remote, ref: str, *, sign: bool, before: BeforePush | None
) -> tuple[str, str | None]:
    """Push a branch; where others pushed to it, merge that and push again.

    Returns:
        What git said, and the branch's commit if it was merged.
    """
    await _announce(shadow, remote, ref, before)
    try:
        return await push(shadow.checkout, remote, ref), None
    except Conflict:
        theirs = await fetch_branch(shadow.checkout, remote, ref)
        merged = None if theirs is None else await merge_pushed(shadow, ref, theirs, remote=remote.name, sign=sign)
        if merged is None:
            raise
    await _announce(shadow, remote, ref, before)
    return await push(shadow.checkout, remote, ref), merged


async def _announce(shadow: ShadowRepository, remote: Remote, ref: str, before: BeforePush | None) -> None:
    commit = None if before is None else await read_reference(shadow.checkout, ref)
    if before is not None and commit is not None:
        await before(remote, ref, commit)


def _title(text: str) -> str:
    return clean(text).replace("\n", " ")[:TITLE_MAX_CHARS]


async def _tool(checkout: Checkout, remote: Remote) -> tuple[str | None, str]:
    """The forge's tool, if it is installed and logged in; else why not."""
    tool = {"github": "gh", "gitlab": "glab"}.get(_forge(remote))
    if tool is None:
        return None, ""
    try:
        done = await as_person(checkout, (tool, "auth", "status", "--hostname", remote.host), timeout_s=TOOL_TIMEOUT_S)
    except Unavailable as error:
        return None, f"{tool} cannot be used: {error.text}"
    if done.returncode != 0:
        return None, f"{tool} is not logged in ({tool} auth login)."
    return tool, ""


def _forge(remote: Remote) -> str:
    return next((forge for forge in ("github", "gitlab") if forge in remote.host), "")


def page_of(remote: Remote, branch: str) -> str | None:
    """The forge's page that makes a pull request of a branch."""
    match _forge(remote):
        case "github":
            return f"https://{remote.host}/{remote.path}/compare/{quote(branch)}?expand=1"
        case "gitlab":
            wanted = f"merge_request%5Bsource_branch%5D={quote(branch, safe='')}"
            return f"https://{remote.host}/{remote.path}/-/merge_requests/new?{wanted}"
        case _:
            return None


def _argv(tool: str, branch: str, title: str, text: str, request: PublishRequest) -> list[str]:
    if tool == "gh":
        argv = ["gh", "pr", "create", "--head", branch, "--title", title, "--body-file", "-"]
        argv += ["--base", request.base] if request.base else []
    else:
        argv = ["glab", "mr", "create", "--source-branch", branch, "--title", title, "--description", text, "--yes"]
        argv += ["--target-branch", request.base] if request.base else []
    return [*argv, "--draft"] if request.draft else argv


def _published(
    report: ApplyReport, remote: str, said: str, open_url: str | None, by_hand: str, tool: str, done: ProcessResult
) -> PublishResult:
    printed = shown(done)
    found = _ADDRESS.findall(done.stdout.decode("utf-8", "replace")) or _ADDRESS.findall(printed)
    there_already = "already exists" in printed.lower()
    output = f"{said}\n{printed}".strip()
    if found and (done.returncode == 0 or there_already):
        return PublishResult(report, remote, output, found[-1].rstrip(".,)"), open_url, "")
    return PublishResult(
        report,
        remote,
        output,
        None,
        open_url,
        sentences(f"{tool} ended with {done.returncode}.", by_hand),
    )
