// Opens the rules and the sandbox of a session's agent.
import { ScrollText } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { IconButton } from "../../shared/ui/Button";

const RulesDialog = lazy(() => import("./RulesDialog"));

export function RulesButton({ sessionId }: { sessionId: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <IconButton label="Rules and sandbox" icon={<ScrollText />} aria-haspopup="dialog" onClick={() => setOpen(true)} />
      {open && (
        <Suspense fallback={null}>
          <RulesDialog sessionId={sessionId} onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
