// Sessions by name; before typing, the most likely ones.
import { Command } from "cmdk";
import { useMemo } from "react";
import { useProjects } from "../../shared/api/queries";
import { useRecentSessions, useSessionsByTitle, useWaitingSessions } from "../../shared/api/sessions";
import { StatusIcon } from "../../shared/session/StatusIcon";
import { sessionStatus, STATUS_LABELS } from "../../shared/session/status";
import { visible } from "../../shared/text/visible";
import styles from "./CommandGroup.module.css";
import { likely } from "./suggestedSessions";

const FOUND_MAX = 20;

interface SessionResultsProps {
  typed: string;
  here: string | null;
  onChoose: (address: string) => void;
}

export function SessionResults({ typed, here, onChoose }: SessionResultsProps) {
  const searching = typed.trim() !== "";
  const { data: waiting = [] } = useWaitingSessions();
  const { data: recent = [] } = useRecentSessions();
  const { data: found = [] } = useSessionsByTitle(typed, FOUND_MAX);
  const { data: projects = [] } = useProjects();
  const shown = useMemo(() => (searching ? found : likely([...waiting, ...recent], here)), [searching, found, waiting, recent, here]);
  const nameOf = (id: string) => projects.find((one) => one.id === id)?.name ?? "";
  if (shown.length === 0) return null;
  return (
    <Command.Group heading="Sessions" className={styles.group}>
      {shown.map((session) => (
        <Command.Item key={session.id} value={`${session.title}\n${session.id}`} keywords={[nameOf(session.project_id)]} className={styles.item} onSelect={() => onChoose(`/sessions/${session.id}`)}>
          <StatusIcon doing={sessionStatus(session)} />
          <span className={styles.name}>
            <bdi>{visible(session.title)}</bdi>
          </span>
          <small>
            <bdi>{visible(nameOf(session.project_id))}</bdi> · {STATUS_LABELS[sessionStatus(session)]}
          </small>
        </Command.Item>
      ))}
    </Command.Group>
  );
}
