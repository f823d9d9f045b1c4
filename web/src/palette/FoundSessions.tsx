// Sessions by their names; while nothing is typed, those that a person would most likely go to.
import { Command } from "cmdk";
import { useMemo } from "react";
import { useProjects, useSessions } from "../api/queries";
import { DoingMark } from "../sidebar/DoingMark";
import { doing, WORDS } from "../sidebar/state";
import { visible } from "../text/visible";
import styles from "./CommandGroup.module.css";
import { likely } from "./likely";

interface FoundSessionsProps {
  searching: boolean;
  here: string | null;
  onChoose: (address: string) => void;
}

export function FoundSessions({ searching, here, onChoose }: FoundSessionsProps) {
  const { data: sessions = [] } = useSessions();
  const { data: projects = [] } = useProjects();
  const shown = useMemo(() => (searching ? sessions : likely(sessions, here)), [sessions, searching, here]);
  const nameOf = (id: string) => projects.find((one) => one.id === id)?.name ?? "";
  if (shown.length === 0) return null;
  return (
    <Command.Group heading="Sessions" className={styles.group}>
      {shown.map((session) => (
        <Command.Item key={session.id} value={`${session.title}\n${session.id}`} keywords={[nameOf(session.project_id)]} className={styles.item} onSelect={() => onChoose(`/sessions/${session.id}`)}>
          <DoingMark doing={doing(session)} />
          <span className={styles.name}>
            <bdi>{visible(session.title)}</bdi>
          </span>
          <small>
            <bdi>{visible(nameOf(session.project_id))}</bdi> · {WORDS[doing(session)]}
          </small>
        </Command.Item>
      ))}
    </Command.Group>
  );
}
