"""Reads deliveries of GitLab. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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
JOBS_MAX = 50  # of a pipeline, looked at for failures
_ENDS = {"merge": FollowState.MERGED, "close": FollowState.CLOSED}


def read_gitlab(event: str, payload: Payload) -> ForgeReport | None:
    """What a delivery says of branches; None where that is nothing.

    Args:
        event: as in the header `X-Gitlab-Event`.
    """
    repository = text_of(payload, "project.path_with_namespace", URL_MAX_CHARS).lower()
    if not repository:
        return None
    match event:
        case "Pipeline Hook":
            return _pipeline(repository, payload)
        case "Merge Request Hook":
            return _merge_request(repository, payload)
        case "Note Hook":
            return _note(repository, payload)
        case "Push Hook":
            return base_moved(repository, payload)
    return None


def _pipeline(repository: str, payload: Payload) -> ForgeReport | None:
    status = text_of(payload, "object_attributes.status", 100)
    branch = text_of(payload, "object_attributes.ref", URL_MAX_CHARS)
    commit = text_of(payload, "object_attributes.sha", 64)
    if text_of(payload, "object_attributes.tag") == "true" or not branch or not commit:
        return None
    if status == "success":
        return ForgeReport(repository, branch=branch, news=ForgeNews(ci="passed", commit=commit))
    if status != "failed":
        return None
    names = ", ".join(_failed_jobs(payload)) or "a job"
    event = ForgeEvent(
        ForgeEventKind.CI,
        f"ci:{commit}",
        f"The pipeline failed: {names}.",
        url=text_of(payload, "object_attributes.url", URL_MAX_CHARS),
    )
    return ForgeReport(repository, branch=branch, news=ForgeNews(ci="failed", commit=commit), event=event)


def _failed_jobs(payload: Payload) -> list[str]:
    jobs = payload.get("builds")
    if not isinstance(jobs, Sequence) or isinstance(jobs, str):
        return []
    listed = [job for job in jobs[:JOBS_MAX] if isinstance(job, Mapping)]
    return [text_of(job, "name", 200) for job in listed if text_of(job, "status") == "failed"]


def _merge_request(repository: str, payload: Payload) -> ForgeReport | None:
    if not _same_project(payload, "object_attributes"):
        return None
    action = text_of(payload, "object_attributes.action", 100)
    news = ForgeNews(
        review="approved" if action == "approved" else None,
        base=text_of(payload, "object_attributes.target_branch", URL_MAX_CHARS) or None,
        number=number_of(payload, "object_attributes.iid"),
        url=text_of(payload, "object_attributes.url", URL_MAX_CHARS) or None,
        state=_ENDS.get(action),
    )
    branch = text_of(payload, "object_attributes.source_branch", URL_MAX_CHARS)
    return ForgeReport(repository, branch=branch, news=news) if branch else None


def _note(repository: str, payload: Payload) -> ForgeReport | None:
    branch = text_of(payload, "merge_request.source_branch", URL_MAX_CHARS)
    if not branch or not _same_project(payload, "merge_request"):
        return None
    if text_of(payload, "object_attributes.system") == "true":
        return None
    path = text_of(payload, "object_attributes.position.new_path", 1_000)
    line = text_of(payload, "object_attributes.position.new_line", 20)
    where = f"At {path}{':' * bool(line)}{line}:\n" if path else ""
    event = ForgeEvent(
        ForgeEventKind.REVIEW if path else ForgeEventKind.COMMENT,
        f"note:{text_of(payload, 'object_attributes.id', 40)}",
        where + text_of(payload, "object_attributes.note"),
        text_of(payload, "user.username", AUTHOR_MAX_CHARS),
        text_of(payload, "object_attributes.url", URL_MAX_CHARS),
        trusted=False,  # the delivery does not say whether its author is a member
    )
    news = ForgeNews(number=number_of(payload, "merge_request.iid"))
    return ForgeReport(repository, branch=branch, news=news, event=event)


def _same_project(payload: Payload, request: str) -> bool:
    source = text_of(payload, f"{request}.source_project_id", 40)
    return source == text_of(payload, f"{request}.target_project_id", 40)
