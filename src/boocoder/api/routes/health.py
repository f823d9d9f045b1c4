"""Whether the service works, and links to sign in."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.services import Services
from boocoder.api.shapes.inputs import Nothing
from boocoder.api.shapes.outputs import HealthOut, LoginCodeOut
from boocoder.api.shell.token_auth import LOGIN_PATH
from boocoder.db import tasks

router = APIRouter(prefix="/api", route_class=StrictRoute)


@router.get("/health")
@access(Access.READ)
async def health(services: Services) -> HealthOut:
    """That the database answers, and how much there is to do; 503 when it does not."""
    async with services.database.connection() as conn:
        counts = await tasks.count_tasks(conn)
    return HealthOut(
        status="ok",
        version=services.info.version,
        host_id=services.info.host_id,
        instance_id=services.info.instance_id,
        pending_tasks=counts.pending,
        running_tasks=counts.running,
        subscriptions=services.broker.statistics().subscriptions,
    )


@router.post("/login-codes", status_code=201)
@access(Access.WRITE)
async def new_login_code(services: Services, body: Nothing | None = None) -> LoginCodeOut:
    """A link that signs in one more browser."""
    return LoginCodeOut(path=f"{LOGIN_PATH}?code={services.authenticator.new_code()}")
