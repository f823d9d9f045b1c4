"""Pairing a phone in the local network."""

from __future__ import annotations

from fastapi import APIRouter

from boocoder.api.access import Access, StrictRoute, access
from boocoder.api.requests.fields import EmptyBody
from boocoder.api.services import Connections
from boocoder.errors import Conflict
from boocoder.wire.service import PhonePairing, PhoneStatus

router = APIRouter(prefix="/api/phone", route_class=StrictRoute)


@router.get("")
@access(Access.MANAGE)
async def get_phone(connections: Connections) -> PhoneStatus:
    """Whether phones in the local network reach the service, and where."""
    phone = connections.phone
    return PhoneStatus(None, None) if phone is None else PhoneStatus(phone.url, phone.fingerprint)


@router.post("/pairings", status_code=201)
@access(Access.WRITE)
async def pair_phone(connections: Connections, body: EmptyBody | None = None) -> PhonePairing:
    """A link that signs in one phone, with its QR code; `boocoder browsers` and the page sign it out."""
    if connections.phone is None:
        text = "No phone can reach this service: it listens on this machine only."
        raise Conflict("phone_off", text, "Start it with `boocoder serve --phone`, or set phone.enabled = true.")
    return connections.phone.pair(connections.authenticator)
