// Puts a text into the clipboard, or says why that cannot be.

/** A browser has a clipboard only for https and for this machine's own addresses. */
export async function copyText(text: string): Promise<void> {
  if (!("clipboard" in navigator)) {
    throw new Error("This browser gives no clipboard to an http address. Select the text, or open the page by https or 127.0.0.1.");
  }
  await navigator.clipboard.writeText(text);
}
