// The dialogs that the palette can show; null means that none is open.

export type PaletteView = "palette" | "sheet" | "rename" | "rewind" | "delete";
