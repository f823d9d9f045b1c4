// The conversation as a virtual list that follows its end.
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown } from "lucide-react";
import { memo, useCallback, useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Conversation, Item } from "../../shared/stream/conversation";
import { openRequest } from "../../shared/stream/openRequest";
import { findInActivePane } from "../../shared/keys/activePane";
import { keyName, SHORTCUTS, useShortcut } from "../../shared/keys/shortcuts";
import { Button } from "../../shared/ui/Button";
import { ErrorBoundary } from "../../shared/ui/ErrorBoundary";
import styles from "./ConversationView.module.css";
import { DecisionLine } from "./DecisionLine";
import { NoticeLine } from "./NoticeLine";
import { MessageView } from "./MessageView";
import { useScrollToMessage } from "./useScrollToMessage";

interface ConversationViewProps {
  sessionId: string;
  conversation: Conversation;
  /** Id of a message to scroll to, such as a search result. */
  wanted?: string | null;
}

const NEAR_END_PX = 80; // within this distance the person is reading along
const GUESS_PX = 120;
const OVERSCAN = 6;

export function ConversationView({ conversation, wanted = null }: ConversationViewProps) {
  const { items, turns } = conversation;
  const box = useRef<HTMLDivElement>(null);
  const rows = useRef<HTMLDivElement>(null);
  const [along, setAlong] = useState(true);
  const [seen, setSeen] = useState(0);
  const list = useVirtualizer({
    count: items.length,
    getScrollElement: () => box.current,
    estimateSize: () => GUESS_PX,
    getItemKey: (index) => items[index]?.id ?? index,
    overscan: OVERSCAN,
  });
  const total = list.getTotalSize();
  const jump = useCallback(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight;
    setAlong(true);
  }, []);
  useLayoutEffect(() => {
    if (along) jump();
  }, [along, jump, total, items]);
  useEffect(() => {
    if (!along || !rows.current) return undefined;
    const grown = new ResizeObserver(jump); // rows are measured after layout
    grown.observe(rows.current);
    return () => grown.disconnect();
  }, [along, jump]);
  useEffect(() => {
    if (along) setSeen(items.length);
  }, [along, items.length]);
  const leave = useCallback(() => setAlong(false), []);
  const found = useScrollToMessage(wanted, items, list, leave);
  useShortcut(SHORTCUTS.request, () => focusRequest(jump));
  const scrolled = () => {
    const { scrollTop, scrollHeight, clientHeight } = box.current as HTMLDivElement;
    setAlong(scrollHeight - scrollTop - clientHeight < NEAR_END_PX);
  };
  return (
    <div className={styles.frame}>
      <p className="visually-hidden" role="status">
        {openRequest(items) ? `The agent asks something. ${keyName(SHORTCUTS.request.key)} goes to the request.` : ""}
      </p>
      <div className={styles.scroll} ref={box} onScroll={scrolled} tabIndex={0} role="log" aria-label="Messages" aria-live="off">
        {items.length === 0 && <p className={styles.empty}>No messages yet. Write below what the agent should do.</p>}
        <div ref={rows} className={styles.list} style={{ height: total }}>
          {list.getVirtualItems().map((row) => {
            const item = items[row.index] as Item;
            return (
              <div
                key={row.key}
                ref={list.measureElement}
                data-index={row.index}
                data-found={item.id === found || undefined}
                className={styles.row}
                style={{ transform: `translateY(${row.start}px)` }}
              >
                {beginsChat(items, row.index) && <hr className={styles.chat} aria-label="A new chat begins" />}
                <Row item={item} turn={item.kind === "message" ? turns.get(item.taskId) : undefined} first={isFirstAnswer(items, row.index)} />
              </div>
            );
          })}
        </div>
      </div>
      {!along && (
        <Button className={styles.jump} small icon={<ArrowDown />} onClick={jump}>
          {items.length > seen ? `${items.length - seen} new` : "Latest"}
        </Button>
      )}
    </div>
  );
}

/** Move the focus to the first open request; a request far from the screen is not drawn yet. */
function focusRequest(jump: () => void): void {
  const open = () => findInActivePane("[data-request]");
  if (!open()) jump();
  requestAnimationFrame(() => {
    open()?.scrollIntoView({ block: "nearest" });
    open()?.focus({ preventScroll: true });
  });
}

/** Whether a message starts a new chat. */
function beginsChat(items: readonly Item[], index: number): boolean {
  const item = items[index];
  if (item?.kind !== "message") return false;
  for (let before = index - 1; before >= 0; before--) {
    const other = items[before];
    if (other?.kind === "message") return other.chatId !== item.chatId;
  }
  return false;
}

/** Whether a message is the first answer in its chat. */
function isFirstAnswer(items: readonly Item[], index: number): boolean {
  const item = items[index];
  if (item?.kind !== "message") return false;
  const first = items.find((one) => one.kind === "message" && one.role === "assistant" && one.chatId === item.chatId);
  return first === item;
}

type RowProps = { item: Item } & Omit<Parameters<typeof MessageView>[0], "message">;

const Row = memo(function Row({ item, turn, first }: RowProps) {
  return (
    <ErrorBoundary what="This message">
      {item.kind === "message" ? (
        <MessageView message={item} turn={turn} first={first} />
      ) : item.kind === "decision" ? (
        <DecisionLine frame={item.frame} />
      ) : (
        <NoticeLine notice={item.frame} />
      )}
    </ErrorBoundary>
  );
});
