// Which rule files of project and person the session's agent obeys, and the sandbox of its turns.
import { useQuery } from "@tanstack/react-query";
import { useAgentTitle } from "../../shared/agents/agentTitle";
import { call } from "../../shared/api/client";
import type { RuleFileUse, SandboxInUse, SessionRules } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import { Button } from "../../shared/ui/Button";
import { Dialog, DialogButtons } from "../../shared/ui/Dialog";
import { Loading } from "../../shared/ui/Loading";
import { Processes } from "./Processes";
import styles from "./RulesDialog.module.css";

interface RulesDialogProps {
  sessionId: string;
  onClose: () => void;
}

export default function RulesDialog({ sessionId, onClose }: RulesDialogProps) {
  const { data, error } = useQuery({
    queryKey: ["session", sessionId, "rules"],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}/rules", { path: { session_id: sessionId } }, { signal }),
  });
  return (
    <Dialog title="Rules and sandbox" onClose={onClose}>
      {error && <p className={styles.warning}>{error.message}</p>}
      {data ? <Rules rules={data} /> : !error && <Loading />}
      <Processes sessionId={sessionId} />
      <DialogButtons>
        <Button onClick={onClose}>Close</Button>
      </DialogButtons>
    </Dialog>
  );
}

function Rules({ rules }: { rules: SessionRules }) {
  const agentTitle = useAgentTitle();
  if (rules.agent === null) return <p className={styles.note}>No agent has worked in this session yet.</p>;
  const agent = visible(agentTitle(rules.agent));
  const ignored = rules.files.filter((one) => !one.in_force);
  return (
    <>
      {rules.refusal && <p className={styles.warning}>{visible(rules.refusal)}</p>}
      {!rules.known && <p className={styles.note}>boocoder does not know which instruction files {agent} reads.</p>}
      <Files title="In force" files={rules.files.filter((one) => one.in_force)} agent={agent} />
      {ignored.length > 0 && <Files title="Not in force" files={ignored} agent={agent} />}
      {rules.sandbox && <Sandbox sandbox={rules.sandbox} />}
    </>
  );
}

function Files({ title, files, agent }: { title: string; files: readonly RuleFileUse[]; agent: string }) {
  return (
    <section className={styles.section} aria-label={title}>
      <h3>{title}</h3>
      {files.length === 0 && <p className={styles.note}>No file.</p>}
      <ul>
        {files.map((file) => (
          <li key={`${file.kind} ${file.path}`}>
            <code>{visible(file.path)}</code>
            <span className={styles.note}> {visible(factsOf(file, agent))}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function factsOf(file: RuleFileUse, agent: string): string {
  const reader = file.read_by === "agent" ? agent : "boocoder";
  const facts = [
    file.owner === "project" ? "the project's" : "yours",
    file.in_force && `read by ${reader}`,
    file.kind === "runs" && "run or obeyed as settings",
    file.trusted && "trusted",
    `${file.size_bytes.toLocaleString("en")} bytes`,
  ];
  return `${facts.filter(Boolean).join(", ")}. ${file.reason}`.trim();
}

function Sandbox({ sandbox }: { sandbox: SandboxInUse }) {
  return (
    <section className={styles.section} aria-label="Sandbox">
      <h3>Sandbox</h3>
      <p>
        Profile <code>{sandbox.profile}</code>
        {sandbox.mechanism !== "none" && `, enforced by ${sandbox.mechanism}`}
      </p>
      <p className={styles.note}>{visible(sandbox.text)}</p>
      {sandbox.cure && <p className={styles.warning}>{visible(sandbox.cure)}</p>}
    </section>
  );
}
