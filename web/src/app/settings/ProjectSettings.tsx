// Settings of a project: what its new worktrees get, and how its changes become commits.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Answer } from "../../shared/api/client";
import type { ProjectSettingsInput } from "../../shared/api/generated";
import { useProjects } from "../../shared/api/queries";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import styles from "./SettingsPage.module.css";

type Settings = Answer<"GET /api/projects/{project_id}/settings">;
type Draft = Omit<Settings, "project_id">;

export function ProjectSettings() {
  const { data: projects } = useProjects();
  const [open, setOpen] = useState<string | null>(null); // settings of a folded project are not asked for
  return (
    <>
      <p className={styles.note}>
        Kept by the service, one row a project. Files to copy, the setup command and hooks in worktrees hold for worktrees that are made
        from now on, redaction for turns that begin from now on; the rest holds at once.
      </p>
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
  const { project_id, ...kept } = settings;
  const [draft, setDraft] = useState<Draft>(kept);
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part });
  const save = useMutation({
    mutationFn: () =>
      call("PUT /api/projects/{project_id}/settings", {
        path: { project_id },
        // The whole row: what is left out would get its default.
        body: { ...draft, copy_patterns: draft.copy_patterns.filter((line) => line.trim()) } satisfies Required<ProjectSettingsInput>,
      }),
    onSuccess: (saved) => client.setQueryData(["project-settings", project_id], saved),
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
        <textarea className={styles.field} rows={3} spellCheck={false} placeholder=".env" value={draft.copy_patterns.join("\n")} onChange={(event) => change({ copy_patterns: event.target.value.split("\n") })} />
      </label>
      <label>
        Setup command, in each new worktree
        <textarea className={styles.field} rows={2} spellCheck={false} placeholder="npm ci" value={draft.setup} onChange={(event) => change({ setup: event.target.value })} />
      </label>
      <Seconds name="Setup ends after" value={draft.setup_timeout_s} onValue={(seconds) => change({ setup_timeout_s: seconds })} />
      <label>
        Teardown command, before a worktree is removed
        <textarea className={styles.field} rows={2} spellCheck={false} value={draft.teardown} onChange={(event) => change({ teardown: event.target.value })} />
      </label>
      <Seconds name="Teardown ends after" value={draft.teardown_timeout_s} onValue={(seconds) => change({ teardown_timeout_s: seconds })} />
      <label className={styles.check}>
        <input type="checkbox" checked={draft.redact} onChange={(event) => change({ redact: event.target.checked })} />
        Redact known secrets in what agents say
      </label>
      <label className={styles.check}>
        <input type="checkbox" checked={draft.git_hooks} onChange={(event) => change({ git_hooks: event.target.checked })} />
        Let git in worktrees use the hooks of your repository; the agent runs them, in its sandbox
      </label>
      <label className={styles.check}>
        <input type="checkbox" checked={draft.commit_hooks} onChange={(event) => change({ commit_hooks: event.target.checked })} />
        Run your git hooks for commits of changes
      </label>
      {draft.commit_hooks && (
        <p className={styles.note}>
          Many of these hooks run code that the change brings (<code>.pre-commit-config.yaml</code>, scripts of a package): they run as
          you, outside any sandbox, so review first.
        </p>
      )}
      <label className={styles.check}>
        Sign commits of changes
        <select className={styles.field} value={String(draft.sign_commits)} onChange={(event) => change({ sign_commits: event.target.value === "null" ? null : event.target.value === "true" })}>
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
