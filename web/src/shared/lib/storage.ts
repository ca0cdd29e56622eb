import { useSyncExternalStore } from "react";

const PREFIX = "hydradesk.";

export interface Stored<T> {
  read: () => T;
  write: (value: T) => void;
  use: () => T;
}

const forgetters = new Map<string, () => void>();

/**
 * A preference kept in this browser. `check` turns whatever was stored (an older version's shape, a
 * hand edit) into a valid value; where storage is blocked the value lives as long as the page.
 */
export function stored<T>(name: string, check: (raw: unknown) => T): Stored<T> {
  const listeners = new Set<() => void>();
  let current: T | undefined;

  function load(): T {
    try {
      const text = localStorage.getItem(PREFIX + name);
      return check(text === null ? undefined : (JSON.parse(text) as unknown));
    } catch {
      return check(undefined);
    }
  }

  const read = (): T => (current ??= load());

  function tell(): void {
    listeners.forEach((listener) => {
      listener();
    });
  }

  function write(value: T): void {
    current = value;
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
      // A full or blocked storage must not stop the trader; the value stays for this page.
    }
    tell();
  }

  function listen(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  forgetters.set(name, () => {
    current = undefined;
    tell();
  });
  return { read, write, use: () => useSyncExternalStore(listen, read) };
}

/** Drops what this browser remembers, but for the names given: the next person here is another. */
export function forgetStored(keep: readonly string[]): void {
  const kept = new Set(keep.map((name) => PREFIX + name));
  try {
    const names = Array.from({ length: localStorage.length }, (_, at) => localStorage.key(at) ?? "");
    for (const name of names) if (name.startsWith(PREFIX) && !kept.has(name)) localStorage.removeItem(name);
    sessionStorage.clear();
  } catch {
    // Blocked storage holds nothing to forget.
  }
  for (const [name, forget] of forgetters) if (!keep.includes(name)) forget();
}

export function isRecord(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

export function oneOf<const T extends string>(allowed: readonly T[], raw: unknown, otherwise: T): T {
  return allowed.find((value) => value === raw) ?? otherwise;
}
