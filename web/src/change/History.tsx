// What the session's files were after each turn: compare, go back, or go on from there in a new session.
import { GitFork, Undo2 } from "lucide-react";
import { useMemo, useState } from "react";
import { useLocation } from "wouter";
import { useQuery } from "@tanstack/react-query";
import { call } from "../api/client";
import { useAction } from "../api/queries";
import { useSnapshots } from "../api/review";
import type { SnapshotKind, SnapshotOut } from "../api/generated";
import { age } from "../text/times";
import { visible } from "../text/visible";
import { Button } from "../ui/Button";
import { ConfirmDialog } from "../ui/ConfirmDialog";
import { Loading } from "../ui/Loading";
import { complain, say } from "../ui/Toasts";
import styles from "./History.module.css";
import { RawDiff } from "./RawDiff";

const KINDS: Partial<Record<SnapshotKind, string>> = {
  turn_start: "before a turn",
  turn_end: "after a turn",
  interrupted: "after an interrupted turn",
  before_rewind: "before going back",
  before_undo: "before parts were taken back",
  before_removal: "before the worktree was put away",
  fork: "start of this fork",
  manual: "taken by hand",
};

export function History({ sessionId }: { sessionId: string }) {
  const { data: snapshots, error } = useSnapshots(sessionId);
  const [chosen, setChosen] = useState<string | null>(null);
  const places = useMemo(() => [...(snapshots ?? [])].reverse(), [snapshots]);
  if (error) return <p className={styles.empty}>{error.message}</p>;
  if (!snapshots) return <Loading />;
  if (places.length === 0) return <p className={styles.empty}>The session's files have not been looked at yet.</p>;
  const at = Math.max(0, places.findIndex((one) => one.id === chosen));
  const snapshot = places[chosen ? at : places.length - 1] as SnapshotOut;
  const place = places.indexOf(snapshot);
  return (
    <div className={styles.history}>
      <label className={styles.slider}>
        <span>
          {KINDS[snapshot.kind] ?? snapshot.kind}, {age(new Date(snapshot.taken_at))}
          {snapshot.note && `: ${visible(snapshot.note)}`}
        </span>
        <input
          type="range"
          min={0}
          max={places.length - 1}
          value={place}
          aria-valuetext={`${place + 1} of ${places.length}, ${KINDS[snapshot.kind] ?? snapshot.kind}`}
          onChange={(event) => setChosen(places[Number(event.target.value)]?.id ?? null)}
        />
      </label>
      <Ways sessionId={sessionId} snapshot={snapshot} />
      <Since sessionId={sessionId} snapshot={snapshot} />
    </div>
  );
}

function Ways({ sessionId, snapshot }: { sessionId: string; snapshot: SnapshotOut }) {
  const [asking, setAsking] = useState(false);
  const [, go] = useLocation();
  const rewind = useAction(
    () => call("POST /api/sessions/{session_id}/rewind", { path: { session_id: sessionId }, body: { snapshot_id: snapshot.id } }),
    ["review", "snapshots", "session"],
  );
  const fork = useAction(
    () => call("POST /api/sessions/{session_id}/fork", { path: { session_id: sessionId }, body: { snapshot_id: snapshot.id } }),
    ["sessions"],
  );
  return (
    <div className={styles.ways}>
      <Button small icon={<Undo2 />} disabled={rewind.isPending} onClick={() => setAsking(true)}>
        Go back to this
      </Button>
      <Button
        small
        icon={<GitFork />}
        disabled={fork.isPending}
        onClick={() => fork.mutate(undefined, { onSuccess: (made) => go(`/sessions/${made.session_id}`), onError: complain })}
      >
        Fork from here
      </Button>
      {asking && (
        <ConfirmDialog
          title="Set the session's files back?"
          text="The agent's copy gets the files of this moment. A snapshot of how they are now is taken first, so this can be undone. Your own checkout is not touched; the conversation stays, and the agent is told."
          action="Go back"
          onCancel={() => setAsking(false)}
          onConfirm={() => {
            setAsking(false);
            rewind.mutate(undefined, { onSuccess: (done) => say(`Set back: ${done.files === 1 ? "1 file" : `${done.files} files`}.`), onError: complain });
          }}
        />
      )}
    </div>
  );
}

function Since({ sessionId, snapshot }: { sessionId: string; snapshot: SnapshotOut }) {
  const query = { from: snapshot.id, to: "now" };
  const path = { session_id: sessionId };
  const compared = useQuery({
    queryKey: ["snapshots", sessionId, "compare", snapshot.id],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}/snapshots/compare/diff", { path, query }, { signal }),
    placeholderData: (before) => before,
  });
  if (compared.error) return <p className={styles.empty}>{compared.error.message}</p>;
  if (compared.data === undefined) return <Loading what="Comparing" />;
  const text = String(compared.data);
  return text ? <RawDiff text={text} /> : <p className={styles.empty}>Nothing has changed since.</p>;
}
