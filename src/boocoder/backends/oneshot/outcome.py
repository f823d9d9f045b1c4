"""Classifies how a turn ended from the agent's output and its process's end; adds a cure."""

from __future__ import annotations

import re
import signal
from dataclasses import dataclass

from boocoder.backends.oneshot.formats.reader import OutputReader
from boocoder.backends.oneshot.formats.terminal_text import TerminalText
from boocoder.backends.oneshot.settings import OneShotAgent
from boocoder.backends.shared.error_messages import AGAIN, CHECK_LOGIN, failed_answer, failed_by_words
from boocoder.backends.shared.outcomes import died
from boocoder.model.turn import Completed, Failed, Outcome, TurnError

_LOGIN = (
    r"not (?:logged|signed) in|(?:please|you must|need to) (?:log|sign) ?in|run /login|log ?in (?:is )?required"
    r"|authentication required|not authenticated|no api key|set an auth method|missing api key"
)
_REFUSAL = (
    r"no (?:conversation|saved session|session|rollout|thread)s? found|session not found|unknown session"
    r"|invalid session|error resuming session|(?:could not|cannot|failed to) (?:resume|find|load) (?:the )?session"
)
_WORDS_MAX_CHARS = 1_500


@dataclass(frozen=True, slots=True)
class TurnFacts:
    """What is known at the end of a turn.

    Args:
        reader: what it printed.
        returncode: of its process: exit code or negative signal; None if it still runs or is not known.
        stderr: the end of its stderr.
        lingered: it closed its output or sent its result, ran on, and was ended.
        dropped_lines: that were too long.
        expected: we ended the process.
    """

    reader: OutputReader
    returncode: int | None
    stderr: str = ""
    lingered: bool = False
    dropped_lines: int = 0
    expected: bool = False

    @property
    def words(self) -> str:
        """The agent's output outside its format."""
        said = "\n".join(filter(None, (self.stderr.strip(), self.reader.stray_text.strip())))
        terminal = TerminalText()
        lines = (terminal.line(line) for line in said[-_WORDS_MAX_CHARS:].splitlines())
        return "\n".join(line for line in lines if line).strip()


def refusal_words(facts: TurnFacts) -> str:
    """Why the agent did not resume its session: the line that says so."""
    ending = facts.reader.story.ending
    return last_meaningful_line(ending.words if ending is not None and ending.words else facts.words)


def last_meaningful_line(words: str) -> str:
    """The line that says why a session is not there, else the first one."""
    lines = words.strip().splitlines()
    telling = [line for line in lines if re.search(_REFUSAL, line, re.IGNORECASE)]
    return (telling or lines or ["it gave no reason"])[0].strip()[:300]


def classify(facts: TurnFacts, agent: OneShotAgent) -> Outcome:
    """The outcome of a turn that was not asked to stop."""
    story = facts.reader.story
    if story.ending is not None and not story.ending.good:
        return _failed(story.ending.words, agent, code=story.ending.code)
    by_exit = not facts.reader.explicit and facts.returncode == 0 and not facts.lingered
    if story.ending is None and not by_exit:
        return _without_result(facts, agent)
    if not story.said_something:
        return _gave_nothing(facts, agent)
    if agent.error_text and (found := re.search(rf"(?:{agent.error_text})\s*\Z", story.last_text, re.DOTALL)):
        return _failed(found.group(1) if found.re.groups else found.group(0), agent)
    return failed_answer(story.only_text, counted_output=story.usage.output_tokens > 0) or Completed()


def resume_refused(facts: TurnFacts, agent: OneShotAgent) -> bool:
    """Whether the agent certainly did not take the prompt because it does not have the session."""
    story = facts.reader.story
    if story.said_something or (story.ending is not None and story.ending.good) or facts.returncode in (None, 0):
        return False
    words = f"{facts.words}\n{story.ending.words if story.ending is not None else ''}"
    return re.search(agent.refusal_text or _REFUSAL, words, re.IGNORECASE) is not None


def _failed(words: str, agent: OneShotAgent, *, code: str = "") -> Failed:
    words = words.strip()[-_WORDS_MAX_CHARS:] or "it gave no reason"
    if _wants_login(words, agent):
        return _login_needed(words, agent)
    if code == "agent_step_limit":
        limit = "The agent reached its own limit of model calls for one turn."
        return Failed(TurnError(code, limit, "Send a prompt to let it go on."))
    return failed_by_words(words)


def _without_result(facts: TurnFacts, agent: OneShotAgent) -> Outcome:
    code, said = facts.returncode, facts.words
    quoted = f" It said: {said}" if said else ""
    if facts.lingered:
        text = f"The agent closed its output without a result and ran on; it was ended.{quoted}"
        return Failed(TurnError("agent_closed_output", text, AGAIN))
    if code is None or code < 0:
        return died(f"The agent was ended by {_signal_name(code)} in mid-turn.{quoted}", expected=facts.expected)
    if facts.expected:
        return died("", expected=True)
    if _wants_login(said, agent):
        return _login_needed(said, agent)
    if code:
        named = failed_by_words(said) if said else None
        if named is not None and named.error.code != "agent_failed":
            return named
        text = f"The agent ended with exit code {code}.{quoted}"
        return Failed(TurnError("agent_failed", text, f"{AGAIN} If it fails again, run it by hand to see why."))
    garbled = f" {facts.dropped_lines + facts.reader.broken} lines could not be read." if _garbled(facts) else ""
    text = f"The agent ended well but never said how its turn ended.{garbled}{quoted}"
    return Failed(TurnError("agent_no_result", text, f"{AGAIN} See what it changed before you rely on it."))


def _gave_nothing(facts: TurnFacts, agent: OneShotAgent) -> Failed:
    if _wants_login(facts.words, agent):
        return _login_needed(facts.words, agent)
    quoted = f" It said: {facts.words}" if facts.words else ""
    nothing = f"The agent ended its turn with nothing: no text, no thought and no tool call.{quoted}"
    return Failed(TurnError("agent_gave_nothing", nothing, "Send the prompt again or choose another model."))


def _garbled(facts: TurnFacts) -> bool:
    return bool(facts.dropped_lines or facts.reader.broken)


def _wants_login(words: str, agent: OneShotAgent) -> bool:
    return bool(words) and re.search(agent.login_text or _LOGIN, words, re.IGNORECASE) is not None


def _login_needed(words: str, agent: OneShotAgent) -> Failed:
    how = f"Run `{agent.login}` in a terminal, then send the prompt again." if agent.login else CHECK_LOGIN
    return Failed(TurnError("agent_login_needed", f"{agent.name} is not logged in: {words}", how))


def _signal_name(code: int | None) -> str:
    try:
        return signal.Signals(-code).name if code is not None else "the system"
    except ValueError:
        return f"signal {-code}" if code is not None else "the system"
