"""Reads deliveries of GitHub, Gitea and Forgejo. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from boocoder.db.registry.follows import ForgeNews
from boocoder.forges.report import (
    AUTHOR_MAX_CHARS,
    URL_MAX_CHARS,
    ForgeEvent,
    ForgeReport,
    base_moved,
    number_of,
    text_of,
)
from boocoder.model.webhook import FollowState, ForgeEventKind

Payload = Mapping[str, object]
WRITERS = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})
_FAILED = frozenset({"failure", "timed_out", "startup_failure", "action_required"})
_FAILED_STATUS = frozenset({"failure", "error"})


def read_github(event: str, payload: Payload) -> ForgeReport | None:
    """What a delivery says of branches; None where that is nothing.

    Args:
        event: as in the header `X-GitHub-Event`.
    """
    reader = _READERS.get(event)
    repository = text_of(payload, "repository.full_name", URL_MAX_CHARS).lower()
    return reader(repository, payload) if reader is not None and repository else None


def _suite(kind: str) -> Callable[[str, Payload], ForgeReport | None]:
    """Reads the end of a check suite or a workflow run."""

    def read(repository: str, payload: Payload) -> ForgeReport | None:
        if text_of(payload, "action") != "completed":
            return None
        name = text_of(payload, f"{kind}.name", 200) or text_of(payload, f"{kind}.app.name", 200) or "The checks"
        return _ci(
            repository,
            branch=text_of(payload, f"{kind}.head_branch", URL_MAX_CHARS),
            commit=text_of(payload, f"{kind}.head_sha", 64),
            conclusion=text_of(payload, f"{kind}.conclusion"),
            text=f"{name} ended with {text_of(payload, f'{kind}.conclusion', 100)}.",
            url=text_of(payload, f"{kind}.html_url", URL_MAX_CHARS),
        )

    return read


def _check_run(repository: str, payload: Payload) -> ForgeReport | None:
    conclusion = text_of(payload, "check_run.conclusion", 100)
    if text_of(payload, "action") != "completed" or conclusion not in _FAILED:
        return None  # that one check has passed says nothing of the others
    parts = [f"The check {text_of(payload, 'check_run.name', 200)} ended with {conclusion}."]
    parts += [text_of(payload, f"check_run.output.{part}") for part in ("title", "summary", "text")]
    return _ci(
        repository,
        branch=text_of(payload, "check_run.check_suite.head_branch", URL_MAX_CHARS),
        commit=text_of(payload, "check_run.head_sha", 64),
        conclusion=conclusion,
        text="\n".join(part for part in parts if part),
        url=text_of(payload, "check_run.html_url", URL_MAX_CHARS),
    )


def _status(repository: str, payload: Payload) -> ForgeReport | None:
    state = text_of(payload, "state", 100)
    if state not in _FAILED_STATUS:
        return None
    said = f"{text_of(payload, 'context', 200)}: {text_of(payload, 'description')}"
    return _ci(
        repository,
        branch=text_of(payload, "branches.0.name", URL_MAX_CHARS),
        commit=text_of(payload, "sha", 64),
        conclusion="failure",
        text=said,
        url=text_of(payload, "target_url", URL_MAX_CHARS),
    )


def _ci(repository: str, *, branch: str, commit: str, conclusion: str, text: str, url: str) -> ForgeReport | None:
    if not branch or not commit:
        return None
    if conclusion == "success":
        return ForgeReport(repository, branch=branch, news=ForgeNews(ci="passed", commit=commit))
    if conclusion not in _FAILED:
        return None
    event = ForgeEvent(ForgeEventKind.CI, f"ci:{commit}", text, url=url)
    return ForgeReport(repository, branch=branch, news=ForgeNews(ci="failed", commit=commit), event=event)


def _pull_request(repository: str, payload: Payload) -> ForgeReport | None:
    state = None
    if text_of(payload, "action") == "closed":
        merged = text_of(payload, "pull_request.merged") == "true"
        state = FollowState.MERGED if merged else FollowState.CLOSED
    return _about(repository, payload, news_state=state)


def _review(repository: str, payload: Payload) -> ForgeReport | None:
    if text_of(payload, "action") != "submitted":
        return None
    verdict = text_of(payload, "review.state", 100).lower()
    body = text_of(payload, "review.body")
    trusted = text_of(payload, "review.author_association") in WRITERS
    event = None
    if verdict == "changes_requested" or (body and verdict == "commented"):
        event = ForgeEvent(
            ForgeEventKind.REVIEW,
            f"review:{text_of(payload, 'review.id', 40)}",
            body or "Changes are requested.",
            text_of(payload, "review.user.login", AUTHOR_MAX_CHARS),
            text_of(payload, "review.html_url", URL_MAX_CHARS),
            trusted,
        )
    return _about(repository, payload, verdict=verdict if trusted else "", event=event)


def _review_comment(repository: str, payload: Payload) -> ForgeReport | None:
    if text_of(payload, "action") != "created":
        return None
    place = text_of(payload, "comment.path", 1_000)
    line = text_of(payload, "comment.line", 20)
    where = f"{place}:{line}" if line else place
    hunk = text_of(payload, "comment.diff_hunk", 4_000)
    text = f"At {where}:\n{text_of(payload, 'comment.body')}" + (f"\n\n```diff\n{hunk}\n```" if hunk else "")
    return _about(repository, payload, event=_comment(payload, ForgeEventKind.REVIEW, text))


def _issue_comment(repository: str, payload: Payload) -> ForgeReport | None:
    if text_of(payload, "action") != "created" or not text_of(payload, "issue.pull_request"):
        return None
    event = _comment(payload, ForgeEventKind.COMMENT, text_of(payload, "comment.body"))
    number = number_of(payload, "issue.number")
    return None if number is None else ForgeReport(repository, number=number, event=event)


def _comment(payload: Payload, kind: ForgeEventKind, text: str) -> ForgeEvent:
    return ForgeEvent(
        kind,
        f"{kind.value}-comment:{text_of(payload, 'comment.id', 40)}",
        text,
        text_of(payload, "comment.user.login", AUTHOR_MAX_CHARS),
        text_of(payload, "comment.html_url", URL_MAX_CHARS),
        text_of(payload, "comment.author_association") in WRITERS,
    )


def _about(
    repository: str,
    payload: Payload,
    *,
    news_state: FollowState | None = None,
    verdict: str = "",
    event: ForgeEvent | None = None,
) -> ForgeReport | None:
    """A report about the pull request of a delivery; None if its branch is in another repository."""
    branch = text_of(payload, "pull_request.head.ref", URL_MAX_CHARS)
    head = text_of(payload, "pull_request.head.repo.full_name", URL_MAX_CHARS).lower()
    if not branch or head != repository:
        return None
    news = ForgeNews(
        review={"approved": "approved", "changes_requested": "changes_requested"}.get(verdict),  # type: ignore[arg-type]
        base=text_of(payload, "pull_request.base.ref", URL_MAX_CHARS) or None,
        number=number_of(payload, "pull_request.number"),
        url=text_of(payload, "pull_request.html_url", URL_MAX_CHARS) or None,
        state=news_state,
    )
    return ForgeReport(repository, branch=branch, news=news, event=event)


_READERS: Mapping[str, Callable[[str, Payload], ForgeReport | None]] = {
    "check_suite": _suite("check_suite"),
    "workflow_run": _suite("workflow_run"),
    "check_run": _check_run,
    "status": _status,
    "pull_request": _pull_request,
    "pull_request_review": _review,
    "pull_request_review_comment": _review_comment,
    "issue_comment": _issue_comment,
    "push": base_moved,
}
