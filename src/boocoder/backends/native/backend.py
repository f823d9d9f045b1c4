"""The native backend: implements the Backend contract over a model server. It opens conversations and holds no loop."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from boocoder.backends.base import TurnPort
from boocoder.backends.event_journal import read_journal
from boocoder.backends.native import verdict
from boocoder.backends.native.asking import ModelChoice
from boocoder.backends.native.client import ModelClient
from boocoder.backends.native.closing import close_torn_turn
from boocoder.backends.native.context import ContextWindow
from boocoder.backends.native.limits import DEFAULT_CONTEXT_TOKENS, NativeLimits
from boocoder.backends.native.refusal import START_SERVER, ModelError
from boocoder.backends.native.store import Conversation, SessionStore, config_hash
from boocoder.backends.native.tool_schemas import schema_chars
from boocoder.backends.native.turn import STOP_WAIT_S, Turn
from boocoder.backends.native.wire import ModelRow
from boocoder.events.agent_event import AgentSessionOpened, Notice, NoticeLevel, PromptSending
from boocoder.model.agent import AgentInfo, AgentState
from boocoder.model.ids import TaskId
from boocoder.model.turn import AgentSessionRef, Outcome, ResumeStep, StopReason, TurnRequest

log = logging.getLogger(__name__)

VERSION = "1"
WARM_MAX = 64  # conversations kept in memory; others are read from their files again
_NO_SERVER = "No model server is configured."
_SET_SERVER = "Start your model server (llama-swap, llama-server, vLLM, Ollama) and set models.base_url to its address."


@dataclass
class _Warm:
    """A conversation in memory, with its model's context as far as it is known."""

    conversation: Conversation
    worktree: Path
    model: str = ""
    window: ContextWindow | None = None


@dataclass(frozen=True, slots=True)
class _Opened:
    """The conversation of a turn, how it was reached, and why an older one could not be used ("" if it was)."""

    warm: _Warm
    step: ResumeStep
    why_new: str = ""


