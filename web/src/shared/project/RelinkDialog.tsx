// Says where the repository of a project is now, after its folder was moved.
import { useId, useState } from "react";
import { call } from "../api/client";
import type { Project } from "../api/generated";
import { useAction } from "../api/queries";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { Dialog, DialogButtons, DialogText } from "../ui/Dialog";
import { showToast } from "../ui/Toasts";
import styles from "../session/RenameDialog.module.css";

export const TOUCHED = ["projects", "sessions", "session", "changes"] as const;

export function relink(projectId: string, path: string) {
  return call("POST /api/projects/{project_id}/relink", { path: { project_id: projectId }, body: { path } });
}

export function RelinkDialog({ project, onClose }: { project: Project; onClose: () => void }) {
  const [path, setPath] = useState("");
  const problem = useId();
  const action = useAction((wanted: string) => relink(project.id, wanted), [...TOUCHED]);
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    action.mutate(path.trim(), {
      onSuccess: (now) => {
        showToast(`${visible(now.name)} is at ${visible(now.path)} now.`);
        onClose();
      },
    });
  };
  return (
    <Dialog size="small" title={`Where is ${visible(project.name)} now?`} onClose={onClose}>
      <DialogText>
        Its repository is not at {visible(project.path)} any more. Its sessions and changes go on with the same repository at
        another place.
      </DialogText>
      <form className={styles.form} onSubmit={submit}>
        <input
          aria-label="New folder"
          className={styles.field}
          value={path}
          placeholder={project.path}
          aria-invalid={action.isError || undefined}
          aria-describedby={action.isError ? problem : undefined}
          onChange={(event) => {
            setPath(event.target.value);
            action.reset();
          }}
        />
        {action.error && (
          <p id={problem} role="alert">
            {action.error.message}
          </p>
        )}
        <DialogButtons>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" disabled={!path.trim() || action.isPending}>
            Relink
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  );
}
