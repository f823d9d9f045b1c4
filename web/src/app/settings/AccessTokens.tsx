// Access tokens for other programs: what each may do, a button that revokes it, and a form that makes one.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Answer } from "../../shared/api/client";
import { useProjects } from "../../shared/api/queries";
import { Button } from "../../shared/ui/Button";
import { AddForm, ShownOnce } from "./AddForm";
import { ProjectSelect } from "./ProjectSelect";
import styles from "./SettingsPage.module.css";

type Token = Answer<"GET /api/tokens">[number];
type Scope = Token["scope"];

const KEY = ["tokens"];
const SCOPES: Record<Scope, string> = {
  read: "read only",
  start: "read and start tasks",
  answer: "answer agents only",
  full: "everything",
};

export function AccessTokens() {
  const client = useQueryClient();
  const { data: tokens, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => call("GET /api/tokens", {}, { signal }) });
  const { data: projects } = useProjects();
  const revoke = useMutation({
    mutationFn: (id: string) => call("DELETE /api/tokens/{token_id}", { path: { token_id: id } }),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  const failed = error ?? revoke.error;
  const place = (token: Token) => projects?.find((project) => project.id === token.project_id)?.name ?? "one project";
  return (
    <>
      {failed && <p className={styles.warning}>{failed.message}</p>}
      {tokens?.map((token) => (
        <div key={token.id} className={styles.row}>
          <span>
            {token.name}
            <span className={styles.aside}>
              {` ${SCOPES[token.scope]}, ${token.project_id ? place(token) : "all projects"}, ${used(token)}, ${ends(token)}`}
            </span>
          </span>
          <Button small disabled={revoke.isPending} onClick={() => revoke.mutate(token.id)}>
            Revoke
          </Button>
        </div>
      ))}
      <NewToken projects={projects ?? []} />
    </>
  );
}

function used(token: Token) {
  return token.used_at ? `last used ${new Date(token.used_at).toLocaleString()}` : "never used";
}

function ends(token: Token) {
  return token.ends_at ? `until ${new Date(token.ends_at).toLocaleDateString()}` : "without end";
}

function NewToken({ projects }: { projects: { id: string; name: string }[] }) {
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("read");
  const [project, setProject] = useState("");
  const add = useMutation({
    mutationFn: () => call("POST /api/tokens", { body: { name, scope, project_id: project || null } }),
    onSuccess: () => setName(""),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <AddForm add={add} shown={add.data && <ShownOnce words="Copy it now, it is not shown again:" secret={add.data.token} what="the token" />}>
      <div className={styles.row}>
        <input className={styles.field} aria-label="Name of the new token" placeholder="Name" required maxLength={200} value={name} onChange={(event) => setName(event.target.value)} />
        <select className={styles.field} aria-label="What it may do" value={scope} onChange={(event) => setScope(event.target.value as Scope)}>
          {Object.entries(SCOPES).map(([one, words]) => (
            <option key={one} value={one}>
              {words}
            </option>
          ))}
        </select>
        <ProjectSelect label="For which project" projects={projects} value={project} onChange={setProject} />
        <Button small type="submit" disabled={add.isPending || !name.trim()}>
          Make token
        </Button>
      </div>
    </AddForm>
  );
}
