// Webhooks: each with what came of its newest message, buttons that test it, turn it off and remove it, and a form for one more.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Answer } from "../../shared/api/client";
import { useProjects } from "../../shared/api/queries";
import { Button } from "../../shared/ui/Button";
import { AddForm, ShownOnce } from "./AddForm";
import { ProjectSelect } from "./ProjectSelect";
import styles from "./SettingsPage.module.css";

type Webhook = Answer<"GET /api/webhooks">[number];

const KEY = ["webhooks"];
const REFETCH_MS = 3_000; // while a message waits
const CHOICES = {
  everything: [],
  "ends of turns": ["turn.completed", "turn.failed", "turn.cancelled", "turn.interrupted", "turn.timed_out"],
  "turns that did not complete": ["turn.failed", "turn.interrupted", "turn.timed_out"],
  "what waits for a person": ["permission.asked", "question.asked"],
  changes: ["change.updated", "change.applied"],
} as const;
type Choice = keyof typeof CHOICES;

export function Webhooks() {
  const { data: webhooks, error } = useQuery({
    queryKey: KEY,
    queryFn: ({ signal }) => call("GET /api/webhooks", {}, { signal }),
    refetchInterval: (query) => (query.state.data?.some((one) => one.waiting > 0) ? REFETCH_MS : false),
  });
  const { data: projects } = useProjects();
  return (
    <>
      {error && <p className={styles.warning}>{error.message}</p>}
      {webhooks?.map((webhook) => (
        <WebhookRow key={webhook.id} webhook={webhook} project={projects?.find((one) => one.id === webhook.project_id)?.name ?? "one project"} />
      ))}
      <NewWebhook projects={projects ?? []} />
    </>
  );
}

function WebhookRow({ webhook, project }: { webhook: Webhook; project: string }) {
  const client = useQueryClient();
  const refresh = { onSettled: () => client.invalidateQueries({ queryKey: KEY }) };
  const path = { webhook_id: webhook.id };
  const test = useMutation({ mutationFn: () => call("POST /api/webhooks/{webhook_id}/test", { path }), ...refresh });
  const toggle = useMutation({
    mutationFn: () => call("PATCH /api/webhooks/{webhook_id}", { path, body: { enabled: !webhook.enabled } }),
    ...refresh,
  });
  const remove = useMutation({ mutationFn: () => call("DELETE /api/webhooks/{webhook_id}", { path }), ...refresh });
  const failed = test.error ?? toggle.error ?? remove.error;
  const busy = test.isPending || toggle.isPending || remove.isPending;
  return (
    <>
      <div className={styles.row}>
        <span>
          {webhook.url}
          <span className={styles.aside}>
            {` ${webhook.events.join(", ") || "everything"}, ${webhook.project_id ? project : "all projects"}, ${result(webhook)}`}
          </span>
        </span>
        <Button small disabled={busy || !webhook.enabled} onClick={() => test.mutate()}>
          Test
        </Button>
        <Button small disabled={busy} onClick={() => toggle.mutate()}>
          {webhook.enabled ? "Turn off" : "Turn on"}
        </Button>
        <Button small disabled={busy} onClick={() => remove.mutate()}>
          Remove
        </Button>
      </div>
      {failed && <p className={styles.warning}>{failed.message}</p>}
    </>
  );
}

function result(webhook: Webhook) {
  const waiting = webhook.waiting ? `, ${webhook.waiting} waiting` : "";
  if (!webhook.enabled) return "off";
  if (!webhook.last_state || !webhook.last_at) return `nothing sent yet${waiting}`;
  const why = webhook.last_error ? `: ${webhook.last_error}` : "";
  return `last ${webhook.last_state} ${new Date(webhook.last_at).toLocaleString()}${why}${waiting}`;
}

function NewWebhook({ projects }: { projects: { id: string; name: string }[] }) {
  const client = useQueryClient();
  const [url, setUrl] = useState("");
  const [choice, setChoice] = useState<Choice>("everything");
  const [project, setProject] = useState("");
  const add = useMutation({
    mutationFn: () => call("POST /api/webhooks", { body: { url, events: [...CHOICES[choice]], project_id: project || null } }),
    onSuccess: () => setUrl(""),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <AddForm add={add} shown={add.data && <ShownOnce words="Copy the secret now, it is not shown again:" secret={add.data.secret} what="the secret" />}>
      <div className={styles.row}>
        <input className={styles.field} type="url" aria-label="URL of the new webhook" placeholder="https://" required maxLength={2000} value={url} onChange={(event) => setUrl(event.target.value)} />
        <select className={styles.field} aria-label="What it is told of" value={choice} onChange={(event) => setChoice(event.target.value as Choice)}>
          {Object.keys(CHOICES).map((one) => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
        <ProjectSelect label="Of which project" projects={projects} value={project} onChange={setProject} />
        <Button small type="submit" disabled={add.isPending || !url.trim()}>
          Add webhook
        </Button>
      </div>
    </AddForm>
  );
}
