"""An agent over ACP that says or does very much: `text CHUNKS` or `calls NUMBER`. Needs nothing of boocoder."""

from __future__ import annotations

import json
import sys

CHUNK = "A line of text that an agent says, again and again.\n" * 1260  # 64 KiB


def send(**fields: object) -> None:
    """One message."""
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **fields}) + "\n")


def update(session: str, **fields: object) -> None:
    """One update of a session."""
    send(method="session/update", params={"sessionId": session, "update": fields})


def perform(session: str, prompt: str) -> None:
    """Flood the client as the prompt says."""
    what, number = prompt.split()[-2:]
    for index in range(int(number)):
        if what == "text":
            update(session, sessionUpdate="agent_message_chunk", content={"type": "text", "text": CHUNK})
        else:
            call = {"toolCallId": f"call-{index}", "kind": "execute", "rawInput": {"command": f"echo {index}"}}
            update(session, sessionUpdate="tool_call", title=f"echo {index}", status="in_progress", **call)
            output = [{"type": "content", "content": {"type": "text", "text": f"{index}\n"}}]
            update(session, sessionUpdate="tool_call_update", status="completed", content=output, **call)


def main() -> None:
    """Answer requests until the input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        result: dict[str, object] = {}
        match asked.get("method"):
            case "initialize":
                result = {"protocolVersion": 1, "agentCapabilities": {}, "authMethods": []}
            case "session/new":
                result = {"sessionId": "flood"}
            case "session/prompt":
                perform("flood", asked["params"]["prompt"][0]["text"])
                result = {"stopReason": "end_turn"}
        if "id" in asked:
            send(id=asked["id"], result=result)
        sys.stdout.flush()


if __name__ == "__main__":
    main()
