// A value stored in this browser: read once, written immediately, synchronised between tabs, live in React.
import { useSyncExternalStore } from "react";

export class PersistedState<T extends {}> {
  private value: T | undefined;
  private readonly listeners = new Set<() => void>();

  /**
   * @param key in local storage.
   * @param read parses the stored text, null if there is none; may throw on foreign data.
   * @param otherwise the value if `read` throws.
   * @param write the inverse of `read`.
   */
  constructor(
    private readonly key: string,
    private readonly read: (text: string | null) => T,
    private readonly otherwise: T,
    private readonly write: (value: T) => string = JSON.stringify,
  ) {}

  get = (): T => (this.value ??= this.begin());

  set(value: T): void {
    this.value = value;
    localStorage.setItem(this.key, this.write(value));
    this.tell();
  }

  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Read the value, and follow writes of other tabs from here on. */
  private begin(): T {
    addEventListener("storage", (event) => {
      if (event.key !== this.key && event.key !== null) return;
      this.value = this.look();
      this.tell();
    });
    return this.look();
  }

  private look(): T {
    try {
      return this.read(localStorage.getItem(this.key));
    } catch {
      return this.otherwise;
    }
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

/** Fields stored as JSON; missing ones have their value of `otherwise`. */
export function persistedFields<T extends object>(key: string, otherwise: T): PersistedState<T> {
  return new PersistedState<T>(key, (text) => ({ ...otherwise, ...(JSON.parse(text ?? "{}") as Partial<T>) }), otherwise);
}

/** The value, live. */
export function usePersisted<T extends {}>(state: PersistedState<T>): T {
  return useSyncExternalStore(state.listen, state.get);
}
