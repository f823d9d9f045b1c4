// Tells the service that a session of a project is about to be opened, so that its worktree is made ahead.
import { useEffect } from "react";
import { call } from "./client";

/** Ask once for each project that is chosen; a service that cannot does without. */
export function usePreparedSession(projectId: string | undefined): void {
  useEffect(() => {
    if (projectId) call("POST /api/projects/{project_id}/prepare", { path: { project_id: projectId } }).catch(() => undefined);
  }, [projectId]);
}
