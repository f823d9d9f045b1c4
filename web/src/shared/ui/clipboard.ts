// Copies text to the clipboard, or reports why that failed.

/** Browsers offer the clipboard only to https pages and to this machine's own addresses. */
export async function copyText(text: string): Promise<void> {
  if (!("clipboard" in navigator)) {
    throw new Error("Browsers do not allow clipboard access over http. Select the text, or open the page over https or at 127.0.0.1.");
  }
  await navigator.clipboard.writeText(text);
}
