"""Finding model servers on ports of this machine: real ones, other servers, silent ones, used ones."""

from __future__ import annotations

import asyncio

from boocoder.model_servers.discovery import find_servers
from boocoder.model_servers.found_server import UsualPlace
from boocoder.model_servers.server import ModelServer
from boocoder.scripted_model.server import ScriptedModel
from tests.fakes.model_servers.llama_server import LlamaServer

LIMIT_S = 5.0


async def test_what_answers_with_a_list_is_found_and_nothing_else() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with ScriptedModel() as scripted, LlamaServer(scripted, id="a") as llama, LlamaServer(scripted) as used:
        silent = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
        port = silent.sockets[0].getsockname()[1]
        scripted_port = int(scripted.root_url.rpartition(":")[2])
        ports = (llama.port, used.port, scripted_port, port, 1)
        began = asyncio.get_running_loop().time()
        found = await find_servers(
            [ModelServer(used.base_url), ModelServer("http://gpu.lan/v1", name="llama")],
            places=[UsualPlace("LM Studio", port) for port in ports],
            timeout_s=LIMIT_S,
        )
        assert asyncio.get_running_loop().time() - began < LIMIT_S + 30
        assert [(one.kind, one.name, one.base_url) for one in found] == [
            ("llama-server", "llama-2", llama.base_url),
            ("LM Studio", "lm-studio", scripted.base_url),
        ]
        assert found[0].models == ("a",) and used.paths == []
        assert llama.paths == ["/v1/models"], "it is asked for its list and nothing else"
        assert found[0].settings_text == f'[models.llama-2]\nbase_url = "{llama.base_url}"'
        silent.close()
