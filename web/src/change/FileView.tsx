// One file of the change: its head with a decision for all of it, its units, and comments at their lines.
import { Check, ChevronRight, UnfoldVertical, X } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useDecide, useUnits } from "../api/review";
import type { CommentOut, ReviewFileOut } from "../api/generated";
import { visible } from "../text/visible";
import { IconButton } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Loading";
import { complain } from "../ui/Toasts";
import { CommentForm } from "./CommentForm";
import { CommentNote } from "./CommentNote";
import { FileFacts } from "./FileFacts";
import styles from "./FileView.module.css";
import { MoreLines } from "./MoreLines";
import { setRemark, useRemark, type Remark } from "./remarks";
import { isLine, type Row } from "./rows";
import { UnitView } from "./UnitView";

interface FileViewProps {
  changeId: string;
  sessionId: string;
  file: ReviewFileOut;
  /** Those on this file that wait. */
  comments: readonly CommentOut[];
  /** About how high its lines are, until they are here. */
  height: number;
}

const SETTLE_MS = 80;
const CONTEXT = 3;
const CONTEXT_MOST = 1_000; // what the service gives beside a part

export function FileView({ changeId, sessionId, file, comments, height }: FileViewProps) {
  const [open, setOpen] = useState(true);
  const [context, setContext] = useState(CONTEXT);
  const pages = useUnits(changeId, file.number, context, useSettled() && open);
  const units = useMemo(() => pages.data?.pages.flatMap((page) => page.units) ?? [], [pages.data]);
  const key = `${sessionId}\n${file.path}`;
  const remark = useRemark(key);
  const onRemark = useCallback((next: Remark | null) => setRemark(key, next), [key]);
  const form = remark && <CommentForm changeId={changeId} file={file} remark={remark} onChange={onRemark} />;
  const below = useCallback(
    (row: Row) => {
      const here = (side: string, line: number) => isLine(row.right, side, line) || (row.left !== row.right && isLine(row.left, side, line));
      const notes = comments.filter((one) => here(one.side, one.last_line));
      const writing = remark && here(remark.side, remark.last);
      if (!notes.length && !writing) return null;
      return (
        <>
          {notes.map((one) => (
            <CommentNote key={one.id} comment={one} />
          ))}
          {writing && <CommentForm changeId={changeId} file={file} remark={remark} onChange={onRemark} />}
        </>
      );
    },
    [comments, remark, changeId, file, onRemark],
  );
  const lines = useMemo(() => units.flatMap((unit) => unit.lines), [units]);
  const astray = (side: string, line: number) => !pages.isPending && !lines.some((one) => isLine(one, side, line));
  return (
    <section className={styles.file} aria-label={visible(file.path)}>
      <Head changeId={changeId} file={file} open={open} onOpen={setOpen} context={context} onContext={setContext} />
      {open && (
        <>
          <FileFacts file={file} />
          {pages.isPending && !pages.error && (
            <div style={{ minHeight: height }}>
              <Loading />
            </div>
          )}
          {pages.error && <Failure error={pages.error} onRetry={pages.refetch} />}
          {units.map((unit, index) => (
            <UnitView key={`${unit.id}-${index}`} changeId={changeId} path={file.path} unit={unit} goesOn={units[index + 1]?.id === unit.id} onRemark={onRemark} below={below} />
          ))}
          {pages.hasNextPage && <MoreLines busy={pages.isFetchingNextPage} onMore={() => void pages.fetchNextPage()} />}
          {comments.filter((one) => astray(one.side, one.last_line)).map((one) => (
            <CommentNote key={one.id} comment={one} />
          ))}
          {remark && astray(remark.side, remark.last) && form}
        </>
      )}
    </section>
  );
}

/** False for a moment: who scrolls past a file does not want its lines. */
function useSettled(): boolean {
  const [settled, settle] = useState(false);
  useEffect(() => {
    const timer = setTimeout(settle, SETTLE_MS, true);
    return () => clearTimeout(timer);
  }, []);
  return settled;
}

interface HeadProps {
  changeId: string;
  file: ReviewFileOut;
  open: boolean;
  onOpen: (open: boolean) => void;
  context: number;
  onContext: (lines: number) => void;
}

function Head({ changeId, file, open, onOpen, context, onContext }: HeadProps) {
  const decide = useDecide(changeId);
  const whole = (verdict: "accepted" | "rejected") => decide.mutate({ paths: [file.path], path_coded: file.path_coded, verdict }, { onError: complain });
  const all = { accepted: file.accepted === file.units, rejected: file.rejected === file.units };
  return (
    <header className={styles.head}>
      <button type="button" className={styles.fold} aria-expanded={open} onClick={() => onOpen(!open)}>
        <ChevronRight aria-hidden />
        <span className={styles.path} title={visible(file.path)}>
          <bdi>{visible(file.path)}</bdi>
        </span>
        <span className={styles.counts}>
          <span className={styles.added}>+{file.additions}</span> <span className={styles.removed}>−{file.deletions}</span>
        </span>
      </button>
      <IconButton
        label={context === CONTEXT ? "Show the lines around" : "Show the changes only"}
        icon={<UnfoldVertical />}
        aria-pressed={context !== CONTEXT}
        onClick={() => onContext(context === CONTEXT ? CONTEXT_MOST : CONTEXT)}
      />
      <IconButton label="Accept the file" icon={<Check />} aria-pressed={all.accepted} onClick={() => whole("accepted")} />
      <IconButton label="Reject the file" icon={<X />} aria-pressed={all.rejected} onClick={() => whole("rejected")} />
    </header>
  );
}
