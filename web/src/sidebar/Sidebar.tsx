// The list of projects and sessions with what each one is doing, or what a search found.
import { Bot, KanbanSquare, Plus, Settings } from "lucide-react";
import { useMemo, useState } from "react";
import { Link, useLocation } from "wouter";
import { useEveryProject, useSessions } from "../api/queries";
import type { ProjectOut, SessionOut } from "../api/generated";
import { keyName, SHORTCUTS } from "../keys/shortcuts";
import { SearchBox } from "./SearchBox";
import { SearchResults } from "./SearchResults";
import { ProjectHead } from "./ProjectHead";
import { visible } from "../text/visible";
import { Failure } from "../ui/Failure";
import { SessionRow } from "./SessionRow";
import styles from "./Sidebar.module.css";
import { type Doing, doing } from "./state";
import { ThemeButton } from "./ThemeButton";

const FILTERS = ["all", "active", "waiting", "archived"] as const;
type Filter = (typeof FILTERS)[number];

const EMPTY: Record<Filter, string> = {
  all: "No sessions yet. Say what should be done, and one begins.",
  active: "Nothing runs, waits or is to be reviewed.",
  waiting: "Nothing waits for you.",
  archived: "Nothing is archived.",
};

function shows(filter: Filter, state: Doing): boolean {
  if (filter === "active") return state !== "done" && state !== "stopped" && state !== "idle";
  return filter !== "waiting" || state === "waiting";
}

export function Sidebar({ onChosen }: { onChosen: () => void }) {
  const [filter, setFilter] = useState<Filter>("all");
  const [text, setText] = useState("");
  const [location] = useLocation();
  return (
    <nav className={styles.sidebar} aria-label="Sessions and pages">
      <header className={styles.head}>
        <Link href="/" onClick={onChosen} className={styles.brand}>
          boocoder
        </Link>
        <ThemeButton />
      </header>
      <Link href="/" onClick={onChosen} className={styles.new} aria-current={location === "/" ? "page" : undefined}>
        <Plus aria-hidden /> New session <kbd>{keyName(SHORTCUTS.newSession.key)}</kbd>
      </Link>
      <SearchBox text={text} onText={setText} />
      {text ? (
        <SearchResults text={text} onChosen={onChosen} />
      ) : (
        <>
          <div className={styles.filters} role="group" aria-label="Which sessions">
            {FILTERS.map((one) => (
              <button key={one} type="button" aria-pressed={one === filter} onClick={() => setFilter(one)}>
                {one}
              </button>
            ))}
          </div>
          <Sessions filter={filter} onChosen={onChosen} />
        </>
      )}
      <footer className={styles.foot}>
        <Link href="/tasks" onClick={onChosen} aria-current={location === "/tasks" ? "page" : undefined}>
          <KanbanSquare aria-hidden /> Tasks
        </Link>
        <Link href="/agents" onClick={onChosen} aria-current={location === "/agents" ? "page" : undefined}>
          <Bot aria-hidden /> Agents
        </Link>
        <Link href="/settings" onClick={onChosen} aria-label="Settings" title="Settings" className={styles.icon} aria-current={location === "/settings" ? "page" : undefined}>
          <Settings aria-hidden />
        </Link>
      </footer>
    </nav>
  );
}

function Sessions({ filter, onChosen }: { filter: Filter; onChosen: () => void }) {
  const { data: sessions, error, refetch } = useSessions(filter === "archived" ? "archived" : "open");
  const { data: projects } = useEveryProject();
  const groups = useMemo(() => grouped(filter, sessions ?? [], projects ?? []), [filter, sessions, projects]);
  return (
    <div className={styles.list}>
      {!sessions && error && <Failure error={error} onRetry={refetch} />}
      {sessions && !groups.some((one) => one.sessions.length > 0) && <p className={styles.empty}>{EMPTY[filter]}</p>}
      {groups.map(({ id, project, sessions: members }) => (
        <section key={id} aria-label={visible(project?.name ?? "…")}>
          {project && <ProjectHead project={project} onChosen={onChosen} />}
          <ul>
            {members.map((session) => (
              <SessionRow key={session.id} session={session} onChosen={onChosen} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

interface Group {
  id: string;
  project: ProjectOut | undefined;
  sessions: SessionOut[];
}

/** Sessions by their project, the project of the newest one first; in the list of all also projects without any. */
function grouped(filter: Filter, sessions: readonly SessionOut[], projects: readonly ProjectOut[]): Group[] {
  const known = new Map(projects.map((one) => [one.id, one]));
  const groups = new Map<string, Group>();
  const group = (id: string) => groups.get(id) ?? groups.set(id, { id, project: known.get(id), sessions: [] }).get(id);
  for (const one of sessions) if (shows(filter, doing(one))) group(one.project_id)?.sessions.push(one);
  if (filter === "all") for (const one of projects) if (one.archived_at === null) group(one.id);
  return [...groups.values()];
}
