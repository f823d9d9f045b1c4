// The search field above the list: searches titles and transcripts.
import { Search, X } from "lucide-react";
import { useRef } from "react";
import { SHORTCUTS, useShortcut } from "../../shared/keys/shortcuts";
import styles from "./SearchBox.module.css";

export function SearchBox({ text, onText }: { text: string; onText: (text: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useShortcut(SHORTCUTS.search, () => field.current?.focus());
  return (
    <div className={styles.box} role="search">
      <Search aria-hidden />
      <input
        ref={field}
        type="search"
        aria-label="Search all sessions"
        placeholder="Search"
        maxLength={200}
        spellCheck={false}
        value={text}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          onText("");
          field.current?.blur();
        }}
      />
      {text ? (
        <button type="button" aria-label="Clear the search" onClick={() => onText("")}>
          <X aria-hidden />
        </button>
      ) : (
        <kbd>{SHORTCUTS.search.key}</kbd>
      )}
    </div>
  );
}
