// Which notices say something new, and how often each was given.
import type { NoticeFrame } from "../../shared/api/generated";
import type { Part } from "../../shared/stream/conversation";

export interface CountedNotice {
  /** The newest of them. */
  notice: NoticeFrame;
  times: number;
}

/** Codes whose notices replace each other: a later one tells the state of the same matter. */
const RETRIES = new Set(["model_retry", "stream_reconnected"]);

/** The usual course of a turn: whatever differs from it has a notice of its own. */
const USUAL = new Set(["session_warm", "session_resumed", "session_loaded"]);

/** One line for equal notices, and for all retries of a kind. */
export function counted(notices: readonly NoticeFrame[]): CountedNotice[] {
  const found = new Map<string, CountedNotice>();
  for (const notice of notices) {
    const key = RETRIES.has(notice.code) ? notice.code : `${notice.code}\n${notice.text}`;
    const before = found.get(key);
    found.delete(key); // the newest stands last
    found.set(key, { notice, times: (before?.times ?? 0) + 1 });
  }
  return [...found.values()];
}

/**
 * A message's parts as they are drawn: neighbouring notices together, those of the usual course left out.
 *
 * @param first whether it is the first answer of its chat, whose agent session is new of course.
 */
export function grouped(parts: readonly Part[], first: boolean): (Part | NoticeFrame[])[] {
  const rows: (Part | NoticeFrame[])[] = [];
  for (const part of parts) {
    if (part.kind !== "notice") rows.push(part);
    else if (!USUAL.has(part.frame.code) && !(first && part.frame.code === "session_fresh")) {
      const last = rows.at(-1);
      if (Array.isArray(last)) last.push(part.frame);
      else rows.push([part.frame]);
    }
  }
  return rows;
}
