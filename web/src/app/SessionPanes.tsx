// The session of the address, alone or beside another one. The one in use has the keys and the change.
import { ArrowLeftRight, X } from "lucide-react";
import { useEffect, useRef } from "react";
import { useLocation, useSearch } from "wouter";
import { ActivePaneContext } from "../shared/keys/activePane";
import { SHORTCUTS, useShortcut } from "../shared/keys/shortcuts";
import { panesAddress, panesOf, type SidePanes } from "../shared/session/sidePanes";
import { IconButton } from "../shared/ui/Button";
import { SessionPage } from "./SessionPage";
import styles from "./SessionPanes.module.css";

export function SessionPanes({ sessionId, onMenu }: { sessionId: string; onMenu: () => void }) {
  const panes = panesOf(sessionId, useSearch());
  const [, go] = useLocation();
  const other = panes && (panes.active === panes.left ? panes.right : panes.left);
  const use = (active: string) => panes && active !== panes.active && go(panesAddress({ ...panes, active }), { replace: true });
  useShortcut(SHORTCUTS.otherPane, () => other && use(other));
  // One list of keyed panes: none is made anew when the other one is used or closed.
  const shown = panes ? [panes.left, panes.right] : [sessionId];
  return (
    <div className={styles.panes} data-split={panes ? "" : undefined}>
      {shown.map((id) => (
        <Pane key={id} panes={panes} sessionId={id} active={id === sessionId} onUse={() => use(id)} onMenu={onMenu} />
      ))}
    </div>
  );
}

interface PaneProps {
  panes: SidePanes | null;
  sessionId: string;
  active: boolean;
  onUse: () => void;
  onMenu: () => void;
}

function Pane({ panes, sessionId, active, onUse, onMenu }: PaneProps) {
  const box = useRef<HTMLDivElement>(null);
  const [, go] = useLocation();
  const split = panes !== null;
  useEffect(() => {
    // After the key that changes sides the next ones belong here.
    if (split && active && !box.current?.contains(document.activeElement)) box.current?.focus({ preventScroll: true });
  }, [split, active]);
  const other = panes?.left === sessionId ? panes.right : panes?.left;
  const tools = panes && other && (
    <>
      <span className={styles.swap}>
        <IconButton label="Show the other session" icon={<ArrowLeftRight />} onClick={() => go(panesAddress({ ...panes, active: other }), { replace: true })} />
      </span>
      <IconButton label="Close this side" icon={<X />} onClick={() => go(`/sessions/${other}`)} />
    </>
  );
  return (
    <div
      ref={box}
      className={styles.pane}
      data-pane={active ? "active" : "other"}
      tabIndex={split ? -1 : undefined}
      role={split ? "group" : undefined}
      aria-label={split ? `${panes.left === sessionId ? "Left" : "Right"} session` : undefined}
      onFocusCapture={onUse}
      onPointerDownCapture={onUse}
    >
      <ActivePaneContext value={active}>
        <SessionPage sessionId={sessionId} split={split} tools={tools} onMenu={onMenu} />
      </ActivePaneContext>
    </div>
  );
}
