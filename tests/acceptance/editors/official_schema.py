"""Checks messages of an agent against the JSON schema of the protocol, which comes with the TypeScript SDK of acpx."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from tools.install_agents import install_agent

ANSWERS = {
    "initialize": "InitializeResponse",
    "authenticate": "AuthenticateResponse",
    "session/new": "NewSessionResponse",
    "session/load": "LoadSessionResponse",
    "session/resume": "ResumeSessionResponse",
    "session/list": "ListSessionsResponse",
    "session/close": "CloseSessionResponse",
    "session/prompt": "PromptResponse",
    "session/set_mode": "SetSessionModeResponse",
    "session/set_config_option": "SetSessionConfigOptionResponse",
}
PARAMS = {
    "session/update": "SessionNotification",
    "session/request_permission": "RequestPermissionRequest",
    "elicitation/create": "CreateElicitationRequest",
    "$/cancel_request": "CancelRequestNotification",
}


def check_line(message: dict[str, Any], sent: dict[int, str]) -> None:
    """Check one message.

    Args:
        message: as the agent wrote it.
        sent: methods of our requests, by id.

    Raises:
        jsonschema.ValidationError: it is not valid.
    """
    assert message["jsonrpc"] == "2.0", message
    if "method" in message:
        _validator(PARAMS[message["method"]]).validate(message["params"])
        return
    if "error" in message:
        _validator("Error").validate(message["error"])
        return
    name = ANSWERS.get(sent[message["id"]])
    if name is not None:
        _validator(name).validate(message["result"])


@cache
def _validator(name: str) -> Draft202012Validator:
    schema = _schema()
    assert name in schema["$defs"], name
    return Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})


@cache
def _schema() -> dict[str, Any]:
    modules = Path(install_agent("acpx")[-1]).parents[2]
    found: dict[str, Any] = json.loads(
        (modules / "@agentclientprotocol" / "sdk" / "schema" / "schema.json").read_text()
    )
    return found
