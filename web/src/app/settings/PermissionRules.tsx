// Rules that answer agents' requests, with how often each did; a form adds one, and a button removes one.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { call, type Answer } from "../../shared/api/client";
import { useAllProjects } from "../../shared/api/queries";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { AddForm } from "./AddForm";
import { ProjectSelect } from "./ProjectSelect";
import styles from "./SettingsPage.module.css";

type Rule = Answer<"GET /api/permission-rules">[number];

const KEY = ["permission-rules"];
const SHOWN_MAX = 200;
const ACTIONS: Record<Rule["action"], string> = { allow: "Allow", deny: "Refuse", ask: "Ask" };

export function PermissionRules() {
  const client = useQueryClient();
  const { data: rules, error } = useQuery({ queryKey: KEY, queryFn: ({ signal }) => call("GET /api/permission-rules", { query: { limit: SHOWN_MAX } }, { signal }) });
  const { data: projects = [] } = useAllProjects();
  const remove = useMutation({
    mutationFn: (id: string) => call("DELETE /api/permission-rules/{rule_id}", { path: { rule_id: id } }),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  const failed = error ?? remove.error;
  const place = (rule: Rule) => (rule.session_id ? "in one session" : rule.project_id ? `in ${projects.find((one) => one.id === rule.project_id)?.name ?? "one project"}` : "everywhere");
  return (
    <>
      {failed && <p className={styles.warning}>{failed.message}</p>}
      {rules?.map((rule) => (
        <div key={rule.id} className={styles.row}>
          <span className={styles.grow}>
            {ACTIONS[rule.action]} <code>{visible(rule.tool)}</code> <code>{visible(rule.argument)}</code>
            <span className={styles.aside}>
              {` ${place(rule)}${rule.exact ? ", exactly this" : ""}, ${rule.uses ? `used ${rule.uses} time${rule.uses === 1 ? "" : "s"}` : "not used yet"}`}
            </span>
          </span>
          <Button small disabled={remove.isPending} onClick={() => remove.mutate(rule.id)}>
            Remove
          </Button>
        </div>
      ))}
      {rules?.length === 0 && <p className={styles.note}>None: agents ask before everything but ordinary files of their own copy.</p>}
      <NewRule projects={projects.filter((one) => one.archived_at === null)} />
    </>
  );
}

function NewRule({ projects }: { projects: { id: string; name: string }[] }) {
  const client = useQueryClient();
  const [action, setAction] = useState<Rule["action"]>("allow");
  const [tool, setTool] = useState("");
  const [argument, setArgument] = useState("*");
  const [project, setProject] = useState("");
  const add = useMutation({
    mutationFn: () => call("POST /api/permission-rules", { body: { action, tool, argument, project_id: project || null } }),
    onSuccess: () => setTool(""),
    onSettled: () => client.invalidateQueries({ queryKey: KEY }),
  });
  return (
    <AddForm add={add}>
      <div className={styles.row}>
        <select className={styles.field} aria-label="What the rule does" value={action} onChange={(event) => setAction(event.target.value as Rule["action"])}>
          {Object.entries(ACTIONS).map(([one, name]) => (
            <option key={one} value={one}>
              {name}
            </option>
          ))}
        </select>
        <input className={styles.field} aria-label="Tools, as a pattern" placeholder="tool, such as bash" required maxLength={200} value={tool} onChange={(event) => setTool(event.target.value)} />
        <input className={styles.field} aria-label="Arguments, as a pattern" placeholder="argument, such as make *" required maxLength={2000} value={argument} onChange={(event) => setArgument(event.target.value)} />
        <ProjectSelect label="Where the rule holds" projects={projects} value={project} onChange={setProject} />
        <Button small type="submit" disabled={add.isPending || !tool.trim()}>
          Add rule
        </Button>
      </div>
    </AddForm>
  );
}
