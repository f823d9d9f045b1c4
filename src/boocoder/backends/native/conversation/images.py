"""Images of conversations: one file per image, named by its content, beside the conversations that name them."""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from boocoder.backends.native.conversation.store import StoredImage
from boocoder.backends.prompt_images import PromptImage

UNUSED_MAX_S = 30 * 24 * 3_600.0  # an old conversation goes on with the paths of its images


class ImageStore:
    """The files.

    Args:
        directory: of the files; created by the first write.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def keep(self, images: Sequence[PromptImage]) -> tuple[StoredImage, ...]:
        """Store the images of a prompt, and delete those that no request has used for `UNUSED_MAX_S`.

        Raises:
            OSError: one cannot be written.
        """
        if images:
            self._prune()
        return tuple(self._keep(image) for image in images)

    def data_urls(self, names: Iterable[str]) -> dict[str, str]:
        """The images as data: URLs, by name; without those whose file is gone."""
        urls: dict[str, str] = {}
        for name in names:
            try:
                content = (self._directory / name).read_bytes()
                os.utime(self._directory / name)
            except OSError:
                continue
            kind = name.rpartition(".")[2]
            urls[name] = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        return urls

    def _keep(self, image: PromptImage) -> StoredImage:
        kind = image.media_type.removeprefix("image/")
        path = self._directory / f"{hashlib.sha256(image.content).hexdigest()}.{kind}"
        if path.exists():
            os.utime(path)
        else:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = path.with_name(f".{uuid4().hex}")
            part.touch(mode=0o600)
            part.write_bytes(image.content)
            part.replace(path)
        return StoredImage(path.name, len(image.content))

    def _prune(self) -> None:
        for path in self._directory.glob("*"):
            with suppress(OSError):
                if time.time() - path.stat().st_mtime > UNUSED_MAX_S:
                    path.unlink()
