// Incoming hooks: addresses at which a forge, CI or another program starts a task by a signed request.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Answer } from "../../shared/api/client";
import { useAllProjects } from "../../shared/api/queries";
import { Button } from "../../shared/ui/Button";
import { CopyButton } from "../../shared/ui/CopyButton";
import { AddForm, ShownOnce } from "./AddForm";
import styles from "./SettingsPage.module.css";

type Hook = Answer<"GET /api/hooks">[number];

const KEY = ["hooks"];

export function Hooks() {
  const { data: hooks, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => call("GET /api/hooks", {}, { signal }) });
  const { data: projects = [] } = useAllProjects();
  return (
    <>
      {error && <p className={styles.warning}>{error.message}</p>}
      {hooks?.map((hook) => (
        <HookRow key={hook.name} hook={hook} project={projects.find((one) => one.id === hook.project_id)?.name ?? "one project"} />
      ))}
      <NewHook projects={projects.filter((one) => one.archived_at === null)} />
    </>
  );
}

function HookRow({ hook, project }: { hook: Hook; project: string }) {
  const client = useQueryClient();
  const refresh = { onSettled: () => client.invalidateQueries({ queryKey: KEY }) };
  const path = { name: hook.name };
  const toggle = useMutation({ mutationFn: () => call("PATCH /api/hooks/{name}", { path, body: { enabled: !hook.enabled } }), ...refresh });
  const remove = useMutation({ mutationFn: () => call("DELETE /api/hooks/{name}", { path }), ...refresh });
  const failed = toggle.error ?? remove.error;
  const address = `${location.origin}/api/v1/hooks/${hook.name}`;
  return (
    <div className={styles.row}>
      <span className={styles.grow}>
        {hook.name} <CopyButton text={address} what="the address" />
        <span className={styles.aside}>
          {` starts tasks in ${project}, at most ${hook.per_hour} an hour; ${hook.tasks || "no"} task${hook.tasks === 1 ? "" : "s"} so far${hook.enabled ? "" : ", off"}`}
        </span>
      </span>
      <Button small disabled={toggle.isPending} onClick={() => toggle.mutate()}>
        {hook.enabled ? "Turn off" : "Turn on"}
      </Button>
      <Button small disabled={remove.isPending} onClick={() => remove.mutate()}>
        Remove
      </Button>
      {failed && <p className={styles.warning}>{failed.message}</p>}
    </div>
  );
}

function NewHook({ projects }: { projects: { id: string; name: string }[] }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [project, setProject] = useState("");
  const [prompt, setPrompt] = useState("");
  const add = useMutation({
    mutationFn: () => call("POST /api/hooks", { body: { name, project_id: project || projects[0]?.id || "", prompt } }),
    onSuccess: () => setName(""),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <AddForm add={add} shown={add.data && <ShownOnce words="Copy the secret that signs its requests now, it is not shown again:" secret={add.data.secret} what="the secret" />}>
      <div className={styles.row}>
        <input className={styles.field} aria-label="Name of the new hook" placeholder="name" required maxLength={63} pattern="[a-z0-9][a-z0-9\-]*" value={name} onChange={(event) => setName(event.target.value)} />
        <select className={styles.field} aria-label="Project of its tasks" value={project} onChange={(event) => setProject(event.target.value)}>
          {projects.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name}
            </option>
          ))}
        </select>
        <Button small type="submit" disabled={add.isPending || !name.trim() || !prompt.trim() || projects.length === 0}>
          Add hook
        </Button>
      </div>
      <label className={styles.form}>
        Prompt of its tasks; fields of the request as {"{{ issue.title }}"}
        <textarea className={styles.field} rows={2} value={prompt} onChange={(event) => setPrompt(event.target.value)} />
      </label>
    </AddForm>
  );
}
