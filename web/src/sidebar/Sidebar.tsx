// The list of projects and sessions with what each one is doing.
import { Link, useLocation } from "wouter";
import { useSessions } from "../api/queries";
import styles from "./Sidebar.module.css";

export function Sidebar({ onChosen }: { onChosen: () => void }) {
  const { data: sessions = [] } = useSessions();
  const [location] = useLocation();
  return (
    <nav className={styles.sidebar}>
      <Link href="/" onClick={onChosen} className={styles.brand}>
        boocoder
      </Link>
      <ul className={styles.list}>
        {sessions.map((session) => (
          <li key={session.id}>
            <Link
              href={`/sessions/${session.id}`}
              onClick={onChosen}
              className={styles.session}
              aria-current={location === `/sessions/${session.id}` ? "page" : undefined}
            >
              {session.title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
