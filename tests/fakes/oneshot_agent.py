"""A runnable fake of an agent that is a command and prints stream-json or plain text, and breaks in one named way.

    python tests/fakes/oneshot_agent.py --store DIRECTORY [--fault NAME] [--plain] [--new ID | --resume ID] [PROMPT]

A prompt is a script, as boocoder.scripted_model.script says; "-" reads it from stdin. Without one it is kept open and
takes prompts as lines of JSON. `--fault list` prints the names of all faults.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.oneshot.agent import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
