"""How much later a word reaches boocoder's client than a client of the opencode server that said it."""

from __future__ import annotations

from bench.harness import Bench, make_opencode_wrapper, opencode_settings
from bench.model import stamping_model
from bench.numbers import Comparison, Row
from bench.recorder import TextRecorder
from bench.repository import make_repository
from bench.service import running

SECTION = "chunk_delay"
WORDS = 100
PROMPT = f"[[delay 0.02]][[tokens {WORDS}]]"


async def measure(bench: Bench) -> list[Row]:
    """Hear the same words twice: from the server itself, and from boocoder in front of it."""
    repository = await make_repository(bench.directory / "repository")
    door = make_opencode_wrapper(bench)
    pairs: list[tuple[float, float]] = []
    async with (
        stamping_model(bench.directory) as model_url,
        running(bench.directory / "ours", opencode_settings(door.script, model_url)) as service,
    ):
        await service.wait_agent("opencode")
        place = await service.open_chat(await service.open_session(await service.add_project(repository)))
        await service.run_turn("opencode", PROMPT, place)
        async with door.client() as bare:
            for _ in range(bench.rounds):
                heard_bare = TextRecorder()
                bare.overhear(heard_bare)
                ours = (await service.run_turn("opencode", PROMPT, place)).delays_ms()
                floor = heard_bare.delays_ms()
                pairs += [(ours[word], floor[word]) for word in ours if word in floor]
    if len(pairs) < bench.rounds * WORDS:
        raise RuntimeError(f"{bench.rounds * WORDS} words were said and {len(pairs)} heard by both")
    return [
        Row(
            SECTION,
            "model's word to client",
            "ms",
            tuple(mine for mine, _ in pairs),
            tuple(floor for _, floor in pairs),
            Comparison.DIFFERENCE,
            3.0,
            tail=True,
        )
    ]
