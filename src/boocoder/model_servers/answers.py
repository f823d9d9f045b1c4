"""What a model server says of itself: its models, its slots, what it runs or loads, the size of a context."""

from __future__ import annotations

import msgspec

from boocoder.model_servers.report import ModelReport, RunningModels


class SwapMetadata(msgspec.Struct, frozen=True):
    """What llama-swap says of one of its models: a `type` such as model, alias, peer or selector."""

    aliases: tuple[str, ...] = ()


class ModelMeta(msgspec.Struct, frozen=True):
    """What llama-server adds to a model; `n_ctx` is the whole context, which its slots share."""

    n_ctx: int | None = None
    n_ctx_train: int | None = None
    llamaswap: SwapMetadata | None = None


class Architecture(msgspec.Struct, frozen=True):
    """What a model takes, as llama-server and llama-swap say it."""

    input_modalities: tuple[str, ...] | None = None


class ModelStatus(msgspec.Struct, frozen=True):
    """Of a model of llama-server's router (unloaded, loading, loaded, sleeping) or of llama-swap (loaded, unloaded)."""

    value: str = ""


class ModelRow(msgspec.Struct, frozen=True):
    """One model of the list; the context's size has a name per server (vLLM, OpenRouter, LM Studio, llama-server)."""

    id: str
    name: str | None = None
    owned_by: str | None = None
    created: int | None = None
    aliases: tuple[str, ...] | None = None
    max_model_len: int | None = None
    context_length: int | None = None
    loaded_context_length: int | None = None
    meta: ModelMeta | None = None
    architecture: Architecture | None = None
    capabilities: object = None
    status: ModelStatus | None = None

    @property
    def other_names(self) -> tuple[str, ...]:
        """Names under which the server takes it as well."""
        swap = self.meta.llamaswap if self.meta is not None else None
        return (*(self.aliases or ()), *(swap.aliases if swap is not None else ()))

    @property
    def tools(self) -> bool | None:
        """Whether llama-swap's configuration says that it calls tools; None if it does not say."""
        return True if isinstance(self.capabilities, dict) and self.capabilities.get("function_calling") else None

    @property
    def images(self) -> bool | None:
        """Whether it takes images; None if the server does not say."""
        modalities = self.architecture.input_modalities if self.architecture is not None else None
        return "image" in modalities if modalities is not None else None

    @property
    def context_tokens(self) -> int:
        """What it can hold, 0 if the server does not say."""
        sizes = (self.loaded_context_length, self.max_model_len, self.meta and self.meta.n_ctx, self.context_length)
        return next((size for size in sizes if size and size > 0), 0)


class _BareRow(msgspec.Struct, frozen=True):
    id: str


class _ModelList(msgspec.Struct, frozen=True):
    data: tuple[msgspec.Raw, ...]


def read_models(body: bytes) -> tuple[ModelRow, ...]:
    """The models of an answer of /models in their order, without doubles; of a row with strange fields only the id.

    Raises:
        msgspec.DecodeError: it is not a list of models.
        RecursionError: it is nested too deeply.
    """
    rows = (_read_row(raw) for raw in msgspec.json.decode(body, type=_ModelList).data)
    return tuple({row.id: row for row in rows if row.id}.values())


def _read_row(raw: msgspec.Raw) -> ModelRow:
    try:
        return msgspec.json.decode(raw, type=ModelRow, strict=False)
    except msgspec.ValidationError:
        return ModelRow(msgspec.json.decode(raw, type=_BareRow).id)


class ServerSlot(msgspec.Struct, frozen=True):
    """One of llama-server's slots: it answers one request at a time."""

    n_ctx: int | None = None
    is_processing: bool = False


class SwapModel(msgspec.Struct, frozen=True):
    """A model that llama-swap runs: `state` is starting, ready, stopping or stopped, `ttl` in seconds, 0 for none."""

    model: str
    state: str = ""
    ttl: int = 0


class SwapModels(msgspec.Struct, frozen=True):
    """The answer of llama-swap's /running."""

    running: tuple[SwapModel, ...]

    @property
    def models(self) -> RunningModels:
        """In the words of all servers; which models may run together is in llama-swap's configuration alone."""
        limits = {one.model: one.ttl for one in self.running if one.ttl > 0}
        return RunningModels({one.model: one.state for one in self.running}, room=0, idle_unload_s=limits)


class TemplateAbilities(msgspec.Struct, frozen=True):
    """What the model's chat template can express."""

    supports_tools: bool | None = None


class Modalities(msgspec.Struct, frozen=True):
    """The kinds of input that the model accepts in addition to text."""

    vision: bool = False


class GenerationSettings(msgspec.Struct, frozen=True):
    """Of one slot."""

    n_ctx: int | None = None


class ServerProps(msgspec.Struct, frozen=True):
    """The answer of llama-server's /props."""

    default_generation_settings: GenerationSettings
    total_slots: int | None = None
    chat_template_caps: TemplateAbilities | None = None
    modalities: Modalities | None = None
    role: str = ""
    max_instances: int | None = None

    @property
    def is_router(self) -> bool:
        """Whether it is a router, which has models but is none."""
        return self.role == "router"

    @property
    def slot_tokens(self) -> int:
        """The context of one slot, 0 if it is not known: what one conversation may take."""
        return self.default_generation_settings.n_ctx or 0

    @property
    def tools(self) -> bool | None:
        """Whether the chat template has a place for tools; None if the server does not say."""
        return self.chat_template_caps.supports_tools if self.chat_template_caps is not None else None

    @property
    def images(self) -> bool | None:
        """Whether the model takes images; None if the server does not say."""
        return self.modalities.vision if self.modalities is not None else None

    @property
    def report(self) -> ModelReport:
        """In the words of all servers."""
        return ModelReport(
            context_tokens=self.slot_tokens,
            slots=self.total_slots or 0,
            tools=self.tools,
            images=self.images,
            loaded=True,
        )


def slots_text(slots: tuple[ServerSlot, ...], before: int) -> str:
    """What a request waits for where all slots are busy, "" where one is free.

    Args:
        before: requests of this process that wait longer.
    """
    if not slots or not all(slot.is_processing for slot in slots):
        return ""
    busy = f"{len(slots)} of {len(slots)} slots are busy" if len(slots) > 1 else "its one slot is busy"
    return f"Waiting for the model server: {busy}" + (f", {before} before this one" if before else "")
