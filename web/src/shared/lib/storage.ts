import { useSyncExternalStore } from "react";

const PREFIX = "hydradesk.";

export interface Stored<T> {
  read: () => T;
  write: (value: T) => void;
  use: () => T;
}

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

  function write(value: T): void {
    current = value;
    try {
      localStorage.setItem(PREFIX + name, JSON.stringify(value));
    } catch {
      // A full or blocked storage must not stop the trader; the value stays for this page.
    }
    listeners.forEach((listener) => {
      listener();
    });
  }

  function listen(listener: () => void): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  return { read, write, use: () => useSyncExternalStore(listen, read) };
}

export function isRecord(raw: unknown): raw is Record<string, unknown> {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw);
}

export function oneOf<const T extends string>(allowed: readonly T[], raw: unknown, otherwise: T): T {
  return allowed.find((value) => value === raw) ?? otherwise;
}
