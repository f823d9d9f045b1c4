// The change that a session applied last, and undoing that.
import { useQuery } from "@tanstack/react-query";
import { call } from "../api/client";
import { queryClient } from "../api/queries";
import { showError, showToast } from "../ui/Toasts";

/** The change that the session applied last; null if it applied none. */
export function useLastApplied(sessionId: string) {
  return useQuery({
    queryKey: ["review", sessionId, "applied"],
    queryFn: ({ signal }) => call("GET /api/changes", { query: { session_id: sessionId, state: "applied", limit: 1 } }, { signal }),
    select: (changes) => changes[0] ?? null,
  });
}

/** Take an applied change out of the working tree again, and say what came of it. */
export async function undoApply(changeId: string): Promise<void> {
  try {
    const { paths } = await call("POST /api/changes/{change_id}/unapply", { path: { change_id: changeId }, body: {} });
    showToast(`Restored ${paths.length === 1 ? "1 file" : `${paths.length} files`} in your working tree.`, "The change waits for your decision again.");
  } catch (error) {
    showError(error);
  }
  for (const key of ["review", "session", "sessions"]) void queryClient.invalidateQueries({ queryKey: [key] });
}
