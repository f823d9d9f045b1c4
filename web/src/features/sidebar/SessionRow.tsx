// A session in the list: status, title, unread mark and menu.
import { Pin } from "lucide-react";
import { useState } from "react";
import { Link, useLocation, useRoute, useSearch } from "wouter";
import { usePatchSession, usePin, useUpdate } from "../../shared/api/session";
import type { Session } from "../../shared/api/generated";
import { visible } from "../../shared/text/visible";
import { age, count } from "../../shared/text/times";
import { Menu, MenuItem } from "../../shared/ui/Menu";
import { showError } from "../../shared/ui/Toasts";
import { StatusIcon } from "../../shared/session/StatusIcon";
import { exportSession } from "../../shared/session/exportSession";
import { openWindow } from "../../shared/session/openWindow";
import { DeleteDialog } from "../../shared/session/DeleteDialog";
import { RenameDialog } from "../../shared/session/RenameDialog";
import { besideAddress, SPLIT_MIN_PX } from "../../shared/session/sidePanes";
import styles from "./SessionRow.module.css";
import { STATUS_LABELS } from "../../shared/session/status";
import { useSessionStatus } from "../../shared/session/useSessionStatus";

interface SessionRowProps {
  session: Session;
  onChosen: () => void;
  /** Set while several sessions are being selected. */
  selection?: { selected: boolean; onToggle: () => void };
}

export function SessionRow({ session, onChosen, selection }: SessionRowProps) {
  const [location, go] = useLocation();
  const [, route] = useRoute("/sessions/:id");
  const search = useSearch();
  const here = location === `/sessions/${session.id}`;
  const unread = session.unread && !here;
  const { state, words } = useSessionStatus(session);
  const patch = usePatchSession(session.id);
  const pin = usePin(session.id);
  const update = useUpdate(session.id);
  const [renaming, rename] = useState(false);
  const [removing, remove] = useState(false);
  const archived = session.state === "archived";
  if (selection) {
    return (
      <label className={`${styles.row} ${styles.link}`} data-here={selection.selected}>
        <input type="checkbox" checked={selection.selected} onChange={selection.onToggle} />
        <StatusIcon doing={state} words={words} />
        <span className={styles.title}>{visible(session.title)}</span>
      </label>
    );
  }
  return (
    <div className={styles.row} data-here={here}>
      <Link href={`/sessions/${session.id}`} onClick={onChosen} className={styles.link} aria-current={here ? "page" : undefined}>
        <StatusIcon doing={state} words={words} />
        <span className={styles.title} data-unread={unread}>
          {visible(session.title)}
          {unread && <span className="visually-hidden">, unread</span>}
        </span>
        {session.pinned && (
          <span className={styles.pin} title="Pinned: listed first, and its files are kept">
            <Pin aria-hidden />
            <span className="visually-hidden">pinned</span>
          </span>
        )}
        {!!session.pending_change_id && <Counts added={session.additions ?? 0} removed={session.deletions ?? 0} />}
        <span className={styles.side}>{unread ? <span className={styles.dot} /> : age(new Date(session.updated_at))}</span>
      </Link>
      <Menu look="row" className={styles.more} label={`Actions for ${visible(session.title)} (${STATUS_LABELS[state]})`}>
        <MenuItem onClick={() => rename(true)}>Rename…</MenuItem>
        <MenuItem onClick={update}>Update to the newest commit</MenuItem>
        <MenuItem onClick={() => pin.mutate(!session.pinned, { onError: showError })}>{session.pinned ? "Unpin" : "Pin"}</MenuItem>
        <MenuItem disabled={!route || here || innerWidth <= SPLIT_MIN_PX} onClick={() => route && go(besideAddress(route.id, search, session.id))}>
          Open beside this session
        </MenuItem>
        <MenuItem onClick={() => openWindow(session.id)}>Open in a window of its own</MenuItem>
        <MenuItem onClick={() => void exportSession(session, "markdown").catch(showError)}>Export as Markdown</MenuItem>
        <MenuItem onClick={() => patch.mutate({ state: archived ? "open" : "archived" }, { onError: showError })}>{archived ? "Reopen" : "Archive"}</MenuItem>
        <MenuItem onClick={() => remove(true)}>Delete…</MenuItem>
      </Menu>
      {removing && <DeleteDialog sessionIds={[session.id]} onClose={() => remove(false)} />}
      {renaming && <RenameDialog session={session} onClose={() => rename(false)} />}
    </div>
  );
}

/** Line counts of the pending change, abbreviated to leave room for the title. */
function Counts({ added, removed }: { added: number; removed: number }) {
  return (
    <span className={styles.counts} title={`${added} lines added, ${removed} removed`}>
      {added > 0 && <span className={styles.added}>+{count(added)}</span>} {removed > 0 && <span className={styles.removed}>−{count(removed)}</span>}
    </span>
  );
}
