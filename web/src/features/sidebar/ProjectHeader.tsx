// A project's header in the list, with its menu.
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../shared/api/client";
import type { Project } from "../../shared/api/generated";
import { useAction } from "../../shared/api/queries";
import { RelinkDialog } from "../../shared/project/RelinkDialog";
import { visible } from "../../shared/text/visible";
import { ConfirmDialog } from "../../shared/ui/ConfirmDialog";
import { Menu, MenuItem } from "../../shared/ui/Menu";
import { showError, showToast } from "../../shared/ui/Toasts";
import { GroupHeader } from "./GroupHeader";
import styles from "./ProjectHeader.module.css";

interface ProjectHeaderProps {
  project: Project;
  folded: boolean;
  count: number;
  onChosen: () => void;
}

export function ProjectHeader({ project, folded, count, onChosen }: ProjectHeaderProps) {
  const [, go] = useLocation();
  const [asking, ask] = useState(false);
  const [relinking, relinkNow] = useState(false);
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
    remove.mutate(undefined, { onSuccess: () => showToast(`Removed ${name} from the list.`), onError: showError });
  };
  return (
    <header className={styles.head}>
      <GroupHeader id={project.id} folded={folded} count={count} hint={visible(project.path)}>
        {name}
        {project.archived_at && <span className={styles.note}> removed</span>}
        {project.moved && <span className={styles.note}> moved</span>}
      </GroupHeader>
      {!project.archived_at && (
        <Menu look="row" className={styles.more} label={`Actions for project ${name}`}>
          {project.moved && <MenuItem onClick={() => relinkNow(true)}>Say where it is now…</MenuItem>}
          <MenuItem onClick={begin}>New session here</MenuItem>
          <MenuItem onClick={() => ask(true)}>Remove from the list…</MenuItem>
        </Menu>
      )}
      {relinking && <RelinkDialog project={project} onClose={() => relinkNow(false)} />}
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
