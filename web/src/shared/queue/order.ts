// The order of a session's queue.

interface Placed {
  id: string;
  place: number;
}

export function inOrder<T extends Placed>(tasks: readonly T[]): T[] {
  return [...tasks].sort((one, other) => one.place - other.place);
}

/** The tasks after moving one before another, or last; the set of places stays the same, as in the service. */
export function moved<T extends Placed>(tasks: readonly T[], id: string, before: string | null): T[] {
  const sorted = inOrder(tasks);
  const places = sorted.map((task) => task.place);
  const task = sorted.find((one) => one.id === id);
  if (!task || id === before) return sorted;
  const others = sorted.filter((one) => one !== task);
  const found = before === null ? -1 : others.findIndex((one) => one.id === before);
  others.splice(found < 0 ? others.length : found, 0, task);
  return others.map((one, index) => ({ ...one, place: places[index] ?? one.place }));
}

/** The task that follows once the one at `from` is at `to`; null: none. */
export function behind<T extends Placed>(tasks: readonly T[], from: number, to: number): string | null {
  const others = tasks.filter((_, index) => index !== from);
  return others[to]?.id ?? null;
}
