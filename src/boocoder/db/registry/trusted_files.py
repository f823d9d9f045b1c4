"""Files of a project that a person has trusted, as rows. Nothing is read from disk here."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from boocoder.db.core.pool import Connection
from boocoder.db.core.statements import Done, statement
from boocoder.model.ids import ProjectId


class TrustedFile(msgspec.Struct, frozen=True):
    """A path with the SHA-256 of the content that was trusted."""

    path: str
    sha256: str


_LIST = statement("trusted_files", "list_trusted", row=TrustedFile, params=(UUID,))
_TRUST = statement("trusted_files", "trust_files", row=Done, params=(UUID, list[str], list[str]))
_DISTRUST = statement("trusted_files", "distrust_project", row=Done, params=(UUID,))


async def list_trusted(conn: Connection, project_id: ProjectId) -> list[TrustedFile]:
    """All that was trusted in a project, contents that are gone included."""
    return await _LIST.all(conn, project_id)


async def trust_files(conn: Connection, project_id: ProjectId, files: Sequence[TrustedFile]) -> None:
    """Trust files with their contents. Harmless for those that are trusted."""
    await _TRUST.all(conn, project_id, [one.path for one in files], [one.sha256 for one in files])


async def distrust_project(conn: Connection, project_id: ProjectId) -> None:
    """Forget all of a project."""
    await _DISTRUST.all(conn, project_id)
