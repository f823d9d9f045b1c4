// A command of the palette.
export interface PaletteCommand {
  name: string;
  /** Its shortcut. */
  key?: string;
  /** Search synonyms. */
  words?: readonly string[];
  /** Why it is unavailable; null or missing if available. */
  why?: string | null;
  run: () => void;
}
