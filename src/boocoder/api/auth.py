"""The API's token and one-time login codes."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import time
from pathlib import Path

from boocoder.errors import InvalidInput

TOKEN_BYTES = 32
CODE_TTL_S = 600.0  # long enough to copy a link from a terminal
CODES_MAX = 16  # outstanding; the oldest is forgotten
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32,128}")


def load_token(data_dir: Path) -> str:
    """The token of a data directory, made on first use; the file is readable by its owner only.

    Args:
        data_dir: existing directory.

    Raises:
        InvalidInput: token_unreadable, the file holds no token.
    """
    path = data_dir / "token"
    if not path.exists():
        _create(path, secrets.token_urlsafe(TOKEN_BYTES))
    path.chmod(0o600)
    token = path.read_bytes().decode("ascii", "replace").strip()
    if not _TOKEN.fullmatch(token):
        raise InvalidInput(
            "token_unreadable", f"{path} holds no token.", "Delete the file: the next start makes a new token."
        )
    return token


def _create(path: Path, token: str) -> None:
    """Write the file whole or not at all; the first of two processes wins."""
    draft = path.with_name(f".token-{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(token + "\n")
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


class Authenticator:
    """Decides whether a token or a one-time code is right.

    Args:
        token: what API clients send as `Authorization: Bearer`.
        port: part of the cookie's name, because browsers share cookies between the ports of a host.
    """

    def __init__(self, *, token: str, port: int) -> None:
        self._token = token.encode()
        self.cookie_name = f"boocoder_{port}"
        self._codes: dict[str, float] = {}

    def token_is_right(self, token: bytes) -> bool:
        """Compare in constant time."""
        return hmac.compare_digest(token, self._token)

    def new_code(self) -> str:
        """A code that signs in one browser once, within CODE_TTL_S."""
        while len(self._codes) >= CODES_MAX:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_urlsafe(TOKEN_BYTES)
        self._codes[_digest(code)] = time.monotonic() + CODE_TTL_S
        return code

    def use_code(self, code: str) -> bool:
        """Whether the code is good; it is used up."""
        until = self._codes.pop(_digest(code), None)
        return until is not None and time.monotonic() <= until


def _digest(code: str) -> str:
    # Looked up by hash, so that the time of a lookup says nothing about a code.
    return hashlib.sha256(code.encode("utf-8", "surrogatepass")).hexdigest()
