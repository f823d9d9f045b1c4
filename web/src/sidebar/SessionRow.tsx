// One session in the list: what it does, its name, a mark for what the person has not seen, and a menu.
import { Menu } from "@base-ui/react/menu";
import { Ellipsis, Pin } from "lucide-react";
import { Link, useLocation } from "wouter";
import { call } from "../api/client";
import { useAction } from "../api/queries";
import type { SessionOut } from "../api/generated";
import { visible } from "../text/visible";
import { age, count } from "../text/times";
import { complain } from "../ui/Toasts";
import { DoingMark } from "./DoingMark";
import styles from "./SessionRow.module.css";
import { useSeen } from "./seen";
import { WORDS } from "./state";
import { useDoing } from "./useDoing";

export function SessionRow({ session, onChosen }: { session: SessionOut; onChosen: () => void }) {
  const [location] = useLocation();
  const here = location === `/sessions/${session.id}`;
  const unread = useSeen(session, here);
  const { state, words } = useDoing(session);
  const change = useAction(
    (body: { title?: string; state?: "open" | "archived" }) =>
      call("PATCH /api/sessions/{session_id}", { path: { session_id: session.id }, body }),
    ["sessions", "session"],
  );
  const pin = useAction(
    () => call(`POST /api/sessions/{session_id}/worktree/${session.pinned ? "unpin" : "pin"}`, { path: { session_id: session.id } }),
    ["sessions", "session"],
  );
  const rename = () => {
    const title = prompt("Name of the session", session.title)?.trim();
    if (title) change.mutate({ title }, { onError: complain });
  };
  const archived = session.state === "archived";
  return (
    <li className={styles.row} data-here={here}>
      <Link href={`/sessions/${session.id}`} onClick={onChosen} className={styles.link} aria-current={here ? "page" : undefined}>
        <DoingMark doing={state} words={words} />
        <span className={styles.title} data-unread={unread}>
          {visible(session.title)}
          {unread && <span className="visually-hidden">, unread</span>}
        </span>
        {session.pinned && (
          <span className={styles.pin} title="Pinned: its files are kept">
            <Pin aria-hidden />
            <span className="visually-hidden">pinned</span>
          </span>
        )}
        {!!session.pending_change_id && <Counts added={session.additions ?? 0} removed={session.deletions ?? 0} />}
        <span className={styles.side}>{unread ? <span className={styles.dot} /> : age(new Date(session.updated_at))}</span>
      </Link>
      <Menu.Root>
        <Menu.Trigger className={styles.more} aria-label={`More about ${visible(session.title)} (${WORDS[state]})`}>
          <Ellipsis aria-hidden />
        </Menu.Trigger>
        <Menu.Portal>
          <Menu.Positioner className={styles.positioner} align="end" sideOffset={4}>
            <Menu.Popup className={styles.menu}>
              <Menu.Item className={styles.item} onClick={rename}>
                Rename
              </Menu.Item>
              <Menu.Item className={styles.item} onClick={() => pin.mutate(undefined, { onError: complain })}>
                {session.pinned ? "Unpin its files" : "Pin its files"}
              </Menu.Item>
              <Menu.Item className={styles.item} onClick={() => change.mutate({ state: archived ? "open" : "archived" }, { onError: complain })}>
                {archived ? "Reopen" : "Archive"}
              </Menu.Item>
            </Menu.Popup>
          </Menu.Positioner>
        </Menu.Portal>
      </Menu.Root>
    </li>
  );
}

/** Lines of the change that waits; a large one in thousands, so that the title keeps its room. */
function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <span className={styles.counts} title={`${added} lines added, ${removed} removed`}>
      {added > 0 && <span className={styles.added}>+{count(added)}</span>} {removed > 0 && <span className={styles.removed}>−{count(removed)}</span>}
    </span>
  );
}
