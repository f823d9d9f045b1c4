// Cuts a long text into pieces that stay the same when the text grows.

const PIECE_CHARS = 4_000;

/** The pieces in order, cut after a space; joined, they are the original text. */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let at = 0;
  while (text.length - at > PIECE_CHARS) {
    const space = text.lastIndexOf(" ", at + PIECE_CHARS);
    const end = space > at ? space + 1 : at + PIECE_CHARS + (splitsPair(text, at + PIECE_CHARS) ? 1 : 0);
    pieces.push(text.slice(at, end));
    at = end;
  }
  pieces.push(text.slice(at));
  return pieces;
}

/** Whether a cut there would split a surrogate pair. */
function splitsPair(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff;
}
