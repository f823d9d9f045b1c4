// One file of the change: its head with a decision for all of it, and its units.
import { Check, ChevronRight, UnfoldVertical, X } from "lucide-react";
import { useState } from "react";
import { useDecide, useUnits } from "../api/review";
import type { ReviewFileOut } from "../api/generated";
import { visible } from "../text/visible";
import { Button, IconButton } from "../ui/Button";
import { Loading } from "../ui/Loading";
import { complain } from "../ui/Toasts";
import { factsOf } from "./facts";
import styles from "./FileView.module.css";
import { UnitView } from "./UnitView";

interface FileViewProps {
  changeId: string;
  sessionId: string;
  file: ReviewFileOut;
}

const CONTEXT = 3;
const WHOLE_FILE = 10_000;

export function FileView({ changeId, sessionId, file }: FileViewProps) {
  const [open, setOpen] = useState(true);
  const [context, setContext] = useState(CONTEXT);
  const pages = useUnits(changeId, file.number, context, open);
  const decide = useDecide(changeId);
  const whole = (verdict: "accepted" | "rejected" | "open") =>
    decide.mutate({ paths: [file.path], path_coded: file.path_coded, verdict }, { onError: complain });
  const facts = factsOf(file);
  return (
    <section className={styles.file} aria-label={file.path}>
      <header className={styles.head}>
        <button type="button" className={styles.fold} aria-expanded={open} onClick={() => setOpen(!open)}>
          <ChevronRight aria-hidden />
          <span className={styles.path}>{visible(file.path)}</span>
        </button>
        <IconButton
          label={context === CONTEXT ? "Show the whole file" : "Show the changes only"}
          icon={<UnfoldVertical />}
          aria-pressed={context !== CONTEXT}
          onClick={() => setContext(context === CONTEXT ? WHOLE_FILE : CONTEXT)}
        />
        <IconButton label="Accept the file" icon={<Check />} aria-pressed={file.open === 0 && file.rejected === 0} disabled={decide.isPending} onClick={() => whole("accepted")} />
        <IconButton label="Reject the file" icon={<X />} aria-pressed={file.open === 0 && file.accepted === 0} disabled={decide.isPending} onClick={() => whole("rejected")} />
      </header>
      {open && (
        <>
          {facts.length > 0 && <p className={styles.facts}>{facts.join(" · ")}</p>}
          {file.flags.map((flag, index) => (
            <p key={index} className={styles.flag}>
              Look twice: {visible(flag.reason)}
              {flag.line ? `, line ${flag.line}` : ""}
            </p>
          ))}
          {pages.isPending && <Loading />}
          {pages.error && <p className={styles.flag}>{pages.error.message}</p>}
          {pages.data?.pages.flatMap((page, at) =>
            page.units.map((unit, index) => (
              <UnitView key={`${unit.id}-${at}-${index}`} changeId={changeId} sessionId={sessionId} file={file} unit={unit} />
            )),
          )}
          {pages.hasNextPage && (
            <Button small className={styles.more} disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
              {pages.isFetchingNextPage ? "Loading…" : "Show more of this file"}
            </Button>
          )}
        </>
      )}
    </section>
  );
}
