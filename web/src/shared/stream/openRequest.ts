// What an agent waits for: the open permission or question of the newest message.
import type { PermissionFrame, QuestionFrame } from "../api/generated";
import type { Item } from "./conversation";

/** The first request that waits for an answer; null if none does. */
export function openRequest(items: readonly Item[]): PermissionFrame | QuestionFrame | null {
  const last = items.findLast((one) => one.kind === "message");
  if (last?.kind !== "message") return null;
  for (const part of last.parts) {
    if ((part.kind === "permission" || part.kind === "question") && part.frame.state === "asked") return part.frame;
  }
  return null;
}

/** Whether a text answers a question: its only one, by a choice or, where it takes one, in own words. */
export function takesText(frame: QuestionFrame, text: string): boolean {
  const [question, ...more] = frame.questions;
  if (!question || more.length > 0) return false;
  return !question.choices?.length || question.free === true || question.choices.includes(text.trim());
}
