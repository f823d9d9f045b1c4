// Stops the running turn: by the button, or by pressing Escape twice.
import { Square } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useActivePane } from "../../shared/keys/activePane";
import { useCancel } from "../../shared/queue/queries";
import { Button } from "../../shared/ui/Button";
import { showError } from "../../shared/ui/Toasts";

const TWICE_MS = 1_000;
const OPEN = "[role=dialog], [role=alertdialog], [role=listbox], [role=menu]"; // Escape closes these first

export function StopButton({ taskId }: { taskId: string }) {
  const stop = useCancel();
  const stopping = stop.isPending || stop.isSuccess;
  const act = () => {
    if (!stopping) stop.mutate(taskId, { onError: showError });
  };
  const once = useEscapeTwice(act);
  return (
    <Button small icon={<Square />} disabled={stopping} title="Stop the turn (Esc Esc)" onClick={act}>
      {stopping ? "Stopping…" : once ? "Esc again to stop" : "Stop"}
    </Button>
  );
}

/** Call `action` when Escape is pressed twice; returns whether it was pressed once just now. */
function useEscapeTwice(action: () => void): boolean {
  const [once, setOnce] = useState(false);
  const active = useActivePane();
  const latest = useRef({ action, once });
  latest.current = { action, once };
  useEffect(() => {
    if (!active) return undefined;
    const pressed = (event: KeyboardEvent) => {
      if (event.key !== "Escape" || event.repeat || event.defaultPrevented || document.querySelector(OPEN)) return;
      if (latest.current.once) latest.current.action();
      setOnce(!latest.current.once);
    };
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [active]);
  useEffect(() => {
    if (!once) return undefined;
    const timer = setTimeout(() => setOnce(false), TWICE_MS);
    return () => clearTimeout(timer);
  }, [once]);
  return once;
}
