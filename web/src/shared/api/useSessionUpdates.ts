// Refreshes the lists when the socket reports changed sessions.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { connection } from "../stream/store";
import { isLong } from "./sessions";

const TOGETHER_MS = 150; // changes within this time are fetched together

/** Refresh the lists of sessions and tasks on every reported change while the component is mounted. */
export function useSessionUpdates(): void {
  const client = useQueryClient();
  useEffect(() => {
    const named = new Set<string>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const leave = connection.onSessions((ids) => {
      for (const id of ids) named.add(id);
      timer ??= setTimeout(() => {
        timer = undefined;
        refresh(client, named);
        named.clear();
      }, TOGETHER_MS);
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [client]);
}

function refresh(client: QueryClient, named: ReadonlySet<string>): void {
  for (const list of ["sessions", "tasks"]) {
    void client.invalidateQueries({ queryKey: [list], predicate: ({ state }) => !isLong(state.data) });
  }
  for (const id of named) void client.invalidateQueries({ queryKey: ["session", id] });
}
