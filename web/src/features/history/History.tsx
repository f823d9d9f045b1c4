// The history of the session's files: compare any two entries, rewind, or fork.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { call } from "../../shared/api/client";
import { useSnapshots } from "../../shared/review/queries";
import { isAway, useWorktree } from "../../shared/api/worktree";
import type { Conversation } from "../../shared/stream/conversation";
import { age } from "../../shared/text/times";
import { Failure } from "../../shared/ui/Failure";
import { Loading } from "../../shared/ui/Loading";
import styles from "./History.module.css";
import { HistoryActions } from "./HistoryActions";
import { beforeNewestTurn, historyEntries, promptsByTask, type HistoryEntry } from "./historyEntries";
import { PatchScroll } from "./PatchScroll";
import { WorktreeState } from "./WorktreeState";

export function History({ sessionId, items }: { sessionId: string; items: Conversation["items"] }) {
  const { data: snapshots, error, refetch } = useSnapshots(sessionId);
  const prompts = useMemo(() => promptsByTask(items), [items]);
  const away = isAway(useWorktree(sessionId));
  const entries = useMemo(() => historyEntries(snapshots ?? [], prompts, away), [snapshots, prompts, away]);
  const [chosen, choose] = useState<string | null>(null);
  const [until, setUntil] = useState("now");
  if (!snapshots) return error ? <Failure error={error} onRetry={refetch} /> : <Loading />;
  if (snapshots.length === 0) return <p className={styles.empty}>No snapshots yet.</p>;
  const found = entries.findIndex((one) => one.id === chosen);
  const place = found < 0 ? beforeNewestTurn(entries) : found;
  const from = entries[place] as HistoryEntry;
  const end = entries.find((one) => one.id === until) ?? (entries.at(-1) as HistoryEntry);
  return (
    <div className={styles.history}>
      <WorktreeState sessionId={sessionId} />
      <div className={styles.choose}>
        <label>
          <span>Changed since</span>
          <EntrySelect entries={entries.slice(0, -1)} value={from.id} onChange={choose} />
        </label>
        <input
          type="range"
          min={0}
          max={entries.length - 2}
          value={Math.min(place, entries.length - 2)}
          aria-label="Changed since"
          aria-valuetext={from.words}
          onChange={(event) => choose(entries[Number(event.target.value)]?.id ?? null)}
        />
        <label>
          <span>until</span>
          <EntrySelect entries={entries} value={end.id} onChange={setUntil} />
        </label>
      </div>
      <HistoryActions sessionId={sessionId} snapshot={from.snapshot} />
      <Compared sessionId={sessionId} from={from.id} to={end.id} />
    </div>
  );
}

function EntrySelect({ entries, value, onChange }: { entries: readonly HistoryEntry[]; value: string; onChange: (id: string) => void }) {
  return (
    <select value={value} onChange={(event) => onChange(event.target.value)}>
      {entries.map((one) => (
        <option key={one.id} value={one.id}>
          {one.words}
          {one.snapshot && `, ${age(new Date(one.snapshot.taken_at))}`}
        </option>
      ))}
    </select>
  );
}

function Compared({ sessionId, from, to }: { sessionId: string; from: string; to: string }) {
  const compared = useQuery({
    queryKey: ["snapshots", sessionId, "compare", from, to],
    queryFn: ({ signal }) =>
      call("GET /api/sessions/{session_id}/snapshots/compare/diff", { path: { session_id: sessionId }, query: { from, to } }, { signal }),
    placeholderData: keepPreviousData,
  });
  if (compared.error) return <Failure error={compared.error} onRetry={compared.refetch} />;
  if (compared.data === undefined) return <Loading what="Comparing" />;
  const text = String(compared.data);
  return text ? <PatchScroll text={text} /> : <p className={styles.empty}>No differences.</p>;
}
