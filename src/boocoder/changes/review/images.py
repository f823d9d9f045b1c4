"""Reads the images of a change, for a comparison of before and after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from boocoder.changes.diff.tree_diff import FileChange
from boocoder.errors import NotFound
from boocoder.git.shadow.repository import ShadowRepository
from boocoder.model.media_type import IMAGE_TYPES, media_type

IMAGE_MAX_BYTES = 16 * 1024 * 1024  # a larger one is not for a browser's page
_LINK = "120000"


@dataclass(frozen=True, slots=True)
class ChangedImage:
    """One side of a changed image."""

    content: bytes
    media_type: str


async def read_image(shadow: ShadowRepository, file: FileChange, side: Literal["old", "new"]) -> ChangedImage:
    """The image as it was before the change, or as it is after it.

    Raises:
        NotFound: image_not_in_change: there is no file on that side, or it is none of `IMAGE_TYPES`, or too large.
        GitError: git failed.
    """
    name, size, mode = (
        (file.old_id, file.old_size, file.old_mode) if side == "old" else (file.new_id, file.new_size, file.new_mode)
    )
    if size is not None and size <= IMAGE_MAX_BYTES and mode != _LINK:
        content = await shadow.blob(name, max_bytes=IMAGE_MAX_BYTES)
        kind = media_type(content)
        if kind in IMAGE_TYPES:
            return ChangedImage(content, kind)
    where = "before the change" if side == "old" else "after it"
    raise NotFound(
        "image_not_in_change",
        f"There is no image to show {where}: {file.path.decode(errors='replace')[:200]}.",
        "PNG, JPEG, GIF and WebP up to 16 MiB are shown; the diff of the change has every file.",
    )
