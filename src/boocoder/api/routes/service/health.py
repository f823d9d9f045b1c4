"""Health of the service, and sign-in links."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.middleware.token_auth import LOGIN_PATH
from boocoder.api.requests.fields import EmptyBody
from boocoder.api.services import Connections, Services
from boocoder.db.tasks import tasks
from boocoder.wire.service import LoginLink, ServiceHealth

router = APIRouter(prefix="/api", route_class=StrictRoute)


@router.get("/health")
@access(Access.ANY, ProjectTokens.OPEN)
async def get_health(services: Services) -> ServiceHealth:
    """That the database answers, and how much there is to do; 503 when it does not."""
    async with services.database.connection() as conn:
        counts = await tasks.count_tasks(conn)
    return ServiceHealth(
        status="ok",
        version=services.info.version,
        host_id=services.info.host_id,
        instance_id=services.info.instance_id,
        pending_tasks=counts.pending,
        running_tasks=counts.running,
        subscriptions=services.broker.statistics().subscriptions,
        warnings=services.info.warnings,
    )


@router.post("/login-codes", status_code=201)
@access(Access.WRITE)
async def add_login_code(connections: Connections, body: EmptyBody | None = None) -> LoginLink:
    """A link that signs in one more browser."""
    return LoginLink(path=f"{LOGIN_PATH}?code={connections.authenticator.new_code()}")
