// Applies a verdict to the cached review before the service has answered.
import type { DecideInput, FileUnits, ReviewedFile, ReviewSummary, ReviewUnit } from "../api/generated";

type State = ReviewUnit["state"];
const STATES = ["accepted", "rejected", "open"] as const;

/** Whether a decision covers a unit of a file. */
function meets(body: DecideInput, path: string, unitId: string): boolean {
  return body.all === true || (body.paths ?? []).includes(path) || (body.units ?? []).includes(unitId);
}

export function decidedPage(page: FileUnits, body: DecideInput): FileUnits {
  const units = page.units.map((unit) =>
    meets(body, page.file.path, unit.id) ? { ...unit, state: body.verdict, reopened: null, ...(body.verdict === "accepted" ? {} : { edited: null, rest: null }) } : unit,
  );
  return { ...page, units };
}

/** A file's counts after a decision; `known` holds its loaded units. */
export function decidedFile(file: ReviewedFile, known: readonly ReviewUnit[], body: DecideInput): ReviewedFile {
  const none = { accepted: 0, rejected: 0, open: 0 };
  if (body.all || (body.paths ?? []).includes(file.path)) return { ...file, ...none, reopened: 0, [body.verdict]: file.units };
  const counts: Record<State, number> = { accepted: file.accepted, rejected: file.rejected, open: file.open };
  let { reopened } = file;
  const seen = new Set<string>();
  for (const unit of known) {
    if (seen.has(unit.id) || !meets(body, file.path, unit.id)) continue;
    seen.add(unit.id); // a long unit spans several pages
    counts[unit.state] -= 1;
    counts[body.verdict] += 1;
    if (unit.reopened) reopened -= 1;
  }
  return seen.size ? { ...file, ...counts, reopened } : file;
}

export function summed(review: ReviewSummary, files: readonly ReviewedFile[]): ReviewSummary {
  const total = (of: (typeof STATES)[number] | "reopened") => files.reduce((sum, file) => sum + file[of], 0);
  return { ...review, accepted: total("accepted"), rejected: total("rejected"), open: total("open"), reopened: total("reopened") };
}
