"""The native backend: implements the Backend protocol over a model server and opens conversations."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from boocoder.backends.base import SteerMessage, TurnPort
from boocoder.backends.native.context.commands import command_of, expand_command
from boocoder.backends.native.context.instructions import project_preamble
from boocoder.backends.native.context.window import ContextWindow
from boocoder.backends.native.conversation.images import ImageStore
from boocoder.backends.native.conversation.store import (
    NativeConversation,
    NativeStore,
    StoredImage,
    config_hash,
)
from boocoder.backends.native.conversation.transcript_repair import close_crashed_turn
from boocoder.backends.native.limits import CHARS_PER_TOKEN, DEFAULT_CONTEXT_TOKENS, NativeLimits
from boocoder.backends.native.loop import outcome as native_outcome
from boocoder.backends.native.loop.turn import STOP_WAIT_S, NativeTurn, rules_chars
from boocoder.backends.native.mcp.connections import McpConnections
from boocoder.backends.native.mcp.toolbox import TOOLS_SHARE, McpToolbox
from boocoder.backends.native.mode import OFFERED_MODES, TASK_MODES, THINKING_LEVELS, AgentMode
from boocoder.backends.native.model.completion import ModelChoice
from boocoder.backends.native.model.errors import ModelError
from boocoder.backends.native.model.router import ModelRouter, RoutedModel
from boocoder.backends.native.tools.edit_form import EditStatistics
from boocoder.backends.native.tools.known_files import KnownFiles
from boocoder.backends.native.tools.schemas import schema_chars
from boocoder.backends.prompt_images import images_not_seen, read_images
from boocoder.backends.shared import outcomes
from boocoder.backends.shared.event_journal import read_journal, store_broken
from boocoder.backends.shared.session_setup import announce_session, new_session_step, not_resumed, waiting_report
from boocoder.errors import sentences
from boocoder.events.agent_event import Notice, NoticeLevel, PromptSending
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import TaskId
from boocoder.model.mcp_server import McpServer
from boocoder.model.steer import SteerResult
from boocoder.model.turn import AgentSessionRef, Outcome, ResumeStep, StopReason, TurnRequest
from boocoder.model_servers.server_models import ServerModels
from boocoder.process.host import ProcessHost

log = logging.getLogger(__name__)

VERSION = "1"
WARM_MAX = 64  # conversations kept in memory; others are read from their files again


@dataclass
class _WarmConversation:
    """A conversation in memory.

    Args:
        conversation, worktree: the conversation and its worktree.
        model, window: the model of its last turn and that model's context.
        said_tokens: the context size that the server reported last.
        preamble: text before its first prompt; never changes, for the sake of the server's cache.
        warned: codes of notices already shown in it.
        known: files of the project that the model has seen, None until loaded.
    """

    conversation: NativeConversation
    worktree: Path
    model: str = ""
    window: ContextWindow | None = None
    said_tokens: int = 0
    preamble: str = ""
    warned: set[str] = field(default_factory=set)
    known: KnownFiles | None = None


@dataclass(frozen=True, slots=True)
class _ReadyConversation:
    """The conversation of a turn, how it was resumed, and notices about it."""

    warm: _WarmConversation
    step: ResumeStep
    notices: tuple[Notice, ...] = ()


class NativeBackend:
    """Runs turns in this process, with any OpenAI-compatible model server.

    Args:
        servers: the model servers; the default model is that of the first one.
        state_dir: the agent's store; it must outlive this process.
        limits: limits of a turn.
        processes: starts commands.
        mcp_servers: those that the person configured.
    """

    name = "native"
    stop_grace_s = STOP_WAIT_S + 2.0

    def __init__(
        self,
        *,
        servers: Sequence[ServerModels],
        state_dir: Path,
        limits: NativeLimits,
        processes: ProcessHost,
        mcp_servers: tuple[McpServer, ...] = (),
    ) -> None:
        self._limits = limits
        self._processes = processes
        self._store = NativeStore(directory=state_dir / "sessions")
        self._images = ImageStore(state_dir / "images")
        self._journals = state_dir / "turns"
        self._models = ModelRouter(servers, limits)
        self._mcp = McpConnections(servers=mcp_servers, processes=processes)
        self._edits = EditStatistics(state_dir / "edits.json")
        self._warm: OrderedDict[str, _WarmConversation] = OrderedDict()
        self._running: dict[tuple[TaskId, int], tuple[TurnRequest, NativeTurn]] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Nothing to prepare: the server is contacted when a turn or a probe needs it."""

    async def stop(self) -> None:
        """Stop running turns, wait for them, and close all connections. Safe twice and before start."""
        for request, _ in list(self._running.values()):
            request.stop.set(StopReason.SHUTDOWN)
        try:
            async with asyncio.timeout(self.stop_grace_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("native turns did not end in time", extra={"turns": len(self._running)})
        self._warm.clear()
        await self._mcp.stop()
        await self._models.close()

    async def probe(self) -> AgentInfo:
        """Ask the servers for their models; bounded in time, never raises."""
        about = AgentInfo(
            name=self.name,
            backend=self.name,
            state=AgentState.LOADING,
            version=VERSION,
            modes=tuple(OFFERED_MODES),
            default_mode=AgentMode.BUILD,
            thinking=THINKING_LEVELS,
            steering=True,
        )
        info = replace(await self._models.probe(about), mcp_servers=self._mcp.uses())
        edits = self._edits.describe()
        return replace(info, reason=sentences(info.reason, edits)) if edits and info.reason else info

    async def warm(self, worktree: Path) -> None:
        """Nothing to warm up: the first call loads a model, and no prompt is sent before a task asks for it."""

    async def forget(self, worktree: Path) -> None:
        """Drop the worktree's conversations from memory, and end its MCP servers; the files stay."""
        await self._mcp.forget(worktree)
        for native_id in [key for key, warm in self._warm.items() if warm.worktree == worktree]:
            del self._warm[native_id]

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end, as the Backend protocol requires."""
        try:
            return await self._run(request, port)
        except ModelError as error:
            return native_outcome.model_failed(error)
        except OSError as error:
            return store_broken("The native agent", error)

    async def steer(self, request: TurnRequest, message: SteerMessage) -> SteerResult:
        """Give the message to the model with the turn's next call."""
        running = self._running.get((request.task_id, request.epoch))
        return await running[1].inbox.put(message) if running is not None else SteerResult.REFUSED

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Whether the turn is running. No event can be missed; a model that is being loaded counts as progress."""
        running = self._running.get((request.task_id, request.epoch))
        if running is None:
            return False
        await running[1].prove_life()
        return True

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """Emit the turn's events from the journal, and return how far it got."""
        try:
            conversation = self._store.load(native.native_id)
        except OSError:
            conversation = None
        if conversation is None:
            return outcomes.host_died(outcomes.NOTHING_STORED)
        turn = read_journal(self._journal_path(conversation), request.task_id)
        if turn is None:
            return outcomes.host_died(outcomes.NOTHING_STORED)
        for event in turn.events:
            await port.emit(event)
        return turn.outcome or outcomes.host_died()

    async def _run(self, request: TurnRequest, port: TurnPort) -> Outcome:
        opened = self._open(request)
        conversation = opened.warm.conversation
        await announce_session(
            port,
            native_id=conversation.native_id,
            config_hash=conversation.begun.config_hash,
            step=opened.step,
            notices=opened.notices,
        )
        _mode_of(request)
        model = await self._models.choose(request.model)
        report = waiting_report(port)
        async with (
            self._mcp.use(request.worktree, request.stop, request.mcp_servers) as toolbox,
            model.gate.turn(model.model, stop=request.stop, report=report) as entered,
        ):
            if not entered or toolbox is None:
                assert request.stop.reason is not None
                return outcomes.stopped(request.stop.reason)
            return await self._send(opened, model, toolbox, request, port)

    async def _send(
        self, opened: _ReadyConversation, model: RoutedModel, toolbox: McpToolbox, request: TurnRequest, port: TurnPort
    ) -> Outcome:
        """Send the prompt to the model, and run the turn to its end."""
        warm = opened.warm
        conversation = warm.conversation
        prompt = _asked(request, opened.step)
        mode = _mode_of(request)
        window = self._window(warm, model)
        mcp = toolbox.fitted(mode, int(window.budget_tokens * TOOLS_SHARE * CHARS_PER_TOKEN))
        window.offer(schema_chars() + mcp.chars)
        warm.preamble = warm.preamble or project_preamble(request.worktree, max_chars=rules_chars(window))
        warm.known = warm.known or KnownFiles.from_records(request.worktree, conversation.records)
        window.sees_images = model.facts.images is True
        images = await self._attached_images(request, model, port)
        await _warn_of_model(warm, model, port)
        await _warn_of_servers(warm, mcp, port)
        turn = NativeTurn(
            request=request,
            port=port,
            conversation=conversation,
            images=self._images,
            journal_path=self._journal_path(conversation),
            client=model.client,
            choice=ModelChoice(model.model, request.thinking or ""),
            window=window,
            limits=self._limits,
            habits=model.habits,
            mode=mode,
            preamble=warm.preamble,
            processes=self._processes,
            known=warm.known,
            edits=self._edits,
            mcp=mcp,
            learn_context=None if self._limits.context_tokens or model.facts.context_tokens else model.learn_context,
        )
        self._keep_warm(warm)
        await port.emit(PromptSending())
        return await self._drive(turn, request, prompt, images)

    async def _attached_images(
        self, request: TurnRequest, model: RoutedModel, port: TurnPort
    ) -> tuple[StoredImage, ...]:
        """Store the prompt's images, and say so where the model does not see them."""
        found = await read_images(request.attachments)
        if not found.images:
            return ()  # most prompts have none, and a change of threads takes milliseconds on a busy machine
        for notice in found.notices if model.facts.images else (_images_not_seen(model),):
            await port.emit(notice)
        return await asyncio.to_thread(self._images.keep, found.images)

    async def _drive(
        self, turn: NativeTurn, request: TurnRequest, prompt: str, images: tuple[StoredImage, ...]
    ) -> Outcome:
        key = (request.task_id, request.epoch)
        self._running[key] = (request, turn)
        self._idle.clear()
        try:
            return await turn.run(prompt, images)
        finally:
            del self._running[key]
            if not self._running:
                self._idle.set()

    def _open(self, request: TurnRequest) -> _ReadyConversation:
        """Resume the request's conversation or create one.

        Raises:
            OSError: the store cannot be read or written.
        """
        hash_now = config_hash(request.worktree)
        wanted = request.agent_session
        why_new = ""
        if wanted is not None:
            if wanted.config_hash != hash_now:
                why_new = "it belongs to another directory"
            elif (kept := self._warm.get(wanted.native_id)) is not None:
                return _ReadyConversation(kept, ResumeStep.WARM)
            elif (known := self._store.load(wanted.native_id)) is not None and known.begun.config_hash == hash_now:
                close_crashed_turn(known, self._journal_path(known))
                return _ReadyConversation(_WarmConversation(known, request.worktree), ResumeStep.RESUMED)
            else:
                why_new = "its file is gone or damaged"
        warm = _WarmConversation(self._store.create(hash_now), request.worktree)
        return _ReadyConversation(warm, new_session_step(request), not_resumed(request, why_new))

    def _keep_warm(self, warm: _WarmConversation) -> None:
        self._warm[warm.conversation.native_id] = warm
        self._warm.move_to_end(warm.conversation.native_id)
        while len(self._warm) > WARM_MAX:
            self._warm.popitem(last=False)

    def _window(self, warm: _WarmConversation, model: RoutedModel) -> ContextWindow:
        """The context window of a conversation with a model; kept between turns, resized if the size changes."""
        said = model.facts.context_tokens
        context_tokens = self._limits.context_tokens or said or DEFAULT_CONTEXT_TOKENS
        name = f"{model.client.url} {model.model}"
        if warm.window is None or warm.model != name:
            warm.model = name
            answer_tokens = model.output_tokens or self._limits.answer_tokens
            warm.window = ContextWindow(
                context_tokens=context_tokens, answer_tokens=answer_tokens, fixed_chars=schema_chars()
            )
        elif said and said != warm.said_tokens:
            warm.window.resize(context_tokens)
        warm.said_tokens = said
        return warm.window

    def _journal_path(self, conversation: NativeConversation) -> Path:
        return self._journals / f"{conversation.native_id}.jsonl"


def _asked(request: TurnRequest, step: ResumeStep) -> str:
    """The text for the model: the prompt, or the expansion of a command."""
    command = command_of(request.prompt)
    if command is None:
        return request.prompt_text(step)
    return replace(request, prompt=expand_command(command, request.prompt)).prompt_text(step)


def _mode_of(request: TurnRequest) -> AgentMode:
    """The mode of a turn.

    Raises:
        ModelError: there is no such mode, or no such thinking level.
    """
    if request.thinking and request.thinking not in THINKING_LEVELS:
        text = f"The native agent has no thinking level {request.thinking!r}."
        raise ModelError("agent_thinking_unknown", text, f"It has: {', '.join(THINKING_LEVELS)}.")
    named = request.mode or AgentMode.BUILD
    if named in TASK_MODES:
        return AgentMode(named)
    text = f"The native agent has no mode {request.mode!r}."
    raise ModelError("agent_mode_unknown", text, f"It has: {', '.join(OFFERED_MODES)}.")


def _images_not_seen(model: RoutedModel) -> Notice:
    name = model.facts.label or model.model
    if model.facts.images is not None:
        return images_not_seen(name)
    text = (
        f"The model server does not say whether {name} sees images, so it got only their paths. If it does, set "
        "images = true for it in its server's table, [models.NAME]."
    )
    return Notice("images_not_seen", text, NoticeLevel.WARNING)


async def _warn_of_model(warm: _WarmConversation, model: RoutedModel, port: TurnPort) -> None:
    facts = model.facts
    code = "model_without_tools"
    if facts.lacks_tools and code not in warm.warned:
        warm.warned.add(code)
        await port.emit(Notice(code, f"{facts.warning} {facts.cure}".strip(), NoticeLevel.WARNING))


async def _warn_of_servers(warm: _WarmConversation, mcp: McpToolbox, port: TurnPort) -> None:
    """Say once in a conversation which MCP tools are missing."""
    for problem in mcp.problems:
        if (key := f"{problem.code} {problem.server}") not in warm.warned:
            warm.warned.add(key)
            await port.emit(Notice(problem.code, problem.text, NoticeLevel.WARNING))
