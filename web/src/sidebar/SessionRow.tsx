// One session in the list: what it does, its name, a mark for what the person has not seen, and a menu.
import { Pin } from "lucide-react";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { usePatchSession, usePin } from "../api/session";
import type { SessionOut } from "../api/generated";
import { visible } from "../text/visible";
import { age, count } from "../text/times";
import { Menu, MenuItem } from "../ui/Menu";
import { complain } from "../ui/Toasts";
import { DoingMark } from "./DoingMark";
import { RenameDialog } from "./RenameDialog";
import styles from "./SessionRow.module.css";
import { useSeen } from "./seen";
import { WORDS } from "./state";
import { useDoing } from "./useDoing";

export function SessionRow({ session, onChosen }: { session: SessionOut; onChosen: () => void }) {
  const [location] = useLocation();
  const here = location === `/sessions/${session.id}`;
  const unread = useSeen(session, here);
  const { state, words } = useDoing(session);
  const patch = usePatchSession(session.id);
  const pin = usePin(session.id);
  const [renaming, rename] = useState(false);
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
      <Menu look="row" className={styles.more} label={`More about ${visible(session.title)} (${WORDS[state]})`}>
        <MenuItem onClick={() => rename(true)}>Rename…</MenuItem>
        <MenuItem onClick={() => pin.mutate(!session.pinned, { onError: complain })}>{session.pinned ? "Unpin its files" : "Pin its files"}</MenuItem>
        <MenuItem onClick={() => patch.mutate({ state: archived ? "open" : "archived" }, { onError: complain })}>{archived ? "Reopen" : "Archive"}</MenuItem>
      </Menu>
      {renaming && <RenameDialog session={session} onClose={() => rename(false)} />}
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
