import { useEffect } from "react";

import type { Side } from "../api/types";

/** Short messages between rooms that must not import each other: a key press, a "trade this" button. */
export type Command =
  | { kind: "ticket"; side: Side; price?: string }
  | { kind: "price"; price: string }
  | { kind: "replay-toggle" };

const listeners = new Set<(command: Command) => void>();

export function send(command: Command): void {
  listeners.forEach((listener) => {
    listener(command);
  });
}

export function useCommand(listener: (command: Command) => void): void {
  useEffect(() => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, [listener]);
}
