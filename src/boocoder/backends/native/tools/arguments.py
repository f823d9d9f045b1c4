"""The arguments of the native agent's tools: one struct per tool, with the other names that models use for them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


def arg(description: str, *also: str) -> msgspec.Meta:
    """An argument's description, and other names under which models send it (compared without case, `_` and `-`).

    Args:
        description: for the model; empty where the argument's name says it all.
        also: the other names.
    """
    return msgspec.Meta(description=description or None, extra={"also": also})


_PATH_NAMES = ("file", "filename", "filepath", "targetfile", "absolutepath", "relativepath", "name", "uri", "fname")


class ReadArguments(msgspec.Struct, frozen=True):
    """Read a text file."""

    path: Annotated[str, arg("File.", *_PATH_NAMES)]
    offset: Annotated[
        int, arg("First line, from 1.", "startline", "start", "line", "linestart", "from", "startlineoneindexed")
    ] = 1
    limit: Annotated[int, arg("Number of lines.", "maxlines", "count", "lines", "numlines", "length")] = 400


class WriteArguments(msgspec.Struct, frozen=True):
    """Create a file, or replace its whole content."""

    path: Annotated[str, arg("File.", *_PATH_NAMES)]
    content: Annotated[
        str,
        arg("The whole new content.", "contents", "text", "filetext", "filecontent", "data", "body", "code", "source"),
    ]


class EditArguments(msgspec.Struct, frozen=True, kw_only=True):
    """Replace a part of a file that you have read."""

    path: Annotated[str, arg("File.", *_PATH_NAMES)]
    old: Annotated[
        str,
        arg(
            "The exact text to replace, with its spaces; long enough to occur only once.",
            *(
                "oldstring",
                "oldstr",
                "oldtext",
                "oldcode",
                "search",
                "searchtext",
                "find",
                "original",
                "before",
                "target",
            ),
        ),
    ] = ""
    first: Annotated[
        int, arg("Number of the first line to replace.", "firstline", "startline", "start", "linestart", "from", "line")
    ] = 0
    last: Annotated[
        int,
        arg(
            "Number of the last line to replace; one less than first to insert before it.",
            *("lastline", "endline", "end", "lineend", "to"),
        ),
    ] = 0
    new: Annotated[
        str,
        arg(
            "What to put in its place.",
            *("newstring", "newstr", "newtext", "newcode", "replace", "replacement", "replacewith", "after", "updated"),
        ),
    ]
    all: Annotated[bool, arg("Replace every place, not just one.", "replaceall", "global", "everywhere")] = False


class ListArguments(msgspec.Struct, frozen=True):
    """List files and directories."""

    path: Annotated[
        str,
        arg("Directory.", "dir", "directory", "folder", "dirpath", *_PATH_NAMES),
    ] = "."


class SearchArguments(msgspec.Struct, frozen=True):
    """Search file contents with a regular expression."""

    pattern: Annotated[
        str, arg("Python regular expression.", "query", "regex", "regexp", "search", "searchterm", "text", "q", "term")
    ]
    path: Annotated[str, arg("Directory or file.", "dir", "directory", "folder", "in", "searchpath", *_PATH_NAMES)] = (
        "."
    )
    glob: Annotated[
        str, arg("Only files whose name fits, such as *.py.", "include", "filepattern", "filter", "includepattern")
    ] = ""


class ShellArguments(msgspec.Struct, frozen=True):
    """Run a command with bash in the working directory."""

    command: Annotated[
        str, arg("", "cmd", "script", "commands", "bash", "code", "commandline", "shell", "input", "args")
    ]


class PlanStep(msgspec.Struct, frozen=True):
    """One step of a plan."""

    text: Annotated[
        str, arg("What is to be done.", "content", "step", "title", "description", "task", "name", "entry", "todo")
    ]
    status: Annotated[Literal["pending", "in_progress", "completed", "cancelled"], arg("", "state", "progress")] = (
        "pending"
    )


class PlanArguments(msgspec.Struct, frozen=True):
    """Show the person your plan, or its progress. Send all steps each time."""

    entries: Annotated[list[PlanStep], arg("The steps in order.", "todos", "plan", "steps", "items", "tasks", "list")]


class AskArguments(msgspec.Struct, frozen=True):
    """Ask the person something that you cannot find out or decide yourself."""

    question: Annotated[str, arg("The question.", "text", "prompt", "message", "query")]
    choices: Annotated[list[str], arg("Answers to choose from, if there are any.", "options", "answers")] = []


class ExploreArguments(msgspec.Struct, frozen=True):
    """Have a helper look through the project to answer a question. It knows nothing of this conversation."""

    question: Annotated[
        str,
        arg(
            "The whole question, and what is known already.",
            *("prompt", "task", "query", "description", "instructions", "message", "text", "goal"),
        ),
    ]


class FetchArguments(msgspec.Struct, frozen=True):
    """Get a page of the web as text. The person is asked first."""

    url: Annotated[str, arg("Address, with https://.", "uri", "link", "address", "href", "website")]
    offset: Annotated[int, arg("First character, to read on.", "start", "from", "position")] = 0


class McpArguments(msgspec.Struct, frozen=True):
    """What a tool of an MCP server is called with; the server knows what it takes."""

    values: dict[str, object]


ToolArgs = (
    ReadArguments
    | WriteArguments
    | EditArguments
    | ListArguments
    | SearchArguments
    | ShellArguments
    | PlanArguments
    | AskArguments
    | ExploreArguments
    | FetchArguments
    | McpArguments
)

TOOLS: dict[
    str,
    type[
        ReadArguments
        | WriteArguments
        | EditArguments
        | ListArguments
        | SearchArguments
        | ShellArguments
        | PlanArguments
        | AskArguments
        | ExploreArguments
        | FetchArguments
    ],
] = {
    "read": ReadArguments,
    "write": WriteArguments,
    "edit": EditArguments,
    "list": ListArguments,
    "search": SearchArguments,
    "shell": ShellArguments,
    "explore": ExploreArguments,
    "fetch": FetchArguments,
    "plan": PlanArguments,
    "ask": AskArguments,
}

OTHER_NAMES: dict[str, tuple[str, ...]] = {
    "read": ("readfile", "viewfile", "view", "openfile", "open", "cat", "readtextfile", "getfile", "showfile"),
    "write": ("writefile", "createfile", "create", "savefile", "save", "writetofile", "newfile", "addfile"),
    "edit": (
        *("editfile", "strreplace", "strreplaceeditor", "strreplacebasededittool", "replace", "replaceinfile"),
        *("searchreplace", "applyedit", "modifyfile", "updatefile", "update", "patch", "texteditor"),
    ),
    "list": ("ls", "listfiles", "listdir", "listdirectory", "dir", "tree", "readdir", "listfolder", "viewdirectory"),
    "search": ("grep", "rg", "ripgrep", "searchfiles", "greptool", "grepsearch", "codesearch", "searchcode"),
    "shell": (
        *("bash", "sh", "runshellcommand", "runcommand", "exec", "execcommand", "execute", "executecommand"),
        *("terminal", "runterminalcmd", "runinterminal", "command", "cmd", "runbash", "run"),
    ),
    "explore": ("agent", "subagent", "dispatchagent", "codebaseinvestigator", "research", "delegate"),
    "fetch": ("webfetch", "fetchurl", "fetchwebpage", "readurl", "curl", "browse", "openurl", "geturl", "readwebpage"),
    "plan": ("updateplan", "todo", "todowrite", "writetodos", "todolist", "setplan", "makeplan", "tasktracker"),
    "ask": ("question", "askuser", "askquestion", "askfollowupquestion", "askhuman", "userinput", "clarify"),
}
"""How other agents call such tools; compared without case, `_`, `-` and a server's prefix."""
