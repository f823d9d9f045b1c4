// One of the session's files, at a line: what a path in an agent's answer leads to.
import { useQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { SquarePen } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { call } from "../../shared/api/client";
import { useFiles } from "../../shared/api/files";
import { isGone } from "../../shared/api/queries";
import { isAway, useWorktree } from "../../shared/api/worktree";
import { type Token, tokenLines } from "../../shared/diff/segments";
import type { FilePlace } from "../../shared/markdown/FilePath";
import { EDITORS, editorUrl, useEditor } from "../../shared/session/editor";
import { visible } from "../../shared/text/visible";
import { Button, IconLink } from "../../shared/ui/Button";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Dialog } from "../../shared/ui/Dialog";
import { Failure } from "../../shared/ui/Failure";
import { Loading } from "../../shared/ui/Loading";
import styles from "./FileDialog.module.css";

const LINE_PX = 20;
const COLOUR_MAX_CHARS = 300_000; // longer files would block the page noticeably

interface FileDialogProps {
  sessionId: string;
  place: FilePlace;
  onPlace: (place: FilePlace | null) => void;
}

export default function FileDialog({ sessionId, place, onPlace }: FileDialogProps) {
  const { data, error, refetch } = useQuery({
    queryKey: ["file", sessionId, place.path],
    queryFn: ({ signal }) => call("GET /api/sessions/{session_id}/file", { path: { session_id: sessionId }, query: { path: place.path } }, { signal }),
    gcTime: 0, // the agent may have changed it meanwhile
    retry: false,
  });
  return (
    <Dialog title={visible(place.path)} size="wide" onClose={() => onPlace(null)}>
      {data ? (
        <>
          <FileLinks sessionId={sessionId} place={place} />
          <Lines text={data.text} path={place.path} line={place.line} />
        </>
      ) : isGone(error) ? (
        <Alike sessionId={sessionId} place={place} onPlace={onPlace} />
      ) : error ? (
        <Failure error={error} onRetry={refetch} />
      ) : (
        <Loading />
      )}
    </Dialog>
  );
}

/** Copies the path, and opens the file in the editor that is chosen in the settings. */
function FileLinks({ sessionId, place }: { sessionId: string; place: FilePlace }) {
  const editor = useEditor();
  const worktree = useWorktree(sessionId);
  const url = worktree && !isAway(worktree) ? editorUrl(editor, worktree.path, place.path, place.line ?? 1) : null;
  return (
    <div className={styles.links}>
      {place.line !== null && <span>Line {place.line}</span>}
      <CopyButton text={place.path} what="the path" />
      {url && <IconLink label={`Open in ${EDITORS[editor]}`} icon={<SquarePen />} href={url} />}
    </div>
  );
}

/** Files whose path ends like one that is not there. */
function Alike({ sessionId, place, onPlace }: FileDialogProps) {
  const found = useFiles({ sessionId }, place.path.slice(place.path.lastIndexOf("/") + 1));
  return (
    <div className={styles.alike}>
      <p>This session has no file {visible(place.path)}.</p>
      {found.map((path) => (
        <Button key={path} small onClick={() => onPlace({ path, line: place.line })}>
          {visible(path)}
        </Button>
      ))}
    </div>
  );
}

function Lines({ text, path, line }: { text: string; path: string; line: number | null }) {
  const lines = useMemo(() => text.replace(/\n$/, "").split("\n"), [text]);
  const colours = useColours(text, path);
  const box = useRef<HTMLDivElement>(null);
  const list = useVirtualizer({ count: lines.length, getScrollElement: () => box.current, estimateSize: () => LINE_PX, overscan: 20 });
  useEffect(() => {
    if (line !== null) list.scrollToIndex(Math.min(line, lines.length) - 1, { align: "center" });
  }, [list, line, lines.length]);
  return (
    <div className={styles.scroll} ref={box} tabIndex={0} role="group" aria-label="Lines">
      <div className={styles.list} style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map(({ index, start }) => (
          <div key={index} className={styles.line} style={{ top: start }} aria-current={index + 1 === line || undefined}>
            <span className={styles.number}>{index + 1}</span>
            <span className={styles.text}>
              {colours?.[index]?.map((one, at) => (
                <span key={at} className={one.className}>
                  {visible(one.text)}
                </span>
              )) ?? visible(lines[index] ?? "")}
            </span>
          </div>
        ))}
      </div>
    </div>
  );
}

/** The tokens of each line, once the highlighter is loaded. */
function useColours(text: string, path: string): Token[][] | null {
  const [colours, setColours] = useState<Token[][] | null>(null);
  useEffect(() => {
    setColours(null);
    if (text.length > COLOUR_MAX_CHARS) return;
    let wanted = true;
    void import("../../shared/markdown/highlight").then(({ highlighted, languageOf }) => {
      const language = languageOf(path);
      if (wanted && language) setColours(tokenLines(highlighted(text, language)));
    });
    return () => {
      wanted = false;
    };
  }, [text, path]);
  return colours;
}
