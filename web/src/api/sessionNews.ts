// Keeps the lists fresh: the socket names sessions that changed, and what shows them is asked again.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { connection } from "../stream/store";

const TOGETHER_MS = 150; // news that come so close are asked about once

/** For the time of the component: refresh the lists of sessions and tasks when the service says that they changed. */
export function useSessionNews(): void {
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
  void client.invalidateQueries({ queryKey: ["sessions"] });
  void client.invalidateQueries({ queryKey: ["tasks"] });
  for (const id of named) void client.invalidateQueries({ queryKey: ["session", id] });
}
