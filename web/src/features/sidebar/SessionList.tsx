// The sessions of a filter, grouped by project, as a virtual list that loads page after page.
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Session } from "../../shared/api/generated";
import { useAllProjects } from "../../shared/api/queries";
import { type SessionFilter, usePinnedSessions, useSessionPages, useWaitingSessions } from "../../shared/api/sessions";
import { Failure } from "../../shared/ui/Failure";
import { GroupHeader } from "./GroupHeader";
import { type ListEntry, listEntries } from "./listEntries";
import { useListView } from "./listView";
import { ProjectHeader } from "./ProjectHeader";
import { SelectionBar } from "./SelectionBar";
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

interface SessionListProps {
  filter: Filter;
  onChosen: () => void;
  /** Whether sessions are being selected. */
  selecting: boolean;
  onSelected: () => void;
}

export function SessionList({ filter, onChosen, selecting, onSelected }: SessionListProps) {
  const view = useListView();
  const query = useMemo(() => ({ ...QUERIES[filter], ...(view.order === "changed" ? { by_change: true } : {}) }), [filter, view.order]);
  const { sessions, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useSessionPages(query);
  const { data: waiting } = useWaitingSessions();
  const { data: pinned } = usePinnedSessions();
  const { data: projects, refetch: askProjects } = useAllProjects();
  const unknown = sessions?.find((one) => projects && !projects.some(({ id }) => id === one.project_id))?.project_id;
  useEffect(() => {
    if (unknown) void askProjects(); // it was added elsewhere
  }, [unknown, askProjects]);
  const all = filter === "all";
  const entries = useMemo(
    () => listEntries({ sessions: sessions ?? NONE, projects: projects ?? [], waiting: all ? waiting : NONE, pinned: all ? pinned : NONE, empty: all, ...view }),
    [sessions, projects, waiting, pinned, all, view],
  );
  const [selected, select] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => select(new Set()), [selecting, filter]);
  const toggle = (id: string) => select((before) => (before.has(id) ? new Set([...before].filter((one) => one !== id)) : new Set([...before, id])));
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
    <>
      <div className={styles.list} ref={box} onFocus={onFocus} onBlur={() => setFocused(-1)}>
        {!sessions && error && <Failure error={error} onRetry={refetch} />}
        {sessions?.length === 0 && <p className={styles.empty}>{EMPTY[filter]}</p>}
        <ul style={{ height: list.getTotalSize() }}>
          {list.getVirtualItems().map((row) => {
            const entry = entries[row.index] as ListEntry;
            return (
              <li key={row.key} ref={list.measureElement} data-index={row.index} className={styles.entry} style={{ top: row.start }}>
                {entry.kind === "session" ? (
                  <SessionRow
                    session={entry.session}
                    onChosen={onChosen}
                    selection={selecting ? { selected: selected.has(entry.key), onToggle: () => toggle(entry.key) } : undefined}
                  />
                ) : entry.kind === "group" ? (
                  <GroupHeader id={entry.key} folded={entry.folded} count={entry.count}>
                    {entry.title}
                  </GroupHeader>
                ) : entry.project ? (
                  <ProjectHeader project={entry.project} folded={entry.folded} count={entry.count} onChosen={onChosen} />
                ) : (
                  <h2 className={styles.unknown}>…</h2>
                )}
              </li>
            );
          })}
        </ul>
      </div>
      {selecting && (
        <SelectionBar
          selected={selected}
          state={filter === "archived" ? "open" : "archived"}
          onAll={() => select(new Set(entries.filter((one) => one.kind === "session").map((one) => one.key)))}
          onDone={onSelected}
        />
      )}
    </>
  );
}
