// Every moment of the session's files that is kept: what changed between any two, back to one, or on from it elsewhere.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { call } from "../api/client";
import { useSnapshots } from "../api/review";
import { isAway, useWorktree } from "../api/worktree";
import type { Conversation } from "../stream/conversation";
import { age } from "../text/times";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import styles from "./History.module.css";
import { HistoryWays } from "./HistoryWays";
import { beforeNewestTurn, momentsOf, promptsOf, type Moment } from "./moments";
import { PatchScroll } from "./PatchScroll";
import { WorktreeState } from "./WorktreeState";

export function History({ sessionId, items }: { sessionId: string; items: Conversation["items"] }) {
  const { data: snapshots, error, refetch } = useSnapshots(sessionId);
  const prompts = useMemo(() => promptsOf(items), [items]);
  const away = isAway(useWorktree(sessionId));
  const moments = useMemo(() => momentsOf(snapshots ?? [], prompts, away), [snapshots, prompts, away]);
  const [chosen, choose] = useState<string | null>(null);
  const [until, setUntil] = useState("now");
  if (!snapshots) return error ? <Failure error={error} onRetry={refetch} /> : <Loading />;
  if (snapshots.length === 0) return <p className={styles.empty}>The session's files have not been looked at yet.</p>;
  const found = moments.findIndex((one) => one.id === chosen);
  const place = found < 0 ? beforeNewestTurn(moments) : found;
  const from = moments[place] as Moment;
  const end = moments.find((one) => one.id === until) ?? (moments.at(-1) as Moment);
  return (
    <div className={styles.history}>
      <WorktreeState sessionId={sessionId} />
      <div className={styles.choose}>
        <label>
          <span>Changed since</span>
          <MomentSelect moments={moments.slice(0, -1)} value={from.id} onChange={choose} />
        </label>
        <input
          type="range"
          min={0}
          max={moments.length - 2}
          value={Math.min(place, moments.length - 2)}
          aria-label="Changed since"
          aria-valuetext={from.words}
          onChange={(event) => choose(moments[Number(event.target.value)]?.id ?? null)}
        />
        <label>
          <span>until</span>
          <MomentSelect moments={moments} value={end.id} onChange={setUntil} />
        </label>
      </div>
      <HistoryWays sessionId={sessionId} snapshot={from.snapshot} />
      <Compared sessionId={sessionId} from={from.id} to={end.id} />
    </div>
  );
}

function MomentSelect({ moments, value, onChange }: { moments: readonly Moment[]; value: string; onChange: (id: string) => void }) {
  return (
    <select value={value} onChange={(event) => onChange(event.target.value)}>
      {moments.map((one) => (
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
  return text ? <PatchScroll text={text} /> : <p className={styles.empty}>Nothing differs between the two.</p>;
}
