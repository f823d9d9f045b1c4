"""What the demo project answers."""

from __future__ import annotations

from boocoder.api.shapes.outputs import Output, ProjectOut


class DemoOut(Output):
    """The demo project, and a first task for it that the scripted agent can do."""

    project: ProjectOut
    agent: str
    title: str
    prompt: str
