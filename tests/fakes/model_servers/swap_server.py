"""A stand-in for llama-swap, whose behaviour is taken from its documentation: one model at a time behind one address.

A request for a model that is not loaded waits until running requests of the other one are answered, then that model is
stopped and the new one loaded; `/running` lists the models with their states, `/upstream/MODEL/` leads to one of them,
and a POST to `/api/models/unload/MODEL` stops one.
"""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import unquote

from boocoder.scripted_model.server import ScriptedModel
from tests.fakes.model_servers.llama_server import Answer, LlamaServer


class SwapServer(LlamaServer):
    """The server.

    Args:
        model: answers the completions.
        models: ids of its models.
        load_s: how long loading one takes.
        together: whether its models may be loaded at the same time (a group without `swap`).
        ttl: seconds without a request after which it would unload one, 0 for never.
    """

    def __init__(
        self,
        model: ScriptedModel,
        *models: str,
        load_s: float = 0.05,
        together: bool = False,
        ttl: int = 0,
        **more: Any,
    ) -> None:
        super().__init__(model, **more)
        self._models = models
        self._load_s = load_s
        self._together = together
        self._ttl = ttl
        self._answering = 0
        self._swapping = asyncio.Condition()
        self.states: dict[str, str] = {}
        self.loads: list[str] = []

    def answer(self, path: str) -> Answer:
        if path == "/v1/models":
            rows = [{"id": name, "object": "model", "created": 1, "owned_by": "llama-swap"} for name in self._models]
            return 200, {"object": "list", "data": rows}
        if path == "/running":
            rows = [{"model": name, "state": state, "cmd": "", "ttl": self._ttl} for name, state in self.states.items()]
            return 200, {"running": rows}
        if path.startswith("/upstream/"):
            name, _, rest = unquote(path.removeprefix("/upstream/")).partition("/")
            assert self.states.get(name) == "ready", "asking would have loaded it"
            return super().answer(f"/{rest}")
        return 404, {"error": "not found"}

    def posted(self, path: str, body: bytes) -> Answer | None:
        if not path.startswith("/api/models/unload/"):
            return None
        name = unquote(path.removeprefix("/api/models/unload/"))
        if name not in self._models:
            return 404, {"error": "Model not found"}
        self.states.pop(name, None)
        return 200, "OK"

    async def before_completion(self, body: dict[str, Any]) -> None:
        name = body["model"]
        async with self._swapping:
            while self.states.get(name) != "ready":
                if not self._together:
                    await self._swapping.wait_for(lambda: self._answering == 0)
                    self.states.clear()
                self.states[name] = "starting"
                self.loads.append(name)
                await asyncio.sleep(self._load_s)
                self.states[name] = "ready"
            self._answering += 1

    async def after_completion(self, body: dict[str, Any]) -> None:
        async with self._swapping:
            self._answering -= 1
            self._swapping.notify_all()
