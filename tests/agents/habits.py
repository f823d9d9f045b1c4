"""What tests have to know about each real agent beside its recipe."""

from __future__ import annotations

from dataclasses import dataclass

from tools import agent_recipes
from tools.agent_recipes import LARGE, Recipe

READ_OUTSIDE = "[[say before]] [[read {outside}]] [[write asked.txt|yes]] [[say after]]"
RUN_COMMAND = "[[say before]] [[bash echo yes > asked.txt]] [[say after]]"


@dataclass(frozen=True)
class Agent:
    """One agent.

    Args:
        recipe: how it is started.
        remembers: the notice of how it takes a conversation up in a new process.
        asks: a script of which it asks for a permission in its careful mode; `{outside}` is a file out of the worktree.
        free: the mode in which it asks for nothing, "" where it asks for nothing anyway.
        bound: a mode in which it writes no file.
        larger: what the larger scripted model is called there, "" if it offers one model only.
        tells_exit_code: whether its updates hold the exit code of a command.
        steers: whether it takes a message while its turn runs.
        gives_images: whether it gives the scripted model an image; the others take it for one that sees none.
    """

    recipe: Recipe
    remembers: str = "session_resumed"
    asks: str = RUN_COMMAND
    free: str = "yolo"
    bound: str = "plan"
    larger: str = ""
    tells_exit_code: bool = True
    steers: bool = False
    gives_images: bool = False

    @property
    def name(self) -> str:
        """As tasks call it."""
        return self.recipe.name


OPENCODE = Agent(agent_recipes.OPENCODE, asks=READ_OUTSIDE, free="", larger=LARGE, steers=True)
OPENCODE_ACP = Agent(agent_recipes.OPENCODE_ACP, free="", larger=f"scripted/{LARGE}")
GOOSE = Agent(agent_recipes.GOOSE, remembers="session_loaded", bound="chat", larger=LARGE)
QWEN = Agent(agent_recipes.QWEN)
CLAUDE = Agent(agent_recipes.CLAUDE, tells_exit_code=False, steers=True, gives_images=True)
