"""An editor's prompt as the text and the attachments of a task."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from acp.schema import (
    AudioContentBlock,
    BlobResourceContents,
    EmbeddedResourceContentBlock,
    ImageContentBlock,
    ResourceContentBlock,
    TextContentBlock,
)

from boocoder.errors import InvalidInput
from boocoder.model.limits import ATTACHMENT_MAX_BYTES

ContentBlock = (
    TextContentBlock | ImageContentBlock | AudioContentBlock | ResourceContentBlock | EmbeddedResourceContentBlock
)
FENCE = "```"


@dataclass(frozen=True, slots=True)
class PromptFile:
    """A file that goes with a prompt; `content` is base64."""

    name: str
    content: str


@dataclass(slots=True)
class PromptContent:
    """What a task gets: its words, and files to upload."""

    text: str = ""
    files: list[PromptFile] = field(default_factory=list)


def prompt_content(blocks: Sequence[ContentBlock], project: Path) -> PromptContent:
    """Translate a prompt.

    Args:
        blocks: as the editor sent them.
        project: root of the checkout; paths below it become relative, because the agent works in a copy of it.

    Raises:
        InvalidInput: prompt_block_unsupported, attachment_not_base64, attachment_too_large, prompt_empty.
    """
    content = PromptContent()
    context: list[str] = []
    for block in blocks:
        match block:
            case TextContentBlock():
                content.text += block.text
            case ResourceContentBlock():
                content.text += f"`{local_path(block.uri, project)}`"
            case EmbeddedResourceContentBlock():
                context += _embedded(block, project, content)
            case ImageContentBlock():
                suffix = mimetypes.guess_extension(block.mime_type) or ".png"
                content.files.append(_file(f"image-{len(content.files) + 1}{suffix}", block.data))
            case _:
                text = f"The prompt has a part of type {getattr(block, 'type', '?')}, which no agent here takes."
                raise InvalidInput("prompt_block_unsupported", text, "Send text, files or images.")
    content.text = "\n\n".join(filter(str.strip, (content.text, *context)))
    if not content.text.strip():
        if not content.files:
            raise InvalidInput("prompt_empty", "The prompt is empty.", "Write what to do.")
        content.text = "See the attached files."
    return content


def local_path(uri: str, project: Path) -> str:
    """The path that a URI names: relative to the project if it is below it; other URIs stay as they are."""
    parts = urlsplit(uri)
    if parts.scheme not in ("file", "") or (parts.scheme == "" and not uri.startswith("/")):
        return uri
    path = PurePosixPath(unquote(parts.path))
    for root in (project, project.resolve()):
        if path.is_relative_to(root):
            return str(path.relative_to(root))
    return str(path)


def _embedded(block: EmbeddedResourceContentBlock, project: Path, content: PromptContent) -> list[str]:
    resource = block.resource
    path = local_path(resource.uri, project)
    if isinstance(resource, BlobResourceContents):
        content.files.append(_file(PurePosixPath(path).name or "file", resource.blob))
        return []
    fence = FENCE
    while fence in resource.text:
        fence += "`"
    end = "" if resource.text.endswith("\n") else "\n"
    return [f"Content of `{path}`:\n{fence}\n{resource.text}{end}{fence}"]


def _file(name: str, data: str) -> PromptFile:
    try:
        size = len(base64.b64decode(data, validate=True))
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(
            "attachment_not_base64", f"The content of {name} is not base64.", "Send it again."
        ) from error
    if size > ATTACHMENT_MAX_BYTES:
        text = f"{name} has {size} bytes; an attachment has at most {ATTACHMENT_MAX_BYTES}."
        raise InvalidInput("attachment_too_large", text, "Name its path in the prompt instead.")
    return PromptFile(name, data)
