"""Every cap with its unit and its reason. Lower layers import a cap from here and never invent one."""

from __future__ import annotations

PROMPT_MAX_CHARS = 1_000_000  # a prompt is typed or pasted; past this it is a file and belongs in the worktree
BODY_MAX_BYTES = 4 * 1024 * 1024  # a prompt of PROMPT_MAX_CHARS in four-byte UTF-8
ATTACHMENT_MAX_BYTES = 3_000_000  # as base64 in a body of BODY_MAX_BYTES; a screenshot of two large screens
ATTACHMENTS_MAX = 20  # of one task: more are a folder, and belong in the project
TITLE_MAX_CHARS = 200  # one line on a screen
SUMMARY_MAX_CHARS = 500  # a row of a list; the whole text is in the message
INLINE_TEXT_MAX_CHARS = 16_384  # of a tool's input or output inside one frame or row; the rest is read in pages
TEXT_PAGE_MAX_CHARS = 262_144  # one page of a part's text
FLUSH_INTERVAL_S = 0.1  # streamed text is durable at most this much later (decision 6)
CLIENT_BUFFER_FRAMES = 4_096  # a client that lags by more is told to resync
CLIENT_BUFFER_BYTES = 4 * 1024 * 1024  # likewise
WS_MESSAGE_MAX_BYTES = 65_536  # clients send only small control messages
CLIENT_SEND_TIMEOUT_S = 10.0  # a socket that takes no byte for so long is closed
DIFF_STORE_MAX_BYTES = 16 * 1024 * 1024  # a larger diff is read from the shadow repository when asked for
LEASE_TTL_S = 15.0  # a host that does not renew for so long is taken for dead; database clock
LEASE_RENEW_S = 4.0  # three tries inside one TTL
SILENT_S = 60.0  # a running turn that says nothing for so long is shown as silent; the watchdog has its own limits
POLL_INTERVAL_S = 2.0  # safety net under NOTIFY
REVIEW_FILE_MAX_BYTES = 2 * 1024 * 1024  # nobody reviews a larger text line by line; it is decided on as a whole
REVIEW_DIFF_MAX_BYTES = 64 * 1024 * 1024  # of all hunks of a change; past it every file is decided on as a whole
WORDS_MAX_CHARS = 20_000  # of one hunk, both sides; past it lines are shown as removed and added whole
