// Made by tools/web_types.py out of the server's code. Do not edit: run `make web-types`.
import type { SteerSender, SteerState } from "./words";

/** A message for a turn that runs. */
export interface SteerInfo {
  id: string;
  session_id: string;
  task_id: string;
  prompt: string;
  sent_by: SteerSender;
  state: SteerState;
  message_id: string | null;
  part: number | null;
  queued_task_id: string | null;
  created_at: string;
  delivered_at: string | null;
  ended_at: string | null;
}
