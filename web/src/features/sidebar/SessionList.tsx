// The sessions of a filter, grouped by project, as a virtual list that loads page after page.
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Session } from "../../shared/api/generated";
import { useAllProjects } from "../../shared/api/queries";
import { type SessionFilter, useSessionPages } from "../../shared/api/sessions";
import { Failure } from "../../shared/ui/Failure";
import { type ListEntry, listEntries } from "./listEntries";
import { ProjectHeader } from "./ProjectHeader";
import { SessionRow } from "./SessionRow";
import styles from "./SessionList.module.css";

export type Filter = "all" | "active" | "waiting" | "archived";

const QUERIES: Record<Filter, SessionFilter> = {
  all: { state: "open" },
  active: { state: "open", activity: "active" },
  waiting: { state: "open", activity: "waiting" },
  archived: { state: "archived" },
};

const EMPTY: Record<Filter, string> = {
  all: "No sessions yet. Describe a task to start one.",
  active: "Nothing is running, waiting or to review.",
  waiting: "Nothing waits for you.",
  archived: "No archived sessions.",
};

const ROW_PX = 32;
const TOUCH_ROW_PX = 44;
const LOAD_AHEAD = 20; // rows before the end of the loaded ones
const NONE: readonly Session[] = [];

export function SessionList({ filter, onChosen }: { filter: Filter; onChosen: () => void }) {
  const { sessions, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useSessionPages(QUERIES[filter]);
  const { data: projects } = useAllProjects();
  const entries = useMemo(() => listEntries(sessions ?? NONE, projects ?? [], filter === "all"), [sessions, projects, filter]);
  const box = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(-1); // keep the focused row mounted wherever the scroll position is
  const [height] = useState(() => (matchMedia("(pointer: coarse)").matches ? TOUCH_ROW_PX : ROW_PX));
  const list = useVirtualizer({
    count: entries.length,
    getScrollElement: () => box.current,
    estimateSize: () => height,
    getItemKey: (index) => entries[index]?.key ?? index,
    rangeExtractor: (range) => {
      const shown = defaultRangeExtractor(range);
      return focused < 0 || focused >= entries.length || shown.includes(focused) ? shown : [...shown, focused].sort((a, b) => a - b);
    },
    overscan: 12,
  });
  const last = list.getVirtualItems().at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= entries.length - LOAD_AHEAD) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, last, entries.length, fetchNextPage]);
  const onFocus = (event: React.FocusEvent) => setFocused(Number(event.target.closest<HTMLElement>("[data-index]")?.dataset.index ?? -1));
  return (
    <div className={styles.list} ref={box} onFocus={onFocus} onBlur={() => setFocused(-1)}>
      {!sessions && error && <Failure error={error} onRetry={refetch} />}
      {sessions?.length === 0 && <p className={styles.empty}>{EMPTY[filter]}</p>}
      <ul style={{ height: list.getTotalSize() }}>
        {list.getVirtualItems().map((row) => {
          const entry = entries[row.index] as ListEntry;
          return (
            <li key={row.key} ref={list.measureElement} data-index={row.index} className={styles.entry} style={{ top: row.start }}>
              {entry.kind === "session" ? (
                <SessionRow session={entry.session} onChosen={onChosen} />
              ) : entry.project ? (
                <ProjectHeader project={entry.project} onChosen={onChosen} />
              ) : (
                <h2 className={styles.unknown}>…</h2>
              )}
            </li>
          );
        })}
      </ul>
    </div>
  );
}
