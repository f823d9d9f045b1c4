"""Uploads the files of a task."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from boocoder.client.http_client import Client
from boocoder.errors import InvalidInput
from boocoder.model.limits import ATTACHMENT_MAX_BYTES


class _CreatedAttachment(msgspec.Struct, frozen=True):
    id: UUID


async def send_files(client: Client, files: Sequence[Path]) -> list[str]:
    """Upload files; their ids, in the same order.

    Raises:
        InvalidInput: attachment_unreadable, attachment_too_large.
        BoocoderError: the service refuses one, or is not there.
    """
    contents = [_read(path) for path in files]  # all can be read before the first is sent
    ids = []
    for path, content in zip(files, contents, strict=True):
        body = {"name": path.name[-200:], "content": base64.b64encode(content).decode()}
        ids.append(str((await client.post("/api/attachments", _CreatedAttachment, body)).id))
    return ids


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > ATTACHMENT_MAX_BYTES:
            text = f"{path} has more than {ATTACHMENT_MAX_BYTES} bytes."
            raise InvalidInput("attachment_too_large", text, "Name its path in the prompt instead.")
        return path.read_bytes()
    except OSError as error:
        text = f"{path} cannot be read: {error.strerror or error}."
        raise InvalidInput("attachment_unreadable", text, "Name a file that is there.") from error
