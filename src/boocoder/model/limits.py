"""Every cap, with its unit and reason."""

from __future__ import annotations

PROMPT_MAX_CHARS = 1_000_000  # longer text is a file and belongs in the worktree
BODY_MAX_BYTES = 4 * 1024 * 1024  # a prompt of PROMPT_MAX_CHARS in four-byte UTF-8
ATTACHMENT_MAX_BYTES = 3_000_000  # as base64 in a body of BODY_MAX_BYTES; a screenshot of two large screens
ATTACHMENTS_MAX = 20  # per task; more belong in the project
PROMPT_IMAGES_MAX = 6  # of one prompt as images; further ones are files that the agent may read
PROMPT_IMAGES_MAX_BYTES = (
    10_000_000  # of all of them; as base64 less than half of what model services take in a request
)
TITLE_MAX_CHARS = 200  # one line on a screen
SUMMARY_MAX_CHARS = 500  # a row of a list; the whole text is in the message
INLINE_TEXT_MAX_CHARS = 16_384  # of a tool's input or output in one frame or row; the rest is read in pages
TURN_TEXT_MAX_CHARS = 8_000_000  # of a turn's text in the database; the rest goes to files, read in the same pages
TOOL_TEXT_MAX_CHARS = 1_000_000  # of one tool call's input or output in the database; the rest goes to a file
MESSAGE_PARTS_MAX = 200  # of one message in a page; an agent can make 100,000 tool calls in a turn
PAGE_PARTS_MAX = 2_000  # of all messages of a page: half a megabyte of tool calls
TEXT_PAGE_MAX_CHARS = 262_144  # one page of a part's text
SEQ_MAX = 2**63 - 1  # a bigint of the database; higher than any number of a frame or message
FLUSH_INTERVAL_S = 0.1  # streamed text is durable at most this much later (decision 6)
CLIENT_BUFFER_FRAMES = 4_096  # a client that lags further must resync
CLIENT_BUFFER_BYTES = 4 * 1024 * 1024  # as above
WS_MESSAGE_MAX_BYTES = 65_536  # clients send only small control messages
CLIENT_SEND_TIMEOUT_S = 10.0  # a socket that accepts no byte for this long is closed
DIFF_STORE_MAX_BYTES = 16 * 1024 * 1024  # larger diffs are computed from the shadow repository on request
LEASE_TTL_S = 15.0  # a host that does not renew in this time counts as dead; database clock
LEASE_RENEW_S = 4.0  # three attempts within one TTL
SILENT_S = 60.0  # a running turn is shown as silent after this; the watchdog has its own limits
POLL_INTERVAL_S = 2.0  # safety net under NOTIFY
REVIEW_FILE_MAX_BYTES = 2 * 1024 * 1024  # larger texts are decided as a whole
REVIEW_DIFF_MAX_BYTES = 64 * 1024 * 1024  # all hunks of a change; beyond it every file is decided as a whole
WORDS_MAX_CHARS = 20_000  # one hunk, both sides; beyond it no intraline marks
