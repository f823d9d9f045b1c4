"""A runnable fake of an agent that speaks ACP on its stdin and stdout, and breaks in one named way.

    python tests/fakes/acp_agent.py [--fault NAME] [--store DIRECTORY] [--without CAPABILITY]

A prompt is a script, as boocoder.scripted_model.script says. `--fault list` prints the names of all faults.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fakes.acp.agent import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
