// Adds a repository by its path on the service's machine, with folder suggestions.
import { Folder as FolderIcon, FolderGit2 } from "lucide-react";
import { useId, useState } from "react";
import { call, Problem } from "../../shared/api/client";
import type { Folder } from "../../shared/api/generated";
import { useFolders } from "../../shared/api/suggestions";
import { useAction, useProjects } from "../../shared/api/queries";
import { relink, TOUCHED } from "../../shared/project/RelinkDialog";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";
import { SuggestField } from "../../shared/ui/SuggestField";
import styles from "./AddProject.module.css";

export function AddProject({ onAdded }: { onAdded: (projectId: string) => void }) {
  const [path, setPath] = useState("");
  const [here, setHere] = useState(false); // list no folders before the field is used
  const problem = useId();
  const folders = useFolders(here ? path : null);
  const add = useAction((wanted: string) => call("POST /api/projects", { body: { path: wanted } }), ["projects", "sessions", "session"]);
  const follow = useAction((id: string) => relink(id, path.trim()), [...TOUCHED]);
  const projects = useProjects().data ?? [];
  const isMoved = add.error instanceof Problem && add.error.code === "project_moved_here";
  const movedHere = isMoved ? projects.filter((one) => one.moved) : [];
  const relinkTo = (id: string) =>
    follow.mutate(id, {
      onSuccess: (project) => {
        change("");
        onAdded(project.id);
      },
      onError: showError,
    });
  const change = (typed: string) => {
    setPath(typed);
    add.reset();
  };
  const submit = (event: React.FormEvent) => {
    event.preventDefault();
    add.mutate(path.trim(), {
      onSuccess: (project) => {
        setPath("");
        onAdded(project.id);
      },
    });
  };
  return (
    <form onSubmit={submit} onFocus={() => setHere(true)}>
      <div className={styles.form}>
        <label>
          Repository folder
          <SuggestField
            value={path}
            onValue={change}
            found={folders}
            keyOf={(one) => one.path}
            onTake={(one) => {
              change(one.repository ? one.path : `${one.path}/`);
              return !one.repository;
            }}
            listLabel="Folders"
            row={(one) => <FolderRow folder={one} />}
            placeholder="/home/you/project"
            aria-invalid={add.isError || undefined}
            aria-describedby={add.isError ? problem : undefined}
          />
        </label>
        <Button type="submit" kind="primary" disabled={!path.trim() || add.isPending}>
          {add.isPending ? "Adding…" : "Add"}
        </Button>
      </div>
      {add.error && (
        <p id={problem} className={styles.problem} role="alert">
          {add.error.message}
        </p>
      )}
      {movedHere.map((one) => (
        <Button key={one.id} disabled={follow.isPending} onClick={() => relinkTo(one.id)}>
          Go on with {visible(one.name)} here
        </Button>
      ))}
    </form>
  );
}

function FolderRow({ folder }: { folder: Folder }) {
  const Icon = folder.repository ? FolderGit2 : FolderIcon;
  const name = folder.path.slice(folder.path.lastIndexOf("/") + 1);
  return (
    <>
      <Icon aria-hidden />
      <span className={styles.folder} title={folder.path}>
        {visible(name)}
      </span>
      {folder.repository && <span className={styles.kind}>git repository</span>}
    </>
  );
}
