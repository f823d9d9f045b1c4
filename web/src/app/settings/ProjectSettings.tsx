// Settings of a project: what its new worktrees get, and how its changes become commits.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Answer } from "../../shared/api/client";
import { useProjects } from "../../shared/api/queries";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import styles from "./SettingsPage.module.css";

type Settings = Answer<"GET /api/projects/{project_id}/settings">;

export function ProjectSettings() {
  const { data: projects } = useProjects();
  const [open, setOpen] = useState<string | null>(null); // settings of a folded project are not asked for
  return (
    <>
      <p className={styles.note}>Kept by the service, one row a project. They hold for worktrees that are made from now on.</p>
      {projects?.map((project) => (
        <details key={project.id} className={styles.group} onToggle={(event) => event.currentTarget.open && setOpen(project.id)}>
          <summary>{visible(project.name)}</summary>
          {open === project.id && <OneProject id={project.id} />}
        </details>
      ))}
      {projects?.length === 0 && <p className={styles.note}>No project yet.</p>}
    </>
  );
}

function OneProject({ id }: { id: string }) {
  const { data, error } = useQuery({
    queryKey: ["project-settings", id],
    queryFn: ({ signal }) => call("GET /api/projects/{project_id}/settings", { path: { project_id: id } }, { signal }),
  });
  if (error) return <p className={styles.warning}>{error.message}</p>;
  return data ? <ProjectForm settings={data} /> : null;
}

function ProjectForm({ settings }: { settings: Settings }) {
  const client = useQueryClient();
  const [copy, setCopy] = useState(settings.copy_patterns.join("\n"));
  const [setup, setSetup] = useState(settings.setup);
  const [setupLimit, setSetupLimit] = useState(settings.setup_timeout_s);
  const [teardown, setTeardown] = useState(settings.teardown);
  const [teardownLimit, setTeardownLimit] = useState(settings.teardown_timeout_s);
  const [redact, setRedact] = useState(settings.redact);
  const [sign, setSign] = useState(settings.sign_commits);
  const [hooks, setHooks] = useState(settings.commit_hooks);
  const save = useMutation({
    mutationFn: () =>
      call("PUT /api/projects/{project_id}/settings", {
        path: { project_id: settings.project_id },
        body: {
          copy_patterns: copy.split("\n").filter((line) => line.trim()),
          setup,
          setup_timeout_s: setupLimit,
          teardown,
          teardown_timeout_s: teardownLimit,
          redact,
          sign_commits: sign,
          commit_hooks: hooks,
        },
      }),
    onSuccess: (saved) => client.setQueryData(["project-settings", settings.project_id], saved),
  });
  return (
    <form
      className={styles.form}
      onChange={() => save.reset()}
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate();
      }}
    >
      <label>
        Copy these ignored or untracked files, as in .gitignore
        <textarea className={styles.field} rows={3} spellCheck={false} placeholder=".env" value={copy} onChange={(event) => setCopy(event.target.value)} />
      </label>
      <label>
        Setup command, in each new worktree
        <textarea className={styles.field} rows={2} spellCheck={false} placeholder="npm ci" value={setup} onChange={(event) => setSetup(event.target.value)} />
      </label>
      <Seconds name="Setup ends after" value={setupLimit} onValue={setSetupLimit} />
      <label>
        Teardown command, before a worktree is removed
        <textarea className={styles.field} rows={2} spellCheck={false} value={teardown} onChange={(event) => setTeardown(event.target.value)} />
      </label>
      <Seconds name="Teardown ends after" value={teardownLimit} onValue={setTeardownLimit} />
      <label className={styles.check}>
        <input type="checkbox" checked={redact} onChange={(event) => setRedact(event.target.checked)} />
        Redact known secrets in what agents say
      </label>
      <label className={styles.check}>
        <input type="checkbox" checked={hooks} onChange={(event) => setHooks(event.target.checked)} />
        Run your git hooks for commits of changes
      </label>
      <label className={styles.check}>
        Sign commits of changes
        <select className={styles.field} value={String(sign)} onChange={(event) => setSign(event.target.value === "null" ? null : event.target.value === "true")}>
          <option value="null">as the service's setting says</option>
          <option value="true">where your git signs</option>
          <option value="false">never</option>
        </select>
      </label>
      {save.error && (
        <p className={styles.warning} role="alert">
          {save.error.message}
        </p>
      )}
      <span className={styles.buttons}>
        <Button small type="submit" kind="primary" disabled={save.isPending}>
          Save
        </Button>
        {save.isSuccess && <span role="status">Saved.</span>}
      </span>
    </form>
  );
}

interface SecondsProps {
  name: string;
  value: number;
  onValue: (seconds: number) => void;
}

function Seconds({ name, value, onValue }: SecondsProps) {
  return (
    <label className={styles.check}>
      {name}
      <input className={styles.field} type="number" min={1} max={86_400} value={value} onChange={(event) => onValue(event.target.valueAsNumber)} />
      seconds
    </label>
  );
}