class NativeBackend:
    """Runs turns in this process, with any OpenAI-compatible model server.

    Args:
        base_url: of the server, with /v1; empty if none is configured.
        api_key: sent as a bearer token; empty for none.
        default_model: what an empty model becomes; empty for the first that the server lists.
        state_dir: the agent's own store; it must outlast this process.
        limits: what one turn may take.
    """

    name = "native"
    stop_grace_s = STOP_WAIT_S + 2.0

    def __init__(
        self, *, base_url: str, api_key: str, default_model: str, state_dir: Path, limits: NativeLimits
    ) -> None:
        self._base_url = base_url
        self._default_model = default_model
        self._limits = limits
        self._client = ModelClient(base_url=base_url, api_key=api_key, limits=limits)
        self._store = SessionStore(directory=state_dir / "sessions")
        self._journals = state_dir / "turns"
        self._rows: dict[str, ModelRow] = {}
        self._warm: OrderedDict[str, _Warm] = OrderedDict()
        self._running: dict[tuple[TaskId, int], tuple[TurnRequest, Turn]] = {}
        self._idle = asyncio.Event()
        self._idle.set()

    async def start(self) -> None:
        """Nothing to make ready: the server is asked when a turn or a probe needs it."""

    async def stop(self) -> None:
        """Ask running turns to end, wait for them, and close all connections. Safe twice and before start."""
        for request, _ in list(self._running.values()):
            request.stop.set(StopReason.SHUTDOWN)
        try:
            async with asyncio.timeout(self.stop_grace_s):
                await self._idle.wait()
        except TimeoutError:
            log.warning("native turns did not end in time", extra={"turns": len(self._running)})
        self._warm.clear()
        await self._client.close()

    async def probe(self) -> AgentInfo:
        """Ask the server for its models; bounded in time, never raises."""
        if not self._base_url:
            return self._info(AgentState.UNAVAILABLE, reason=_NO_SERVER, cure=_SET_SERVER)
        try:
            await self._list_models()
        except ModelError as error:
            return self._info(AgentState.ERROR, reason=error.text, cure=error.cure or START_SERVER)
        if not self._rows:
            text = f"The model server at {self._base_url} lists no model."
            return self._info(AgentState.ERROR, reason=text, cure="Add a model to the server's configuration.")
        return self._info(AgentState.READY, models=tuple(self._rows))

    async def warm(self, worktree: Path) -> None:
        """Nothing to warm: a model is loaded by its first call, and no prompt is sent unasked."""

    async def forget(self, worktree: Path) -> None:
        """Conversations in that worktree are not kept in memory any more; their files stay."""
        for native_id in [key for key, warm in self._warm.items() if warm.worktree == worktree]:
            del self._warm[native_id]

    async def run_turn(self, request: TurnRequest, port: TurnPort) -> Outcome:
        """Run one turn to its end, as the Backend contract says."""
        try:
            return await self._run(request, port)
        except ModelError as error:
            return verdict.model_failed(error)
        except OSError as error:
            return verdict.store_broken(error)

    async def reconcile(self, request: TurnRequest, port: TurnPort) -> bool:
        """Whether the turn runs; nothing is ever missed, but a model that is being loaded shows as progress."""
        running = self._running.get((request.task_id, request.epoch))
        if running is None:
            return False
        await running[1].prove_life()
        return True

    async def recover(self, request: TurnRequest, native: AgentSessionRef, port: TurnPort) -> Outcome:
        """Emit what the journal has of the turn, and say how far it got."""
        try:
            conversation = self._store.load(native.native_id)
        except OSError:
            conversation = None
        if conversation is None:
            return verdict.interrupted_by_death(known=False)
        turn = read_journal(self._journal_path(conversation), request.task_id)
        if turn is None:
            return verdict.interrupted_by_death(known=False)
        for event in turn.events:
            await port.emit(event)
        return turn.outcome or verdict.interrupted_by_death(known=True)

    async def _run(self, request: TurnRequest, port: TurnPort) -> Outcome:
        opened = self._open(request)
        warm = opened.warm
        conversation = warm.conversation
        await port.emit(AgentSessionOpened(conversation.native_id, conversation.begun.config_hash, opened.step))
        if opened.why_new:
            await port.emit(Notice("session_not_resumed", opened.why_new, NoticeLevel.WARNING))
        model = await self._choose_model(request.model)
        if request.stop.reason is not None:
            return verdict.stopped(request.stop.reason)
        await port.emit(PromptSending())
        handed_over = opened.step is ResumeStep.HANDED_OVER
        prompt = f"{request.handover}\n\n{request.prompt}" if handed_over else request.prompt
        turn = Turn(
            request=request,
            port=port,
            conversation=conversation,
            journal_path=self._journal_path(conversation),
            client=self._client,
            choice=ModelChoice(model, request.thinking or ""),
            window=self._window(warm, model),
            limits=self._limits,
        )
        self._keep_warm(warm)
        return await self._drive(turn, request, prompt)

    async def _drive(self, turn: Turn, request: TurnRequest, prompt: str) -> Outcome:
        key = (request.task_id, request.epoch)
        self._running[key] = (request, turn)
        self._idle.clear()
        try:
            return await turn.run(prompt)
        finally:
            del self._running[key]
            if not self._running:
                self._idle.set()

    def _open(self, request: TurnRequest) -> _Opened:
        """Resume the request's conversation or begin one.

        Raises:
            OSError: the store cannot be read or written.
        """
        hash_now = config_hash(request.worktree)
        wanted = request.agent_session
        why_new = ""
        if wanted is not None:
            if wanted.config_hash != hash_now:
                why_new = "it belongs to another directory"
            elif (warm := self._warm.get(wanted.native_id)) is not None:
                return _Opened(warm, ResumeStep.WARM)
            elif (known := self._store.load(wanted.native_id)) is not None and known.begun.config_hash == hash_now:
                close_torn_turn(known, self._journal_path(known))
                return _Opened(_Warm(known, request.worktree), ResumeStep.RESUMED)
            else:
                why_new = "its file is gone or damaged"
        step = ResumeStep.HANDED_OVER if request.handover else ResumeStep.FRESH
        if why_new:
            told = (
                "it was told the conversation so far" if request.handover else "it does not know what was said so far"
            )
            why_new = f"The agent's earlier conversation could not be resumed: {why_new}. A new one was begun; {told}."
        return _Opened(_Warm(self._store.create(hash_now), request.worktree), step, why_new)

    def _keep_warm(self, warm: _Warm) -> None:
        self._warm[warm.conversation.native_id] = warm
        self._warm.move_to_end(warm.conversation.native_id)
        while len(self._warm) > WARM_MAX:
            self._warm.popitem(last=False)

    async def _choose_model(self, wanted: str | None) -> str:
        """The model's id at the server.

        Raises:
            ModelError: none is named and the server cannot be asked.
        """
        if not self._base_url:
            raise ModelError("model_unreachable", _NO_SERVER, _SET_SERVER)
        named = wanted or self._default_model
        if named in self._rows:
            return named
        if not self._rows or not named:
            try:
                await self._list_models()
            except ModelError:
                if not named:
                    raise
        bare = named.partition("/")[2]  # as another agent spells it: provider/model
        if named and bare in self._rows and named not in self._rows:
            return bare
        if named:
            return named
        if not self._rows:
            text = f"The model server at {self._base_url} lists no model."
            raise ModelError("model_unknown", text, "Add a model to the server's configuration.")
        return next(iter(self._rows))

    async def _list_models(self) -> None:
        self._rows = {row.id: row for row in await self._client.models()}

    def _window(self, warm: _Warm, model: str) -> ContextWindow:
        """The context of a conversation with a model; what was learnt about it is kept."""
        if warm.window is None or warm.model != model:
            row = self._rows.get(model)
            said = row.context_tokens if row is not None else 0
            warm.model = model
            warm.window = ContextWindow(
                context_tokens=self._limits.context_tokens or said or DEFAULT_CONTEXT_TOKENS,
                answer_tokens=self._limits.answer_tokens,
                fixed_chars=schema_chars(),
            )
        return warm.window

    def _journal_path(self, conversation: Conversation) -> Path:
        return self._journals / f"{conversation.native_id}.jsonl"

    def _info(self, state: AgentState, *, reason: str = "", cure: str = "", models: tuple[str, ...] = ()) -> AgentInfo:
        default = self._default_model if self._default_model in models else next(iter(models), None)
        return AgentInfo(
            name=self.name,
            backend=self.name,
            state=state,
            reason=reason,
            cure=cure,
            version=VERSION,
            models=models,
            default_model=default,
        )
