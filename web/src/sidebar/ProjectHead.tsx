// A project's name above its sessions, with a menu: begin a session in it, or take it off the list.
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../api/client";
import type { ProjectOut } from "../api/generated";
import { useAction } from "../api/queries";
import { visible } from "../text/visible";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Menu, MenuItem } from "../ui/Menu";
import { complain, say } from "../ui/Toasts";
import styles from "./ProjectHead.module.css";

export function ProjectHead({ project, onChosen }: { project: ProjectOut; onChosen: () => void }) {
  const [, go] = useLocation();
  const [asking, ask] = useState(false);
  const remove = useAction(
    () => call("DELETE /api/projects/{project_id}", { path: { project_id: project.id } }),
    ["projects", "sessions", "session"],
  );
  const name = visible(project.name);
  const begin = () => {
    go(`/?project=${project.id}`);
    onChosen();
  };
  const confirmed = () => {
    ask(false);
    remove.mutate(undefined, { onSuccess: () => say(`${name} is off the list.`), onError: complain });
  };
  return (
    <header className={styles.head}>
      <h2 title={visible(project.path)}>
        {name}
        {project.archived_at && <span className={styles.note}> removed</span>}
      </h2>
      {!project.archived_at && (
        <Menu look="row" className={styles.more} label={`More about project ${name}`}>
          <MenuItem onClick={begin}>New session here</MenuItem>
          <MenuItem onClick={() => ask(true)}>Remove from the list…</MenuItem>
        </Menu>
      )}
      {asking && (
        <ConfirmDialog
          title={`Remove ${name} from the list?`}
          text={`Its sessions are archived. Nothing is deleted: the repository in ${visible(project.path)} stays as it is, and adding that folder again brings the project back with its sessions.`}
          action="Remove"
          onConfirm={confirmed}
          onCancel={() => ask(false)}
        />
      )}
    </header>
  );
}
