"""Image attachments of a prompt, for agents that take images beside its text."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from boocoder.events.agent_event import Notice, NoticeLevel
from boocoder.model.limits import PROMPT_IMAGES_MAX, PROMPT_IMAGES_MAX_BYTES
from boocoder.model.media_type import IMAGE_TYPES, media_type


@dataclass(frozen=True, slots=True)
class PromptImage:
    """One image.

    Args:
        path: its file.
        media_type: by its bytes, one of IMAGE_TYPES.
        content: its bytes.
    """

    path: Path
    media_type: str
    content: bytes

    @property
    def base64(self) -> str:
        """Its bytes as base64."""
        return base64.b64encode(self.content).decode()

    @property
    def data_url(self) -> str:
        """Its bytes as a data: URL."""
        return f"data:{self.media_type};base64,{self.base64}"


@dataclass(frozen=True, slots=True)
class PromptImages:
    """The images of a prompt, and what the person should know about those that are not among them."""

    images: tuple[PromptImage, ...] = ()
    notices: tuple[Notice, ...] = ()


async def read_images(files: Sequence[Path]) -> PromptImages:
    """The images among the files, as many as one prompt may have; a file that cannot be read is left out.

    Args:
        files: attachments in the person's order; the prompt's text names each of them.
    """
    return await asyncio.to_thread(_read, files) if files else PromptImages()


def images_not_seen(model: str) -> Notice:
    """The notice that a model gets the paths of attached images only.

    Args:
        model: its name for people.
    """
    return Notice("images_not_seen", f"{model} does not see images; it got only their paths.", NoticeLevel.WARNING)


def _read(files: Sequence[Path]) -> PromptImages:
    taken: list[PromptImage] = []
    left_out: list[str] = []
    room = PROMPT_IMAGES_MAX_BYTES
    for path in files:
        image = _image_of(path)
        if image is None:
            continue
        if len(taken) < PROMPT_IMAGES_MAX and len(image.content) <= room:
            taken.append(image)
            room -= len(image.content)
        else:
            left_out.append(path.name)
    return PromptImages(tuple(taken), (_too_many(left_out),) if left_out else ())


def _image_of(path: Path) -> PromptImage | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    kind = media_type(content)
    return PromptImage(path, kind, content) if kind in IMAGE_TYPES else None


def _too_many(names: Sequence[str]) -> Notice:
    text = (
        f"The agent got only the paths of {', '.join(names)}: a prompt has at most {PROMPT_IMAGES_MAX} images and "
        f"{PROMPT_IMAGES_MAX_BYTES / 1e6:.0f} MB of them."
    )
    return Notice("images_as_files", text)
