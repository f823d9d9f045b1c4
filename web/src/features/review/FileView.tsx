// One file of the change: header with a verdict for the whole file, units, and comments at their lines.
import { Check, ChevronRight, SquarePen, UnfoldVertical, X } from "lucide-react";
import { useCallback, useEffect, useMemo, useState, type ReactNode } from "react";
import { useDecide, useUnits } from "../../shared/review/queries";
import type { DiffLine, ReviewComment, ReviewedFile } from "../../shared/api/generated";
import { isAway, useWorktree } from "../../shared/api/worktree";
import { editorUrl, EDITORS, useEditor } from "../../shared/session/editor";
import { visible } from "../../shared/text/visible";
import { IconButton, IconLink } from "../../shared/ui/Button";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Failure } from "../../shared/ui/Failure";
import { Loading } from "../../shared/ui/Loading";
import { showError } from "../../shared/ui/Toasts";
import { CommentForm } from "./CommentForm";
import { CommentNote } from "./CommentNote";
import { FileNotes } from "./FileNotes";
import styles from "./FileView.module.css";
import { ImageCompare, isImageFile } from "./ImageCompare";
import { LoadMore } from "../../shared/ui/LoadMore";
import { setCommentDraft, useCommentDraft, type CommentDraft } from "./commentDrafts";
import { useDiffView } from "../../shared/diff/diffView";
import { isLine, type Row } from "../../shared/diff/rows";
import { sizeWords } from "../../shared/review/fileSize";
import { LineCounts } from "../../shared/review/LineCounts";
import { UnitView } from "./UnitView";

interface FileViewProps {
  changeId: string;
  sessionId: string;
  file: ReviewedFile;
  /** Unsent comments on this file. */
  comments: readonly ReviewComment[];
  /** Estimated height of its lines until they are loaded. */
  height: number;
}

const SETTLE_MS = 80;
const CONTEXT = 3;
const CONTEXT_MOST = 1_000; // the service's limit

export function FileView({ changeId, sessionId, file, comments, height }: FileViewProps) {
  const [open, setOpen] = useState(true);
  const [context, setContext] = useState(CONTEXT);
  const { space } = useDiffView();
  const pages = useUnits(changeId, file.number, { context, ignore_whitespace: !space }, useSettled() && open);
  const units = useMemo(() => pages.data?.pages.flatMap((page) => page.units) ?? [], [pages.data]);
  const key = `${sessionId}\n${file.path}`;
  const remark = useCommentDraft(key);
  const onDraft = useCallback((next: CommentDraft | null) => setCommentDraft(key, next), [key]);
  const form = remark && <CommentForm changeId={changeId} file={file} remark={remark} onChange={onDraft} />;
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
          {writing && <CommentForm changeId={changeId} file={file} remark={remark} onChange={onDraft} />}
        </>
      );
    },
    [comments, remark, changeId, file, onDraft],
  );
  const lines = useMemo(() => units.flatMap((unit) => unit.lines), [units]);
  const astray = (side: string, line: number) => !pages.isPending && !lines.some((one) => isLine(one, side, line));
  return (
    <section className={styles.file} aria-label={visible(file.path)}>
      <Head changeId={changeId} file={file} open={open} onOpen={setOpen} context={context} onContext={setContext}>
        {!file.path_coded && <FileLinks sessionId={sessionId} file={file} line={firstLine(lines)} />}
      </Head>
      {open && (
        <>
          <FileNotes file={file} />
          {isImageFile(file) && <ImageCompare changeId={changeId} file={file} />}
          {pages.isPending && !pages.error && (
            <div style={{ minHeight: height }}>
              <Loading />
            </div>
          )}
          {pages.error && <Failure error={pages.error} onRetry={pages.refetch} />}
          {units.map((unit, index) => (
            <UnitView key={`${unit.id}-${index}`} changeId={changeId} path={file.path} unit={unit} goesOn={units[index + 1]?.id === unit.id} continued={units[index - 1]?.id === unit.id} onDraft={onDraft} below={below} />
          ))}
          {pages.hasNextPage && <LoadMore busy={pages.isFetchingNextPage} onMore={() => void pages.fetchNextPage()} />}
          {comments.filter((one) => astray(one.side, one.last_line)).map((one) => (
            <CommentNote key={one.id} comment={one} />
          ))}
          {remark && astray(remark.side, remark.last) && form}
        </>
      )}
    </section>
  );
}

/** False for a short time, so that a file scrolled past loads nothing. */
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
  file: ReviewedFile;
  open: boolean;
  onOpen: (open: boolean) => void;
  context: number;
  onContext: (lines: number) => void;
  /** Further buttons. */
  children: ReactNode;
}

function Head({ changeId, file, open, onOpen, context, onContext, children }: HeadProps) {
  const decide = useDecide(changeId);
  const whole = (verdict: "accepted" | "rejected") => decide.mutate({ paths: [file.path], path_coded: file.path_coded, verdict }, { onError: showError });
  const all = { accepted: file.accepted === file.units, rejected: file.rejected === file.units };
  return (
    <header className={styles.head}>
      <button type="button" className={styles.fold} aria-expanded={open} onClick={() => onOpen(!open)}>
        <ChevronRight aria-hidden />
        <span className={styles.path} title={visible(file.path)}>
          <bdi>{visible(file.path)}</bdi>
        </span>
        <span className={styles.counts}>
          {sizeWords(file) ?? <LineCounts additions={file.additions} deletions={file.deletions} />}
        </span>
      </button>
      {children}
      <IconButton
        label={context === CONTEXT ? "Show context lines" : "Show changes only"}
        icon={<UnfoldVertical />}
        aria-pressed={context !== CONTEXT}
        onClick={() => onContext(context === CONTEXT ? CONTEXT_MOST : CONTEXT)}
      />
      <IconButton label="Accept the file" icon={<Check />} aria-pressed={all.accepted} onClick={() => whole("accepted")} />
      <IconButton label="Reject the file" icon={<X />} aria-pressed={all.rejected} onClick={() => whole("rejected")} />
    </header>
  );
}

/** The line in the agent's file where its first change is. */
function firstLine(lines: readonly DiffLine[]): number {
  const changed = lines.findIndex((line) => line.kind !== "context");
  return lines.slice(Math.max(changed, 0)).find((line) => line.new !== null)?.new ?? 1;
}

interface FileLinksProps {
  sessionId: string;
  file: ReviewedFile;
  line: number;
}

/** Copies the file's path, and opens it in the editor that is chosen in the settings. */
function FileLinks({ sessionId, file, line }: FileLinksProps) {
  const editor = useEditor();
  const worktree = useWorktree(sessionId);
  const there = worktree && !isAway(worktree) && file.status !== "D";
  const url = there ? editorUrl(editor, worktree.path, file.path, line) : null;
  return (
    <span className={styles.links}>
      <CopyButton text={file.path} what="the path" />
      {url && <IconLink label={`Open in ${EDITORS[editor]}`} icon={<SquarePen />} href={url} />}
    </span>
  );
}
