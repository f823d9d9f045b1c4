"""What is known of one model, and what a person should know before using it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from boocoder.model.agent import ModelDetails
from boocoder.model_servers.answers import ModelRow
from boocoder.model_servers.report import ModelReport
from boocoder.model_servers.server import ModelOptions

SMALL_CONTEXT_TOKENS = 16_384  # opencode's own prompt and tools take some 10,000 of them, a file a few thousand
TOOLS_CURE = "Start llama-server with --jinja and a --chat-template-file that renders tools, or choose another model."
_LARGER = "Start it with a larger context: llama-server's -c, vLLM's --max-model-len, Ollama's OLLAMA_CONTEXT_LENGTH."
_SHARD = re.compile(r"-\d{5}-of-\d{5}$")


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """One model.

    Args:
        id: the server's.
        label: its name for people.
        context_tokens: what one conversation may take, 0 if the server does not say.
        slots: conversations that the server answers at once, 0 if it does not say.
        trained_tokens: the context that the model was trained for, 0 if it is not known.
        tools, images: whether it calls tools and takes images; None if it is not known.
        loaded: whether it answers without being loaded first; None if it is not known.
        idle_unload_s: seconds without a request after which the server unloads it; 0: never, or not known.
        unloads: whether the server unloads it on request.
    """

    id: str
    label: str = ""
    context_tokens: int = 0
    slots: int = 0
    trained_tokens: int = 0
    tools: bool | None = None
    images: bool | None = None
    loaded: bool | None = None
    idle_unload_s: int = 0
    unloads: bool = False

    @property
    def lacks_tools(self) -> bool:
        """Whether its chat template says that it has no place for tools."""
        return self.tools is False

    @property
    def warning(self) -> str:
        """What will not work well, "" if nothing is known."""
        if self.lacks_tools:
            return f"The chat template of {self.label} has no tools, so the model may call none."
        if not 0 < self.context_tokens < SMALL_CONTEXT_TOKENS:
            return ""
        size = f"{self.label} has a small context: {self.context_tokens:,} tokens a request"
        if self.slots > 1:
            return f"{size}, because {self.slots} slots share -c {self.context_tokens * self.slots}."
        return f"{size}."

    @property
    def cure(self) -> str:
        """What to do about the warning."""
        if self.lacks_tools:
            return TOOLS_CURE
        if not self.warning:
            return ""
        if self.slots > 1:
            return f"Start llama-server with -c {SMALL_CONTEXT_TOKENS * 2 * self.slots}, or with a smaller --parallel."
        trained = f" The model was trained for {self.trained_tokens:,} tokens." if self.trained_tokens else ""
        return _LARGER + (trained if self.trained_tokens > self.context_tokens else "")

    def describe(self, assumed_tokens: int) -> str:
        """A sentence for a person.

        Args:
            assumed_tokens: the context that is used where none is known.
        """
        size = f"{self.context_tokens:,} tokens" if self.context_tokens else f"{assumed_tokens:,} (assumed)"
        slots = f" in each of {self.slots} slots" if self.slots > 1 else ""
        tools = "; its chat template has no tools" if self.lacks_tools else ""
        return f"{self.label}: context {size}{slots}{tools}"

    def details(self, id_: str, label: str) -> ModelDetails:
        """As clients get it, under the names of one agent."""
        return ModelDetails(
            id=id_,
            label=label,
            context_tokens=self.context_tokens,
            slots=self.slots,
            trained_tokens=self.trained_tokens,
            tools=self.tools,
            images=self.images,
            loaded=self.loaded,
            idle_unload_s=self.idle_unload_s,
            unloads=self.unloads,
            warning=self.warning,
            cure=self.cure,
        )


def facts_of(row: ModelRow, report: ModelReport | None, options: ModelOptions, known: ModelFacts | None) -> ModelFacts:
    """What is known of a model now.

    Args:
        row: of the server's list.
        report: what the server says beside its list, None if that cannot be had now.
        options: a person's, which win.
        known: from before; what cannot be had now is taken from it.
    """
    facts = replace(known or ModelFacts(row.id), label=label_of(row))
    said = row.context_tokens
    facts = replace(facts, trained_tokens=(row.meta and row.meta.n_ctx_train) or facts.trained_tokens)
    if row.tools is not None or row.images is not None:
        facts = replace(facts, tools=row.tools, images=row.images)
    if report is not None:
        facts = replace(facts, loaded=report.loaded, trained_tokens=report.trained_tokens or facts.trained_tokens)
        facts = replace(facts, slots=report.slots or facts.slots)
        facts = replace(facts, idle_unload_s=report.idle_unload_s, unloads=report.unloads)
        facts = replace(facts, tools=report.tools if report.tools is not None and row.tools is None else facts.tools)
        facts = replace(facts, images=report.images if report.images is not None else facts.images)
    if report is not None and report.context_tokens:
        facts = replace(facts, context_tokens=report.context_tokens)
    elif not facts.slots:
        facts = replace(facts, context_tokens=said or facts.context_tokens)
    images = facts.images if options.images is None else options.images
    return replace(facts, context_tokens=options.context_tokens or facts.context_tokens, images=images)


def label_of(row: ModelRow) -> str:
    """The name of a model for people: a file's name without its folder and ending where the id is a path."""
    if row.name and row.name.strip():
        return row.name.strip()
    text = row.id.replace("\\", "/")
    if not (text.lower().endswith(".gguf") or text.startswith(("/", "./", "../", "~/"))):
        return row.id
    name = text.rstrip("/").rpartition("/")[2]
    return _SHARD.sub("", name[: -len(".gguf")] if name.lower().endswith(".gguf") else name) or row.id
