// Keyboard review: moves from part to part across all files, including files not drawn yet.
export interface Places {
  box: HTMLElement;
  /** Number of files. */
  count: number;
  /** Scroll to a file. */
  show: (index: number) => void;
}

const BUTTONS: Record<string, string> = { y: "accept", n: "reject", u: "reopen", c: "comment", s: "split", l: "lines", e: "edit", m: "join" };
const WAIT_MS = 3_000; // limit for loading a file's lines
const LOOK_MS = 40;

let walking = 0;

/** j, k move to another part; y, n, u, c, s, l, e, m press that button of the focused part. Returns whether the key was used. */
export function handleReviewKey(key: string, places: Places): boolean {
  if (key === "j" || key === "k") {
    void go(places, key === "j" ? 1 : -1);
    return true;
  }
  const name = BUTTONS[key];
  const part = document.activeElement?.closest<HTMLElement>("[data-unit]");
  if (!name || !part || !places.box.contains(part)) return false;
  const parts = [...places.box.querySelectorAll<HTMLElement>(`[data-unit="${CSS.escape(part.dataset.unit ?? "")}"]`)];
  const button = parts.map((one) => one.querySelector<HTMLButtonElement>(`[data-do="${name}"]`)).find(Boolean);
  if (!button || button.disabled) return false;
  if (name !== "comment" && name !== "edit") part.focus({ preventScroll: true });
  button.click();
  return true;
}

async function go(places: Places, step: 1 | -1): Promise<void> {
  const mine = ++walking;
  const { box, count } = places;
  const now = document.activeElement?.closest<HTMLElement>("[data-unit]");
  if (!now || !box.contains(now)) return focus(firstVisible(box));
  const index = fileOf(now);
  const mates = partsOf(box, index);
  const next = mates[mates.indexOf(now) + step];
  if (next) return focus(next);
  for (let at = index + step; at >= 0 && at < count; at += step) {
    places.show(at);
    const parts = await waitForParts(box, at);
    if (mine !== walking) return;
    const found = parts.at(step === 1 ? 0 : -1);
    if (found) return focus(found);
  }
  places.show(index); // no further part is drawn
}

async function waitForParts(box: HTMLElement, index: number): Promise<HTMLElement[]> {
  const end = Date.now() + WAIT_MS;
  while (Date.now() < end) {
    const parts = partsOf(box, index);
    if (parts.length || box.querySelector(`[data-index="${index}"] [aria-expanded="false"]`)) return parts;
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
  return [];
}

function partsOf(box: HTMLElement, index: number): HTMLElement[] {
  return [...box.querySelectorAll<HTMLElement>(`[data-index="${index}"] [data-unit]`)];
}

function fileOf(part: HTMLElement): number {
  return Number(part.closest<HTMLElement>("[data-index]")?.dataset.index ?? 0);
}

function firstVisible(box: HTMLElement): HTMLElement | undefined {
  const top = box.getBoundingClientRect().top;
  return [...box.querySelectorAll<HTMLElement>("[data-unit]")].find((part) => part.getBoundingClientRect().bottom > top + 60);
}

function focus(part: HTMLElement | undefined): void {
  part?.focus({ preventScroll: true });
  part?.scrollIntoView({ block: "nearest" });
}
