// The growing text of a message; offsets and lengths count Unicode code points, not UTF-16 units.
import type { TextPart } from "./conversation";

/** `text = text[:offset] + piece`, unless `offset` is past the end; offsets count code points. */
export function extendText(part: TextPart, offset: number, piece: string, now: number): void {
  if (offset > part.points) return; // a gap: the history delivers the missing text
  const points = countPoints(piece);
  if (offset + points <= part.points) return;
  part.text += offset === part.points ? piece : slicePoints(piece, part.points - offset);
  part.points = offset + points;
  part.newest = now || part.newest;
}

export function countPoints(text: string): number {
  let points = text.length;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit >= 0xd800 && unit <= 0xdbff && at + 1 < text.length) {
      const next = text.charCodeAt(at + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        points--;
        at++;
      }
    }
  }
  return points;
}

function slicePoints(text: string, from: number): string {
  return Array.from(text).slice(from).join("");
}
