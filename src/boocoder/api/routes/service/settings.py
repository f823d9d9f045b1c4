"""The settings of the service: what is in force, where it comes from, and changes of the settings file."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter

from boocoder.api.access import Access, ProjectTokens, StrictRoute, access
from boocoder.api.requests.settings import SettingsPatch
from boocoder.api.services import Services
from boocoder.wire.service import SettingsOverview

router = APIRouter(prefix="/api/settings", route_class=StrictRoute)


@router.get("")
@access(Access.MANAGE, ProjectTokens.NEVER)
async def get_settings(services: Services) -> SettingsOverview:
    """Every setting, and the agents, model servers and MCP servers of the settings file."""
    return await asyncio.to_thread(services.settings.overview)


@router.patch("")
@access(Access.WRITE, ProjectTokens.NEVER)
async def change_settings(body: SettingsPatch, services: Services) -> SettingsOverview:
    """Change the settings file; what it says holds from the next start on."""
    return await asyncio.to_thread(services.settings.change, body.changes)
