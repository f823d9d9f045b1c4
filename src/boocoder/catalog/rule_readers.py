"""Lists the rule files with words that an agent reads by itself, as its definition names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from boocoder.backends.shared.rules.rule_report import not_in_force, rule_file
from boocoder.catalog.known_agents import RuleNames
from boocoder.model.rule_files import RuleFileUse, RuleOwner, RuleReader

ReadRules = Callable[[Path], list[RuleFileUse]]
"""The rule files with words that an agent gets in a worktree, and those that it does not get. It blocks."""

FILES_MAX = 200  # of one pattern
CONFIG = ".config/"
# What agents call such files. Where an agent's own names are known, it reads none of the others.
USUAL_NAMES = (
    *("AGENTS.md", "CLAUDE.md", "QWEN.md", "GEMINI.md", "CONTEXT.md"),
    *(".goosehints", ".cursorrules", ".github/copilot-instructions.md"),
)


def own_rules(names: RuleNames, *, home: Path, config_home: Path) -> ReadRules:
    """The reader of an agent that finds its rules by itself.

    Args:
        home: its home directory.
        config_home: where it looks for what its definition has below `.config/`.
    """

    def below_home(group: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
        for pattern in group:
            if pattern.startswith(CONFIG):
                yield config_home, pattern.removeprefix(CONFIG)
            else:
                yield home, pattern

    def read(worktree: Path) -> list[RuleFileUse]:
        found: dict[str, RuleFileUse] = {}
        for group in names.project:
            _add(found, [(worktree, pattern) for pattern in group], RuleOwner.PROJECT)
        for group in names.person:
            _add(found, list(below_home(group)), RuleOwner.PERSON)
        for folder in worktree.parents:
            for pattern in names.above:
                _add(found, [(folder, pattern)], RuleOwner.PERSON)
        return list(found.values())

    return read


def unread_names(worktree: Path, agent: str, listed: Sequence[RuleFileUse]) -> list[RuleFileUse]:
    """Files of the worktree that agents obey under their usual names, and this one does not."""
    known = {one.path for one in listed}
    uses = (
        rule_file(worktree / name, name, RuleOwner.PROJECT, RuleReader.AGENT)
        for name in USUAL_NAMES
        if name not in known
    )
    return [not_in_force(use, f"{agent} does not read it.") for use in uses if use is not None]


def _add(found: dict[str, RuleFileUse], group: Sequence[tuple[Path, str]], owner: RuleOwner) -> None:
    """Add the files of a group; where its first pattern has some, those of the others are not in force."""
    first = ""
    for root, pattern in group:
        uses = []
        for path in _matching(root, pattern):
            shown = str(path.relative_to(root) if owner is RuleOwner.PROJECT else path)
            use = rule_file(path, shown, owner, RuleReader.AGENT)
            if use is not None:
                uses.append(not_in_force(use, f"{first} comes first.") if first else use)
        for use in uses:
            found.setdefault(use.path, use)
        first = first or (uses[0].path if uses else "")


def _matching(root: Path, pattern: str) -> list[Path]:
    if "*" not in pattern:
        return [root / pattern]
    try:
        return sorted(islice(root.glob(pattern), FILES_MAX))
    except OSError:
        return []


def agents_home(env: Mapping[str, str], *, home: Path, config_home: Path) -> tuple[Path, Path]:
    """The home directory and the configuration folder of an agent, by the variables that are set for it."""
    own = Path(env.get("HOME", home))
    config = env.get("XDG_CONFIG_HOME", "")
    usual = config_home if own == home else own / ".config"
    return own, Path(config) if config else usual
