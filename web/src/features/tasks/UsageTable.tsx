// Tokens and cost by agent, model and project, as a table with one bar per row.
import { useAgentTitle } from "../../shared/agents/agentTitle";
import { useState } from "react";
import { useAllProjects } from "../../shared/api/queries";
import type { UsageSum } from "../../shared/api/generated";
import { useUsage } from "../../shared/api/usage";
import { count, duration } from "../../shared/text/times";
import { visible } from "../../shared/text/visible";
import { Failure } from "../../shared/ui/Failure";
import styles from "./UsageTable.module.css";

const SPANS = { 1: "Today and yesterday", 7: "7 days", 30: "30 days", 365: "1 year" } as const;
const KINDS = ["agent", "model", "project"] as const;
type Kind = (typeof KINDS)[number];

export function UsageTable() {
  const [days, setDays] = useState(30);
  const [kind, setKind] = useState<Kind>("agent");
  const { data: sums, error, refetch } = useUsage(days);
  const total = sums?.find((one) => one.kind === "total");
  const rows = sums?.filter((one) => one.kind === kind) ?? [];
  return (
    <section className={styles.usage} aria-label="Tokens and cost">
      <header>
        <h2>Tokens and cost</h2>
        <div className={styles.kinds} role="group" aria-label="Group by">
          {KINDS.map((one) => (
            <button key={one} type="button" aria-pressed={one === kind} onClick={() => setKind(one)}>
              {one}
            </button>
          ))}
        </div>
        <label>
          <span className="visually-hidden">Time</span>
          <select value={days} onChange={(event) => setDays(Number(event.target.value))}>
            {Object.entries(SPANS).map(([value, name]) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </header>
      {error && <Failure error={error} onRetry={refetch} />}
      {total?.turns === 0 && <p>No turns ended in this period. Costs appear as far as agents report them.</p>}
      {!!total?.turns && <Sums kind={kind} rows={rows} total={total} />}
    </section>
  );
}

function Sums({ kind, rows, total }: { kind: Kind; rows: readonly UsageSum[]; total: UsageSum }) {
  const { data: projects = [] } = useAllProjects();
  const agentTitle = useAgentTitle();
  const nameOf = (one: UsageSum) =>
    one.kind === "project"
      ? (projects.find((project) => project.id === one.project_id)?.name ?? "…")
      : one.kind === "model"
        ? `${agentTitle(one.agent)} · ${one.model || "default model"}`
        : agentTitle(one.agent);
  const most = Math.max(1, ...rows.map(tokens));
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={`Table by ${kind}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">{kind}</th>
            <th scope="col">
              <span className="visually-hidden">Share of the tokens</span>
            </th>
            <th scope="col">Turns</th>
            <th scope="col">Not completed</th>
            <th scope="col">Tokens in</th>
            <th scope="col">out</th>
            <th scope="col">Cost</th>
            <th scope="col">Time</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((one) => (
            <Line key={nameOf(one)} name={nameOf(one)} sum={one} share={tokens(one) / most} />
          ))}
        </tbody>
        <tfoot>
          <Line name="All" sum={total} share={null} />
        </tfoot>
      </table>
    </div>
  );
}

function Line({ name, sum, share }: { name: string; sum: UsageSum; share: number | null }) {
  return (
    <tr>
      <th scope="row">{visible(name)}</th>
      <td className={styles.bar}>{share !== null && <Bar share={share} />}</td>
      <td>{sum.turns}</td>
      <td>{sum.turns - sum.completed || ""}</td>
      <td>{count(sum.input_tokens)}</td>
      <td>{count(sum.output_tokens)}</td>
      <td>{sum.cost_usd > 0 ? `$${sum.cost_usd.toFixed(2)}` : "–"}</td>
      <td>{duration(sum.seconds)}</td>
    </tr>
  );
}

function Bar({ share }: { share: number }) {
  return (
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden>
      <rect className={styles.track} width="100" height="8" rx="2" />
      <rect className={styles.share} width={Math.max(1, share * 100)} height="8" rx="2" />
    </svg>
  );
}

function tokens(sum: UsageSum): number {
  return sum.input_tokens + sum.output_tokens;
}
