import { useSyncExternalStore } from "react";

import { messageOf, ProblemError } from "../api/problem";
import type { Tone } from "./Badge";

export interface Toast {
  id: number;
  tone: Tone;
  title: string;
  detail: string;
}

const STAYS_MS = 7000;
const MOST = 4;

let shown: readonly Toast[] = [];
let count = 0;
const listeners = new Set<() => void>();

function show(next: readonly Toast[]): void {
  shown = next;
  listeners.forEach((listener) => {
    listener();
  });
}

export function dismiss(id: number): void {
  show(shown.filter((toast) => toast.id !== id));
}

export function toast(tone: Tone, title: string, detail = ""): void {
  count += 1;
  const id = count;
  show([...shown, { id, tone, title, detail }].slice(-MOST));
  setTimeout(() => {
    dismiss(id);
  }, STAYS_MS);
}

/** Says that an action was refused, with the rule or the fix where the server named one. */
export function toastFailure(what: string, error: unknown): void {
  const fix = error instanceof ProblemError ? error.fields.map((field) => field.fix).join(" ") : "";
  toast("down", what, `${messageOf(error)} ${fix}`.trim());
}

export function useToasts(): readonly Toast[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => shown,
  );
}
