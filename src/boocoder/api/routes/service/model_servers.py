"""Model servers: those of this machine that are not used yet, and unloading models."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.tasks import ModelServerInput, ModelUnloadInput
from boocoder.api.services import Services
from boocoder.model.agent import ModelDetails
from boocoder.model_servers.found_server import FoundServer

router = APIRouter(prefix="/api/model-servers", route_class=StrictRoute)


@router.get("/found")
@access(Access.READ)
async def find_model_servers(services: Services) -> list[FoundServer]:
    """Model servers on the usual ports of this machine that are not used; each is asked for its list of models."""
    return list(await services.agents.find_model_servers())


@router.post("", status_code=201)
@access(Access.WRITE)
async def add_model_server(services: Services, body: ModelServerInput) -> FoundServer:
    """Use one of those that were found, from now on and after a restart."""
    return await services.agents.add_model_server(body.base_url)


@router.post("/unload")
@access(Access.WRITE)
async def unload_model(services: Services, body: ModelUnloadInput) -> ModelDetails:
    """Have its server unload a model that no turn uses; the next request for it loads it again."""
    return await services.agents.unload_model(body.model)
