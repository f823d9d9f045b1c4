"""The service itself: health, sign-in links, the demo project, and the file with its address."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from boocoder.model.access_token import TokenScope
from boocoder.model.ids import HostId, InstanceId, ProjectId, SessionId
from boocoder.wire.projects import Project


class ServiceHealth(msgspec.Struct, frozen=True):
    """The state of the service and its load; `warnings` are sentences about who can reach it."""

    status: str
    version: str
    host_id: HostId
    instance_id: InstanceId
    pending_tasks: int
    running_tasks: int
    subscriptions: int
    warnings: tuple[str, ...] = ()


class HostFields(msgspec.Struct, frozen=True):
    """The part of a host that its row and the API's answer have in common."""

    id: HostId
    name: str
    alive: bool
    preference: int
    max_turns: int
    drained_at: datetime | None
    started_at: datetime
    gone_at: datetime | None
    sessions: int
    running_tasks: int
    pending_tasks: int
    agents: tuple[str, ...]
    projects: tuple[str, ...]


class HostInfo(HostFields, frozen=True):
    """A machine and data directory that runs, or ran, boocoder on this database.

    Args:
        current: it sent this answer.
        alive: whether it runs: it renews its lease.
        preference: new sessions go to hosts with a higher one first, while these have room.
        max_turns: turns that it runs at once.
        drained_at: since when it takes no new session; None while it takes them.
        gone_at: when it stopped or its lease ran out; None while it runs.
        sessions: open sessions whose files are there.
        running_tasks, pending_tasks: tasks of those sessions; what waits for a host that is gone runs when it is back.
        agents, projects: names of those that are ready there.
    """

    current: bool


class LoginLink(msgspec.Struct, frozen=True):
    """The path of a link that signs in one browser, once."""

    path: str


class PhoneStatus(msgspec.Struct, frozen=True):
    """Where phones in the local network reach the service; both null where they do not.

    Args:
        url: of the page.
        fingerprint: SHA-256 of the certificate there.
    """

    url: str | None
    fingerprint: str | None


class PhonePairing(msgspec.Struct, frozen=True):
    """A link that signs in one phone, once.

    Args:
        link: to open on the phone.
        qr: the link as a QR code: rows of `1` (dark) and `0`, without the light border around it.
        fingerprint: SHA-256 of the certificate, to compare with what the phone shows.
        valid_s: seconds for which the link works.
    """

    link: str
    qr: tuple[str, ...]
    fingerprint: str
    valid_s: float


class BrowserFields(msgspec.Struct, frozen=True):
    """The part of a signed-in browser that its row and the API's answer have in common."""

    id: UUID
    user_agent: str
    peer: str
    created_at: datetime
    seen_at: datetime
    ends_at: datetime


class BrowserInfo(BrowserFields, frozen=True):
    """A browser that is signed in; `current`: it sent this request; `seen_at` is right within some minutes."""

    current: bool


class TokenInfo(msgspec.Struct, frozen=True):
    """An access token: what it may do, for which project (None: all), and until when (None: for ever).

    `used_at` is right within some minutes; None: it was never used.
    """

    id: UUID
    name: str
    scope: TokenScope
    project_id: ProjectId | None
    created_at: datetime
    used_at: datetime | None
    ends_at: datetime | None


class NewTokenInfo(TokenInfo, frozen=True):
    """A fresh access token with its secret, which is told this once."""

    token: str


class TokenGrant(msgspec.Struct, frozen=True):
    """What the credential of a request may do: its scope, its project (None: all), and the accesses of routes.

    Args:
        session_id: whose agent has it; None unless it is the token of an agent inside boocoder.
    """

    scope: TokenScope
    project_id: ProjectId | None
    session_id: SessionId | None
    allows: tuple[str, ...]


class DemoProject(msgspec.Struct, frozen=True):
    """The demo project, and a first task for it that the scripted agent can do."""

    project: Project
    agent: str
    title: str
    prompt: str


class ServiceFile(msgspec.Struct, frozen=True):
    """<data_dir>/service.json: how commands find the running service.

    Args:
        data_dir: real path of the directory that it serves, as a copy of the directory has this file, too; "" was
            written by earlier versions.
    """

    url: str
    pid: int
    data_dir: str = ""
    certificate: str = ""


SettingValue = bool | int | float | str | list[str] | None


class SettingSource(StrEnum):
    """Where a setting's value comes from."""

    DEFAULT = "default"
    FILE = "file"
    ENVIRONMENT = "environment"
    FLAG = "flag"


class SettingKind(StrEnum):
    """The form of a value."""

    FLAG = "flag"
    INTEGER = "integer"
    NUMBER = "number"
    TEXT = "text"
    LIST = "list"
    TABLE = "table"


class SettingState(msgspec.Struct, frozen=True):
    """One setting.

    Args:
        name: dotted, as in the file.
        why: what it means.
        choices: the values that it may have; empty: any.
        low, high: the range of a number; None: no limit.
        value: what is in force; None where it is secret or follows from the machine.
        stored: what the file says; None where it says nothing, or it is secret.
        where: the file with its line, the environment variable, or "the command line"; "" for a default.
        restart: whether the file says something that holds from the next start on.
        locked: why it cannot be changed here; "" if it can.
    """

    name: str
    env: str
    kind: SettingKind
    unit: str
    why: str
    choices: tuple[str, ...]
    low: float | None
    high: float | None
    default: SettingValue
    value: SettingValue
    stored: SettingValue
    source: SettingSource
    where: str
    restart: bool
    locked: str


class SettingsTable(msgspec.Struct, frozen=True):
    """A table with a name of the person's choice: an agent, a model server or an MCP server.

    Args:
        name: dotted, such as `mcp.github`.
        values: what the file says, by key.
        restart: whether the file says something that holds from the next start on.
    """

    name: str
    values: dict[str, object]
    where: str
    restart: bool


class TableKey(msgspec.Struct, frozen=True):
    """A key that such a table may have.

    Args:
        table: `agents`, `models` or `mcp`.
        must: what its value must be, in words.
    """

    table: str
    key: str
    kind: SettingKind
    must: str


class SettingsOverview(msgspec.Struct, frozen=True):
    """All settings, with the file that holds them.

    Args:
        path: of the settings file, there or not.
        locked: why nothing can be changed here; "" if it can.
        restart: whether anything holds from the next start on only.
    """

    path: str
    locked: str
    restart: bool
    settings: tuple[SettingState, ...]
    tables: tuple[SettingsTable, ...]
    keys: tuple[TableKey, ...]
