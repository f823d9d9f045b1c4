// A value that is kept in this browser: read once, written at once, followed in all tabs, live in React.
import { useSyncExternalStore } from "react";

export class Kept<T extends {}> {
  private value: T | undefined;
  private readonly listeners = new Set<() => void>();

  /**
   * @param key in the browser's storage.
   * @param read makes the value of what stands there, null where nothing does; it may throw for what is not ours.
   * @param otherwise the value where `read` threw.
   * @param write the text that `read` understands.
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

  /** The value, live. */
  use(): T {
    return useSyncExternalStore(this.listen, this.get);
  }

  listen = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Look for the first time, and follow what other tabs write from here on. */
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

/** Some fields that are kept as JSON; those that are missing there have their value of `otherwise`. */
export function keptFields<T extends object>(key: string, otherwise: T): Kept<T> {
  return new Kept<T>(key, (text) => ({ ...otherwise, ...(JSON.parse(text ?? "{}") as Partial<T>) }), otherwise);
}
