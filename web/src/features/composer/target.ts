// Where a message goes, and which task it became.

/** Where a task goes. */
export interface Target {
  projectId?: string;
  sessionId?: string;
  chatId?: string;
}

/** The task that a message became, with its session and chat. */
export interface Sent {
  task_id: string;
  session_id: string;
  chat_id: string;
}
