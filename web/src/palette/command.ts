// What a command of the palette is.
export interface PaletteCommand {
  name: string;
  /** The shortcut that does the same. */
  key?: string;
  /** Other words that a person may look for. */
  words?: readonly string[];
  /** Why it cannot be done now; left out or null: it can. */
  why?: string | null;
  run: () => void;
}
