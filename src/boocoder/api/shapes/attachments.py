"""Files that go with a task, as requests and answers."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated

from pydantic import AfterValidator, Field

from boocoder.api.shapes.inputs import Input, Name
from boocoder.model.limits import BODY_MAX_BYTES


def _decodable(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValueError("is not base64") from error
    return text


class NewAttachment(Input):
    """Keep a file until a task takes it."""

    name: Name
    content: Annotated[str, Field(max_length=BODY_MAX_BYTES), AfterValidator(_decodable)]

    def decoded(self) -> bytes:
        """The file's bytes."""
        return base64.b64decode(self.content)
