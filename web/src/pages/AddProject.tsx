// Adds a repository by its path on the machine where the service runs; its folders are offered while one types.
import { Folder, FolderGit2 } from "lucide-react";
import { useId, useState } from "react";
import { call } from "../api/client";
import type { FolderOut } from "../api/generated";
import { useFolders } from "../api/places";
import { useAction } from "../api/queries";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { SuggestField } from "../ui/SuggestField";
import styles from "./AddProject.module.css";

export function AddProject({ onAdded }: { onAdded: (projectId: string) => void }) {
  const [path, setPath] = useState("");
  const [here, setHere] = useState(false); // nobody's folders are looked at before the field is used
  const problem = useId();
  const folders = useFolders(here ? path : null);
  const add = useAction((wanted: string) => call("POST /api/projects", { body: { path: wanted } }), ["projects", "sessions", "session"]);
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
          Directory of the repository
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
    </form>
  );
}

function FolderRow({ folder }: { folder: FolderOut }) {
  const Icon = folder.repository ? FolderGit2 : Folder;
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
