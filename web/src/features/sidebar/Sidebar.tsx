// The list of projects and sessions, or search results.
import { Bot, KanbanSquare, Plus, Settings } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { useSessionCounts } from "../../shared/api/sessions";
import { keyName, SHORTCUTS } from "../../shared/keys/shortcuts";
import { ListMenu } from "./ListMenu";
import { SearchBox } from "./SearchBox";
import { SearchResults } from "./SearchResults";
import { type Filter, SessionList } from "./SessionList";
import styles from "./Sidebar.module.css";
import { ThemeButton } from "./ThemeButton";

const FILTERS = ["all", "active", "waiting", "archived"] as const satisfies readonly Filter[];

export function Sidebar({ onChosen }: { onChosen: () => void }) {
  const [filter, setFilter] = useState<Filter>("all");
  const [text, setText] = useState("");
  const [selecting, select] = useState(false);
  const [location] = useLocation();
  const { data: counts } = useSessionCounts();
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
          <div className={styles.filters} role="group" aria-label="Filter sessions">
            {FILTERS.map((one) => (
              <button key={one} type="button" aria-pressed={one === filter} onClick={() => setFilter(one)}>
                {one}
                {one === "waiting" && !!counts?.waiting && <span className={styles.count}> {counts.waiting}</span>}
              </button>
            ))}
            <ListMenu onSelect={() => select(true)} />
          </div>
          <SessionList filter={filter} onChosen={onChosen} selecting={selecting} onSelected={() => select(false)} />
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
