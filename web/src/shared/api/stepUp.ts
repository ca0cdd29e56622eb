import { useSyncExternalStore } from "react";

/**
 * Some acts need a fresh proof of who asks. The call that was refused waits here while the person
 * proves it, and is then repeated; several calls refused at once wait for the same proof.
 */
interface Waiting {
  answer: (proved: boolean) => void;
  proved: Promise<boolean>;
}

let waiting: Waiting | null = null;
const listeners = new Set<() => void>();

function set(next: Waiting | null): void {
  waiting = next;
  listeners.forEach((listener) => {
    listener();
  });
}

export function askStepUp(): Promise<boolean> {
  if (waiting !== null) return waiting.proved;
  // Nobody would answer: the refusal itself is then the result.
  if (listeners.size === 0) return Promise.resolve(false);
  const { promise, resolve } = settable();
  set({ answer: resolve, proved: promise });
  return promise;
}

function settable(): { promise: Promise<boolean>; resolve: (proved: boolean) => void } {
  let resolve: (proved: boolean) => void = () => undefined;
  const promise = new Promise<boolean>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

export function answerStepUp(proved: boolean): void {
  const asked = waiting;
  set(null);
  asked?.answer(proved);
}

export function useStepUpAsked(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => waiting !== null,
  );
}
