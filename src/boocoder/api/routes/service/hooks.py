"""Hooks: list, add, turn off, remove; and their addresses, at which other programs start tasks."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Path, Request, Response

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.answers.rows import from_row
from boocoder.api.problem import ApiError, RateLimit
from boocoder.api.requests.hooks import HookPatch, NewHook
from boocoder.api.services import Services
from boocoder.api.tokens.grant import grant_of
from boocoder.errors import NotFound
from boocoder.intake.hooks import registry
from boocoder.intake.hooks.signature import delivery_of
from boocoder.model.ids import ProjectId
from boocoder.wire.webhooks import HookInfo, HookResult, NewHookInfo

router = APIRouter(prefix="/api/hooks", route_class=StrictRoute)
HookPath = Annotated[str, Path(max_length=63)]


@router.get("")
@access(Access.MANAGE, ProjectTokens.NEVER)
async def list_hooks(services: Services) -> list[HookInfo]:
    """All of them, by name."""
    return await services.hooks.all()


@router.post("", status_code=201)
@access(Access.WRITE, ProjectTokens.NEVER)
async def add_hook(body: NewHook, services: Services) -> NewHookInfo:
    """Add a hook; only this answer has its secret."""
    given = body.model_dump()
    new = registry.HookDraft(**{**given, "project_id": ProjectId(body.project_id)})
    added, secret = await services.hooks.add(new)
    return from_row(NewHookInfo, added, secret=secret)


@router.patch("/{name}")
@access(Access.WRITE, ProjectTokens.NEVER)
async def change_hook(name: HookPath, body: HookPatch, services: Services) -> HookInfo:
    """Turn it off or on; one that is off starts no task."""
    return await services.hooks.enable(name, enabled=body.enabled)


@router.delete("/{name}")
@access(Access.WRITE, ProjectTokens.NEVER)
async def remove_hook(name: HookPath, services: Services) -> HookInfo:
    """Remove it; the tasks that it started stay."""
    return await services.hooks.remove(name)


@router.post("/{name}", status_code=201)
@access(Access.START, ProjectTokens.OPEN)
async def call_hook(
    name: HookPath,
    request: Request,
    services: Services,
    response: Response,
    body: Annotated[dict[str, object], Body()],
) -> HookResult:
    """Start the hook's task with the fields of the body, or keep what a forge says in it of a published branch.

    It needs a token, or a signature with the hook's secret instead. 200 if a delivery with its id started the task
    before, or where the body does not fit the hook's conditions.
    """
    grant = grant_of(request.scope)
    assert grant is not None, "the guard of the route lets no other request in"
    hook = next((one for one in await services.hooks.all() if one.name == name), None)
    if grant.project_id is not None and (hook is None or grant.project_id != hook.project_id):
        raise NotFound("hook_not_found", f"There is no hook {name!r} in the token's project.")
    delivery = delivery_of({key.lower(): value for key, value in request.headers.items()})
    if hook is not None and hook.enabled:
        followed = await services.follows.take(hook.project_id, delivery.event, body)
        if followed:
            response.status_code = 200
            return HookResult(None, followed[0].session_id, created=False, skipped=f"branch {followed[0].branch}")
    try:
        result = await services.hooks.deliver(name, body, delivery)
    except registry.HookBusy as busy:
        limit = RateLimit("hook", busy.per_hour, 3_600, busy.free_in_s)
        raise ApiError(busy.status, busy.code, busy.text, busy.cure, headers=limit.headers) from busy
    if not result.created:
        response.status_code = 200
    return result
