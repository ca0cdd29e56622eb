import { useSyncExternalStore } from "react";

/** The time under the crosshair, outside React's state: only the legend follows every move. */
export interface Hover {
  set: (time: number | null) => void;
  get: () => number | null;
  listen: (listener: () => void) => () => void;
}

export function makeHover(): Hover {
  let time: number | null = null;
  const listeners = new Set<() => void>();
  return {
    set: (next) => {
      if (next === time) return;
      time = next;
      listeners.forEach((listener) => {
        listener();
      });
    },
    get: () => time,
    listen: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

export function useHover(hover: Hover): number | null {
  return useSyncExternalStore(hover.listen, hover.get);
}
