"""Stand-ins for model servers that cannot be installed here: what they say of themselves, by their documentation.

LM Studio answers 200 under every path, with an error in the body.
"""

from __future__ import annotations

import json
from typing import Any

from boocoder.scripted_model.server import ScriptedModel
from tests.fakes.model_servers.llama_server import Answer, LlamaServer


class OllamaServer(LlamaServer):
    """Ollama: a completion loads its model with the server's context, or with the one that the model's file sets.

    Args:
        model: answers the completions.
        described: by model id, the answer of `/api/show`.
        context_tokens: OLLAMA_CONTEXT_LENGTH.
    """

    def __init__(self, model: ScriptedModel, described: dict[str, dict[str, Any]], *, context_tokens: int) -> None:
        super().__init__(model, context_tokens=context_tokens)
        self.described = described
        self.loaded: dict[str, int] = {}
        self.created = 1

    def answer(self, path: str) -> Answer:
        if path == "/v1/models":
            rows = [
                {"id": name, "object": "model", "created": self.created, "owned_by": "library"}
                for name in self.described
            ]
            return 200, {"object": "list", "data": rows}
        if path == "/api/ps":
            rows = [{"name": name, "model": name, "context_length": size} for name, size in self.loaded.items()]
            return 200, {"models": rows}
        return 404, "404 page not found"

    def posted(self, path: str, body: bytes) -> Answer | None:
        if path == "/api/generate":
            unloaded = json.loads(body)
            assert unloaded["keep_alive"] == 0
            self.loaded.pop(unloaded["model"])
            return 200, {"model": unloaded["model"], "done": True, "done_reason": "unload"}
        if path != "/api/show":
            return None
        return 200, {"model_info": {}, "details": {}} | self.described[json.loads(body)["model"]]

    async def before_completion(self, body: dict[str, Any]) -> None:
        self.loaded = {body["model"]: self.context_tokens}


class LmStudioServer(LlamaServer):
    """LM Studio.

    Args:
        model: answers the completions.
        entries: rows of `/api/v0/models`.
    """

    def __init__(self, model: ScriptedModel, *entries: dict[str, Any]) -> None:
        super().__init__(model)
        self.entries = entries

    def answer(self, path: str) -> Answer:
        if path == "/v1/models":
            rows = [{"id": entry["id"], "object": "model", "owned_by": "organization_owner"} for entry in self.entries]
            return 200, {"object": "list", "data": rows}
        if path == "/api/v0/models":
            return 200, {"object": "list", "data": self.entries}
        return 200, {"error": f"Unexpected endpoint or method. (GET {path})"}


class RouterServer(LlamaServer):
    """llama-server's router: the properties of a loaded model are at `/props?model=`.

    Args:
        model: answers the completions.
        states: by model id.
        max_instances: `--models-max`.
    """

    def __init__(self, model: ScriptedModel, states: dict[str, str], *, max_instances: int, **more: Any) -> None:
        super().__init__(model, **more)
        self.states = states
        self._max_instances = max_instances

    def answer(self, path: str) -> Answer:
        if path == "/v1/models":
            rows = [
                {"id": name, "owned_by": "llamacpp", "status": {"value": state}} for name, state in self.states.items()
            ]
            return 200, {"object": "list", "data": rows}
        if path == "/props":
            settings = {"params": None, "n_ctx": 0}
            return 200, {
                "role": "router",
                "max_instances": self._max_instances,
                "default_generation_settings": settings,
            }
        if path.startswith("/props?model="):
            name = path.removeprefix("/props?model=").removesuffix("&autoload=false")
            assert self.states[name] == "loaded" and path.endswith("&autoload=false"), "asking would load it"
            return super().answer("/props")
        return 404, {"error": {"message": "File Not Found", "code": 404}}

    def posted(self, path: str, body: bytes) -> Answer | None:
        if path != "/models/unload":
            return None
        self.states[json.loads(body)["model"]] = "unloaded"
        return 200, {"success": True}
