// What tools of the session's agent started and still runs, with a button that ends it.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { call } from "../../shared/api/client";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import styles from "./RulesDialog.module.css";

export function Processes({ sessionId }: { sessionId: string }) {
  const client = useQueryClient();
  const queryKey = ["session", sessionId, "processes"];
  const { data } = useQuery({
    queryKey,
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}/processes", { path: { session_id: sessionId } }, { signal }),
  });
  const end = useMutation({
    mutationFn: (pid: number) => call("DELETE /api/sessions/{session_id}/processes/{pid}", { path: { session_id: sessionId, pid } }),
    onSettled: () => client.invalidateQueries({ queryKey }),
  });
  if (!data?.length) return null;
  return (
    <section className={styles.section} aria-label="Processes">
      <h3>Still running</h3>
      {end.error && <p className={styles.warning}>{end.error.message}</p>}
      <ul>
        {data.map((one) => (
          <li key={one.pid}>
            <code>{visible(one.command)}</code> <span className={styles.note}>({one.pid})</span>{" "}
            <Button onClick={() => end.mutate(one.pid)} disabled={end.isPending}>
              End
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}
