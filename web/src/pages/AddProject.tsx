// Adds a repository by its path on the machine where the service runs.
import { useId, useState } from "react";
import { call } from "../api/client";
import { useAction } from "../api/queries";
import { Button } from "../ui/Button";
import styles from "./AddProject.module.css";

export function AddProject({ onAdded }: { onAdded: (projectId: string) => void }) {
  const [path, setPath] = useState("");
  const problem = useId();
  const add = useAction((wanted: string) => call("POST /api/projects", { body: { path: wanted } }), ["projects"]);
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
    <form onSubmit={submit}>
      <div className={styles.form}>
        <label>
          Directory of the repository
          <input
            value={path}
            placeholder="/home/you/project"
            spellCheck={false}
            autoCapitalize="off"
            aria-invalid={add.isError || undefined}
            aria-describedby={add.isError ? problem : undefined}
            onChange={(event) => {
              setPath(event.target.value);
              add.reset();
            }}
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
