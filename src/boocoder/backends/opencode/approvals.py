"""Carries opencode's permissions and questions to the port and the answers back; allows "once", never "always"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.opencode.events.tool_view import permission_argument
from boocoder.backends.opencode.events.translator import OpenCodeTranslator
from boocoder.backends.opencode.http.client import OpenCodeClient
from boocoder.backends.opencode.http.wire import (
    CallRef,
    PermissionAsked,
    PermissionReplied,
    QuestionAsked,
    QuestionReplied,
)
from boocoder.backends.opencode.turn_events import Signal
from boocoder.backends.shared.approvals.hidden_paths import ask_permission
from boocoder.backends.shared.approvals.open_requests import OpenRequests
from boocoder.backends.shared.mailbox import Mailbox
from boocoder.backends.shared.turn_events import PortFailed
from boocoder.events.agent_event import PermissionOption, PermissionRequest, Question, QuestionRequest

_OPTIONS = (
    PermissionOption("once", "Allow once", "allow_once"),
    PermissionOption("reject", "Refuse", "reject_once"),
)
_REFUSED = "The person refused this."  # a refusal without words would end opencode's turn
_VERBS = {
    "bash": "Run",
    "edit": "Edit",
    "read": "Read",
    "webfetch": "Fetch",
    "external_directory": "Leave the worktree for",
    "doom_loop": "Repeat the same call of",
}


class OpenCodeApprovals:
    """The open requests of one turn.

    Args:
        client: the server.
        port: who decides.
        directory: the turn's worktree.
        attachments: files of the person outside of it, which opencode may read without being asked about it.
        translator: knows which tool call asks.
        hides: whether the server's sandbox keeps a path from it.
        mail: gets PortFailed when the port refuses to go on.
    """

    def __init__(
        self,
        *,
        client: OpenCodeClient,
        port: TurnPort,
        directory: Path,
        attachments: Sequence[Path],
        translator: OpenCodeTranslator,
        hides: Callable[[Path], bool],
        mail: Mailbox[Signal],
    ) -> None:
        self._client = client
        self._port = port
        self._directory = directory
        self._attached = {f"{folder}/*" for path in attachments for folder in (path.parent, path.parent.resolve())}
        self._translator = translator
        self._hides = hides
        self._seen: set[str] = set()
        self._answered: set[str] = set()
        self._refused = False
        self._requests = OpenRequests(task_group="opencode-approvals", failed=lambda error: mail.put(PortFailed(error)))

    def __len__(self) -> int:
        return len(self._requests)

    async def stop(self) -> None:
        """Leave what is open unanswered: the turn is over."""
        await self._requests.stop()

    def take(self, asked: PermissionAsked | QuestionAsked) -> None:
        """Ask the port in the background; the same request again changes nothing."""
        if asked.id in self._seen:
            return
        self._seen.add(asked.id)
        work = self._permission(asked) if isinstance(asked, PermissionAsked) else self._question(asked)
        self._requests.begin(asked.id, work)

    def answered_by_another(self, reply: PermissionReplied | QuestionReplied) -> bool:
        """Whether another client granted or answered a request.

        A refusal does no harm, and opencode itself refuses what else waits in a session after one.
        """
        refused = isinstance(reply, PermissionReplied) and reply.reply == "reject"
        self._refused |= refused
        return not refused and reply.request_id not in self._answered

    @property
    def passed_over(self) -> bool:
        """Of a turn that has completed: whether another client granted a request, although the stream did not say so.

        opencode waits for each, but for those that a refusal closes.
        """
        return not self._refused and not self._seen <= self._answered

    async def find_pending(self, sessions: set[str]) -> None:
        """Take requests of these sessions that the stream may have lost; ghosts of earlier turns are left out.

        Raises:
            BackendError: the server cannot be asked.
        """
        pending: list[PermissionAsked | QuestionAsked] = []
        pending += await self._client.pending_permissions(self._directory)
        pending += await self._client.pending_questions(self._directory)
        for asked in pending:
            if asked.session_id in sessions and asked.tool and self._translator.belongs(asked.tool.message_id):
                self.take(asked)

    def _is_attachment(self, asked: PermissionAsked) -> bool:
        """Whether opencode asks about folders of attached files alone; each has a folder of its own."""
        folders = set(asked.patterns)
        return asked.permission == "external_directory" and bool(folders) and folders <= self._attached

    async def _permission(self, asked: PermissionAsked) -> None:
        if self._is_attachment(asked):
            self._answered.add(asked.id)
            await self._client.allow_once(asked.id, self._directory)
            return
        argument = permission_argument(asked.metadata, asked.patterns)
        verb = _VERBS.get(asked.permission, f"Use {asked.permission}:")
        request = PermissionRequest(
            key=asked.id,
            tool=asked.permission,
            title=f"{verb} {argument}".strip().splitlines()[0][:200],
            argument=argument,
            part=self._part(asked.tool),
            options=_OPTIONS,
        )
        paths = argument.splitlines() if asked.permission == "external_directory" else ()
        answer = await ask_permission(self._port, request, paths=paths, hides=self._hides)
        self._answered.add(asked.id)
        if answer.allowed:
            await self._client.allow_once(asked.id, self._directory)
        else:
            self._refused = True
            await self._client.reject(asked.id, answer.message or _REFUSED, self._directory)

    async def _question(self, asked: QuestionAsked) -> None:
        questions = tuple(
            Question(
                text=info.question,
                header=info.header,
                choices=tuple(option.label for option in info.options),
                multiple=info.multiple,
                free=info.custom,
            )
            for info in asked.questions
        )
        answer = await self._port.ask_question(QuestionRequest(asked.id, questions, self._part(asked.tool)))
        self._answered.add(asked.id)
        if answer.answers is None:
            self._refused = True
            await self._client.dismiss(asked.id, self._directory)
        else:
            await self._client.answer(asked.id, [list(labels) for labels in answer.answers], self._directory)

    def _part(self, call: CallRef | None) -> str:
        return self._translator.part_of_call(call.message_id, call.call_id) if call else ""
